//! Documents for tests: paragraphs, list items, headings and table rows of a Markdown-like text.

use super::super::{Extracted, Source, SynthesisOptions, synthesize};
use crate::domain::{
    ArtifactKey, ArtifactRef, ContentHash, Document, DocumentFormat, DocumentId, DocumentMetadata, DocumentName,
    DocumentSet, ExecutionId, Place, ProjectRoot, Segment, SegmentKind, Stored, StorySet, TextSpan, Timestamp,
};

pub(super) struct Text {
    pub(super) document: Document,
    pub(super) text: String,
}

impl Text {
    pub(super) fn source(&self) -> Source<'_> {
        Source { document: &self.document, text: &self.text }
    }

    pub(super) fn dated(mut self, date: &str) -> Self {
        self.document.metadata.date = Some(Timestamp::parse(date).unwrap());
        self
    }
}

fn root() -> ProjectRoot {
    ProjectRoot::parse("harbour-bikes-2026-01-02").unwrap()
}

fn artifact(bytes: &[u8]) -> ArtifactRef {
    let hash = ContentHash::of(bytes);
    let execution = ExecutionId::parse("run-1").unwrap();
    ArtifactRef { key: ArtifactKey::value(&root(), &execution, &hash), hash, bytes: bytes.len() as u64 }
}

pub(super) fn text(name: &str, format: DocumentFormat, text: &str) -> Text {
    let name = DocumentName::parse(name).unwrap();
    let document = Document {
        id: DocumentId::for_name(&name),
        version: ContentHash::of(text.as_bytes()),
        previous: None,
        name,
        format,
        raw: artifact(text.as_bytes()),
        text: artifact(text.as_bytes()),
        metadata: DocumentMetadata::default(),
        segments: segments(text),
        warnings: Vec::new(),
    };
    Text { document, text: text.to_owned() }
}

/// Lines beginning with `#` are headings, `-`/`*`/`1.` list items, `|` table rows, `>` quoted, `Name:` turns in speech;
/// anything else is a paragraph up to the next blank line.
fn segments(text: &str) -> Vec<Segment> {
    let mut found: Vec<Segment> = Vec::new();
    let mut headings: Vec<(usize, String)> = Vec::new();
    let mut open: Option<usize> = None;
    let mut code = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            code = !code;
            open = None;
            continue;
        }
        if trimmed.is_empty() || trimmed.chars().all(|c| "-=|: ".contains(c)) {
            open = None;
            continue;
        }
        let begin = start + (line.len() - line.trim_start().len());
        let span = TextSpan { start: begin, end: begin + trimmed.len() };
        let level = trimmed.chars().take_while(|c| *c == '#').count();
        let enumerated = trimmed
            .split_once(['.', ')'])
            .is_some_and(|(n, rest)| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()) && rest.starts_with(' '));
        let kind = if code {
            SegmentKind::Code
        } else if level > 0 {
            SegmentKind::Heading
        } else if trimmed.starts_with("- ") || trimmed.starts_with("* ") || enumerated {
            SegmentKind::ListItem
        } else if trimmed.starts_with('|') {
            SegmentKind::TableRow
        } else if trimmed.starts_with('>') {
            SegmentKind::Quoted
        } else if trimmed == "-- " || trimmed.starts_with("[boilerplate]") {
            SegmentKind::Boilerplate
        } else {
            SegmentKind::Paragraph
        };
        if kind == SegmentKind::Heading {
            let title = trimmed.trim_start_matches('#').trim().to_owned();
            headings.retain(|(other, _)| *other < level);
            found.push(segment(span, kind, &headings));
            headings.push((level, title));
            open = None;
            continue;
        }
        if let (Some(index), SegmentKind::Paragraph) = (open, kind) {
            found[index].span.end = span.end;
            continue;
        }
        if kind == SegmentKind::Quoted && found.last().is_some_and(|s| s.kind == kind) && open.is_some() {
            found.last_mut().unwrap().span.end = span.end;
            continue;
        }
        open = Some(found.len());
        found.push(segment(span, kind, &headings));
    }
    found
}

fn segment(span: TextSpan, kind: SegmentKind, headings: &[(usize, String)]) -> Segment {
    Segment {
        span,
        kind,
        place: Place::Lines { first: 1, last: 1 },
        source: None,
        speaker: None,
        at: None,
        headings: headings.iter().map(|(_, title)| title.clone()).collect(),
    }
}

pub(super) fn run(texts: &[Text]) -> StorySet {
    let sources: Vec<Source<'_>> = texts.iter().map(Text::source).collect();
    of(&sources, Extracted::by_rules(&sources))
}

/// The story set of what was extracted.
pub(super) fn of(sources: &[Source<'_>], extracted: Extracted) -> StorySet {
    with(sources, extracted, &SynthesisOptions::default())
}

/// The same under other options.
pub(super) fn with(sources: &[Source<'_>], extracted: Extracted, options: &SynthesisOptions) -> StorySet {
    synthesize(root(), Stored::<DocumentSet>::new(artifact(b"set")), sources, extracted, options)
}

pub(in super::super) fn run_one(format: DocumentFormat, words: &str) -> StorySet {
    run(&[text("a.txt", format, words)])
}

/// `role | action` of every story.
pub(super) fn pairs(set: &StorySet) -> Vec<String> {
    set.stories.iter().map(|s| format!("{} | {}", s.role, s.action)).collect()
}
