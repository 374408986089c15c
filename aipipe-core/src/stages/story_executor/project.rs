//! The whole project as it is after a set of stories: every file with its template, its reason and its stories.

use super::GeneratedFile;
use super::cases::{Cases, StoryCases};
use super::fixtures::Fixtures;
use super::language::Language;
use super::manifest::project_view;
use super::paths::entity_paths;
use super::python::{PythonImports, factory_imports, init_arguments};
use super::served::{References, Served};
use super::templates::render;
use super::view::{EntityView, entities};
use crate::domain::{
    ArchitecturePlan, CriterionTest, RepoPath, StoryId, StorySet, UncheckedCriterion, UserStory, slugify,
};
use crate::{Error, ErrorKind, Result};
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A project after some stories.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) files: BTreeMap<RepoPath, GeneratedFile>,
    /// What became of each served story's criteria.
    pub(super) stories: BTreeMap<StoryId, StoryTests>,
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
}

/// Writes a project's files one after the other.
struct Writer<'a> {
    environment: &'a Environment<'static>,
    language: Language,
    shared: Value,
    files: BTreeMap<RepoPath, GeneratedFile>,
}

/// Everything there is once `done` are served.
pub(super) fn project(
    environment: &Environment<'static>,
    language: Language,
    plan: &ArchitecturePlan,
    stories: &StorySet,
    done: &[StoryId],
) -> Result<Project> {
    let served = Served::of(plan, done);
    let references = References::of(&served);
    let paths = entity_paths(plan, language)?;
    let views = entities(language, &served, &references, &paths);
    let cases = Cases { language, served: &served, references: &references, views: &views };
    let mut told: Vec<(&UserStory, StoryCases, RepoPath)> = Vec::new();
    let mut slugs: BTreeMap<String, usize> = BTreeMap::new();
    for story in &stories.stories {
        *slugs.entry(title_slug(story)).or_default() += 1;
    }
    for planned in &served.stories {
        if let Some(story) = stories.stories.iter().find(|story| story.id == planned.story) {
            told.push((story, cases.of(story, planned), test_path(language, &slugs, story)?));
        }
    }
    let fixtures = Fixtures::of(&views, told.iter().flat_map(|(_, cases, _)| &cases.cases));
    let story_views: Vec<StoryView> = told.iter().map(|(story, _, path)| story_view(story, path)).collect();
    let view = project_view(language, plan, &views)?;
    let shared = context! {
        project => Serde(view),
        entities => Serde(&views),
        entities_in_order => Serde(looked_up_first(&views)),
        has_unique => views.iter().any(|entity| !entity.unique.is_empty()),
        has_references => views.iter().any(|entity| !entity.references.is_empty()),
        has_lists => views.iter().any(|entity| !entity.operations.list.is_empty()),
        endpoints => Serde(endpoints(&views, language)),
        stories => Serde(&story_views),
        made => Serde(&fixtures.made),
        tells_refused_fields => fixtures.tells_refused_fields,
    };
    let mut writer = Writer { environment, language, shared, files: BTreeMap::new() };
    let all: Vec<StoryId> = told.iter().map(|(story, ..)| story.id.clone()).collect();
    writer.scaffold(&all)?;
    for entity in &views {
        writer.entity(entity, plan, &all)?;
    }
    writer.shared_by_entities(&views, &fixtures, &all)?;
    let mut results = BTreeMap::new();
    for (story, StoryCases { cases, unchecked }, path) in told {
        let view = story_view(story, &path);
        let extra =
            context! { story => Serde(&view), cases => Serde(&cases), helpers => fixtures.imports(&cases, language) };
        let checked = cases.iter().filter(|case| case.criterion.is_some()).count();
        let reason = format!("{checked} tests of its acceptance criteria, {} of its operations", cases.len() - checked);
        writer.write(path.as_str(), writer.story_template(), extra, &reason, std::slice::from_ref(&story.id))?;
        let tests = cases
            .iter()
            .filter_map(|case| {
                let name = if language == Language::Python { &case.function } else { &case.name };
                Some(CriterionTest { criterion: case.criterion.clone()?, file: path.clone(), name: name.clone() })
            })
            .collect();
        results.insert(story.id.clone(), StoryTests { tests, unchecked });
    }
    writer.packages(&all)?;
    Ok(Project { files: writer.files, stories: results })
}

impl Writer<'_> {
    fn write(&mut self, path: &str, template: &str, extra: Value, reason: &str, stories: &[StoryId]) -> Result<()> {
        let path = RepoPath::parse(path)?;
        let context = minijinja::value::merge_maps([extra, self.shared.clone()]);
        let file = GeneratedFile {
            path: path.clone(),
            content: render(self.environment, template, context)?,
            template: template.to_owned(),
            reason: reason.to_owned(),
            stories: stories.to_vec(),
        };
        match self.files.insert(path.clone(), file) {
            None => Ok(()),
            Some(_) => Err(Error::new(ErrorKind::InvalidInput, "story-executor.write", "two files have the same path")
                .with("path", path)),
        }
    }

    const fn story_template(&self) -> &'static str {
        match self.language {
            Language::TypeScript => "story.test.ts",
            Language::Python => "test_story.py",
        }
    }

    fn scaffold(&mut self, stories: &[StoryId]) -> Result<()> {
        let fixed: &[(&str, &str, &str)] = match self.language {
            Language::TypeScript => &[
                ("package.json", "package.json", "the manifest, with the plan's exact versions"),
                ("tsconfig.json", "tsconfig.json", "strict type checking"),
                ("tsconfig.build.json", "tsconfig.build.json", "the build leaves tests out"),
                ("eslint.config.js", "eslint.config.js", "the linter's rules"),
                ("vitest.config.ts", "vitest.config.ts", "tests with a coverage gate"),
                (".gitignore", "gitignore", "what is made, not written, stays out of the repository"),
                (".editorconfig", "editorconfig", "one layout in every editor"),
                (".npmrc", "npmrc", "exact versions and no install scripts"),
                ("src/server.ts", "server.ts", "the entry point"),
                ("tests/app.test.ts", "app.test.ts", "what the service answers besides its records"),
                ("tests/problem.test.ts", "problem.test.ts", "errors show nothing of the inside"),
            ],
            Language::Python => &[
                ("pyproject.toml", "pyproject.toml", "the tools' configuration, strict"),
                ("requirements.in", "requirements.in", "the plan's exact versions"),
                ("requirements-dev.in", "requirements-dev.in", "the plan's exact versions for checking"),
                (".gitignore", "gitignore", "what is made, not written, stays out of the repository"),
                (".editorconfig", "editorconfig", "one layout in every editor"),
            ],
        };
        for (path, template, reason) in fixed {
            self.write(path, template, context! {}, reason, &[])?;
        }
        let growing: &[(&str, &str, &str)] = match self.language {
            Language::TypeScript => &[
                ("README.md", "README.md", "how to run and check the service, and what it serves"),
                ("src/app.ts", "app.ts", "ties the served routes together"),
                ("src/problem.ts", "problem.ts", "errors as problem details"),
            ],
            Language::Python => &[
                ("README.md", "README.md", "how to run and check the service, and what it serves"),
                ("app/main.py", "main.py", "ties the served routes together"),
                ("app/problems.py", "problems.py", "errors as problem details"),
                ("tests/test_app.py", "test_app.py", "what the service answers besides its records"),
            ],
        };
        for (path, template, reason) in growing {
            self.write(path, template, context! {}, reason, stories)?;
        }
        Ok(())
    }

    fn entity(&mut self, entity: &EntityView, plan: &ArchitecturePlan, order: &[StoryId]) -> Result<()> {
        let stories: Vec<StoryId> = order.iter().filter(|id| entity.all_stories.contains(id)).cloned().collect();
        let unchecked: Vec<String> = plan
            .entities
            .iter()
            .filter(|known| known.name == entity.name)
            .flat_map(|known| known.fields.iter().zip(&entity.fields))
            .filter(|(_, field)| field.kind == "reference" && field.target.is_none())
            .map(|(field, _)| field.name.clone())
            .collect();
        let note = if unchecked.is_empty() {
            String::new()
        } else {
            format!(
                "; {} taken as plain text, as the records referred to can't be made yet or refer back",
                unchecked.join(", ")
            )
        };
        let templates: [(&RepoPath, &str, String); 3] = match self.language {
            Language::TypeScript => [
                (
                    &entity.paths.model,
                    "model.ts",
                    format!("what {} is and what clients may send{note}", entity.with_article),
                ),
                (
                    &entity.paths.repository,
                    "repository.ts",
                    format!("keeps {} and holds their rules{note}", entity.plural_words),
                ),
                (
                    &entity.paths.route,
                    "routes.ts",
                    format!("the served operations on {} over HTTP", entity.plural_words),
                ),
            ],
            Language::Python => [
                (
                    &entity.paths.model,
                    "model.py",
                    format!("what {} is and what clients may send{note}", entity.with_article),
                ),
                (
                    &entity.paths.repository,
                    "repository.py",
                    format!("keeps {} and holds their rules{note}", entity.plural_words),
                ),
                (
                    &entity.paths.route,
                    "routes.py",
                    format!("the served operations on {} over HTTP", entity.plural_words),
                ),
            ],
        };
        let imports = PythonImports::of(entity);
        for (path, template, reason) in templates {
            let extra = context! {
                entity => Serde(entity),
                standard_imports => &imports.standard,
                pydantic_import => &imports.pydantic,
                app_imports => if template == "routes.py" { &imports.of_route } else { &imports.of_repository },
                init_arguments => init_arguments(entity),
            };
            self.write(path.as_str(), template, extra, &reason, &stories)?;
        }
        Ok(())
    }

    fn shared_by_entities(&mut self, views: &[EntityView], fixtures: &Fixtures, stories: &[StoryId]) -> Result<()> {
        if views.is_empty() {
            return Ok(());
        }
        let any = |wanted: fn(&EntityView) -> bool| views.iter().any(wanted);
        let refuses = any(|entity| !entity.unique.is_empty() || !entity.references.is_empty());
        let lists = any(|entity| !entity.operations.list.is_empty());
        let (folder, extension, (fixtures_path, fixtures_template)) = match self.language {
            Language::TypeScript => ("src", "ts", ("tests/fixtures.ts", "fixtures.ts")),
            Language::Python => ("app", "py", ("tests/factories.py", "factories.py")),
        };
        if refuses {
            let template = format!("errors.{extension}");
            let reason = "what repositories refuse to keep";
            self.write(&format!("{folder}/{template}"), &template, context! {}, reason, stories)?;
        }
        if lists {
            let template = format!("paging.{extension}");
            self.write(&format!("{folder}/{template}"), &template, context! {}, "lists, page by page", stories)?;
        }
        let template = format!("storage.{extension}");
        let reason = "one place that says where records are kept";
        self.write(&format!("{folder}/{template}"), &template, context! {}, reason, stories)?;
        let third_party_imports: Vec<&str> = [
            (!fixtures.made.is_empty(), "from fastapi.testclient import TestClient"),
            (fixtures.tells_refused_fields, "from httpx import Response"),
        ]
        .into_iter()
        .filter_map(|(used, line)| used.then_some(line))
        .collect();
        let extra = context! { standard_imports => factory_imports(views), third_party_imports };
        self.write(fixtures_path, fixtures_template, extra, "valid records for tests", stories)
    }

    /// Every folder with Python files is a package.
    fn packages(&mut self, stories: &[StoryId]) -> Result<()> {
        if self.language != Language::Python {
            return Ok(());
        }
        let mut folders = BTreeSet::new();
        for path in self.files.keys().filter(|path| path.extension() == Some("py")) {
            let mut folder = path.parent();
            while !folder.is_empty() {
                folders.insert(folder.to_owned());
                folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
            }
        }
        for folder in folders {
            let docstring = match folder.as_str() {
                "app" => "The service.",
                "app/api" => "The HTTP resources.",
                "app/models" => "What clients send and what they get.",
                "app/repositories" => "Where records are kept.",
                "tests" => "Tests of the service.",
                "tests/stories" => "Tests by user story.",
                _ => "A part of the service.",
            };
            let of: &[StoryId] = if matches!(folder.as_str(), "app" | "tests") { &[] } else { stories };
            let path = format!("{folder}/__init__.py");
            self.write(&path, "package_init.py", context! { docstring }, "makes the folder a package", of)?;
        }
        Ok(())
    }
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

fn story_view(story: &UserStory, path: &RepoPath) -> StoryView {
    StoryView {
        id: story.id.to_string(),
        title: story.title.clone(),
        test: path.to_string(),
        test_name: path.file_name().to_owned(),
    }
}

fn title_slug(story: &UserStory) -> String {
    slugify(&story.title, 60)
}

/// Where a story's tests lie: named after its title, with its id where two stories have the same title.
fn test_path(language: Language, slugs: &BTreeMap<String, usize>, story: &UserStory) -> Result<RepoPath> {
    let own = title_slug(story);
    let shared = own.is_empty() || slugs.get(&own).is_some_and(|count| *count > 1);
    let name = match (own.is_empty(), shared) {
        (true, _) => story.id.to_string(),
        (false, true) => format!("{own}-{}", story.id),
        (false, false) => own,
    };
    Ok(RepoPath::parse(match language {
        Language::TypeScript => format!("tests/stories/{name}.test.ts"),
        Language::Python => format!("tests/stories/test_{}.py", name.replace('-', "_")),
    })?)
}
