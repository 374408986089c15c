//! Answers of a model kept as files, and given again: whole runs without a network, a key or a cost.

use crate::os_error::os_error;
use aipipe_core::domain::ContentHash;
use aipipe_core::ports::{LanguageModel, ModelEvent, ModelProfile, ModelRequest, ModelResponse, Purpose, TokenCount};
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind as IoErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixtureSource {
    /// A model gave it.
    Recorded,
    /// Somebody wrote it.
    Synthetic,
}

/// A question with its answer, as a file has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    source: FixtureSource,
    request: ModelRequest,
    response: ModelResponse,
}

/// Gives answers that are kept in a folder, one file a question; with a model behind it, it asks that and keeps the answer.
///
/// A question is found by all that is asked: another word, limit or schema is another question. What it is charged to, how
/// long one waits and the key of the call are no part of it. Without a model, a question nobody kept an answer to is
/// `NotFound`, so a replayed run never goes on with something else.
#[derive(Debug, Clone)]
pub struct ReplayModel {
    folder: PathBuf,
    model: Option<(Arc<dyn LanguageModel>, FixtureSource)>,
    profile: ModelProfile,
}

impl ReplayModel {
    /// Answers from this folder alone.
    #[must_use]
    pub fn replaying(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), model: None, profile: ModelProfile::new(200_000, 64_000) }
    }

    /// Answers from this folder, and from the model what is not there yet. `source` says what the new files tell of
    /// themselves: a scripted model's answers are synthetic.
    #[must_use]
    pub fn recording(folder: impl Into<PathBuf>, model: Arc<dyn LanguageModel>, source: FixtureSource) -> Self {
        Self { model: Some((model, source)), ..Self::replaying(folder) }
    }

    /// The same, which says of every model that it can do this much.
    #[must_use]
    pub fn with_profile(mut self, profile: ModelProfile) -> Self {
        self.profile = profile;
        self
    }

    fn file(&self, question: &ModelRequest) -> Result<PathBuf> {
        let hash = ContentHash::of_json(question).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "replay.find", "the question does not serialize").caused_by(error)
        })?;
        Ok(self.folder.join(format!("{}.json", hash.short(32))))
    }

    fn read(&self, file: &Path, question: &ModelRequest) -> Result<Option<ModelResponse>> {
        let json = match std::fs::read(file) {
            Ok(json) => json,
            Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(os_error("replay.read", "an answer can't be read", error).with("file", file.display()));
            }
        };
        let damaged =
            || Error::new(ErrorKind::Corrupt, "replay.read", "the file is no answer").with("file", file.display());
        let fixture: Fixture = serde_json::from_slice(&json).map_err(|error| damaged().caused_by(error))?;
        if fixture.request != *question {
            return Err(Error::new(ErrorKind::Corrupt, "replay.read", "the file answers another question")
                .with("file", file.display()));
        }
        Ok(Some(fixture.response))
    }

    fn keep(&self, file: &Path, fixture: &Fixture) -> Result<()> {
        let failed = |error| os_error("replay.keep", "an answer can't be kept", error).with("file", file.display());
        let mut json = serde_json::to_vec_pretty(fixture).map_err(|error| {
            Error::new(ErrorKind::Internal, "replay.keep", "the answer does not serialize").caused_by(error)
        })?;
        json.push(b'\n');
        std::fs::create_dir_all(&self.folder).map_err(failed)?;
        let temporary = tempfile::NamedTempFile::new_in(&self.folder).map_err(failed)?;
        std::fs::write(temporary.path(), json).map_err(failed)?;
        temporary.persist(file).map(drop).map_err(|error| failed(error.error))
    }
}

/// What is asked, without what belongs to one call of it.
fn question(request: &ModelRequest) -> ModelRequest {
    let mut question = request.clone();
    let mut purpose = Purpose::new(&request.purpose.stage, &request.purpose.task);
    purpose.story.clone_from(&request.purpose.story);
    (question.purpose, question.timeout, question.idempotency_key) = (purpose, None, None);
    question
}

#[async_trait]
impl LanguageModel for ReplayModel {
    fn profile(&self, model: &str) -> Option<ModelProfile> {
        match &self.model {
            Some((inner, _)) => inner.profile(model),
            None => Some(self.profile.clone()),
        }
    }

    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        let question = question(request);
        let file = self.file(&question)?;
        if let Some(response) = self.read(&file, &question)? {
            return Ok(response);
        }
        let Some((model, source)) = &self.model else {
            let error = Error::new(ErrorKind::NotFound, "replay.find", "no answer is kept to this question");
            return Err(error.with("stage", &question.purpose.stage).with("task", &question.purpose.task));
        };
        let response = model.generate(request).await?;
        self.keep(&file, &Fixture { source: *source, request: question, response: response.clone() })?;
        Ok(response)
    }

    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
        let response = self.generate(request).await?;
        let text = Some(response.text.clone()).filter(|text| !text.is_empty());
        let events = text.map(ModelEvent::TextDelta).into_iter().chain([ModelEvent::Finished(Box::new(response))]);
        Ok(stream::iter(events.map(Ok).collect::<Vec<_>>()).boxed())
    }

    /// Estimated from bytes, in both ways the same: a run may depend on it.
    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        let parts = request.system.iter().chain(request.messages.iter().flat_map(|message| &message.parts));
        Ok(TokenCount::estimated(parts.map(|part| part.text.len() as u64).sum::<u64>().div_ceil(3)))
    }
}
