//! The command line.

use crate::model::parse_usd;
use aipipe::domain::{CommitSha, ExecutionId, PicoUsd, ProjectName, ReviewPolicy, Stack, TestRunner};
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// From documents to a merged pull request, on this machine: no account, no key.
#[derive(Debug, Parser)]
#[command(name = "quickstart", subcommand_negates_reqs = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) run: RunArgs,

    #[command(flatten)]
    pub(crate) common: Common,
}

impl Cli {
    /// What was asked for: a command, or a run.
    ///
    /// # Errors
    /// When a command comes with what only a run takes, and would ignore it.
    pub(crate) fn asked(self) -> Result<(Option<Command>, RunArgs, Common), String> {
        let Some(command) = self.command else { return Ok((None, self.run, self.common)) };
        let RunArgs { documents, review, project, stack, test_runner, model, base_url, model_name } = &self.run;
        let of_a_run = [
            (!documents.is_empty(), "documents"),
            (review.is_some(), "--review"),
            (project.is_some(), "--project"),
            (stack.is_some(), "--stack"),
            (test_runner.is_some(), "--test-runner"),
            (model.is_some(), "--model"),
            (base_url.is_some(), "--base-url"),
            (model_name.is_some(), "--model-name"),
        ];
        match of_a_run.iter().find(|(given, _)| *given) {
            Some((_, what)) => Err(format!("{what} belongs to a new run; `{}` does not take it", command.name())),
            None => Ok((Some(command), self.run, self.common)),
        }
    }
}

/// What a run is made of.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Documents to start from; a sample project when there are none.
    pub(crate) documents: Vec<PathBuf>,

    /// Who decides on the merge: a person (then `-- approve`) or the checks alone.
    ///
    /// auto unless given.
    #[arg(long, value_enum)]
    pub(crate) review: Option<Review>,

    /// The project's name: lower-case words joined by hyphens.
    #[arg(long, value_parser = parse_project)]
    pub(crate) project: Option<ProjectName>,

    /// The stack, whatever the documents say: react-spa, react-fullstack, node-api, python-api or vue-spa.
    #[arg(long)]
    pub(crate) stack: Option<Stack>,

    /// What runs the tests, where the stack leaves a choice: vitest (unless given) or jest.
    #[arg(long)]
    pub(crate) test_runner: Option<TestRunner>,

    /// Who reads the documents besides the rules and writes what no template covers: nobody unless given.
    ///
    /// Takes a build with `--features anthropic`, and the key in ANTHROPIC_API_KEY.
    #[arg(long, value_enum)]
    pub(crate) model: Option<Provider>,

    /// Another server that speaks the Messages API, such as http://localhost:11434; needs --model-name.
    #[arg(long)]
    pub(crate) base_url: Option<String>,

    /// The one model to ask for everything.
    #[arg(long)]
    pub(crate) model_name: Option<String>,
}

impl RunArgs {
    /// Who decides on the merge.
    pub(crate) fn review(&self) -> Review {
        self.review.unwrap_or(Review::Auto)
    }
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Common {
    /// The folder everything lies in.
    #[arg(long, global = true, default_value = "target/quickstart")]
    pub(crate) workspace: PathBuf,

    /// Hands the credentials of your npm and pip configuration and of the proxy on to installations.
    #[arg(long, global = true)]
    pub(crate) registry_credentials: bool,

    /// The most an execution may spend on a model, in US dollars. It stops before it would spend more, and `-- resume`
    /// with a larger one goes on.
    #[arg(long, global = true, default_value = "5", value_parser = parse_usd)]
    pub(crate) budget: PicoUsd,

    /// Prints one JSON object on standard output at the end; progress goes to standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows an execution: where it stands, what it waits for.
    Status(OfExecution),
    /// Approves the pull request's head commit and goes on.
    Approve(Approve),
    /// Goes on with an execution.
    Resume(OfExecution),
    /// Has the CI run of the pull request's head run again, and goes on.
    Rerun(OfExecution),
    /// Chooses the stack for an execution that waits because none of the five fits, and goes on.
    Choose(Choose),
    /// Cancels an execution.
    Cancel(OfExecution),
    /// Lists all executions.
    Runs,
}

impl Command {
    fn name(&self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Approve(_) => "approve",
            Self::Resume(_) => "resume",
            Self::Rerun(_) => "rerun",
            Self::Choose(_) => "choose",
            Self::Cancel(_) => "cancel",
            Self::Runs => "runs",
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct OfExecution {
    /// The execution; the latest one when it is not given.
    #[arg(long)]
    pub(crate) execution: Option<ExecutionId>,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// Who approves.
    #[arg(long, default_value = "reviewer")]
    pub(crate) reviewer: String,

    /// What to say.
    #[arg(long, default_value = "")]
    pub(crate) comment: String,

    /// The commit that was read, where it is not the one the run made: somebody pushed since.
    #[arg(long)]
    pub(crate) head: Option<CommitSha>,

    #[command(flatten)]
    pub(crate) of: OfExecution,
}

#[derive(Debug, Args)]
pub(crate) struct Choose {
    /// The stack.
    pub(crate) stack: Stack,

    #[command(flatten)]
    pub(crate) of: OfExecution,
}

/// Whose model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Provider {
    /// Claude, or whatever speaks as it does.
    Anthropic,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Review {
    /// A person approves.
    Human,
    /// Merged when every required check succeeded.
    Auto,
}

impl From<Review> for ReviewPolicy {
    fn from(review: Review) -> Self {
        match review {
            Review::Human => Self::Human,
            Review::Auto => Self::Automated,
        }
    }
}

fn parse_project(text: &str) -> Result<ProjectName, String> {
    ProjectName::parse(text).map_err(|error| error.to_string())
}
