//! Which functions that make test records the tests of a project need.

use super::cases::Case;
use super::view::EntityView;
use crate::stacks::{Language, Surface};
use std::collections::BTreeSet;

/// Which test fixtures are needed.
pub(super) struct Fixtures {
    /// Entities whose records are made in tests.
    pub(super) made: BTreeSet<String>,
    /// Whether a test asks which fields were refused.
    pub(super) tells_refused_fields: bool,
}

impl Fixtures {
    pub(super) fn of<'a>(surface: Surface, views: &[EntityView], cases: impl Iterator<Item = &'a Case>) -> Self {
        let mut made: BTreeSet<String> = views
            .iter()
            .flat_map(|entity| &entity.fields)
            .filter(|field| field.made_by.is_some())
            .filter_map(|field| field.target.as_ref().map(|target| target.name.clone()))
            .collect();
        let mut tells_refused_fields = false;
        for case in cases {
            if makes_record(case.kind) {
                made.insert(case.entity.name.clone());
            }
            if case.kind == "filtered" || (case.kind == "limits" && surface == Surface::Browser) {
                made.extend(
                    case.field.iter().filter_map(|field| field.target.as_ref()).map(|target| target.name.clone()),
                );
            }
            made.extend(case.referrer.iter().map(|referrer| referrer.name.clone()));
            tells_refused_fields |= tells_refused(case.kind);
        }
        Self { made, tells_refused_fields }
    }

    /// The names a story's tests import.
    pub(super) fn imports(&self, cases: &[Case], language: Language) -> Vec<String> {
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
