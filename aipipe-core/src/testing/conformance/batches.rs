//! The suite of batches of questions.

use super::{Check, Failure, PriceList, Report, ensure, fails_with};
use crate::ErrorKind;
use crate::domain::{BatchId, IdempotencyKey};
use crate::ports::{BatchLanguageModel, BatchRepeat, BatchState, Clock, ModelRequest};
use futures::StreamExt as _;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How often the suite looks whether a batch has ended.
const LOOKS: u32 = 200;

/// What the suite works with.
#[derive(Debug, Clone, Copy)]
pub struct BatchRig<'r> {
    /// What is checked.
    pub batches: &'r Arc<dyn BatchLanguageModel>,
    /// The same batches as another process sees them.
    pub elsewhere: &'r Arc<dyn BatchLanguageModel>,
    /// A batch is looked at every tenth of a second of this clock.
    pub clock: &'r Arc<dyn Clock>,
    /// The model that is asked.
    pub model: &'r str,
}

/// Checks a [`BatchLanguageModel`] against its contract with a model whose prices in a batch the caller knows; hands in a few
/// small batches.
pub async fn batch_language_model(rig: BatchRig<'_>, prices: PriceList<'_>) -> Report {
    let mut report = Report::new("BatchLanguageModel");
    report.check("every question has one answer with its cost", answers(rig, prices)).await;
    report.check("the same key is the same batch", repeats(rig)).await;
    report.check("another process makes no second batch under a key", repeats_elsewhere(rig)).await;
    report.check("results come when it has ended", not_yet(rig)).await;
    report.check("taking back a batch that has ended changes nothing", ended(rig)).await;
    report.check("a batch that was taken back ends", taken_back(rig)).await;
    report.check("no questions are no batch, and a batch nobody made is not found", none(rig)).await;
    report
}

fn key(of: &str) -> Result<IdempotencyKey, Failure> {
    IdempotencyKey::parse(format!("conformance-batch-{of}")).map_err(|error| Failure(error.to_string()))
}

impl BatchRig<'_> {
    fn questions(self, count: usize) -> Vec<ModelRequest> {
        (0..count).map(|number| ModelRequest::new(self.model, format!("Question {number}: what is it?"), 64)).collect()
    }

    async fn submit(self, of: &str, count: usize) -> Result<BatchId, Failure> {
        Ok(self.batches.submit(&key(of)?, &self.questions(count)).await?)
    }

    async fn end(self, id: &BatchId) -> Check {
        for _ in 0..LOOKS {
            if self.batches.poll(id).await?.state == BatchState::Ended {
                return Ok(());
            }
            self.clock.sleep(Duration::from_millis(100)).await;
        }
        Err(Failure(format!("the batch has not ended after {LOOKS} looks")))
    }
}

async fn answers(rig: BatchRig<'_>, prices: PriceList<'_>) -> Check {
    let id = rig.submit("answers", 3).await?;
    rig.end(&id).await?;
    let mut results = rig.batches.results(&id).await?;
    let mut seen = BTreeSet::new();
    while let Some(result) = results.next().await {
        let result = result?;
        ensure!(seen.insert(result.index), "question {} has two results", result.index);
        let answer = result.answer?;
        ensure!(!answer.text.is_empty(), "an answer is empty");
        ensure!(answer.usage.input_tokens > 0 && answer.usage.output_tokens > 0, "the usage is {:?}", answer.usage);
        let expected = prices(&answer.usage);
        ensure!(answer.cost == expected, "it is said to cost {:?} and costs {expected:?}", answer.cost);
        ensure!(!answer.attempts.is_empty(), "there is no attempt");
    }
    ensure!(seen == BTreeSet::from([0, 1, 2]), "there are results of {seen:?}");
    let status = rig.batches.poll(&id).await?;
    ensure!(status.requests == 3 && status.answered == 3, "its status is {status:?}");
    Ok(())
}

async fn repeats(rig: BatchRig<'_>) -> Check {
    let first = rig.submit("repeats", 2).await?;
    ensure!(rig.submit("repeats", 2).await? == first, "another batch was made");
    rig.end(&first).await?;
    ensure!(rig.submit("repeats", 2).await? == first, "another batch was made after it ended");
    Ok(())
}

async fn repeats_elsewhere(rig: BatchRig<'_>) -> Check {
    let (key, asked) = (key("elsewhere")?, rig.questions(5));
    let first = rig.batches.submit(&key, &asked).await?;
    let second = rig.elsewhere.submit(&key, &asked).await;
    match rig.batches.repeat() {
        BatchRepeat::Known => ensure!(second? == first, "another batch was made"),
        BatchRepeat::KnownOnceEnded => fails_with(second, ErrorKind::Busy)?,
    }
    rig.end(&first).await?;
    ensure!(rig.elsewhere.submit(&key, &asked).await? == first, "another batch was made after it ended");
    Ok(())
}

async fn not_yet(rig: BatchRig<'_>) -> Check {
    let id = rig.submit("not-yet", 1).await?;
    if rig.batches.poll(&id).await?.state == BatchState::Ended {
        return Err(Failure("a batch has ended before anybody could look".to_owned()));
    }
    fails_with(rig.batches.results(&id).await.map(|_| "results"), ErrorKind::Conflict)?;
    rig.end(&id).await
}

async fn ended(rig: BatchRig<'_>) -> Check {
    let id = rig.submit("ended", 1).await?;
    rig.end(&id).await?;
    let before = rig.batches.poll(&id).await?;
    let after = rig.batches.cancel(&id).await?;
    ensure!(before == after, "{before:?} became {after:?}");
    Ok(())
}

async fn taken_back(rig: BatchRig<'_>) -> Check {
    let id = rig.submit("taken-back", 2).await?;
    rig.batches.cancel(&id).await?;
    rig.end(&id).await?;
    let mut results = rig.batches.results(&id).await?;
    while let Some(result) = results.next().await {
        // What had begun is answered.
        if let Err(error) = result?.answer {
            ensure!(error.kind() == ErrorKind::Cancelled, "a question ended with {:?}", error.kind());
        }
    }
    Ok(())
}

async fn none(rig: BatchRig<'_>) -> Check {
    fails_with(rig.batches.submit(&key("none")?, &[]).await, ErrorKind::InvalidInput)?;
    let nobody = BatchId::parse("conformance_no_such_batch").map_err(|error| Failure(error.to_string()))?;
    fails_with(rig.batches.poll(&nobody).await, ErrorKind::NotFound)
}
