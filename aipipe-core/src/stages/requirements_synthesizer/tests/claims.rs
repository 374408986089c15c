//! Claims of any text: nothing but the documents' own words comes out.

use super::fixture::{of, text};
use crate::domain::{DocumentFormat, Obligation, RequirementKind, SegmentKind};
use crate::stages::requirements_synthesizer::{Claim, ClaimedCriterion, Extracted, Precedence, SynthesisOptions};
use proptest::prelude::*;

const WORDS: &str = "# Club\n\n- Members can’t  reserve\n  a “boat” for 30 days – ever.\n\nÜber-coaches wave 3 outings through.\n\n\
    > Members must pay 5 euros\n> by card.\n\n[boilerplate] Members must be insured.\n";

fn kind() -> impl Strategy<Value = RequirementKind> {
    prop_oneof![
        Just(RequirementKind::Functional),
        Just(RequirementKind::Rule),
        Just(RequirementKind::Quality),
        Just(RequirementKind::Constraint)
    ]
}

/// Pieces of the document, some of them spoilt, and anything else.
fn words() -> impl Strategy<Value = String> {
    let chars: Vec<char> = WORDS.chars().collect();
    let length = chars.len();
    let piece =
        (0..length, 1..60_usize).prop_map(move |(at, count)| chars.iter().skip(at).take(count).collect::<String>());
    let loose = piece.clone().prop_map(|piece| piece.replace(['’', '“', '”'], "'").replace('\n', "   "));
    prop_oneof![4 => piece, 2 => loose, 1 => "\\PC{0,40}", 1 => Just(String::new())]
}

proptest! {
    #[test]
    fn only_words_of_a_passage_are_cited(
        claims in prop::collection::vec((words(), kind(), words(), words(), words(), 0..400_usize), 0..6),
    ) {
        let document = text("notes.md", DocumentFormat::Markdown, WORDS);
        let id = document.document.id.clone();
        let claims = claims.into_iter().map(|(quote, kind, role, action, then, near)| {
            let claim = Claim::new(id.clone(), quote.clone(), kind, Obligation::Must);
            let criterion = ClaimedCriterion::new("", action.clone(), then, quote);
            let mut claim = claim.with_action(Some(role), action).with_criteria(vec![criterion]);
            claim.near = Some(near);
            claim
        });
        let sources = [document.source()];
        let extracted = Extracted::of_claims("any", &sources, claims.collect());
        let stories = of(&sources, extracted);
        let of_requirements = stories.requirements.iter().flat_map(|requirement| &requirement.citations);
        let of_criteria = stories.stories.iter().flat_map(|story| &story.criteria).map(|criterion| &criterion.citation);
        for citation in of_requirements.chain(of_criteria) {
            prop_assert_eq!(citation.span.of(WORDS), Some(citation.quote.as_str()));
            let segment = document.document.segments.iter().find(|segment| segment.span.contains(citation.span));
            prop_assert!(segment.is_some_and(|segment| segment.kind != SegmentKind::Boilerplate));
        }
    }
}

#[test]
fn a_quote_is_found_however_its_spaces_and_quotation_marks_are_written() {
    let document = text("notes.md", DocumentFormat::Markdown, WORDS);
    let sources = [document.source()];
    let cited = |quote: &str| {
        let claim = Claim::new(document.document.id.clone(), quote, RequirementKind::Constraint, Obligation::Must);
        let extracted = Extracted::of_claims("any", &sources, vec![claim]);
        (extracted.report().dropped.is_empty(), of(&sources, extracted).requirements)
    };
    for quote in ["can't reserve a \"boat\" for 30 days", "wave 3 outings", "Über-coaches wave"] {
        let (taken, requirements) = cited(quote);
        assert!(
            taken && requirements.iter().any(|requirement| requirement.found_by == "any"),
            "{quote}: {requirements:?}"
        );
    }
    for quote in
        ["boat", "ave 3 outing", "outings through. Members must", "Members must be insured", "reserve a ship", ""]
    {
        assert!(!cited(quote).0, "{quote}");
    }
}

#[test]
fn the_host_says_which_of_two_places_holds() {
    let rule = |days: u32| format!("A reservation must be cancelled at least {days} hours before the outing.\n");
    let texts = [
        text("notes.md", DocumentFormat::Markdown, &rule(24)).dated("2026-01-02T00:00:00Z"),
        text("mail.eml", DocumentFormat::Email, &rule(48)).dated("2026-01-01T00:00:00Z"),
    ];
    let sources: Vec<_> = texts.iter().map(|text| text.source()).collect();
    let held = |options: SynthesisOptions| {
        let extracted = Extracted::by_rules(&sources);
        let stories = super::fixture::with(&sources, extracted, &options);
        let questions = stories.questions.iter().filter_map(|question| question.assumption.clone());
        questions.into_iter().find(|assumption| assumption.contains("holds")).unwrap_or_default()
    };
    assert!(held(SynthesisOptions::default()).contains("24 hours"), "{}", held(SynthesisOptions::default()));
    let mail_first = SynthesisOptions::default().with_precedence(vec![Precedence::Format(vec![DocumentFormat::Email])]);
    assert!(held(mail_first.clone()).contains("48 hours") && held(mail_first).contains("of the format email"));
}
