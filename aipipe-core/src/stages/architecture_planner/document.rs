//! The plan as a document for people: what was decided and why, the parts and what they need, the things and their fields.

use crate::domain::{
    ArchitecturePlan, Basis, Component, ComponentId, CriterionCheck, Entity, Field, StackChoice, StorySet,
};
use crate::stages::markdown::{code, escape, shorten};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Most rows of evidence that are shown.
const MOST_EVIDENCE: usize = 12;

/// The plan as Markdown with Mermaid diagrams. The same plan and stories give the same text; words of documents stay text.
#[must_use]
pub fn architecture_document(plan: &ArchitecturePlan, stories: &StorySet) -> String {
    let mut text = format!("# Architecture of {}\n\n", escape(plan.root.project().as_str()));
    decision(plan, &mut text);
    components(plan, &mut text);
    entities(plan, &mut text);
    served(plan, stories, &mut text);
    build(plan, &mut text);
    text
}

fn decision(plan: &ArchitecturePlan, text: &mut String) {
    let decision = &plan.decision;
    let how = match &decision.choice {
        StackChoice::Evidence => "by evidence in the documents".to_owned(),
        StackChoice::Host => "by the host, whatever the documents say".to_owned(),
        StackChoice::Earlier => "because the project was merged with it before".to_owned(),
        StackChoice::Model { model, .. } => format!("by {} among those the documents leave open", escape(model)),
        StackChoice::Default { .. } => "by default".to_owned(),
    };
    let _ = writeln!(text, "## Stack\n\n**{}**, {how}. {}.\n", decision.stack.title(), escape(&decision.explanation));
    let _ = writeln!(text, "| Stack | Points |\n|---|---|");
    for score in &decision.scores {
        let _ = writeln!(text, "| {} | {} |", score.stack.title(), score.points);
    }
    let mut evidence: Vec<_> = decision.evidence.iter().collect();
    evidence.sort_by_key(|row| std::cmp::Reverse(row.points.abs()));
    text.push_str(if evidence.is_empty() { "" } else { "\n" });
    for row in evidence.iter().take(MOST_EVIDENCE) {
        let quote = escape(&shorten(&row.citation.quote, 160));
        let place = format!("{}, {}", escape(row.citation.name.as_str()), row.citation.place);
        let _ = writeln!(text, "- {:+} for {}: “{quote}” ({place})", row.points, row.stack.title());
    }
    text.push('\n');
}

/// A name that a diagram takes for a node.
fn node(id: &str) -> String {
    format!("c_{}", id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect::<String>())
}

/// Words that mean nothing to a diagram.
fn label(words: &str) -> String {
    words.chars().filter(|c| c.is_alphanumeric() || " ._-/".contains(*c)).collect()
}

fn kind(component: &Component) -> String {
    format!("{:?}", component.kind).to_lowercase()
}

fn components(plan: &ArchitecturePlan, text: &mut String) {
    text.push_str("## Components\n\n```mermaid\nflowchart LR\n");
    for component in &plan.components {
        let _ = writeln!(text, "  {}[\"{}\"]", node(component.id.as_str()), label(&component.title));
    }
    for component in &plan.components {
        for other in &component.depends_on {
            let _ = writeln!(text, "  {} --> {}", node(component.id.as_str()), node(other.as_str()));
        }
    }
    text.push_str("```\n\n| Component | Kind | File | Exports | Needs |\n|---|---|---|---|---|\n");
    let titles: BTreeMap<&ComponentId, &str> = plan.components.iter().map(|c| (&c.id, c.title.as_str())).collect();
    for component in &plan.components {
        let exports: Vec<_> = component.exports.iter().map(|name| code(name)).collect();
        let needs: Vec<_> =
            component.depends_on.iter().filter_map(|id| titles.get(id)).map(|title| escape(title)).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            escape(&component.title),
            kind(component),
            code(component.path.as_str()),
            exports.join(", "),
            needs.join(", ")
        );
    }
    text.push('\n');
}

fn entities(plan: &ArchitecturePlan, text: &mut String) {
    if plan.entities.is_empty() {
        return;
    }
    text.push_str("## Things\n\n```mermaid\nerDiagram\n");
    for entity in &plan.entities {
        for field in &entity.fields {
            if let crate::domain::FieldKind::Reference { entity: other } = &field.kind {
                let _ = writeln!(text, "  {} }}o--|| {} : \"{}\"", node(&entity.name), node(other), label(&field.name));
            }
        }
        let _ = writeln!(text, "  {}[\"{}\"]", node(&entity.name), label(&entity.name.replace('_', " ")));
    }
    text.push_str("```\n");
    for entity in &plan.entities {
        thing(entity, text);
    }
    text.push('\n');
}

fn thing(entity: &Entity, text: &mut String) {
    let _ = writeln!(
        text,
        "\n### {}\n\n| Field | Holds | | Because |\n|---|---|---|---|",
        escape(&entity.name.replace('_', " "))
    );
    for field in &entity.fields {
        let because = match &field.basis {
            Basis::Stated { quote } => format!("“{}”", escape(&shorten(quote, 160))),
            Basis::Default { reason } => escape(reason),
        };
        let kind = escape(&field.kind.to_string());
        let _ = writeln!(text, "| {} | {kind} | {} | {because} |", code(&field.name), flags(field));
    }
}

fn flags(field: &Field) -> String {
    let initial = field.initial.as_ref().map(|value| format!("begins as {}", escape(value)));
    let flags = [field.required.then(|| "required".to_owned()), field.unique.then(|| "unique".to_owned()), initial];
    flags.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn served(plan: &ArchitecturePlan, stories: &StorySet, text: &mut String) {
    text.push_str("## Stories\n\n| Story | Components | Operations | Criteria with a check |\n|---|---|---|---|\n");
    let titles: BTreeMap<&ComponentId, &str> = plan.components.iter().map(|c| (&c.id, c.title.as_str())).collect();
    for planned in &plan.story_plans {
        let title =
            stories.stories.iter().find(|story| story.id == planned.story).map_or("", |story| story.title.as_str());
        let parts: Vec<_> =
            planned.components.iter().filter_map(|id| titles.get(id)).map(|title| escape(title)).collect();
        let operations: Vec<_> = planned.operations.iter().map(|operation| escape(&operation.to_string())).collect();
        let done = match &planned.needs_model {
            Some(reason) => format!("needs a model: {}", escape(reason)),
            None => operations.join("; "),
        };
        let checked = planned.checks.values().filter(|check| !matches!(check, CriterionCheck::Unmapped { .. })).count();
        let _ = writeln!(
            text,
            "| {} | {} | {done} | {checked} of {} |",
            escape(title),
            parts.join(", "),
            planned.checks.len()
        );
    }
    text.push('\n');
}

fn build(plan: &ArchitecturePlan, text: &mut String) {
    let build = &plan.build;
    let _ = writeln!(
        text,
        "## Build\n\n{} {}, from {} on.\n",
        build.runtime, build.runtime_version, build.oldest_runtime_version
    );
    text.push_str("| For | Command |\n|---|---|\n");
    for (purpose, command) in &build.commands {
        let _ = writeln!(text, "| {} | {} |", escape(purpose), code(command));
    }
    text.push_str("\n| Package | Version | |\n|---|---|---|\n");
    for package in &build.dependencies {
        let when = if package.development { "to build and test" } else { "" };
        let _ = writeln!(text, "| {} | {} | {when} |", code(&package.name), package.version);
    }
    let checks: Vec<_> = build.required_checks.iter().map(|check| code(check.as_str())).collect();
    let _ = writeln!(text, "\nRequired before a merge: {}.", checks.join(", "));
}
