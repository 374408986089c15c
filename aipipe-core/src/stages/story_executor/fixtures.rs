//! Which functions that make test records the tests of a project need.

use super::cases::Case;
use super::view::EntityView;
use crate::stacks::{Language, Surface};
use std::collections::BTreeSet;

/// Which test fixtures are needed.
#[derive(Debug, Clone, Default)]
pub(super) struct Fixtures {
    /// Entities whose records are made in tests.
    pub(super) made: BTreeSet<String>,
    /// Whether a test asks which fields were refused.
    pub(super) tells_refused_fields: bool,
}

impl Fixtures {
    /// What the tests of one story need.
    pub(super) fn of_cases(surface: Surface, cases: &[Case]) -> Self {
        let mut needed = Self::default();
        for case in cases {
            if makes_record(case.kind) {
                needed.made.insert(case.entity.name.clone());
            }
            if case.kind == "filtered" || (case.kind == "limits" && surface == Surface::Browser) {
                let target = case.field.iter().filter_map(|field| field.target.as_ref());
                needed.made.extend(target.map(|target| target.name.clone()));
            }
            needed.made.extend(case.referrer.iter().map(|referrer| referrer.name.clone()));
            needed.tells_refused_fields |= tells_refused(case.kind);
        }
        needed
    }

    /// What the tests of all stories need, and the records of these entities.
    pub(super) fn of_project<'a>(views: &[&EntityView], of_stories: impl Iterator<Item = &'a Self>) -> Self {
        let targets = views
            .iter()
            .flat_map(|entity| &entity.fields)
            .filter(|field| field.made_by.is_some())
            .filter_map(|field| field.target.as_ref());
        let made = targets.map(|target| target.name.clone()).collect();
        let mut all = Self { made, tells_refused_fields: false };
        for story in of_stories {
            for entity in &story.made {
                if !all.made.contains(entity) {
                    all.made.insert(entity.clone());
                }
            }
            all.tells_refused_fields |= story.tells_refused_fields;
        }
        all
    }
}

/// The names a story's tests import.
pub(super) fn imports(cases: &[Case], language: Language) -> Vec<String> {
    let mut names = BTreeSet::new();
    for case in cases {
        if makes_record(case.kind) {
            names.insert(case.entity.create_fixture.clone());
        }
        if matches!(case.kind, "create_and_read" | "required" | "limits" | "unique" | "initial") {
            names.insert(case.entity.body_fixture.clone());
        }
        if matches!(case.kind, "required" | "initial") && language == Language::TypeScript {
            names.insert("type Body".to_owned());
        }
        if case.kind == "filtered" {
            let target = case.field.as_ref().and_then(|field| field.target.as_ref());
            names.extend(target.map(|target| target.create_fixture.clone()));
        }
        names.extend(case.referrer.iter().map(|referrer| referrer.create_fixture.clone()));
        if tells_refused(case.kind) {
            let name = if language == Language::Python { "refused_fields" } else { "refusedFields" };
            names.insert(name.to_owned());
        }
    }
    names.into_iter().collect()
}

fn makes_record(kind: &str) -> bool {
    matches!(
        kind,
        "unique" | "listed" | "paged" | "filtered" | "updated" | "update_unique" | "deleted" | "transitioned"
    )
}

fn tells_refused(kind: &str) -> bool {
    matches!(kind, "empty_refused" | "required" | "limits" | "unique")
}
