//! The six tables' records, typed: what lies under which key and which index lists it.
//!
//! `execution_state` is the engine's own (see [`pipeline`](crate::pipeline)); the other five are written by the stages.
//! Every write here comes out the same when a stage runs again, so repeating it is harmless.

mod document;

pub use document::DocumentRecord;

use crate::domain::{
    BranchName, CommitSha, Component, ExecutionId, ProjectName, ProjectRoot, PullRequestState, RepositoryRef, Stack,
    UserStory, WorkflowRun,
};
use crate::ports::{
    Expect, Record, RecordIndex, RecordKey, RecordQuery, RecordStore, RecordStoreExt, RecordWrite, Table,
};
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A story with its status in one execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryRecord {
    /// The story.
    pub story: UserStory,
    /// The execution.
    pub execution: ExecutionId,
    /// `planned`, then the label of its [`StoryStatus`](crate::domain::StoryStatus).
    pub status: String,
    /// Its place in the queue, from 0.
    pub position: usize,
    /// How many criteria, dependencies and requirements did not fit; the stage's result has all of them.
    #[serde(default)]
    pub left_out: usize,
}

/// The size records are kept to: stores need not take more than 256 KiB, and keys and escapes need room as well.
const RECORD_BYTES: usize = 200 * 1024;

fn fits<T: Serialize>(value: &T) -> Result<bool> {
    let json = serde_json::to_vec(value).map_err(|error| {
        Error::new(ErrorKind::InvalidInput, "record.size", "the record does not serialize").caused_by(error)
    })?;
    Ok(json.len() <= RECORD_BYTES)
}

impl StoryRecord {
    /// The record of a story; of one too large for a record as much as fits.
    ///
    /// # Errors
    /// `InvalidInput` when the story does not serialize.
    pub fn new(story: UserStory, execution: ExecutionId, status: String, position: usize) -> Result<Self> {
        let mut record = Self { story, execution, status, position, left_out: 0 };
        while !fits(&record)? {
            let UserStory { criteria, depends_on, requirements, .. } = &mut record.story;
            let before = criteria.len() + depends_on.len() + requirements.len();
            criteria.truncate(criteria.len() / 2);
            depends_on.truncate(depends_on.len() / 2);
            requirements.truncate(requirements.len() / 2);
            let left = criteria.len() + depends_on.len() + requirements.len();
            if left == before {
                break; // What is left is text alone; the store says that it is too large.
            }
            record.left_out += before - left;
        }
        Ok(record)
    }

    /// The status of a story nobody worked on yet.
    pub const PLANNED: &'static str = "planned";

    /// Writes the story and queues it by priority among those of its status.
    ///
    /// # Errors
    /// `InvalidInput` when a name does not fit a key.
    pub fn write(&self) -> Result<RecordWrite> {
        let key = RecordKey::parse(self.execution.as_str(), self.story.id.as_str())?;
        let queue = RecordKey::parse(
            format!("{}/{}", self.execution, self.status),
            format!("{}/{:05}", self.story.priority, self.position),
        )?;
        Ok(RecordWrite::put(Table::UserStories, key, Expect::Anything, self)?.with_index(RecordIndex::Status, queue))
    }

    /// The stories of a status, most urgent first.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn queue(records: &dyn RecordStore, execution: &ExecutionId, status: &str) -> Result<Vec<Self>> {
        let query = RecordQuery::index(RecordIndex::Status, format!("{execution}/{status}"));
        records.query_all(Table::UserStories, query).await?.iter().map(Record::decode).collect()
    }
}

/// A component of one execution's architecture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentRecord {
    /// The component.
    pub component: Component,
    /// The execution.
    pub execution: ExecutionId,
    /// The project and day.
    pub root: ProjectRoot,
}

impl ComponentRecord {
    /// Writes the component.
    ///
    /// # Errors
    /// `InvalidInput` when a name does not fit a key.
    pub fn write(&self) -> Result<RecordWrite> {
        let key = RecordKey::parse(self.execution.as_str(), self.component.id.as_str())?;
        let by_root = RecordKey::parse(self.root.to_string(), format!("{}/{}", self.execution, self.component.id))?;
        Ok(RecordWrite::put(Table::ComponentSpecs, key, Expect::Anything, self)?
            .with_index(RecordIndex::Project, by_root))
    }
}

/// Where an execution published: repository, branch, pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrationRecord {
    /// The execution.
    pub execution: ExecutionId,
    /// The project and day.
    pub root: ProjectRoot,
    /// The repository.
    pub repository: RepositoryRef,
    /// The branch a merge goes to.
    pub base: BranchName,
    /// The execution's branch.
    pub branch: BranchName,
    /// The branch's head.
    pub head: CommitSha,
    /// The pull request's number and state, once it is open.
    pub pull_request: Option<(u64, PullRequestState)>,
    /// The stack of what was published.
    #[serde(default)]
    pub stack: Option<Stack>,
}

impl IntegrationRecord {
    /// The stack of the project as it was merged by executions other than this one; `None` where nothing was merged, or
    /// merges of the newest day differ.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn merged_stack(
        records: &dyn RecordStore,
        project: &ProjectName,
        but: &ExecutionId,
    ) -> Result<Option<Stack>> {
        let known = records.query_all(Table::GithubIntegrations, RecordQuery::partition(project.as_str())).await?;
        let known = known.iter().map(Record::decode::<Self>).collect::<Result<Vec<_>>>()?;
        let merged = |known: &&Self| {
            known.execution != *but && known.pull_request.is_some_and(|(_, state)| state == PullRequestState::Merged)
        };
        let merged: Vec<(String, Stack)> =
            known.iter().filter(merged).filter_map(|known| Some((known.root.to_string(), known.stack?))).collect();
        let newest = merged.iter().map(|(root, _)| root).max();
        let stacks: BTreeSet<&str> =
            merged.iter().filter(|(root, _)| Some(root) == newest).map(|(_, stack)| stack.as_str()).collect();
        let only = merged.iter().rev().find(|(root, _)| Some(root) == newest).map(|(_, stack)| *stack);
        Ok(only.filter(|_| stacks.len() == 1))
    }

    /// Writes the record.
    ///
    /// # Errors
    /// `InvalidInput` when a name does not fit a key.
    pub fn write(&self) -> Result<RecordWrite> {
        let key = RecordKey::parse(self.root.project().as_str(), self.execution.as_str())?;
        let by_repository = RecordKey::parse(
            format!("{}/{}", self.repository.owner, self.repository.name),
            format!("{}/{}", self.branch, self.execution),
        )?;
        Ok(RecordWrite::put(Table::GithubIntegrations, key, Expect::Anything, self)?
            .with_index(RecordIndex::Repository, by_repository))
    }

    /// An execution's integration, if it got that far.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn of(records: &dyn RecordStore, project: &ProjectName, execution: &ExecutionId) -> Result<Option<Self>> {
        let key = RecordKey::parse(project.as_str(), execution.as_str())?;
        records.get(Table::GithubIntegrations, &key).await?.map(|record| record.decode()).transpose()
    }
}

/// A CI run's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildRecord {
    /// The execution.
    pub execution: ExecutionId,
    /// The repository.
    pub repository: RepositoryRef,
    /// The run.
    pub run: WorkflowRun,
    /// How many steps did not fit; the stage's result has all of them.
    #[serde(default)]
    pub left_out: usize,
}

impl BuildRecord {
    /// The record of a run. Of one too large for a record the steps that ended in success are left out, then all steps.
    ///
    /// # Errors
    /// `InvalidInput` when the run does not serialize.
    pub fn new(execution: ExecutionId, repository: RepositoryRef, run: WorkflowRun) -> Result<Self> {
        let mut record = Self { execution, repository, run, left_out: 0 };
        for keep_failed in [true, false] {
            if fits(&record)? {
                break;
            }
            for job in &mut record.run.jobs {
                let before = job.steps.len();
                job.steps.retain(|step| keep_failed && !step.state.is_success());
                record.left_out += before - job.steps.len();
            }
        }
        Ok(record)
    }

    /// Writes the result, found again by its head commit.
    ///
    /// # Errors
    /// `InvalidInput` when a name does not fit a key or the run is too large for a record.
    pub fn write(&self) -> Result<RecordWrite> {
        let key = RecordKey::parse(self.execution.as_str(), format!("{}/{:04}", self.run.id, self.run.attempt))
            .map_err(|error| Error::new(ErrorKind::InvalidInput, "build.record", error.to_string()))?;
        let by_sha = RecordKey::parse(self.run.head_sha.as_str(), format!("{}/{:04}", self.run.id, self.run.attempt))?;
        Ok(RecordWrite::put(Table::BuildResults, key, Expect::Anything, self)?.with_index(RecordIndex::HeadSha, by_sha))
    }

    /// The results of a commit, oldest first.
    ///
    /// # Errors
    /// Those of the record store.
    pub async fn of_commit(records: &dyn RecordStore, sha: &CommitSha) -> Result<Vec<Self>> {
        let query = RecordQuery::index(RecordIndex::HeadSha, sha.as_str());
        records.query_all(Table::BuildResults, query).await?.iter().map(Record::decode).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{BuildRecord, StoryRecord, fits};
    use crate::domain::{
        AcceptanceCriterion, Basis, Citation, CriterionId, DocumentId, DocumentName, Effort, ExecutionId,
        IdempotencyKey, Priority, ProjectName, UserStory,
    };
    use serde_json::json;

    fn execution() -> ExecutionId {
        ExecutionId::for_key(&ProjectName::parse("p").unwrap(), &IdempotencyKey::parse("k").unwrap())
    }

    fn story(criteria: usize) -> UserStory {
        let mut story = json!({"id": "list-books", "title": "List books", "role": "clerk", "action": "list books",
            "benefit": null, "criteria": [], "priority": "unset", "priority_basis": null, "effort": 1,
            "effort_basis": null, "depends_on": [], "requirements": []});
        let basis = serde_json::to_value(Basis::Default { reason: "test".to_owned() }).unwrap();
        for (name, value) in [
            ("priority", serde_json::to_value(Priority::P1).unwrap()),
            ("effort", serde_json::to_value(Effort::at_least(1)).unwrap()),
            ("priority_basis", basis.clone()),
            ("effort_basis", basis),
        ] {
            story[name] = value;
        }
        let mut story: UserStory = serde_json::from_value(story).unwrap();
        let name = DocumentName::parse("a.md").unwrap();
        let citation = Citation {
            document: DocumentId::for_name(&name),
            version: crate::domain::ContentHash::of(b""),
            name,
            span: crate::domain::TextSpan { start: 0, end: 1 },
            place: crate::domain::Place::Lines { first: 1, last: 1 },
            quote: "q".repeat(400),
            speaker: None,
        };
        story.criteria = (0..criteria)
            .map(|number| AcceptanceCriterion {
                id: CriterionId::for_content(&story.id, "", "", &number.to_string()),
                given: String::new(),
                when: String::new(),
                then: format!("{number} {}", "x".repeat(400)),
                citation: citation.clone(),
            })
            .collect();
        story
    }

    #[test]
    fn a_story_of_500_criteria_is_kept_as_far_as_it_fits() {
        let record = StoryRecord::new(story(500), execution(), "done".to_owned(), 0).unwrap();
        assert!(fits(&record).unwrap() && !record.story.criteria.is_empty());
        assert_eq!(record.story.criteria.len() + record.left_out, 500);
        let small = StoryRecord::new(story(5), execution(), "done".to_owned(), 0).unwrap();
        assert_eq!((small.story.criteria.len(), small.left_out), (5, 0));
    }

    #[test]
    fn a_run_of_many_steps_keeps_those_that_failed() {
        let step = |number: usize| {
            let conclusion = if number == 7 { "failure" } else { "success" };
            json!({"name": format!("step {number}"), "state": {"state": "completed", "conclusion": conclusion},
                "duration_ms": 1, "note": "n".repeat(1000)})
        };
        let run = json!({"id": "1", "workflow": ".github/workflows/ci.yml", "head_sha": "a".repeat(40), "attempt": 1,
            "state": {"state": "completed", "conclusion": "failure"}, "started_at": null, "finished_at": null,
            "jobs": [{"id": "test", "name": "test", "state": {"state": "completed", "conclusion": "failure"},
                "steps": (0..500).map(step).collect::<Vec<_>>()}],
            "location": "memory:1"});
        let repository = json!({"owner": "", "name": "p", "location": "memory:p"});
        let (run, repository) = (serde_json::from_value(run).unwrap(), serde_json::from_value(repository).unwrap());
        let record = BuildRecord::new(execution(), repository, run).unwrap();
        assert!(fits(&record).unwrap());
        let names: Vec<_> = record.run.jobs[0].steps.iter().map(|step| step.name.as_str()).collect();
        assert_eq!((names, record.left_out), (vec!["step 7"], 499));
    }
}
