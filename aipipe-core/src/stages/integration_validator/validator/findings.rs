//! Findings as the rules write them, before the host's options are applied.

use super::options::{Origin, ValidatorOptions};
use crate::domain::{Finding, Fix, RepoPath, Rule, Severity, TextSpan};
use foldhash::HashSet;

/// A finding in the making.
#[derive(Debug)]
pub(super) struct Report(Finding);

impl Report {
    /// A finding about the whole file, with the rule's severity.
    pub(super) fn new(rule: Rule, file: &RepoPath, message: impl Into<String>) -> Self {
        Self(Finding {
            file: file.clone(),
            span: None,
            rule,
            severity: rule.default_severity(),
            message: message.into(),
            suggestion: None,
            fix: None,
        })
    }

    pub(super) fn rule(&self) -> Rule {
        self.0.rule
    }

    pub(super) fn at(mut self, span: TextSpan) -> Self {
        self.0.span = Some(span);
        self
    }

    /// Lowers the severity, because the rule can't be certain here.
    pub(super) fn severity(mut self, severity: Severity) -> Self {
        self.0.severity = severity;
        self
    }

    /// Lowers the severity to this one, if it is worse.
    pub(super) fn at_most(mut self, severity: Severity) -> Self {
        self.0.severity = self.0.severity.max(severity);
        self
    }

    /// What could not be read is an error in what was generated: nobody knows what it does.
    pub(super) fn unread_by(self, origin: Origin) -> Self {
        match origin {
            Origin::Generated => self.severity(Severity::Error),
            Origin::Existing => self,
        }
    }

    pub(super) fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.0.suggestion = Some(suggestion.into());
        self
    }

    pub(super) fn fix(mut self, fix: Fix) -> Self {
        self.0.fix = Some(fix);
        self
    }
}

impl From<Finding> for Report {
    fn from(finding: Finding) -> Self {
        Self(finding)
    }
}

/// What was found so far.
#[derive(Debug)]
pub(super) struct Findings<'o> {
    options: &'o ValidatorOptions,
    found: Vec<Finding>,
    doubted: HashSet<RepoPath>,
}

impl<'o> Findings<'o> {
    pub(super) fn new(options: &'o ValidatorOptions) -> Self {
        Self { options, found: Vec::new(), doubted: HashSet::default() }
    }

    pub(super) fn push(&mut self, report: Report) {
        let mut finding = report.0;
        if let Some(severity) = self.options.severity(finding.rule, finding.severity) {
            finding.severity = severity;
            self.found.push(finding);
        }
    }

    /// Says that no error of a file is certain: they all count as warnings, whichever rule finds them.
    pub(super) fn doubt(&mut self, file: &RepoPath) {
        self.doubted.insert(file.clone());
    }

    pub(super) fn take_doubted(&mut self) -> HashSet<RepoPath> {
        std::mem::take(&mut self.doubted)
    }

    pub(super) fn options(&self) -> &'o ValidatorOptions {
        self.options
    }

    pub(super) fn origin(&self) -> Origin {
        self.options.origin
    }

    pub(super) fn into_found(self) -> Vec<Finding> {
        self.found
    }
}
