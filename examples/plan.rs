//! Stages 1 to 3: the stack with its evidence, the entities and the components.
//!
//! ```sh
//! cargo run --example plan -- FILE… [--json]
//! ```

mod common;
#[path = "common/stdout.rs"]
mod stdout;

use aipipe::domain::{ArchitecturePlan, Basis, CriterionCheck};
use aipipe::pipeline::Pipeline;
use aipipe::stages::{ArchitecturePlanner, DocumentProcessor, RequirementsSynthesizer};
use clap::Parser;
use std::io::{self, Write};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = common::Arguments::parse();
    let pipeline = Pipeline::builder("documents-to-plan")
        .then(DocumentProcessor::default())
        .then(RequirementsSynthesizer::by_rules())
        .then(ArchitecturePlanner::default())
        .build();
    let plan = common::run(&pipeline, &arguments.files).await?;
    Ok(stdout::to_stdout(|out| match arguments.json {
        true => writeln!(out, "{}", serde_json::to_string(&plan)?),
        false => print_plan(out, &plan),
    })?)
}

fn print_plan(out: &mut impl Write, plan: &ArchitecturePlan) -> io::Result<()> {
    let decision = &plan.decision;
    writeln!(out, "{}: {}", decision.stack.title(), decision.explanation)?;
    for score in &decision.scores {
        writeln!(out, "  {:16} {:4}", score.stack.title(), score.points)?;
    }
    for evidence in &decision.evidence {
        let citation = &evidence.citation;
        writeln!(
            out,
            "  {:+} {} “{}” ({}, {}; {})",
            evidence.points, evidence.stack, citation.quote, citation.name, citation.place, evidence.rule
        )?;
    }
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
