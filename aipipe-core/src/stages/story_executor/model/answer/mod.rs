//! The form in which a model answers: files and edits between lines nobody else can write, outside JSON.
//!
//! ```text
//! @@1f6e9c0a2b7d4358 file src/features/labels/label.ts
//! the whole file
//! @@1f6e9c0a2b7d4358 end
//! @@1f6e9c0a2b7d4358 edit src/app.ts
//! @@1f6e9c0a2b7d4358 search
//! lines as they are
//! @@1f6e9c0a2b7d4358 replace
//! lines as they shall be
//! @@1f6e9c0a2b7d4358 end
//! @@1f6e9c0a2b7d4358 remove src/features/labels/draft.ts
//! @@1f6e9c0a2b7d4358 package date-fns
//! ```
//!
//! The mark is derived from the whole question, so no document and no file in it can contain it, and content may hold
//! any other line. Text outside blocks is the model's talk and is ignored. Reading is one pass over the lines. A block
//! that does not end is never taken.

mod edit;
#[cfg(test)]
mod tests;

pub use edit::{Edit, EditFault, apply};

use crate::domain::{ContentHash, RepoPath};
use std::collections::BTreeSet;
use std::fmt;

/// Most edits of one file in one answer: more are no edit but a new file.
pub const MOST_EDITS: usize = 100;

/// The mark at the beginning of every line that is not content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence(String);

impl Fence {
    /// The mark of a question with these parts.
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        Self(format!("@@{}", ContentHash::of_parts(parts).short(16)))
    }

    /// The mark as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the mark, if the line begins with it.
    fn directive<'a>(&self, line: &'a str) -> Option<&'a str> {
        let rest = line.strip_prefix(&self.0)?;
        (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim())
    }
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a block says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// The whole text.
    Whole(String),
    /// Changes to the text that is there.
    Edits(Vec<Edit>),
    /// The file shall go.
    Removed,
}

/// A block that was complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The file.
    pub path: RepoPath,
    /// What it says.
    pub content: Content,
}

/// An answer, as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The complete blocks, in their order; a file stands once.
    pub blocks: Vec<Block>,
    /// The packages that shall be added.
    pub packages: BTreeSet<String>,
    /// What could not be read.
    pub faults: Vec<AnswerFault>,
}

/// What is wrong with the form of an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerFault {
    /// It is too long to be read at all.
    #[error("the answer has {bytes} bytes; at most {limit} are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The most that is read.
        limit: usize,
    },
    /// It has no block.
    #[error("the answer has no block that begins with the mark of this request")]
    NoBlocks,
    /// A block does not end: the answer was cut off.
    #[error("the block of {path} has no end; it was not taken")]
    Unclosed {
        /// The file.
        path: RepoPath,
    },
    /// A path that is none.
    #[error("{path:?} is no path of this repository: it {reason}")]
    BadPath {
        /// The beginning of what stood there.
        path: String,
        /// Why it is refused.
        reason: &'static str,
    },
    /// A line with the mark where it has no meaning.
    #[error("line {line} has the mark, but {found:?} has no meaning there")]
    Unexpected {
        /// Its number, from 1.
        line: usize,
        /// The beginning of what stood behind the mark.
        found: String,
    },
    /// A file stands twice.
    #[error("{path} stands in two blocks; the first was taken")]
    Twice {
        /// The file.
        path: RepoPath,
    },
    /// An edit block without a search and a replace, or with an empty search.
    #[error("the edit of {path} has no lines to search for")]
    EmptyEdit {
        /// The file.
        path: RepoPath,
    },
    /// More edits than a file can have.
    #[error("{path} has more than {MOST_EDITS} edits; send the whole file")]
    TooManyEdits {
        /// The file.
        path: RepoPath,
    },
}

/// Where the reader is.
enum State<'a> {
    Outside,
    /// In a block whose path was refused: skipped to its end.
    Refused,
    File(RepoPath, Vec<&'a str>),
    Edit(RepoPath, Vec<Edit>, Part<'a>),
}

enum Part<'a> {
    None,
    Search(Vec<&'a str>),
    Replace(Vec<&'a str>, Vec<&'a str>),
}

/// Reads an answer of at most `limit` bytes.
#[must_use]
pub fn parse(text: &str, fence: &Fence, limit: usize) -> Answer {
    let mut answer = Answer::default();
    if text.len() > limit {
        answer.faults.push(AnswerFault::TooLarge { bytes: text.len(), limit });
        return answer;
    }
    let mut reader = Reader { answer, seen: BTreeSet::new() };
    let mut state = State::Outside;
    for (number, line) in (1..).zip(text.lines()) {
        state = match fence.directive(line) {
            Some(directive) => reader.directive(state, directive, number),
            None => with_line(state, line),
        };
    }
    reader.unclosed(state);
    let mut answer = reader.answer;
    if answer.blocks.is_empty() && answer.packages.is_empty() && answer.faults.is_empty() {
        answer.faults.push(AnswerFault::NoBlocks);
    }
    answer
}

fn with_line<'a>(mut state: State<'a>, line: &'a str) -> State<'a> {
    match &mut state {
        State::File(_, lines) | State::Edit(_, _, Part::Search(lines)) | State::Edit(_, _, Part::Replace(_, lines)) => {
            lines.push(line);
        }
        State::Outside | State::Refused | State::Edit(_, _, Part::None) => {}
    }
    state
}

struct Reader {
    answer: Answer,
    seen: BTreeSet<RepoPath>,
}

impl Reader {
    fn directive<'a>(&mut self, state: State<'a>, directive: &str, line: usize) -> State<'a> {
        let (word, rest) = directive.split_once(' ').unwrap_or((directive, ""));
        match (word, state) {
            ("file" | "edit", state) => {
                self.unclosed(state);
                self.open(word, rest.trim())
            }
            ("remove", state) => {
                self.unclosed(state);
                // The path is all there is of such a block.
                if let State::File(path, _) = self.open("file", rest.trim()) {
                    self.keep(path, Content::Removed);
                }
                State::Outside
            }
            ("package", state) if is_package_name(rest.trim()) => {
                self.unclosed(state);
                self.answer.packages.insert(rest.trim().to_owned());
                State::Outside
            }
            ("search", State::Edit(path, edits, part)) => {
                let edits = self.closed_part(&path, edits, part);
                State::Edit(path, edits, Part::Search(Vec::new()))
            }
            ("replace", State::Edit(path, edits, Part::Search(search))) => {
                State::Edit(path, edits, Part::Replace(search, Vec::new()))
            }
            ("end", State::File(path, lines)) => {
                let content = Content::Whole(whole(&path, &lines));
                self.keep(path, content);
                State::Outside
            }
            ("end", State::Edit(path, edits, part)) => {
                let edits = self.closed_part(&path, edits, part);
                match edits.len() {
                    0 => self.fault(AnswerFault::EmptyEdit { path }),
                    1..=MOST_EDITS => self.keep(path, Content::Edits(edits)),
                    _ => self.fault(AnswerFault::TooManyEdits { path }),
                }
                State::Outside
            }
            ("end" | "search" | "replace", State::Refused) => {
                if word == "end" {
                    State::Outside
                } else {
                    State::Refused
                }
            }
            (_, state) => {
                self.fault(AnswerFault::Unexpected { line, found: directive.chars().take(40).collect() });
                state
            }
        }
    }

    fn open<'a>(&mut self, word: &str, path: &str) -> State<'a> {
        match RepoPath::parse(path) {
            Ok(path) if word == "file" => State::File(path, Vec::new()),
            Ok(path) => State::Edit(path, Vec::new(), Part::None),
            Err(error) => {
                let path = path.chars().take(80).collect();
                self.fault(AnswerFault::BadPath { path, reason: error.reason() });
                State::Refused
            }
        }
    }

    /// The edits with the one that just ended; a search without a replacement, or an empty one, is none.
    fn closed_part(&mut self, path: &RepoPath, mut edits: Vec<Edit>, part: Part<'_>) -> Vec<Edit> {
        match part {
            Part::None => {}
            Part::Replace(search, replace) if search.iter().any(|line| !line.trim().is_empty()) => {
                if edits.len() <= MOST_EDITS {
                    edits.push(Edit { search: joined(&search), replace: joined(&replace) });
                }
            }
            Part::Search(_) | Part::Replace(..) => self.fault(AnswerFault::EmptyEdit { path: path.clone() }),
        }
        edits
    }

    fn keep(&mut self, path: RepoPath, content: Content) {
        if self.seen.insert(path.clone()) {
            self.answer.blocks.push(Block { path, content });
        } else {
            self.fault(AnswerFault::Twice { path });
        }
    }

    fn unclosed(&mut self, state: State<'_>) {
        if let State::File(path, _) | State::Edit(path, ..) = state {
            self.fault(AnswerFault::Unclosed { path });
        }
    }

    /// A hostile answer can have a fault a line; the first ones say enough.
    fn fault(&mut self, fault: AnswerFault) {
        const MOST_FAULTS: usize = 20;
        if self.answer.faults.len() < MOST_FAULTS {
            self.answer.faults.push(fault);
        }
    }
}

/// Whether it could name a package of a registry.
fn is_package_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '/');
    (1..=214).contains(&name.len()) && name.chars().all(is_part)
}

/// The text of a file; a Markdown fence that models like to put around code is taken off.
fn whole(path: &RepoPath, lines: &[&str]) -> String {
    let is_prose = matches!(path.extension(), Some("md" | "markdown"));
    let first = lines.iter().position(|line| !line.trim().is_empty());
    let last = lines.iter().rposition(|line| !line.trim().is_empty());
    if let (false, Some(first), Some(last)) = (is_prose, first, last)
        && last > first
        && let (Some(opening), Some(closing)) = (lines.get(first), lines.get(last))
        && opening.starts_with("```")
        && closing.trim_end() == "```"
    {
        return joined(lines.get(first + 1..last).unwrap_or_default());
    }
    joined(lines)
}

/// Lines with a line break after each.
fn joined(lines: &[&str]) -> String {
    let mut text = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text
}
