//! The page a person reads: what the pull request is, where it stands, and what to do next.

use super::record::Record;
use aipipe_core::domain::{CheckRun, CommitSha, Conclusion, PullRequestState, ReviewVerdict, RunState};
use std::fmt::Write as _;

/// Renders the page. It depends on nothing but its arguments, so the same record gives the same page.
pub(super) fn render(record: &Record, checks: &[CheckRun], repository: &str, instructions: &str) -> String {
    let mut page = String::new();
    heading(&mut page, record, repository);
    next_step(&mut page, record, instructions);
    checks_of(&mut page, record, checks);
    reviews(&mut page, record);
    comments(&mut page, record);
    let _ = write!(page, "## Description\n\n{}\n", record.body.trim_end());
    page
}

fn heading(page: &mut String, record: &Record, repository: &str) {
    let state = match (record.state, &record.merge_sha) {
        (PullRequestState::Open, _) => "**open**".to_owned(),
        (PullRequestState::Merged, Some(sha)) => format!("**merged** as `{sha}`"),
        (PullRequestState::Merged, None) => "**merged**".to_owned(),
        (PullRequestState::Closed, _) => "**closed** without a merge".to_owned(),
    };
    let _ = write!(
        page,
        "# {title} (pull request {number})\n\n\
         | | |\n|---|---|\n\
         | State | {state} |\n\
         | Branches | {head} → {base} |\n\
         | Head commit | `{sha}` |\n\
         | Opened | {opened} |\n\
         | Repository | {repository} |\n\n",
        title = escape(&record.title),
        number = record.number,
        head = escape(record.head.as_str()),
        base = escape(record.base.as_str()),
        sha = record.head_sha,
        opened = record.opened_at,
        repository = escape(repository),
    );
}

fn next_step(page: &mut String, record: &Record, instructions: &str) {
    if record.state != PullRequestState::Open {
        return;
    }
    let _ = write!(
        page,
        "## How to review\n\n\
         Read the changes in a clone of the repository:\n\n    git log -p {base}..{head}\n\n\
         An approval counts for the head commit `{short}` alone; a commit made later needs a new one.\n",
        // Branch names have no spaces; whatever else a shell would read is quoted.
        base = shell_word(&format!("origin/{}", record.base)),
        head = shell_word(&format!("origin/{}", record.head)),
        short = record.head_sha.short(),
    );
    if !instructions.trim().is_empty() {
        let _ = write!(page, "\n{}\n", instructions.trim());
    }
    page.push('\n');
}

fn checks_of(page: &mut String, record: &Record, checks: &[CheckRun]) {
    let _ = write!(page, "## Checks of `{}`\n\n", record.head_sha.short());
    if checks.is_empty() {
        page.push_str("None recorded yet.\n\n");
        return;
    }
    page.push_str("| Check | State |\n|---|---|\n");
    for check in checks {
        let _ = writeln!(page, "| {} | {} |", escape(check.name.as_str()), state_in_words(check.state));
    }
    page.push('\n');
}

fn reviews(page: &mut String, record: &Record) {
    page.push_str("## Reviews\n\n");
    if record.reviews.is_empty() {
        let none = if record.state == PullRequestState::Open { "None yet." } else { "None." };
        let _ = write!(page, "{none}\n\n");
        return;
    }
    for keyed in &record.reviews {
        let review = &keyed.review;
        let verdict = match review.verdict {
            ReviewVerdict::Approved => "approved",
            ReviewVerdict::ChangesRequested => "asks for changes",
            ReviewVerdict::Commented => "commented on",
            ReviewVerdict::Dismissed => "took back an earlier verdict on",
        };
        let _ = write!(
            page,
            "- **{}** {verdict} `{}`{}, {}\n\n",
            escape(&review.reviewer),
            review.commit.short(),
            outdated(&review.commit, &record.head_sha),
            review.at,
        );
        quote(page, "  ", &review.comment);
    }
}

fn comments(page: &mut String, record: &Record) {
    if record.comments.is_empty() {
        return;
    }
    page.push_str("## Comments\n\n");
    for comment in &record.comments {
        let _ = write!(page, "- {}\n\n", comment.at);
        quote(page, "  ", &comment.body);
    }
}

fn outdated(commit: &CommitSha, head: &CommitSha) -> &'static str {
    if commit == head { "" } else { " (not the head commit)" }
}

fn state_in_words(state: RunState) -> &'static str {
    match state {
        RunState::Pending => "pending",
        RunState::InProgress => "running",
        RunState::Completed(conclusion) => match conclusion {
            Conclusion::Success => "succeeded",
            Conclusion::Failure => "failed",
            Conclusion::Cancelled => "cancelled",
            Conclusion::TimedOut => "timed out",
            Conclusion::Skipped => "skipped",
            Conclusion::Neutral => "neutral",
            Conclusion::ActionRequired => "waits for a person",
            _ => "ended in an unknown way",
        },
    }
}

/// Markdown of somebody else as a quotation, so that no heading or list of theirs is taken for the page's own.
fn quote(page: &mut String, indent: &str, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    for line in text.trim_end().lines() {
        let line: String = line.chars().filter(|c| !c.is_control() || *c == '\t').collect();
        let _ = writeln!(page, "{indent}> {line}");
    }
    page.push('\n');
}

/// Text as Markdown that shows exactly that text, on one line, in a table too.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() => escaped.push(' '),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~' | '@' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// A word as a POSIX shell reads it back.
fn shell_word(word: &str) -> String {
    if word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-')) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
