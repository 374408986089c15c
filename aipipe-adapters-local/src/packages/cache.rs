//! Locks kept by what they were made from. A kept lock is used only when its content has the hash noted beside it.

use super::tool::io_error;
use crate::process::{read_small, write_atomic};
use aipipe_core::Result;
use aipipe_core::domain::ContentHash;
use aipipe_core::ports::LockRequest;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const MAX_BYTES: u64 = 64 << 20;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    hash: ContentHash,
    content: String,
}

/// The place of one lock.
#[derive(Debug)]
pub(super) struct Place(PathBuf);

impl Place {
    /// The place of the lock of these manifests by this tool; a new way of making locks needs a new `recipe`.
    pub(super) fn of(root: &Path, recipe: &str, tool: &str, request: &LockRequest) -> Self {
        let hashes: Vec<String> =
            request.manifests.iter().map(|(path, content)| format!("{path} {}", ContentHash::of(content))).collect();
        let mut parts = vec![recipe, tool, request.stack.as_str(), request.runtime_version.as_str()];
        parts.extend(hashes.iter().map(String::as_str));
        Self(root.join("locks").join(format!("{}.json", ContentHash::of_parts(&parts).to_hex())))
    }

    /// The kept lock; a damaged one counts as none and is made anew.
    pub(super) fn get(&self) -> Option<String> {
        let bytes = read_small(&self.0, MAX_BYTES).ok()?;
        let kept: Option<Kept> = serde_json::from_slice(&bytes).ok();
        let whole = kept.filter(|kept| ContentHash::of(kept.content.as_bytes()) == kept.hash);
        if whole.is_none() {
            tracing::warn!(file = %self.0.display(), "a kept lock is damaged and is made anew");
        }
        whole.map(|kept| kept.content)
    }

    /// Keeps a lock.
    pub(super) fn put(&self, content: &str) -> Result<()> {
        let kept = Kept { hash: ContentHash::of(content.as_bytes()), content: content.to_owned() };
        let bytes = serde_json::to_vec(&kept).map_err(std::io::Error::from);
        let written = bytes.and_then(|bytes| write_atomic(&self.0, &bytes));
        written.map_err(|error| io_error("packages.lock", "the lock can't be kept", error))
    }
}
