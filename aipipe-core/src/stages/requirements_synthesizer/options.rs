//! What a host decides about the stories.

use super::finding::Finding;
use crate::domain::DocumentFormat;

/// Why one of two places that contradict each other is assumed to hold until a person answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precedence {
    /// The one that is said by one of these people: names or ends of addresses such as `@client.example`, in any case.
    SaidBy(Vec<String>),
    /// The one in a document of a format that comes earlier in this list; formats that are not in it come last.
    Format(Vec<DocumentFormat>),
    /// The newer one, where both are dated.
    Newer,
    /// The one that somebody says (mail, chat, speech) before what somebody only noted.
    FirstHand,
}

/// How stories are made of requirements.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SynthesisOptions {
    /// What decides which of two contradicting places is assumed to hold: the first of these that tells them apart. Where
    /// none does it is the later document's, or what stands later in the same one.
    pub precedence: Vec<Precedence>,
}

impl Default for SynthesisOptions {
    /// Newer before older, then what people say before notes.
    fn default() -> Self {
        Self { precedence: vec![Precedence::Newer, Precedence::FirstHand] }
    }
}

impl SynthesisOptions {
    /// The same with this order of precedence.
    #[must_use]
    pub fn with_precedence(mut self, precedence: Vec<Precedence>) -> Self {
        self.precedence = precedence;
        self
    }

    /// Whether `left` holds rather than `right`, and why, in words that fit "because it …".
    pub(super) fn prefers_left(&self, left: &Finding, right: &Finding, formats: &[DocumentFormat]) -> (bool, String) {
        for rule in &self.precedence {
            let (a, b) = (rule.rank(left, right, formats), rule.rank(right, left, formats));
            if a != b {
                return (a > b, rule.reason(if a > b { left } else { right }, formats));
            }
        }
        let left_is_later = (left.source, left.citation.span.start) > (right.source, right.citation.span.start);
        let why = if left.source == right.source {
            "stands later in the document"
        } else {
            "stands in the later document; not both are dated"
        };
        (left_is_later, why.to_owned())
    }
}

impl Precedence {
    /// The higher rank holds; equal ones are not told apart.
    fn rank(&self, own: &Finding, other: &Finding, formats: &[DocumentFormat]) -> u64 {
        match self {
            Self::SaidBy(people) => {
                let speaker = own.citation.speaker.as_deref().unwrap_or_default().to_lowercase();
                u64::from(people.iter().any(|name| !name.is_empty() && speaker.contains(&name.to_lowercase())))
            }
            Self::Format(order) => {
                let place = formats.get(own.source).and_then(|format| order.iter().position(|f| f == format));
                place.map_or(0, |place| u64::try_from(order.len() - place).unwrap_or(u64::MAX))
            }
            Self::Newer => {
                // What a message quotes was said before the message.
                let answered = own.source == other.source && own.quoted != other.quoted;
                let dated = own.at.is_some() && other.at.is_some() && own.at != other.at;
                u64::from((dated || answered) && (own.at, !own.quoted) > (other.at, !other.quoted))
            }
            Self::FirstHand => u64::from(own.citation.speaker.is_some()),
        }
    }

    fn reason(&self, winner: &Finding, formats: &[DocumentFormat]) -> String {
        let speaker = || winner.citation.speaker.clone().unwrap_or_default();
        match self {
            Self::SaidBy(_) => format!("is said by {}", speaker()),
            Self::Format(_) => {
                let format = formats.get(winner.source).map_or("document", |format| format.as_str());
                format!("stands in a document of the format {format}")
            }
            Self::Newer => "is the newer statement".to_owned(),
            Self::FirstHand => "is somebody's own words, and the other a note".to_owned(),
        }
    }
}
