//! Where a message of a chat log begins: its time and its sender.

use super::super::stamp::{RawDate, take_clock, take_date};
use super::turns_by_name;
use jiff::civil::Time;

/// The beginning of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Head<'a> {
    pub(super) date: Option<RawDate>,
    pub(super) clock: Option<Time>,
    /// The sender; a notice of the program has none.
    pub(super) name: Option<&'a str>,
    /// What stands on the same line after it.
    pub(super) text: &'a str,
    /// The time was written with am or pm.
    pub(super) half_day: bool,
}

const NAME_CHARS: usize = 60;

/// Labels that look like a speaker and are none.
const LABELS: &[&str] = &[
    "note",
    "notes",
    "goal",
    "goals",
    "example",
    "examples",
    "todo",
    "warning",
    "title",
    "priority",
    "description",
    "status",
    "id",
    "name",
    "type",
    "owner",
    "author",
    "authors",
    "date",
    "feature",
    "story",
    "user story",
    "epic",
    "summary",
    "given",
    "when",
    "then",
    "and",
    "as a",
    "assignee",
    "estimate",
    "effort",
    "actor",
    "actors",
    "precondition",
    "preconditions",
    "input",
    "output",
    "version",
    "url",
    "http",
    "https",
    "subject",
    "from",
    "to",
    "cc",
    "sent",
    "scope",
    "requirement",
    "requirements",
    "acceptance criteria",
    "acceptance",
    "criteria",
    "background",
    "purpose",
    "features",
    "step",
    "result",
    "expected",
    "actual",
    "risk",
    "risks",
    "deadline",
    "budget",
    "contact",
    "email",
    "e-mail",
    "phone",
    "address",
    "tel",
    "fax",
    "important",
    "ps",
    "re",
    "fw",
    "fwd",
    "attendees",
    "present",
    "agenda",
    "topic",
    "action",
    "decision",
    "location",
    "time",
    "where",
    "what",
    "why",
    "how",
    "who",
    "constraints",
    "assumptions",
    "dependencies",
    "rationale",
    "must",
    "should",
    "could",
    "won't",
    "high",
    "medium",
    "low",
    "frontend",
    "backend",
    "database",
    "performance",
    "security",
    "usability",
    "reliability",
    "scalability",
    "pros",
    "cons",
    "default",
    "value",
    "key",
    "path",
    "method",
    "parameters",
    "returns",
    "warn",
    "error",
    "info",
    "debug",
    "tip",
    "hint",
    "kind",
    "category",
    "component",
    "role",
    "benefit",
    "source",
];

/// `[12/03/2026, 14:05:11] Name: text`, `12/03/2026, 14:05 - Name: text`, `[14:05] name: text`, `14:05 <name> text`.
pub(super) fn stamped(line: &str) -> Option<Head<'_>> {
    let line = line.trim();
    if let Some(inside) = line.strip_prefix('[') {
        let close = inside.bytes().take(48).position(|b| b == b']')?;
        let (inside, rest) = inside.split_at_checked(close)?;
        let (date, clock, half_day, left) = stamp(inside)?;
        if !left.trim().is_empty() && !is_zone(left.trim()) {
            return None;
        }
        let rest = rest.strip_prefix(']')?.trim_start();
        let (name, text) = sender(rest);
        return Some(Head { date, clock: Some(clock), name, text, half_day });
    }
    let (date, clock, half_day, rest) = stamp(line)?;
    if rest.trim_start().starts_with("-->") {
        return None;
    }
    let dashed = ["-", "–", "—"].iter().find_map(|dash| rest.trim_start().strip_prefix(dash)?.strip_prefix(' '));
    let body = dashed.or_else(|| rest.strip_prefix([' ', '\t', ':'])).map(str::trim)?;
    let (name, text) = sender(body);
    let angled = body.starts_with('<') && name.is_some();
    // "10:30 - Demo: the new shop" is an agenda; without a date only <name> is sure.
    (angled || date.is_some() && (dashed.is_some() || name.is_some())).then_some(Head {
        date,
        clock: Some(clock),
        name,
        text,
        half_day,
    })
}

fn is_zone(text: &str) -> bool {
    text.len() <= 6
        && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '+' | ':' | '-'))
}

type Stamp<'a> = (Option<RawDate>, Time, bool, &'a str);

fn stamp(text: &str) -> Option<Stamp<'_>> {
    let (date, rest) = match take_date(text) {
        Some((date, rest)) => {
            let rest = rest.strip_prefix(',').or_else(|| rest.strip_prefix('T')).unwrap_or(rest).trim_start();
            (Some(date), rest.strip_prefix("at ").unwrap_or(rest))
        }
        None => (None, text),
    };
    let (clock, after) = take_clock(rest)?;
    let used = rest.strip_suffix(after).unwrap_or(rest);
    Some((date, clock, used.contains(['m', 'M']), after))
}

/// `<name> text` or `Name: text`.
fn sender(text: &str) -> (Option<&str>, &str) {
    let angled = text.strip_prefix('<').and_then(|inside| inside.split_once('>'));
    if let Some((name, said)) =
        angled.filter(|(name, _)| fits(name) && !name.contains(' ') && !name.contains("omitted"))
    {
        return (Some(name.trim_start_matches(['@', '+', '%', '~'])), said.trim());
    }
    match text.split_once(':') {
        Some((name, said))
            if fits(name) && !name.contains("//") && (said.is_empty() || said.starts_with([' ', '\t'])) =>
        {
            (Some(name.trim().trim_start_matches('~').trim()), said.trim())
        }
        _ => (None, text),
    }
}

fn fits(name: &str) -> bool {
    let name = name.trim();
    !name.is_empty() && name.chars().count() <= NAME_CHARS && name.chars().any(char::is_alphanumeric)
}

/// `Name  2:05 PM`, `Name [14:05]`, `Name, [12.03.26 14:05]`, `Name — Today at 2:05 PM`.
pub(super) fn headed(line: &str) -> Option<Head<'_>> {
    let line = line.trim();
    if line.len() > 120 {
        return None;
    }
    let body = line.strip_suffix(']').unwrap_or(line);
    // The clock is at the end: the last word, or the last two with "PM".
    let starts = body.char_indices().filter(|(at, c)| {
        c.is_ascii_digit()
            && body.get(..*at).and_then(|b| b.chars().last()).is_some_and(|b| b == ' ' || b == '[' || b == '\t')
    });
    for (at, _) in starts {
        let (before, tail) = body.split_at_checked(at)?;
        let Some((date, clock, half_day, "")) = stamp(tail) else { continue };
        let before = before.trim_end_matches([' ', '\t', '[', ',']);
        let before = ["Today at", "Yesterday at", "at", "today at", "yesterday at"]
            .iter()
            .find_map(|word| before.strip_suffix(word))
            .unwrap_or(before);
        let name = before.trim_end_matches([' ', '\t', '—', '–', '-', ',', '|', '•', '[']);
        let apart = line.contains("  ") || line.contains(['[', '—', '–', '\t']) || half_day || date.is_some();
        let words = name.split_whitespace().count();
        let plain = (1..=5).contains(&words) && fits(name) && !name.contains([':', '.', '?', '!', ';', '=', '#', '|']);
        return (plain && apart && !name.starts_with(['-', '*', '>'])).then_some(Head {
            date,
            clock: Some(clock),
            name: Some(name),
            text: "",
            half_day,
        });
    }
    None
}

/// `Name: text` with a name that could be a person's.
pub(super) fn named(line: &str) -> Option<Head<'_>> {
    // "Ann (00:01:23): text"
    let timed = line.split_once("): ").and_then(|(head, said)| {
        let (name, clock) = head.rsplit_once(" (")?;
        let (clock, rest) = take_clock(clock)?;
        rest.is_empty().then_some((name, Some(clock), said))
    });
    let (name, clock, said) = match timed {
        Some(found) => found,
        None => line.split_once(':').and_then(|(name, said)| Some((name, None, said.strip_prefix([' ', '\t'])?)))?,
    };
    let said = said.trim();
    let bare = name.strip_prefix("**").unwrap_or(name);
    let letters = |word: &str| word.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '(' || c == '@');
    let person = !said.is_empty()
        && !bare.starts_with(char::is_whitespace)
        && bare.chars().count() <= 40
        && (1..=4).contains(&bare.split_whitespace().count())
        && bare.split_whitespace().all(letters)
        && bare.chars().any(char::is_alphabetic)
        && bare
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '.' | '\'' | '’' | '-' | '(' | ')' | '_' | '@'));
    let label = LABELS.contains(&bare.to_lowercase().as_str());
    (person && !label).then_some(Head { date: None, clock, name: Some(bare.trim()), text: said, half_day: false })
}

/// Whether `Name: text` lines are people speaking: a few names, which come back, with sentences.
pub(super) fn is_dialogue(heads: &[(usize, Head<'_>)], lines: usize) -> bool {
    let turns = turns_by_name(heads);
    let returning: usize = turns.values().filter(|count| **count >= 2).sum();
    let words: usize = heads.iter().map(|(_, head)| head.text.split_whitespace().count()).sum();
    let few_names = turns.len() >= 2 && (turns.len() <= 12 || turns.len() * 6 <= heads.len());
    heads.len() >= 3
        && few_names
        && heads.len() * 10 >= lines * 4
        && returning * 2 >= heads.len()
        && words >= heads.len() * 3
        && !repeats_in_step(heads, turns.len())
}

/// Records such as "Module: … Team: … Release: …" come round in the same order every time; people do not.
fn repeats_in_step(heads: &[(usize, Head<'_>)], names: usize) -> bool {
    if names < 3 || heads.len() < names * 2 {
        return false;
    }
    let order: Vec<&str> = heads.iter().filter_map(|(_, head)| head.name).collect();
    order.iter().zip(order.iter().skip(names)).all(|(a, b)| a == b)
}
