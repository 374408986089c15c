//! What the model wrote and CI did not like, mended by the model: the loop of [`attempt`](super::attempt) once more, begun
//! with the code that is there and the verdict on it.

use super::ModelOptions;
use super::attempt::{Beginning, Desk, Written};
use super::context::{Passages, shared};
use super::feedback::{CiVerdict, Feedback};
use super::inspect::Inspector;
use super::judge::Tree;
use super::merge::{lay, owners_of_tasks};
use super::packages::Packages;
use crate::Result;
use crate::domain::{
    ArchitecturePlan, CodeBundle, CriterionTest, ModelTask, RepoPath, Route, StoryId, StorySet, UserStory, WorkPlan,
};
use crate::pipeline::StageContext;
use crate::ports::LanguageModel;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A project that CI is not content with.
#[derive(Debug, Clone, Copy)]
pub(in crate::stages) struct Red<'a> {
    pub(in crate::stages) plan: &'a ArchitecturePlan,
    pub(in crate::stages) stories: &'a StorySet,
    pub(in crate::stages) bundle: &'a CodeBundle,
    pub(in crate::stages) work: &'a WorkPlan,
    /// The text of every file.
    pub(in crate::stages) tree: &'a Tree,
    pub(in crate::stages) verdict: &'a CiVerdict,
    /// Which round, from 1.
    pub(in crate::stages) round: usize,
}

/// A story after its mending.
#[derive(Debug)]
pub(in crate::stages) struct Mended {
    pub(in crate::stages) story: StoryId,
    /// The files that changed, whole, or why there are none.
    pub(in crate::stages) result: Result<Vec<(RepoPath, String)>, String>,
    pub(in crate::stages) tests: Vec<CriterionTest>,
    pub(in crate::stages) model: String,
}

/// Has the model mend the stories it wrote and the verdict speaks of, one on top of the other; empty when it speaks of
/// none.
///
/// # Errors
/// Those of the model and the journal.
pub(in crate::stages) async fn mend(
    cx: &StageContext,
    model: &Arc<dyn LanguageModel>,
    options: &ModelOptions,
    red: Red<'_>,
) -> Result<Vec<Mended>> {
    let spoken_of: Vec<(&ModelTask, &UserStory, BTreeSet<RepoPath>)> = red
        .work
        .tasks
        .iter()
        .filter_map(|task| {
            let own = written_by_model(red.bundle, task);
            let story = red.stories.stories.iter().find(|story| story.id == task.story)?;
            red.verdict.speaks_of(own.iter()).then_some((task, story, own))
        })
        .collect();
    if spoken_of.is_empty() {
        return Ok(Vec::new());
    }
    let (shared, owners) = (shared(red.plan, red.tree), owners_of_tasks(red.work));
    let inspector = Inspector::of(red.plan);
    // The lock is made: what CI installs is what there is.
    let packages = Packages::of(red.plan)?.closed();
    let passages = Passages::load(cx, red.stories).await?;
    let desk = Desk {
        cx,
        model: model.as_ref(),
        options,
        stories: red.stories,
        passages: &passages,
        shared: &shared,
        owners: &owners,
        inspector: &inspector,
        packages: &packages,
    };
    let mut tree = red.tree.clone();
    let mut all = Vec::with_capacity(spoken_of.len());
    for (task, story, own) in spoken_of {
        let further = if task.is_completion { "/further" } else { "" };
        let beginning = Beginning {
            steps: format!("model/{}{further}/ci-{}", story.id, red.round),
            files: own.iter().filter_map(|path| Some((path.clone(), tree.get(path)?.to_string()))).collect(),
            feedback: vec![Feedback::Ci(red.verdict.clone())],
            known: inspector.known_faults(&tree),
        };
        let mut base = tree.clone();
        base.retain(|path, _| !own.contains(path));
        let written = desk.write_from(beginning, task, story, &base).await?;
        let mut with = base;
        let laid = written.and_then(|written| match lay(&mut with, &written, &packages) {
            true => Ok(written),
            false => Err("its edits do not fit what is there".to_owned()),
        });
        let story = story.id.clone();
        all.push(match laid {
            Err(reason) => Mended { story, result: Err(reason), tests: Vec::new(), model: String::new() },
            Ok(Written { tests, model, .. }) => {
                // Of what it takes back nothing is left that anybody imports, so the file may stay.
                let changed = with.iter().filter(|(path, text)| tree.get(*path) != Some(*text));
                let changed = changed.map(|(path, text)| (path.clone(), text.to_string())).collect();
                tree.extend(with);
                Mended { story, result: Ok(changed), tests, model }
            }
        });
    }
    Ok(all)
}

/// The files a model wrote for the task's story and that are the story's own.
fn written_by_model(bundle: &CodeBundle, task: &ModelTask) -> BTreeSet<RepoPath> {
    let last: BTreeMap<&RepoPath, &Route> = bundle
        .results()
        .filter(|result| result.story == task.story)
        .flat_map(|result| &result.files)
        .map(|file| (&file.path, &file.route))
        .collect();
    let is_own = |path: &RepoPath, route: &Route| matches!(route, Route::Model { .. }) && task.writes.covers(path);
    last.into_iter().filter(|(path, route)| is_own(path, route)).map(|(path, _)| path.clone()).collect()
}
