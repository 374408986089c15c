//! Lists of fields as people write them: "a title (required, at most 200 characters), a due date and a priority (low, high)".

use super::constraint::{self, Constraint};
use super::lexicon::{ends_noun, is_determiner, is_own, is_verb};
use super::naming::{is_plural, singular, snake};
use super::unit::{self, Numbers, Unit};
use super::words::{Gap, Word};
use crate::domain::FieldKind;

/// A field as the text names it.
#[derive(Debug, Clone)]
pub(super) struct FieldDraft {
    /// Its words in lower case, without articles.
    pub(super) words: Vec<String>,
    /// What is said about its values.
    pub(super) constraint: Constraint,
    /// Whether it is said with "whether".
    pub(super) boolean: bool,
    /// What its numbers count.
    pub(super) unit: Option<Unit>,
    /// The words of the text.
    pub(super) quote: String,
}

impl FieldDraft {
    /// The name as the text has it, in snake case.
    pub(super) fn name(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let name = snake(&words);
        name.strip_prefix("e_mail").map_or(name.replace("_e_mail", "_email"), |rest| format!("email{rest}"))
    }

    /// Whether the field would hold a file, which no kind of field does.
    pub(super) fn is_file(&self) -> bool {
        const FILES: &[&str] =
            &["photo", "image", "picture", "file", "attachment", "signature", "avatar", "pdf", "video", "recording"];
        self.words.last().is_some_and(|last| FILES.contains(&singular(last).as_str()))
    }

    /// Whether the words name nothing at all: "a toy and a family, right".
    pub(super) fn is_talk(&self) -> bool {
        const TALK: &[&str] = &[
            "right",
            "okay",
            "ok",
            "yes",
            "yeah",
            "no",
            "correct",
            "exactly",
            "basically",
            "actually",
            "obviously",
            "really",
            "please",
            "thanks",
            "sure",
            "fine",
            "etc",
            "so",
            "forth",
            "on",
            "anyway",
            "maybe",
            "perhaps",
            "too",
            "well",
            "again",
            "instead",
            "everything",
            "something",
            "anything",
            "nothing",
            "things",
            "stuff",
            "more",
            "others",
            "you",
            "know",
            "i",
            "think",
            "guess",
            "mean",
            "course",
        ];
        self.words.iter().all(|word| TALK.contains(&word.as_str()))
    }

    /// Whether words of a limit are among the words, which name no field: "a pet has at least one owner", "kept for no
    /// longer than six years".
    pub(super) fn is_limit(&self) -> bool {
        const OF_LIMITS: &[&str] = &[
            "least", "most", "longer", "shorter", "more", "less", "fewer", "exactly", "several", "multiple", "no",
            "not", "than", "one", "two", "three",
        ];
        self.words.iter().any(|word| OF_LIMITS.contains(&word.as_str()))
    }

    /// Whether the field would hold several values, which no kind of field does.
    pub(super) fn is_several(&self) -> bool {
        const ALSO_SINGULAR: &[&str] = &[
            "notes",
            "comments",
            "remarks",
            "instructions",
            "details",
            "hours",
            "minutes",
            "seats",
            "points",
            "terms",
            "conditions",
            "data",
            "media",
            "days",
            "kilometres",
            "kilometers",
            "miles",
            "places",
            "initials",
            "coordinates",
            "news",
            "series",
        ];
        let Some(last) = self.words.last() else { return false };
        let counted = self.words.iter().any(|w| matches!(w.as_str(), "number" | "count" | "amount" | "total"));
        is_plural(last) && !counted && !ALSO_SINGULAR.contains(&last.as_str())
    }
}

/// A list of fields, the words no rule covers and how many words were read.
#[derive(Debug, Default)]
pub(super) struct FieldList {
    pub(super) fields: Vec<FieldDraft>,
    pub(super) leftover: Vec<String>,
    pub(super) read: usize,
}

/// Most words that can say something about one field.
const LONGEST_REMARK: usize = 60;

/// Reads fields from the beginning of `words` (of `text`) up to the end or to the next clause.
pub(super) fn read_list(text: &str, words: &[Word<'_>]) -> FieldList {
    let mut list = FieldList::default();
    let mut i = 0;
    while let Some(word) = words.get(i) {
        let joined = matches!(word.lower.as_str(), "and" | "or" | "plus" | "then") || i > 0 && word.lower == "with";
        if joined && words.get(i + 1).is_some_and(|w| w.lower == "by") {
            break;
        }
        let from = if joined { i + 1 } else { i };
        if i > 0 && (begins_clause(words, from) || begins_sentence(words, from))
            || matches!(word.lower.as_str(), "so" | "when" | "if" | "because" | "before" | "after")
        {
            break;
        }
        if joined
            || matches!(word.lower.as_str(), "as" | "well" | "also" | "optionally" | "following")
                && words.len() > i + 1
                && !word.opens
        {
            if word.lower == "optionally" {
                let (field, leftover, next) = read_item(text, words, i + 1);
                if let Some(mut field) = field {
                    field.constraint.required = Some(false);
                    list.fields.push(field);
                }
                list.leftover.extend(leftover);
                i = next.max(i + 2);
            } else {
                i += 1;
            }
            continue;
        }
        let (field, leftover, next) = read_item(text, words, i);
        list.fields.extend(field);
        list.leftover.extend(leftover);
        i = next.max(i + 1);
    }
    list.read = i.min(words.len());
    list
}

/// Whether a new subject with its verb begins at `i`: "and a task has …".
fn begins_sentence(words: &[Word<'_>], i: usize) -> bool {
    for (k, word) in words.iter().skip(i).take(6).enumerate() {
        if matches!(
            word.lower.as_str(),
            "has" | "have" | "must" | "is" | "are" | "can" | "may" | "should" | "shall" | "cannot"
        ) {
            return k > 0;
        }
        if ends_noun(&word.lower) || k > 0 && (word.gap >= Gap::Comma || word.opens) || word.lower == "whether" {
            return false;
        }
    }
    false
}

/// Whether a verb with its own object begins at `i`: "and send a mail", not "and report".
pub(super) fn begins_clause(words: &[Word<'_>], i: usize) -> bool {
    let Some(verb) = words.get(i).filter(|w| is_verb(&w.lower)) else { return false };
    let Some(next) = words.get(i + 1) else { return false };
    let object =
        is_determiner(&next.lower) || is_own(&next.lower) || matches!(next.lower.as_str(), "it" | "them" | "me" | "us");
    let joined =
        i.checked_sub(1).and_then(|b| words.get(b)).is_some_and(|w| matches!(w.lower.as_str(), "and" | "or" | "then"));
    next.gap == Gap::Space && (object || joined && is_plural(&next.lower) && !is_plural(&verb.lower))
}

fn read_item(text: &str, words: &[Word<'_>], start: usize) -> (Option<FieldDraft>, Vec<String>, usize) {
    let mut i = start;
    let mut draft = FieldDraft {
        words: Vec::new(),
        constraint: Constraint::default(),
        boolean: false,
        unit: None,
        quote: String::new(),
    };
    let mut leftover = Vec::new();
    while let Some(word) = words.get(i) {
        match word.lower.as_str() {
            "optional" => draft.constraint.required = Some(false),
            "required" | "mandatory" => draft.constraint.required = Some(true),
            "unique" => draft.constraint.unique = true,
            "whether" => draft.boolean = true,
            "it" | "is" | "they" | "are" if draft.boolean => {}
            w if is_determiner(w) || is_own(w) => {}
            _ => break,
        }
        i += 1;
    }
    while let Some(word) = words.get(i) {
        let first = draft.words.is_empty();
        if !first && (word.gap >= Gap::Comma || word.opens) {
            break;
        }
        let next = words.get(i + 1).map(|w| w.lower.as_str());
        let last = draft.words.last().map(String::as_str).unwrap_or_default();
        if word.lower == "and" && last == "date" && next == Some("time") {
            draft.words.extend(["and".to_owned(), "time".to_owned()]);
            i += 2;
            continue;
        }
        if word.lower == "of"
            && takes_of(last)
            && words.get(i + 1).is_some_and(|w| {
                constraint::number(&w.lower).is_none() && w.lower != "at" && w.lower != "up" && w.lower != "max"
            })
        {
            draft.words.push("of".to_owned());
            i += 1;
            while words.get(i).is_some_and(|w| is_determiner(&w.lower) || is_own(&w.lower)) {
                i += 1;
            }
            continue;
        }
        if draft.boolean && matches!(word.lower.as_str(), "is" | "are" | "has" | "was") {
            draft.words.clear();
            i += 1;
            continue;
        }
        if ends_noun(&word.lower)
            || !first
                && matches!(
                    word.lower.as_str(),
                    "optional" | "required" | "unique" | "max" | "maximum" | "min" | "minimum"
                )
            || draft.words.len() >= 6
        {
            break;
        }
        draft.words.push(word.lower.trim_end_matches("'s").to_owned());
        i += 1;
    }
    if draft.words.is_empty() {
        leftover.extend(words.get(i).map(|w| w.text.to_owned()));
        return (None, leftover, i + 1);
    }
    if let Some((unit, read)) = unit::at(words, i) {
        draft.unit = Some(unit);
        i += read;
    }
    if words.get(i).is_some_and(|w| w.opens) {
        let mut end = i;
        while words.get(end).is_some_and(|w| !w.closes) {
            end += 1;
        }
        let inner = words.get(i..(end + 1).min(words.len())).unwrap_or_default();
        leftover.extend(read_brackets(inner, &mut draft.constraint));
        i = (end + 1).min(words.len());
    } else if words.get(i).is_some_and(|w| w.gap == Gap::Break) {
        // "a priority: low, medium or high"; but "the following fields: title, date" introduces fields.
        if introduces(draft.words.last().map(String::as_str).unwrap_or_default()) {
            return (None, leftover, i);
        }
        if let Some(values) = constraint::values(words.get(i..).unwrap_or_default()) {
            draft.constraint.values = values;
            i = words.len();
        }
    }
    let rest = i;
    while let Some(word) = words.get(i).filter(|_| i < rest + LONGEST_REMARK) {
        let next_is_limit = |k: usize| {
            words.get(k).is_some_and(|w| {
                constraint::number(&w.lower).is_some()
                    || matches!(w.lower.as_str(), "at" | "no" | "not" | "unique" | "required" | "optional")
            })
        };
        let between = words
            .get(rest..i)
            .unwrap_or_default()
            .iter()
            .any(|w| matches!(w.lower.as_str(), "between" | "of" | "either"));
        if word.gap >= Gap::Comma && i > rest && !(between && values_go_on(words, rest, i))
            || word.gap >= Gap::Comma && i == rest
        {
            break;
        }
        if matches!(word.lower.as_str(), "and" | "or" | "then" | "plus")
            && !(next_is_limit(i + 1) || word.lower == "or" && between)
        {
            break;
        }
        if matches!(word.lower.as_str(), "so" | "when" | "if" | "because" | "with") {
            break;
        }
        i += 1;
    }
    let said = constraint::read(words.get(rest..i).unwrap_or_default());
    leftover.extend(said.leftover.iter().cloned());
    draft.constraint.merge(&said);
    if let (Some(first), Some(last)) = (words.get(start), i.checked_sub(1).and_then(|l| words.get(l))) {
        let closing = text.get(last.at.end..).filter(|rest| last.closes && rest.starts_with(')'));
        let end = last.at.end + usize::from(closing.is_some());
        draft.quote = text.get(first.at.start..end).unwrap_or_default().to_owned();
    }
    (Some(draft), leftover, i)
}

/// Whether a comma at `i` still belongs to "one of a, b or c" that began after `from`.
fn values_go_on(words: &[Word<'_>], from: usize, i: usize) -> bool {
    let said = words.get(from..i).unwrap_or_default();
    let one_of = said.iter().zip(said.iter().skip(1)).any(|(a, b)| a.lower == "one" && b.lower == "of")
        || said.iter().any(|w| w.lower == "either");
    one_of && words.get(i).is_some_and(|w| !is_determiner(&w.lower))
}

fn read_brackets(inner: &[Word<'_>], into: &mut Constraint) -> Vec<String> {
    let said = constraint::read(inner);
    if !said.says_something()
        && let Some(values) = constraint::values(inner)
        && !inner.iter().any(|w| matches!(w.lower.as_str(), "e.g" | "eg" | "i.e" | "ie" | "such" | "etc" | "example"))
    {
        into.values = values;
        return Vec::new();
    }
    // "(required, low, medium or high)" says both.
    let rest: Vec<Word<'_>> = inner
        .iter()
        .filter(|w| !matches!(w.lower.as_str(), "required" | "mandatory" | "optional" | "unique"))
        .cloned()
        .collect();
    into.merge(&said);
    if rest.len() < inner.len()
        && said.min.is_none()
        && said.max.is_none()
        && let Some(values) = constraint::values(&rest)
    {
        into.values = values;
        return Vec::new();
    }
    said.leftover
}

fn takes_of(word: &str) -> bool {
    matches!(
        word,
        "number"
            | "date"
            | "time"
            | "type"
            | "name"
            | "place"
            | "method"
            | "kind"
            | "amount"
            | "duration"
            | "price"
            | "cost"
            | "count"
            | "level"
            | "day"
            | "year"
            | "description"
            | "country"
            | "unit"
            | "point"
            | "title"
    )
}

/// Whether the noun only announces the fields that follow it.
pub(super) fn introduces(word: &str) -> bool {
    matches!(
        word,
        "fields" | "details" | "attributes" | "properties" | "information" | "data" | "values" | "field" | "following"
    )
}

/// The kind of value a field of this name holds; `entity` gives the entity of a name, if there is one.
pub(super) fn kind(draft: &FieldDraft, entity: impl Fn(&str) -> Option<String>) -> FieldKind {
    let mut own = draft.constraint.clone();
    if own.counts_other_than(draft.unit) || !own.is_of_a_value(&draft.name()) {
        (own.min, own.max, own.unit) = (None, None, None);
    }
    let c = &own;
    if !c.values.is_empty() {
        return FieldKind::Enumeration { values: c.values.clone() };
    }
    let name = draft.name();
    let last = draft.words.last().map_or("", String::as_str);
    let first = draft.words.first().map_or("", String::as_str);
    let has = |word: &str| draft.words.iter().any(|w| w == word);
    if draft.boolean || draft.words.len() > 1 && matches!(first, "is" | "has") || matches!(last, "flag") {
        return FieldKind::Boolean;
    }
    let whole = |n: Option<i64>, open: bool, step: i64| n.map(|n| (n + if open { step } else { 0 }).div_euclid(100));
    let integer = |floor: Option<i64>| FieldKind::Integer {
        min: whole(c.min, c.above, 100).or(floor),
        max: whole(c.max.map(|m| if c.below { m - 100 } else { m }), false, 0),
    };
    let decimal = |floor: Option<i64>| FieldKind::Decimal {
        min: c.min.map(|n| if c.above { n + 1 } else { n }).or(floor),
        max: c.max.map(|n| if c.below { n - 1 } else { n }),
    };
    let in_unit = |unit: Unit| match unit.numbers {
        Numbers::Signed => decimal(None),
        Numbers::Measured => decimal(Some(0)),
        Numbers::Counted => {
            let fractional = [c.min, c.max].into_iter().flatten().any(|n| n % 100 != 0);
            if fractional { decimal(Some(0)) } else { integer(Some(0)) }
        }
    };
    if !c.characters {
        if let Some(entity) = c.refers.as_deref().and_then(&entity) {
            return FieldKind::Reference { entity };
        }
        if let Some(entity) = entity(&name).or_else(|| entity(name.strip_suffix("_id").unwrap_or(&name))) {
            return FieldKind::Reference { entity };
        }
        if let Some(unit) = draft.unit {
            return in_unit(unit);
        }
        let counted =
            first == "number" && has("of") || matches!(first, "count" | "amount") && has("of") && is_plural(last);
        match last {
            _ if counted => return integer(Some(0)),
            "datetime" | "timestamp" => return FieldKind::DateTime,
            "time" if has("date") => return FieldKind::DateTime,
            "at" => return FieldKind::DateTime,
            "date" | "deadline" | "birthday" | "day" => return FieldKind::Date,
            _ if first == "date" && has("of") => return FieldKind::Date,
            "time" => return FieldKind::Time,
            "email" => return FieldKind::Email,
            "mail" if has("e") => return FieldKind::Email,
            "address" if has("email") || has("mail") => return FieldKind::Email,
            "phone" | "telephone" | "mobile" => return FieldKind::Phone,
            "number" if has("phone") || has("telephone") || has("mobile") => return FieldKind::Phone,
            "price" | "cost" | "rate" | "amount" | "fee" | "salary" | "budget" | "total" | "deposit" | "discount"
            | "fare" => {
                return decimal(Some(0));
            }
            "weight" | "height" | "width" | "distance" => return decimal(Some(0)),
            "balance" | "temperature" | "latitude" | "longitude" => {
                return decimal(None);
            }
            "quantity" | "count" | "age" | "stock" | "capacity" | "seats" | "points" | "score" | "rating"
            | "duration" | "minutes" | "hours" | "days" => {
                let fractional = [c.min, c.max].into_iter().flatten().any(|n| n % 100 != 0);
                return if fractional { decimal(Some(0)) } else { integer(Some(0)) };
            }
            "year" => return integer(None),
            _ => {}
        }
        if let Some(unit) = c.unit {
            return in_unit(unit);
        }
        if c.min.is_some() || c.max.is_some() {
            let fractional = [c.min, c.max].into_iter().flatten().any(|n| n % 100 != 0);
            return if fractional { decimal(None) } else { integer(None) };
        }
    }
    let long = matches!(
        singular(last).as_str(),
        "description"
            | "note"
            | "comment"
            | "message"
            | "body"
            | "text"
            | "detail"
            | "remark"
            | "content"
            | "instruction"
    );
    let length = |n: Option<i64>, open: bool, step: i64| whole(n, open, step).and_then(|n| u32::try_from(n).ok());
    let max = length(c.max.map(|m| if c.below { m - 100 } else { m }), false, 0)
        .filter(|m| *m > 0)
        .unwrap_or(if long { 2000 } else { 200 });
    let min = length(c.min, c.above, 100).unwrap_or(u32::from(c.required != Some(false)));
    FieldKind::Text { min, max: max.max(min) }
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;

    fn names(text: &str) -> Vec<String> {
        read_list(text, &words(text)).fields.iter().map(FieldDraft::name).collect()
    }

    #[test]
    fn lists_of_fields() {
        for (text, expected) in [
            ("a date, a bike and a customer name", vec!["date", "bike", "customer_name"]),
            (
                "a title (required, at most 200 characters), a due date and a priority (low, medium, high)",
                vec!["title", "due_date", "priority"],
            ),
            (
                "the number of seats, the date of birth and a date and time",
                vec!["number_of_seats", "date_of_birth", "date_and_time"],
            ),
            ("a rating between 1 and 5 and an optional comment", vec!["rating", "comment"]),
            ("the following fields: name, e-mail and phone number", vec!["name", "email", "phone_number"]),
            ("a status that is one of open, in progress or done, and a name", vec!["status", "name"]),
            ("whether it is paid", vec!["paid"]),
            ("a date and send a confirmation", vec!["date"]),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
    }

    #[test]
    fn talk_is_no_field() {
        let text = "a toy, a family, right, and so on";
        let named = read_list(text, &words(text)).fields.into_iter().filter(|f| !f.is_talk());
        assert_eq!(named.map(|f| f.name()).collect::<Vec<_>>(), ["toy", "family"]);
    }

    #[test]
    fn kinds_and_limits() {
        let kinds = |text: &str| -> Vec<FieldKind> {
            read_list(text, &words(text))
                .fields
                .iter()
                .map(|f| kind(f, |name| (name == "bike").then(|| "bike".to_owned())))
                .collect()
        };
        assert_eq!(
            kinds(
                "a title (at most 200 characters), a due date, a price, a quantity from 1 to 5, an e-mail address, a phone number"
            ),
            [
                FieldKind::Text { min: 1, max: 200 },
                FieldKind::Date,
                FieldKind::Decimal { min: Some(0), max: None },
                FieldKind::Integer { min: Some(1), max: Some(5) },
                FieldKind::Email,
                FieldKind::Phone,
            ]
        );
        assert_eq!(
            kinds(
                "a bike, a start time, a date and time, a priority (low, medium or high), whether it is paid, a serial number"
            ),
            [
                FieldKind::Reference { entity: "bike".into() },
                FieldKind::Time,
                FieldKind::DateTime,
                FieldKind::Enumeration { values: vec!["low".into(), "medium".into(), "high".into()] },
                FieldKind::Boolean,
                FieldKind::Text { min: 1, max: 200 },
            ]
        );
        assert_eq!(
            kinds(
                "an area in square metres, a temperature in degrees Celsius, a preparation time in minutes (between 1 and 600), a length in cm and a name"
            ),
            [
                FieldKind::Decimal { min: Some(0), max: None },
                FieldKind::Decimal { min: None, max: None },
                FieldKind::Integer { min: Some(1), max: Some(600) },
                FieldKind::Decimal { min: Some(0), max: None },
                FieldKind::Text { min: 1, max: 200 },
            ]
        );
        assert_eq!(kinds("a price that must be positive"), [FieldKind::Decimal { min: Some(1), max: None }]);
    }

    #[test]
    fn what_is_not_understood_is_left_over() {
        let text = "a date within the next 30 days and a name";
        let list = read_list(text, &words(text));
        assert_eq!(list.fields.len(), 2);
        assert_eq!(list.leftover, ["within", "next", "30"]);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,80}|((a|title|\\(|\\)|,|and|or|of|at most|5|one of|:|whether|date|time|send|the) ?){0,20}") {
            let found = words(&text);
            let list = read_list(&text, &found);
            proptest::prop_assert!(list.read <= found.len());
            for field in &list.fields {
                proptest::prop_assert!(text.contains(&field.quote));
                let _ = kind(field, |_| None);
            }
        }
    }
}
