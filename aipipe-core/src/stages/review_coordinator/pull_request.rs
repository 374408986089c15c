//! The text of the pull request: what a reviewer needs to decide, and for every file the words it serves.

use super::checks::checks;
use super::decision::{BeyondChecks, left_to_a_person};
use super::statements::{not_taken, not_understood};
use super::traceability;
use crate::domain::{
    ArchitecturePlan, Citation, CodeBundle, ComponentId, Document, DocumentSet, ExecutionId, PinnedDependency,
    PublishedBuild, RemovedStory, ReviewPolicy, Severity, Spending, Stack, StackChoice, StackEvidence, StoryId,
    StoryResult, StorySet, StoryStatus, TraceGates, TraceMatrix, Traced, UserStory, ValidationReport,
};
use crate::stages::markdown::{code, escape, shorten};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// A pull request's title and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestText {
    /// One line.
    pub title: String,
    /// Markdown, at most 60,000 bytes.
    pub body: String,
}

/// What the text is made from.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Contents<'a> {
    /// What was read.
    pub documents: &'a DocumentSet,
    /// What was asked for.
    pub stories: &'a StorySet,
    /// How it was planned.
    pub plan: &'a ArchitecturePlan,
    /// What was generated.
    pub bundle: &'a CodeBundle,
    /// What validation said.
    pub validation: &'a ValidationReport,
    /// What was published and what CI said.
    pub build: &'a PublishedBuild,
    /// What models cost.
    pub spending: Spending,
    /// The execution.
    pub execution: &'a ExecutionId,
    /// Who decides on the merge.
    pub policy: ReviewPolicy,
    /// Which gaps of the matrix leave an automated merge to a person.
    pub gates: &'a TraceGates,
}

impl Contents<'_> {
    /// From the requirements to what shows them.
    #[must_use]
    pub fn matrix(&self) -> TraceMatrix {
        TraceMatrix::of(Traced {
            stories: self.stories,
            plan: self.plan,
            bundle: self.bundle,
            build: Some(self.build),
            required_checks: &self.validation.required_checks,
        })
    }
}

/// Hosts cut or refuse longer bodies (GitHub: 65,536 characters).
const MAX_BYTES: usize = 60_000;

/// Writes the pull request's text. The same contents give the same text.
#[must_use]
pub fn describe(contents: &Contents<'_>) -> PullRequestText {
    let counts = Counts::of(&contents.bundle.stories);
    let project = contents.plan.root.project();
    let partly = if counts.partial == 0 { String::new() } else { format!(", {} partly,", counts.partial) };
    let stack = contents.plan.decision.stack.title();
    let title = format!("{project}: {} of {} stories{partly} on the {stack}", counts.done, counts.total);
    let mut sections = vec![overwritten(contents), removed(contents), summary(contents, &counts)];
    sections.push(stories_table(contents));
    sections.extend([checks(contents), needs(contents), questions(contents)]);
    sections.extend([not_understood(&contents.stories.uncovered), not_taken(&contents.stories.extraction)]);
    sections.push(decision(contents));
    sections.extend([diagram(contents), documents(contents), findings(contents), cost(contents)]);
    let mut body: String = sections.into_iter().flatten().collect::<Vec<_>>().join("\n");
    let room = MAX_BYTES.saturating_sub(body.len());
    if let Some(section) = traceability::section(&contents.matrix(), contents.gates, room) {
        body.push('\n');
        body.push_str(&section);
    }
    PullRequestText { title, body: clip(body) }
}

fn clip(mut body: String) -> String {
    if body.len() > MAX_BYTES {
        let mut end = MAX_BYTES;
        while !body.is_char_boundary(end) {
            end -= 1;
        }
        body.truncate(end);
        body.push_str("\n\n(The text was cut here.)\n");
    }
    body
}

struct Counts {
    total: usize,
    done: usize,
    partial: usize,
    needs_model: usize,
    other: usize,
}

impl Counts {
    fn of(results: &[StoryResult]) -> Self {
        let count = |wanted: fn(&StoryStatus) -> bool| results.iter().filter(|result| wanted(&result.status)).count();
        let done = count(|status| matches!(status, StoryStatus::Done));
        let partial = count(|status| matches!(status, StoryStatus::Partial { .. }));
        let needs_model = count(|status| matches!(status, StoryStatus::NeedsModel { .. }));
        let total = results.len();
        Self { total, done, partial, needs_model, other: total - done - partial - needs_model }
    }

    /// The counts that are not zero.
    fn in_words(&self) -> String {
        let parts = [
            (self.done, "done"),
            (self.partial, "partly done"),
            (self.needs_model, "in need of a model or a person"),
            (self.other, "failed or blocked"),
        ];
        let parts: Vec<_> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        if parts.is_empty() { "none worked on".to_owned() } else { parts.join(", ") }
    }
}

/// How many removed files or stories to list; the commit lists all files.
const MAX_REMOVED: usize = 100;

/// First of all: somebody's work is in the way, and the diff shows it as one change among many.
fn overwritten(contents: &Contents<'_>) -> Option<String> {
    let files = &contents.build.overwritten;
    if files.is_empty() {
        return None;
    }
    let mut text = String::from(
        "## Overwritten\n\nSomebody changed these files in the base, and this branch has them as they are generated. \
         Merged as it is, it takes those changes back.\n\n",
    );
    for path in files.iter().take(MAX_REMOVED) {
        let _ = writeln!(text, "- File {}", code(path.as_str()));
    }
    if files.len() > MAX_REMOVED {
        let _ = writeln!(text, "- and {} more", files.len() - MAX_REMOVED);
    }
    Some(text)
}

/// Then: what was there and goes is easily overlooked among what comes.
fn removed(contents: &Contents<'_>) -> Option<String> {
    let files = &contents.build.removed;
    if files.is_empty() {
        return None;
    }
    let mut text = String::from(
        "## Removed\n\nThe documents of this run describe the whole project, and they no longer ask for what follows. \
         It was made by earlier executions and is unchanged since.\n\n",
    );
    let mut list = |items: Vec<String>| {
        items.iter().take(MAX_REMOVED).for_each(|item| text.push_str(item));
        if items.len() > MAX_REMOVED {
            let _ = writeln!(text, "- and {} more", items.len() - MAX_REMOVED);
        }
    };
    let stories = contents.build.removed_stories();
    let named = |story: &&RemovedStory| {
        format!("- Story **{}** ({})\n", escape(&shorten(&story.title, 90)), code(story.id.as_str()))
    };
    list(stories.iter().map(named).collect());
    list(files.iter().map(|file| format!("- File {}\n", code(file.path.as_str()))).collect());
    Some(text)
}

fn summary(contents: &Contents<'_>, counts: &Counts) -> Option<String> {
    let build = contents.build;
    let mut text = String::from("## Summary\n\n");
    let read = contents.documents.documents.len();
    let _ = writeln!(
        text,
        "From {read} document{} came {} requirements and {} user stories: {}.",
        plural(read),
        contents.stories.requirements.len(),
        counts.total,
        counts.in_words(),
    );
    let decision = &contents.plan.decision;
    let _ = writeln!(text, "\n**Stack:** {}", escape(&sentence(&decision.explanation)));
    let verdict = if build.run.state.is_success() { "green" } else { "**red**" };
    let _ = writeln!(text, "\n**CI:** {verdict} at {} ({} commits).", code(build.head.short()), build.commits.len());
    let (by_template, files) = contents.bundle.written_by_templates();
    let _ = writeln!(text, "\n**Written by:** templates {by_template} of {files} files, the rest by a model.");
    let matrix = contents.matrix();
    let held = matrix.held(contents.gates).len();
    let alone = left_to_a_person(&BeyondChecks {
        removed: build.removed.len(),
        overwritten: build.overwritten.len(),
        served: contents.bundle.served().count(),
        gaps: held,
        changed_tests: build.changed_tests().len(),
    });
    let _ = writeln!(text, "\n**Traceability:** {}", gaps_in_words(matrix.gaps.len(), held, alone.is_some()));
    let merge = match (contents.policy, alone) {
        (ReviewPolicy::Automated, None) => "as soon as every required check of this head has succeeded.".to_owned(),
        (ReviewPolicy::Automated, Some(why)) => format!("waits for a person's approval of this head: {why}."),
        (ReviewPolicy::Human, _) => {
            "waits for a person's approval of this head and for all required checks.".to_owned()
        }
    };
    let _ = writeln!(text, "\n**Merge:** {merge}");
    Some(text)
}

/// What is missing; that none of it keeps a merge waiting is said only where nothing else does.
fn gaps_in_words(gaps: usize, held: usize, waits: bool) -> String {
    let told = match gaps {
        0 => return "every requirement has a story, every story its tests, every file its story.".to_owned(),
        1 => "1 thing is missing".to_owned(),
        gaps => format!("{gaps} things are missing"),
    };
    match held {
        0 if waits => format!("{told}, listed below."),
        0 => format!("{told}, listed below; none keeps an automated merge waiting."),
        held => format!("{told}, listed below; {held} of them for a person to judge."),
    }
}

/// The text with a full stop at its end.
fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}

pub(super) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn story<'a>(contents: &Contents<'a>, id: &StoryId) -> Option<&'a UserStory> {
    contents.stories.stories.iter().find(|story| story.id == *id)
}

fn stories_table(contents: &Contents<'_>) -> Option<String> {
    if contents.bundle.stories.is_empty() {
        return None;
    }
    let mut text = String::from(
        "## Stories\n\n| | Story | Role | Priority | Effort | Status | Route |\n|---|---|---|---|---|---|---|\n",
    );
    for result in &contents.bundle.stories {
        let Some(story) = story(contents, &result.story) else { continue };
        let mark = match result.status {
            StoryStatus::Done => "✅",
            StoryStatus::Partial { .. } => "🟡",
            StoryStatus::NeedsModel { .. } => "🧠",
            StoryStatus::Failed { .. } => "❌",
            StoryStatus::Blocked { .. } => "⛔",
        };
        let _ = writeln!(
            text,
            "| {mark} | {} ({}) | {} | {} | {} | {} | {} |",
            escape(&shorten(&story.title, 90)),
            code(story.id.as_str()),
            escape(&story.role),
            story.priority,
            story.effort.points(),
            result.status.label(),
            route_of(contents.bundle, &result.story),
        );
    }
    Some(text)
}

fn route_of(bundle: &CodeBundle, story: &StoryId) -> &'static str {
    use crate::domain::Route;
    let files: Vec<_> = bundle.results().filter(|work| work.story == *story).flat_map(|work| &work.files).collect();
    let models = files.iter().filter(|file| matches!(file.route, Route::Model { .. })).count();
    match (files.len(), models) {
        (0, _) => "none",
        (_, 0) => "template",
        (all, models) if all == models => "model",
        _ => "template and model",
    }
}

fn needs(contents: &Contents<'_>) -> Option<String> {
    let mut text = String::new();
    for result in &contents.bundle.stories {
        let title = story(contents, &result.story).map_or_else(String::new, |story| escape(&story.title));
        match &result.status {
            StoryStatus::Done => {}
            StoryStatus::NeedsModel { reason } => {
                let _ = writeln!(text, "- **{title}** needs a model: {}", escape(reason));
            }
            StoryStatus::Failed { reason } => {
                let _ = writeln!(text, "- **{title}** failed: {}", escape(reason));
            }
            StoryStatus::Blocked { by } => {
                let _ = writeln!(text, "- **{title}** is blocked by {}", code(by.as_str()));
            }
            StoryStatus::Partial { unchecked } => {
                let _ = writeln!(text, "- **{title}** has criteria not shown by a test, and perhaps not implemented:");
                for unchecked in unchecked {
                    let criterion = story(contents, &result.story)
                        .and_then(|story| story.criteria.iter().find(|criterion| criterion.id == unchecked.criterion));
                    let words = criterion.map_or(unchecked.criterion.as_str(), |criterion| criterion.then.as_str());
                    let _ = writeln!(text, "  - {} ({})", escape(words), escape(&unchecked.reason));
                }
            }
        }
    }
    (!text.is_empty()).then(|| format!("## Not done yet\n\n{text}"))
}

fn questions(contents: &Contents<'_>) -> Option<String> {
    let mut questions = contents.stories.questions.iter().chain(&contents.plan.questions).peekable();
    questions.peek()?;
    let mut text = String::from("## Open questions\n\n");
    for question in questions {
        let _ = writeln!(text, "- **{}**", escape(&question.question));
        for citation in &question.citations {
            let speaker = citation.speaker.as_deref().map_or_else(String::new, |who| format!("{}, ", escape(who)));
            let _ = writeln!(
                text,
                "  - “{}” ({speaker}{}, {})",
                escape(&shorten(&citation.quote, 240)),
                escape(citation.name.as_str()),
                citation.place
            );
        }
        if let Some(assumption) = &question.assumption {
            let _ = writeln!(text, "  - Assumed meanwhile: {}", escape(assumption));
        }
    }
    Some(text)
}

fn decision(contents: &Contents<'_>) -> Option<String> {
    let decision = &contents.plan.decision;
    let mut text = String::from("## Why this stack\n\n");
    let _ = writeln!(
        text,
        "{}\n",
        match &decision.choice {
            StackChoice::Evidence => "Chosen by evidence in the documents.".to_owned(),
            StackChoice::Host => "Set by the host, whatever the documents say.".to_owned(),
            StackChoice::Earlier => "The stack of what was merged before.".to_owned(),
            StackChoice::Model { model, .. } => {
                format!("Chosen by {} among those the documents leave open.", escape(model))
            }
            StackChoice::Default { reason } => format!("A default: {}", escape(reason)),
        }
    );
    let scores: Vec<_> =
        decision.scores.iter().map(|score| format!("{} {}", score.stack.title(), score.points)).collect();
    let _ = writeln!(text, "Scores: {}.\n", scores.join(", "));
    let words = by_words(&decision.evidence);
    for (citation, rule, points) in words.iter().take(12) {
        let points: Vec<_> = points.iter().map(|(stack, points)| format!("{} {points:+}", stack.title())).collect();
        let _ = writeln!(
            text,
            "- “{}” ({}, {}; {}): {}",
            escape(&shorten(&citation.quote, 160)),
            escape(citation.name.as_str()),
            citation.place,
            escape(rule),
            points.join(", "),
        );
    }
    if words.len() > 12 {
        let _ = writeln!(text, "- and {} more", words.len() - 12);
    }
    Some(text)
}

type Weighed<'a> = (&'a Citation, &'a str, BTreeMap<Stack, i32>);

/// The evidence by the words it rests on, strongest first.
fn by_words(evidence: &[StackEvidence]) -> Vec<Weighed<'_>> {
    let mut grouped: Vec<Weighed<'_>> = Vec::new();
    for row in evidence {
        let same = |known: &&mut Weighed<'_>| {
            known.0.quote == row.citation.quote && known.0.document == row.citation.document && known.1 == row.rule
        };
        match grouped.iter_mut().find(same) {
            Some((_, _, points)) => *points.entry(row.stack).or_default() += row.points,
            None => grouped.push((&row.citation, &row.rule, BTreeMap::from([(row.stack, row.points)]))),
        }
    }
    grouped.sort_by_key(|(_, _, points)| std::cmp::Reverse(points.values().map(|points| points.abs()).max()));
    grouped
}

fn diagram(contents: &Contents<'_>) -> Option<String> {
    let files = contents.bundle.final_files();
    let (components, planned): (Vec<_>, Vec<_>) =
        contents.plan.components.iter().partition(|component| files.contains_key(&component.path));
    if components.is_empty() {
        return None;
    }
    let built: BTreeSet<_> = components.iter().map(|component| &component.id).collect();
    let node = |id: &ComponentId| format!("c_{}", id.as_str().replace('-', "_"));
    let label = |text: &str| text.chars().filter(|c| c.is_alphanumeric() || " ._-/".contains(*c)).collect::<String>();
    let mut text = String::from("## Components\n\n```mermaid\nflowchart LR\n");
    for component in &components {
        let _ = writeln!(text, "  {}[\"{}\"]", node(&component.id), label(&component.title));
    }
    for component in &components {
        for other in component.depends_on.iter().filter(|other| built.contains(other)) {
            let _ = writeln!(text, "  {} --> {}", node(&component.id), node(other));
        }
    }
    text.push_str("```\n");
    if !planned.is_empty() {
        let titles: Vec<_> = planned.iter().map(|component| escape(&component.title)).collect();
        let _ = writeln!(text, "\nPlanned, but no story that is done needs them: {}.", titles.join(", "));
    }
    Some(text)
}

fn documents(contents: &Contents<'_>) -> Option<String> {
    let mut text = String::from("## Documents\n\n| Document | Format | Version | Notes |\n|---|---|---|---|\n");
    let row = |text: &mut String, document: &Document| {
        let notes = document.warnings.iter().map(|warning| escape(warning)).collect::<Vec<_>>().join("; ");
        let version = code(&document.version.short(12));
        let _ = writeln!(text, "| {} | {} | {version} | {notes} |", escape(document.name.as_str()), document.format);
    };
    contents.documents.documents.iter().for_each(|document| row(&mut text, document));
    for refusal in &contents.documents.refused {
        let _ = writeln!(
            text,
            "| {} | not read | | **{}**: {} |",
            escape(refusal.name.as_str()),
            refusal.reason.as_str(),
            escape(&refusal.detail)
        );
    }
    Some(text)
}

fn findings(contents: &Contents<'_>) -> Option<String> {
    let validation = contents.validation;
    let (notes, faults): (Vec<_>, Vec<_>) =
        validation.findings.iter().partition(|finding| finding.severity == Severity::Info);
    let mut text = format!("## Validation\n\n{} files checked", validation.files_checked);
    text.push_str(if faults.is_empty() { ", nothing wrong found.\n" } else { ":\n\n" });
    for finding in faults {
        let severity = finding.severity;
        let _ = writeln!(
            text,
            "- {severity} {} in {}: {}",
            code(finding.rule.as_str()),
            code(finding.file.as_str()),
            escape(&finding.message)
        );
    }
    if !notes.is_empty() {
        let _ = writeln!(text, "\n{} more, such as exports that nothing uses yet, are in the report.", notes.len());
    }
    Some(text)
}

fn cost(contents: &Contents<'_>) -> Option<String> {
    let spent = contents.spending;
    let mut text = String::from("## Cost\n\n");
    let _ = writeln!(
        text,
        "{} in {} model call{} ({} input and {} output tokens).",
        spent.cost,
        spent.calls,
        if spent.calls == 1 { "" } else { "s" },
        spent.usage.input_tokens + spent.usage.cache_read_tokens + spent.usage.cache_write_tokens,
        spent.usage.output_tokens
    );
    let packages = |development: bool| {
        let of = contents.plan.build.dependencies.iter().filter(|package| package.development == development);
        of.map(|package: &PinnedDependency| code(&format!("{} {}", package.name, package.version)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let _ = writeln!(text, "\nPackages: {}.\nFor development: {}.", packages(false), packages(true));
    let _ = writeln!(text, "\nExecution {}.", code(contents.execution.as_str()));
    Some(text)
}
