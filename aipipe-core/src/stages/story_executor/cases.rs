//! The tests of a story: one for each criterion that can be checked, and the usual ones for its operations.

use super::entered::{Entered, entered};
use super::literals::one_line;
use super::samples::{boundary, sample};
use super::served::{References, Served, ServedEntity};
use super::transitions::TransitionView;
use super::view::{EntityView, FieldView, ReferrerView, is_searched};
use crate::domain::{
    AcceptanceCriterion, CriterionCheck, CriterionId, Field, FieldKind, OperationKind, StoryPlan, UncheckedCriterion,
    UserStory, slugify,
};
use crate::stacks::{Language, Surface};
use serde::Serialize;
use std::collections::BTreeSet;

/// One test for the templates; `kind` selects the body.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Case {
    pub(super) kind: &'static str,
    /// The test's name: the criterion in words, or what the operation does.
    pub(super) name: String,
    /// What the Python function's name tells.
    #[serde(skip)]
    outcome: String,
    /// The Python function.
    pub(super) function: String,
    pub(super) entity: EntityView,
    pub(super) field: Option<FieldView>,
    pub(super) transition: Option<TransitionView>,
    /// Expressions of values that are taken.
    pub(super) accepted: Vec<String>,
    /// Expressions of values that are refused.
    pub(super) refused: Vec<String>,
    /// The same as people meet them on pages.
    pub(super) entered: Entered,
    /// Two different values for the field.
    pub(super) values: Vec<String>,
    /// A part of the first of them in capitals, which is not in the second.
    pub(super) search: Option<String>,
    /// What keeps the record from being removed.
    pub(super) referrer: Option<ReferrerView>,
    /// The story's own operations on one record, in a case about records that do not exist.
    pub(super) operations: Vec<&'static str>,
    /// The addresses of the story's own transitions, in such a case.
    pub(super) slugs: Vec<String>,
    #[serde(skip)]
    pub(super) criterion: Option<CriterionId>,
}

/// The tests of one story and the criteria that have none.
#[derive(Debug)]
pub(super) struct StoryCases {
    pub(super) cases: Vec<Case>,
    pub(super) unchecked: Vec<UncheckedCriterion>,
}

/// What the cases of a story are made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cases<'a> {
    pub(super) language: Language,
    pub(super) surface: Surface,
    pub(super) served: &'a Served<'a>,
    pub(super) references: &'a References<'a>,
    /// The entities it mentions; of others its tests know nothing.
    pub(super) views: &'a [&'a EntityView],
}

impl<'a> Cases<'a> {
    /// The cases of `story`.
    pub(super) fn of(&self, story: &UserStory, plan: &StoryPlan) -> StoryCases {
        let mut cases = Vec::new();
        let mut unchecked = Vec::new();
        for criterion in &story.criteria {
            let case = match plan.checks.get(&criterion.id) {
                Some(check) => self.check(check),
                None => Err("the plan has no check for it".to_owned()),
            };
            match case {
                Ok(mut case) => {
                    case.name = sentence(criterion);
                    case.outcome = one_line(&criterion.then);
                    case.criterion = Some(criterion.id.clone());
                    cases.push(case);
                }
                Err(reason) => unchecked.push(UncheckedCriterion { criterion: criterion.id.clone(), reason }),
            }
        }
        self.add_usual(plan, &mut cases);
        name_apart(story, &mut cases);
        StoryCases { cases, unchecked }
    }

    /// The case that checks a criterion, or why there is none.
    fn check(&self, check: &CriterionCheck) -> Result<Case, String> {
        match check {
            CriterionCheck::CreateAndRead { entity } => self.case("create_and_read", entity),
            CriterionCheck::Required { entity, field } => {
                let case = self.field_case("required", entity, field)?;
                let case = self.if_so(case, |_, field| field.required, "the plan does not require the field")?;
                self.if_so(case, |_, field| field.initial.is_none(), "a new record starts with a value")
            }
            CriterionCheck::Limits { entity, field } => self.limits(entity, field),
            CriterionCheck::Unique { entity, field } => {
                let case = self.field_case("unique", entity, field)?;
                let case = self.if_so(case, |_, field| field.unique, "the plan does not hold the field unique")?;
                self.with_single_record(case)
            }
            CriterionCheck::Listed { entity } => {
                let mut case = self.case("listed", entity)?;
                case.values = self.second_record(entity);
                self.if_so(case, |entity, _| !entity.list.is_empty(), "listing is not served")
            }
            CriterionCheck::Filtered { entity, field } => {
                let case = self.field_case("filtered", entity, field)?;
                let case = self.if_so(case, |entity, _| !entity.list.is_empty(), "listing is not served")?;
                let case = self.if_so(
                    case,
                    |served, _| self.has_second_record(&served.entity.name),
                    "a unique field has one value only",
                )?;
                self.with_values(case, "the field has no two values to tell records apart by")
            }
            CriterionCheck::Updated { entity, field } => {
                let case = self.case("updated", entity)?;
                let case = self.if_so(case, |entity, _| !entity.update.is_empty(), "changing is not served")?;
                self.with_change(case, field.as_deref())
                    .ok_or_else(|| "no field has a second value to change to".to_owned())
            }
            CriterionCheck::Deleted { entity } => {
                let case = self.case("deleted", entity)?;
                self.if_so(case, |entity, _| !entity.delete.is_empty(), "removing is not served")
            }
            CriterionCheck::Transitioned { entity, field, to } => self
                .transitioned(entity, field, to)
                .ok_or_else(|| "the transition is not served, or leads to the only value there is".to_owned()),
            CriterionCheck::Unmapped { reason } => Err(reason.clone()),
        }
    }

    fn view(&self, entity: &str) -> Option<&'a EntityView> {
        self.views.iter().find(|view| view.name == entity).copied()
    }

    fn entity(&self, name: &str) -> Option<&'a ServedEntity<'a>> {
        self.view(name).and_then(|view| self.served.entity(&view.name))
    }

    fn case(&self, kind: &'static str, entity: &str) -> Result<Case, String> {
        let view = self.view(entity).ok_or_else(|| format!("no records of {} can be made yet", one_line(entity)))?;
        Ok(Case {
            kind,
            name: String::new(),
            outcome: String::new(),
            function: String::new(),
            entity: view.clone(),
            field: None,
            transition: None,
            accepted: Vec::new(),
            refused: Vec::new(),
            entered: Entered::default(),
            values: Vec::new(),
            search: None,
            referrer: None,
            operations: Vec::new(),
            slugs: Vec::new(),
            criterion: None,
        })
    }

    fn field_case(&self, kind: &'static str, entity: &str, field: &str) -> Result<Case, String> {
        let mut case = self.case(kind, entity)?;
        let position = self
            .entity(entity)
            .and_then(|served| served.entity.fields.iter().position(|known| known.name == field))
            .ok_or_else(|| format!("{} has no field {}", one_line(entity), one_line(field)))?;
        case.field = case.entity.fields.get(position).cloned();
        Ok(case)
    }

    /// The field a case is about, as the plan has it.
    pub(super) fn source(&self, case: &Case) -> Option<(&ServedEntity<'a>, &'a Field)> {
        let served = self.entity(&case.entity.name)?;
        let wanted = case.field.as_ref()?;
        let position = case.entity.fields.iter().position(|field| field.key == wanted.key)?;
        Some((served, served.entity.fields.get(position)?))
    }

    fn if_so(
        &self,
        case: Case,
        holds: impl Fn(&ServedEntity<'a>, &FieldView) -> bool,
        reason: &str,
    ) -> Result<Case, String> {
        let field = case.field.as_ref().or_else(|| case.entity.fields.first());
        let so = self.entity(&case.entity.name).zip(field).is_some_and(|(entity, field)| holds(entity, field));
        if so { Ok(case) } else { Err(format!("{} ({})", reason, case.entity.words)) }
    }

    fn limits(&self, entity: &str, field: &str) -> Result<Case, String> {
        let mut case = self.field_case("limits", entity, field)?;
        let (served, source) = self.source(&case).ok_or("the field is not served")?;
        let is_checked = self.references.is_checked(served.entity, source);
        let boundary = boundary(self.language, source, is_checked);
        case.entered = entered(source, is_checked, boundary.clone());
        (case.accepted, case.refused) = (boundary.accepted, boundary.refused);
        if self.surface == Surface::Browser {
            // Whatever is typed is text, and what is left empty is no value.
            let is_text = matches!(source.kind, FieldKind::Text { .. });
            case.refused.retain(|value| (!is_text || value.starts_with('"')) && (source.required || value != "\"\""));
        }
        Ok(case)
    }

    /// A second record that differs in all but one field needs every other unique field to have a second value; where one
    /// has a single value only, the check can't tell which field was refused.
    fn with_single_record(&self, case: Case) -> Result<Case, String> {
        let (served, field) = self.source(&case).ok_or("the field is not served")?;
        let single = served
            .entity
            .fields
            .iter()
            .find(|other| other.unique && other.name != field.name && sample(self.language, other, 1).is_none());
        match single {
            Some(other) => Err(format!("{} is unique too and has one value only", other.name)),
            None if self.references.is_checked(served.entity, field)
                && !self.references.is_made(served.entity, field) =>
            {
                Err(format!("{} refers in a circle, so no test record has it", field.name))
            }
            None => Ok(case),
        }
    }

    /// The name of a second record in a test, where there can be one.
    fn second_record(&self, entity: &str) -> Vec<String> {
        self.has_second_record(entity).then(|| "second".to_owned()).into_iter().collect()
    }

    /// Whether two records can be there at once: every unique field has a second value.
    fn has_second_record(&self, entity: &str) -> bool {
        self.entity(entity).is_some_and(|served| {
            served.entity.fields.iter().all(|field| !field.unique || sample(self.language, field, 1).is_some())
        })
    }

    fn with_values(&self, mut case: Case, reason: &str) -> Result<Case, String> {
        let (_, field) = self.source(&case).ok_or("the field is not served")?;
        if case.field.as_ref().is_some_and(|field| field.target.is_some()) {
            return Ok(case);
        }
        let (Some(first), Some(second)) = (sample(self.language, field, 0), sample(self.language, field, 1)) else {
            return Err(reason.to_owned());
        };
        if is_searched(&field.kind) {
            case.search = search(self.language, &first, &second);
        }
        case.values = vec![first, second];
        Ok(case)
    }

    /// Chooses the field to change: the wanted one, else the first that has a second value and is no checked reference.
    fn with_change(&self, mut case: Case, wanted: Option<&str>) -> Option<Case> {
        let served = self.entity(&case.entity.name)?;
        let usable = |field: &Field| {
            wanted.is_none_or(|wanted| field.name == wanted) && !self.references.is_checked(served.entity, field)
        };
        let (position, field) = served
            .entity
            .fields
            .iter()
            .enumerate()
            .find(|(_, field)| usable(field) && sample(self.language, field, 1).is_some())?;
        case.field = case.entity.fields.get(position).cloned();
        case.values = vec![sample(self.language, field, 1)?];
        Some(case)
    }

    fn transitioned(&self, entity: &str, field: &str, to: &str) -> Option<Case> {
        let mut case = self.field_case("transitioned", entity, field).ok()?;
        let key = case.field.as_ref()?.key.clone();
        case.transition =
            Some(case.entity.transitions.iter().find(|known| known.key == key && known.to == to)?.clone());
        // A record that has the value already would prove nothing: begin with another one, where there is one.
        let (_, source) = self.source(&case)?;
        if let FieldKind::Enumeration { values } = &source.kind {
            case.values =
                values.iter().find(|value| *value != to).map(|value| self.language.text(value)).into_iter().collect();
        }
        if self.surface == Surface::Browser && case.values.is_empty() {
            // A page offers no way to the value a record has: begin without one, where the field may be empty.
            if source.required {
                return None;
            }
            case.values = vec!["null".to_owned()];
        }
        Some(case)
    }

    /// Adds what every service's operations are tested for, where no criterion does it already.
    fn add_usual(&self, plan: &StoryPlan, cases: &mut Vec<Case>) {
        // Reading one record comes with the story that makes it, unless it or another story asks for it.
        let reads_with_create = |entity: &str| {
            let asked = plan.operations.iter().any(|known| known.entity == entity && known.kind == OperationKind::View);
            !asked && self.entity(entity).is_some_and(|served| served.view.contains(&&plan.story))
        };
        let mut seen = BTreeSet::new();
        let mut works_on_one = BTreeSet::new();
        for operation in &plan.operations {
            let entity = operation.entity.as_str();
            let Some((view, served)) = self.view(entity).zip(self.entity(entity)) else { continue };
            let an = &view.with_article;
            let mut add = |case: Result<Case, String>, name: String| {
                // A case that can't be made here (a field with a single value) is no loss: nothing asked for it.
                let Ok(mut case) = case else { return };
                let same = |known: &Case| {
                    known.kind == case.kind
                        && known.entity.name == case.entity.name
                        && (case.kind == "updated"
                            || known.field.as_ref().map(|field| &field.key)
                                == case.field.as_ref().map(|field| &field.key))
                        && known.referrer.as_ref().map(|r| &r.name) == case.referrer.as_ref().map(|r| &r.name)
                        && known.transition.as_ref().map(|t| &t.slug) == case.transition.as_ref().map(|t| &t.slug)
                };
                if !cases.iter().any(same) && seen.insert(name.clone()) {
                    case.name = name;
                    cases.push(case);
                }
            };
            let fields = || served.entity.fields.iter();
            match &operation.kind {
                OperationKind::Create => {
                    if reads_with_create(entity) {
                        works_on_one.insert(entity);
                    }
                    add(
                        self.check(&CriterionCheck::CreateAndRead { entity: entity.to_owned() }),
                        format!("makes {an} that can be read back"),
                    );
                    // A box that is not ticked says no: a form gives no other value.
                    let can_lack = |field: &FieldView| self.surface == Surface::Http || field.kind != "boolean";
                    if view.required.iter().any(can_lack) {
                        add(self.case("empty_refused", entity), format!("refuses {an} without its required fields"));
                    }
                    for field in fields().filter(|field| field.initial.is_some()) {
                        let name = format!("starts {an} with the {} it begins with", field.name.replace('_', " "));
                        add(self.field_case("initial", entity, &field.name), name);
                    }
                    for field in fields().filter(|field| field.unique) {
                        let check = CriterionCheck::Unique { entity: entity.to_owned(), field: field.name.clone() };
                        add(
                            self.check(&check),
                            format!("refuses a second {} with the same {}", view.words, field.name.replace('_', " ")),
                        );
                    }
                    for field in fields().filter(|field| self.references.is_checked(served.entity, field)) {
                        let check = CriterionCheck::Limits { entity: entity.to_owned(), field: field.name.clone() };
                        add(
                            self.check(&check),
                            format!("refuses {an} with an unknown {}", field.name.replace('_', " ")),
                        );
                    }
                }
                OperationKind::List { filters } => {
                    add(
                        self.check(&CriterionCheck::Listed { entity: entity.to_owned() }),
                        format!("lists {}", view.plural_words),
                    );
                    let paged = self.case("paged", entity).map(|mut case| {
                        case.values = self.second_record(entity);
                        case
                    });
                    add(paged, format!("lists {} page by page", view.plural_words));
                    for field in filters {
                        let check = CriterionCheck::Filtered { entity: entity.to_owned(), field: field.clone() };
                        add(self.check(&check), format!("lists {} by {}", view.plural_words, field.replace('_', " ")));
                    }
                }
                OperationKind::View => {
                    add(
                        self.check(&CriterionCheck::CreateAndRead { entity: entity.to_owned() }),
                        format!("reads {an}"),
                    );
                    works_on_one.insert(entity);
                }
                OperationKind::Update => {
                    add(
                        self.check(&CriterionCheck::Updated { entity: entity.to_owned(), field: None }),
                        format!("changes {an}"),
                    );
                    for field in fields().filter(|field| field.unique) {
                        let case = self
                            .field_case("update_unique", entity, &field.name)
                            .and_then(|case| self.with_single_record(case));
                        add(case, format!("refuses to give {an} the {} of another", field.name.replace('_', " ")));
                    }
                    works_on_one.insert(entity);
                }
                OperationKind::Delete => {
                    add(self.check(&CriterionCheck::Deleted { entity: entity.to_owned() }), format!("removes {an}"));
                    for referrer in view.referrers.iter().filter(|referrer| referrer.made_key.is_some()) {
                        let case = self.case("held", entity).map(|mut case| {
                            case.referrer = Some(referrer.clone());
                            case
                        });
                        let referring = &referrer.with_article;
                        add(case, format!("refuses to remove {an} while {referring} refers to it"));
                    }
                    works_on_one.insert(entity);
                }
                OperationKind::Transition { field, to } => {
                    let check = CriterionCheck::Transitioned {
                        entity: entity.to_owned(),
                        field: field.clone(),
                        to: to.clone(),
                    };
                    add(
                        self.check(&check),
                        format!("sets the {} of {an} to {}", field.replace('_', " "), one_line(to)),
                    );
                    works_on_one.insert(entity);
                }
            }
        }
        for entity in works_on_one {
            let Ok(mut case) = self.case("unknown", entity) else { continue };
            for operation in plan.operations.iter().filter(|operation| operation.entity == entity) {
                match &operation.kind {
                    OperationKind::View => case.operations.push("view"),
                    OperationKind::Create if reads_with_create(entity) => case.operations.push("view"),
                    OperationKind::Update => case.operations.push("update"),
                    OperationKind::Delete => case.operations.push("delete"),
                    OperationKind::Transition { field, to } => {
                        if let Some(slug) = self.transitioned(entity, field, to).and_then(|case| case.transition) {
                            case.slugs.push(slug.slug);
                        }
                    }
                    OperationKind::Create | OperationKind::List { .. } => {}
                }
            }
            case.name = format!("says so when {} does not exist", case.entity.with_article);
            cases.push(case);
        }
    }
}

/// A part of `first` in capitals that finds it and not `second`, all three as literals.
fn search(language: Language, first: &str, second: &str) -> Option<String> {
    let [first, second] = [first, second].map(|literal| serde_json::from_str::<String>(literal).ok());
    let (first, second) = (first?, second?.to_lowercase());
    let mut without_last = first.chars();
    without_last.next_back();
    let mut without_first = first.chars();
    without_first.next();
    [without_last.as_str(), without_first.as_str(), first.as_str()]
        .into_iter()
        .map(str::trim)
        .find(|part| !part.is_empty() && !second.contains(&part.to_lowercase()))
        .map(|part| language.text(&part.to_uppercase()))
}

/// The criterion as one sentence.
fn sentence(criterion: &AcceptanceCriterion) -> String {
    let part = |word: &str, text: &str| {
        let text = one_line(text);
        (!text.is_empty()).then(|| format!("{word} {text}"))
    };
    let parts = [part("given", &criterion.given), part("when", &criterion.when), part("then", &criterion.then)];
    let sentence = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if sentence.is_empty() { "holds its acceptance criterion".to_owned() } else { sentence }
}

/// Puts the story's id into every name and makes names unique within the file.
fn name_apart(story: &UserStory, cases: &mut [Case]) {
    let (mut names, mut functions) = (BTreeSet::new(), BTreeSet::new());
    let id = story.id.as_str().replace('-', "_");
    for case in cases {
        let name = format!("{}: {}", story.id, case.name);
        let outcome = if case.outcome.is_empty() { &case.name } else { &case.outcome };
        let function = format!("test_{id}_{}", slugify(outcome, 60).replace('-', "_"));
        let function = function.trim_end_matches('_').to_owned();
        (case.name, case.function) = (name.clone(), function.clone());
        let mut number = 2;
        while names.contains(&case.name) {
            case.name = format!("{name} ({number})");
            number += 1;
        }
        let mut number = 2;
        while functions.contains(&case.function) {
            case.function = format!("{function}_{number}");
            number += 1;
        }
        names.insert(case.name.clone());
        functions.insert(case.function.clone());
    }
}
