//! The served stories from state to state: a story's tests are made anew only when an entity they mention has changed.

use super::super::cases::{Case, Cases, StoryCases};
use super::super::drawn::Helper;
use super::super::fixtures::{Fixtures, imports};
use super::super::paths::EntityPaths;
use super::super::properties::Property;
use super::super::python::PropertyImports;
use super::super::served::{References, Served, mentioned};
use super::super::view::EntityView;
use super::entities::Entities;
use crate::domain::{
    ArchitecturePlan, CriterionTest, RepoPath, StoryId, StoryPlan, StorySet, UncheckedCriterion, UserStory, slugify,
};
use crate::stacks::{FileNames, Language, Scope, StackDefinition};
use crate::{Error, ErrorKind, Result};
use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A story as it is in one state. Equal marks are equal tests.
#[derive(Debug)]
pub(in crate::stages::story_executor) struct StoryState {
    key: Vec<(u64, bool)>,
    pub(in crate::stages::story_executor) mark: u64,
    /// Where its tests lie.
    pub(in crate::stages::story_executor) path: RepoPath,
    /// The story for the templates.
    pub(super) view: Value,
    /// What the template of its tests sees besides.
    pub(in crate::stages::story_executor) extra: Value,
    pub(super) fixtures: Fixtures,
    /// The tests of its criteria: first the examples, then the properties.
    pub(super) tests: Vec<CriterionTest>,
    pub(super) unchecked: Vec<UncheckedCriterion>,
    /// How many examples show criteria.
    pub(in crate::stages::story_executor) checked: usize,
    /// How many show operations.
    pub(in crate::stages::story_executor) usual: usize,
    pub(in crate::stages::story_executor) properties: Option<StoryProperties>,
}

/// The property tests of a story.
#[derive(Debug)]
pub(in crate::stages::story_executor) struct StoryProperties {
    /// Where they lie.
    pub(in crate::stages::story_executor) path: RepoPath,
    pub(in crate::stages::story_executor) count: usize,
    /// What their template sees besides.
    pub(in crate::stages::story_executor) extra: Value,
    /// The entities whose records they draw.
    drawn: BTreeSet<String>,
    /// The shared generators they use.
    pub(super) helpers: BTreeSet<Helper>,
}

#[derive(Debug, Serialize)]
struct StoryView<'a> {
    id: &'a str,
    title: &'a str,
    test: &'a str,
    test_name: &'a str,
    /// The file of its property tests, if it has any.
    properties: Option<&'a str>,
}

/// An entity as tests import it.
#[derive(Debug, Serialize)]
struct ImportedEntity<'a> {
    pascal: &'a str,
    record: &'a str,
    fields_fixture: &'a str,
    paths: &'a EntityPaths,
}

/// All stories of a set, with the tests of those that were served.
#[derive(Debug)]
pub(super) struct Stories<'a> {
    definition: &'static StackDefinition,
    by_id: BTreeMap<&'a StoryId, &'a UserStory>,
    slugs: BTreeMap<String, usize>,
    mentioned: BTreeMap<&'a StoryId, BTreeSet<&'a str>>,
    known: BTreeMap<&'a StoryId, StoryState>,
    last: u64,
}

impl<'a> Stories<'a> {
    pub(super) fn of(plan: &'a ArchitecturePlan, set: &'a StorySet, definition: &'static StackDefinition) -> Self {
        let mut slugs: BTreeMap<String, usize> = BTreeMap::new();
        let mut by_id = BTreeMap::new();
        for story in &set.stories {
            *slugs.entry(title_slug(story)).or_default() += 1;
            by_id.entry(&story.id).or_insert(story);
        }
        let mentioned = plan.story_plans.iter().map(|planned| (&planned.story, mentioned(planned))).collect();
        Self { definition, by_id, slugs, mentioned, known: BTreeMap::new(), last: 0 }
    }

    /// Takes over what is served now.
    pub(super) fn put(
        &mut self,
        served: &Served<'a>,
        references: &References<'a>,
        entities: &Entities<'a>,
    ) -> Result<()> {
        for planned in &served.stories {
            let Some(story) = self.by_id.get(&planned.story).copied() else { continue };
            let names = self.mentioned.get(&planned.story).into_iter().flatten();
            // What a case can know of an entity: its narrow view, and whether reading it comes with this story.
            let key = names.clone().map(|name| {
                let state = entities.get(name);
                let reads = state.is_some_and(|state| state.served.view.contains(&&planned.story));
                (state.map_or(0, |state| state.narrow_mark), reads)
            });
            let key: Vec<(u64, bool)> = key.collect();
            if self.known.get(&planned.story).is_some_and(|known| known.key == key) {
                continue;
            }
            let views: Vec<&EntityView> =
                names.filter_map(|name| entities.get(name)).map(|state| &state.narrow).collect();
            let cases = Cases {
                language: self.definition.language,
                surface: self.definition.surface,
                served,
                references,
                views: &views,
            };
            let state = self.state(story, planned, key, &cases, entities)?;
            self.known.insert(&planned.story, state);
        }
        Ok(())
    }

    fn state(
        &mut self,
        story: &UserStory,
        planned: &StoryPlan,
        key: Vec<(u64, bool)>,
        of: &Cases<'_>,
        entities: &Entities<'a>,
    ) -> Result<StoryState> {
        let language = self.definition.language;
        let path = self.test_path(Scope::Story, story)?;
        let StoryCases { cases, unchecked } = of.of(story, planned);
        let properties = of.properties(&cases, self.definition.keeping());
        let properties_path = match properties.as_slice() {
            [] => None,
            _ => Some(self.test_path(Scope::Property, story)?),
        };
        self.last += 1;
        let view = Value::from(Serde(StoryView {
            id: story.id.as_str(),
            title: &story.title,
            test: path.as_str(),
            test_name: path.file_name(),
            properties: properties_path.as_ref().map(RepoPath::as_str),
        }));
        let helpers = imports(&cases, language);
        let fixture_names = fixture_names(cases.iter().map(|case| &case.entity));
        let imported = imported(&cases, of.served, entities);
        let extra = context! {
            story => view.clone(), cases => Serde(&cases), helpers, fixture_names, entities => imported.clone(),
        };
        let mut tests: Vec<CriterionTest> = cases.iter().filter_map(|case| example(language, &path, case)).collect();
        let checked = tests.len();
        let of_properties = properties_path.map(|path| {
            tests.extend(properties.iter().map(|property| property_test(language, &path, property)));
            self.properties(path, &view, imported, &properties)
        });
        Ok(StoryState {
            key,
            mark: self.last,
            view,
            extra,
            fixtures: Fixtures::of_cases(self.definition.surface, &cases),
            checked,
            usual: cases.len() - checked,
            properties: of_properties,
            tests,
            unchecked,
            path,
        })
    }

    fn properties(&self, path: RepoPath, story: &Value, entities: Value, properties: &[Property]) -> StoryProperties {
        let uses: BTreeSet<&String> = properties.iter().flat_map(|property| &property.uses).collect();
        let imports = (self.definition.language == Language::Python).then(|| Serde(PropertyImports::of(properties)));
        let properties_seen = Serde(properties);
        let extra = context! {
            story => story.clone(), properties => properties_seen, uses => Serde(uses), imports, entities,
        };
        StoryProperties {
            path,
            count: properties.len(),
            extra,
            drawn: properties.iter().map(|property| property.entity.name.clone()).collect(),
            helpers: properties.iter().flat_map(|property| &property.helpers).copied().collect(),
        }
    }

    /// The entities whose records the property tests of the served stories draw.
    pub(super) fn drawn(&self, served: &Served<'a>) -> BTreeSet<&str> {
        let properties = self.in_order(served).into_iter().filter_map(|(_, story)| story.properties.as_ref());
        properties.flat_map(|properties| &properties.drawn).map(String::as_str).collect()
    }

    pub(super) fn get(&self, story: &StoryId) -> Option<&StoryState> {
        self.known.get(story)
    }

    /// The served stories in the order in which they are served.
    pub(super) fn in_order<'b>(&'b self, served: &Served<'a>) -> Vec<(&'a StoryId, &'b StoryState)> {
        let known = |planned: &&'a StoryPlan| Some((&planned.story, self.known.get(&planned.story)?));
        served.stories.iter().filter_map(known).collect()
    }

    /// Where a story's tests lie: named after its title, with its id where that is no file name or two stories have it.
    fn test_path(&self, scope: Scope, story: &UserStory) -> Result<RepoPath> {
        let rule = self.definition.files.iter().find(|rule| rule.scope == scope).ok_or_else(|| {
            Error::new(ErrorKind::Internal, "story-executor.paths", "the stack has no place for a story's tests")
                .with("stack", self.definition.stack)
        })?;
        let path = |name: String| {
            let name = match self.definition.layout.file_names {
                FileNames::Kebab => name,
                FileNames::Snake => name.replace('-', "_"),
            };
            RepoPath::parse(rule.path.fill(|_| name.clone()))
        };
        let own = title_slug(story);
        if own.is_empty() {
            return Ok(path(story.id.to_string())?);
        }
        match path(own.clone()) {
            Ok(path) if self.slugs.get(&own).is_none_or(|count| *count <= 1) => Ok(path),
            // `con.test.ts` would be a device on Windows.
            _ => Ok(path(format!("{own}-{}", story.id))?),
        }
    }
}

fn example(language: Language, path: &RepoPath, case: &Case) -> Option<CriterionTest> {
    let name = if language == Language::Python { &case.function } else { &case.name };
    Some(CriterionTest { criterion: case.criterion.clone()?, file: path.clone(), name: name.clone() })
}

fn property_test(language: Language, path: &RepoPath, property: &Property) -> CriterionTest {
    let name = if language == Language::Python { &property.function } else { &property.name };
    CriterionTest { criterion: property.criterion.clone(), file: path.clone(), name: name.clone() }
}

/// What the tests of a story can import of the entities they are about, of those these refer to and of those that refer
/// to them: nothing that another story changes.
fn imported(cases: &[Case], served: &Served<'_>, entities: &Entities<'_>) -> Value {
    let names = cases.iter().flat_map(|case| {
        let targets = case.entity.fields.iter().filter_map(|field| field.target.as_ref());
        let referrer = case.referrer.iter().map(|referrer| &referrer.name);
        targets.map(|target| &target.name).chain(referrer).chain([&case.entity.name]).map(String::as_str)
    });
    let names: BTreeSet<&str> = names.collect();
    let of_story = served.entities.iter().filter(|entity| names.contains(entity.entity.name.as_str()));
    let views = of_story.filter_map(|entity| entities.get(&entity.entity.name)).map(|state| &state.view);
    Value::from_iter(views.map(|view| {
        Value::from(Serde(ImportedEntity {
            pascal: &view.pascal,
            record: &view.record,
            fields_fixture: &view.page.fields_fixture,
            paths: &view.paths,
        }))
    }))
}

fn title_slug(story: &UserStory) -> String {
    slugify(&story.title, 60)
}

/// What the tests of pages can import from where records are made, of these entities, those they refer to and those that
/// refer to them.
pub(super) fn fixture_names<'v>(views: impl Iterator<Item = &'v EntityView>) -> BTreeSet<String> {
    let shared = ["firstPage", "newRepositories"].map(str::to_owned);
    let own = views.flat_map(|entity| {
        let [enter, fields, create] =
            [format!("enter{}", entity.pascal), entity.page.fields_fixture.clone(), entity.create_fixture.clone()];
        let targets = entity.fields.iter().filter_map(|field| field.target.as_ref());
        let of_targets = targets.flat_map(|target| {
            [format!("enter{}", target.pascal), format!("{}Fields", target.camel), target.create_fixture.clone()]
        });
        let of_referrers = entity.referrers.iter().map(|referrer| referrer.create_fixture.clone());
        [enter, fields, create].into_iter().chain(of_targets).chain(of_referrers).collect::<Vec<_>>()
    });
    shared.into_iter().chain(own).collect()
}
