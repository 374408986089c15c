//! Documents in, merged pull request out, on one machine:
//!
//! ```sh
//! cargo run --release --example quickstart                          # the sample project
//! cargo run --release --example quickstart -- --review human brief.pdf notes.md
//! cargo run --release --example quickstart -- status | approve | rerun | resume | runs
//! ```
//!
//! Interrupt it at any time and run it again: it goes on where it was.

mod cli;
mod model;
mod progress;
mod report;
mod session;
#[path = "../common/stdout.rs"]
mod stdout;

use aipipe::domain::{
    BuildReport, CommitSha, ExecutionStatus, IdempotencyKey, PullRequest, PullRequestState, ReviewVerdict, SignalName,
};
use aipipe::pipeline::RunOutcome;
use aipipe::ports::{ContinuousIntegration as _, RecordStore as _, ReviewDesk as _, ReviewSpec, RunSelector};
use aipipe::stages::{ArchitecturePlanner, GithubOrchestrator, ReviewCoordinator};
use aipipe::tables::IntegrationRecord;
use anyhow::{Result, bail};
use clap::Parser;
use cli::{Approve, Choose, Cli, Command, Common, OfExecution, RunArgs};
use report::Report;
use session::{Recipe, Session};
use std::fmt::Display;
use std::io::Write as _;
use std::process::ExitCode;

/// What a shell reports for a program ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // What can't be printed can't be told; the exit code still tells.
            let _ = error.print();
            if !error.use_stderr() {
                return ExitCode::SUCCESS;
            }
            let json = std::env::args_os().any(|argument| argument == "--json");
            return failed(json, "failed", &first_line(&error), 1);
        }
    };
    let json = cli.common.json;
    let (command, run_args, common) = match cli.asked() {
        Ok(asked) => asked,
        Err(message) => {
            progress::note(&format!("error: {message}"));
            return failed(json, "failed", &message, 1);
        }
    };
    let work = async {
        match command {
            None => run(&common, &run_args).await,
            Some(Command::Status(of)) => status(&common, &of).await,
            Some(Command::Approve(approve)) => self::approve(&common, &approve).await,
            Some(Command::Resume(of)) => resume(&common, &of).await,
            Some(Command::Rerun(of)) => rerun(&common, &of).await,
            Some(Command::Choose(choose)) => self::choose(&common, &choose).await,
            Some(Command::Cancel(of)) => cancel(&common, &of).await,
            Some(Command::Runs) => runs(&common).await,
        }
    };
    tokio::select! {
        result = work => match result {
            Ok(code) => ExitCode::from(code),
            Err(error) => {
                progress::note(&format!("error: {error:#}"));
                failed(json, "failed", &format!("{error:#}"), 1)
            }
        },
        _ = tokio::signal::ctrl_c() => {
            let told = "interrupted; the same command goes on from here";
            progress::note(told);
            failed(json, "interrupted", told, INTERRUPTED)
        }
    }
}

/// What a run without a report leaves on standard output: with `--json` one object, always.
fn failed(json: bool, status: &str, failure: &str, code: u8) -> ExitCode {
    if json && let Err(error) = print(&serde_json::json!({"status": status, "failure": failure})) {
        progress::note(&format!("error: {error}"));
    }
    ExitCode::from(code)
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

fn print(what: &impl Display) -> std::io::Result<()> {
    stdout::to_stdout(|out| writeln!(out, "{what}"))
}

async fn run(common: &Common, args: &RunArgs) -> Result<u8> {
    let session = Session::open(common)?;
    let (recipe, request, intake) = session.prepare(args).await?;
    session.tell_isolation();
    let pipeline = session.pipeline(&recipe).await?;
    let known = session.engine.find(&recipe.execution).await?.is_some();
    let outcome = if known {
        session.engine.resume(&pipeline, &recipe.execution).await
    } else {
        session.engine.start(&pipeline, &request, &intake).await
    };
    finish(&session, &recipe, outcome).await
}

async fn resume(common: &Common, of: &OfExecution) -> Result<u8> {
    let session = Session::open_existing(common)?;
    let recipe = session.recipe(of.execution.as_ref()).await?;
    go_on(&session, &recipe).await
}

async fn go_on(session: &Session, recipe: &Recipe) -> Result<u8> {
    session.tell_isolation();
    let outcome = session.engine.resume(&session.pipeline(recipe).await?, &recipe.execution).await;
    finish(session, recipe, outcome).await
}

async fn approve(common: &Common, args: &Approve) -> Result<u8> {
    let session = Session::open_existing(common)?;
    let recipe = session.recipe(args.of.execution.as_ref()).await?;
    refuse_cancelled(&session, &recipe).await?;
    let (integration, pull) = pull_request(&session, &recipe).await?;
    let (number, head) = (pull.number, pull.head_sha);
    refuse_unread(&integration, &head, args.head.as_ref())?;
    let desk = &session.workspace.review_desk;
    let review = ReviewSpec::new(args.reviewer.clone(), ReviewVerdict::Approved, head.clone())
        .with_comment(args.comment.clone());
    let key = IdempotencyKey::derive(&["approve", recipe.execution.as_str(), &args.reviewer, head.as_str()]);
    desk.review(&integration.repository, number, &review, &key).await?;
    let signal = SignalName::parse("review")?;
    session.engine.signal(&recipe.execution, &signal, &key, serde_json::json!({"approved_by": args.reviewer})).await?;
    go_on(&session, &recipe).await
}

async fn choose(common: &Common, args: &Choose) -> Result<u8> {
    let session = Session::open_existing(common)?;
    let recipe = session.recipe(args.of.execution.as_ref()).await?;
    refuse_cancelled(&session, &recipe).await?;
    let waits_for = session.engine.summary(&recipe.execution).await?.wait.map(|wait| wait.signal);
    if waits_for != Some(ArchitecturePlanner::stack_choice()) {
        bail!("conflict: execution {} does not wait for a stack", recipe.execution);
    }
    // Another stack is another signal: a wrong choice can be corrected.
    let key = IdempotencyKey::derive(&["choose", recipe.execution.as_str(), args.stack.as_str()]);
    let stack = serde_json::json!(args.stack.as_str());
    session.engine.signal(&recipe.execution, &ArchitecturePlanner::stack_choice(), &key, stack).await?;
    go_on(&session, &recipe).await
}

async fn cancel(common: &Common, of: &OfExecution) -> Result<u8> {
    let session = Session::open_existing(common)?;
    let recipe = session.recipe(of.execution.as_ref()).await?;
    session.engine.cancel(&recipe.execution).await?;
    close_pull_request(&session, &recipe).await?;
    show(&session, &recipe).await?;
    Ok(0)
}

/// An approval is for a commit somebody has read: of one that was pushed since, it has to say so.
fn refuse_unread(integration: &IntegrationRecord, head: &CommitSha, read: Option<&CommitSha>) -> Result<()> {
    if read.unwrap_or(&integration.head) == head {
        return Ok(());
    }
    bail!("conflict: somebody has pushed to {}; once you have read it, approve with --head {head}", integration.branch)
}

/// What is recorded for an execution that was cancelled can't help any more.
async fn refuse_cancelled(session: &Session, recipe: &Recipe) -> Result<()> {
    if session.engine.summary(&recipe.execution).await?.status == ExecutionStatus::Cancelled {
        bail!("conflict: execution {} was cancelled", recipe.execution);
    }
    Ok(())
}

/// Nobody is asked any longer to review what a cancelled execution has proposed.
async fn close_pull_request(session: &Session, recipe: &Recipe) -> Result<()> {
    let records = session.workspace.records.as_ref();
    let Some(mut integration) = IntegrationRecord::of(records, &recipe.project, &recipe.execution).await? else {
        return Ok(());
    };
    let Some((number, _)) = integration.pull_request else { return Ok(()) };
    let desk = &session.workspace.review_desk;
    if desk.status(&integration.repository, number).await?.pull_request.state != PullRequestState::Open {
        return Ok(());
    }
    let key = IdempotencyKey::derive(&["cancel", recipe.execution.as_str()]);
    let closed = desk.close(&integration.repository, number, &key).await?;
    integration.pull_request = Some((number, closed.state));
    records.write(vec![integration.write()?]).await?;
    Ok(())
}

/// Has the run of the head run again: after a registry that did not answer, or whatever else is over by itself.
async fn rerun(common: &Common, of: &OfExecution) -> Result<u8> {
    let session = Session::open_existing(common)?;
    let recipe = session.recipe(of.execution.as_ref()).await?;
    refuse_cancelled(&session, &recipe).await?;
    let (integration, pull) = pull_request(&session, &recipe).await?;
    if pull.state != PullRequestState::Open {
        let state = format!("{:?}", pull.state).to_lowercase();
        bail!("the pull request is {state}");
    }
    let report: Option<BuildReport> =
        session.engine.stage_output(&recipe.execution, &GithubOrchestrator::stage_name()).await?;
    let Some(build) = report.as_ref().and_then(BuildReport::published) else {
        bail!("execution {} has no CI run yet", recipe.execution);
    };
    let (workflow, head) = (build.run.workflow.clone(), pull.head_sha);
    let selector = RunSelector::new(workflow, head.clone(), integration.branch);
    let runs = session.workspace.ci.runs(&integration.repository, &selector).await?;
    let Some(newest) = runs.first() else { bail!("commit {} has no CI run yet; `-- resume` makes one", head.short()) };
    if newest.state.is_success() {
        bail!("the CI run of commit {} is green", head.short());
    }
    // Of the same attempt the same key: asked for twice, it is run again once.
    let attempt = newest.attempt.to_string();
    let key = IdempotencyKey::derive(&["rerun", recipe.execution.as_str(), head.as_str(), &attempt]);
    let (signal, payload) = (ReviewCoordinator::rerun_signal(), ReviewCoordinator::rerun_payload(&head));
    session.engine.signal(&recipe.execution, &signal, &key, payload).await?;
    go_on(&session, &recipe).await
}

/// The pull request as it is now, and where it is.
async fn pull_request(session: &Session, recipe: &Recipe) -> Result<(IntegrationRecord, PullRequest)> {
    let records = session.workspace.records.as_ref();
    let integration = IntegrationRecord::of(records, &recipe.project, &recipe.execution).await?;
    let Some((integration, (number, _))) = integration.and_then(|record| Some((record.clone(), record.pull_request?)))
    else {
        bail!("execution {} has no pull request yet", recipe.execution);
    };
    let status = session.workspace.review_desk.status(&integration.repository, number).await?;
    Ok((integration, status.pull_request))
}

async fn status(common: &Common, of: &OfExecution) -> Result<u8> {
    let session = Session::open_existing(common)?;
    let recipe = session.recipe(of.execution.as_ref()).await?;
    Ok(show(&session, &recipe).await?.exit_code(&recipe))
}

async fn runs(common: &Common) -> Result<u8> {
    let session = Session::open_existing(common)?;
    let all = session.executions().await?;
    if common.json {
        print(&serde_json::json!({"executions": all}))?;
        return Ok(0);
    }
    for summary in all {
        let stage = summary.stage.map_or_else(String::new, |stage| stage.to_string());
        print(&format!(
            "{}  {}  {}  {:9}  {stage}",
            summary.created_at,
            summary.root.project(),
            summary.id,
            summary.status.as_str()
        ))?;
    }
    Ok(0)
}

async fn show(session: &Session, recipe: &Recipe) -> Result<Report> {
    let report = Report::of(session, recipe).await?;
    if session.common.json {
        print(&report.json())?;
    } else {
        print(&report.text(recipe, &session.common.workspace))?;
    }
    Ok(report)
}

async fn finish<T>(session: &Session, recipe: &Recipe, outcome: aipipe::Result<RunOutcome<T>>) -> Result<u8> {
    if let Err(error) = outcome {
        let kind = error.kind();
        // What was finished is still worth showing, when there is anything.
        if session.engine.find(&recipe.execution).await?.is_some() {
            show(session, recipe).await?;
            progress::note(&format!("error: {}", error.chain()));
            // The text has it.
            if let Some(help) = report::what_helps(kind).filter(|_| session.common.json) {
                progress::note(help);
            }
            return Ok(1);
        }
        return Err(error.into());
    }
    let report = show(session, recipe).await?;
    if let Some(base) = report.unchanged() {
        progress::note(&format!("there is nothing to publish: {} has all of it already", base.base));
    }
    Ok(report.exit_code(recipe))
}
