//! What is to be done for each story, file by file: by a template where one covers it fully, by the model otherwise.

use crate::domain::{
    ArchitecturePlan, Component, ComponentId, CriterionId, Finding, RepoPath, Rule, Stack, StoryId, StorySet,
    StoryStatus, UserStory, slugify,
};
use crate::stacks::naming::is_python_keyword;
use crate::stages::story_executor::schedule::{Estimate, Job};
use crate::stages::story_executor::{GeneratedStory, WriteSet};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Whether a file is made or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is not there before.
    Create,
    /// It is there before.
    Change,
}

/// Who writes a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// A template of the stack.
    Template,
    /// A language model.
    Model,
}

/// A file a story is planned to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFile {
    /// Where it lies; for the model's own folder, the folder.
    pub path: RepoPath,
    /// Made or changed.
    pub change: Change,
    /// By whom.
    pub author: Author,
    /// Why by them.
    pub reason: String,
}

/// What a story is planned to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryFiles {
    /// The story.
    pub story: StoryId,
    /// Its files, by path.
    pub files: Vec<PlannedFile>,
}

/// What the model is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The story.
    pub story: StoryId,
    /// The criteria that need a test: all of a story, or those a template left unchecked.
    pub criteria: Vec<CriterionId>,
    /// Whether a template has written the rest of the story.
    pub is_completion: bool,
    /// Why a template can't.
    pub reason: String,
    /// The stories of other tasks that must be done first.
    pub needs: Vec<StoryId>,
    /// What may be written.
    pub writes: WriteSet,
    /// Files where the project is tied together. Several stories may edit them, none may write them whole.
    pub shared: BTreeSet<RepoPath>,
    /// The test file it must have.
    pub test: RepoPath,
}

impl Task {
    /// The task for the schedule: size decides how long it is expected to take.
    #[must_use]
    pub fn job(&self, story: Option<&UserStory>) -> Job {
        let points = story.map_or(3, |story| u64::from(story.effort.points()));
        let estimate = Estimate { millis: 10_000 * points, input_tokens: 8_000, output_tokens: 1_000 * points };
        Job { story: self.story.clone(), needs: self.needs.clone(), writes: self.writes.clone(), estimate }
    }
}

/// The files of all stories, the model's tasks, and what is odd about the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// A story's files, in the order the templates were rendered.
    pub files: Vec<StoryFiles>,
    /// The model's tasks, in the same order.
    pub tasks: Vec<Task>,
    /// Components nobody needs, files two stories make.
    pub findings: Vec<Finding>,
}

impl Work {
    /// How much of the planned files templates write, in thousandths; 1000 when there is none.
    #[must_use]
    pub fn template_share(&self) -> usize {
        let files: Vec<&PlannedFile> = self.files.iter().flat_map(|story| &story.files).collect();
        let by_template = files.iter().filter(|file| file.author == Author::Template).count();
        (1000 * by_template).checked_div(files.len()).unwrap_or(1000)
    }
}

/// Plans the work: `rendered` is what templates made of the stories, `tree` the paths that are there afterwards.
///
/// The rules, in this order: a story a template served fully is the template's; of one it served in part the unchecked
/// criteria are the model's; one no template can serve is the model's; so is one that waits for a story of the model,
/// because a template would write without regard to what the model wrote.
#[must_use]
pub fn plan_work(
    plan: &ArchitecturePlan,
    stories: &StorySet,
    rendered: &[GeneratedStory],
    tree: &BTreeSet<RepoPath>,
) -> Work {
    let layout = Layout::of(plan, rendered, tree);
    let slugs = slugs(stories);
    let statuses: BTreeMap<&StoryId, &StoryStatus> = rendered.iter().map(|r| (&r.story, &r.status)).collect();
    let whole: BTreeSet<&StoryId> =
        rendered.iter().filter(|r| is_whole(&statuses, &r.status)).map(|r| &r.story).collect();
    let mut work = Work { findings: without_story(plan), ..Work::default() };
    let mut made: BTreeSet<&RepoPath> = BTreeSet::new();
    for result in rendered {
        let template = result.files.iter().map(|file| PlannedFile {
            path: file.path.clone(),
            change: if made.insert(&file.path) && !file.stories.is_empty() { Change::Create } else { Change::Change },
            author: Author::Template,
            reason: format!("the template {} covers it: {}", file.template, file.reason),
        });
        let mut files: Vec<PlannedFile> = template.collect();
        let story = stories.stories.iter().find(|story| story.id == result.story);
        if let Some(story) = story
            && let Some((criteria, reason)) = asked(story, &result.status, &whole)
        {
            let is_completion = matches!(result.status, StoryStatus::Partial { .. });
            let slug = slugs.get(&story.id).cloned().unwrap_or_else(|| story.id.to_string());
            let places = layout.places(plan, &story.id, &slug, is_completion);
            let model = |path: &RepoPath, change| PlannedFile {
                path: path.clone(),
                change,
                author: Author::Model,
                reason: reason.clone(),
            };
            files.extend(places.changes.iter().chain(&places.shared).map(|path| model(path, Change::Change)));
            files.extend(places.test.iter().chain(&places.folder).map(|path| model(path, Change::Create)));
            if let (Some(test), Some(folder)) = (places.test, places.folder) {
                let needs = story.depends_on.iter().map(|needed| &needed.story);
                let blocked_by = match &result.status {
                    StoryStatus::Blocked { by } => Some(by),
                    _ => None,
                };
                let needs: BTreeSet<&StoryId> = needs.chain(blocked_by).filter(|id| whole.contains(id)).collect();
                let writes = WriteSet::of_files(places.changes.into_iter().chain([test.clone()])).with_folder(folder);
                work.tasks.push(Task {
                    story: story.id.clone(),
                    criteria,
                    is_completion,
                    reason,
                    needs: needs.into_iter().cloned().collect(),
                    writes,
                    shared: places.shared,
                    test,
                });
            }
        }
        work.files.push(StoryFiles { story: result.story.clone(), files });
    }
    work.findings.extend(owned_twice(&work));
    work
}

/// Whether the model has to write the story as a whole; following who blocks whom, however long the way.
fn is_whole(statuses: &BTreeMap<&StoryId, &StoryStatus>, status: &StoryStatus) -> bool {
    let mut status = Some(status);
    for _ in 0..=statuses.len() {
        match status {
            Some(StoryStatus::NeedsModel { .. }) => return true,
            Some(StoryStatus::Blocked { by }) => status = statuses.get(by).copied(),
            _ => return false,
        }
    }
    // Stories that block each other: all of them go to the schedule, which names the circle.
    true
}

/// The criteria the model is asked for and why, if it is asked at all.
fn asked(story: &UserStory, status: &StoryStatus, whole: &BTreeSet<&StoryId>) -> Option<(Vec<CriterionId>, String)> {
    let all = || story.criteria.iter().map(|criterion| criterion.id.clone()).collect();
    match status {
        StoryStatus::NeedsModel { reason } => Some((all(), format!("no template covers it: {reason}"))),
        StoryStatus::Blocked { by } if whole.contains(&story.id) => {
            Some((all(), format!("it builds on {by}, which the model writes and no template knows")))
        }
        StoryStatus::Partial { unchecked } => {
            let first = unchecked.first().map_or("", |unchecked| unchecked.reason.as_str());
            let ids = unchecked.iter().map(|unchecked| unchecked.criterion.clone()).collect();
            Some((ids, format!("the template leaves {} of its criteria unchecked: {first}", unchecked.len())))
        }
        _ => None,
    }
}

/// A name for each story's files: its title, with its id where that says nothing or two have the same.
fn slugs(stories: &StorySet) -> BTreeMap<StoryId, String> {
    let slug = |story: &UserStory| slugify(&story.title, 48);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for story in &stories.stories {
        *counts.entry(slug(story)).or_default() += 1;
    }
    let named = |story: &UserStory| {
        let own = slug(story);
        // `con` is a device on Windows, so no folder can have that name.
        let is_name = own.starts_with(|c: char| c.is_ascii_alphabetic()) && RepoPath::parse(own.as_str()).is_ok();
        match (is_name, counts.get(&own)) {
            (true, Some(1)) => own,
            (true, _) => format!("{own}-{}", story.id),
            (false, _) => format!("story-{}", story.id),
        }
    };
    stories.stories.iter().map(|story| (story.id.clone(), named(story))).collect()
}

/// Where the model's files of a story go.
struct Places {
    changes: BTreeSet<RepoPath>,
    shared: BTreeSet<RepoPath>,
    folder: Option<RepoPath>,
    test: Option<RepoPath>,
}

/// The folders of the project as its templates laid them out.
struct Layout<'a> {
    tree: &'a BTreeSet<RepoPath>,
    is_python: bool,
    source: &'static str,
    tests: String,
    extension: &'static str,
}

/// Where a stack ties its parts together, the likeliest first.
const ENTRIES: [&str; 9] = [
    "src/app.ts",
    "server/src/app.ts",
    "app/main.py",
    "src/router.tsx",
    "src/router.ts",
    "src/router/index.ts",
    "src/App.tsx",
    "client/src/App.tsx",
    "src/App.vue",
];

impl<'a> Layout<'a> {
    fn of(plan: &ArchitecturePlan, rendered: &[GeneratedStory], tree: &'a BTreeSet<RepoPath>) -> Self {
        let is_python = plan.decision.stack == Stack::PythonApi;
        let test = rendered.iter().flat_map(|story| &story.tests).map(|test| &test.file).next();
        let tests = test.map_or_else(|| "tests/stories".to_owned(), |file| file.parent().to_owned());
        let tsx = test.is_some_and(|file| file.extension() == Some("tsx"));
        let extension = match (is_python, tsx) {
            (true, _) => "py",
            (false, true) => "test.tsx",
            (false, false) => "test.ts",
        };
        let source = match plan.decision.stack {
            Stack::PythonApi => "app",
            Stack::ReactFullstack => "server/src",
            _ => "src",
        };
        Self { tree, is_python, source, tests, extension }
    }

    fn places(&self, plan: &ArchitecturePlan, story: &StoryId, slug: &str, is_completion: bool) -> Places {
        let name = if self.is_python { slug.replace('-', "_") } else { slug.to_owned() };
        // `from app.features.class import …` is no Python.
        let name = if self.is_python && is_python_keyword(&name) { format!("{name}_") } else { name };
        let further = match (is_completion, self.is_python) {
            (false, _) => "",
            (true, true) => "_further",
            (true, false) => "-further",
        };
        let prefix = if self.is_python { "test_" } else { "" };
        let test = format!("{}/{prefix}{name}{further}.{}", self.tests, self.extension);
        let folder = format!("{}/features/{name}", self.source);
        let planned = plan.story_plans.iter().find(|planned| planned.story == *story);
        let entities: BTreeSet<&str> =
            planned.into_iter().flat_map(|planned| &planned.operations).map(|o| o.entity.as_str()).collect();
        let of_entity =
            |component: &&Component| component.entity.as_deref().is_some_and(|entity| entities.contains(entity));
        let components = plan.components.iter().filter(of_entity).map(|component| component.path.clone());
        let entries = ENTRIES.iter().filter(|_| !is_completion).filter_map(|entry| RepoPath::parse(*entry).ok());
        Places {
            changes: components.filter(|path| self.tree.contains(path)).collect(),
            shared: entries.filter(|path| self.tree.contains(path)).collect(),
            folder: RepoPath::parse(folder).ok(),
            test: RepoPath::parse(test).ok(),
        }
    }
}

fn without_story(plan: &ArchitecturePlan) -> Vec<Finding> {
    let idle = plan.components.iter().filter(|component| component.stories.is_empty());
    idle.map(|component| Finding::new(Rule::ComponentWithoutStory, &component.path, idle_message(&component.id)))
        .collect()
}

fn idle_message(component: &ComponentId) -> String {
    format!("the component {component} is planned, but no story needs it")
}

/// Two stories that make the same file, as far as nothing orders them.
fn owned_twice(work: &Work) -> Vec<Finding> {
    let mut owners: BTreeMap<&RepoPath, &StoryId> = BTreeMap::new();
    let mut found = Vec::new();
    for story in &work.files {
        let made = story.files.iter().filter(|file| file.change == Change::Create && file.author == Author::Model);
        for file in made {
            if let Some(other) = owners.insert(&file.path, &story.story)
                && *other != story.story
            {
                let message = format!("both {other} and {} make it", story.story);
                found.push(Finding::new(Rule::FileOwnedTwice, &file.path, message));
            }
        }
    }
    found
}
