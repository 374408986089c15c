//! The model's tasks side by side, and their results put together in one order.

use super::ModelOptions;
use super::answer::apply;
use super::attempt::{Desk, Pass, Written};
use super::context::{Passages, shared};
use super::inspect::Inspector;
use super::judge::Tree;
use super::packages::Packages;
use super::places::feature_folders;
use super::work::job_of;
use crate::domain::{
    ArchitecturePlan, CriterionTest, ModelTask, RepoPath, Rule, StoryId, StorySet, StoryStatus, UserStory, WorkPlan,
};
use crate::pipeline::StageContext;
use crate::ports::LanguageModel;
use crate::stacks::{Language, definition};
use crate::stages::story_executor::schedule::{Ending, JobState, Schedule, Settled, drive};
use crate::stages::story_executor::{GeneratedProject, GeneratedStory};
use crate::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What became of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::stages::story_executor) struct TaskTold {
    pub(in crate::stages::story_executor) story: StoryId,
    /// Whether a template has written the rest of the story.
    pub(in crate::stages::story_executor) is_completion: bool,
    pub(in crate::stages::story_executor) status: StoryStatus,
    /// Its files, whole; none unless it is done.
    pub(in crate::stages::story_executor) files: Vec<(RepoPath, String)>,
    pub(in crate::stages::story_executor) tests: Vec<CriterionTest>,
    /// The model that wrote them.
    pub(in crate::stages::story_executor) model: String,
    /// Why the model wrote them.
    pub(in crate::stages::story_executor) reason: String,
}

/// What the model has made of its tasks.
#[derive(Debug, Default)]
pub(in crate::stages::story_executor) struct Told {
    pub(in crate::stages::story_executor) tasks: Vec<TaskTold>,
    /// The manifest with the packages that were added, where any were.
    pub(in crate::stages::story_executor) manifest: Option<(RepoPath, String)>,
}

/// Has the model write what the templates left, in the order in which results are put together.
///
/// # Errors
/// `InvalidInput` when stories wait for each other in a circle or would make the same file; those of the model.
pub(in crate::stages::story_executor) async fn write_stories(
    cx: &StageContext,
    model: &Arc<dyn LanguageModel>,
    options: &ModelOptions,
    (plan, stories): (&ArchitecturePlan, &StorySet),
    project: &GeneratedProject,
    work: &WorkPlan,
) -> Result<Told> {
    let base = tree_of(plan, project);
    if let Some(finding) = work.findings.iter().find(|finding| finding.rule == Rule::FileOwnedTwice) {
        return Err(Error::new(ErrorKind::InvalidInput, "story-executor.plan", finding.message.clone())
            .with("file", &finding.file));
    }
    let of_id: BTreeMap<&StoryId, &UserStory> = stories.stories.iter().map(|story| (&story.id, story)).collect();
    let jobs = work.tasks.iter().map(|task| job_of(task, of_id.get(&task.story).copied())).collect();
    let schedule = Schedule::new(jobs, &options.limits)?;
    let (shared, owners) = (shared(plan, &base), owners(work, &project.stories));
    let (inspector, packages) = (Inspector::of(plan), Packages::of(plan)?);
    let passages = match work.tasks.is_empty() {
        true => Passages::default(),
        false => Passages::load(cx, stories).await?,
    };
    let desk = Desk {
        cx,
        model: model.as_ref(),
        options,
        stories,
        passages: &passages,
        shared: &shared,
        owners: &owners,
        inspector: &inspector,
        packages: &packages,
    };
    let ended = AtomicUsize::new(0);
    let ran = drive(schedule, cx.clock().as_ref(), |schedule, job, results| {
        // What a story builds on is fixed by the schedule, so the question is the same in every run.
        let mut tree = base.clone();
        for earlier in schedule.comes_after(job) {
            if let Some(Some(Settled { value: Ok(written), ending: Ending::Done })) = results.get(earlier) {
                // One that does not fit here is written again when results are put together.
                let _fits = lay(&mut tree, written, desk.packages);
            }
        }
        let task = work.tasks.get(job);
        let story = task.and_then(|task| of_id.get(&task.story).copied());
        let (desk, ended, total) = (&desk, &ended, work.tasks.len());
        Box::pin(async move {
            let (Some(task), Some(story)) = (task, story) else {
                return Err(Error::new(ErrorKind::Internal, "story-executor.task", "a task has no story"));
            };
            let value = desk.write(task, story, &tree, Pass::First).await?;
            let (ending, how) = if value.is_ok() { (Ending::Done, "written") } else { (Ending::Failed, "failed") };
            let number = ended.fetch_add(1, Ordering::Relaxed) + 1;
            desk.cx.progress(number, total, format!("{}: {how} by the model", story.title));
            Ok(Settled { value, ending })
        })
    })
    .await?;
    let merge = Merge { desk: &desk, tasks: &work.tasks, of_id: &of_id, known: inspector.known_faults(&base) };
    merge.put_together(plan, &ran.schedule, ran.results, base).await
}

/// Every text there is once the templates are rendered.
fn tree_of(plan: &ArchitecturePlan, project: &GeneratedProject) -> Tree {
    let files = project.scaffold.iter().chain(project.stories.iter().flat_map(|story| &story.files));
    let mut tree: Tree = files.map(|file| (file.path.clone(), Arc::from(file.content.as_str()))).collect();
    tree.extend(features_packages(plan).into_iter().map(|(path, text)| (path, Arc::from(text))));
    tree
}

/// In Python the folder around the stories' own folders has to be a package before the first of them is.
fn features_packages(plan: &ArchitecturePlan) -> Vec<(RepoPath, &'static str)> {
    if definition(plan.decision.stack).language != Language::Python {
        return Vec::new();
    }
    let folders = feature_folders(plan.decision.stack).into_iter();
    let files = folders.filter_map(|folder| RepoPath::parse(format!("{folder}/__init__.py")).ok());
    files.map(|path| (path, "\"\"\"What single user stories add.\"\"\"\n")).collect()
}

/// Lays a story on top of the tree; whether it could: the edits of a shared file may not fit what others made of it, and
/// then the tree stays as it is.
#[must_use]
pub(super) fn lay(tree: &mut Tree, written: &Written, packages: &Packages) -> bool {
    let mut edited: Vec<(RepoPath, Arc<str>)> = Vec::with_capacity(written.edits.len());
    for (path, edits) in &written.edits {
        match tree.get(path).map(|text| apply(text, edits)) {
            Some(Ok(text)) => edited.push((path.clone(), Arc::from(text))),
            _ => return false,
        }
    }
    if !packages.declare(tree, &written.packages) {
        return false;
    }
    tree.extend(edited);
    tree.extend(written.files.iter().map(|(path, text)| (path.clone(), Arc::from(text.as_str()))));
    true
}

/// Files and folders that one story has to itself.
pub(super) fn owners_of_tasks(work: &WorkPlan) -> BTreeMap<RepoPath, StoryId> {
    let mut owners = BTreeMap::new();
    for task in &work.tasks {
        let own = task.writes.folders().chain([&task.test]);
        owners.extend(own.map(|path| (path.clone(), task.story.clone())));
    }
    owners
}

fn owners(work: &WorkPlan, rendered: &[GeneratedStory]) -> BTreeMap<RepoPath, StoryId> {
    let mut owners: BTreeMap<RepoPath, StoryId> = BTreeMap::new();
    for story in rendered {
        let tests = story.files.iter().filter(|file| file.stories.len() == 1);
        owners.extend(tests.map(|file| (file.path.clone(), story.story.clone())));
    }
    owners.extend(owners_of_tasks(work));
    owners
}

/// Puts results together one by one.
struct Merge<'a> {
    desk: &'a Desk<'a>,
    tasks: &'a [ModelTask],
    of_id: &'a BTreeMap<&'a StoryId, &'a UserStory>,
    /// What was wrong before any story of the model.
    known: BTreeSet<(Rule, RepoPath, String)>,
}

impl Merge<'_> {
    /// The whole project is validated again after each story, because those that were written side by side have not
    /// seen each other. One that does not fit is written once more, on top of what is there by then.
    async fn put_together(
        &self,
        plan: &ArchitecturePlan,
        schedule: &Schedule,
        mut results: Vec<Option<Settled<Result<Written, String>>>>,
        base: Tree,
    ) -> Result<Told> {
        let mut folders = features_packages(plan);
        let manifest = self.desk.packages.manifest();
        let declared = base.get(manifest).cloned();
        let mut tree = base;
        let mut lost: BTreeSet<&StoryId> = BTreeSet::new();
        let mut tasks = Vec::with_capacity(self.tasks.len());
        for job in schedule.merge_order() {
            let Some(task) = self.tasks.get(*job) else { continue };
            let result = results.get_mut(*job).and_then(Option::take).map(|settled| settled.value);
            let blocked = task.needs.iter().find(|needed| lost.contains(needed));
            let (status, written) = match (schedule.state(*job), blocked, result) {
                (Some(JobState::Blocked(by)), ..) => (StoryStatus::Blocked { by: by.clone() }, None),
                (_, Some(by), _) => (StoryStatus::Blocked { by: by.clone() }, None),
                (_, None, Some(Ok(written))) => match self.fitting(task, &tree, written).await? {
                    Ok((with, written)) => {
                        let before = std::mem::replace(&mut tree, with);
                        (StoryStatus::Done, Some((written, before)))
                    }
                    Err(reason) => (StoryStatus::Failed { reason }, None),
                },
                (_, None, Some(Err(reason))) => (StoryStatus::Failed { reason }, None),
                (_, None, None) => (StoryStatus::Failed { reason: "it was not tried".to_owned() }, None),
            };
            if written.is_none() {
                lost.insert(&task.story);
            }
            let mut one = TaskTold {
                story: task.story.clone(),
                is_completion: task.is_completion,
                status,
                files: Vec::new(),
                tests: Vec::new(),
                model: String::new(),
                reason: task.reason.clone(),
            };
            if let Some((written, before)) = written {
                let first = folders.drain(..).map(|(path, text)| (path, text.to_owned())).collect::<Vec<_>>();
                let changed = tree.iter().filter(|(path, text)| *path != manifest && before.get(*path) != Some(*text));
                let changed = changed.map(|(path, text)| (path.clone(), text.to_string()));
                one.files = first.into_iter().chain(changed).collect();
                one.tests = written.tests;
                one.model = written.model;
            }
            tasks.push(one);
        }
        let now = tree.get(manifest).filter(|now| Some(*now) != declared.as_ref());
        Ok(Told { tasks, manifest: now.map(|text| (manifest.clone(), text.to_string())) })
    }

    /// The tree with the story on top and nothing wrong with it, or why there is none.
    async fn fitting(
        &self,
        task: &ModelTask,
        tree: &Tree,
        written: Written,
    ) -> Result<Result<(Tree, Written), String>> {
        if let Ok(with) = self.checked(tree, &written) {
            return Ok(Ok((with, written)));
        }
        let Some(story) = self.of_id.get(&task.story) else {
            return Err(Error::new(ErrorKind::Internal, "story-executor.task", "a task has no story"));
        };
        Ok(match self.desk.write(task, story, tree, Pass::Again).await? {
            Ok(written) => self.checked(tree, &written).map(|with| (with, written)),
            Err(reason) => Err(format!("it did not fit the stories beside it, and written again: {reason}")),
        })
    }

    fn checked(&self, tree: &Tree, written: &Written) -> Result<Tree, String> {
        let mut with = tree.clone();
        if !lay(&mut with, written, self.desk.packages) {
            return Err("its edits do not fit what other stories changed".to_owned());
        }
        match self.desk.inspector.new_errors(&with, &self.known).first() {
            None => Ok(with),
            Some(finding) => Err(format!("{} in {}: {}", finding.rule, finding.file, finding.message)),
        }
    }
}
