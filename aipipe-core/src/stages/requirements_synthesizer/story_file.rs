//! Stories that somebody has written down already, in place of stages 1 and 2.
//!
//! Either JSON, an array of stories or an object with `stories`:
//!
//! ```json
//! [{
//!   "id": "books-1",
//!   "title": "Add a book",
//!   "role": "clerk",
//!   "action": "add a book with a title and an author",
//!   "benefit": "others find it",
//!   "criteria": ["The title of a book is required.", {"given": "two books", "when": "I list books", "then": "both are listed"}],
//!   "priority": "P0",
//!   "depends_on": ["Another title", "books-0"]
//! }]
//! ```
//!
//! Only `action` is needed, and a story may be one sentence, "As a clerk, I want to add a book, so that others find it".
//! Or a whole [`StorySet`] as JSON: what the Requirements Synthesizer found, perhaps after somebody worked on it.
//! Or plain text: such a sentence a line, with its criteria as list items below it.
//!
//! Nothing is left out or guessed: what can't be read is an error that names the story by its number.

use super::normal::normal;
use crate::domain::{
    AcceptanceCriterion, ArtifactKey, Basis, Citation, CriterionId, Document, DocumentFormat, DocumentId,
    DocumentMetadata, DocumentSet, Effort, ExtractionReport, IntakeRequest, Obligation, Place, Priority, RawDocument,
    Requirement, RequirementId, RequirementKind, Segment, SegmentKind, StageName, StoryDependency, StoryId, StorySet,
    TextSpan, UserStory,
};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Most bytes of a stories file.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Most stories of a file.
const MOST_STORIES: usize = 2000;

/// A story as a file gives it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenStory {
    /// What other stories may call it by, besides its title.
    #[serde(default)]
    pub id: Option<String>,
    /// A short title; the action when it is missing.
    #[serde(default)]
    pub title: Option<String>,
    /// Who; `user` when it is missing.
    #[serde(default)]
    pub role: Option<String>,
    /// What they want to do, without `to`.
    pub action: String,
    /// Why.
    #[serde(default)]
    pub benefit: Option<String>,
    /// How to tell that it is done.
    #[serde(default, alias = "acceptance_criteria")]
    pub criteria: Vec<WrittenCriterion>,
    /// `P0` to `P3`; `P1` when it is missing.
    #[serde(default)]
    pub priority: Option<Priority>,
    /// Ids or titles of stories that come first.
    #[serde(default)]
    pub depends_on: Vec<String>,
}

/// A criterion as a file gives it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum WrittenCriterion {
    /// One sentence.
    Sentence(String),
    /// State, event and result.
    Steps {
        /// The state before.
        #[serde(default)]
        given: String,
        /// The event.
        #[serde(default)]
        when: String,
        /// What can be observed after.
        then: String,
    },
}

/// The stories of a file.
///
/// # Errors
/// `InvalidInput` naming the story by its number, and the line in plain text.
pub fn read_stories(text: &str) -> Result<Vec<WrittenStory>> {
    if text.len() > MOST_BYTES {
        return Err(refuse(format!("the stories have {} bytes; at most {MOST_BYTES} are read", text.len())));
    }
    let text = text.trim_start_matches('\u{feff}');
    let stories = if text.trim_start().starts_with(['[', '{']) { from_json(text)? } else { from_lines(text)? };
    if stories.is_empty() {
        return Err(refuse("there is no story"));
    }
    if stories.len() > MOST_STORIES {
        return Err(refuse(format!("there are {} stories; at most {MOST_STORIES} are read", stories.len())));
    }
    for (number, story) in (1..).zip(&stories) {
        if story.action.trim().is_empty() {
            return Err(refuse("the action is empty").with("story", number));
        }
    }
    Ok(stories)
}

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, "stories.read", message)
}

fn from_json(text: &str) -> Result<Vec<WrittenStory>> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| refuse(format!("broken JSON in line {}, column {}", error.line(), error.column())))?;
    let list = match value {
        Value::Array(list) => list,
        Value::Object(object) if ["root", "requirements", "stories"].iter().all(|key| object.contains_key(*key)) => {
            let set: StorySet = serde_json::from_value(Value::Object(object))
                .map_err(|error| refuse(format!("it looks like a story set, but: {error}")))?;
            return Ok(set.stories.into_iter().map(WrittenStory::from).collect());
        }
        Value::Object(mut object) => match object.remove("stories") {
            Some(Value::Array(list)) => list,
            _ => return Err(refuse("an object needs a list named stories")),
        },
        _ => return Err(refuse("it is neither a list of stories nor an object with one")),
    };
    let story = |(number, value): (usize, Value)| match value {
        Value::String(sentence) => from_sentence(&sentence)
            .ok_or_else(|| refuse("it is no sentence of the form As a … I want …").with("story", number)),
        value => serde_json::from_value(value).map_err(|error| refuse(error.to_string()).with("story", number)),
    };
    (1..).zip(list).map(story).collect()
}

impl From<UserStory> for WrittenStory {
    fn from(story: UserStory) -> Self {
        let steps = |criterion: AcceptanceCriterion| {
            let AcceptanceCriterion { given, when, then, .. } = criterion;
            WrittenCriterion::Steps { given, when, then }
        };
        Self {
            id: Some(story.id.to_string()),
            title: Some(story.title),
            role: Some(story.role),
            action: story.action,
            benefit: story.benefit,
            criteria: story.criteria.into_iter().map(steps).collect(),
            priority: Some(story.priority),
            depends_on: story.depends_on.iter().map(|first| first.story.to_string()).collect(),
        }
    }
}

fn from_lines(text: &str) -> Result<Vec<WrittenStory>> {
    let mut stories: Vec<WrittenStory> = Vec::new();
    for (number, line) in (1_usize..).zip(text.lines()) {
        let trimmed = line.trim();
        let item = trimmed.trim_start_matches(['-', '*', '•']).trim_start();
        let item = item
            .split_once(['.', ')'])
            .filter(|(n, _)| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()))
            .map_or(item, |(_, rest)| rest.trim_start());
        if item.is_empty() || trimmed.starts_with('#') || item.to_ascii_lowercase().starts_with("acceptance criteria") {
            continue;
        }
        match (from_sentence(item), stories.last_mut()) {
            (Some(story), _) => stories.push(story),
            (None, Some(story)) if item.len() < trimmed.len() || line.starts_with([' ', '\t']) => {
                story.criteria.push(WrittenCriterion::Sentence(item.to_owned()));
            }
            _ => {
                let message = "the line is neither a story (As a … I want …) nor a list item below one";
                return Err(refuse(message).with("line", number));
            }
        }
    }
    Ok(stories)
}

/// `As a clerk, I want to add a book, so that others find it.`
fn from_sentence(text: &str) -> Option<WrittenStory> {
    let text = text.trim().trim_end_matches('.');
    let rest = ["as a ", "as an ", "as the "].iter().find_map(|start| strip_start(text, start))?;
    let wishes = [
        " i want to ",
        " i want ",
        " i need to ",
        " i would like to ",
        " i'd like to ",
        " i can ",
        " i must be able to ",
        " i should be able to ",
    ];
    // The earliest wish, and of two at one place the longer.
    let (at, wish) = wishes
        .iter()
        .filter_map(|wish| Some((find(rest, wish)?, *wish)))
        .min_by_key(|(at, wish)| (*at, usize::MAX - wish.len()))?;
    let role = rest.get(..at)?.trim().trim_end_matches(',').trim();
    let rest = rest.get(at + wish.len()..)?.trim();
    let rest = strip_start(rest, "be able to ").unwrap_or(rest);
    let split = find(rest, " so that ").map(|at| (at, " so that ".len()));
    let (action, benefit) = match split {
        Some((at, length)) => (rest.get(..at)?, rest.get(at + length..)),
        None => (rest, None),
    };
    let action = action.trim().trim_end_matches(',').to_owned();
    (!role.is_empty() && !action.is_empty()).then(|| WrittenStory {
        id: None,
        title: None,
        role: Some(role.to_owned()),
        action,
        benefit: benefit.map(|benefit| benefit.trim().to_owned()),
        criteria: Vec::new(),
        priority: None,
        depends_on: Vec::new(),
    })
}

fn find(text: &str, words: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(words)
}

fn strip_start<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.get(..start.len()).filter(|head| head.eq_ignore_ascii_case(start))?;
    text.get(start.len()..)
}

/// Takes stories from files in place of stages 1 and 2; its output is what the Architecture Planner takes.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoryFile;

#[async_trait]
impl Stage for StoryFile {
    type Input = IntakeRequest;
    type Output = StorySet;

    fn name(&self) -> StageName {
        StageName::literal("story-file")
    }

    fn revision(&self) -> String {
        "2".to_owned()
    }

    async fn run(&self, cx: &StageContext, request: IntakeRequest) -> Result<Outcome<StorySet>> {
        let mut set = DocumentSet { root: request.root.clone(), documents: Vec::new(), refused: Vec::new() };
        let mut told = Told::default();
        for raw in &request.documents {
            let bytes = cx.load_bytes(&raw.content).await?;
            let text = std::str::from_utf8(&bytes).map_err(|_| refuse("it is not UTF-8").with("file", &raw.name))?;
            let stories = read_stories(text).map_err(|error| error.with("file", &raw.name))?;
            let written = Written::of(&stories);
            let key = ArtifactKey::processed(cx.root(), cx.execution(), &DocumentId::for_name(&raw.name));
            let kept = cx.publish(&key, Bytes::from(written.text.clone())).await?;
            set.documents.push(written.document(raw, kept));
            told.add(raw, &stories, &written)?;
        }
        let stored = cx.store(&set).await?;
        let stories = told.stories()?;
        Ok(Outcome::Done(StorySet {
            root: request.root,
            documents: stored,
            requirements: told.requirements,
            stories,
            uncovered: Vec::new(),
            extraction: ExtractionReport::default(),
            questions: Vec::new(),
            without_story: Vec::new(),
        }))
    }
}

/// The stories as plain text, a line each, with the lines of their criteria: what citations point to.
struct Written {
    text: String,
    /// The lines of each story, its own first.
    lines: Vec<Vec<(TextSpan, u32)>>,
}

impl Written {
    fn of(stories: &[WrittenStory]) -> Self {
        let (mut text, mut number, mut lines) = (String::new(), 0_u32, Vec::new());
        for story in stories {
            let own = std::iter::once(sentence(story));
            let mut of_story = Vec::new();
            for line in own.chain(story.criteria.iter().map(in_words)) {
                let start = text.len();
                text.push_str(&one_line(&line));
                number += 1;
                of_story.push((TextSpan { start, end: text.len() }, number));
                text.push('\n');
            }
            lines.push(of_story);
        }
        Self { text, lines }
    }

    fn document(&self, raw: &RawDocument, text: crate::domain::ArtifactRef) -> Document {
        let segments = self.lines.iter().flatten().map(|(span, line)| Segment {
            span: *span,
            kind: SegmentKind::ListItem,
            place: Place::Lines { first: *line, last: *line },
            source: None,
            speaker: None,
            at: None,
            headings: Vec::new(),
        });
        Document {
            id: DocumentId::for_name(&raw.name),
            version: raw.content.hash,
            previous: None,
            name: raw.name.clone(),
            format: DocumentFormat::Text,
            raw: raw.content.clone(),
            text,
            metadata: DocumentMetadata::default(),
            segments: segments.collect(),
            warnings: Vec::new(),
        }
    }
}

fn sentence(story: &WrittenStory) -> String {
    let benefit = story.benefit.as_ref().map_or_else(String::new, |benefit| format!(", so that {benefit}"));
    format!("As {}, I want to {}{benefit}.", with_article(role(story)), story.action)
}

fn role(story: &WrittenStory) -> &str {
    story.role.as_deref().map(str::trim).filter(|role| !role.is_empty()).unwrap_or("user")
}

fn with_article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

fn in_words(criterion: &WrittenCriterion) -> String {
    match criterion {
        WrittenCriterion::Sentence(text) => text.clone(),
        WrittenCriterion::Steps { given, when, then } => {
            let part = |word: &str, text: &str| {
                if text.trim().is_empty() { String::new() } else { format!("{word} {text}, ") }
            };
            format!("{}{}then {then}", part("given", given), part("when", when))
        }
    }
}

fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Stories and requirements of all files.
#[derive(Default)]
struct Told {
    requirements: Vec<Requirement>,
    stories: Vec<(UserStory, Vec<String>)>,
    numbers: BTreeMap<StoryId, usize>,
    /// What the file calls stories by, besides their titles.
    ids: BTreeMap<String, StoryId>,
}

impl Told {
    fn add(&mut self, raw: &RawDocument, stories: &[WrittenStory], written: &Written) -> Result<()> {
        for (story, lines) in stories.iter().zip(&written.lines) {
            let number = self.stories.len() + 1;
            let cite = |line: usize| citation(raw, written, lines.get(line).copied());
            let (action, role) = (one_line(&story.action), one_line(role(story)));
            let id = StoryId::for_content(&role.to_lowercase(), &normal_or(&action));
            if let Some(first) = self.numbers.insert(id.clone(), number) {
                return Err(refuse(format!("it asks for the same as story {first}")).with("story", number));
            }
            if let Some(known) = &story.id
                && self.ids.insert(one_line(known), id.clone()).is_some()
            {
                return Err(refuse("an earlier story has its id")
                    .with("story", number)
                    .with("id", known.escape_debug()));
            }
            let own = cite(0);
            let requirement = RequirementId::for_statement(&normal_or(&own.quote));
            let priority = story.priority.unwrap_or(Priority::P1);
            self.requirements.push(Requirement {
                id: requirement.clone(),
                statement: own.quote.clone(),
                kind: RequirementKind::Functional,
                obligation: match priority {
                    Priority::P0 => Obligation::Must,
                    Priority::P1 => Obligation::Should,
                    Priority::P2 => Obligation::Could,
                    Priority::P3 => Obligation::Wont,
                },
                citations: vec![own],
                found_by: "story file".to_owned(),
                ears: None,
            });
            let criteria = (1..).zip(&story.criteria).map(|(line, criterion)| {
                let (given, when, then) = match criterion {
                    WrittenCriterion::Sentence(text) => (with_article(&role), action.clone(), one_line(text)),
                    WrittenCriterion::Steps { given, when, then } => (one_line(given), one_line(when), one_line(then)),
                };
                let id = CriterionId::for_content(&id, &normal(&given), &normal(&when), &normal_or(&then));
                AcceptanceCriterion { id, given, when, then, citation: cite(line) }
            });
            let mut criteria: Vec<AcceptanceCriterion> = criteria.collect();
            let mut seen = std::collections::BTreeSet::new();
            criteria.retain(|criterion| seen.insert(criterion.id.clone()));
            let title = story.title.as_deref().map(one_line).filter(|title| !title.is_empty());
            let stated = |told: bool, what: &str| match told {
                true => Basis::Stated { quote: what.to_owned() },
                false => Basis::Default { reason: "the file does not say".to_owned() },
            };
            let effort = Effort::at_least(u32::try_from(1 + criteria.len()).unwrap_or(u32::MAX));
            let user_story = UserStory {
                title: title.unwrap_or_else(|| upper_first(&action)),
                role,
                benefit: story.benefit.as_deref().map(one_line),
                priority,
                priority_basis: stated(story.priority.is_some(), &priority.to_string()),
                effort,
                effort_basis: Basis::Default { reason: "one point and one for each criterion".to_owned() },
                depends_on: Vec::new(),
                requirements: vec![requirement],
                criteria,
                action,
                id,
            };
            self.stories.push((user_story, story.depends_on.iter().map(|title| one_line(title)).collect()));
        }
        Ok(())
    }

    /// The stories with their dependencies by id or title, in the order of the file.
    fn stories(&self) -> Result<Vec<UserStory>> {
        let mut by_title: BTreeMap<String, Vec<&StoryId>> = BTreeMap::new();
        for (story, _) in &self.stories {
            by_title.entry(story.title.to_lowercase()).or_default().push(&story.id);
        }
        let depended = |(number, (story, names)): (usize, &(UserStory, Vec<String>))| {
            let mut story = story.clone();
            for name in names {
                let titled = by_title.get(&name.to_lowercase()).map_or(&[][..], Vec::as_slice);
                let first = match (self.ids.get(name), titled) {
                    (Some(first), _) => first,
                    (None, [first]) => first,
                    (None, others) => {
                        let fault = match others {
                            [] => "it depends on a story that is not there, neither by id nor by title",
                            _ => "it depends on a title that several stories have; give them an id",
                        };
                        return Err(refuse(fault).with("story", number).with("depends on", name.escape_debug()));
                    }
                };
                let reason = "the file says so".to_owned();
                story.depends_on.push(StoryDependency { story: first.clone(), reason });
            }
            Ok(story)
        };
        let stories: Vec<UserStory> = (1..).zip(&self.stories).map(depended).collect::<Result<_>>()?;
        match in_a_circle(&stories) {
            Some(story) => Err(refuse("it comes after itself: its dependencies lead back to it")
                .with("story", self.numbers.get(&story.id).copied().unwrap_or_default())
                .with("title", story.title.escape_debug())),
            None => Ok(stories),
        }
    }
}

/// The first story that its own dependencies lead back to.
fn in_a_circle(stories: &[UserStory]) -> Option<&UserStory> {
    let mut waits: BTreeMap<&StoryId, usize> =
        stories.iter().map(|story| (&story.id, story.depends_on.len())).collect();
    let mut after: BTreeMap<&StoryId, Vec<&StoryId>> = BTreeMap::new();
    for story in stories {
        for first in &story.depends_on {
            after.entry(&first.story).or_default().push(&story.id);
        }
    }
    let mut ready: Vec<&StoryId> = waits.iter().filter(|(_, waits)| **waits == 0).map(|(id, _)| *id).collect();
    while let Some(id) = ready.pop() {
        waits.remove(id);
        for next in after.get(id).into_iter().flatten() {
            if let Some(left) = waits.get_mut(next) {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    ready.push(next);
                }
            }
        }
    }
    // What only waits for a circle is in none itself.
    let leads_back = |story: &&UserStory| {
        let mut seen = std::collections::BTreeSet::new();
        let mut open: Vec<&StoryId> = story.depends_on.iter().map(|first| &first.story).collect();
        while let Some(id) = open.pop() {
            if *id == story.id {
                return true;
            }
            if seen.insert(id) {
                let next = stories.iter().find(|other| other.id == *id);
                open.extend(next.into_iter().flat_map(|next| next.depends_on.iter().map(|first| &first.story)));
            }
        }
        false
    };
    if waits.is_empty() { None } else { stories.iter().find(leads_back) }
}

/// The normal form, or the text itself where nothing is left of it: two stories in other languages are not the same.
fn normal_or(text: &str) -> String {
    let normal = normal(text);
    if normal.is_empty() { text.to_lowercase() } else { normal }
}

fn citation(raw: &RawDocument, written: &Written, line: Option<(TextSpan, u32)>) -> Citation {
    let (span, number) = line.unwrap_or((TextSpan { start: 0, end: 0 }, 1));
    Citation {
        document: DocumentId::for_name(&raw.name),
        version: raw.content.hash,
        name: raw.name.clone(),
        span,
        place: Place::Lines { first: number, last: number },
        quote: span.of(&written.text).unwrap_or_default().to_owned(),
        speaker: None,
    }
}

fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_and_plain_sentences_are_read() {
        let json = r#"{"stories": [
            {"title": "Add a book", "role": "clerk", "action": "add a book with a title", "benefit": "others find it",
             "criteria": ["The title is required.", {"given": "a book", "when": "I list", "then": "it is listed"}], "priority": "P0"},
            "As an editor, I want to be able to list all books so that I see them."
        ]}"#;
        let stories = read_stories(json).unwrap();
        assert_eq!(stories.len(), 2);
        assert_eq!(stories[0].priority, Some(Priority::P0));
        assert_eq!((stories[1].role.as_deref(), stories[1].action.as_str()), (Some("editor"), "list all books"));
        assert_eq!(stories[1].benefit.as_deref(), Some("I see them"));
        let text = "# Stories\n\n1. As a clerk, I want to add a book.\n   - The title is required.\n- As the head, I need to delete a book\n";
        let stories = read_stories(text).unwrap();
        assert_eq!(stories.iter().map(|s| s.action.as_str()).collect::<Vec<_>>(), ["add a book", "delete a book"]);
        assert_eq!(stories[0].criteria, [WrittenCriterion::Sentence("The title is required.".to_owned())]);
    }

    #[test]
    fn what_can_not_be_read_names_the_story_or_the_line() {
        for (text, expected) in [
            ("", "there is no story"),
            ("[]", "there is no story"),
            ("[{]", "broken JSON in line 1"),
            ("{\"rows\": []}", "needs a list named stories"),
            ("[{\"action\": \"add\"}, {\"title\": \"x\"}]", "story=2"),
            ("[{\"action\": \"add\", \"colour\": 1}]", "colour"),
            ("[{\"action\": \" \"}]", "story=1"),
            ("[\"Books!\"]", "story=1"),
            ("As a clerk, I want to add a book.\nWe met at noon.\n", "line=2"),
        ] {
            let error = read_stories(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let told = error.to_string().replace(": ", "=").replace(' ', "");
            assert!(told.contains(&expected.replace(": ", "=").replace(' ', "")), "{text}: {error}");
        }
    }

    #[test]
    fn a_story_set_is_read_as_it_was_written() {
        let mut told = Told::default();
        let name = crate::domain::DocumentName::parse("stories.json").unwrap();
        let root = crate::domain::ProjectRoot::parse("shop-2026-11-20").unwrap();
        let content = crate::domain::ArtifactRef {
            key: ArtifactKey::raw(&root, &name),
            hash: crate::domain::ContentHash::of(b"stories"),
            bytes: 7,
        };
        let raw = RawDocument { name, content };
        let stories = read_stories(
            r#"[{"id": "b", "title": "List", "action": "list all books", "depends_on": ["a"]},
                {"id": "a", "title": "Add a book", "role": "clerk", "action": "add a book", "criteria": ["A title is required."]}]"#,
        )
        .unwrap();
        told.add(&raw, &stories, &Written::of(&stories)).unwrap();
        let first = told.stories().unwrap();
        assert_eq!(first[0].depends_on[0].story, first[1].id);
        let documents = crate::domain::Stored::new(raw.content.clone());
        let set = StorySet {
            root,
            documents,
            requirements: Vec::new(),
            stories: first.clone(),
            questions: Vec::new(),
            without_story: Vec::new(),
            uncovered: Vec::new(),
            extraction: ExtractionReport::default(),
        };
        let again = read_stories(&serde_json::to_string(&set).unwrap()).unwrap();
        let mut told = Told::default();
        told.add(&raw, &again, &Written::of(&again)).unwrap();
        let second = told.stories().unwrap();
        let of = |stories: &[UserStory]| -> Vec<_> {
            stories.iter().map(|s| (s.id.clone(), s.title.clone(), s.depends_on.clone(), s.criteria.len())).collect()
        };
        assert_eq!(of(&second), of(&first));
        // control: an id nobody has, and one that two have
        for text in [
            r#"[{"action": "list books", "depends_on": ["z"]}]"#,
            r#"[{"id": "a", "action": "list books"}, {"id": "a", "action": "add books"}]"#,
            r#"[{"id": "a", "action": "list books", "depends_on": ["b"]}, {"id": "b", "action": "add books", "depends_on": ["a"]}]"#,
            r#"[{"id": "a", "action": "list books", "depends_on": ["a"]}]"#,
            r#"[{"title": "x", "action": "list books"}, {"title": "x", "action": "add books"}, {"action": "sell books", "depends_on": ["x"]}]"#,
        ] {
            let stories = read_stories(text).unwrap();
            let mut told = Told::default();
            let ended = told.add(&raw, &stories, &Written::of(&stories)).and_then(|()| told.stories());
            assert_eq!(ended.unwrap_err().kind(), ErrorKind::InvalidInput, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[\\[\\]{}\",:a-zA-Z \\n.\\-İß]{0,200}") {
            let _ = read_stories(&text);
            let _ = read_stories(&format!("As a {text}"));
            let _ = read_stories(&format!("As a x, I want {text}"));
        }
    }
}
