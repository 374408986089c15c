//! The property tests of a story: for each criterion that states a rule over values, that it holds for any of them.
//!
//! A property comes from the same typed check as the criterion's example test, never from its words. It is tried on the
//! model or the repository with generated values: fast-check in TypeScript, Hypothesis in Python.

use super::cases::{Case, Cases};
use super::drawn::{Helper, blank_is_refused, inside, outside};
use super::transitions::TransitionView;
use super::view::{EntityView, FieldView};
use crate::domain::CriterionId;
use crate::stacks::naming::camel;
use crate::stacks::{Keeping, Language};
use serde::Serialize;
use std::collections::BTreeSet;

/// One property test for the templates; `kind` selects the body.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Property {
    pub(super) kind: &'static str,
    /// The test's name: that of the criterion's example test, said to be a property.
    pub(super) name: String,
    /// The Python function.
    pub(super) function: String,
    pub(super) entity: EntityView,
    pub(super) field: Option<FieldView>,
    pub(super) transition: Option<TransitionView>,
    /// An expression that draws values the field takes.
    inside: String,
    /// An expression that draws values it refuses.
    outside: String,
    /// What of the file of generators the test uses.
    #[serde(skip)]
    pub(super) uses: BTreeSet<String>,
    /// The shared generators among these.
    #[serde(skip)]
    pub(super) helpers: BTreeSet<Helper>,
    #[serde(skip)]
    pub(super) criterion: CriterionId,
}

impl Cases<'_> {
    /// The properties of the criteria that `cases` check.
    pub(super) fn properties(&self, cases: &[Case], keeping: Keeping) -> Vec<Property> {
        cases.iter().filter_map(|case| self.property(case, keeping)).collect()
    }

    fn property(&self, case: &Case, keeping: Keeping) -> Option<Property> {
        let criterion = case.criterion.clone()?;
        let kind = self.kind(case, keeping)?;
        let mut property = Property {
            kind,
            name: format!("{} (property)", case.name),
            function: format!("{}_property", case.function),
            entity: case.entity.clone(),
            field: case.field.clone(),
            transition: case.transition.clone(),
            inside: String::new(),
            outside: String::new(),
            uses: BTreeSet::new(),
            helpers: BTreeSet::new(),
            criterion,
        };
        match kind {
            "range" => self.add_range(case, &mut property)?,
            "required" => self.add_nothing(case, &mut property)?,
            "reference" => self.add_helper(&mut property, Helper::Ids),
            // How many a page has, and which record goes.
            "ordered" | "deleted" => self.add_helper(&mut property, Helper::Integers),
            "unique" | "filtered" | "changed" => {
                let values = self.values_name(&property.entity);
                property.inside = self.value(&values, property.field.as_ref()?);
                property.uses.insert(values);
            }
            _ => {}
        }
        if matches!(kind, "range" | "required") {
            self.add_helper(&mut property, Helper::RefusedFields);
        }
        let several = matches!(kind, "ordered" | "filtered" | "deleted");
        property.uses.insert(records_name(self.language, &property.entity, several));
        self.add_helper(&mut property, Helper::Repeatable);
        Some(property)
    }

    /// The rule a case checks; `None` where it is none that can be tried with any values here.
    fn kind(&self, case: &Case, keeping: Keeping) -> Option<&'static str> {
        let field = case.field.as_ref();
        let refers = field.is_some_and(|field| field.target.is_some());
        // Where references are looked up, all records of a test refer to the same ones.
        let looks_up = keeping != Keeping::InMemory;
        let one_only = looks_up && case.entity.unique.iter().any(|field| field.made_by.is_some());
        match case.kind {
            "create_and_read" => Some("round_trip"),
            "required" => Some("required"),
            "limits" if refers => Some("reference"),
            "limits" => Some("range"),
            "unique" if !one_only => Some("unique"),
            "listed" if !one_only => Some("ordered"),
            // A filter by text may look for a part of it.
            "filtered" => {
                let exact =
                    field.is_some_and(|field| !field.unique && !matches!(field.kind, "text" | "email" | "phone"));
                (exact && !one_only && !(refers && looks_up)).then_some("filtered")
            }
            "updated" => Some("changed"),
            "transitioned" => Some("transitioned"),
            "deleted" if !one_only => Some("deleted"),
            _ => None,
        }
    }

    fn add_range(&self, case: &Case, property: &mut Property) -> Option<()> {
        let (_, source) = self.source(case)?;
        let (outside, helper) = outside(self.language, self.surface, source)?;
        self.add_helper(property, helper);
        property.outside = outside;
        match inside(self.language, self.surface, source) {
            Some((inside, helper)) => {
                self.add_helper(property, helper);
                property.inside = inside;
            }
            None => {
                let values = self.values_name(&property.entity);
                property.inside = self.value(&values, property.field.as_ref()?);
                property.uses.insert(values);
            }
        }
        Some(())
    }

    fn add_nothing(&self, case: &Case, property: &mut Property) -> Option<()> {
        let (served, source) = self.source(case)?;
        let is_checked = self.references.is_checked(served.entity, source);
        let helper = if blank_is_refused(self.surface, source, is_checked) { Helper::Blank } else { Helper::Absent };
        property.outside = helper.name(self.language);
        self.add_helper(property, helper);
        Some(())
    }

    fn add_helper(&self, property: &mut Property, helper: Helper) {
        property.uses.insert(helper.name(self.language));
        property.helpers.insert(helper);
    }

    fn values_name(&self, entity: &EntityView) -> String {
        match self.language {
            Language::TypeScript => format!("{}Values", entity.camel),
            Language::Python => format!("{}_values", entity.name),
        }
    }

    /// The generator of the field's values among those of its entity.
    fn value(&self, values: &str, field: &FieldView) -> String {
        match self.language {
            Language::TypeScript => format!("{values}.{}", field.key),
            Language::Python => format!("{values}[{}]", self.language.text(&field.key)),
        }
    }
}

/// What generates one record of the entity, or several at once.
fn records_name(language: Language, entity: &EntityView, several: bool) -> String {
    let name = if several { format!("some_{}", entity.plural) } else { format!("any_{}", entity.name) };
    match language {
        Language::TypeScript => camel(&name),
        Language::Python => name,
    }
}

/// What the file of generators holds besides those of each entity.
pub(super) fn helpers<'a>(views: &[&EntityView], of_properties: impl Iterator<Item = &'a Helper>) -> BTreeSet<Helper> {
    let drawn = views.iter().filter(|entity| entity.is_drawn).flat_map(|entity| &entity.fields);
    let mut helpers: BTreeSet<Helper> = drawn.filter_map(|field| field.drawn.helper).collect();
    helpers.extend(of_properties);
    Helper::with_needs(helpers)
}
