//! One typed stage, and its form without types that the engine runs.

use super::context::StageContext;
use crate::domain::{StageName, Wait};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// How a stage's run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It is done.
    Done(T),
    /// It waits for something outside; the process may end. A later run begins again with the recorded steps.
    Waiting(Wait),
}

/// One stage of a pipeline.
///
/// `run` may be called any number of times for one execution: after a crash and after a wait it starts from the top,
/// and every step that was recorded returns its recorded result. So a stage has no effect outside the process except
/// in [`StageContext::step`], and does not depend on anything that differs between two runs other than through
/// [`StageContext::record`].
#[async_trait]
pub trait Stage: Debug + Send + Sync + 'static {
    /// What it takes.
    type Input: Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What it makes.
    type Output: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Its name, unique within the pipeline.
    fn name(&self) -> StageName;

    /// What its recorded results depend on besides its input: its version and its options, as text.
    ///
    /// An execution goes on only with the same revision: results of two versions are never mixed.
    fn revision(&self) -> String;

    /// Runs the stage, or goes on with it.
    ///
    /// # Errors
    /// Ends this run; the execution is `failed` and a resume tries again from the last recorded step.
    async fn run(&self, cx: &StageContext, input: Self::Input) -> Result<Outcome<Self::Output>>;
}

/// A stage whose input and output are JSON: the engine journals them.
#[async_trait]
pub(crate) trait ErasedStage: Debug + Send + Sync {
    fn stage_name(&self) -> StageName;
    fn stage_revision(&self) -> String;
    async fn run_json(&self, cx: &StageContext, input: &[u8]) -> Result<Outcome<Bytes>>;
}

#[async_trait]
impl<S: Stage> ErasedStage for S {
    fn stage_name(&self) -> StageName {
        self.name()
    }

    fn stage_revision(&self) -> String {
        self.revision()
    }

    async fn run_json(&self, cx: &StageContext, input: &[u8]) -> Result<Outcome<Bytes>> {
        let input: S::Input = serde_json::from_slice(input).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "stage.input", "the recorded input is not of the stage's input type")
                .with("stage", self.name())
                .caused_by(error)
        })?;
        match self.run(cx, input).await? {
            Outcome::Done(output) => Ok(Outcome::Done(to_json(&output)?)),
            Outcome::Waiting(wait) => Ok(Outcome::Waiting(wait)),
        }
    }
}

/// A value's JSON.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<Bytes> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(|error| Error::new(ErrorKind::Internal, "json.write", "a value does not serialize").caused_by(error))
}

/// The value of some JSON.
pub(crate) fn from_json<T: DeserializeOwned>(json: &[u8], what: &'static str) -> Result<T> {
    serde_json::from_slice(json).map_err(|error| {
        Error::new(ErrorKind::Corrupt, "json.read", "stored JSON is not of the expected type")
            .with("what", what)
            .caused_by(error)
    })
}
