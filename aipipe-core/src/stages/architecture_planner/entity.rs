//! Which things the product keeps records of, and which words mean which of them.

use super::field::{self, FieldDraft};
use super::intent::{Clause, Intent, Object};
use super::lexicon::{Act, is_in, nominal};
use super::naming::{Use, free_name, is_plural, plural_name, singular, snake};
use crate::domain::{Basis, Entity, Field, FieldKind, StoryId};
use crate::stages::occasions::is_occasion;
use std::collections::{BTreeMap, BTreeSet};

/// Things a story may speak of that are no records one can simply keep: they need rules of their own.
const NO_RECORDS: &str = "
    account password login report chart graph statistic dashboard notification reminder email mail confirmation
    backup export pdf csv file photo image picture attachment permission calendar map receipt average sum summary
    trend language mode theme page screen website api endpoint system data information detail list overview thing
    everything way number amount history button profile cart basket
";

/// What is worked out of records and not kept as one of their fields.
const VIEWS: &str = "report chart graph statistic dashboard calendar map summary trend average sum history number";

/// A thing with its fields as found so far.
#[derive(Debug)]
pub(super) struct Draft {
    /// Its nouns, singular.
    pub(super) nouns: Vec<String>,
    /// Its name in programs.
    pub(super) name: String,
    /// The plural of that.
    pub(super) plural: String,
    /// Its fields.
    pub(super) fields: Vec<(FieldDraft, Basis)>,
    /// The stories that do something with it.
    pub(super) stories: Vec<StoryId>,
}

impl Draft {
    /// The field of that name, as the text has it; else the only one whose name says the same with more words.
    pub(super) fn field(&self, name: &str) -> Option<&(FieldDraft, Basis)> {
        self.exact_field(name).or_else(|| {
            let mut fuller = self.fields.iter().filter(|(field, _)| is_short_for(name, &field.name()));
            fuller.next().filter(|_| fuller.next().is_none())
        })
    }

    /// The field of exactly that name.
    pub(super) fn exact_field(&self, name: &str) -> Option<&(FieldDraft, Basis)> {
        self.fields.iter().find(|(field, _)| field.name() == name)
    }

    /// Adds a field or what is newly said about one; says whether limits contradict each other.
    pub(super) fn add(&mut self, field: FieldDraft) -> bool {
        if field.is_several() || field.is_file() || field.is_talk() || field.is_limit() || field.name() == "id" {
            return false;
        }
        let name = field.name();
        let known = |known: &str| known == name || is_same_field(known, &name) || is_same_field(&name, known);
        if let Some((known, _)) = self.fields.iter_mut().find(|(field, _)| known(&field.name())) {
            known.boolean |= field.boolean;
            return known.constraint.merge(&field.constraint);
        }
        if self.fields.len() < 60 {
            let basis = Basis::Stated { quote: field.quote.clone() };
            self.fields.push((field, basis));
        }
        false
    }
}

/// Whether `name` is a shorter way to name the field `full`: "description" for `problem_description`.
pub(super) fn is_short_for(name: &str, full: &str) -> bool {
    !name.is_empty() && full.strip_suffix(name).is_some_and(|rest| rest.ends_with('_')) || is_same_field(name, full)
}

/// `phone` and `phone_number`, `email` and `email_address` are one field.
fn is_same_field(short: &str, long: &str) -> bool {
    matches!(short, "phone" | "telephone" | "mobile" | "email")
        && matches!(long.strip_prefix(short), Some("_number" | "_address"))
}

/// What a noun phrase means among the known things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meaning {
    /// Which thing.
    pub(super) entity: usize,
    /// The field of it that is meant.
    pub(super) part: Vec<String>,
    /// Words that pick some of the records out.
    pub(super) qualifiers: Vec<String>,
}

/// All things found in the stories.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    /// The things, in order of appearance.
    pub(super) drafts: Vec<Draft>,
    by_nouns: BTreeMap<String, usize>,
    by_last: BTreeMap<String, Vec<usize>>,
    taken: BTreeSet<String>,
}

impl Catalogue {
    /// Finds the things that the stories' actions are about. May replace the object of "book a bike" by a booking.
    pub(super) fn of(intents: &mut [Intent]) -> Self {
        let mut catalogue = Self::default();
        let (mut made, mut spoken): (BTreeSet<String>, BTreeSet<String>) = (BTreeSet::new(), BTreeSet::new());
        for clause in intents.iter().flat_map(|i| &i.clauses) {
            let nouns = clause.object.nouns.join(" ");
            if clause.act == Act::Create && nominal(&clause.verb).is_none() {
                made.insert(nouns.clone());
            }
            spoken.insert(nouns);
        }
        for clause in intents.iter_mut().flat_map(|i| &mut i.clauses) {
            make_nominal(clause, &made, &spoken);
        }
        for clause in intents.iter().flat_map(|i| &i.clauses).filter(|c| c.act == Act::Create) {
            if is_record(&clause.object) {
                catalogue.insert(&clause.object.nouns);
            }
        }
        catalogue
    }

    /// Takes "their phone number" as a field of the customers who speak, where customers have one, and "the price" as a
    /// field of the only thing that has one. The fields must be known by now.
    pub(super) fn resolve_fields(&self, intents: &mut [Intent], roles: &[&str]) {
        for (intent, role) in intents.iter_mut().zip(roles) {
            let own: Vec<String> = role.split_whitespace().map(str::to_lowercase).collect();
            for clause in intent.clauses.iter_mut().filter(|c| matches!(c.act, Act::Update | Act::Show)) {
                let object = &clause.object;
                if !object.part.is_empty() || self.meaning(object).is_some() {
                    continue;
                }
                let words: Vec<&str> = object.nouns.iter().map(String::as_str).collect();
                let name = snake(&words);
                let has = |draft: &&Draft| {
                    draft.fields.iter().any(|(f, _)| f.name() == name || singular(&f.name()) == name)
                        || draft.field(&name).is_some_and(|(f, _)| is_same_field(&name, &f.name()))
                };
                let speaker = self.exact(&own).and_then(|i| self.drafts.get(i)).filter(has);
                let mut owners = self.drafts.iter().filter(has).filter(|_| clause.act == Act::Update);
                let only = owners.next().filter(|_| owners.next().is_none());
                if let Some(owner) = speaker.or(only) {
                    let part = std::mem::replace(&mut clause.object.nouns, owner.nouns.clone());
                    clause.object.part = part;
                    clause.object.plural = false;
                }
            }
        }
    }

    /// Adds the things that stories only speak of and none makes.
    pub(super) fn add_spoken(&mut self, intents: &[Intent]) {
        for clause in intents.iter().flat_map(|i| &i.clauses).filter(|c| c.act != Act::Create) {
            if self.meaning(&clause.object).is_none() && is_record(&clause.object) {
                self.insert(&clause.object.nouns);
            }
        }
    }

    fn insert(&mut self, nouns: &[String]) {
        let key = nouns.join(" ");
        if nouns.is_empty() || self.by_nouns.contains_key(&key) || self.drafts.len() >= 200 {
            return;
        }
        let words: Vec<&str> = nouns.iter().map(String::as_str).collect();
        let name = free_name(&snake(&words), Use::Entity, &mut self.taken);
        let plural = free_name(&plural_name(&name), Use::Entity, &mut self.taken);
        let index = self.drafts.len();
        self.by_nouns.insert(key, index);
        if let Some(last) = nouns.last() {
            self.by_last.entry(last.clone()).or_default().push(index);
        }
        self.drafts.push(Draft { nouns: nouns.to_vec(), name, plural, fields: Vec::new(), stories: Vec::new() });
    }

    /// The thing that exactly these nouns (or their singular) name.
    pub(super) fn exact(&self, nouns: &[String]) -> Option<usize> {
        let mut nouns = nouns.to_vec();
        if let Some(last) = nouns.last_mut() {
            *last = singular(last);
        }
        self.by_nouns.get(&nouns.join(" ")).copied()
    }

    /// The thing of this name in programs.
    pub(super) fn named(&self, name: &str) -> Option<&Draft> {
        self.drafts.iter().find(|d| d.name == name)
    }

    /// What the object means, if it means a known thing.
    pub(super) fn meaning(&self, object: &Object) -> Option<Meaning> {
        let qualifiers = object.qualifiers.clone();
        // "a customer's bookings": the bookings are meant, not a field of the customer.
        if !object.part.is_empty()
            && let Some(entity) = self.exact(&object.part)
            && object.part.last().is_some_and(|w| is_plural(w))
        {
            let qualifiers = qualifiers.into_iter().chain([format!("{}'s", object.nouns.join(" "))]).collect();
            return Some(Meaning { entity, part: Vec::new(), qualifiers });
        }
        let meaning = |entity, part: &[String], more: &[String]| {
            let part = if part.is_empty() { object.part.clone() } else { part.to_vec() };
            Meaning { entity, part, qualifiers: qualifiers.iter().chain(more).cloned().collect() }
        };
        let nouns = &object.nouns;
        if let Some(entity) = self.exact(nouns) {
            return Some(meaning(entity, &[], &[]));
        }
        for cut in 1..nouns.len() {
            let (before, after) = nouns.split_at_checked(cut)?;
            if let Some(entity) = self.exact(after) {
                return Some(meaning(entity, &[], before));
            }
        }
        for cut in (1..nouns.len()).rev() {
            let (before, after) = nouns.split_at_checked(cut)?;
            if object.part.is_empty()
                && let Some(entity) = self.exact(before)
            {
                return Some(meaning(entity, after, &[]));
            }
        }
        let [only] = nouns.as_slice() else { return None };
        match self.by_last.get(only).map(Vec::as_slice) {
            Some([entity]) => Some(meaning(*entity, &[], &[])),
            _ => None,
        }
    }

    /// The entities as the plan states them, without those nothing is done with.
    pub(super) fn entities(&self) -> Vec<Entity> {
        let used: Vec<&Draft> = self.drafts.iter().filter(|d| !d.stories.is_empty()).collect();
        let reference = |name: &str| {
            let nouns: Vec<String> = name.split('_').map(str::to_owned).collect();
            self.exact(&nouns)
                .and_then(|i| self.drafts.get(i))
                .filter(|d| !d.stories.is_empty() && !is_plural(name))
                .map(|d| d.name.clone())
        };
        used.into_iter()
            .map(|draft| {
                let mut taken = BTreeSet::new();
                let mut fields: Vec<Field> = draft
                    .fields
                    .iter()
                    .map(|(field, basis)| Field {
                        name: free_name(&field.name(), Use::Field, &mut taken),
                        kind: field::kind(field, |name| reference(name).filter(|entity| *entity != draft.name)),
                        required: field.constraint.required.unwrap_or(true),
                        unique: field.constraint.unique,
                        initial: None,
                        basis: basis.clone(),
                    })
                    .map(consistent)
                    .collect();
                if fields.is_empty() {
                    let reason =
                        "the documents name no field of it, and a record needs something to be known by".to_owned();
                    let kind = FieldKind::Text { min: 1, max: 200 };
                    let basis = Basis::Default { reason };
                    fields.push(Field {
                        name: "name".to_owned(),
                        kind,
                        required: true,
                        unique: false,
                        initial: None,
                        basis,
                    });
                }
                Entity {
                    name: draft.name.clone(),
                    plural: draft.plural.clone(),
                    fields,
                    stories: draft.stories.clone(),
                }
            })
            .collect()
    }
}

/// Limits that can't both hold leave the first one standing.
fn consistent(mut field: Field) -> Field {
    match &mut field.kind {
        FieldKind::Integer { min: Some(min), max: max @ Some(_) }
        | FieldKind::Decimal { min: Some(min), max: max @ Some(_) }
            if max.is_some_and(|max| max < *min) =>
        {
            *max = None;
        }
        FieldKind::Text { min, .. } if !field.required => *min = (*min).min(1) * u32::from(*min > 1),
        _ => {}
    }
    field
}

/// Whether the object can be a record of the product.
pub(super) fn is_record(object: &Object) -> bool {
    let unfit = |nouns: &[String]| nouns.last().is_none_or(|last| is_in(NO_RECORDS, last));
    !unfit(&object.nouns)
        && !object.part.last().is_some_and(|part| is_in(VIEWS, &singular(part)) && !is_numbering(&object.part))
        && object.nouns.len() <= 4
        && object.nouns.iter().all(|n| n.chars().any(char::is_alphabetic))
}

/// "phone number" is a field, "number" (of bookings) is counted.
fn is_numbering(part: &[String]) -> bool {
    part.len() > 1 && (part.last().is_some_and(|last| last == "number") || part.iter().any(|word| word == "of"))
}

fn make_nominal(clause: &mut Clause, made: &BTreeSet<String>, spoken: &BTreeSet<String>) {
    if clause.act != Act::Create {
        return;
    }
    let Some(noun) = nominal(&clause.verb) else { return };
    let object = clause.object.nouns.join(" ");
    let last = clause.object.nouns.last().map(String::as_str).unwrap_or_default();
    let own_record = is_occasion(last) && !made.contains(&object) || last == noun;
    if own_record || object.is_empty() {
        return;
    }
    let full =
        spoken.iter().find(|s| s.as_str() == noun).or_else(|| spoken.iter().find(|s| s.ends_with(&format!(" {noun}"))));
    let nouns = full.map_or(vec![noun.to_owned()], |full| full.split(' ').map(str::to_owned).collect());
    let field = FieldDraft {
        words: std::mem::replace(&mut clause.object.nouns, nouns),
        constraint: super::constraint::Constraint::default(),
        boolean: false,
        unit: None,
        quote: format!("{} a {object}", clause.verb),
    };
    clause.fields.insert(0, field);
    clause.object.plural = false;
}
