//! A stage beside the last one.

use aipipe_core::Result;
use aipipe_core::domain::{BuildReport, StageName, StepKey};
use aipipe_core::pipeline::{Outcome, Stage, StageContext};
use async_trait::async_trait;

/// Notes the key of the build's report, in a journaled step.
#[derive(Debug)]
pub(super) struct NoteBuild;

#[async_trait]
impl Stage for NoteBuild {
    type Input = BuildReport;
    type Output = String;

    fn name(&self) -> StageName {
        StageName::parse("note-build").unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn revision(&self) -> String {
        "1".to_owned()
    }

    async fn run(&self, cx: &StageContext, report: BuildReport) -> Result<Outcome<String>> {
        let step = StepKey::parse("note")?;
        let noted = cx.step(&step, &report, |key| async move { Ok(format!("{key}")) }).await?;
        Ok(Outcome::Done(noted))
    }
}
