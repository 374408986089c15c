//! Whether the words around a term that is also a name or an everyday word make it the technology: "Hi Julia" and "Ruby keeps
//! the keys" do not, "written in Julia" and "a Ruby server" do.

use super::super::words::{Gap, Word};
use super::term::{Spelling, TERMS};

/// Words before a technology that people build with.
const USED: &[&str] =
    &["in", "using", "use", "uses", "used", "want", "no", "not", "prefer", "than", "via", "avoid", "learn", "drop"];

/// Words of making, before "with Ruby", "on Rust".
const MADE: &[&str] = &[
    "built",
    "build",
    "builds",
    "written",
    "write",
    "developed",
    "develop",
    "implemented",
    "implement",
    "made",
    "based",
    "programmed",
    "coded",
    "created",
    "runs",
    "run",
    "running",
    "coding",
    "stack",
];

/// What a technology's name stands before.
const ITS: &[&str] = &[
    "code",
    "codebase",
    "app",
    "apps",
    "application",
    "applications",
    "api",
    "apis",
    "server",
    "servers",
    "service",
    "services",
    "backend",
    "developer",
    "developers",
    "framework",
    "library",
    "libraries",
    "package",
    "packages",
    "program",
    "programs",
    "stack",
    "script",
    "scripts",
    "version",
    "runtime",
    "sdk",
    "class",
    "classes",
    "language",
    "module",
    "modules",
    "project",
    "projects",
    "front",
    "back",
    "native",
    "template",
    "templates",
    "engine",
    "views",
];

/// What is said before a colon that a technology follows.
const LABELS: &[&str] = &[
    "language",
    "languages",
    "technology",
    "technologies",
    "stack",
    "framework",
    "frameworks",
    "backend",
    "frontend",
    "end",
    "platform",
    "tools",
    "tool",
    "dependencies",
    "environment",
    "server",
];

/// Whether the name at `i` stands where the technology of that name does. Only a capital letter makes it a name.
pub(super) fn is_technology(sentence: &[Word<'_>], i: usize) -> bool {
    let Some(name) = sentence.get(i) else { return false };
    name.is_capital() && !name.lower.ends_with("'s") && (is_used(sentence, i) || is_labelled(sentence, i))
}

/// Whether the everyday word at `i` is the tool of that name: "using poetry", "Python with pandas".
pub(super) fn is_tool(sentence: &[Word<'_>], i: usize) -> bool {
    let at = |k: usize| sentence.get(k).map_or("", |w| w.lower.as_str());
    let before = i.checked_sub(1).map_or("", at);
    let after = sentence.get(i + 1).filter(|w| w.gap <= Gap::Slash).map_or("", |w| w.lower.as_str());
    matches!(before, "using" | "via" | "use" | "uses")
        || ITS.contains(&after)
        || (0..sentence.len()).any(|k| k != i && names_technology(sentence, k))
}

fn is_used(sentence: &[Word<'_>], i: usize) -> bool {
    let at = |k: usize| sentence.get(k).map_or("", |w| w.lower.as_str());
    let linked = sentence.get(i).is_some_and(|name| name.gap <= Gap::Slash);
    let before = i.checked_sub(1).filter(|_| linked).map_or("", at);
    let next = sentence.get(i + 1).filter(|w| w.gap <= Gap::Slash).map_or("", |w| w.lower.as_str());
    // "we want Julia to have the key"
    let acts = matches!(next, "to" | "who" | "can" | "will");
    let made = matches!(before, "with" | "on" | "of" | "from")
        && sentence
            .get(i.saturating_sub(4)..i)
            .unwrap_or_default()
            .iter()
            .any(|w| MADE.contains(&w.lower.as_str()) || matches!(w.lower.as_str(), "instead" | "away"));
    let decided = matches!(next, "is" | "isn't" | "must" | "should" | "shall" | "was")
        && sentence.get(i + 1..(i + 7).min(sentence.len())).unwrap_or_default().iter().any(|w| {
            matches!(
                w.lower.as_str(),
                "used" | "option" | "language" | "required" | "mandatory" | "technology" | "chosen"
            )
        });
    let its = ITS.contains(&next) || next.starts_with(|c: char| c.is_ascii_digit());
    (USED.contains(&before) && !acts) || made || its || decided || is_listed(sentence, i)
}

/// Whether a technology stands beside it: "Python, Java or Rust", "Java/Python".
fn is_listed(sentence: &[Word<'_>], i: usize) -> bool {
    let at = |k: usize| sentence.get(k).map_or("", |w| w.lower.as_str());
    let joins = |k: usize| matches!(at(k), "and" | "or" | "nor" | "plus");
    let left = i.checked_sub(1).map(|k| if joins(k) { k.saturating_sub(1) } else { k });
    let right = if joins(i + 1) { i + 2 } else { i + 1 };
    let close = |k: usize| sentence.get(k).is_some_and(|w| w.gap <= Gap::Break);
    left.is_some_and(|k| close(i) && names_technology(sentence, k)) || close(right) && names_technology(sentence, right)
}

/// "Language: Rust", or the name alone, where it is no person's.
fn is_labelled(sentence: &[Word<'_>], i: usize) -> bool {
    let Some(name) = sentence.get(i) else { return false };
    if sentence.len() == 1 {
        return !matches!(name.lower.as_str(), "julia" | "ruby");
    }
    name.gap == Gap::Break
        && i.checked_sub(1).and_then(|k| sentence.get(k)).is_some_and(|label| LABELS.contains(&label.lower.as_str()))
}

/// Whether a word names a technology and nothing else.
fn names_technology(sentence: &[Word<'_>], k: usize) -> bool {
    let Some(word) = sentence.get(k) else { return false };
    let known = TERMS.get(word.lower.trim_end_matches("'s")).is_some_and(|list| {
        list.iter().any(|term| {
            let all = term.words.iter().enumerate().all(|(n, w)| sentence.get(k + n).is_some_and(|s| s.lower == *w));
            let sure = match term.spelling {
                Spelling::Any => true,
                Spelling::Capital => word.is_capital(),
                Spelling::Upper => word.is_upper(),
                Spelling::Context => word.is_capital() && k > 0,
                Spelling::Name | Spelling::Tool => false,
            };
            all && sure && term.topic.is_technology() && term.topic.is_made_of()
        })
    });
    known || word.extension().and_then(super::term::of_extension).is_some()
}
