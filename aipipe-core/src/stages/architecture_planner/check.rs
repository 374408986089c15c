//! Which generated test can show that a criterion holds. A check is chosen only when it checks all that the words say.

use super::constraint;
use super::entity::is_short_for;
use super::lexicon::{Act, act, base_form, is_determiner, is_filler, is_own};
use super::naming::{is_plural, singular, snake};
use super::permission::is_permission;
use super::unit::Unit;
use super::vocabulary::{
    AGAIN, CHANGING, COMMON, DELETING, ENTERING, FILTERING, LIMITS, LISTING, MISSING, REFUSED, TRANSITIONS,
};
use super::words::{Word, words};
use crate::domain::{AcceptanceCriterion, CriterionCheck, Entity, Field, FieldKind, Operation, UserStory};
use std::collections::BTreeSet;

/// The check for `criterion`, or why no rule maps it.
pub(super) fn map(
    criterion: &AcceptanceCriterion,
    story: &UserStory,
    operations: &[Operation],
    entities: &[Entity],
) -> CriterionCheck {
    let unmapped = |reason: String| CriterionCheck::Unmapped { reason };
    let text = format!("{}; {}; {}", criterion.given, criterion.when, criterion.then);
    let all = words(&text);
    let then_from = criterion.given.len() + criterion.when.len() + 4;
    if is_permission(criterion, story) {
        return unmapped("it says who may do it, and the generated service does not know who asks".to_owned());
    }
    let Some(entity) = subject(&all, operations, entities) else {
        return unmapped("it names no single thing that a record is kept of".to_owned());
    };
    let reading = Reading::of(&all, (criterion.given.len(), then_from), entity, story);
    let Some((check, covered)) = reading.check() else {
        return unmapped("no rule tells how it could be checked".to_owned());
    };
    let several = matches!(check, CriterionCheck::Listed { .. } | CriterionCheck::Filtered { .. });
    let left = reading.uncovered(&covered, several);
    if left.is_empty() { check } else { unmapped(format!("no rule covers “{}”", left.join("”, “"))) }
}

/// Whether nobody can make a record without a value for it.
fn is_asked_for(field: &Field) -> bool {
    field.required && field.initial.is_none()
}

/// The entity the criterion is about: the only one of the story, or the only one it names.
fn subject<'a>(all: &[Word<'_>], operations: &[Operation], entities: &'a [Entity]) -> Option<&'a Entity> {
    let named: Vec<&Entity> = entities.iter().filter(|e| names(all, &e.name)).collect();
    let own: BTreeSet<&str> = operations.iter().map(|o| o.entity.as_str()).collect();
    let in_story = |e: &&&Entity| own.contains(e.name.as_str());
    let mut mine = named.iter().filter(in_story);
    match (mine.next(), mine.next()) {
        (Some(only), None) => return Some(only),
        (Some(_), Some(_)) => return None,
        _ => {}
    }
    let mut of_story = entities.iter().filter(|e| own.contains(e.name.as_str()));
    match (of_story.next(), of_story.next()) {
        // "the number of bikes" of a booking names no bike.
        (Some(only), None) => {
            let fields: Vec<(usize, usize)> = only.fields.iter().filter_map(|f| find(all, &f.name)).collect();
            let in_field = |e: &&Entity| {
                find(all, &e.name).is_some_and(|(at, length)| {
                    fields.iter().any(|(f, l)| *l > length && *f <= at && at + length <= f + l)
                })
            };
            named.iter().all(in_field).then_some(only)
        }
        (None, _) => match named.as_slice() {
            [only] => Some(only),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the words of a snake-case name stand in the text, in singular or plural.
fn names(all: &[Word<'_>], name: &str) -> bool {
    find(all, name).is_some()
}

fn find(all: &[Word<'_>], name: &str) -> Option<(usize, usize)> {
    let parts: Vec<&str> = name.split('_').collect();
    let fits = |word: &Word<'_>, part: &str| {
        let lower = word.lower.trim_end_matches("'s");
        lower == part || singular(lower) == part || !lower.is_ascii() && snake(&[lower]) == part
    };
    (0..all.len())
        .find(|i| parts.iter().enumerate().all(|(k, part)| all.get(i + k).is_some_and(|w| fits(w, part))))
        .map(|i| (i, parts.len()))
}

/// Whether the words of a value stand in the text exactly: "opens" is not `open`.
fn says(all: &[Word<'_>], value: &str) -> bool {
    let parts: Vec<&str> = value.split('_').collect();
    all.windows(parts.len()).any(|w| w.iter().zip(&parts).all(|(word, part)| word.lower == *part))
}

struct Reading<'a> {
    all: &'a [Word<'a>],
    given_to: usize,
    then_from: usize,
    entity: &'a Entity,
    role: Vec<String>,
    /// The words of the story's action.
    action: BTreeSet<String>,
}

/// Words of a criterion that a check covers, besides articles and the entity's own names.
type Covered = BTreeSet<String>;

impl<'a> Reading<'a> {
    fn of(all: &'a [Word<'a>], (given_to, then_from): (usize, usize), entity: &'a Entity, story: &UserStory) -> Self {
        let role = story.role.split_whitespace().map(|w| singular(&w.to_lowercase())).collect();
        let action = words(&story.action).into_iter().map(|w| w.lower).collect();
        Self { all, given_to, then_from, entity, role, action }
    }

    fn then(&self) -> impl Iterator<Item = &Word<'a>> {
        self.all.iter().filter(|w| w.at.start >= self.then_from)
    }

    fn has(&self, list: &[&str]) -> bool {
        self.all.iter().any(|w| list.contains(&w.lower.as_str()))
    }

    fn then_has(&self, list: &[&str]) -> bool {
        self.then().any(|w| list.contains(&w.lower.as_str()))
    }

    fn acts(&self, before_then: Option<bool>) -> Vec<Act> {
        self.all
            .iter()
            .filter(|w| before_then.is_none_or(|before| (w.at.start < self.then_from) == before))
            .filter_map(|w| base_form(&w.lower).and_then(|verb| act(&verb)))
            .collect()
    }

    /// The fields that the words name; "number of bikes" names no `bike`, "description" may be short for one.
    fn fields_in(&self, words: &[Word<'_>]) -> Vec<&'a Field> {
        let found: Vec<(&Field, (usize, usize))> =
            self.entity.fields.iter().filter_map(|f| find(words, &f.name).map(|place| (f, place))).collect();
        let within = |(start, length): (usize, usize)| {
            found.iter().any(|(_, (s, l))| *l > length && *s <= start && start + length <= s + l)
        };
        let mut fields: Vec<&Field> =
            found.iter().filter(|(_, place)| !within(*place)).map(|(field, _)| *field).collect();
        if fields.is_empty() {
            let short = |f: &&Field| words.iter().any(|w| is_short_for(&singular(&w.lower), &f.name));
            fields.extend(self.entity.fields.iter().filter(short));
        }
        fields
    }

    fn fields(&self) -> Vec<&'a Field> {
        self.fields_in(self.all)
    }

    fn only_field(&self) -> Option<&'a Field> {
        self.only_field_in(self.all)
    }

    fn only_field_in(&self, words: &[Word<'_>]) -> Option<&'a Field> {
        match self.fields_in(words).as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The values of enumerations that the text names.
    fn values(&self) -> Vec<(&'a Field, &'a String)> {
        let mut found = Vec::new();
        for field in &self.entity.fields {
            if let FieldKind::Enumeration { values } = &field.kind {
                found.extend(values.iter().filter(|v| says(self.all, v)).map(|v| (field, v)));
            }
        }
        found
    }

    /// The check that the words ask for, with the words that it covers.
    fn check(&self) -> Option<(CriterionCheck, Covered)> {
        self.refusal()
            .or_else(|| self.removal())
            .or_else(|| self.transition())
            .or_else(|| self.listing())
            .or_else(|| self.change())
            .or_else(|| self.composition())
            .or_else(|| self.creation())
            .or_else(|| self.reading())
    }

    fn refusal(&self) -> Option<(CriterionCheck, Covered)> {
        let refused = self.then_has(&[
            "rejected",
            "refused",
            "error",
            "fails",
            "failed",
            "denied",
            "declined",
            "disallowed",
            "warning",
        ]) || self.then_has(&["message"]) && self.then_has(&["validation"])
            || self.then_has(&["not", "cannot", "can't"])
                && self.then_has(&["saved", "created", "added", "accepted", "stored", "possible"]);
        if !refused {
            return self.field_rule();
        }
        let said = self.said(self.all);
        let field = self.only_field()?;
        let (entity, name) = (self.entity.name.clone(), field.name.clone());
        if self.has(&["without", "missing", "empty", "blank", "omitted"]) {
            let covered = cover(&[REFUSED, MISSING, ENTERING, "not saved created added accepted stored"]);
            return is_asked_for(field).then_some((CriterionCheck::Required { entity, field: name }, covered));
        }
        if self.has(&["already", "same", "duplicate", "twice", "second", "existing", "exists", "taken"]) {
            let covered = cover(&[REFUSED, AGAIN, ENTERING, "not saved created added accepted stored unique"]);
            return field.unique.then_some((CriterionCheck::Unique { entity, field: name }, covered));
        }
        let limited = said.min.is_some() || said.max.is_some() || self.has(&["negative"]);
        if limited && limits_hold(self.all, field) || self.is_form_of(self.all, field) {
            let mut covered =
                cover(&[REFUSED, LIMITS, ENTERING, "not saved created added accepted stored invalid malformed valid"]);
            covered.extend(units(self.all));
            return Some((CriterionCheck::Limits { entity, field: name }, covered));
        }
        None
    }

    /// "The title is required", "the status is one of …": what the outcome says of a field's values. The event before it
    /// is only where the rule was found, as long as it is the story's own.
    fn field_rule(&self) -> Option<(CriterionCheck, Covered)> {
        if let Some(rule) = self.told_apart() {
            return Some(rule);
        }
        if !self.then_has(&[
            "must", "is", "should", "shall", "has", "are", "can", "cannot", "may", "needs", "weighs", "costs", "lasts",
        ]) {
            return None;
        }
        let then: Vec<Word<'_>> = self.then().cloned().collect();
        let field = self.only_field_in(&then).or_else(|| self.measured(&then))?;
        let mut said = self.said(&then);
        if let Some(values) = constraint::choice(&then, &field.name) {
            said = constraint::Constraint { values, ..constraint::Constraint::default() };
        }
        let (entity, name) = (self.entity.name.clone(), field.name.clone());
        let with = |lists: &[&'static str]| self.own_event(cover(lists));
        if said.required == Some(true) {
            return is_asked_for(field)
                .then(|| (CriterionCheck::Required { entity, field: name }, with(&[MISSING, "entered must"])));
        }
        if said.unique {
            return field.unique.then(|| {
                (
                    CriterionCheck::Unique { entity, field: name },
                    with(&["must unique is be never not used given assigned twice reused"]),
                )
            });
        }
        let limits = |covered| Some((CriterionCheck::Limits { entity: entity.clone(), field: name.clone() }, covered));
        if let FieldKind::Enumeration { values } = &field.kind {
            let listed = !said.values.is_empty() && said.values.iter().all(|v| values.contains(v));
            let mut covered = with(&["must can either one of or and"]);
            covered.extend(said.values.iter().flat_map(|v| v.split(['_', '-']).map(str::to_owned)));
            return listed.then_some(covered).and_then(limits);
        }
        if let FieldKind::Reference { entity: target } = &field.kind {
            let mut covered = with(&["must existing known"]);
            covered.extend(target.split('_').map(str::to_owned));
            let one_of = |(at, _): (usize, usize)| {
                at.checked_sub(1)
                    .and_then(|before| then.get(before))
                    .is_some_and(|w| matches!(w.lower.as_str(), "a" | "an" | "existing" | "known"))
            };
            let after_verb = then.iter().position(|w| matches!(w.lower.as_str(), "is" | "be" | "are"))?;
            let rest = then.get(after_verb..).unwrap_or_default();
            let named = find(rest, target).map(|(at, length)| (at + after_verb, length));
            return named.filter(|place| one_of(*place)).map(|_| covered).and_then(limits);
        }
        let holds = limits_are(&said, field) && said.is_of_a_value(&field.name) || self.is_form_of(&then, field);
        let mut covered = with(&[LIMITS, "valid"]);
        covered.extend(units(&then));
        holds.then_some(covered).and_then(limits)
    }

    /// The field of "it weighs at most 20 kg".
    fn measured(&self, words: &[Word<'_>]) -> Option<&'a Field> {
        let named = words.iter().find_map(|w| super::statement::measured_by(&w.lower))?;
        self.entity.fields.iter().find(|field| field.name == named)
    }

    /// "No two tasks may have the same title".
    fn told_apart(&self) -> Option<(CriterionCheck, Covered)> {
        let then: Vec<Word<'_>> = self.then().cloned().collect();
        let says = |at: usize, word: &str| then.get(at).is_some_and(|w| w.lower == word);
        if !(says(0, "no") && says(1, "two") && self.then_has(&["same"])) {
            return None;
        }
        let field = self.only_field_in(&then).filter(|field| field.unique)?;
        let check = CriterionCheck::Unique { entity: self.entity.name.clone(), field: field.name.clone() };
        Some((check, self.own_event(cover(&[AGAIN, "no share may can should shall"]))))
    }

    /// What the words say of values, names left out.
    fn said(&self, words: &[Word<'a>]) -> constraint::Constraint {
        constraint::read(&words.iter().filter(|w| !self.is_name(w)).cloned().collect::<Vec<_>>())
    }

    fn is_form_of(&self, words: &[Word<'_>], field: &Field) -> bool {
        words.iter().any(|w| matches!(w.lower.as_str(), "invalid" | "malformed" | "valid"))
            && matches!(
                field.kind,
                FieldKind::Email | FieldKind::Phone | FieldKind::Date | FieldKind::DateTime | FieldKind::Time
            )
    }

    /// Adds the words of the story's own action, in which a rule over values need not be checked again.
    fn own_event(&self, mut covered: Covered) -> Covered {
        let before = self.all.iter().filter(|w| w.at.start < self.then_from);
        for word in before {
            let base = base_form(&word.lower).unwrap_or_else(|| word.lower.clone());
            if self.action.contains(&word.lower) || self.action.contains(&base) {
                covered.insert(word.lower.clone());
            }
        }
        covered
    }

    fn removal(&self) -> Option<(CriterionCheck, Covered)> {
        let deletes = self.acts(None).contains(&Act::Delete);
        let gone = self.then_has(&["gone", "removed", "deleted"])
            || self.then_has(&["no", "not", "longer"])
                && self.then_has(&[
                    "listed",
                    "shown",
                    "found",
                    "exist",
                    "exists",
                    "available",
                    "appears",
                    "appear",
                    "visible",
                    "displayed",
                    "list",
                ]);
        let able = self.then_has(&["can"]) && self.acts(Some(false)).contains(&Act::Delete);
        (deletes && (gone || able) && !self.then_has(&["cannot", "only"]))
            .then(|| (CriterionCheck::Deleted { entity: self.entity.name.clone() }, cover(&[DELETING, LISTING])))
    }

    fn transition(&self) -> Option<(CriterionCheck, Covered)> {
        let values = self.values();
        let [(field, value)] = values.as_slice() else { return None };
        let in_then = says(&self.then().cloned().collect::<Vec<_>>(), value);
        let sets = self.then_has(&["is", "becomes", "changes", "set", "has", "shows", "marked", "shown"]);
        let acted = self.acts(Some(true)).iter().any(|a| matches!(a, Act::Transition(_) | Act::Mark | Act::Update));
        let by_itself = self.then_has(&["status", "state"]) && self.then_has(&["becomes", "changes", "set"]);
        (in_then && sets && (acted || by_itself) && !self.has(&["not", "no", "never", "nobody", "only", "cannot"]))
            .then(|| {
                let check = CriterionCheck::Transitioned {
                    entity: self.entity.name.clone(),
                    field: field.name.clone(),
                    to: (*value).clone(),
                };
                let mut covered = cover(&[TRANSITIONS]);
                covered.extend(self.made());
                covered.extend(value.split('_').map(str::to_owned));
                (check, covered)
            })
    }

    fn listing(&self) -> Option<(CriterionCheck, Covered)> {
        if self.has(&["no", "not", "never", "nobody", "longer", "cannot"]) {
            return None;
        }
        let entity = self.entity.name.clone();
        let filters = self.has(&["filter", "filters", "filtered", "filtering", "search", "searches", "searching"]);
        let only = self.then_has(&["only", "matching", "match"]);
        let field = self.only_field().or_else(|| match self.values().as_slice() {
            [(field, _)] => Some(*field),
            _ => None,
        });
        let showing = self.then_has(&[
            "shown",
            "listed",
            "shows",
            "see",
            "sees",
            "lists",
            "appear",
            "appears",
            "displayed",
            "returned",
            "contains",
            "visible",
        ]) || self.acts(Some(false)).iter().any(|a| matches!(a, Act::Show | Act::Search));
        if (filters || only) && showing {
            let field = field?;
            let mut covered = cover(&[LISTING, FILTERING]);
            covered.extend(self.values().into_iter().flat_map(|(_, v)| v.split('_').map(str::to_owned)));
            if field.kind == FieldKind::Date {
                covered.extend(["day".to_owned(), "days".to_owned()]);
            }
            return Some((CriterionCheck::Filtered { entity, field: field.name.clone() }, covered));
        }
        let several = self.has(&["list", "lists", "listed", "overview", "all"]) || self.names_several();
        let listed = several && showing && self.fields().is_empty();
        // Which ones are picked out the test can't tell; that there are two it makes so itself.
        listed.then(|| (CriterionCheck::Listed { entity }, cover(&[LISTING, ENTERING, "two both several"])))
    }

    fn change(&self) -> Option<(CriterionCheck, Covered)> {
        let acts = self.acts(Some(true));
        let changes = acts.contains(&Act::Update) && !acts.contains(&Act::Delete);
        let shown = self.then_has(&[
            "saved", "stored", "updated", "changed", "shows", "shown", "new", "visible", "has", "see", "sees",
        ]) || self.acts(Some(false)).contains(&Act::Update);
        if !changes || !shown || self.has(&["no", "not", "never", "nobody", "cannot", "only"]) {
            return None;
        }
        // the test changes one field: the one that is named, and any where none is
        let field = match self.fields().as_slice() {
            [] => None,
            [only] => Some(only.name.clone()),
            _ => return None,
        };
        let covered = self.and_words_of(Act::Update, cover(&[CHANGING, ENTERING, LISTING]));
        Some((CriterionCheck::Updated { entity: self.entity.name.clone(), field }, covered))
    }

    /// "A customer has a name and an e-mail address": a record with all of them can be made and read.
    fn composition(&self) -> Option<(CriterionCheck, Covered)> {
        let then: Vec<Word<'_>> = self.then().cloned().collect();
        let (at, length) = find(&then, &self.entity.name)?;
        let has = then.get(at + length).is_some_and(|w| {
            matches!(
                w.lower.as_str(),
                "has"
                    | "have"
                    | "contains"
                    | "includes"
                    | "consists"
                    | "must"
                    | "may"
                    | "can"
                    | "belongs"
                    | "refers"
                    | "comes"
            )
        });
        let lists = has && at < 2 && !self.fields_in(&then).is_empty();
        lists.then(|| {
            let covered = cover(&[
                "has have contains contain includes include consists must may can also belongs belong refers refer",
                "to comes come one exactly single",
            ]);
            (CriterionCheck::CreateAndRead { entity: self.entity.name.clone() }, self.own_event(covered))
        })
    }

    /// "The booking is viewed": one record is read.
    fn reading(&self) -> Option<(CriterionCheck, Covered)> {
        let shows = |before| self.acts(Some(before)).contains(&Act::Show);
        let one = !self.names_several()
            && !self.has(&["all", "list", "lists", "no", "not", "never", "nobody", "cannot", "only"]);
        (one && shows(true) && shows(false) && self.fields().is_empty()).then(|| {
            (CriterionCheck::CreateAndRead { entity: self.entity.name.clone() }, cover(&[LISTING, "details detail"]))
        })
    }

    /// Whether the words name several records of the entity.
    fn names_several(&self) -> bool {
        let last = self.entity.name.rsplit('_').next().unwrap_or_default();
        self.all.iter().any(|w| w.lower != last && singular(&w.lower) == last && is_plural(&w.lower))
    }

    /// Words of the state before that only say that the record was made: "a booked appointment".
    fn made(&self) -> impl Iterator<Item = String> {
        let given = self.all.iter().take_while(|w| w.at.start < self.given_to);
        given.filter(|w| is_done(w, Act::Create)).map(|w| w.lower.clone())
    }

    /// Adds the words of the text that are forms of a verb that does this.
    fn and_words_of(&self, wanted: Act, mut covered: Covered) -> Covered {
        let forms = self.all.iter().filter(|w| is_done(w, wanted));
        covered.extend(forms.map(|w| w.lower.clone()));
        covered
    }

    fn creation(&self) -> Option<(CriterionCheck, Covered)> {
        let creates = self.acts(Some(true)).contains(&Act::Create);
        let kept = self.then_has(&[
            "saved",
            "stored",
            "created",
            "recorded",
            "added",
            "appears",
            "shown",
            "exists",
            "listed",
            "kept",
            "registered",
        ]) || self.then().any(|w| is_done(w, Act::Create));
        (creates && kept && !self.has(&["no", "not", "never", "nobody", "cannot", "only", "without"])).then(|| {
            let covered = self.and_words_of(Act::Create, cover(&[ENTERING, LISTING]));
            (CriterionCheck::CreateAndRead { entity: self.entity.name.clone() }, covered)
        })
    }

    fn is_name(&self, word: &Word<'_>) -> bool {
        let lower = singular(word.lower.trim_end_matches("'s"));
        let names =
            std::iter::once(self.entity.name.as_str()).chain(self.entity.fields.iter().map(|f| f.name.as_str()));
        names.flat_map(|n| n.split('_')).any(|part| part == lower || part == word.lower)
    }

    /// The words that neither the check nor a name covers.
    fn uncovered(&self, covered: &Covered, several: bool) -> Vec<&'a str> {
        let several = several || covered.contains("only");
        let common = |w: &str| {
            // "their own bookings" picks records out, which a list does not do by itself.
            let owner = is_own(w) || matches!(w, "their" | "his" | "her");
            if owner { !several } else { is_determiner(w) || is_filler(w) || COMMON.split_whitespace().any(|c| c == w) }
        };
        let mut seen = BTreeSet::new();
        self.all
            .iter()
            .filter(|w| {
                let lower = w.lower.as_str();
                let number = constraint::number(lower).is_some() && covered.contains("#");
                !(common(lower)
                    || covered.contains(lower)
                    || number
                    || self.is_name(w)
                    || self.role.contains(&singular(lower)))
            })
            .filter(|w| seen.insert(w.lower.clone()))
            .map(|w| w.text)
            .collect()
    }
}

/// Whether the word is a form of such a verb that is no noun: "booked", "books", not "order".
fn is_done(word: &Word<'_>, wanted: Act) -> bool {
    base_form(&word.lower).is_some_and(|verb| verb != word.lower && act(&verb) == Some(wanted))
        && (word.lower.ends_with("ed") || matches!(word.lower.as_str(), "made" | "written" | "kept"))
}

/// The units that stand after numbers, and "percentage".
fn units<'w>(words: &'w [Word<'_>]) -> impl Iterator<Item = String> + 'w {
    let each = (0..words.len()).flat_map(|at| words.get(at..at + constraint::each_at(words, at)).unwrap_or_default());
    let verbs = words.iter().filter(|w| super::statement::measured_by(&w.lower).is_some());
    let more: Vec<String> = each.chain(verbs).map(|w| w.lower.clone()).collect();
    let is_unit = |at: &usize| {
        let before = at.checked_sub(1).and_then(|before| words.get(before));
        words.get(*at).is_some_and(|w| {
            w.lower == "percentage"
                || Unit::named(&w.lower).is_some() && before.is_some_and(|b| constraint::number(&b.lower).is_some())
        })
    };
    (0..words.len()).filter(is_unit).filter_map(|at| words.get(at)).map(|w| w.lower.clone()).chain(more)
}

fn cover(lists: &[&'static str]) -> Covered {
    lists.iter().flat_map(|list| list.split_whitespace().map(str::to_owned)).collect()
}

/// Whether the field's limits are exactly those that are said.
fn limits_are(said: &constraint::Constraint, field: &Field) -> bool {
    let (min, max, step) = match &field.kind {
        FieldKind::Text { min, max } => (Some(i64::from(*min) * 100), Some(i64::from(*max) * 100), 100),
        FieldKind::Integer { min, max } => {
            (min.and_then(|m| m.checked_mul(100)), max.and_then(|m| m.checked_mul(100)), 100)
        }
        FieldKind::Decimal { min, max } => (*min, *max, 1),
        _ => return false,
    };
    let least = said.min.map(|n| if said.above { n + step } else { n });
    let most = said.max.map(|n| if said.below { n - step } else { n });
    (least.is_some() || most.is_some()) && least.is_none_or(|n| min == Some(n)) && most.is_none_or(|n| max == Some(n))
}

/// Whether every number among the words is a limit of the field (or just outside it).
fn limits_hold(words: &[Word<'_>], field: &Field) -> bool {
    let (min, max) = match &field.kind {
        FieldKind::Text { min, max } => (Some(i64::from(*min) * 100), Some(i64::from(*max) * 100)),
        FieldKind::Integer { min, max } => (min.and_then(|m| m.checked_mul(100)), max.and_then(|m| m.checked_mul(100))),
        FieldKind::Decimal { min, max } => (*min, *max),
        _ => return false,
    };
    let signed = words.iter().any(|w| matches!(w.lower.as_str(), "negative" | "positive"));
    let numbers: Vec<i64> = (0..words.len()).filter_map(|i| constraint::number_at(words, i).map(|(n, _)| n)).collect();
    if numbers.is_empty() {
        return signed && min.is_some_and(|m| m >= 0);
    }
    numbers.iter().all(|n| Some(*n) == min || Some(*n) == max || signed && *n == 0)
}
