//! Stages 1 to 3: the stack with its evidence, the entities and the components; where none of the five stacks fits, the scores
//! and the evidence for that, and exit code 1.
//!
//! ```sh
//! cargo run --example plan -- FILE… [--json]
//! ```

mod common;
#[path = "common/stdout.rs"]
mod stdout;

use aipipe::domain::{
    ArchitecturePlan, Basis, CriterionCheck, ExecutionId, StackDecision, StackEvidence, StackScore, StackVerdict,
};
use aipipe::local::LocalWorkspace;
use aipipe::pipeline::{Engine, Pipeline};
use aipipe::ports::ArtifactStore;
use aipipe::stages::{ArchitecturePlanner, DocumentProcessor, RequirementsSynthesizer};
use clap::Parser;
use std::io::{self, Write};
use std::sync::Arc;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = common::Arguments::parse();
    let pipeline = Pipeline::builder("documents-to-plan")
        .then(DocumentProcessor::default())
        .then(RequirementsSynthesizer::by_rules())
        .then(ArchitecturePlanner::default())
        .build();
    let none_fits = async |engine: &Engine, workspace: &LocalWorkspace, execution: &ExecutionId| {
        let documents = engine.stage_output(execution, &DocumentProcessor::stage_name()).await?;
        let stories = engine.stage_output(execution, &RequirementsSynthesizer::stage_name()).await?;
        let (Some(documents), Some(stories)) = (documents, stories) else { return Ok(()) };
        let artifacts: Arc<dyn ArtifactStore> = workspace.artifacts.clone();
        let verdict = ArchitecturePlanner::default().verdict(&artifacts, &documents, &stories).await?;
        Ok(stdout::to_stdout(|out| match arguments.json {
            true => writeln!(out, "{}", serde_json::to_string(&verdict)?),
            false => print_verdict(out, &verdict),
        })?)
    };
    let plan = common::run(&pipeline, &arguments.files, none_fits).await?;
    Ok(stdout::to_stdout(|out| match arguments.json {
        true => writeln!(out, "{}", serde_json::to_string(&plan)?),
        false => print_plan(out, &plan),
    })?)
}

fn print_verdict(out: &mut impl Write, verdict: &StackVerdict) -> io::Result<()> {
    match verdict {
        StackVerdict::Chosen(decision) => print_decision(out, decision),
        StackVerdict::NoneFits { reason, scores, evidence } => {
            writeln!(out, "None of the five stacks fits: {reason}")?;
            print_evidence(out, scores, evidence)
        }
    }
}

fn print_decision(out: &mut impl Write, decision: &StackDecision) -> io::Result<()> {
    writeln!(out, "{}: {}", decision.stack.title(), decision.explanation)?;
    print_evidence(out, &decision.scores, &decision.evidence)
}

fn print_evidence(out: &mut impl Write, scores: &[StackScore], evidence: &[StackEvidence]) -> io::Result<()> {
    for score in scores {
        writeln!(out, "  {:16} {:4}", score.stack.title(), score.points)?;
    }
    for evidence in evidence {
        let citation = &evidence.citation;
        writeln!(
            out,
            "  {:+} {} “{}” ({}, {}; {})",
            evidence.points, evidence.stack, citation.quote, citation.name, citation.place, evidence.rule
        )?;
    }
    Ok(())
}

fn print_plan(out: &mut impl Write, plan: &ArchitecturePlan) -> io::Result<()> {
    print_decision(out, &plan.decision)?;
    writeln!(out, "\nEntities")?;
    for entity in &plan.entities {
        writeln!(out, "  {}", entity.name)?;
        for field in &entity.fields {
            let marks = [(field.required, ", required"), (field.unique, ", unique")];
            let marks: String = marks.iter().filter(|(on, _)| *on).map(|(_, mark)| *mark).collect();
            let start = field.initial.as_ref().map(|initial| format!(", starts as {initial}")).unwrap_or_default();
            writeln!(out, "      {}: {}{marks}{start}", field.name, field.kind)?;
            if let Basis::Default { reason } = &field.basis {
                writeln!(out, "          assumed: {reason}")?;
            }
        }
    }
    for question in &plan.questions {
        writeln!(out, "\nOpen question: {}", question.question)?;
        if let Some(assumption) = &question.assumption {
            writeln!(out, "    until somebody answers: {assumption}")?;
        }
    }
    writeln!(out, "\nComponents")?;
    for component in &plan.components {
        writeln!(
            out,
            "  {:40} {} ({} stories)",
            component.path.as_str(),
            component.exports.join(", "),
            component.stories.len()
        )?;
    }
    writeln!(out, "\nStories")?;
    for story in &plan.story_plans {
        match &story.needs_model {
            Some(reason) => writeln!(out, "  {} needs a model: {reason}", story.story)?,
            None => {
                let does: Vec<_> = story.operations.iter().map(ToString::to_string).collect();
                writeln!(out, "  {} {}", story.story, does.join(", "))?;
            }
        }
        for check in story.checks.values() {
            if let CriterionCheck::Unmapped { reason } = check {
                writeln!(out, "      a criterion without a test: {reason}")?;
            }
        }
    }
    Ok(())
}
