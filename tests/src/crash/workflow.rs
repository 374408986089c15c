//! A workflow without an install step, for the many runs in which what an installation does is not the question.

use aipipe_core::Result;
use aipipe_core::domain::{ArtifactKey, StageName, ValidationReport};
use aipipe_core::pipeline::{Outcome, Stage, StageContext};
use async_trait::async_trait;
use bytes::Bytes;
use std::fmt::Write as _;

/// Puts a workflow whose jobs have the required names but install nothing in the place of the stack's own.
#[derive(Debug)]
pub(super) struct WithoutInstall {
    /// Whether the first attempt of its runs fails.
    pub(super) red_at_first: bool,
}

/// The jobs run on the checkout as the real ones do: one looks at the files, the others need it.
fn text(report: &ValidationReport, red_at_first: bool) -> String {
    let mut text = "name: CI\non: push\npermissions:\n  contents: read\njobs:\n".to_owned();
    let mut before: Option<&str> = None;
    for check in &report.required_checks {
        let name = check.as_str();
        let _ = write!(text, "  {name}:\n    name: {name}\n    runs-on: ubuntu-24.04\n");
        if let Some(before) = before {
            let _ = writeln!(text, "    needs: {before}");
        }
        text.push_str(
            "    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1\n      \
             - name: Look at lock and sources\n        run: |\n          \
             grep -q '\"lockfileVersion\"' package-lock.json\n          test \"$(find src -name '*.ts' | wc -l)\" -gt 3\n",
        );
        if red_at_first && before.is_none() {
            text.push_str("          test \"$GITHUB_RUN_ATTEMPT\" -gt 1\n");
        }
        before = Some(name);
    }
    text
}

#[async_trait]
impl Stage for WithoutInstall {
    type Input = ValidationReport;
    type Output = ValidationReport;

    fn name(&self) -> StageName {
        StageName::parse("without-install").unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn revision(&self) -> String {
        "1".to_owned()
    }

    async fn run(&self, cx: &StageContext, mut report: ValidationReport) -> Result<Outcome<ValidationReport>> {
        let content = Bytes::from(text(&report, self.red_at_first));
        for file in report.additions.iter_mut().filter(|file| file.path == report.workflow) {
            file.content = cx.store_bytes(content.clone()).await?;
            let key = ArtifactKey::generated(cx.root(), cx.execution(), &file.path);
            cx.publish(&key, content.clone()).await?;
        }
        Ok(Outcome::Done(report))
    }
}
