//! Stages 1 and 2: what the documents ask for, with the words it rests on, and the user stories made of it.
//!
//! ```sh
//! cargo run --example stories -- FILE… [--json]
//! ```

mod common;
#[path = "common/stdout.rs"]
mod stdout;

use aipipe::domain::{Obligation, QuestionKind, RequirementKind, StorySet};
use aipipe::pipeline::Pipeline;
use aipipe::stages::{DocumentProcessor, RequirementsSynthesizer};
use clap::Parser;
use std::io::{self, Write};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = common::Arguments::parse();
    let pipeline = Pipeline::builder("documents-to-stories")
        .then(DocumentProcessor::default())
        .then(RequirementsSynthesizer::by_rules())
        .build();
    let stories = common::run(&pipeline, &arguments.files, async |_, _, _| Ok(())).await?;
    Ok(stdout::to_stdout(|out| match arguments.json {
        true => writeln!(out, "{}", serde_json::to_string(&stories)?),
        false => print_stories(out, &stories),
    })?)
}

fn print_stories(out: &mut impl Write, set: &StorySet) -> io::Result<()> {
    writeln!(out, "{} requirements", set.requirements.len())?;
    for requirement in &set.requirements {
        writeln!(
            out,
            "  {} [{}, {}] {}",
            requirement.id,
            kind(requirement.kind),
            strength(requirement.obligation),
            requirement.statement
        )?;
        if let Some(ears) = &requirement.ears {
            writeln!(out, "      EARS: {}", ears.text)?;
        }
        for citation in &requirement.citations {
            writeln!(out, "      “{}” ({}, {})", citation.quote, citation.name, citation.place)?;
        }
    }
    writeln!(out, "\n{} stories", set.stories.len())?;
    for story in &set.stories {
        let points = story.effort.points();
        let unit = if points == 1 { "point" } else { "points" };
        writeln!(out, "  {} {} {} ({points} {unit})", story.id, story.priority, story.title)?;
        let benefit = story.benefit.as_deref().map_or_else(String::new, |why| format!(", so that {why}"));
        writeln!(out, "      As {}, I want to {}{benefit}.", story.role_with_article(), story.action)?;
        for criterion in &story.criteria {
            writeln!(out, "      Given {}, when {}, then {}", criterion.given, criterion.when, criterion.then)?;
        }
        for dependency in &story.depends_on {
            writeln!(out, "      after {}: {}", dependency.story, dependency.reason)?;
        }
    }
    writeln!(out, "\n{} open questions", set.questions.len())?;
    for question in &set.questions {
        writeln!(out, "  {}: {}", question_kind(question.kind), question.question)?;
        if let Some(assumption) = &question.assumption {
            writeln!(out, "      until somebody answers: {assumption}")?;
        }
        for citation in &question.citations {
            writeln!(out, "      “{}” ({}, {})", citation.quote, citation.name, citation.place)?;
        }
    }
    writeln!(out, "\n{} requirements without a story of their own", set.without_story.len())?;
    for without in &set.without_story {
        writeln!(out, "  {}: {}", without.requirement, without.reason)?;
    }
    writeln!(out, "\n{} sentences that no rule understood", set.uncovered.len())?;
    for statement in &set.uncovered {
        let citation = &statement.citation;
        writeln!(out, "  “{}” ({}, {}; {})", citation.quote, citation.name, citation.place, statement.signal)?;
    }
    Ok(())
}

fn kind(kind: RequirementKind) -> &'static str {
    match kind {
        RequirementKind::Functional => "function",
        RequirementKind::Rule => "rule",
        RequirementKind::Quality => "quality",
        RequirementKind::Constraint => "constraint",
    }
}

fn strength(obligation: Obligation) -> &'static str {
    match obligation {
        Obligation::Must => "must",
        Obligation::Should => "should",
        Obligation::Could => "could",
        Obligation::Wont => "not now",
    }
}

fn question_kind(kind: QuestionKind) -> &'static str {
    match kind {
        QuestionKind::Contradiction => "contradiction",
        QuestionKind::Ambiguity => "unclear",
        QuestionKind::Missing => "missing",
    }
}
