//! Chooses the model for a call: by what it is for, how large it is, and whether a cheaper one has failed at it.

use crate::domain::Cost;
use crate::ports::{LanguageModel, ModelEvent, ModelProfile, ModelRequest, ModelResponse, TokenCount};
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use std::collections::BTreeMap;

/// A role that a request may name in place of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Small and cheap.
    Fast,
    /// For most things.
    Primary,
    /// For what the others fail at.
    Powerful,
}

impl Role {
    /// The name that a request gives as its model.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Primary => "primary",
            Self::Powerful => "powerful",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Fast, Self::Primary, Self::Powerful].into_iter().find(|role| role.as_str() == name)
    }
}

/// A rule: the first that fits a request decides.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The stage, where it matters.
    pub stage: Option<String>,
    /// The kind of task, where it matters.
    pub task: Option<String>,
    /// Only for prompts of at least so many bytes.
    pub at_least_bytes: usize,
    /// The role that is asked.
    pub role: Role,
}

impl Route {
    /// The rule that everything goes to this role.
    #[must_use]
    pub const fn to(role: Role) -> Self {
        Self { stage: None, task: None, at_least_bytes: 0, role }
    }

    /// Only in this stage.
    #[must_use]
    pub fn in_stage(mut self, stage: impl Into<String>) -> Self {
        self.stage = Some(stage.into());
        self
    }

    /// Only for this kind of task.
    #[must_use]
    pub fn for_task(mut self, task: impl Into<String>) -> Self {
        self.task = Some(task.into());
        self
    }

    /// Only for prompts of at least so many bytes.
    #[must_use]
    pub fn of_at_least(mut self, bytes: usize) -> Self {
        self.at_least_bytes = bytes;
        self
    }

    fn fits(&self, request: &ModelRequest) -> bool {
        let parts = request.system.iter().chain(request.messages.iter().flat_map(|message| &message.parts));
        self.stage.as_ref().is_none_or(|stage| *stage == request.purpose.stage)
            && self.task.as_ref().is_none_or(|task| *task == request.purpose.task)
            && parts.map(|part| part.text.len()).sum::<usize>() >= self.at_least_bytes
    }
}

/// The models of the roles, and the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouterOptions {
    /// The models of each role, the wanted one first and those to fall back on after it.
    pub models: BTreeMap<Role, Vec<String>>,
    /// For requests that name the role `auto`: the first rule that fits; the primary role where none does.
    pub routes: Vec<Route>,
}

impl Default for RouterOptions {
    fn default() -> Self {
        let models = [
            (Role::Fast, "claude-haiku-5-5"),
            (Role::Primary, "claude-sonnet-5-5"),
            (Role::Powerful, "claude-opus-5-5"),
        ];
        let models = models.into_iter().map(|(role, model)| (role, vec![model.to_owned()])).collect();
        Self { models, routes: Vec::new() }
    }
}

impl RouterOptions {
    /// The same with these models for the role.
    #[must_use]
    pub fn with_models<T: Into<String>>(mut self, role: Role, models: impl IntoIterator<Item = T>) -> Self {
        self.models.insert(role, models.into_iter().map(Into::into).collect());
        self
    }

    /// The models that a request may come to, the wanted one first.
    #[must_use]
    pub fn models_for<'a>(&'a self, request: &'a ModelRequest) -> Vec<&'a str> {
        self.models_and_reason(request).0
    }

    fn models_and_reason<'a>(&'a self, request: &'a ModelRequest) -> (Vec<&'a str>, &'static str) {
        let (role, reason) = match Role::named(&request.model) {
            Some(role) => (role, "the request names the role"),
            None if request.model == AUTO => match self.routes.iter().find(|route| route.fits(request)) {
                Some(route) => (route.role, "a rule fits the request"),
                None => (Role::Primary, "no rule fits the request"),
            },
            None => return (vec![request.model.as_str()], "the request names the model"),
        };
        (self.models.get(&role).into_iter().flatten().map(String::as_str).collect(), reason)
    }

    /// The same with one more rule, after those before it.
    #[must_use]
    pub fn with_route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }
}

/// Turns roles into models, and goes on to the next model of a role when one can't be had.
///
/// A request may name a model, which is asked as it is; a role (`fast`, `primary`, `powerful`); or `auto`, for which the
/// rules choose. Whoever judges an answer escalates by naming the next role: the router can't know whether an answer is
/// good. Each decision is logged with its reason, and so is each model that could not be had; where that may have cost
/// something, the cost of the answer is a least one.
#[derive(Debug)]
pub struct Router<M> {
    inner: M,
    options: RouterOptions,
}

/// What a request names to leave the choice to the rules.
const AUTO: &str = "auto";

impl<M: LanguageModel> Router<M> {
    /// A router in front of `inner`, which has all the models.
    ///
    /// # Errors
    /// `InvalidInput` when a role has no model.
    pub fn new(inner: M, options: RouterOptions) -> Result<Self> {
        let roles = [Role::Fast, Role::Primary, Role::Powerful];
        match roles.into_iter().find(|role| options.models.get(role).is_none_or(Vec::is_empty)) {
            Some(role) => {
                Err(Error::new(ErrorKind::InvalidInput, "router.new", "a role has no model")
                    .with("role", role.as_str()))
            }
            None => Ok(Self { inner, options }),
        }
    }

    fn first<'a>(&'a self, request: &'a ModelRequest) -> &'a str {
        self.options.models_for(request).first().copied().unwrap_or(&request.model)
    }
}

/// Whether another model may do what one could not: it can't be had at all, for now or any longer.
fn is_worth_another(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unavailable
            | ErrorKind::Timeout
            | ErrorKind::StreamTruncated
            | ErrorKind::RateLimited
            | ErrorKind::NotFound
    )
}

/// The answer, at a cost that is not all known where earlier models may have charged something.
fn with_doubt(mut response: ModelResponse, may_have_cost: bool) -> ModelResponse {
    if may_have_cost {
        response.cost = Cost::AtLeast(response.cost.known_part());
    }
    response
}

fn with_doubt_at_the_end(
    stream: BoxStream<'static, Result<ModelEvent>>,
    may_have_cost: bool,
) -> BoxStream<'static, Result<ModelEvent>> {
    let told = move |event| match event {
        Ok(ModelEvent::Finished(response)) => Ok(ModelEvent::Finished(Box::new(with_doubt(*response, may_have_cost)))),
        other => other,
    };
    if may_have_cost { stream.map(told).boxed() } else { stream }
}

macro_rules! along_the_route {
    ($self:ident, $request:ident, $ask:ident, $found:expr) => {{
        let (models, reason) = $self.options.models_and_reason($request);
        let mut failed: Option<Error> = None;
        let mut may_have_cost = false;
        for model in models {
            tracing::debug!(
                requested = $request.model,
                model,
                reason,
                stage = $request.purpose.stage,
                task = $request.purpose.task,
                "model chosen"
            );
            let mut request = $request.clone();
            request.model = model.to_owned();
            match $self.inner.$ask(&request).await {
                Err(error) if is_worth_another(&error) => {
                    tracing::warn!(model, kind = error.kind().as_str(), "the model can't be had");
                    may_have_cost |= !error.kind().is_refusal();
                    failed = Some(error);
                }
                other => return other.map(|answer| $found(answer, may_have_cost)),
            }
        }
        Err(failed.unwrap_or_else(|| Error::new(ErrorKind::InvalidInput, "router.route", "no model is left to ask")))
    }};
}

#[async_trait]
impl<M: LanguageModel> LanguageModel for Router<M> {
    fn profile(&self, model: &str) -> Option<ModelProfile> {
        let role = Role::named(model).unwrap_or(Role::Primary);
        match Role::named(model).is_some() || model == AUTO {
            true => self.inner.profile(self.options.models.get(&role)?.first()?),
            false => self.inner.profile(model),
        }
    }

    async fn generate(&self, request: &ModelRequest) -> Result<ModelResponse> {
        along_the_route!(self, request, generate, with_doubt)
    }

    async fn stream(&self, request: &ModelRequest) -> Result<BoxStream<'static, Result<ModelEvent>>> {
        along_the_route!(self, request, stream, with_doubt_at_the_end)
    }

    async fn count_tokens(&self, request: &ModelRequest) -> Result<TokenCount> {
        let mut counted = request.clone();
        counted.model = self.first(request).to_owned();
        self.inner.count_tokens(&counted).await
    }
}

#[cfg(test)]
mod tests {
    use super::super::block_on;
    use super::*;
    use crate::ports::Purpose;
    use crate::testing::ScriptedModel;
    use std::sync::Arc;

    /// The models that were asked for a request, when those named fail so.
    fn asked(options: RouterOptions, request: &ModelRequest, failing: &'static [&str], kind: ErrorKind) -> Vec<String> {
        let model = Arc::new(ScriptedModel::by(move |request| match failing.contains(&request.model.as_str()) {
            true => Err(Error::new(kind, "model.generate", "it failed")),
            false => Ok("answer".to_owned()),
        }));
        let router = Router::new(Arc::clone(&model), options).unwrap();
        let _ = block_on(router.generate(request));
        model.requests().into_iter().map(|request| request.model).collect()
    }

    fn request(model: &str) -> ModelRequest {
        ModelRequest::new(model, "x".repeat(100), 10).with_purpose(Purpose::new("story-executor", "write"))
    }

    #[test]
    fn roles_and_rules_choose() {
        let with = |route: Route| RouterOptions::default().with_route(route);
        for (options, model, expected) in [
            (RouterOptions::default(), "fast", "claude-haiku-5-5"),
            (RouterOptions::default(), "powerful", "claude-opus-5-5"),
            (RouterOptions::default(), "auto", "claude-sonnet-5-5"),
            (RouterOptions::default(), "llama", "llama"),
            (with(Route::to(Role::Fast).for_task("write")), "auto", "claude-haiku-5-5"),
            (with(Route::to(Role::Fast).in_stage("other")), "auto", "claude-sonnet-5-5"),
            (with(Route::to(Role::Powerful).of_at_least(100)), "auto", "claude-opus-5-5"),
            (with(Route::to(Role::Powerful).of_at_least(101)), "auto", "claude-sonnet-5-5"),
            (RouterOptions::default().with_models(Role::Fast, ["llama"]), "fast", "llama"),
        ] {
            assert_eq!(asked(options, &request(model), &[], ErrorKind::Internal), [expected], "{model}");
        }
        assert!(
            Router::new(ScriptedModel::new([""]), RouterOptions::default().with_models(Role::Fast, [""; 0])).is_err()
        );
    }

    #[test]
    fn it_falls_back_on_what_can_be_had() {
        let options = || RouterOptions::default().with_models(Role::Fast, ["a", "b", "c"]);
        for kind in [ErrorKind::Unavailable, ErrorKind::RateLimited, ErrorKind::NotFound] {
            assert_eq!(asked(options(), &request("fast"), &["a", "b"], kind), ["a", "b", "c"]);
        }
        // What is wrong with the request, or is not to be spent, is so with every model.
        for kind in
            [ErrorKind::InvalidInput, ErrorKind::BudgetExceeded, ErrorKind::QuotaExhausted, ErrorKind::Cancelled]
        {
            assert_eq!(asked(options(), &request("fast"), &["a", "b"], kind), ["a"]);
        }
        assert_eq!(asked(options(), &request("a"), &["a"], ErrorKind::Unavailable), ["a"], "a model that is named");
    }
}
