//! The suites of the smaller ports.

use super::{Check, Failure, Report, ensure, fails_with};
use crate::ErrorKind;
use crate::domain::{Cost, Usage};
use crate::ports::{Clock, Embedder, IdGenerator, LanguageModel, ModelEvent, ModelRequest, ModelResponse, SecretStore};
use futures::StreamExt;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// What a model charges: the cost of a usage, [`Cost::AtLeast`] where the price of a part of it is not known.
pub type PriceList<'a> = &'a (dyn Fn(&Usage) -> Cost + Sync);

/// Checks a [`LanguageModel`] against its contract with the model named, whose prices the caller knows; asks it a few
/// times.
pub async fn language_model(model: &Arc<dyn LanguageModel>, name: &str, prices: PriceList<'_>) -> Report {
    let mut report = Report::new("LanguageModel");
    report.check("an answer carries usage, cost and attempts", answers(model, name, prices)).await;
    report.check("a stream ends with the whole answer", streams(model, name, prices)).await;
    report.check("a longer request has more tokens", counts(model, name)).await;
    report.check("nothing that is printed shows a prompt", prints_no_prompt(model, name)).await;
    report.check("its model has a profile", profiled(model, name)).await;
    report
}

const SECRET_WORDS: &str = "the-words-of-the-prompt";

fn question(name: &str) -> ModelRequest {
    ModelRequest::new(name, format!("Repeat: {SECRET_WORDS}"), 64)
}

async fn answers(model: &Arc<dyn LanguageModel>, name: &str, prices: PriceList<'_>) -> Check {
    let response = model.generate(&question(name)).await?;
    costs_what_it_should(&response, prices)?;
    let last = response.attempts.last().ok_or_else(|| Failure("there is no attempt".to_owned()))?;
    ensure!(last.failure.is_none(), "the last attempt failed: {last:?}");
    Ok(())
}

/// What the prices make of the usage, and of a usage that is there: nothing used costs nothing by any prices.
fn costs_what_it_should(response: &ModelResponse, prices: PriceList<'_>) -> Check {
    // Of a kept answer that is what was saved.
    let (usage, cost) = (response.usage, response.saved.unwrap_or(response.cost));
    ensure!(usage.input_tokens > 0 && usage.output_tokens > 0, "the usage is {usage:?}");
    let expected = prices(&usage);
    ensure!(cost == expected, "{usage:?} is said to cost {cost:?} and costs {expected:?}");
    Ok(())
}

async fn streams(model: &Arc<dyn LanguageModel>, name: &str, prices: PriceList<'_>) -> Check {
    let mut stream = model.stream(&question(name)).await?;
    let (mut text, mut finished) = (String::new(), None);
    while let Some(event) = stream.next().await {
        ensure!(finished.is_none(), "something came after the end");
        match event? {
            ModelEvent::TextDelta(more) => text.push_str(&more),
            ModelEvent::Finished(response) => finished = Some(response),
        }
    }
    let response = finished.ok_or_else(|| Failure("the stream ended without an end".to_owned()))?;
    ensure!(response.text == text, "the parts are not the answer");
    costs_what_it_should(&response, prices)
}

async fn counts(model: &Arc<dyn LanguageModel>, name: &str) -> Check {
    let short = model.count_tokens(&question(name)).await?.tokens;
    let long = model.count_tokens(&ModelRequest::new(name, "word ".repeat(500), 64)).await?.tokens;
    ensure!(0 < short && short < long, "{short} and {long} tokens");
    Ok(())
}

async fn prints_no_prompt(model: &Arc<dyn LanguageModel>, name: &str) -> Check {
    let request = question(name);
    let response = model.generate(&request).await;
    let printed = format!("{model:?} {request:?} {response:?}");
    ensure!(!printed.contains(SECRET_WORDS), "the prompt is printed");
    Ok(())
}

async fn profiled(model: &Arc<dyn LanguageModel>, name: &str) -> Check {
    let profile = model.profile(name).ok_or_else(|| Failure("the model is not known".to_owned()))?;
    ensure!(profile.context_tokens > 0 && profile.max_output_tokens > 0, "the limits are {profile:?}");
    Ok(())
}

/// Checks an [`Embedder`] against its contract.
pub async fn embedder(embedder: &Arc<dyn Embedder>) -> Report {
    let mut report = Report::new("Embedder");
    report.check("one vector of unit length a text, the same each time", vectors(embedder)).await;
    report.check("too many texts are invalid", batches(embedder)).await;
    report
}

async fn vectors(embedder: &Arc<dyn Embedder>) -> Check {
    let texts = ["cancel a booking", "", "Grüße 文書"].map(str::to_owned);
    let vectors = embedder.embed(&texts).await?;
    ensure!(vectors.len() == 3, "{} vectors", vectors.len());
    for vector in &vectors {
        let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        ensure!(vector.len() == embedder.profile().dimensions, "{} numbers", vector.len());
        ensure!((length - 1.0).abs() < 0.001, "length {length}");
    }
    ensure!(embedder.embed(&texts).await? == vectors, "the same texts gave other vectors");
    Ok(())
}

async fn batches(embedder: &Arc<dyn Embedder>) -> Check {
    let texts = vec!["x".to_owned(); embedder.profile().max_batch + 1];
    fails_with(embedder.embed(&texts).await.map(|vectors| vectors.len()), ErrorKind::InvalidInput)
}

/// Checks a [`SecretStore`] that holds `value` under `name`.
pub async fn secret_store(store: &Arc<dyn SecretStore>, name: &str, value: &str) -> Report {
    let mut report = Report::new("SecretStore");
    report.check("a secret is handed out and never printed", secret(store, name, value)).await;
    report.check("an absent secret is not found", no_secret(store)).await;
    report
}

async fn secret(store: &Arc<dyn SecretStore>, name: &str, value: &str) -> Check {
    use secrecy::ExposeSecret;
    let secret = store.get(name).await?;
    ensure!(secret.value.expose_secret() == value, "another value came back");
    ensure!(!format!("{secret:?} {store:?}").contains(value), "the value is printed");
    ensure!(!secret.version.contains(value) && !secret.version.is_empty(), "the version tells the value or nothing");
    Ok(())
}

async fn no_secret(store: &Arc<dyn SecretStore>) -> Check {
    fails_with(store.get("conformance-no-such-secret").await.map(|secret| secret.version), ErrorKind::NotFound)
}

/// Checks a [`Clock`]; waits for a few milliseconds of its time.
pub async fn clock(clock: &Arc<dyn Clock>) -> Report {
    let mut report = Report::new("Clock");
    report.check("time does not go back, and sleeping takes its time", sleeps(clock)).await;
    report
}

async fn sleeps(clock: &Arc<dyn Clock>) -> Check {
    let before = clock.now();
    clock.sleep(Duration::from_millis(15)).await;
    let slept = clock.now().since(before);
    ensure!(slept >= Duration::from_millis(14), "slept {slept:?}");
    Ok(())
}

/// Checks an [`IdGenerator`].
pub async fn id_generator(ids: &Arc<dyn IdGenerator>) -> Report {
    let mut report = Report::new("IdGenerator");
    report.check("a thousand ids are different and of the promised form", async { unique(ids) }).await;
    report
}

fn unique(ids: &Arc<dyn IdGenerator>) -> Check {
    let made: HashSet<_> = (0..1000).map(|_| ids.next_id()).collect();
    ensure!(made.len() == 1000, "only {} of 1000 are different", made.len());
    let well_formed = |id: &String| {
        (1..=40).contains(&id.len()) && id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    ensure!(made.iter().all(well_formed), "an id is not of the promised form");
    Ok(())
}
