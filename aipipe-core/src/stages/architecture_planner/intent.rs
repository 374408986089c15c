//! What a story's action does: verbs, their object, fields and filters, and every word no rule covers.

use super::field::{FieldDraft, begins_clause, read_list};
use super::lexicon::{
    Act, act, ends_noun, is_collection, is_detail, is_determiner, is_filler, is_own, is_product, is_qualifier, is_verb,
};
use super::naming::{is_plural, singular};
use super::words::{Gap, Word, words};

/// The thing a verb acts on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Object {
    /// Its nouns in lower case, the last one in the singular.
    pub(super) nouns: Vec<String>,
    /// Whether it stands in the plural.
    pub(super) plural: bool,
    /// Words that pick some of the records out: `overdue`, `my`.
    pub(super) qualifiers: Vec<String>,
    /// The word that asks for many at once, such as `several`.
    pub(super) many: Option<String>,
    /// The field of it that is meant, as in "the due date of a task" or "a task's due date".
    pub(super) part: Vec<String>,
}

/// One act on one object.
#[derive(Debug, Clone)]
pub(super) struct Clause {
    /// The verb.
    pub(super) verb: String,
    /// What it does.
    pub(super) act: Act,
    /// To what.
    pub(super) object: Object,
    /// Fields named with "with", "for" and the like.
    pub(super) fields: Vec<FieldDraft>,
    /// Fields named with "by".
    pub(super) by: Vec<FieldDraft>,
    /// The value of "mark as …", in snake case.
    pub(super) value: Option<String>,
    /// Words no rule covers.
    pub(super) leftover: Vec<String>,
}

/// Everything a story's action does.
#[derive(Debug, Clone, Default)]
pub(super) struct Intent {
    /// What rules cover, at least in part.
    pub(super) clauses: Vec<Clause>,
    /// Parts that no rule covers at all.
    pub(super) uncovered: Vec<String>,
}

/// Reads a story's action, a verb phrase without `to`.
pub(super) fn read(action: &str) -> Intent {
    let all = words(action);
    let cut = all.windows(2).position(
        |w| matches!(w, [a, b] if a.lower == "so" && b.lower == "that" || a.lower == "in" && b.lower == "order"),
    );
    let all = all.get(..cut.unwrap_or(all.len())).unwrap_or_default();
    let mut intent = Intent::default();
    let mut i = 0;
    while i < all.len() {
        while all.get(i).is_some_and(|w| is_filler(&w.lower) || matches!(w.lower.as_str(), "and" | "or" | "then")) {
            i += 1;
        }
        if i >= all.len() {
            break;
        }
        i = clause(action, all, i, &mut intent).max(i + 1);
    }
    intent
}

/// Reads one clause from `start` and returns where the next one begins.
fn clause(text: &str, all: &[Word<'_>], start: usize, intent: &mut Intent) -> usize {
    let (verbs, mut i) = verb_group(all, start);
    let known: Vec<(String, Act)> = verbs.iter().filter_map(|v| act(v).map(|a| (v.clone(), a))).collect();
    let unknown: Vec<&String> = verbs.iter().filter(|v| act(v).is_none()).collect();
    if known.is_empty() {
        let mut end = start + 1;
        while end < all.len()
            && !(all.get(end - 1).is_some_and(|w| matches!(w.lower.as_str(), "and" | "then"))
                && begins_clause(all, end))
        {
            end += 1;
        }
        let said = text_of(text, all, start, end);
        intent.uncovered.push(format!("“{said}”"));
        return end;
    }
    for verb in unknown {
        intent.uncovered.push(format!("“{verb}”"));
    }
    let previous = intent.clauses.last().map(|c| c.object.clone());
    let shows = known.iter().any(|(_, a)| matches!(a, Act::Show | Act::Search));
    let many =
        all.get(i).filter(|w| matches!(w.lower.as_str(), "all" | "several" | "multiple" | "many" | "every" | "both"));
    let many = many.map(|w| w.lower.clone());
    let (mut object, next) = object(all, i, previous.as_ref(), shows);
    object.many = many;
    i = next;
    let creates = known.iter().any(|(_, a)| *a == Act::Create);
    let (mut fields, mut by, mut value, mut leftover) = (Vec::new(), Vec::new(), None, Vec::new());
    while let Some(word) = all.get(i) {
        let lower = word.lower.as_str();
        let next_word = all.get(i + 1).map_or("", |w| w.lower.as_str());
        if i > start
            && begins_clause(all, i)
            && all.get(i - 1).is_some_and(|w| matches!(w.lower.as_str(), "and" | "then" | "or"))
        {
            break;
        }
        if matches!(lower, "and" | "or") && next_word == "by" && shows {
            i += 1;
            continue;
        }
        if matches!(lower, "and" | "then" | "or") {
            if begins_clause(all, i + 1) || all.get(i + 1).is_some_and(|w| is_verb(&w.lower)) && lower != "or" {
                break;
            }
            leftover.push(word.text.to_owned());
            i += 1;
            continue;
        }
        let list_from = match lower {
            "with" | "including" | "having" | "containing" | "for" if creates => Some(i + 1),
            "by" if creates
                && matches!(
                    next_word,
                    "entering" | "giving" | "providing" | "specifying" | "choosing" | "selecting"
                ) =>
            {
                Some(i + 2)
            }
            "consisting" if creates && next_word == "of" => Some(i + 2),
            "that" | "which" if creates && matches!(next_word, "has" | "have") => Some(i + 2),
            "with" | "including" if shows => Some(i + 1),
            _ if creates && word.opens && fields.is_empty() => Some(i),
            _ => None,
        };
        if let Some(from) = list_from {
            let list = read_list(text, all.get(from..).unwrap_or_default());
            fields.extend(list.fields);
            leftover.extend(list.leftover);
            i = from + list.read.max(1);
            continue;
        }
        if lower == "by" && shows {
            let list = read_list(text, all.get(i + 1..).unwrap_or_default());
            by.extend(list.fields);
            leftover.extend(list.leftover);
            i += 1 + list.read.max(1);
            continue;
        }
        if lower == "as" && known.iter().any(|(_, a)| matches!(a, Act::Mark | Act::Update)) {
            let mut end = i + 1;
            while all
                .get(end)
                .is_some_and(|w| end < i + 4 && !ends_noun(&w.lower) && (end == i + 1 || w.gap <= Gap::Space))
            {
                end += 1;
            }
            let said: Vec<&str> = all
                .get(i + 1..end)
                .unwrap_or_default()
                .iter()
                .map(|w| w.lower.as_str())
                .filter(|w| !is_determiner(w))
                .collect();
            if !said.is_empty() {
                value = Some(super::naming::snake(&said));
                i = end;
                continue;
            }
        }
        if matches!(lower, "to" | "in" | "on" | "into" | "from") && names_product(all, i + 1) {
            i = skip_product(all, i + 1);
            continue;
        }
        let update = known.iter().any(|(_, a)| *a == Act::Update);
        if lower == "to" && update && object.part.is_empty() {
            // "reschedule a booking to another date", "assign a task to a team member" name the field that changes.
            let list = read_list(text, all.get(i + 1..).unwrap_or_default());
            fields.extend(list.fields);
            leftover.extend(list.leftover);
            i += 1 + list.read.max(1);
            continue;
        }
        if is_filler(lower) && lower != "not" {
            i += 1;
            continue;
        }
        leftover.push(word.text.to_owned());
        i += 1;
    }
    if object.nouns.is_empty() {
        let said = text_of(text, all, start, i);
        intent.uncovered.push(format!("“{said}”"));
        return i;
    }
    object.qualifiers.dedup();
    for (verb, act) in known {
        intent.clauses.push(Clause {
            verb,
            act,
            object: object.clone(),
            fields: fields.clone(),
            by: by.clone(),
            value: value.clone(),
            leftover: leftover.clone(),
        });
    }
    i
}

fn text_of<'a>(text: &'a str, all: &[Word<'_>], start: usize, end: usize) -> &'a str {
    let first = all.get(start).map_or(0, |w| w.at.start);
    let last = end.checked_sub(1).and_then(|l| all.get(l)).map_or(first, |w| w.at.end);
    text.get(first..last).unwrap_or_default()
}

/// The verbs at `start` ("create, edit and delete") and where their object begins.
fn verb_group(all: &[Word<'_>], start: usize) -> (Vec<String>, usize) {
    let mut verbs = Vec::new();
    let mut i = start;
    while let Some(word) = all.get(i) {
        let separator = matches!(word.lower.as_str(), "and" | "or");
        let candidate = if separator { i + 1 } else { i };
        let Some(verb) = all.get(candidate) else { break };
        let follows = verbs.is_empty() || separator || verb.gap == Gap::Comma || verb.gap == Gap::Slash;
        let listed = verbs.is_empty() && !separator || follows && is_verb(&verb.lower);
        if !listed || verbs.len() > 8 {
            break;
        }
        verbs.push(verb.lower.clone());
        i = candidate + 1;
        if all.get(i).is_some_and(|w| matches!(w.lower.as_str(), "up" | "out" | "through" | "at" | "for" | "off")) {
            let phrasal =
                matches!(verbs.last().map(String::as_str), Some("look" | "search" | "set" | "browse" | "check"));
            i += usize::from(phrasal);
        }
    }
    (verbs, i)
}

fn names_product(all: &[Word<'_>], from: usize) -> bool {
    let noun = all.get(from..).unwrap_or_default().iter().find(|w| !is_determiner(&w.lower) && !is_own(&w.lower));
    noun.is_some_and(|w| is_product(&w.lower) && w.gap <= Gap::Space)
        && all.get(skip_product(all, from)).is_none_or(|w| w.gap >= Gap::Comma || ends_noun(&w.lower))
}

fn skip_product(all: &[Word<'_>], from: usize) -> usize {
    let mut i = from;
    while all.get(i).is_some_and(|w| is_determiner(&w.lower) || is_own(&w.lower)) {
        i += 1;
    }
    i + 1
}

/// The nouns from `start` up to a word that ends them.
fn nouns(all: &[Word<'_>], start: usize) -> (Vec<String>, Vec<String>, Option<Vec<String>>, usize) {
    let (mut nouns, mut qualifiers): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut owner = None;
    let mut i = start;
    while let Some(word) = all.get(i) {
        let lower = word.lower.as_str();
        let any = !nouns.is_empty() || owner.is_some();
        if any && word.gap >= Gap::Comma || ends_noun(lower) || word.opens && any || nouns.len() > 5 {
            break;
        }
        if nouns.is_empty() && is_determiner(lower) {
        } else if nouns.is_empty()
            && (is_own(lower) || is_qualifier(lower) || super::constraint::number(lower).is_some())
        {
            qualifiers.push(lower.to_owned());
        } else if let Some(stem) =
            lower.strip_suffix("'s").or_else(|| (lower.ends_with('s') && word_is_possessive(all, i)).then_some(lower))
        {
            nouns.push(stem.to_owned());
            owner = Some(std::mem::take(&mut nouns));
        } else {
            nouns.push(lower.to_owned());
        }
        i += 1;
    }
    (nouns, qualifiers, owner, i)
}

/// `customers' bookings`: the apostrophe is not part of the word.
fn word_is_possessive(all: &[Word<'_>], i: usize) -> bool {
    let (Some(word), Some(next)) = (all.get(i), all.get(i + 1)) else { return false };
    next.at.start == word.at.end + 2 && next.gap == Gap::Space
}

fn object(all: &[Word<'_>], start: usize, previous: Option<&Object>, shows: bool) -> (Object, usize) {
    if all.get(start).is_some_and(|w| matches!(w.lower.as_str(), "it" | "them" | "one"))
        && let Some(previous) = previous
    {
        let plural = all.get(start).is_some_and(|w| w.lower == "them");
        return (Object { plural, part: Vec::new(), ..previous.clone() }, start + 1);
    }
    let (mut head, mut qualifiers, owner, mut i) = nouns(all, start);
    let mut object = Object::default();
    // "see the bookings of a day" shows bookings; "change the opening hours of a shop" changes a field.
    let several = |noun: &String| shows && is_plural(noun) && !is_collection(noun) && !is_detail(noun);
    // "the number of copies of a book" is a field of the book
    if matches!(head.last().map(String::as_str), Some("number" | "amount")) && owner.is_none() {
        let (counted, _, _, next) = nouns(all, i + 1);
        if all.get(i).is_some_and(|w| w.lower == "of")
            && all.get(next).is_some_and(|w| w.lower == "of")
            && !counted.is_empty()
        {
            head.push("of".to_owned());
            head.extend(counted);
            i = next;
        }
    }
    let of = all.get(i).is_some_and(|w| w.lower == "of") && !head.last().is_none_or(several);
    if of && owner.is_none() {
        let (mut second, more, second_owner, next) = nouns(all, i + 1);
        if !second.is_empty() && second_owner.is_none() {
            qualifiers.extend(more);
            i = next;
            let last = head.last().cloned().unwrap_or_default();
            if is_collection(&last) || is_detail(&last) {
                object.plural = is_collection(&last) || second.last().is_some_and(|w| is_plural(w));
            } else {
                object.plural = second.last().is_some_and(|w| is_plural(w));
                object.part = head;
            }
            finish(&mut second);
            (object.nouns, object.qualifiers) = (second, qualifiers);
            return (object, i);
        }
    }
    if let Some(mut owner) = owner {
        object.plural = head.last().is_some_and(|w| is_plural(w));
        finish(&mut owner);
        (object.nouns, object.part, object.qualifiers) = (owner, head, qualifiers);
        return (object, i);
    }
    let last = head.last().cloned().unwrap_or_default();
    if head.len() > 1 && (is_collection(&last) || is_detail(&last) && last != "record" && last != "entry") {
        head.pop();
        object.plural = is_collection(&last);
    } else {
        object.plural = is_plural(&last);
    }
    finish(&mut head);
    (object.nouns, object.qualifiers) = (head, qualifiers);
    (object, i)
}

fn finish(nouns: &mut [String]) {
    if let Some(last) = nouns.last_mut() {
        *last = singular(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(action: &str) -> Vec<(String, String, bool)> {
        read(action).clauses.into_iter().map(|c| (c.verb, c.object.nouns.join(" "), c.object.plural)).collect()
    }

    #[test]
    fn verbs_and_objects() {
        for (action, expected) in [
            ("create a booking with a date, a bike and a customer name", vec![("create", "booking", false)]),
            ("see a list of all bookings", vec![("see", "booking", true)]),
            ("view the details of a service record", vec![("view", "service record", false)]),
            (
                "create, edit and delete tasks",
                vec![("create", "task", true), ("edit", "task", true), ("delete", "task", true)],
            ),
            ("add a bike to the fleet", vec![("add", "bike", false)]),
            ("change a booking's date", vec![("change", "booking", false)]),
            ("be able to look up customers", vec![("look", "customer", true)]),
            ("create a note and delete it", vec![("create", "note", false), ("delete", "note", false)]),
        ] {
            let found = of(action);
            let found: Vec<(&str, &str, bool)> = found.iter().map(|(v, n, p)| (v.as_str(), n.as_str(), *p)).collect();
            assert_eq!(found, expected, "{action}");
        }
    }

    #[test]
    fn words_no_rule_covers_are_kept() {
        let intent = read("create a booking and send a confirmation to the customer");
        assert_eq!(intent.clauses.len(), 1);
        assert_eq!(intent.uncovered, ["“send a confirmation to the customer”"]);
        assert_eq!(read("cancel a booking before it starts").clauses[0].leftover, ["before", "it", "starts"]);
        assert_eq!(read("see overdue tasks").clauses[0].object.qualifiers, ["overdue"]);
        assert_eq!(read("pay online").uncovered, ["“pay online”"]);
        assert!(read("add a bike to the fleet").clauses[0].leftover.is_empty());
    }

    #[test]
    fn parts_values_and_filters() {
        assert_eq!(read("update the due date of a task").clauses[0].object.part, ["due", "date"]);
        assert_eq!(read("mark a task as done").clauses[0].value.as_deref(), Some("done"));
        assert_eq!(read("filter bookings by date and status").clauses[0].by.len(), 2);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(action in "\\PC{0,80}|((create|see|and|a|booking|bookings|of|with|by|as|to|it|'s|send|my|,|the list) ?){0,16}") {
            let _ = read(&action);
        }
    }
}
