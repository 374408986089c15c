use super::super::Source;
use super::*;
use crate::domain::{
    ArtifactKey, ArtifactRef, ContentHash, Document, DocumentFormat, DocumentId, DocumentMetadata, DocumentName, Place,
    ProjectRoot, Segment, SegmentKind, StackEvidence, Stored, TextSpan,
};

fn reference(name: &str) -> ArtifactRef {
    let root = ProjectRoot::parse("shop-2026-11-20").unwrap();
    ArtifactRef {
        key: ArtifactKey::raw(&root, &DocumentName::parse(name).unwrap()),
        hash: ContentHash::of(name.as_bytes()),
        bytes: 1,
    }
}

/// A document with one paragraph a line.
fn document(text: &str) -> Document {
    let mut segments = Vec::new();
    let mut start = 0;
    for (number, line) in (1..).zip(text.split('\n')) {
        segments.push(Segment {
            span: TextSpan { start, end: start + line.len() },
            kind: if line.starts_with('>') { SegmentKind::Quoted } else { SegmentKind::Paragraph },
            place: Place::Lines { first: number, last: number },
            source: None,
            speaker: None,
            at: None,
            headings: Vec::new(),
        });
        start += line.len() + 1;
    }
    Document {
        id: DocumentId::parse("brief-1").unwrap(),
        version: ContentHash::of(text.as_bytes()),
        previous: None,
        name: DocumentName::parse("brief.md").unwrap(),
        format: DocumentFormat::Markdown,
        raw: reference("brief.md"),
        text: reference("brief.txt"),
        metadata: DocumentMetadata::default(),
        segments,
        warnings: Vec::new(),
    }
}

fn no_stories() -> StorySet {
    StorySet {
        root: ProjectRoot::parse("shop-2026-11-20").unwrap(),
        documents: Stored::new(reference("documents.json")),
        requirements: Vec::new(),
        stories: Vec::new(),
        questions: Vec::new(),
        without_story: Vec::new(),
        uncovered: Vec::new(),
        extraction: Default::default(),
    }
}

fn verdict(text: &str, host: Option<Stack>) -> StackVerdict {
    let document = document(text);
    decide_stack(&no_stories(), &[Source { document: &document, text }], host)
}

/// The stack's name, `none` or `default`.
fn chosen(text: &str) -> String {
    match verdict(text, None) {
        StackVerdict::NoneFits { .. } => "none".to_owned(),
        StackVerdict::Chosen(d) if matches!(d.choice, StackChoice::Default { .. }) => format!("default {}", d.stack),
        StackVerdict::Chosen(d) => d.stack.to_string(),
    }
}

fn parts(verdict: StackVerdict) -> (Vec<StackScore>, Vec<StackEvidence>) {
    match verdict {
        StackVerdict::Chosen(d) => (d.scores, d.evidence),
        StackVerdict::NoneFits { scores, evidence, .. } => (scores, evidence),
    }
}

#[test]
fn stated_technologies_win() {
    for (text, expected) in [
        ("The service must be written in Python with FastAPI.", "python-api"),
        ("Python FastAPI", "python-api"),
        ("We want a REST API in Express.", "node-api"),
        ("The back end is a Node.js REST API with endpoints for bookings.", "node-api"),
        ("Use Vue 3 for the pages, buttons and forms.", "vue-spa"),
        ("A React front end with a Node back end.", "react-fullstack"),
        ("Technology stack: Next.js", "react-fullstack"),
        ("We will build it in React. Every screen has buttons.", "react-spa"),
        ("Create components/Header.vue and show it in App.vue", "vue-spa"),
        ("Create views/home.pug with a button and a page; use Express Router for POST /api/products", "node-api"),
        ("We decided on Vue after we considered React.", "vue-spa"),
        ("No React, we use Vue.", "vue-spa"),
        ("Instead of Vue, use React.", "react-spa"),
        ("We don't want Node, it must be Python, with a JSON API.", "python-api"),
        ("We use React rather than Vue. Screens and buttons.", "react-spa"),
        ("We are moving away from React and will use Vue.", "vue-spa"),
        ("A competitor uses React. Our dashboard must be built in Vue.", "vue-spa"),
        ("No Angular, React or Svelte please; the pages must be in Vue.", "vue-spa"),
        ("React is not an option, the screens will be in Vue.", "vue-spa"),
        ("We prefer Vue over React for the dashboard.", "vue-spa"),
        ("Maybe Vue, maybe not. React is mandatory for all our web pages.", "react-spa"),
    ] {
        assert_eq!(chosen(text), expected, "{text}");
    }
}

#[test]
fn what_the_company_runs_on_counts_and_what_others_build_does_not() {
    for (text, expected) in [
        (
            "The company runs everything on Node with TypeScript. It is a REST API, the intranet team builds the UI.",
            "node-api",
        ),
        ("All our services run on Node. We need a REST API.", "node-api"),
        ("We are a Node shop. Other programs call the endpoints.", "node-api"),
        ("Everything here is built on Python. The REST API returns JSON.", "python-api"),
        ("The REST API has endpoints. The pages and screens are built by an agency.", "node-api"),
        ("Our API is in Express. The web team makes the front end in React.", "node-api"),
        ("Our team builds the UI in React: screens, buttons and forms.", "react-spa"),
        ("The REST API returns JSON. Not now: pages, screens and buttons in the browser.", "node-api"),
        ("The service must have a REST API in Express. A React front end is out of scope.", "node-api"),
    ] {
        assert_eq!(chosen(text), expected, "{text}: {:?}", parts(verdict(text, None)));
    }
}

#[test]
fn a_node_is_no_runtime_only_because_something_is_on_it() {
    for text in [
        "The label is printed on Node 7 of the tree.",
        "A node runs on a computer.",
        "The team works on Express orders.",
    ] {
        assert!(parts(verdict(text, None)).0.iter().all(|s| s.points < 25), "{text}");
    }
}

#[test]
fn the_strongest_words_explain_and_another_framework_is_told() {
    let explanation = |text: &str| match verdict(text, None) {
        StackVerdict::Chosen(d) => d.explanation,
        StackVerdict::NoneFits { reason, .. } => reason,
    };
    let told = explanation("It returns JSON over HTTP, with endpoints and status codes. It must be built in Express.");
    assert!(told.contains("among others for “Express”"), "{told}");
    let told = explanation("Use Flask for the REST API.");
    assert!(told.contains("Flask is asked for") && told.contains("FastAPI"), "{told}");
    assert!(!explanation("Use FastAPI for the REST API.").contains("asked for"));
    assert!(!explanation("We don't want Flask. Use FastAPI for the REST API.").contains("asked for"));
}

#[test]
fn features_decide_where_no_technology_is_named() {
    for (text, expected) in [
        ("Each page has a button and a form. The dashboard is responsive.", "react-spa"),
        ("The service has REST endpoints that return JSON and HTTP status codes.", "node-api"),
        (
            "People book on a web page with a form and a button in the browser. The backend has REST endpoints, a database and webhooks.",
            "react-fullstack",
        ),
        ("There is no user interface. Other programs call the API with JSON.", "node-api"),
    ] {
        assert_eq!(chosen(text), expected, "{text}");
    }
}

#[test]
fn parts_of_words_and_everyday_words_are_no_evidence() {
    for text in [
        "We require a rapid therapist booking, guided by suitable requirements.",
        "People react to delays. Express delivery is offered. Go to the shop.",
        "The rest of the day is free. We take orders in the form of letters.",
        "As a user I want to build trust.",
        "A swift answer helps unity; the node visits every nodes' neighbours.",
        "",
    ] {
        let (scores, evidence) = parts(verdict(text, None));
        assert_eq!(evidence, [], "{text}");
        assert!(scores.iter().all(|s| s.points == 0));
        assert_eq!(chosen(text), "default node-api", "{text}");
    }
}

#[test]
fn names_of_people_and_things_are_no_technology() {
    for text in [
        "Hi Julia, members must be able to renew a loan.",
        "Julia must be able to approve a loan. Ask Julia. We work with Julia and Ruby.",
        "Ruby keeps the keys. Give them to Ruby. We want Julia to see it.",
        "Rust on a bike must be reported. Java is where the coffee comes from.",
        "Elixir, oil and tea are sold by the bottle. Flask sizes are listed.",
        "Angular shelves are counted. La Scala sells tickets.",
        "Members submit poetry. Each member can submit poetry once a month.",
        "Visitors feed the pandas. Owners of a pug get a discount.",
        "Members must be able to book an interpreter.",
        "The batch size of an order must be shown. The batch size is at most 50.",
        "Staff can fine-tune the list.",
    ] {
        assert_eq!(chosen(text), "default node-api", "{text}: {:?}", parts(verdict(text, None)));
    }
    for text in [
        "We build a REST API in Node. The batch size must be at most 50. The batch size must be shown.",
        "We build a REST API in Node. Members submit poetry. Everybody can submit poetry twice.",
        "We build a REST API in Node. Julia and Ruby must be able to submit poetry. Hi Julia, pandas eat.",
    ] {
        assert_eq!(chosen(text), "node-api", "{text}: {:?}", parts(verdict(text, None)));
    }
    for (text, expected) in [
        ("The model is written in Julia.", "none"),
        ("A Ruby server answers.", "none"),
        ("Language: Rust", "none"),
        ("Java", "none"),
        ("Built with Elixir and Rust 1.80.", "none"),
        ("It must be Python, Java or Scala, from the command line.", "none"),
        ("Java must be used.", "none"),
        ("Statistics with Python and pandas, served over a REST API.", "python-api"),
        ("Manage dependencies using poetry. Other programs call a REST API.", "python-api"),
        ("Pages are rendered by pug templates behind an Express server.", "node-api"),
    ] {
        assert_eq!(chosen(text), expected, "{text}: {:?}", parts(verdict(text, None)));
    }
}

#[test]
fn a_stated_stack_with_its_use_outweighs_a_product_named_in_passing() {
    for (text, expected) in [
        ("We build a REST API in Node with endpoints. There is a mobile app that calls it.", "node-api"),
        ("We build a command line tool in Node. It is run from the command line.", "none"),
        ("We build a REST API in Node. The mobile app, a native app of ours, must be written in Kotlin.", "none"),
    ] {
        assert_eq!(chosen(text), expected, "{text}: {:?}", parts(verdict(text, None)));
    }
}

#[test]
fn none_of_the_five_fits() {
    for text in [
        "Implement a Fibonacci heap in Java.",
        "The tool is written in C++17 and run from the command line.",
        "A command-line tool in Python that reads a file and prints statistics.",
        "We need a native iOS app in Swift.",
        "Build the mobile app with Flutter. It has screens and buttons.",
        "The app must be written in React Native.",
        "Train the model with PyTorch; log the training loss.",
        "Rewrite the service in Go. It has endpoints.",
        "The single-page app must be built with Angular.",
        "A desktop application with a GUI.",
        "The firmware runs on an Arduino.",
        "The front end must be built in Vue, the server must be built in Python with an API.",
    ] {
        assert_eq!(chosen(text), "none", "{text}");
    }
}

#[test]
fn what_is_denied_or_out_of_scope_does_not_count_against_the_five() {
    for (text, expected) in [
        ("No mobile app is needed. The pages must be built in React.", "react-spa"),
        ("It is not a command-line tool: it must be a React app with pages.", "react-spa"),
        ("We do not want Java. Use Python for the REST API.", "python-api"),
        (
            "The old system is in PHP; the new web pages must be built in Vue, built in Vue 3, and tested. We use Vue.",
            "vue-spa",
        ),
    ] {
        assert_eq!(chosen(text), expected, "{text}");
    }
}

#[test]
fn the_host_overrides_and_the_scores_stay() {
    let StackVerdict::Chosen(decision) = verdict("It must be written in Python with FastAPI.", Some(Stack::VueSpa))
    else {
        panic!("chosen")
    };
    assert_eq!((decision.stack, decision.choice), (Stack::VueSpa, StackChoice::Host));
    assert_eq!(decision.scores.len(), 5);
    assert_eq!(decision.scores[0].stack, Stack::PythonApi);
    assert!(decision.explanation.contains("Python API"));
    assert!(matches!(verdict("A heap in Java.", Some(Stack::NodeApi)), StackVerdict::Chosen(_)));
}

#[test]
fn a_hint_of_pages_alone_defaults_to_pages_with_a_server() {
    assert_eq!(chosen("People find us on the website."), "default react-fullstack");
}

#[test]
fn quoted_mail_counts_less_than_the_answer() {
    assert_eq!(chosen("It must be built in Vue.\n> It must be built in React."), "vue-spa");
}

proptest::proptest! {
    #[test]
    fn every_point_is_cited(
        text in "\\PC{0,120}|((no|React|Vue|Node|in|using|Python|, |\\. |instead of|page|API|Java|not|and|must|CLI|over|express|is|\\?|\n) ?){0,30}",
    ) {
        let (scores, evidence) = parts(verdict(&text, None));
        for row in &evidence {
            proptest::prop_assert_eq!(row.citation.span.of(&text), Some(row.citation.quote.as_str()));
        }
        for score in &scores {
            let sum: i32 = evidence.iter().filter(|e| e.stack == score.stack).map(|e| e.points).sum();
            proptest::prop_assert_eq!(sum, score.points);
        }
        proptest::prop_assert!(scores.is_sorted_by(|a, b| a.points >= b.points));
    }
}

#[test]
fn what_was_merged_stands_unless_a_technology_is_named() {
    let after = |text: &str, earlier: Stack| {
        let StackVerdict::Chosen(decision) = verdict(text, None) else { panic!("{text}") };
        after_earlier(decision, earlier)
    };
    for text in ["Clerks can add a book.", "Clerks can see all books on a page and filter them."] {
        let decision = after(text, Stack::VueSpa);
        assert_eq!((decision.stack, decision.choice), (Stack::VueSpa, StackChoice::Earlier), "{text}");
    }
    let decision = after("We want a REST API in Python with FastAPI.", Stack::VueSpa);
    assert_eq!((decision.stack, &decision.choice), (Stack::PythonApi, &StackChoice::Evidence));
    assert!(decision.explanation.contains("the project was Vue SPA before"), "{}", decision.explanation);
    // The control: the same stack is no change.
    let decision = after("We want a REST API in Python with FastAPI.", Stack::PythonApi);
    assert!(!decision.explanation.contains("before"), "{}", decision.explanation);
}
