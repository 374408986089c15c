//! Stages 1 to 3: the stack with its evidence, the entities and the components.
//!
//! ```sh
//! cargo run --example plan -- FILE… [--json]
//! ```

#![expect(clippy::print_stdout, reason = "a program prints")]

mod common;

use aipipe::domain::ArchitecturePlan;
use aipipe::pipeline::Pipeline;
use aipipe::stages::{ArchitecturePlanner, DocumentProcessor, RequirementsSynthesizer};
use clap::Parser;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = common::Arguments::parse();
    let pipeline = Pipeline::builder("documents-to-plan")
        .then(DocumentProcessor::default())
        .then(RequirementsSynthesizer::by_rules())
        .then(ArchitecturePlanner::default())
        .build();
    let plan = common::run(&pipeline, &arguments.files).await?;
    if arguments.json {
        println!("{}", serde_json::to_string(&plan)?);
    } else {
        print_plan(&plan);
    }
    Ok(())
}

fn print_plan(plan: &ArchitecturePlan) {
    let decision = &plan.decision;
    println!("{}: {}", decision.stack.title(), decision.explanation);
    for score in &decision.scores {
        println!("  {:16} {:4}", score.stack.title(), score.points);
    }
    for evidence in &decision.evidence {
        let citation = &evidence.citation;
        println!(
            "  {:+} {} “{}” ({}, {}; {})",
            evidence.points, evidence.stack, citation.quote, citation.name, citation.place, evidence.rule
        );
    }
    println!("\nEntities");
    for entity in &plan.entities {
        println!("  {}", entity.name);
        for field in &entity.fields {
            let marks = [(field.required, "required"), (field.unique, "unique")];
            let marks: Vec<_> = marks.iter().filter(|(on, _)| *on).map(|(_, mark)| *mark).collect();
            println!("      {} {:?} {}", field.name, field.kind, marks.join(" "));
        }
    }
    println!("\nComponents");
    for component in &plan.components {
        println!(
            "  {:40} {} ({} stories)",
            component.path.as_str(),
            component.exports.join(", "),
            component.stories.len()
        );
    }
    println!("\nStories");
    for story in &plan.story_plans {
        match &story.needs_model {
            Some(reason) => println!("  {} needs a model: {reason}", story.story),
            None => println!(
                "  {} {:?}",
                story.story,
                story.operations.iter().map(|o| (&o.entity, &o.kind)).collect::<Vec<_>>()
            ),
        }
    }
}
