//! The whole project as it is after a set of stories: every file with its template, its reason and its stories.

use super::GeneratedFile;
use super::cases::{Case, Cases, StoryCases};
use super::files::Files;
use super::fixtures::Fixtures;
use super::manifest::project_view;
use super::paths::entity_paths;
use super::properties::{Property, helpers};
use super::python::{FactoryImports, PropertyImports};
use super::served::{References, Served};
use super::templates::Templates;
use super::view::{EntityView, entities};
use crate::domain::{
    ArchitecturePlan, CriterionTest, RepoPath, StoryId, StorySet, TestRunner, UncheckedCriterion, UserStory, slugify,
};
use crate::stacks::{Condition, FileNames, Language, Scope, StackDefinition, Surface};
use crate::{Error, ErrorKind, Result};
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A project after some stories.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) files: BTreeMap<RepoPath, GeneratedFile>,
    /// What became of each served story's criteria.
    pub(super) stories: BTreeMap<StoryId, StoryTests>,
}

/// What is told of one story before its files are written.
struct Told<'a> {
    story: &'a UserStory,
    cases: Vec<Case>,
    unchecked: Vec<UncheckedCriterion>,
    properties: Vec<Property>,
    path: RepoPath,
    properties_path: RepoPath,
}

impl Told<'_> {
    /// The tests of its criteria: first the examples, then the properties.
    fn criterion_tests(&self, language: Language) -> Vec<CriterionTest> {
        let called = |function: &String, name: &String| {
            if language == Language::Python { function.clone() } else { name.clone() }
        };
        let examples = self.cases.iter().filter_map(|case| {
            let name = called(&case.function, &case.name);
            Some(CriterionTest { criterion: case.criterion.clone()?, file: self.path.clone(), name })
        });
        let properties = self.properties.iter().map(|property| {
            let name = called(&property.function, &property.name);
            CriterionTest { criterion: property.criterion.clone(), file: self.properties_path.clone(), name }
        });
        examples.chain(properties).collect()
    }
}

/// The tests of one story.
#[derive(Debug)]
pub(super) struct StoryTests {
    pub(super) tests: Vec<CriterionTest>,
    pub(super) unchecked: Vec<UncheckedCriterion>,
}

#[derive(Serialize)]
struct Endpoint {
    method: &'static str,
    path: String,
    does: String,
    stories: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
struct StoryView {
    id: String,
    title: String,
    test: String,
    test_name: String,
    /// The file of its property tests, if it has any.
    properties: Option<String>,
}

/// Everything there is once `done` are served.
pub(super) fn project(
    templates: &Templates,
    definition: &StackDefinition,
    plan: &ArchitecturePlan,
    stories: &StorySet,
    done: &[StoryId],
) -> Result<Project> {
    let language = definition.language;
    let served = Served::of(plan, definition, done);
    let references = References::of(&served);
    let paths = entity_paths(plan, definition)?;
    let mut views = entities(definition, &served, &references, &paths);
    let runner = definition.test_runner.unwrap_or(TestRunner::Vitest);
    let (surface, keeping) = (definition.surface, definition.keeping());
    let cases = Cases { language, surface, served: &served, references: &references, views: &views };
    let mut told: Vec<Told<'_>> = Vec::new();
    let mut slugs: BTreeMap<String, usize> = BTreeMap::new();
    for story in &stories.stories {
        *slugs.entry(title_slug(story)).or_default() += 1;
    }
    for planned in &served.stories {
        if let Some(story) = stories.stories.iter().find(|story| story.id == planned.story) {
            let StoryCases { cases: of_story, unchecked } = cases.of(story, planned);
            told.push(Told {
                story,
                properties: cases.properties(&of_story, keeping),
                cases: of_story,
                unchecked,
                path: test_path(definition, Scope::Story, &slugs, story)?,
                properties_path: test_path(definition, Scope::Property, &slugs, story)?,
            });
        }
    }
    let properties = || told.iter().flat_map(|told| &told.properties);
    for view in &mut views {
        view.is_drawn = properties().any(|property| property.entity.name == view.name);
    }
    let fixtures = Fixtures::of(surface, &views, told.iter().flat_map(|told| &told.cases));
    let story_views: Vec<StoryView> = told.iter().map(story_view).collect();
    let any = |condition| views.iter().any(|entity| entity.holds(condition));
    let shared = context! {
        project => Serde(project_view(definition, plan, &views)?),
        entities => Serde(&views),
        entities_in_order => Serde(looked_up_first(&views)),
        has_unique => views.iter().any(|entity| !entity.unique.is_empty()),
        has_references => any(Condition::Refers),
        has_lists => any(Condition::Lists),
        has_updates => any(Condition::Updates),
        has_deletes => any(Condition::Deletes),
        has_transitions => any(Condition::Transitions),
        endpoints => Serde(endpoints(&views, language)),
        stories => Serde(&story_views),
        made => Serde(&fixtures.made),
        tells_refused_fields => fixtures.tells_refused_fields,
        stack => definition.stack.as_str(),
        kinds => kinds(&views),
        test_runner => runner.as_str(),
        test_api => if runner == TestRunner::Jest { "@jest/globals" } else { "vitest" },
        mocks => if runner == TestRunner::Jest { "jest" } else { "vi" },
        keeping => Serde(keeping),
        has_pages => surface == Surface::Browser,
        helpers_drawn => Serde(helpers(&views, properties())),
        formatters => formatters(&views),
        fixture_names => fixture_names(&views),
        factory_imports => (language == Language::Python).then(|| Serde(FactoryImports::of(&views, &fixtures))),
    };
    let mut files = Files::new(templates, definition, shared);
    let all: Vec<StoryId> = told.iter().map(|told| told.story.id.clone()).collect();
    files.of_project(&views, &all)?;
    let mut results = BTreeMap::new();
    for of_story in told {
        let (view, tests) = (story_view(&of_story), of_story.criterion_tests(language));
        let Told { story, cases, unchecked, properties, path, properties_path } = of_story;
        let helpers = fixtures.imports(&cases, language);
        let extra = context! { story => Serde(&view), cases => Serde(&cases), helpers };
        let checked = cases.iter().filter(|case| case.criterion.is_some()).count();
        files.of_story(&path, &story.id, &extra, checked, cases.len() - checked)?;
        if !properties.is_empty() {
            let uses: BTreeSet<&String> = properties.iter().flat_map(|property| &property.uses).collect();
            let uses: Vec<String> = uses.into_iter().cloned().collect();
            let imports = (language == Language::Python).then(|| Serde(PropertyImports::of(&properties)));
            let extra = context! { story => Serde(&view), properties => Serde(&properties), uses, imports };
            files.of_properties(&properties_path, &story.id, &extra, properties.len())?;
        }
        results.insert(story.id.clone(), StoryTests { tests, unchecked });
    }
    files.of_folders(&all)?;
    Ok(Project { files: files.all(), stories: results })
}

/// Repositories in an order in which each is made after those it looks records up in, where there is one.
fn looked_up_first(views: &[EntityView]) -> Vec<&EntityView> {
    let mut waiting: Vec<&EntityView> = views.iter().collect();
    let mut order: Vec<&EntityView> = Vec::with_capacity(views.len());
    while !waiting.is_empty() {
        let ready = |entity: &&EntityView| {
            entity.lookups.iter().all(|lookup| order.iter().any(|known| known.name == lookup.name))
        };
        let next = waiting.iter().position(ready).unwrap_or(0);
        order.push(waiting.remove(next));
    }
    order
}

fn endpoints(views: &[EntityView], language: Language) -> Vec<Endpoint> {
    let id = if language == Language::Python { "{record_id}" } else { ":id" };
    let mut endpoints = Vec::new();
    for entity in views {
        let (path, an) = (format!("/{}", entity.plural_kebab), &entity.with_article);
        let one = format!("{path}/{id}");
        let filters: Vec<&str> = entity.filters.iter().map(|field| field.parameter.as_str()).collect();
        let filters = if filters.is_empty() { String::new() } else { format!("; filters: {}", filters.join(", ")) };
        let operations = &entity.operations;
        let mut add = |method, path: &str, does: String, stories: &[String]| {
            if !stories.is_empty() {
                endpoints.push(Endpoint { method, path: path.to_owned(), does, stories: stories.to_vec() });
            }
        };
        add("POST", &path, format!("makes {an}"), &operations.create);
        let list = format!("lists {}: page, limit (20, at most 100){filters}", entity.plural_words);
        add("GET", &path, list, &operations.list);
        add("GET", &one, format!("reads {an}"), &operations.view);
        add("PATCH", &one, format!("changes {an}"), &operations.update);
        add("DELETE", &one, format!("removes {an}"), &operations.delete);
        for transition in &entity.transitions {
            let does = format!("sets {} to {}", transition.field_words, transition.to);
            add("POST", &format!("{one}/{}", transition.slug), does, &transition.stories);
        }
    }
    endpoints
}

/// The kinds of value there are.
fn kinds(views: &[EntityView]) -> BTreeSet<&'static str> {
    views.iter().flat_map(|entity| &entity.fields).map(|field| field.kind).collect()
}

/// The functions that write the values there are for people.
fn formatters(views: &[EntityView]) -> BTreeSet<&'static str> {
    views.iter().flat_map(|entity| &entity.fields).filter_map(|field| field.page.formatter).collect()
}

/// What the tests of pages can import from where their records are made.
fn fixture_names(views: &[EntityView]) -> BTreeSet<String> {
    let shared = ["firstPage", "newRepositories"].map(str::to_owned);
    let own = views.iter().flat_map(|entity| {
        let [enter, fields, create] =
            [format!("enter{}", entity.pascal), entity.page.fields_fixture.clone(), entity.create_fixture.clone()];
        [enter, fields, create]
    });
    shared.into_iter().chain(own).collect()
}

fn story_view(Told { story, path, properties, properties_path, .. }: &Told<'_>) -> StoryView {
    StoryView {
        id: story.id.to_string(),
        title: story.title.clone(),
        test: path.to_string(),
        test_name: path.file_name().to_owned(),
        properties: (!properties.is_empty()).then(|| properties_path.to_string()),
    }
}

fn title_slug(story: &UserStory) -> String {
    slugify(&story.title, 60)
}

/// Where a story's tests lie: named after its title, with its id where two stories have the same title.
fn test_path(
    definition: &StackDefinition,
    scope: Scope,
    slugs: &BTreeMap<String, usize>,
    story: &UserStory,
) -> Result<RepoPath> {
    let own = title_slug(story);
    let shared = own.is_empty() || slugs.get(&own).is_some_and(|count| *count > 1);
    let name = match (own.is_empty(), shared) {
        (true, _) => story.id.to_string(),
        (false, true) => format!("{own}-{}", story.id),
        (false, false) => own,
    };
    let name = match definition.layout.file_names {
        FileNames::Kebab => name,
        FileNames::Snake => name.replace('-', "_"),
    };
    let rule = definition.files.iter().find(|rule| rule.scope == scope).ok_or_else(|| {
        Error::new(ErrorKind::Internal, "story-executor.paths", "the stack has no place for a story's tests")
            .with("stack", definition.stack)
    })?;
    Ok(RepoPath::parse(rule.path.fill(|_| name.clone()))?)
}
