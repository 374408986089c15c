//! What is to be done for each story, file by file: by a template where one covers it fully, by the model otherwise.

use super::places::Layout;
use crate::domain::{
    ArchitecturePlan, Author, ComponentId, CriterionId, Finding, ModelTask, PlannedChange, PlannedFile, RepoPath, Rule,
    StoryFiles, StoryId, StorySet, StoryStatus, UserStory, WorkPlan, WriteSet, slugify,
};
use crate::stages::story_executor::GeneratedStory;
use crate::stages::story_executor::schedule::{Estimate, Job};
use std::collections::{BTreeMap, BTreeSet};

/// The task for the schedule: size decides how long it is expected to take.
#[must_use]
pub fn job_of(task: &ModelTask, story: Option<&UserStory>) -> Job {
    let points = story.map_or(3, |story| u64::from(story.effort.points()));
    let estimate = Estimate { millis: 10_000 * points, input_tokens: 8_000, output_tokens: 1_000 * points };
    Job { story: task.story.clone(), needs: task.needs.clone(), writes: task.writes.clone(), estimate }
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
) -> WorkPlan {
    let layout = Layout::of(plan, tree);
    let of_id: BTreeMap<&StoryId, &UserStory> = stories.stories.iter().map(|story| (&story.id, story)).collect();
    let slugs = slugs(stories);
    let statuses: BTreeMap<&StoryId, &StoryStatus> = rendered.iter().map(|r| (&r.story, &r.status)).collect();
    let whole: BTreeSet<&StoryId> =
        rendered.iter().filter(|r| is_whole(&statuses, &r.status)).map(|r| &r.story).collect();
    let mut work = WorkPlan { findings: without_story(plan), ..WorkPlan::default() };
    let mut made: BTreeSet<&RepoPath> = BTreeSet::new();
    for result in rendered {
        let template = result.files.iter().map(|file| PlannedFile {
            path: file.path.clone(),
            change: if made.insert(&file.path) && !file.stories.is_empty() {
                PlannedChange::Create
            } else {
                PlannedChange::Change
            },
            author: Author::Template,
            reason: format!("the template {} covers it: {}", file.template, file.reason),
        });
        let mut files: Vec<PlannedFile> = template.collect();
        if let Some(story) = of_id.get(&result.story)
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
            files.extend(places.changes.iter().chain(&places.shared).map(|path| model(path, PlannedChange::Change)));
            files.extend(places.test.iter().chain(&places.folders).map(|path| model(path, PlannedChange::Create)));
            if let Some(test) = places.test {
                let needs = story.depends_on.iter().map(|needed| &needed.story);
                let blocked_by = match &result.status {
                    StoryStatus::Blocked { by } => Some(by),
                    _ => None,
                };
                let needs: BTreeSet<&StoryId> = needs.chain(blocked_by).filter(|id| whole.contains(id)).collect();
                let writes = WriteSet::of_files(places.changes.into_iter().chain([test.clone()]));
                let writes = places.folders.into_iter().fold(writes, WriteSet::with_folder);
                work.tasks.push(ModelTask {
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

fn without_story(plan: &ArchitecturePlan) -> Vec<Finding> {
    let idle = plan.components.iter().filter(|component| component.stories.is_empty());
    idle.map(|component| Finding::new(Rule::ComponentWithoutStory, &component.path, idle_message(&component.id)))
        .collect()
}

fn idle_message(component: &ComponentId) -> String {
    format!("the component {component} is planned, but no story needs it")
}

/// Two stories that make the same file, as far as nothing orders them.
fn owned_twice(work: &WorkPlan) -> Vec<Finding> {
    let mut owners: BTreeMap<&RepoPath, &StoryId> = BTreeMap::new();
    let mut found = Vec::new();
    for story in &work.files {
        let made =
            story.files.iter().filter(|file| file.change == PlannedChange::Create && file.author == Author::Model);
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
