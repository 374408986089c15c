//! The whole project as it is after a set of stories: every file with its template, its reason and its stories.
//!
//! [`Projector`] makes one state after the other. Of a state it has the served part of the plan ([`entities`]), the tests
//! of the stories ([`stories`]) and what every template sees ([`shared`]); each thing has a mark that changes when the
//! thing does. A file is rendered again only when something it was made from has another mark, so the work for a story
//! is that for the files it changes, however large the project is.

mod endpoints;
mod entities;
mod shared;
mod stories;

pub(super) use entities::EntityState;
pub(super) use shared::{Seen, Shared};
pub(super) use stories::StoryState;

use super::GeneratedFile;
use super::files::{Files, Written};
use super::fixtures::Fixtures;
use super::manifest::project_view;
use super::properties::helpers;
use super::python::FactoryImports;
use super::served::{References, Servable, Served};
use super::templates::Templates;
use super::view::EntityView;
use crate::Result;
use crate::domain::{ArchitecturePlan, CriterionTest, StoryId, StorySet, TestRunner, UncheckedCriterion};
use crate::stacks::{Condition, Language, StackDefinition, Surface};
use entities::{Entities, looked_up_first};
use minijinja::value::{Serde, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use stories::{Stories, fixture_names};

/// The files of a project, by path.
type ByPath = BTreeMap<String, Arc<Written>>;

/// A project after some stories.
#[derive(Debug, Clone)]
pub(super) struct Project {
    files: Arc<ByPath>,
}

/// The tests of one story.
#[derive(Debug)]
pub(super) struct StoryTests {
    pub(super) tests: Vec<CriterionTest>,
    pub(super) unchecked: Vec<UncheckedCriterion>,
}

impl Project {
    /// All files, by path.
    pub(super) fn files(&self) -> impl Iterator<Item = &GeneratedFile> {
        self.files.values().map(|written| &written.file)
    }

    /// The files that `before` does not have, or not like this.
    pub(super) fn changed_since(&self, before: &Self) -> impl Iterator<Item = &GeneratedFile> {
        let is_same = |path: &String, written: &Arc<Written>| {
            let old = before.files.get(path);
            old.is_some_and(|old| Arc::ptr_eq(old, written) || old.file.content == written.file.content)
        };
        self.files.iter().filter(move |(path, written)| !is_same(path, written)).map(|(_, written)| &written.file)
    }
}

/// Renders a project state by state.
#[derive(Debug)]
pub(super) struct Projector<'a> {
    templates: &'a Templates,
    definition: &'static StackDefinition,
    plan: &'a ArchitecturePlan,
    servable: Servable<'a>,
    entities: Entities<'a>,
    stories: Stories<'a>,
    shared: Shared,
    /// The last state.
    files: Arc<ByPath>,
    served: BTreeSet<&'a StoryId>,
    rendered: usize,
}

impl<'a> Projector<'a> {
    /// Of a plan that was checked.
    pub(super) fn new(
        templates: &'a Templates,
        definition: &'static StackDefinition,
        plan: &'a ArchitecturePlan,
        stories: &'a StorySet,
    ) -> Result<Self> {
        Ok(Self {
            templates,
            definition,
            plan,
            servable: Servable::of(plan),
            entities: Entities::of(plan, definition)?,
            stories: Stories::of(plan, stories, definition),
            shared: Shared::default(),
            files: Arc::default(),
            served: BTreeSet::new(),
            rendered: 0,
        })
    }

    /// How many files were rendered so far.
    pub(super) fn rendered(&self) -> usize {
        self.rendered
    }

    /// What `stories` serve.
    pub(super) fn served<'b>(&self, stories: impl IntoIterator<Item = &'b StoryId>) -> Served<'a> {
        self.servable.served(self.definition, stories)
    }

    /// Everything there is once `done` are served.
    pub(super) fn state<'b>(&mut self, done: impl IntoIterator<Item = &'b StoryId>) -> Result<Project> {
        let served = self.served(done);
        let references = References::of(&served);
        self.entities.put(&served, &references);
        self.stories.put(&served, &references, &self.entities)?;
        self.entities.draw(&self.stories.drawn(&served));
        let entities = self.entities.in_order(&served);
        let stories = self.stories.in_order(&served);
        share(&mut self.shared, self.definition, self.plan, &entities, &stories)?;

        let all: Vec<&'a StoryId> = stories.iter().map(|(id, _)| *id).collect();
        let mut files = Files::new(self.templates, self.definition, &self.shared, &self.files);
        files.of_project(&entities, &all)?;
        for (id, story) in &stories {
            files.of_story(id, story)?;
        }
        files.of_folders(&all)?;
        let (files, rendered) = files.all();
        self.rendered += rendered;
        self.files = Arc::new(files);
        self.served = all.into_iter().collect();
        Ok(Project { files: Arc::clone(&self.files) })
    }

    /// What became of a story's criteria in the last state; `None` when it is not served there.
    pub(super) fn tests(&self, story: &StoryId) -> Option<StoryTests> {
        let state = self.served.get(story).and_then(|story| self.stories.get(story))?;
        Some(StoryTests { tests: state.tests.clone(), unchecked: state.unchecked.clone() })
    }
}

/// Tells what every template sees.
fn share(
    shared: &mut Shared,
    definition: &StackDefinition,
    plan: &ArchitecturePlan,
    entities: &[&EntityState<'_>],
    stories: &[(&StoryId, &StoryState)],
) -> Result<()> {
    let views: Vec<&EntityView> = entities.iter().map(|entity| &entity.view).collect();
    let any = |condition| Value::from(views.iter().any(|entity| entity.holds(condition)));
    let list = |entities: &[&EntityState<'_>]| Value::from_iter(entities.iter().map(|entity| entity.value.clone()));
    let fixtures = Fixtures::of_project(&views, stories.iter().map(|(_, story)| &story.fixtures));
    let factory_imports =
        (definition.language == Language::Python).then(|| Serde(FactoryImports::of(&views, &fixtures)));
    let properties = stories.iter().filter_map(|(_, story)| story.properties.as_ref());
    let helpers = helpers(&views, properties.flat_map(|properties| &properties.helpers));
    let runner = definition.test_runner.unwrap_or(TestRunner::Vitest);
    let (test_api, mocks) = if runner == TestRunner::Jest { ("@jest/globals", "jest") } else { ("vitest", "vi") };
    shared.put([
        ("project", Value::from(Serde(project_view(definition, plan, &views)?))),
        ("entities", list(entities)),
        ("entities_in_order", list(&looked_up_first(entities))),
        ("has_unique", Value::from(views.iter().any(|entity| !entity.unique.is_empty()))),
        ("has_referrers", Value::from(views.iter().any(|entity| !entity.referrers.is_empty()))),
        ("has_searches", Value::from(views.iter().any(|entity| entity.filters.iter().any(|field| field.searched)))),
        ("has_references", any(Condition::Refers)),
        ("has_lists", any(Condition::Lists)),
        ("has_updates", any(Condition::Updates)),
        ("has_deletes", any(Condition::Deletes)),
        ("has_transitions", any(Condition::Transitions)),
        ("endpoints", Value::from_iter(entities.iter().flat_map(|entity| entity.endpoints.iter().cloned()))),
        ("stories", Value::from_iter(stories.iter().map(|(_, story)| story.view.clone()))),
        ("made", Value::from(Serde(&fixtures.made))),
        ("tells_refused_fields", Value::from(fixtures.tells_refused_fields)),
        ("pages_with_server", Value::from(definition.pages_with_server)),
        ("has_pages", Value::from(definition.surface == Surface::Browser)),
        ("keeping", Value::from(Serde(definition.keeping()))),
        ("test_runner", Value::from(runner.as_str())),
        ("test_api", Value::from(test_api)),
        ("mocks", Value::from(mocks)),
        ("helpers_drawn", Value::from(Serde(helpers))),
        ("kinds", Value::from(Serde(kinds(&views)))),
        ("formatters", Value::from(Serde(formatters(&views)))),
        ("fixture_names", Value::from(Serde(fixture_names(views.iter().copied())))),
        ("factory_imports", Value::from(factory_imports)),
    ]);
    Ok(())
}

/// The kinds of value there are.
fn kinds(views: &[&EntityView]) -> BTreeSet<&'static str> {
    views.iter().flat_map(|entity| &entity.fields).map(|field| field.kind).collect()
}

/// The functions that write the values there are for people.
fn formatters(views: &[&EntityView]) -> BTreeSet<&'static str> {
    views.iter().flat_map(|entity| &entity.fields).filter_map(|field| field.page.formatter).collect()
}
