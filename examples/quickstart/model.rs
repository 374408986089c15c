//! The model behind `--model`: Claude, or another server that speaks the same, with everything around it.

use crate::cli::{Provider, RunArgs};
use crate::progress::Progress;
use aipipe::domain::PicoUsd;
use aipipe::local::LocalWorkspace;
use aipipe::ports::LanguageModel;
use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which model a run asks; what may be spent is decided anew each time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ModelRecipe {
    provider: Provider,
    base_url: Option<String>,
    name: Option<String>,
}

impl ModelRecipe {
    /// What the arguments ask for.
    pub(crate) fn of(args: &RunArgs) -> Result<Option<Self>> {
        let Some(provider) = args.model else {
            if args.base_url.is_some() || args.model_name.is_some() {
                bail!("--base-url and --model-name say how --model is reached; add --model anthropic");
            }
            return Ok(None);
        };
        if args.base_url.is_some() && args.model_name.is_none() {
            bail!("a server of your own needs the name of the model it serves: --model-name NAME");
        }
        let (base_url, name) = (args.base_url.clone(), args.model_name.clone());
        Ok(Some(Self { provider, base_url, name }))
    }

    /// What makes a run with it another run than one without.
    pub(crate) fn key(&self) -> String {
        format!("{:?} {:?} {:?}", self.provider, self.base_url, self.name)
    }
}

/// Money as people write it: `5`, `0.50`.
pub(crate) fn parse_usd(text: &str) -> Result<PicoUsd, String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let wrong = || format!("“{text}” is no amount of dollars, such as 5 or 0.50");
    if whole.is_empty() || whole.len() > 6 || part.len() > 6 || !digits(whole) || !digits(part) {
        return Err(wrong());
    }
    let micro: u64 = format!("{whole}{part:0<6}").parse().map_err(|_| wrong())?;
    Ok(PicoUsd::new(micro * 1_000_000))
}

#[cfg(not(feature = "anthropic"))]
pub(crate) async fn model(
    _: &ModelRecipe,
    _: &LocalWorkspace,
    _: PicoUsd,
    _: Arc<Progress>,
) -> Result<Arc<dyn LanguageModel>> {
    bail!(
        "this program was built without the adapter of Claude; build it with\n  \
         cargo run --release --example quickstart --features anthropic -- --model anthropic"
    )
}

#[cfg(feature = "anthropic")]
pub(crate) async fn model(
    recipe: &ModelRecipe,
    workspace: &LocalWorkspace,
    budget: PicoUsd,
    observer: Arc<Progress>,
) -> Result<Arc<dyn LanguageModel>> {
    use aipipe::ErrorKind;
    use aipipe::anthropic::{Anthropic, Auth, HttpTransport};
    use aipipe::local::{EnvSecrets, FileAnswers, UuidGenerator};
    use aipipe::model::{
        Breaker, BreakerOptions, Budget, BudgetLimits, Cache, Limiter, Monitor, MonitorOptions, PriceBook, Redaction,
        Retry, RetryOptions, Role, Router, RouterOptions, Telemetry,
    };
    use aipipe::ports::{IdGenerator, ModelProfile, RecordStore, SecretStore as _};
    use aipipe::redaction::{RedactionPolicy, Redactor};
    use std::collections::BTreeMap;
    use std::time::Duration;

    const KEY: &str = "api-key";
    let secrets = Arc::new(EnvSecrets::new("ANTHROPIC_")?);
    let has_key = match secrets.get(KEY).await {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(error.into()),
    };
    let clock = Arc::clone(&workspace.clock);
    let transport = Arc::new(HttpTransport::new(Duration::from_secs(120))?);
    // The key is for its own service, and for no other address.
    let auth = match (has_key, &recipe.base_url) {
        (true, None) => Auth::ApiKey(secrets, KEY.to_owned()),
        _ => Auth::Nobody,
    };
    let mut routes = RouterOptions::default();
    let adapter = match (&recipe.base_url, &recipe.name) {
        (None, _) if !has_key => {
            bail!("ANTHROPIC_API_KEY is not set; set it, or name a server of your own with --base-url and --model-name")
        }
        (None, name) => {
            for role in [Role::Fast, Role::Primary, Role::Powerful] {
                routes = name.iter().fold(routes, |routes, name| routes.with_models(role, [name.clone()]));
            }
            Anthropic::builder(transport, Arc::clone(&clock), auth)?.build()?
        }
        (Some(url), name) => {
            let name = name.clone().unwrap_or_default();
            for role in [Role::Fast, Role::Primary, Role::Powerful] {
                routes = routes.with_models(role, [name.clone()]);
            }
            let profile = ModelProfile::new(32_000, 8_000);
            Anthropic::compatible(transport, Arc::clone(&clock), auth, url.clone())?.profile(name, profile).build()?
        }
    };
    let told = Telemetry::new(adapter, "anthropic");
    let retries = RetryOptions::default();
    let retried = Retry::new(told, Arc::clone(&clock), retries);
    let limited = Limiter::new(retried, Arc::clone(&clock), BTreeMap::new());
    let broken = Breaker::new(limited, Arc::clone(&clock), BreakerOptions::default());
    let scope = format!("{} {:?}", recipe.key(), routes.models);
    let routed = Router::new(broken, routes.clone())?;
    let answers = Arc::new(FileAnswers::new(workspace.root().join("answers")));
    let ledger = || {
        let records: Arc<dyn RecordStore> = workspace.records.clone();
        let ids: Arc<dyn IdGenerator> = Arc::new(UuidGenerator);
        (records, Arc::clone(&clock), ids)
    };
    // What a server of one's own costs is nobody's to say, so there is nothing to hold it to.
    let paid: Arc<dyn LanguageModel> = match &recipe.base_url {
        Some(_) => Arc::new(routed),
        None => {
            let limits = BudgetLimits::default().with_execution(budget);
            let budget = Budget::new(routed, ledger(), PriceBook::builtin()?, limits, routes);
            Arc::new(budget.with_attempts(retries.attempts))
        }
    };
    let kept = Cache::new(paid, answers, scope);
    let watched = Monitor::new(kept, ledger(), observer, MonitorOptions::default());
    Ok(Arc::new(Redaction::new(watched, Redactor::new(RedactionPolicy::secrets_only()))))
}
