//! Passages of the documents that speak of what a story is about and that it does not rest on: the rule two pages further
//! that nobody made a requirement of.

use crate::Result;
use crate::domain::{Citation, StorySet, UserStory};
use crate::pipeline::StageContext;
use crate::search::{Bm25, Cited, Passage};

/// A token is about this many bytes of running text.
const BYTES_A_TOKEN: usize = 4;
/// Most passages that are told.
const MOST: usize = 8;
/// How good a passage has to be beside the best one, which mostly is what the story was made of.
const GOOD_ENOUGH: f64 = 0.4;

/// All passages of the documents, found by their words.
#[derive(Debug, Default)]
pub struct Passages {
    passages: Vec<Passage>,
    words: Bm25,
}

impl Passages {
    /// Those of the documents that the stories were made from.
    ///
    /// # Errors
    /// `NotFound`, `Corrupt`.
    pub async fn load(cx: &StageContext, stories: &StorySet) -> Result<Self> {
        let documents = cx.load(&stories.documents).await?;
        let texts = cx.document_texts(&documents).await?;
        let mut passages = Vec::new();
        for (document, text) in documents.documents.iter().zip(&texts) {
            let cited = (&document.id, document.version, &document.name);
            passages.extend(Passage::of_document(cited, text, &document.segments)?);
        }
        Ok(Self::of(passages))
    }

    fn of(passages: Vec<Passage>) -> Self {
        let words = Bm25::of(passages.iter().map(Passage::text));
        Self { passages, words }
    }

    /// The passages nearest to a story, the nearest first, without those that are `cited`, each once and all of them in at
    /// most `budget` tokens.
    pub fn near(&self, story: &UserStory, cited: &[&Citation], budget: usize) -> Vec<&str> {
        let criteria = story.criteria.iter().flat_map(|criterion| [&criterion.given, &criterion.when, &criterion.then]);
        let asked: Vec<&str> = [&story.title, &story.action].into_iter().chain(criteria).map(String::as_str).collect();
        let ranked = self.words.rank(&asked.join("\n"));
        let least = ranked.first().map_or(0.0, |(_, best)| best * GOOD_ENOUGH);
        let mut room = budget.saturating_mul(BYTES_A_TOKEN);
        let mut near: Vec<&str> = Vec::new();
        for (passage, _) in ranked.iter().take_while(|(_, score)| *score >= least) {
            let Some(Passage { cited: Cited::Document(found), .. }) = self.passages.get(*passage) else { continue };
            let quote = found.quote.as_str();
            if near.len() == MOST {
                break;
            }
            if quote.len() <= room && !cited.iter().any(|cited| overlap(cited, found)) && !near.contains(&quote) {
                room -= quote.len();
                near.push(quote);
            }
        }
        near
    }
}

fn overlap(one: &Citation, other: &Citation) -> bool {
    one.document == other.document
        && one.version == other.version
        && one.span.start < other.span.end
        && other.span.start < one.span.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Basis, ContentHash, DocumentId, DocumentName, Effort, Place, Priority, Segment, SegmentKind, StoryId, TextSpan,
    };

    const TEXT: [&str; 5] = [
        "A rider can cancel a booking.",
        "A booking that was paid is cancelled by staff only, never by the rider.",
        "Invoices have the tax on a line of its own.",
        "A booking that was paid is cancelled by staff only, never by the rider.",
        "The map shows stations.",
    ];

    fn passages() -> Passages {
        let name = DocumentName::parse("brief.md").unwrap();
        let text = TEXT.join("\n\n");
        let mut start = 0;
        let segments: Vec<Segment> = TEXT
            .iter()
            .map(|part| {
                let span = TextSpan { start, end: start + part.len() };
                start = span.end + 2;
                let place = Place::Lines { first: 1, last: 1 };
                let (kind, headings) = (SegmentKind::Paragraph, Vec::new());
                Segment { span, kind, place, source: None, speaker: None, at: None, headings }
            })
            .collect();
        let cited = (&DocumentId::for_name(&name), ContentHash::of(text.as_bytes()), &name);
        Passages::of(Passage::of_document(cited, &text, &segments).unwrap())
    }

    fn story() -> UserStory {
        let basis = || Basis::Default { reason: String::new() };
        UserStory {
            id: StoryId::for_content("rider", "cancel a booking"),
            title: "Cancel a booking".to_owned(),
            role: "rider".to_owned(),
            action: "cancel a booking".to_owned(),
            benefit: None,
            criteria: Vec::new(),
            priority: Priority::P1,
            priority_basis: basis(),
            effort: Effort::at_least(1),
            effort_basis: basis(),
            depends_on: Vec::new(),
            requirements: Vec::new(),
        }
    }

    #[test]
    fn what_is_near_and_not_cited_is_told_once_within_the_budget() {
        let passages = passages();
        let Cited::Document(first) = &passages.passages[0].cited else { panic!("no document") };
        assert_eq!(passages.near(&story(), &[first], 100), [TEXT[1]]);
        // The controls: what is not cited is told too, and without room nothing is.
        assert_eq!(passages.near(&story(), &[], 100), [TEXT[0], TEXT[1]]);
        assert_eq!(passages.near(&story(), &[first], TEXT[1].len() / BYTES_A_TOKEN), [""; 0]);
        assert_eq!(Passages::default().near(&story(), &[], 100), [""; 0]);
    }
}
