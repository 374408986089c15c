//! A stage of the host's own that asks a model, and a model that counts its answers over all processes.

use aipipe_core::domain::{IdempotencyKey, OpenQuestion, QuestionId, QuestionKind, StageName, StepKey, StorySet};
use aipipe_core::pipeline::{Outcome, Stage, StageContext};
use aipipe_core::ports::{LanguageModel, ModelRequest};
use aipipe_core::testing::ScriptedModel;
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many questions the stage asks.
pub const ASKED: usize = 3;

/// Asks a model what is open about each of the first stories.
#[derive(Debug)]
pub struct AskAboutStories {
    model: Arc<dyn LanguageModel>,
}

impl AskAboutStories {
    /// Asks a scripted model that notes every answer in `calls`, a line with question and key each, before it gives it.
    #[must_use]
    pub fn counted_in(calls: &Path) -> Self {
        let calls = calls.to_path_buf();
        Self { model: Arc::new(ScriptedModel::by(move |request| answer(request, &calls))) }
    }

    /// The stage's name: `ask-about-stories`.
    ///
    /// # Errors
    /// None in practice: the name is valid.
    pub fn stage_name() -> Result<StageName> {
        Ok(StageName::parse("ask-about-stories")?)
    }
}

/// Answers, and lets nobody have the answer before the call is on record.
fn answer(request: &ModelRequest, calls: &PathBuf) -> Result<String> {
    let asked = request.messages.iter().flat_map(|message| &message.parts).map(|part| part.text.as_str());
    let question = asked.collect::<Vec<_>>().join(" ");
    let noted = || {
        let mut file = OpenOptions::new().append(true).create(true).open(calls)?;
        let key = request.idempotency_key.as_ref().map_or("no key", IdempotencyKey::as_str);
        file.write_all(format!("{question}\t{key}\n").as_bytes())?;
        file.sync_all()
    };
    noted().map_err(|error| {
        Error::new(ErrorKind::Unavailable, "model.generate", "the call can't be noted").caused_by(error)
    })?;
    Ok(format!("Who answers for this: {question}?"))
}

#[async_trait]
impl Stage for AskAboutStories {
    type Input = StorySet;
    type Output = StorySet;

    fn name(&self) -> StageName {
        // Only a name that is none could make this fail, and the first run of the child shows that it is one.
        Self::stage_name().unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn revision(&self) -> String {
        "1".to_owned()
    }

    async fn run(&self, cx: &StageContext, mut set: StorySet) -> Result<Outcome<StorySet>> {
        for story in set.stories.iter().take(ASKED) {
            let request = ModelRequest::new("scripted", story.id.as_str(), 200);
            let step = StepKey::parse(format!("ask/{}", story.id))?;
            let response = cx.generate(&step, self.model.as_ref(), &request).await?;
            set.questions.push(OpenQuestion {
                id: QuestionId::parse(format!("q-{}", story.id.as_str().trim_start_matches("us-")))?,
                kind: QuestionKind::Missing,
                question: response.text,
                assumption: None,
                citations: Vec::new(),
                stories: vec![story.id.clone()],
            });
        }
        Ok(Outcome::Done(set))
    }
}
