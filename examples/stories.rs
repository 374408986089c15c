//! Stages 1 and 2: what the documents ask for, with the words it rests on, and the user stories made of it.
//!
//! ```sh
//! cargo run --example stories -- FILE… [--json]
//! ```

#![expect(clippy::print_stdout, reason = "a program prints")]

mod common;

use aipipe::domain::StorySet;
use aipipe::pipeline::Pipeline;
use aipipe::stages::{DocumentProcessor, RequirementsSynthesizer};
use clap::Parser;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = common::Arguments::parse();
    let pipeline = Pipeline::builder("documents-to-stories")
        .then(DocumentProcessor::default())
        .then(RequirementsSynthesizer::by_rules())
        .build();
    let stories = common::run(&pipeline, &arguments.files).await?;
    if arguments.json {
        println!("{}", serde_json::to_string(&stories)?);
    } else {
        print_stories(&stories);
    }
    Ok(())
}

fn print_stories(set: &StorySet) {
    println!("{} requirements", set.requirements.len());
    for requirement in &set.requirements {
        println!(
            "  {} [{:?}, {:?}] {}",
            requirement.id, requirement.kind, requirement.obligation, requirement.statement
        );
        for citation in &requirement.citations {
            println!("      “{}” ({}, {})", citation.quote, citation.name, citation.place);
        }
    }
    println!("\n{} stories", set.stories.len());
    for story in &set.stories {
        println!("  {} {} {} ({} points)", story.id, story.priority, story.title, story.effort.points());
        let benefit = story.benefit.as_deref().map_or_else(String::new, |why| format!(", so that {why}"));
        println!("      As {}, I want to {}{benefit}.", story.role, story.action);
        for criterion in &story.criteria {
            println!("      Given {}, when {}, then {}", criterion.given, criterion.when, criterion.then);
        }
        for dependency in &story.depends_on {
            println!("      after {}: {}", dependency.story, dependency.reason);
        }
    }
    println!("\n{} open questions", set.questions.len());
    for question in &set.questions {
        println!("  {:?}: {}", question.kind, question.question);
        for citation in &question.citations {
            println!("      “{}” ({}, {})", citation.quote, citation.name, citation.place);
        }
    }
    println!("\n{} requirements without a story of their own", set.without_story.len());
    for without in &set.without_story {
        println!("  {}: {}", without.requirement, without.reason);
    }
}
