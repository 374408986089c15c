//! What is said about a value: limits, required, unique, one of several.

use super::unit::Unit;
use super::words::{Gap, Word};

/// Limits and flags as stated. Numbers are hundredths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Constraint {
    /// Smallest or shortest.
    pub(super) min: Option<i64>,
    /// Largest or longest.
    pub(super) max: Option<i64>,
    /// Whether `min` itself is not allowed.
    pub(super) above: bool,
    /// Whether `max` itself is not allowed.
    pub(super) below: bool,
    /// Whether the limits count characters.
    pub(super) characters: bool,
    /// Whether a value must be given, where stated.
    pub(super) required: Option<bool>,
    /// Whether no two records may share the value.
    pub(super) unique: bool,
    /// The values of "one of …" or of a list in brackets.
    pub(super) values: Vec<String>,
    /// The limits are for each day, night, person: of a rate they are its own, of a number they count over many records.
    pub(super) per: bool,
    /// What the limits count, where stated.
    pub(super) unit: Option<Unit>,
    /// The thing it holds one of, as nouns: "the owner is a customer".
    pub(super) refers: Option<String>,
    /// Words no rule covers.
    pub(super) leftover: Vec<String>,
}

impl Constraint {
    /// Whether anything was understood.
    pub(super) fn says_something(&self) -> bool {
        self.min.is_some()
            || self.max.is_some()
            || self.required.is_some()
            || self.unique
            || !self.values.is_empty()
            || self.refers.is_some()
    }

    /// Whether the limits are those of a value of the field: "at most 9 per day" is no limit of a quantity.
    pub(super) fn is_of_a_value(&self, field: &str) -> bool {
        const RATES: &[&str] =
            &["rate", "price", "cost", "fee", "fare", "salary", "charge", "wage", "rent", "tariff", "pay"];
        !self.per || RATES.contains(&field.rsplit('_').next().unwrap_or_default())
    }

    /// Whether the limits count something else than `unit`: grams are no kilograms.
    pub(super) fn counts_other_than(&self, unit: Option<Unit>) -> bool {
        self.unit.zip(unit).is_some_and(|(own, other)| own != other)
    }

    /// Takes over what `other` says and this does not; says whether a limit differs.
    pub(super) fn merge(&mut self, other: &Self) -> bool {
        let differs = |a: Option<i64>, b: Option<i64>| a.is_some() && b.is_some() && a != b;
        let contradicts = differs(self.min, other.min) || differs(self.max, other.max);
        let comparable = !other.counts_other_than(self.unit);
        if self.min.is_none() && comparable {
            (self.min, self.above) = (other.min, other.above);
        }
        if self.max.is_none() && comparable {
            (self.max, self.below) = (other.max, other.below);
        }
        self.characters |= other.characters;
        self.required = self.required.or(other.required);
        self.unique |= other.unique;
        self.unit = self.unit.or(other.unit);
        self.per |= other.per;
        self.refers = self.refers.take().or_else(|| other.refers.clone());
        if self.values.is_empty() {
            self.values.clone_from(&other.values);
        }
        contradicts
    }
}

/// How many words of "per day", "a night" stand at `i`: for each of what a price or an amount is.
pub(super) fn each_at(words: &[Word<'_>], i: usize) -> usize {
    let lower = |k: usize| words.get(i + k).map_or("", |w| w.lower.as_str());
    let each = matches!(lower(0), "per" | "a" | "an" | "each");
    let of = matches!(
        lower(1),
        "second"
            | "minute"
            | "hour"
            | "day"
            | "night"
            | "week"
            | "month"
            | "year"
            | "person"
            | "item"
            | "piece"
            | "unit"
            | "head"
    );
    if each && of { 2 } else { 0 }
}

/// The number a word stands for, in hundredths.
pub(super) fn number(word: &str) -> Option<i64> {
    const NAMES: [&str; 13] =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    if let Some(n) = NAMES.iter().position(|name| *name == word) {
        return i64::try_from(n).ok().map(|n| n * 100);
    }
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    if whole.is_empty()
        || whole.len() > 12
        || !word.chars().all(|c| c.is_ascii_digit() || c == '.')
        || fraction.len() > 2
    {
        return None;
    }
    let cents: i64 = if fraction.is_empty() { 0 } else { format!("{fraction:0<2}").parse().ok()? };
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents)
}

/// The number at `i` and how many words it takes (`1,000` takes two).
pub(super) fn number_at(words: &[Word<'_>], i: usize) -> Option<(i64, usize)> {
    let first = words.get(i)?;
    let mut value = number(&first.lower)?;
    let mut taken = 1;
    while let Some(next) = words.get(i + taken) {
        let before = words.get(i + taken - 1)?;
        let group = next.gap == Gap::Comma && next.at.start == before.at.end + 1 && next.text.len() == 3;
        let Some(part) = number(&next.lower).filter(|_| group && before.text.len() <= 3) else { break };
        value = value.checked_mul(1000)?.checked_add(part)?;
        taken += 1;
    }
    Some((value, taken))
}

/// Reads what `words` say about a value.
pub(super) fn read(words: &[Word<'_>]) -> Constraint {
    let mut found = Constraint::default();
    let mut negated = false;
    let mut i = 0;
    while let Some(word) = words.get(i) {
        let at = |k: usize| words.get(i + k).map_or("", |w| w.lower.as_str());
        let phrase = |expected: &[&str]| expected.iter().enumerate().all(|(k, e)| at(k) == *e);
        if phrase(&["one", "of"]) || word.lower == "either" {
            let skip = if word.lower == "either" { 1 } else { 2 };
            let list = words.get(i + skip..).unwrap_or_default();
            if let Some((low, high)) = consecutive(list) {
                found.bound(Bound::AtLeast, low);
                found.bound(Bound::AtMost, high);
                return found;
            }
            found.values = values(list).or_else(|| ranges(list)).unwrap_or_default();
            if found.values.is_empty() {
                found.leftover.push(word.lower.clone());
                i += 1;
                continue;
            }
            return found;
        }
        // What kind of number it is, which the limits say as well.
        if phrase(&["whole", "number"]) {
            i += 2;
            continue;
        }
        // "is no longer required"
        if phrase(&["no", "longer"]) && at(2) != "than" {
            negated = true;
            i += 2;
            continue;
        }
        // "is never used twice"
        if negated
            && (word.lower == "reused"
                || matches!(word.lower.as_str(), "used" | "given" | "assigned") && at(1) == "twice")
        {
            found.unique = true;
            negated = false;
            i += 1 + usize::from(word.lower != "reused");
            continue;
        }
        if word.lower == "percentage" {
            found.unit = Unit::named(&word.lower);
            i += 1;
            continue;
        }
        if let Some((bound, skip)) = BOUNDS.iter().find(|(p, _)| phrase(p)).map(|(p, b)| (*b, p.len())) {
            let skip = if at(skip) == "of" || at(skip) == "to" || at(skip) == "is" { skip + 1 } else { skip };
            if let Some((value, taken)) = number_at(words, i + skip) {
                found.bound(if negated { bound.denied() } else { bound }, value);
                negated = false;
                i += skip + taken;
                i += found.unit_at(words, i);
                continue;
            }
        }
        if let Some((low, taken)) = number_at(words, i) {
            let joint = i + taken;
            let joined = matches!(words.get(joint).map(|w| w.lower.as_str()), Some("to" | "and"));
            let direct = words.get(joint).is_some_and(|w| w.gap != Gap::Comma && number(&w.lower).is_some());
            let from = if joined { joint + 1 } else { joint };
            if let Some((high, more)) = number_at(words, from).filter(|(high, _)| (joined || direct) && *high >= low) {
                found.bound(Bound::AtLeast, low);
                found.bound(Bound::AtMost, high);
                i = from + more;
                i += found.unit_at(words, i);
            } else if matches!(words.get(joint).map(|w| w.lower.as_str()), Some("or")) && at(taken + 1) == "more" {
                found.bound(Bound::AtLeast, low);
                i = joint + 2;
            } else {
                found.leftover.push(word.text.to_owned());
                i = joint;
            }
            continue;
        }
        match word.lower.as_str() {
            "required" | "mandatory" | "compulsory" | "obligatory" => {
                found.required = Some(!std::mem::take(&mut negated));
            }
            "optional" | "optionally" => found.required = Some(std::mem::take(&mut negated)),
            "empty" | "blank" | "missing" if negated => {
                found.required = Some(true);
                negated = false;
            }
            "negative" if negated => {
                found.bound(Bound::AtLeast, 0);
                negated = false;
            }
            "nonnegative" => found.bound(Bound::AtLeast, 0),
            "positive" if !negated => found.bound(Bound::MoreThan, 0),
            "unique" if !negated => found.unique = true,
            "not" | "non" | "cannot" | "can't" | "never" | "mustn't" | "no" => negated = true,
            "character" | "characters" | "chars" | "letters" | "long" => found.characters = true,
            w if FILLERS.contains(&w) => {}
            _ => found.leftover.push(word.text.to_owned()),
        }
        i += 1;
    }
    if negated {
        found.leftover.push("not".to_owned());
    }
    found
}

/// The values that are said to be all there are: "is cooking, eating or drinking", and with two values only where the
/// field is one to choose ("the state is open or closed"). "Is red or so" and "is today or later" say something else.
pub(super) fn choice(words: &[Word<'_>], field: &str) -> Option<Vec<String>> {
    let is = words.iter().take(4).position(|w| matches!(w.lower.as_str(), "is" | "are" | "be"))?;
    let list = words.get(is + 1..)?;
    let [.., or, last] = list else { return None };
    if or.lower != "or" && list.iter().rev().nth(2).is_none_or(|w| w.lower != "or") || last.lower == "or" {
        return None;
    }
    let begins = |at: usize| {
        at == 0
            || list.get(at).is_some_and(|w| w.gap >= Gap::Comma)
            || at.checked_sub(1).and_then(|before| list.get(before)).is_some_and(|w| w.lower == "or")
    };
    let states = |(at, w): (usize, &Word<'_>)| {
        // "on hire", "in repair"
        let placed = matches!(w.lower.as_str(), "on" | "in") && begins(at) && list.len() > at + 1;
        !placed
            && (NO_VALUES.contains(&w.lower.as_str())
                || FILLERS.contains(&w.lower.as_str()) && w.lower != "or"
                || number(&w.lower).is_some())
            || w.gap >= Gap::Break
    };
    if list.iter().enumerate().any(states) || list.iter().filter(|w| w.lower == "or").count() != 1 {
        return None;
    }
    let found = values(list)?;
    let short = found.iter().all(|value| value.matches('_').count() < 2);
    let kind = field.rsplit('_').next().unwrap_or_default();
    (short && (found.len() > 2 || CHOSEN.contains(&kind))).then_some(found)
}

/// The states that something goes through: "is open, then in progress, then done", "goes from reserved to collected to
/// returned".
pub(super) fn sequence(words: &[Word<'_>]) -> Option<Vec<String>> {
    let lower = |at: usize| words.get(at).map_or("", |w| w.lower.as_str());
    let (from, step) = match (lower(0), lower(1)) {
        ("is" | "are", _) => (1, "then"),
        ("goes" | "moves" | "changes", "from") => (2, "to"),
        _ => return None,
    };
    let list = words.get(from..)?;
    let steps = list.iter().filter(|w| w.lower == step).count();
    let pieces: Vec<Vec<&str>> = list
        .split(|w| w.lower == step)
        .map(|piece| piece.iter().map(|w| w.lower.as_str()).filter(|w| !matches!(*w, "and" | "first")).collect())
        .collect();
    let is_value = |piece: &Vec<&str>| {
        (1..=2).contains(&piece.len()) && piece.iter().all(|word| *word == "in" || *word == "on" || is_plain(word))
    };
    let values: Vec<String> = pieces.iter().map(|piece| super::naming::snake(piece)).collect();
    let distinct = values.iter().collect::<std::collections::BTreeSet<_>>().len() == values.len();
    (steps >= 2 && pieces.iter().all(is_value) && distinct).then_some(values)
}

fn is_plain(word: &str) -> bool {
    !NO_VALUES.contains(&word) && !FILLERS.contains(&word) && number(word).is_none()
}

/// Words that compare, deny or place and so are no part of a value.
const NO_VALUES: &[&str] = &[
    "not",
    "no",
    "never",
    "required",
    "mandatory",
    "optional",
    "unique",
    "empty",
    "missing",
    "blank",
    "negative",
    "positive",
    "at",
    "on",
    "for",
    "by",
    "before",
    "after",
    "within",
    "later",
    "earlier",
    "today",
    "more",
    "less",
    "most",
    "least",
    "than",
    "so",
    "similar",
    "other",
    "others",
    "equal",
    "same",
    "if",
    "when",
    "unless",
    "longer",
    "shorter",
    "greater",
    "smaller",
    "above",
    "below",
    "this",
    "these",
    "any",
    "one",
    "either",
    "entered",
    "changed",
    "known",
    "unknown",
    "valid",
    "invalid",
];

/// Fields that hold one of few values.
const CHOSEN: &[&str] = &[
    "status",
    "state",
    "type",
    "kind",
    "category",
    "priority",
    "level",
    "mode",
    "purpose",
    "method",
    "size",
    "colour",
    "color",
    "severity",
    "condition",
    "direction",
    "stage",
    "phase",
    "unit",
    "gender",
    "class",
    "grade",
    "visibility",
];

/// The values of a list such as `low, medium or high`; `None` when it is no such list.
pub(super) fn values(words: &[Word<'_>]) -> Option<Vec<String>> {
    let mut values: Vec<String> = Vec::new();
    let mut current: Vec<&str> = Vec::new();
    let mut flush = |current: &mut Vec<&str>| {
        let value = super::naming::snake(current);
        let known = current.is_empty() || values.contains(&value);
        current.clear();
        if !known {
            values.push(value);
        }
    };
    for word in words {
        let separates = matches!(word.lower.as_str(), "and" | "or");
        if separates || matches!(word.gap, Gap::Comma | Gap::Slash | Gap::Break) {
            flush(&mut current);
        }
        if !separates && !matches!(word.lower.as_str(), "a" | "an" | "the" | "either") {
            if number(&word.lower).is_some() || current.len() > 2 || words.len() > 80 {
                return None;
            }
            current.push(&word.lower);
        }
    }
    flush(&mut current);
    (values.len() > 1 && values.len() <= 20).then_some(values)
}

/// The first and last of whole numbers that follow each other: "1, 2 or 3" is a number from 1 to 3.
fn consecutive(words: &[Word<'_>]) -> Option<(i64, i64)> {
    let mut numbers = Vec::new();
    for word in words {
        match word.lower.as_str() {
            "and" | "or" => {}
            _ if numbers.is_empty() || word.gap == Gap::Comma || word.gap == Gap::Space => {
                numbers.push(number(&word.lower)?);
            }
            _ => return None,
        }
    }
    let listed = words.iter().skip(1).all(|w| w.gap == Gap::Comma || matches!(w.lower.as_str(), "and" | "or"))
        || words.iter().zip(words.iter().skip(1)).all(|(a, b)| {
            b.gap == Gap::Comma || matches!(a.lower.as_str(), "and" | "or") || matches!(b.lower.as_str(), "and" | "or")
        });
    let step = numbers.iter().zip(numbers.iter().skip(1)).all(|(a, b)| b - a == 100);
    (listed && step && numbers.len() > 1).then_some((*numbers.first()?, *numbers.last()?))
}

/// The values of a list that begin with digits, as they are written: `0-2, 3-5, 6-8, 9+`.
fn ranges(words: &[Word<'_>]) -> Option<Vec<String>> {
    let mut values: Vec<String> = Vec::new();
    let mut joined = false;
    let mut end = 0;
    for word in words.iter().take(80) {
        let separates = matches!(word.lower.as_str(), "and" | "or");
        let touches = word.at.start <= end + DASH && word.gap != Gap::Comma && word.gap != Gap::Slash;
        end = word.at.end;
        if separates {
            joined = false;
            continue;
        }
        let counts = word.lower.starts_with(|c: char| c.is_ascii_digit())
            || word.lower.chars().count() < 12 && word.lower.chars().all(char::is_alphanumeric);
        if !counts {
            return None;
        }
        match values.last_mut().filter(|_| joined && touches) {
            // a range, or a number with its unit
            Some(last) => {
                let digits = last.ends_with(|c: char| c.is_ascii_digit())
                    && word.lower.starts_with(|c: char| c.is_ascii_digit());
                last.push(if digits { '-' } else { '_' });
                last.push_str(&word.lower);
            }
            None => values.push(word.lower.clone()),
        }
        joined = true;
    }
    let plain = values.iter().all(|v| v.len() <= 24 && v.matches('-').count() < 2);
    let numbered = values.iter().filter(|v| v.starts_with(|c: char| c.is_ascii_digit())).count() * 2 > values.len();
    let several = values.len() > 1 && values.len() <= 20 && words.len() <= 80;
    let distinct = values.iter().collect::<std::collections::BTreeSet<_>>().len() == values.len();
    (plain && numbered && several && distinct).then_some(values)
}

/// Most bytes between the two ends of a range: a dash of any length, or a space.
const DASH: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    AtLeast,
    AtMost,
    MoreThan,
    LessThan,
}

impl Bound {
    /// What "not longer than" and "no less than" mean.
    fn denied(self) -> Self {
        match self {
            Self::MoreThan => Self::AtMost,
            Self::LessThan => Self::AtLeast,
            other => other,
        }
    }
}

impl Constraint {
    /// Takes the unit that stands after a number ("5000 grams"); says how many words that are.
    fn unit_at(&mut self, words: &[Word<'_>], i: usize) -> usize {
        let unit = words.get(i).filter(|w| w.gap == Gap::Space).and_then(|w| Unit::named(&w.lower));
        self.unit = self.unit.or(unit);
        let read = usize::from(unit.is_some());
        let each = each_at(words, i + read);
        self.per |= each > 0;
        read + each
    }

    fn bound(&mut self, bound: Bound, value: i64) {
        match bound {
            Bound::AtLeast | Bound::MoreThan if self.min.is_none() => {
                (self.min, self.above) = (Some(value), bound == Bound::MoreThan);
            }
            Bound::AtMost | Bound::LessThan if self.max.is_none() => {
                (self.max, self.below) = (Some(value), bound == Bound::LessThan);
            }
            _ => {}
        }
    }
}

const BOUNDS: &[(&[&str], Bound)] = &[
    (&["at", "most"], Bound::AtMost),
    (&["up", "to"], Bound::AtMost),
    (&["no", "more", "than"], Bound::AtMost),
    (&["no", "longer", "than"], Bound::AtMost),
    (&["no", "greater", "than"], Bound::AtMost),
    (&["a", "maximum"], Bound::AtMost),
    (&["maximum"], Bound::AtMost),
    (&["max"], Bound::AtMost),
    (&["limited"], Bound::AtMost),
    (&["exceed"], Bound::MoreThan),
    (&["exceeds"], Bound::MoreThan),
    (&["at", "least"], Bound::AtLeast),
    (&["a", "minimum"], Bound::AtLeast),
    (&["minimum"], Bound::AtLeast),
    (&["min"], Bound::AtLeast),
    (&["no", "less", "than"], Bound::AtLeast),
    (&["no", "fewer", "than"], Bound::AtLeast),
    (&["no", "shorter", "than"], Bound::AtLeast),
    (&["more", "than"], Bound::MoreThan),
    (&["longer", "than"], Bound::MoreThan),
    (&["greater", "than"], Bound::MoreThan),
    (&["higher", "than"], Bound::MoreThan),
    (&["larger", "than"], Bound::MoreThan),
    (&["above"], Bound::MoreThan),
    (&["less", "than"], Bound::LessThan),
    (&["fewer", "than"], Bound::LessThan),
    (&["shorter", "than"], Bound::LessThan),
    (&["lower", "than"], Bound::LessThan),
    (&["smaller", "than"], Bound::LessThan),
    (&["below"], Bound::LessThan),
];

const FILLERS: &[&str] = &[
    "must",
    "be",
    "is",
    "are",
    "should",
    "shall",
    "has",
    "to",
    "have",
    "a",
    "an",
    "the",
    "of",
    "and",
    "or",
    "that",
    "which",
    "it",
    "with",
    "length",
    "in",
    "value",
    "can",
    "may",
    "will",
    "always",
    "inclusive",
    "between",
    "from",
    "range",
    "need",
    "needs",
    "given",
    "filled",
    "provided",
    "only",
    "left",
    "eur",
    "euro",
    "euros",
    "usd",
    "dollars",
    "minutes",
    "hours",
    "days",
];

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    fn of(text: &str) -> Constraint {
        read(&words(text))
    }

    #[test]
    fn limits() {
        for (text, min, max) in [
            ("at most 200 characters", None, Some(20_000)),
            ("between 1 and 5", Some(100), Some(500)),
            ("1-5", Some(100), Some(500)),
            ("must not be longer than 1,000 characters", None, Some(100_000)),
            ("no more than two", None, Some(200)),
            ("at least 3 and at most 20 characters long", Some(300), Some(2_000)),
            ("must not be negative", Some(0), None),
            ("up to 9.99", None, Some(999)),
            ("may not exceed 12", None, Some(1_200)),
            ("maximum of 40", None, Some(4_000)),
            ("at least 18", Some(1_800), None),
            ("1 to 10", Some(100), Some(1_000)),
            ("is a whole number from 1 to 5", Some(100), Some(500)),
            ("is a percentage between 0 and 100", Some(0), Some(10_000)),
            ("between 0 and 100 percent", Some(0), Some(10_000)),
            ("must be greater than 0 and at most 5000 grams", Some(0), Some(500_000)),
            ("at least 2 euros", Some(200), None),
            ("is between £2.50 and £450 per day", Some(250), Some(45_000)),
            ("at most 5 euros a night", None, Some(500)),
        ] {
            let found = of(text);
            assert_eq!((found.min, found.max), (min, max), "{text}");
            assert!(found.leftover.is_empty(), "{text}: {:?}", found.leftover);
        }
        assert!(of("at most 200 characters").characters);
        assert!(of("must be positive").above);
        assert!(of("less than 10").below);
    }

    #[test]
    fn flags_and_values() {
        assert_eq!(of("is required").required, Some(true));
        assert_eq!(of("is not required").required, Some(false));
        assert_eq!(of("is no longer required").required, Some(false));
        assert_eq!(of("must not be empty").required, Some(true));
        assert_eq!(of("optional").required, Some(false));
        assert!(of("must be unique").unique && of("is never used twice").unique && of("must not be reused").unique);
        assert!(!of("is used twice").unique);
        assert_eq!(of("one of open, in progress or done").values, ["open", "in_progress", "done"]);
        assert_eq!(of("one of 0-2, 3-5, 6-8, 9+").values, ["0-2", "3-5", "6-8", "9+"]);
        assert_eq!(of("either 1–10 or 11–20").values, ["1-10", "11-20"]);
        assert_eq!(of("one of 12 m, 15 m or 30 m").values, ["12_m", "15_m", "30_m"]);
        let stars = of("one of 1, 2, 3, 4 or 5");
        assert_eq!((stars.min, stars.max, stars.values.len()), (Some(100), Some(500), 0));
    }

    #[test]
    fn all_the_values_there_are() {
        let of = |text: &str, field: &str| choice(&words(text), field);
        assert_eq!(of("is cooking, eating or drinking", "purpose").unwrap(), ["cooking", "eating", "drinking"]);
        assert_eq!(of("can be raw, smoked or slow cooked", "make").unwrap(), ["raw", "smoked", "slow_cooked"]);
        assert_eq!(of("is open or closed", "loan_status").unwrap(), ["open", "closed"]);
        for (text, field) in [
            ("is open or closed", "door"),
            ("is today or later", "date"),
            ("is red or so", "colour"),
            ("is missing or negative", "type"),
            ("is 1, 2 or 3", "level"),
            ("is short, clear and friendly", "title"),
            ("is shown or hidden when the user asks", "state"),
            ("is", "state"),
            ("is or", "state"),
        ] {
            assert_eq!(of(text, field), None, "{text}");
        }
    }

    #[test]
    fn states_one_after_the_other() {
        let of = |text: &str| sequence(&words(text));
        assert_eq!(of("is open, then in progress, then done").unwrap(), ["open", "in_progress", "done"]);
        assert_eq!(of("goes from reserved to collected to returned").unwrap(), ["reserved", "collected", "returned"]);
        for text in ["goes from reserved to collected", "is open, then it is closed", "is then then", "goes to bed", ""]
        {
            assert_eq!(of(text), None, "{text}");
        }
        let states = choice(&words("is available, on hire, in repair or retired"), "").unwrap();
        assert_eq!(states, ["available", "on_hire", "in_repair", "retired"]);
    }

    #[test]
    fn limits_of_another_unit_are_not_taken() {
        let mut limits = of("at most 5000 grams");
        limits.merge(&of("at least 2 g"));
        assert_eq!((limits.min, limits.max), (Some(200), Some(500_000)));
        let mut limits = of("at most 5000 grams");
        limits.merge(&of("at least 2 kilograms"));
        assert_eq!(limits.min, None);
    }

    #[test]
    fn what_is_not_understood_stays_visible() {
        assert_eq!(of("within the next 30 days").leftover, ["within", "next", "30"]);
        assert_eq!(of("must match the order").leftover, ["match", "order"]);
        assert!(!of("should be nice").says_something());
        assert_eq!(of("12").leftover, ["12"]);
        assert_eq!(of("is the whole of 1 to 5").leftover, ["whole"]);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,60}|[0-9a-z ,.()-]{0,60}|((at most|between|and|not|one of|9999999999|0.1) ){0,9}") {
            let found = words(&text);
            let _ = (read(&found), values(&found), choice(&found, "status"), sequence(&found));
        }
    }
}
