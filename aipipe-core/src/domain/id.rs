//! Names of things: every id is its own type, made only by `parse` or by a derivation from content.

use super::hash::ContentHash;
use super::parse::{ParseError, check_chars, check_slug, slugify, string_type};

string_type!(
    /// The name of a project: lower-case letters, digits and single hyphens, 1 to 63 characters.
    ///
    /// ```
    /// use aipipe_core::domain::ProjectName;
    /// assert!(ProjectName::parse("harbour-bikes").is_ok());
    /// assert!(ProjectName::parse("../etc").is_err());
    /// ```
    ProjectName, "a project name", |v| check_slug("project name", v, 63)
);

string_type!(
    /// One run of a pipeline: `{yyyymmdd}-{16 hex}` or a host's own lower-case slug of up to 64 characters.
    ExecutionId, "an execution id", |v| check_slug("execution id", v, 64)
);

impl ExecutionId {
    /// The id of the execution that `key` stands for in `project`: the same pair is always the same execution.
    #[must_use]
    pub fn for_key(project: &ProjectName, key: &IdempotencyKey) -> Self {
        let hash = ContentHash::of_parts(&["execution", project.as_str(), key.as_str()]);
        Self(format!("run-{}", hash.short(16)))
    }
}

string_type!(
    /// A document of a project, whatever its version: derived from its name, so a changed file keeps its id.
    DocumentId, "a document id", |v| check_slug("document id", v, 80)
);

impl DocumentId {
    /// The id of the document with this (already parsed) name.
    #[must_use]
    pub fn for_name(name: &super::document::DocumentName) -> Self {
        let hash = ContentHash::of_parts(&["document", name.as_str()]);
        let slug = slugify(name.as_str(), 40);
        let slug = if slug.is_empty() { "document".to_owned() } else { slug };
        Self(format!("{slug}-{}", hash.short(8)))
    }
}

string_type!(
    /// A requirement: `req-{12 hex}` of its normalized statement.
    RequirementId, "a requirement id", |v| check_slug("requirement id", v, 40)
);

impl RequirementId {
    /// Derives the id from a normalized statement (position and wording of its surroundings do not matter).
    #[must_use]
    pub fn for_statement(normalized: &str) -> Self {
        Self(format!("req-{}", ContentHash::of_parts(&["requirement", normalized]).short(12)))
    }
}

string_type!(
    /// A user story: `us-{10 hex}` of its normalized role and action.
    StoryId, "a story id", |v| check_slug("story id", v, 40)
);

impl StoryId {
    /// Derives the id from the normalized role and action.
    #[must_use]
    pub fn for_content(role: &str, action: &str) -> Self {
        Self(format!("us-{}", ContentHash::of_parts(&["story", role, action]).short(10)))
    }
}

string_type!(
    /// An acceptance criterion: `{story id}-ac-{6 hex}` of its normalized text.
    CriterionId, "a criterion id", |v| check_slug("criterion id", v, 60)
);

impl CriterionId {
    /// Derives the id from the story and the normalized Given/When/Then.
    #[must_use]
    pub fn for_content(story: &StoryId, given: &str, when: &str, then: &str) -> Self {
        let hash = ContentHash::of_parts(&["criterion", given, when, then]);
        Self(format!("{story}-ac-{}", hash.short(6)))
    }
}

string_type!(
    /// A question left open: `oq-{10 hex}` of its text.
    QuestionId, "a question id", |v| check_slug("question id", v, 40)
);

impl QuestionId {
    /// Derives the id from the question's text.
    #[must_use]
    pub fn for_text(text: &str) -> Self {
        Self(format!("oq-{}", ContentHash::of_parts(&["question", text]).short(10)))
    }
}

string_type!(
    /// A component of the architecture: a slug, unique within its plan.
    ComponentId, "a component id", |v| check_slug("component id", v, 80)
);

string_type!(
    /// What makes an outside effect one effect, however often it is asked for: 1 to 128 of `A-Z a-z 0-9 . _ : / -`.
    IdempotencyKey, "an idempotency key", |v| check_chars("idempotency key", v, 128, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '/' | '-')
    })
);

impl IdempotencyKey {
    /// Derives a key of 64 hexadecimal digits from the parts that make the effect what it is.
    #[must_use]
    pub fn derive(parts: &[&str]) -> Self {
        Self(ContentHash::of_parts(parts).to_hex())
    }
}

string_type!(
    /// A batch of questions to a model, as its provider names it: 1 to 200 of `A-Z a-z 0-9 _ -`.
    BatchId, "a batch id", |v| check_chars("batch id", v, 200, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
);

string_type!(
    /// A stage of a pipeline: a slug such as `document-processor`.
    StageName, "a stage name", |v| check_slug("stage name", v, 64)
);

string_type!(
    /// A journaled step within a stage, unique there: 1 to 160 of `a-z 0-9 . _ : / -`.
    StepKey, "a step key", |v| check_chars("step key", v, 160, |c| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | ':' | '/' | '-')
    })
);

string_type!(
    /// What a waiting stage waits for, such as `review`.
    SignalName, "a signal name", |v| check_slug("signal name", v, 64)
);

string_type!(
    /// A process that works on executions; appears in leases.
    WorkerId, "a worker id", |v| check_chars("worker id", v, 128, |c| c.is_ascii_graphic())
);

string_type!(
    /// A repository's name: letters, digits, `.`, `_`, `-`; up to 100; not `.`, `..` and not ending in `.git`.
    RepositoryName, "a repository name", check_repository_name
);

fn check_repository_name(value: &str) -> Result<(), ParseError> {
    const WHAT: &str = "repository name";
    check_chars(WHAT, value, 100, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))?;
    if value.starts_with(['.', '-']) || value.to_ascii_lowercase().ends_with(".git") {
        return Err(ParseError::new(WHAT, value, "may not start with . or - nor end in .git"));
    }
    Ok(())
}

string_type!(
    /// A branch, by the rules of `git check-ref-format --branch`, limited to printable ASCII.
    BranchName, "a branch name", check_branch
);

fn check_branch(value: &str) -> Result<(), ParseError> {
    const WHAT: &str = "branch name";
    check_chars(WHAT, value, 200, |c| c.is_ascii_graphic() && !matches!(c, '~' | '^' | ':' | '?' | '*' | '[' | '\\'))?;
    let bad_part = |p: &str| p.is_empty() || p.starts_with('.') || p.ends_with(".lock") || p.ends_with('.');
    if value.split('/').any(bad_part) || value.contains("..") || value.contains("@{") || value == "@" {
        return Err(ParseError::new(WHAT, value, "is not a valid git reference"));
    }
    if value.starts_with('-') || value.eq_ignore_ascii_case("HEAD") {
        return Err(ParseError::new(WHAT, value, "is reserved"));
    }
    Ok(())
}

impl BranchName {
    /// The branch an execution works on: `aipipe/{execution-id}`.
    #[must_use]
    pub fn for_execution(execution: &ExecutionId) -> Self {
        Self(format!("aipipe/{execution}"))
    }
}

string_type!(
    /// A git object name: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
    CommitSha, "a commit sha", |v| {
        check_chars("commit sha", v, 64, |c| c.is_ascii_digit() || ('a'..='f').contains(&c))?;
        if v.len() == 40 || v.len() == 64 { Ok(()) } else { Err(ParseError::new("commit sha", v, "needs 40 or 64 digits")) }
    }
);

impl CommitSha {
    /// The first eight digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

string_type!(
    /// A check (a job of the CI workflow) as branch protection names it: 1 to 100 printable characters.
    CheckName, "a check name", |v| check_chars("check name", v, 100, |c| !c.is_control())
);

string_type!(
    /// A run of a workflow, as the CI adapter names it: 1 to 128 printable ASCII characters without a space.
    RunId, "a run id", |v| check_chars("run id", v, 128, |c| c.is_ascii_graphic())
);

string_type!(
    /// A job of a run, as the CI adapter names it: its key in the workflow or an id of the host's; characters as in [`RunId`].
    JobId, "a job id", |v| check_chars("job id", v, 128, |c| c.is_ascii_graphic())
);

string_type!(
    /// What a file's content is called where it lies, such as a git blob's sha: 1 to 128 printable ASCII characters.
    ///
    /// Within one repository equal ids are equal contents, and other ids are other contents.
    ContentId, "a content id", |v| check_chars("content id", v, 128, |c| c.is_ascii_graphic())
);
