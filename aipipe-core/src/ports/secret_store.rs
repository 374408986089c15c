//! Where keys and tokens lie.

use super::forward_port;
use crate::Result;
use crate::domain::Timestamp;
use async_trait::async_trait;
pub use secrecy::SecretString;
use std::fmt::Debug;

/// A secret with what is known of its age. `Debug` never shows the value.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Secret {
    /// The value.
    pub value: SecretString,
    /// The store's name of this version; changes when the secret is rotated.
    pub version: String,
    /// When this version was made, where the store knows.
    pub created_at: Option<Timestamp>,
}

impl Secret {
    /// A secret of an age nobody knows.
    #[must_use]
    pub fn new(value: SecretString, version: impl Into<String>) -> Self {
        Self { value, version: version.into(), created_at: None }
    }

    /// The same, made at this time; `None` where the store does not know.
    #[must_use]
    pub fn with_created_at(mut self, at: Option<Timestamp>) -> Self {
        self.created_at = at;
        self
    }
}

/// Hands out secrets by name.
///
/// Contract, checked by `testing::conformance::secret_store`: every call asks the store, so a rotated secret is seen
/// without a restart; an absent one is `NotFound`; no error holds a value.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait SecretStore: Debug + Send + Sync + 'static {
    /// The current version of a secret.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied`, `Unavailable`.
    async fn get(&self, name: &str) -> Result<Secret>;
}

forward_port!(SecretStore {
    async fn get(&self, name: &str) -> Result<Secret>;
});
