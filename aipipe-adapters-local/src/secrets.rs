//! Secrets from the environment or from files only their owner can read.

use crate::clock::timestamp;
use crate::os_error::os_error;
use aipipe_core::ports::{Secret, SecretStore};
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use rustix::fs::{FileType, Mode, OFlags};
use secrecy::SecretString;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Longer files are no secrets.
const MAX_BYTES: u64 = 64 * 1024;

/// Names of secrets: lower-case letters, digits, `-` and `_`; they become file and variable names.
fn check_name(name: &str) -> Result<()> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(allowed) {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "secret.get",
            "a secret's name is 1 to 64 lower-case letters, digits, hyphens and underscores",
        ));
    }
    Ok(())
}

/// Secrets from environment variables with a prefix; nothing else of the environment can be asked for.
///
/// `github-token` is read from `{prefix}GITHUB_TOKEN` at every call.
#[derive(Debug)]
pub struct EnvSecrets {
    prefix: String,
    /// Keys the hash that tells versions apart: it can't be compared with a guess outside this process.
    fingerprint: RandomState,
}

impl EnvSecrets {
    /// Secrets from variables that begin with `prefix`, such as `AIPIPE_SECRET_`.
    ///
    /// # Errors
    /// `InvalidInput` when the prefix is empty or not upper-case letters, digits and underscores.
    pub fn new(prefix: impl Into<String>) -> Result<Self> {
        let prefix = prefix.into();
        if prefix.is_empty() || !prefix.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "secret.open",
                "the prefix is upper-case letters, digits and underscores",
            ));
        }
        Ok(Self { prefix, fingerprint: RandomState::new() })
    }

    #[expect(clippy::disallowed_methods, reason = "this adapter reads the environment, below its prefix only")]
    fn read_variable(&self, name: &str) -> Result<String> {
        let variable = format!("{}{}", self.prefix, name.to_ascii_uppercase().replace('-', "_"));
        let missing = |kind, message| Error::new(kind, "secret.get", message).with("variable", &variable);
        match std::env::var(&variable) {
            Ok(value) if value.is_empty() => Err(missing(ErrorKind::NotFound, "the environment variable is empty")),
            Ok(value) => Ok(value),
            Err(std::env::VarError::NotPresent) => {
                Err(missing(ErrorKind::NotFound, "the environment variable is not set"))
            }
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(missing(ErrorKind::InvalidInput, "the environment variable is not UTF-8"))
            }
        }
    }
}

#[async_trait]
impl SecretStore for EnvSecrets {
    async fn get(&self, name: &str) -> Result<Secret> {
        check_name(name)?;
        let value = self.read_variable(name)?;
        let version = format!("{:016x}", self.fingerprint.hash_one(&value));
        Ok(Secret::new(SecretString::from(value), version))
    }
}

/// Secrets from the files of one folder: `github-token` is the file of that name.
///
/// A file must be a plain one (no symbolic link), belong to this process's user and be closed to group and others.
/// One trailing line break is not part of the value.
#[derive(Debug, Clone)]
pub struct FileSecrets {
    folder: PathBuf,
}

impl FileSecrets {
    /// Secrets from the files in `folder`, which is read at every call.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }
}

#[async_trait]
impl SecretStore for FileSecrets {
    async fn get(&self, name: &str) -> Result<Secret> {
        check_name(name)?;
        let (folder, name) = (self.folder.clone(), name.to_owned());
        tokio::task::spawn_blocking(move || read_file(&folder, &name).map_err(|error| error.with("secret", &name)))
            .await
            .map_err(|error| Error::new(ErrorKind::Internal, "secret.get", "reading stopped").caused_by(error))?
    }
}

fn read_file(folder: &Path, name: &str) -> Result<Secret> {
    const OPERATION: &str = "secret.get";
    let refuse = |message| Error::new(ErrorKind::PermissionDenied, OPERATION, message);
    // NONBLOCK: opening a pipe that someone put there must not wait for its other end.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(folder.join(name), flags, Mode::empty())
        .map_err(|errno| os_error(OPERATION, "the secret's file can't be opened", errno))?;
    let mut file = File::from(file);
    let meta = file.metadata().map_err(|error| os_error(OPERATION, "the secret's file can't be read", error))?;
    if FileType::from_raw_mode(meta.mode()) != FileType::RegularFile {
        return Err(refuse("the secret is not a plain file"));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(refuse("the secret's file is open to group or others; its mode must be 0600 or 0400"));
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(refuse("the secret's file belongs to another user"));
    }
    if meta.len() > MAX_BYTES {
        return Err(Error::new(ErrorKind::InvalidInput, OPERATION, "the secret's file is larger than 64 KiB"));
    }
    let mut value = String::with_capacity(usize::try_from(meta.len()).unwrap_or(0).saturating_add(1));
    file.by_ref()
        .take(MAX_BYTES)
        .read_to_string(&mut value)
        .map_err(|error| os_error(OPERATION, "the secret's file can't be read as text", error))?;
    if value.ends_with('\n') {
        value.pop();
        if value.ends_with('\r') {
            value.pop();
        }
    }
    if value.is_empty() {
        return Err(Error::new(ErrorKind::NotFound, OPERATION, "the secret's file is empty"));
    }
    // Nothing of the value: a rotated file has another inode, time or length.
    let version = format!("{}-{}.{:09}-{}", meta.ino(), meta.mtime(), meta.mtime_nsec(), meta.len());
    let created_at = meta.modified().ok().map(timestamp);
    Ok(Secret::new(SecretString::from(value), version).with_created_at(created_at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;
    use std::os::unix::fs::PermissionsExt as _;

    fn write(folder: &Path, name: &str, value: &str, mode: u32) {
        let path = folder.join(name);
        std::fs::write(&path, value).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[tokio::test]
    async fn a_file_secret_is_read_anew_at_every_call() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileSecrets::new(folder.path());
        assert_eq!(store.get("token").await.unwrap_err().kind(), ErrorKind::NotFound);
        write(folder.path(), "token", "first-value\n", 0o600);
        let first = store.get("token").await.unwrap();
        assert_eq!(first.value.expose_secret(), "first-value");
        assert!(first.created_at.is_some());
        assert!(!format!("{first:?}").contains("first-value"));
        write(folder.path(), "token.new", "other-value", 0o600);
        std::fs::rename(folder.path().join("token.new"), folder.path().join("token")).unwrap();
        let second = store.get("token").await.unwrap();
        assert_eq!(second.value.expose_secret(), "other-value");
        assert_ne!(first.version, second.version);
    }

    #[tokio::test]
    async fn files_others_can_read_and_things_that_are_no_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileSecrets::new(folder.path());
        write(folder.path(), "open", "value-nobody-may-see", 0o640);
        write(folder.path(), "target", "value-nobody-may-see", 0o600);
        std::os::unix::fs::symlink(folder.path().join("target"), folder.path().join("link")).unwrap();
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        for name in ["open", "link", "folder"] {
            let error = store.get(name).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{name}: {error}");
            assert!(!error.chain().contains("value-nobody"), "{error}");
        }
        for name in ["", "..", "../target", "a/b", "UPPER", "nul\0"] {
            assert_eq!(store.get(name).await.unwrap_err().kind(), ErrorKind::InvalidInput, "{name:?}");
        }
    }

    #[tokio::test]
    async fn only_variables_with_the_prefix_are_secrets() {
        // The test harness sets these; setting one here would need unsafe code.
        let store = EnvSecrets::new("CARGO_PKG_").unwrap();
        let secret = store.get("name").await.unwrap();
        assert_eq!(secret.value.expose_secret(), env!("CARGO_PKG_NAME"));
        assert_eq!(secret.version, store.get("name").await.unwrap().version);
        assert_ne!(secret.version, store.get("version").await.unwrap().version);
        assert_eq!(store.get("no-such").await.unwrap_err().kind(), ErrorKind::NotFound);
        assert!(EnvSecrets::new("").is_err());
        assert!(EnvSecrets::new("path=").is_err());
    }
}
