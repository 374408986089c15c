//! The names of versions: everything known of one is in the name of its file.

use aipipe_core::domain::{ArtifactKey, ContentHash};
use aipipe_core::ports::{ArtifactMeta, ArtifactVersion, VersionEntry};

/// One version of an artifact, stored as the file `{number}-{id}-{bytes}-{hash}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    /// Counts up from 1 for each key.
    pub(super) number: u64,
    /// Tells it from a version of the same number before the key was deleted, or of a put that never finished.
    pub(super) id: String,
    /// Length of the content.
    pub(super) bytes: u64,
    /// Hash of the content.
    pub(super) hash: ContentHash,
}

impl Version {
    /// The version's file name.
    pub(super) fn file_name(&self) -> String {
        format!("{:010}-{}-{}-{}", self.number, self.id, self.bytes, self.hash.to_hex())
    }

    /// Reads a file name; `None` when it is no version's.
    pub(super) fn parse(file_name: &str) -> Option<Self> {
        let mut parts = file_name.split('-');
        let (number, id, bytes, hash) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let version = Self {
            number: number.parse().ok()?,
            id: id.to_owned(),
            bytes: bytes.parse().ok()?,
            hash: ContentHash::parse(&format!("sha256:{hash}")).ok()?,
        };
        // One spelling only.
        (version.file_name() == file_name).then_some(version)
    }

    /// The version as callers name it.
    pub(super) fn name(&self) -> ArtifactVersion {
        ArtifactVersion::new(format!("{}-{}", self.number, self.id))
    }

    /// What a listing of the key's versions tells.
    pub(super) fn entry(&self) -> VersionEntry {
        VersionEntry::new(self.name(), self.bytes, Some(self.hash))
    }

    /// What is known of the artifact at this version.
    pub(super) fn meta(&self, key: &ArtifactKey) -> ArtifactMeta {
        ArtifactMeta::new(key.clone(), self.name(), self.bytes, self.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_and_no_other_is() {
        let version = Version { number: 3, id: "0a1b".into(), bytes: 5, hash: ContentHash::of(b"hello") };
        let name = version.file_name();
        assert_eq!(Version::parse(&name), Some(version));
        for bad in ["", "x", &name.replace("0000000003", "3"), &format!("{name}-"), &name.replace("-5-", "-+5-")] {
            assert_eq!(Version::parse(bad), None, "{bad}");
        }
    }
}
