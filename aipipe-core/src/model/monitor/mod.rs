//! What models are used for, what it costs, and whether that is unusual.
//!
//! ```text
//! answered call ─▶ UsageLedger: the call, its day, its story (one write, once a key)
//!                        │ counted for the first time
//!                        ├─▶ RateWatch    calls and cost a minute ─┐
//!                        ├─▶ StoryWatch   cost a story ────────────┼─▶ EventKind::Anomaly ─▶ Observer
//!                        └─▶ HitWatch     prompts, answers ────────┘
//! any call, once a day ────▶ KeyWatch     age of the key ──────────▶ EventKind::KeyAge
//! ```

mod hit_rate;
mod key_age;
mod options;
mod rate;
mod story_cost;
#[cfg(test)]
mod tests;
mod usage;

pub use options::{MonitorOptions, WatchedKey};
pub use usage::{UsageLedger, UsageSums, UsedCall};

use crate::Result;
use crate::domain::{Anomaly, IdempotencyKey, ProjectName, Tally, WatchedCache};
use crate::ports::{
    ChargedTo, Clock, Event, EventKind, IdGenerator, LanguageModel, ModelEvent, ModelProfile, ModelRequest,
    ModelResponse, Observer, RecordStore, TokenCount,
};
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use hit_rate::HitWatch;
use key_age::KeyWatch;
use rate::RateWatch;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use story_cost::StoryWatch;
use usage::Of;

/// Projects that are watched at once; one that comes back after others is learned anew.
const MOST_PROJECTS: usize = 64;

/// Records what each answered call used, and tells the observer what is unusual.
///
/// It stands around all other layers, so that it sees kept answers as well. A call counts once for its idempotency key. What
/// a model charges for a repeat after a crash, whose first answer was counted and never recorded by the engine, is so not in
/// the ledger. Calls that fail are in none either: what they cost is not known.
///
/// The watches look at this process's calls, but for what stories cost, which is learned from the records when a project is
/// first seen. Calls outside an execution are let through. An answer is never lost because something about it could not be
/// recorded; that is logged.
#[derive(Debug)]
pub struct Monitor<M> {
    inner: M,
    watch: Arc<Watch>,
    keys: Vec<KeyWatch>,
}

#[derive(Debug)]
struct Watch {
    records: Arc<dyn RecordStore>,
    ledger: UsageLedger,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    observer: Arc<dyn Observer>,
    options: MonitorOptions,
    projects: Mutex<BTreeMap<ProjectName, Watches>>,
}

/// The watches of one project.
#[derive(Debug)]
struct Watches {
    rate: RateWatch,
    stories: StoryWatch,
    prompts: HitWatch,
    answers: HitWatch,
}

impl Watches {
    fn new(stories: StoryWatch) -> Self {
        let (prompts, answers) = (HitWatch::of(WatchedCache::Prompts), HitWatch::of(WatchedCache::Answers));
        Self { rate: RateWatch::default(), stories, prompts, answers }
    }

    /// What is unusual about a call that was just counted; `of_story` is what its story came to with it.
    fn note(&mut self, of: &ChargedTo, call: &UsedCall, of_story: Tally, options: &MonitorOptions) -> Vec<Anomaly> {
        let is_kept = call.tally.cache_hits > 0;
        let mut found: Vec<Anomaly> = self.answers.note(u64::from(is_kept), 1, options).into_iter().collect();
        if !is_kept {
            found.extend(self.rate.note(call.at, call.tally.cost.known_part(), options));
            let usage = call.tally.usage;
            let prompt = [usage.input_tokens, usage.cache_write_tokens, usage.cache_read_tokens];
            let prompt = prompt.into_iter().fold(0_u64, u64::saturating_add);
            found.extend(self.prompts.note(usage.cache_read_tokens, prompt, options));
        }
        if let Some(story) = &call.story {
            let named = (of.execution.as_str(), story.as_str());
            found.extend(self.stories.note(named, of_story.cost.known_part(), options));
        }
        found
    }
}

impl<M: LanguageModel> Monitor<M> {
    /// Watches the calls that go through to `inner`.
    #[must_use]
    pub fn new(
        inner: M,
        (records, clock, ids): (Arc<dyn RecordStore>, Arc<dyn Clock>, Arc<dyn IdGenerator>),
        observer: Arc<dyn Observer>,
        options: MonitorOptions,
    ) -> Self {
        let ledger = UsageLedger::new(Arc::clone(&records));
        let watch = Watch { records, ledger, clock, ids, observer, options, projects: Mutex::default() };
        Self { inner, watch: Arc::new(watch), keys: Vec::new() }
    }

    /// The same for calls under these keys, whose age is looked at once a day.
    #[must_use]
    pub fn with_keys(mut self, keys: impl IntoIterator<Item = WatchedKey>) -> Self {
        self.keys.extend(keys.into_iter().map(KeyWatch::new));
        self
    }

    async fn look_at_keys(&self, request: &ModelRequest) {
        let Some(of) = &request.purpose.charged_to else { return };
        for key in &self.keys {
            match key.check(self.watch.records.as_ref(), self.watch.clock.now()).await {
                Ok(Some(age)) => self.watch.tell(of, EventKind::KeyAge(age)),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the age of a key can't be told"),
            }
        }
    }
}

impl Watch {
    fn tell(&self, of: &ChargedTo, kind: EventKind) {
        self.observer.observe(&Event::new(of.execution.clone(), self.clock.now(), kind));
    }

    async fn note(&self, request: &ModelRequest, response: &ModelResponse) {
        let Some(of) = &request.purpose.charged_to else { return };
        if let Err(error) = self.count(of, request, response).await {
            let execution = &of.execution;
            tracing::warn!(%error, %execution, "what a call used could not be recorded; the ledger lacks it");
        }
    }

    async fn count(&self, of: &ChargedTo, request: &ModelRequest, response: &ModelResponse) -> Result<()> {
        self.learn(&of.project).await?;
        let key = match &request.idempotency_key {
            Some(key) => key.clone(),
            None => IdempotencyKey::derive(&["usage", &self.ids.next_id()]),
        };
        let call = UsedCall::of(request, response, self.clock.now());
        let named = Of { project: &of.project, execution: &of.execution, key: &key };
        let Some(of_story) = self.ledger.count(named, &call).await? else { return Ok(()) };
        let found = {
            let mut projects = self.projects();
            let watches = projects.entry(of.project.clone()).or_insert_with(|| Watches::new(StoryWatch::default()));
            watches.note(of, &call, of_story, &self.options)
        };
        for anomaly in found {
            tracing::warn!(project = %of.project, execution = %of.execution, %anomaly, "unusual use of models");
            self.tell(of, EventKind::Anomaly(anomaly));
        }
        Ok(())
    }

    /// Learns what the stories of a project cost when it is first seen.
    async fn learn(&self, project: &ProjectName) -> Result<()> {
        if self.projects().contains_key(project) {
            return Ok(());
        }
        let mut stories = StoryWatch::default();
        for (name, tally) in self.ledger.stories(project).await? {
            let (execution, story) = name.split_once('/').unwrap_or(("", &name));
            stories.learn((execution.to_owned(), story.to_owned()), tally.cost.known_part());
        }
        let mut projects = self.projects();
        while projects.len() >= MOST_PROJECTS && projects.pop_first().is_some() {}
        projects.entry(project.clone()).or_insert_with(|| Watches::new(stories));
        Ok(())
    }

    fn projects(&self) -> std::sync::MutexGuard<'_, BTreeMap<ProjectName, Watches>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The median, rounded down; 0 of nothing.
fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    let middle = values.len() / 2;
    let upper = values.get(middle).copied().unwrap_or_default();
    match middle.checked_sub(1).and_then(|lower| values.get(lower)) {
        Some(lower) if values.len().is_multiple_of(2) => u64::midpoint(*lower, upper),
        _ => upper,
    }
}

#[async_trait]
impl<M: LanguageModel> LanguageModel for Monitor<M> {
    fn profile(&self, model: &str) -> Option<ModelProfile> {
        self.inner.profile(model)
    }

    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        self.look_at_keys(request).await;
        let response = self.inner.generate(request).await?;
        self.watch.note(request, &response).await;
        Ok(response)
    }

    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
        self.look_at_keys(request).await;
        let stream = self.inner.stream(request).await?;
        // The prompt is not needed to count what it came to.
        let mut asked = ModelRequest::new(request.model.clone(), "", 0).with_purpose(request.purpose.clone());
        asked.idempotency_key.clone_from(&request.idempotency_key);
        let (watch, asked) = (Arc::clone(&self.watch), Arc::new(asked));
        let noted = stream.then(move |event| {
            let (watch, asked) = (Arc::clone(&watch), Arc::clone(&asked));
            async move {
                if let Ok(ModelEvent::Finished(response)) = &event {
                    watch.note(&asked, response).await;
                }
                event
            }
        });
        Ok(noted.boxed())
    }

    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        self.inner.count_tokens(request).await
    }
}
