//! Which generated test can show that a criterion holds. A check is chosen only when it checks all that the words say.

use super::constraint;
use super::lexicon::{Act, act, base_form, is_determiner, is_filler, is_own};
use super::naming::{singular, snake};
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
    let Some(entity) = subject(&all, operations, entities) else {
        return unmapped("it names no single thing that a record is kept of".to_owned());
    };
    let reading = Reading::of(&all, then_from, entity, story);
    let Some((check, covered)) = reading.check() else {
        return unmapped("no rule tells how it could be checked".to_owned());
    };
    let left = reading.uncovered(&covered);
    if left.is_empty() { check } else { unmapped(format!("no rule covers “{}”", left.join("”, “"))) }
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
    then_from: usize,
    entity: &'a Entity,
    role: Vec<String>,
}

/// Words of a criterion that a check covers, besides articles and the entity's own names.
type Covered = BTreeSet<String>;

impl<'a> Reading<'a> {
    fn of(all: &'a [Word<'a>], then_from: usize, entity: &'a Entity, story: &UserStory) -> Self {
        let role = story.role.split_whitespace().map(|w| singular(&w.to_lowercase())).collect();
        Self { all, then_from, entity, role }
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

    /// The fields that the text names; "number of bikes" names no `bike`.
    fn fields(&self) -> Vec<&'a Field> {
        let found: Vec<(&Field, (usize, usize))> =
            self.entity.fields.iter().filter_map(|f| find(self.all, &f.name).map(|place| (f, place))).collect();
        let within = |(start, length): (usize, usize)| {
            found.iter().any(|(_, (s, l))| *l > length && *s <= start && start + length <= s + l)
        };
        found.iter().filter(|(_, place)| !within(*place)).map(|(field, _)| *field).collect()
    }

    fn only_field(&self) -> Option<&'a Field> {
        match self.fields().as_slice() {
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
            .or_else(|| self.creation())
    }

    fn refusal(&self) -> Option<(CriterionCheck, Covered)> {
        let refused = self.then_has(&REFUSED.split_whitespace().collect::<Vec<_>>())
            || self.then_has(&["not", "cannot", "can't"])
                && self.then_has(&["saved", "created", "added", "accepted", "stored", "possible"]);
        let rule = self.then_has(&["must", "is", "should", "shall", "has", "are", "can", "cannot", "may", "needs"]);
        let said = constraint::read(&self.all.iter().filter(|w| !self.is_name(w)).cloned().collect::<Vec<_>>());
        let field = self.only_field()?;
        let (entity, name) = (self.entity.name.clone(), field.name.clone());
        let missing = self.has(&["without", "missing", "empty", "blank", "omitted"]);
        if missing && refused || rule && said.required == Some(true) && !refused {
            let covered = cover(&[REFUSED, MISSING, ENTERING, "not saved created added accepted stored"]);
            return field.required.then_some((CriterionCheck::Required { entity, field: name }, covered));
        }
        let again = self.has(&["already", "same", "duplicate", "twice", "second", "existing", "exists", "taken"]);
        if again && refused || rule && said.unique && !refused {
            let covered = cover(&[REFUSED, AGAIN, ENTERING, "not saved created added accepted stored unique"]);
            return field.unique.then_some((CriterionCheck::Unique { entity, field: name }, covered));
        }
        let limited = said.min.is_some() || said.max.is_some() || self.has(&["negative"]);
        let form = self.has(&["invalid", "malformed", "valid"])
            && matches!(
                field.kind,
                FieldKind::Email | FieldKind::Phone | FieldKind::Date | FieldKind::DateTime | FieldKind::Time
            );
        if (refused || rule) && (limited && self.limits_hold(field) || form) {
            let covered =
                cover(&[REFUSED, LIMITS, ENTERING, "not saved created added accepted stored invalid malformed valid"]);
            return Some((CriterionCheck::Limits { entity, field: name }, covered));
        }
        None
    }

    /// Whether every number of the text is a limit of the field (or just outside it).
    fn limits_hold(&self, field: &Field) -> bool {
        let (min, max) = match &field.kind {
            FieldKind::Text { min, max } => (Some(i64::from(*min) * 100), Some(i64::from(*max) * 100)),
            FieldKind::Integer { min, max } => {
                (min.and_then(|m| m.checked_mul(100)), max.and_then(|m| m.checked_mul(100)))
            }
            FieldKind::Decimal { min, max } => (*min, *max),
            _ => return false,
        };
        let numbers: Vec<i64> =
            (0..self.all.len()).filter_map(|i| constraint::number_at(self.all, i).map(|(n, _)| n)).collect();
        if numbers.is_empty() {
            return self.has(&["negative", "positive"]) && min.is_some_and(|m| m >= 0);
        }
        let word_below = self.has(&["positive", "negative"]);
        numbers.iter().all(|n| Some(*n) == min || Some(*n) == max || word_below && *n == 0)
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
        (deletes && gone)
            .then(|| (CriterionCheck::Deleted { entity: self.entity.name.clone() }, cover(&[DELETING, LISTING])))
    }

    fn transition(&self) -> Option<(CriterionCheck, Covered)> {
        let values = self.values();
        let [(field, value)] = values.as_slice() else { return None };
        let in_then = says(&self.then().cloned().collect::<Vec<_>>(), value);
        let sets = self.then_has(&["is", "becomes", "changes", "set", "has", "shows", "marked", "shown"]);
        let acted = self.acts(Some(true)).iter().any(|a| matches!(a, Act::Transition(_) | Act::Mark | Act::Update));
        let by_itself = self.then_has(&["status", "state"]) && self.then_has(&["becomes", "changes", "set"]);
        (in_then && sets && (acted || by_itself) && !self.has(&["not", "no", "only", "cannot"])).then(|| {
            let check = CriterionCheck::Transitioned {
                entity: self.entity.name.clone(),
                field: field.name.clone(),
                to: (*value).clone(),
            };
            let mut covered = cover(&[TRANSITIONS]);
            covered.extend(value.split('_').map(str::to_owned));
            (check, covered)
        })
    }

    fn listing(&self) -> Option<(CriterionCheck, Covered)> {
        if self.has(&["no", "not", "longer", "cannot"]) {
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
        ]);
        if (filters || only) && showing {
            let field = field?;
            let mut covered = cover(&[LISTING, FILTERING]);
            covered.extend(self.values().into_iter().flat_map(|(_, v)| v.split('_').map(str::to_owned)));
            return Some((CriterionCheck::Filtered { entity, field: field.name.clone() }, covered));
        }
        let listed = self.has(&["list", "lists", "listed", "overview", "all"]) && showing && self.fields().is_empty();
        listed.then(|| (CriterionCheck::Listed { entity }, cover(&[LISTING, ENTERING])))
    }

    fn change(&self) -> Option<(CriterionCheck, Covered)> {
        let acts = self.acts(Some(true));
        let changes = acts.contains(&Act::Update) && !acts.contains(&Act::Delete);
        let shown = self.then_has(&[
            "saved", "stored", "updated", "changed", "shows", "shown", "new", "visible", "has", "see", "sees",
        ]);
        (changes && shown && !self.has(&["no", "not", "cannot", "only"])).then(|| {
            (CriterionCheck::Updated { entity: self.entity.name.clone() }, cover(&[CHANGING, ENTERING, LISTING]))
        })
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
        ]);
        (creates && kept && !self.has(&["no", "not", "cannot", "only", "without"]))
            .then(|| (CriterionCheck::CreateAndRead { entity: self.entity.name.clone() }, cover(&[ENTERING, LISTING])))
    }

    fn is_name(&self, word: &Word<'_>) -> bool {
        let lower = singular(word.lower.trim_end_matches("'s"));
        let names =
            std::iter::once(self.entity.name.as_str()).chain(self.entity.fields.iter().map(|f| f.name.as_str()));
        names.flat_map(|n| n.split('_')).any(|part| part == lower || part == word.lower)
    }

    /// The words that neither the check nor a name covers.
    fn uncovered(&self, covered: &Covered) -> Vec<&'a str> {
        let several = covered.contains("only") || covered.contains("list");
        let common = |w: &str| {
            // "their own bookings" picks records out, which a list does not do by itself.
            let owner = is_own(w) || matches!(w, "their" | "his" | "her");
            if owner { !several } else { is_determiner(w) || is_filler(w) || COMMON.split_whitespace().any(|c| c == w) }
        };
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
            .map(|w| w.text)
            .collect()
    }
}

fn cover(lists: &[&'static str]) -> Covered {
    lists.iter().flat_map(|list| list.split_whitespace().map(str::to_owned)).collect()
}
