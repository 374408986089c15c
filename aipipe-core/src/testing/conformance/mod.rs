//! The suites that check each port's contract, for any adapter, decorator or fake.
//!
//! Each function runs one suite and returns a [`Report`] that names every property it checked:
//!
//! ```
//! # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
//! # runtime.block_on(async {
//! use aipipe_core::testing::{MemoryArtifacts, conformance};
//! use std::sync::Arc;
//! let report = conformance::artifact_store(&(Arc::new(MemoryArtifacts::default()) as Arc<_>)).await;
//! assert!(report.failures().is_empty(), "{report}");
//! # });
//! ```
//!
//! Suites use fresh names below the project `conformance`, so run each on an empty store.

mod artifacts;
mod batches;
mod ci;
mod packages;
mod records;
mod review;
mod small;
mod source;

pub use artifacts::artifact_store;
pub use batches::{BatchRig, batch_language_model};
pub use ci::{CiHooks, OwnRuns, continuous_integration};
pub use packages::package_manager;
pub use records::record_store;
pub use review::{ReviewHooks, review_desk};
pub use small::{PriceList, clock, embedder, id_generator, language_model, secret_store};
pub use source::source_control;

use crate::domain::{
    ArtifactKey, BranchName, DocumentName, IdempotencyKey, ProjectName, ProjectRoot, RepoPath, RepositoryName,
    Timestamp,
};
use crate::ports::Signature;
use crate::{Error, ErrorKind};
use std::fmt;

/// What a suite found, property by property.
#[derive(Debug, Clone)]
pub struct Report {
    port: &'static str,
    results: Vec<(&'static str, Found)>,
}

#[derive(Debug, Clone)]
enum Found {
    Holds,
    Fails(String),
    /// It says nothing of this adapter, and why.
    Skipped(&'static str),
}

/// How the check of a property ended that does not apply to every adapter.
#[derive(Debug)]
enum Applied {
    Checked,
    Skipped(&'static str),
}

impl Report {
    fn new(port: &'static str) -> Self {
        Self { port, results: Vec::new() }
    }

    async fn check(&mut self, property: &'static str, holds: impl Future<Output = Check>) {
        self.check_where_it_applies(property, async { holds.await.map(|()| Applied::Checked) }).await;
    }

    async fn check_where_it_applies(&mut self, property: &'static str, holds: impl Future<Output = Check<Applied>>) {
        let found = match holds.await {
            Ok(Applied::Checked) => Found::Holds,
            Ok(Applied::Skipped(why)) => Found::Skipped(why),
            Err(failure) => Found::Fails(failure.0),
        };
        self.results.push((property, found));
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> &'static str {
        self.port
    }

    /// The properties that were checked, without those that were skipped.
    #[must_use]
    pub fn properties(&self) -> Vec<&'static str> {
        let checked = self.results.iter().filter(|(_, found)| !matches!(found, Found::Skipped(_)));
        checked.map(|(property, _)| *property).collect()
    }

    /// The properties that were not checked because they say nothing of this adapter, each with why.
    #[must_use]
    pub fn skipped(&self) -> Vec<(&'static str, &'static str)> {
        let why = |(property, found): &(&'static str, Found)| match found {
            Found::Skipped(why) => Some((*property, *why)),
            Found::Holds | Found::Fails(_) => None,
        };
        self.results.iter().filter_map(why).collect()
    }

    /// The properties that do not hold, each with what was seen.
    #[must_use]
    pub fn failures(&self) -> Vec<(&'static str, &str)> {
        self.results
            .iter()
            .filter_map(|(property, found)| match found {
                Found::Fails(message) => Some((*property, message.as_str())),
                Found::Holds | Found::Skipped(_) => None,
            })
            .collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:", self.port)?;
        for (property, found) in &self.results {
            match found {
                Found::Holds => writeln!(f, "  ok      {property}")?,
                Found::Fails(message) => writeln!(f, "  FAILS   {property}: {message}")?,
                Found::Skipped(why) => writeln!(f, "  skipped {property}: {why}")?,
            }
        }
        Ok(())
    }
}

/// Why a property does not hold.
#[derive(Debug)]
struct Failure(String);

type Check<T = ()> = Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error.chain())
    }
}

impl From<crate::domain::ParseError> for Failure {
    fn from(error: crate::domain::ParseError) -> Self {
        Self(error.to_string())
    }
}

impl From<tokio::task::JoinError> for Failure {
    fn from(error: tokio::task::JoinError) -> Self {
        Self(format!("a task ended badly: {error}"))
    }
}

/// Fails the property unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !bool::from($condition) {
            return Err($crate::testing::conformance::Failure(format!($($message)+)));
        }
    };
}
use ensure;

/// Demands an error of this kind.
fn fails_with<T: fmt::Debug>(result: crate::Result<T>, kind: ErrorKind) -> Check {
    match result {
        Err(error) if error.kind() == kind => Ok(()),
        Err(error) => Err(Failure(format!("expected {kind:?}, got: {}", error.chain()))),
        Ok(value) => Err(Failure(format!("expected {kind:?}, got {value:?}"))),
    }
}

fn root() -> ProjectRoot {
    ProjectRoot::new(ProjectName::literal("conformance"), Timestamp::from_unix_millis(1_767_603_600_000))
}

fn raw_key(name: &str) -> Check<ArtifactKey> {
    Ok(ArtifactKey::raw(&root(), &DocumentName::parse(name)?))
}

fn key(text: &str) -> Check<IdempotencyKey> {
    Ok(IdempotencyKey::parse(format!("conformance/{text}"))?)
}

fn path(text: &str) -> Check<RepoPath> {
    Ok(RepoPath::parse(text)?)
}

fn repository(text: &str) -> Check<RepositoryName> {
    Ok(RepositoryName::parse(format!("conformance-{text}"))?)
}

fn main_branch() -> BranchName {
    BranchName::literal("main")
}

fn author() -> Signature {
    Signature {
        name: "Conformance".to_owned(),
        email: "conformance@localhost".to_owned(),
        at: Timestamp::from_unix_millis(1_767_603_600_000),
    }
}
