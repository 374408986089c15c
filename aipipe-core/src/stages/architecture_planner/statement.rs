//! What requirements and criteria say about fields: "a booking has a date", "the title must not be empty".

use super::constraint;
use super::entity::Catalogue;
use super::field::{FieldDraft, read_list};
use super::lexicon::{ends_noun, is_determiner, is_own};
use super::words::{Gap, Word, sentences, words};
use crate::domain::{Obligation, OpenQuestion, QuestionKind, Requirement, StorySet};

/// Adds the fields and limits that the requirements and criteria state.
pub(super) fn read_statements(stories: &StorySet, catalogue: &mut Catalogue) {
    let requirements = stories
        .requirements
        .iter()
        .filter(|r| r.obligation != Obligation::Wont && !is_set_aside(r, &stories.questions))
        .map(|r| r.statement.as_str());
    let criteria = stories.stories.iter().flat_map(|s| &s.criteria).map(|c| c.then.as_str());
    let texts: Vec<&str> = requirements.chain(criteria).collect();
    // Fields first, so that a limit stated before its field finds it.
    for pass in [owned_fields as fn(&str, &[Word<'_>], &mut Catalogue, &[OpenQuestion]), relation, field_rule] {
        for text in &texts {
            let all = words(text);
            for range in sentences(&all) {
                pass(text, all.get(range).unwrap_or_default(), catalogue, &stories.questions);
            }
        }
    }
}

/// Whether an open contradiction assumes that the other side holds.
fn is_set_aside(requirement: &Requirement, questions: &[OpenQuestion]) -> bool {
    let about = |question: &&OpenQuestion| {
        question.kind == QuestionKind::Contradiction
            && requirement.citations.iter().any(|c| question.citations.contains(c))
    };
    questions.iter().filter(about).filter_map(|question| question.assumption.as_deref()).any(|assumption| {
        let says = |quote: &str| assumption.contains(&quote.split_whitespace().collect::<Vec<_>>().join(" "));
        assumption.contains(" holds, because ") && !requirement.citations.iter().any(|c| says(&c.quote))
    })
}

/// Nouns from `start`, without articles, up to a word that ends them.
fn nouns(all: &[Word<'_>], start: usize) -> (Vec<String>, usize) {
    let mut i = start;
    while all.get(i).is_some_and(|w| is_determiner(&w.lower) || is_own(&w.lower)) {
        i += 1;
    }
    let mut found = Vec::new();
    while let Some(word) = all.get(i) {
        if ends_noun(&word.lower)
            || !found.is_empty() && word.gap >= Gap::Comma
            || found.len() > 4
            || is_having(&word.lower)
            || !found.is_empty() && tells(all, i)
        {
            break;
        }
        found.push(word.lower.trim_end_matches("'s").to_owned());
        i += 1;
    }
    (found, i)
}

/// Whether the word is a verb that tells a measure or a way: "weighs", "goes", and "costs" where no modal follows.
fn tells(all: &[Word<'_>], at: usize) -> bool {
    let lower = |at: usize| all.get(at).map_or("", |w| w.lower.as_str());
    let noun = is_copula(lower(at + 1)) || lower(at + 1) == "of";
    matches!(lower(at), "weighs" | "lasts" | "goes" | "moves") || lower(at) == "costs" && !noun
}

fn is_having(word: &str) -> bool {
    matches!(
        word,
        "has"
            | "have"
            | "contains"
            | "contain"
            | "includes"
            | "include"
            | "needs"
            | "need"
            | "stores"
            | "consists"
            | "requires"
    )
}

fn is_keeping(word: &str) -> bool {
    matches!(
        word,
        "store"
            | "stores"
            | "record"
            | "records"
            | "need"
            | "keep"
            | "keeps"
            | "track"
            | "save"
            | "capture"
            | "want"
            | "know"
            | "stored"
            | "recorded"
    )
}

/// Most clauses of one sentence that are read.
const MOST_CLAUSES: usize = 12;

fn owned_fields(text: &str, sentence: &[Word<'_>], catalogue: &mut Catalogue, questions: &[OpenQuestion]) {
    let mut start = 0;
    for _ in 0..MOST_CLAUSES {
        let Some(rest) = sentence.get(start..).filter(|rest| !rest.is_empty()) else { return };
        let Some((entity, from, to, optional)) = field_owner(rest, catalogue) else { return };
        let list = read_list(text, rest.get(from..to).unwrap_or_default());
        // A list that breaks off in words no rule covers is about something else.
        let mostly_fields = list.leftover.len() <= list.fields.len();
        for mut field in list.fields {
            if optional && field.constraint.required.is_none() {
                field.constraint.required = Some(false);
            }
            let first = field.words.first().map_or("", String::as_str);
            let counted = constraint::number(first).is_some() || matches!(first, "many" | "access" | "able");
            if mostly_fields && !counted {
                add(catalogue, entity, field, questions);
            }
        }
        // "… a note, and a task has a project": the next clause has its own subject.
        start += from + list.read;
        while sentence.get(start).is_some_and(|w| matches!(w.lower.as_str(), "and" | "but")) {
            start += 1;
        }
    }
}

/// "Each batch belongs to a supplier": a batch has a supplier.
fn relation(text: &str, sentence: &[Word<'_>], catalogue: &mut Catalogue, questions: &[OpenQuestion]) {
    let Some((entity, target)) = related(sentence, catalogue) else { return };
    let Some(words) = catalogue.drafts.get(target).map(|draft| draft.nouns.clone()) else { return };
    let constraint = constraint::Constraint { refers: Some(words.join("_")), ..constraint::Constraint::default() };
    let quote = text_of(text, sentence);
    add(catalogue, entity, FieldDraft { words, constraint, boolean: false, unit: None, quote }, questions);
}

/// The two things of "a batch comes from one supplier", where the sentence says nothing else.
pub(super) fn related(sentence: &[Word<'_>], catalogue: &Catalogue) -> Option<(usize, usize)> {
    let general = |word: &Word<'_>| matches!(word.lower.as_str(), "a" | "an" | "each" | "every");
    sentence.first().filter(|first| general(first))?;
    let at = (1..sentence.len().min(6)).find(|at| relating(sentence, *at).is_some())?;
    let owner: Vec<String> = sentence.get(1..at)?.iter().map(|w| w.lower.clone()).collect();
    let owner = owner.strip_suffix(&["must".to_owned()]).unwrap_or(&owner);
    let entity = catalogue.exact(owner)?;
    let mut from = at + relating(sentence, at)?;
    let one = |w: &Word<'_>| matches!(w.lower.as_str(), "exactly" | "one" | "a" | "an" | "single");
    let articles = sentence.get(from..)?.iter().take_while(|w| one(w)).count();
    from += articles;
    let nouns: Vec<String> = sentence.get(from..)?.iter().map(|w| w.lower.clone()).collect();
    let target = catalogue.exact(&nouns).filter(|target| *target != entity && articles > 0)?;
    let singular = nouns.last().is_some_and(|last| !super::naming::is_plural(last));
    singular.then_some((entity, target))
}

/// How many words of "belongs to", "must refer to" … stand at `at`.
fn relating(sentence: &[Word<'_>], at: usize) -> Option<usize> {
    let lower = |k: usize| sentence.get(at + k).map_or("", |w| w.lower.as_str());
    let verb = |k: usize| match (lower(k), lower(k + 1)) {
        ("belongs" | "belong" | "refers" | "refer" | "relates" | "relate", "to") => Some(k + 2),
        ("comes" | "come", "from") => Some(k + 2),
        ("is" | "be", "for") => Some(k + 2),
        ("is" | "be", "assigned" | "linked") if lower(k + 2) == "to" => Some(k + 3),
        ("is" | "be", "taken") if lower(k + 2) == "from" => Some(k + 3),
        _ => None,
    };
    match lower(0) {
        "must" | "should" | "shall" | "always" => verb(1),
        _ => verb(0),
    }
}

/// The thing whose fields a sentence lists, where the list stands and whether the fields may be left out.
fn field_owner(sentence: &[Word<'_>], catalogue: &Catalogue) -> Option<(usize, usize, usize, bool)> {
    let end = sentence.len();
    let first = sentence.first()?;
    if first.lower == "for"
        && sentence.get(1).is_some_and(|w| matches!(w.lower.as_str(), "each" | "every" | "a" | "an" | "all"))
    {
        let (owner, i) = nouns(sentence, 1);
        let entity = catalogue.exact(&owner)?;
        let keeps = sentence.get(i..)?.iter().position(|w| is_keeping(&w.lower))?;
        return Some((entity, i + keeps + 1, end, false));
    }
    if let Some(each) = sentence.windows(2).position(|w| {
        matches!(w, [a, b] if matches!(a.lower.as_str(), "for" | "of") && matches!(b.lower.as_str(), "each" | "every"))
    }) && let Some(keeps) = sentence.get(..each)?.iter().position(|w| is_keeping(&w.lower))
    {
        let (owner, _) = nouns(sentence, each + 1);
        return Some((catalogue.exact(&owner)?, keeps + 1, each, false));
    }
    let (owner, mut i) = nouns(sentence, 0);
    let entity = catalogue.exact(&owner)?;
    let mut optional = false;
    while let Some(word) = sentence.get(i) {
        match word.lower.as_str() {
            "may" | "can" | "could" | "optionally" => optional = true,
            "must" | "should" | "shall" | "will" | "always" | "also" => {}
            _ => break,
        }
        i += 1;
    }
    let verb = sentence.get(i)?;
    if !is_having(&verb.lower) {
        return None;
    }
    let of = sentence.get(i + 1).is_some_and(|w| w.lower == "of" || w.lower == "to");
    if of && verb.lower != "consists" {
        return None;
    }
    Some((entity, i + 1 + usize::from(of), end, optional))
}

/// "No two tasks may have the same title": the thing and its field. With more than one field, or with words besides, it
/// says something else.
fn told_apart(sentence: &[Word<'_>], catalogue: &Catalogue) -> Option<(usize, String)> {
    let says = |at: usize, word: &str| sentence.get(at).is_some_and(|w| w.lower == word);
    if !(says(0, "no") && says(1, "two")) {
        return None;
    }
    let verb = sentence.iter().position(|w| matches!(w.lower.as_str(), "have" | "share" | "use"))?;
    let modal = |w: &&Word<'_>| !matches!(w.lower.as_str(), "may" | "can" | "must" | "should" | "shall" | "will");
    let owner: Vec<String> = sentence.get(2..verb)?.iter().filter(modal).map(|w| w.lower.clone()).collect();
    let owner = catalogue.exact(&owner)?;
    if !(says(verb + 1, "the") && says(verb + 2, "same")) {
        return None;
    }
    let (subject, end) = nouns(sentence, verb + 3);
    if end == sentence.len() { find_field(&subject, Some(owner), catalogue) } else { None }
}

/// "The title of a task must not be empty", "a task's title is required", "the serial number must be unique".
fn field_rule(text: &str, sentence: &[Word<'_>], catalogue: &mut Catalogue, questions: &[OpenQuestion]) {
    if let Some((entity, name)) = told_apart(sentence, catalogue) {
        let said = constraint::Constraint { unique: true, ..constraint::Constraint::default() };
        restrict(entity, &name, said, catalogue, questions);
        return;
    }
    let (mut subject, mut i) = nouns(sentence, 0);
    let (mut owner, mut named) = (None, None);
    while sentence.get(i).is_some_and(|w| w.lower == "of") && owner.is_none() && subject.len() < 12 {
        let (nouns, next) = nouns(sentence, i + 1);
        // "the title of a task" names a field of the task, "the number of bikes" is one name.
        named = named.or_else(|| catalogue.exact(&nouns));
        owner = catalogue.exact(&nouns).filter(|owner| find_field(&subject, Some(*owner), catalogue).is_some());
        if owner.is_none() {
            subject.push("of".to_owned());
            subject.extend(nouns);
        }
        i = next.max(i + 1);
    }
    if let Some((verb, field)) = sentence.get(i).and_then(|w| measured_by(&w.lower)).map(|field| (i, field)) {
        // "A tool weighs at most 1,200 kg"
        let said = constraint::read(sentence.get(verb + 1..).unwrap_or_default());
        if let Some(entity) = catalogue.exact(&subject).filter(|_| said.says_something() && said.leftover.is_empty()) {
            restrict(entity, field, said, catalogue, questions);
        }
        return;
    }
    if subject.is_empty()
        || !sentence.get(i).is_some_and(|w| is_copula(&w.lower) || matches!(w.lower.as_str(), "goes" | "moves"))
    {
        return;
    }
    let predicate = sentence.get(i..).unwrap_or_default();
    if let Some((entity, values)) = states_of(&subject, predicate, catalogue) {
        let name = if catalogue.drafts.get(entity).is_some_and(|draft| draft.exact_field("state").is_some()) {
            "state"
        } else {
            "status"
        };
        let required = Some(true);
        let constraint = constraint::Constraint { values, required, ..constraint::Constraint::default() };
        let (words, quote) = (vec![name.to_owned()], text_of(text, sentence));
        add(catalogue, entity, FieldDraft { words, constraint, boolean: false, unit: None, quote }, questions);
        return;
    }
    let mut said = reference(predicate, catalogue).unwrap_or_else(|| constraint::read(predicate));
    let last = subject.iter().take_while(|w| *w != "of").last().map_or("", String::as_str);
    if let Some(values) = constraint::choice(predicate, last) {
        said = constraint::Constraint { values, ..constraint::Constraint::default() };
    }
    if !said.says_something() || !said.leftover.is_empty() {
        return;
    }
    if let Some(owner) = nameless(&subject, named, catalogue) {
        // Nothing else is said of its fields: it would get a name anyway.
        let quote = text_of(text, sentence);
        let words = vec!["name".to_owned()];
        add(catalogue, owner, FieldDraft { words, constraint: said, boolean: false, unit: None, quote }, questions);
        return;
    }
    let Some((entity, name)) = find_field(&subject, owner, catalogue) else {
        if let Some(owner) = named.filter(|_| !said.values.is_empty()) {
            // "the status of a booking is one of …" names the field along with its values
            let words: Vec<String> = subject.iter().take_while(|w| *w != "of").cloned().collect();
            let required = said.required.or(Some(false));
            let quote = text_of(text, sentence);
            let constraint = constraint::Constraint { required, ..said };
            add(catalogue, owner, FieldDraft { words, constraint, boolean: false, unit: None, quote }, questions);
        }
        return;
    };
    restrict(entity, &name, said, catalogue, questions);
}

/// "A loan can be requested, out, returned or lost", "a repair is open, then in progress, then done": its states, which it has
/// even where no field is named for them.
fn states_of(subject: &[String], predicate: &[Word<'_>], catalogue: &Catalogue) -> Option<(usize, Vec<String>)> {
    let entity = catalogue.exact(subject)?;
    predicate.first().filter(|first| matches!(first.lower.as_str(), "can" | "may" | "is" | "goes" | "moves"))?;
    let values = constraint::choice(predicate, "").or_else(|| constraint::sequence(predicate))?;
    Some((entity, values))
}

/// The thing without a field of its own whose name is spoken of: "the name of a supplier", "a supplier's name".
fn nameless(subject: &[String], named: Option<usize>, catalogue: &Catalogue) -> Option<usize> {
    let owner = match subject {
        [name, of, ..] if name == "name" && of == "of" => named,
        [owner @ .., name] if name == "name" && !owner.is_empty() => catalogue.exact(owner),
        _ => None,
    };
    owner.filter(|owner| catalogue.drafts.get(*owner).is_some_and(|draft| draft.fields.is_empty()))
}

/// The field that a verb speaks of: "weighs", "costs", "lasts".
pub(super) fn measured_by(verb: &str) -> Option<&'static str> {
    match verb {
        "weighs" | "weigh" => Some("weight"),
        "costs" | "cost" => Some("price"),
        "lasts" | "last" => Some("duration"),
        _ => None,
    }
}

/// Adds what is said of a known field.
fn restrict(
    entity: usize,
    name: &str,
    said: constraint::Constraint,
    catalogue: &mut Catalogue,
    questions: &[OpenQuestion],
) {
    let Some(draft) = catalogue.drafts.get(entity) else { return };
    let Some((known, _)) = draft.field(name) else { return };
    if said.counts_other_than(known.unit.or(known.constraint.unit)) || !said.is_of_a_value(&known.name()) {
        return;
    }
    let field =
        FieldDraft { words: known.words.clone(), constraint: said, boolean: false, unit: None, quote: String::new() };
    add(catalogue, entity, field, questions);
}

fn text_of(text: &str, sentence: &[Word<'_>]) -> String {
    let (Some(first), Some(last)) = (sentence.first(), sentence.last()) else { return String::new() };
    text.get(first.at.start..last.at.end).unwrap_or_default().to_owned()
}

/// "is a customer", where customers are a thing of the stories.
fn reference(predicate: &[Word<'_>], catalogue: &Catalogue) -> Option<constraint::Constraint> {
    let [is, a, rest @ ..] = predicate else { return None };
    if is.lower != "is" || !matches!(a.lower.as_str(), "a" | "an" | "one") || rest.is_empty() || rest.len() > 4 {
        return None;
    }
    let nouns: Vec<String> = rest.iter().map(|w| w.lower.clone()).collect();
    let entity = catalogue.drafts.get(catalogue.exact(&nouns)?)?;
    Some(constraint::Constraint { refers: Some(entity.nouns.join("_")), ..constraint::Constraint::default() })
}

fn is_copula(word: &str) -> bool {
    matches!(
        word,
        "is" | "are" | "must" | "should" | "shall" | "may" | "can" | "cannot" | "can't" | "has" | "needs" | "have"
    )
}

/// The one field that `words` name: of `owner`, of a thing named first ("task title"), or of the only thing that has it.
pub(super) fn find_field(words: &[String], owner: Option<usize>, catalogue: &Catalogue) -> Option<(usize, String)> {
    let named = |words: &[String]| {
        let mut words = words.to_vec();
        if let Some(last) = words.last_mut().filter(|last| last.ends_with("numbers") || last.ends_with("names")) {
            *last = super::naming::singular(last);
        }
        FieldDraft {
            words,
            constraint: constraint::Constraint::default(),
            boolean: false,
            unit: None,
            quote: String::new(),
        }
        .name()
    };
    if let Some(owner) = owner {
        let name = named(words);
        return catalogue.drafts.get(owner)?.field(&name).map(|(field, _)| (owner, field.name()));
    }
    for cut in 1..words.len() {
        let (before, after) = words.split_at_checked(cut)?;
        if let Some(entity) = catalogue.exact(before) {
            let name = named(after);
            if let Some((field, _)) = catalogue.drafts.get(entity)?.field(&name) {
                return Some((entity, field.name()));
            }
        }
    }
    let name = named(words);
    let mut owners =
        catalogue.drafts.iter().enumerate().filter(|(_, d)| d.exact_field(&name).is_some()).map(|(i, _)| i);
    let only = owners.next()?;
    owners.next().is_none().then_some((only, name))
}

/// Adds a field; where its limits contradict known ones, what the open question assumed decides, else the first.
fn add(catalogue: &mut Catalogue, entity: usize, field: FieldDraft, questions: &[OpenQuestion]) {
    let Some(draft) = catalogue.drafts.get_mut(entity) else { return };
    let (name, said) = (field.name(), field.constraint.clone());
    if !draft.add(field) {
        return;
    }
    let assumed = |limit: Option<i64>| {
        limit.is_some_and(|limit| {
            questions
                .iter()
                .filter(|q| q.kind == QuestionKind::Contradiction)
                .filter_map(|q| q.assumption.as_deref())
                .any(|text| {
                    let all = words(text);
                    (0..all.len()).any(|i| constraint::number_at(&all, i).is_some_and(|(n, _)| n == limit))
                })
        })
    };
    if let Some((known, _)) = draft.fields.iter_mut().find(|(known, _)| known.name() == name) {
        let known = &mut known.constraint;
        let (later_max, later_min) =
            (said.max.is_some() && said.max != known.max, said.min.is_some() && said.min != known.min);
        if later_max && assumed(said.max) && !assumed(known.max) {
            (known.max, known.below) = (said.max, said.below);
        }
        if later_min && assumed(said.min) && !assumed(known.min) {
            (known.min, known.above) = (said.min, said.above);
        }
    }
}
