//! Stops before a limit is passed, not after.

use super::ledger::{Account, Ledger, Sheet};
use super::{PriceBook, RouterOptions};
use crate::domain::{Cost, IdempotencyKey, PicoUsd};
use crate::ports::{
    Clock, IdGenerator, LanguageModel, ModelEvent, ModelProfile, ModelRequest, ModelResponse, RecordStore, TokenCount,
};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What may be spent. `None` is no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetLimits {
    /// By one execution.
    pub execution: Option<PicoUsd>,
    /// By all executions of one project.
    pub project: Option<PicoUsd>,
    /// By one story of an execution.
    pub story: Option<PicoUsd>,
    /// By stages of an execution, by name.
    pub stages: BTreeMap<String, PicoUsd>,
}

impl BudgetLimits {
    /// The same with this limit for each execution.
    #[must_use]
    pub fn with_execution(mut self, most: PicoUsd) -> Self {
        self.execution = Some(most);
        self
    }

    /// The same with this limit for each project.
    #[must_use]
    pub fn with_project(mut self, most: PicoUsd) -> Self {
        self.project = Some(most);
        self
    }

    /// The same with this limit for each story.
    #[must_use]
    pub fn with_story(mut self, most: PicoUsd) -> Self {
        self.story = Some(most);
        self
    }

    /// The same with this limit for a stage.
    #[must_use]
    pub fn with_stage(mut self, stage: impl Into<String>, most: PicoUsd) -> Self {
        self.stages.insert(stage.into(), most);
        self
    }
}

/// Sets aside the most a call can cost before it is made, and books what it did cost after.
///
/// A call for which there is no room fails with `BudgetExceeded` before anything is spent; with a higher limit the same
/// execution goes on. What is set aside for a call that came to no known end stays so, and counts, also beside the same call
/// made again: the other side may have charged it. A model without a price can't be budgeted and is refused. Calls outside an execution are let through.
///
/// A call that is tried again may be charged more than once. With retries inside, tell how many:
/// [`with_attempts`](Self::with_attempts). Then so many times as much is set aside, for each model that the call may come
/// to, and given back when the first attempt works. Without, a stream that breaks off after it was charged can pass a limit.
#[derive(Debug)]
pub struct Budget<M> {
    inner: M,
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    prices: PriceBook,
    limits: BudgetLimits,
    routes: RouterOptions,
    attempts: u32,
}

impl<M: LanguageModel> Budget<M> {
    /// Budgets around `inner`, whose models have these prices and whose roles these models.
    #[must_use]
    pub fn new(
        inner: M,
        (records, clock, ids): (Arc<dyn RecordStore>, Arc<dyn Clock>, Arc<dyn IdGenerator>),
        prices: PriceBook,
        limits: BudgetLimits,
        routes: RouterOptions,
    ) -> Self {
        Self { inner, ledger: Ledger::new(records), clock, ids, prices, limits, routes, attempts: 1 }
    }

    /// The same around retries, which ask so often at most for one call ([`RetryOptions::attempts`](super::RetryOptions)).
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The most a call can cost: every attempt at every model that it may come to, each with the longest answer.
    async fn most(&self, request: &ModelRequest) -> Result<PicoUsd> {
        let counted = self.inner.count_tokens(request).await?;
        // An estimate may be too low; by how much nobody knows, so half as much again is set aside.
        let tokens = if counted.exact { counted.tokens } else { counted.tokens.saturating_mul(3) / 2 };
        let now = self.clock.now();
        let mut most = PicoUsd::ZERO;
        for model in self.routes.models_for(request) {
            let Some(one) = self.prices.most(model, now, tokens, u64::from(request.max_output_tokens)) else {
                let error = Error::new(ErrorKind::BudgetExceeded, "budget.reserve", "the model's price is not known");
                return Err(error.with("model", model));
            };
            most = most.saturating_add(one);
        }
        Ok(PicoUsd::new(most.get().saturating_mul(u64::from(self.attempts))))
    }

    fn account(request: &ModelRequest) -> Option<Account> {
        let of = request.purpose.charged_to.as_ref()?;
        Some(Account {
            project: of.project.clone(),
            execution: of.execution.clone(),
            stage: request.purpose.stage.clone(),
            story: request.purpose.story.clone(),
        })
    }

    fn allows(&self, account: &Account, own: &Sheet, project: &Sheet, most: PicoUsd) -> Result<()> {
        let stage = self.limits.stages.get(&account.stage).map(|limit| (format!("stage/{}", account.stage), *limit));
        let story =
            account.story.as_ref().zip(self.limits.story).map(|(story, limit)| (format!("story/{story}"), limit));
        let of_own =
            self.limits.execution.map(|limit| ("total".to_owned(), limit)).into_iter().chain(stage).chain(story);
        for (line, limit) in of_own {
            within(&line, own.committed(&line), most, limit, "execution")?;
        }
        match self.limits.project {
            Some(limit) => within("total", project.committed("total"), most, limit, "project"),
            None => Ok(()),
        }
    }

    async fn enter(&self, request: &ModelRequest) -> Result<Option<Entered>> {
        let Some(account) = Self::account(request) else { return Ok(None) };
        let most = self.most(request).await?;
        let key = match &request.idempotency_key {
            Some(key) => key.clone(),
            None => IdempotencyKey::derive(&["budget", &self.ids.next_id()]),
        };
        self.ledger.reserve(&account, &key, most, |own, project| self.allows(&account, own, project, most)).await?;
        Ok(Some(Entered { ledger: self.ledger.clone(), account, key }))
    }
}

fn within(line: &str, committed: PicoUsd, most: PicoUsd, limit: PicoUsd, of: &'static str) -> Result<()> {
    if committed.saturating_add(most) <= limit {
        return Ok(());
    }
    let error =
        Error::new(ErrorKind::BudgetExceeded, "budget.reserve", format!("the {of}'s budget has no room for the call"));
    Err(error.with("line", line).with("limit_usd", limit).with("committed_usd", committed).with("needed_usd", most))
}

/// A call for which money is set aside.
#[derive(Debug)]
struct Entered {
    ledger: Ledger,
    account: Account,
    key: IdempotencyKey,
}

impl Entered {
    async fn end(&self, cost: Option<PicoUsd>) -> Result<()> {
        self.ledger.settle(&self.account, &self.key, cost).await
    }
}

/// What an error certainly cost, where that is known: nothing, where the other side refused to begin.
fn cost_of(error: &Error) -> Option<PicoUsd> {
    error.kind().is_refusal().then_some(PicoUsd::ZERO)
}

fn known(cost: Cost) -> Option<PicoUsd> {
    match cost {
        Cost::Known(cost) => Some(cost),
        Cost::AtLeast(_) => None,
    }
}

#[async_trait]
impl<M: LanguageModel> LanguageModel for Budget<M> {
    fn profile(&self, model: &str) -> Option<ModelProfile> {
        self.inner.profile(model)
    }

    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        let Some(entered) = self.enter(request).await? else { return self.inner.generate(request).await };
        match self.inner.generate(request).await {
            Ok(response) => {
                // The answer is paid for: that its cost could not be booked must not lose it. What was set aside stays.
                if let Err(error) = entered.end(known(response.cost)).await {
                    tracing::warn!(%error, "what a call cost could not be booked; what was set aside for it stays so");
                }
                Ok(response)
            }
            Err(error) => {
                if let Some(cost) = cost_of(&error)
                    && let Err(second) = entered.end(Some(cost)).await
                {
                    tracing::warn!(error = %second, "what was set aside for a refused call could not be given back");
                }
                Err(error)
            }
        }
    }

    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
        let Some(entered) = self.enter(request).await? else { return self.inner.stream(request).await };
        let stream = match self.inner.stream(request).await {
            Ok(stream) => stream,
            Err(error) => {
                if let Some(cost) = cost_of(&error) {
                    entered.end(Some(cost)).await?;
                }
                return Err(error);
            }
        };
        let entered = Arc::new(entered);
        let booked = stream.then(move |event| {
            let entered = Arc::clone(&entered);
            async move {
                if let Ok(ModelEvent::Finished(response)) = &event
                    && let Err(error) = entered.end(known(response.cost)).await
                {
                    tracing::warn!(%error, "what a call cost could not be booked; what was set aside for it stays so");
                }
                event
            }
        });
        Ok(booked.boxed())
    }

    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        self.inner.count_tokens(request).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::block_on;
    use super::*;
    use crate::domain::{ExecutionId, ProjectName};
    use crate::ports::{ChargedTo, Purpose};
    use crate::testing::{MemoryRecords, ScriptedModel, SequentialIds, VirtualClock};
    use futures::future::join_all;
    use proptest::prelude::*;

    const DOLLAR: u64 = 1_000_000_000_000;

    /// A model of which a token in costs a millionth of a dollar and one out ten.
    fn prices() -> PriceBook {
        let tier = r#"{"input": "1", "output": "10", "cache_write": "1", "cache_write_1h": "1", "cache_read": "1"}"#;
        PriceBook::parse(&format!(r#"{{"as_of": "2026-01-01", "models": {{"m": [{{"tiers": [{tier}]}}]}}}}"#)).unwrap()
    }

    fn request(execution: &str, stage: &str, story: Option<&str>, key: &str) -> ModelRequest {
        let mut purpose = Purpose::new(stage, "write");
        purpose.story = story.map(str::to_owned);
        purpose.charged_to =
            Some(ChargedTo::new(ProjectName::parse("library").unwrap(), ExecutionId::parse(execution).unwrap()));
        // Four hundred bytes are a hundred tokens.
        ModelRequest::new("m", "x".repeat(400), 100)
            .with_purpose(purpose)
            .with_idempotency_key(IdempotencyKey::parse(key).unwrap())
    }

    fn budget(
        records: &Arc<MemoryRecords>,
        model: Arc<ScriptedModel>,
        limits: BudgetLimits,
    ) -> Budget<Arc<ScriptedModel>> {
        let ports: (Arc<dyn RecordStore>, Arc<dyn Clock>, Arc<dyn IdGenerator>) =
            (records.clone(), Arc::new(VirtualClock::default()), Arc::new(SequentialIds::default()));
        Budget::new(model, ports, prices(), limits, RouterOptions::default())
    }

    fn answering(cost: u64) -> Arc<ScriptedModel> {
        Arc::new(ScriptedModel::by(|_| Ok("answer".to_owned())).with_cost(Cost::Known(PicoUsd::new(cost))))
    }

    #[test]
    fn a_call_that_does_not_fit_is_not_made_and_a_higher_limit_goes_on() {
        let records = Arc::new(MemoryRecords::default());
        let model = answering(DOLLAR / 1000);
        // A hundred and fifty tokens in, a hundred out and a tenth more: 0.001265 dollars.
        let of = |dollars_1000: u64| {
            budget(
                &records,
                model.clone(),
                BudgetLimits::default().with_execution(PicoUsd::new(dollars_1000 * DOLLAR / 1000)),
            )
        };
        let tight = of(2);
        assert!(block_on(tight.generate(&request("e", "s", None, "1"))).is_ok());
        let error = block_on(tight.generate(&request("e", "s", None, "2"))).unwrap_err();
        assert_eq!((error.kind(), model.calls()), (ErrorKind::BudgetExceeded, 1));
        assert_eq!(error.context("committed_usd"), Some("0.001"));
        assert!(block_on(of(3).generate(&request("e", "s", None, "2"))).is_ok());
        // Another execution has a budget of its own.
        assert!(block_on(of(2).generate(&request("f", "s", None, "3"))).is_ok());
    }

    #[test]
    fn every_limit_holds() {
        let most = PicoUsd::new(2 * DOLLAR / 1000);
        for (limits, second, fits) in [
            (BudgetLimits::default().with_execution(most), request("e", "other", Some("b"), "2"), false),
            (BudgetLimits::default().with_project(most), request("f", "other", Some("b"), "2"), false),
            (BudgetLimits::default().with_story(most), request("e", "other", Some("a"), "2"), false),
            (BudgetLimits::default().with_story(most), request("e", "s", Some("b"), "2"), true),
            (BudgetLimits::default().with_stage("s", most), request("e", "s", Some("b"), "2"), false),
            (BudgetLimits::default().with_stage("s", most), request("e", "other", Some("a"), "2"), true),
        ] {
            let records = Arc::new(MemoryRecords::default());
            let budget = budget(&records, answering(DOLLAR / 1000), limits.clone());
            assert!(block_on(budget.generate(&request("e", "s", Some("a"), "1"))).is_ok());
            assert_eq!(block_on(budget.generate(&second)).is_ok(), fits, "{limits:?}");
        }
    }

    #[test]
    fn what_came_to_no_known_end_stays_set_aside_and_counts() {
        let records = Arc::new(MemoryRecords::default());
        let limits = || BudgetLimits::default().with_execution(PicoUsd::new(2 * DOLLAR / 1000));
        let failing = |kind| Arc::new(ScriptedModel::by(move |_| Err(Error::new(kind, "model.generate", "it failed"))));
        let broken = budget(&records, failing(ErrorKind::Timeout), limits());
        assert!(block_on(broken.generate(&request("e", "s", None, "1"))).is_err());
        let well = budget(&records, answering(0), limits());
        assert_eq!(
            block_on(well.generate(&request("e", "s", None, "2"))).unwrap_err().kind(),
            ErrorKind::BudgetExceeded
        );
        // The same call again may be charged a second time, so it needs room of its own; a higher limit goes on.
        let again = block_on(well.generate(&request("e", "s", None, "1"))).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::BudgetExceeded);
        let more =
            budget(&records, answering(0), BudgetLimits::default().with_execution(PicoUsd::new(3 * DOLLAR / 1000)));
        assert!(block_on(more.generate(&request("e", "s", None, "1"))).is_ok());
        let error = block_on(well.generate(&request("e", "s", None, "2"))).unwrap_err();
        assert_eq!(error.context("committed_usd"), Some("0.001265"), "the first try is booked, once");
        // The control: what the other side, or a budget further in, refused has cost nothing.
        for (execution, kind) in [("g", ErrorKind::RateLimited), ("h", ErrorKind::BudgetExceeded)] {
            let refused = budget(&records, failing(kind), limits());
            assert!(block_on(refused.generate(&request(execution, "s", None, "1"))).is_err());
            assert!(block_on(well.generate(&request(execution, "s", None, "2"))).is_ok(), "{kind:?}");
        }
    }

    #[test]
    fn a_model_without_a_price_is_refused() {
        let records = Arc::new(MemoryRecords::default());
        let budget = budget(&records, answering(0), BudgetLimits::default());
        let mut unknown = request("e", "s", None, "1");
        unknown.model = "nobody-knows".to_owned();
        assert_eq!(block_on(budget.generate(&unknown)).unwrap_err().kind(), ErrorKind::BudgetExceeded);
        // Outside an execution there is nothing to charge.
        unknown.purpose.charged_to = None;
        assert!(block_on(budget.generate(&unknown)).is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn calls_at_once_never_overspend(costs in prop::collection::vec(0..1265_u64, 1..40), limit in 0..20_000_u64) {
            let records = Arc::new(MemoryRecords::default());
            let limits = BudgetLimits::default().with_execution(PicoUsd::new(limit * DOLLAR / 1_000_000));
            let spent = Arc::new(std::sync::Mutex::new(0_u64));
            let calls = costs.iter().enumerate().map(|(number, cost)| {
                let budget = budget(&records, answering(cost * DOLLAR / 1_000_000), limits.clone());
                let spent = Arc::clone(&spent);
                async move {
                    if budget.generate(&request("e", "s", None, &number.to_string())).await.is_ok() {
                        *spent.lock().unwrap() += cost;
                    }
                }
            });
            block_on(join_all(calls.collect::<Vec<_>>()));
            prop_assert!(*spent.lock().unwrap() <= limit);
        }
    }
}
