//! Where pull requests are kept: numbered folders, each file whole.

use super::record::Record;
use crate::git::durable::{self, Lock};
use crate::git::error::io_error;
use crate::git::failpoint;
use aipipe_core::domain::RepositoryName;
use aipipe_core::{Error, ErrorKind, Result};
use std::fs;
use std::path::{Path, PathBuf};

const RECORD: &str = "pull-request.json";
const PAGE: &str = "pull-request.md";
/// The folder a new pull request is made in before it takes its number; a crash leaves at most this one behind.
const MAKING: &str = ".making";

/// The folder of pull requests.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    root: PathBuf,
}

/// The right to change one repository's pull requests, for as long as it lives.
#[derive(Debug)]
pub(super) struct Access {
    _lock: Lock,
    folder: PathBuf,
}

impl Shelf {
    pub(super) fn open(root: &Path) -> Result<Self> {
        durable::make_folder("review.open_desk", root)?;
        let root =
            fs::canonicalize(root).map_err(|error| io_error("review.open_desk", "find the folder", root, error))?;
        Ok(Self { root })
    }

    pub(super) fn access(&self, operation: &'static str, repository: &RepositoryName) -> Result<Access> {
        let folder = self.root.join(repository.as_str());
        durable::make_folder(operation, &folder)?;
        Ok(Access { _lock: Lock::take(operation, &folder.join(".lock"))?, folder })
    }
}

impl Access {
    /// The path of a pull request's page.
    pub(super) fn page(&self, number: u64) -> PathBuf {
        self.folder.join(number.to_string()).join(PAGE)
    }

    /// All numbers in use, in order.
    pub(super) fn numbers(&self, operation: &'static str) -> Result<Vec<u64>> {
        let fail = |error| io_error(operation, "list the pull requests", &self.folder, error);
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            // Other names are not ours; a number is one only as we write it.
            if let Some(number) =
                name.to_str().and_then(|text| text.parse::<u64>().ok().filter(|n| n.to_string() == text))
            {
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    pub(super) fn load(&self, operation: &'static str, number: u64) -> Result<Record> {
        let path = self.folder.join(number.to_string()).join(RECORD);
        let corrupt = |reason: &str| Error::new(ErrorKind::Corrupt, operation, reason).with("path", path.display());
        let Some(content) = durable::read(operation, &path)? else {
            return Err(Error::new(ErrorKind::NotFound, operation, "there is no such pull request"));
        };
        let record: Record = serde_json::from_slice(&content)
            .map_err(|error| corrupt("the pull request can't be read").caused_by(error))?;
        if record.format != 1 || record.number != number {
            return Err(corrupt("the pull request has another format or number than its folder"));
        }
        Ok(record)
    }

    pub(super) fn load_all(&self, operation: &'static str) -> Result<Vec<Record>> {
        self.numbers(operation)?.into_iter().map(|number| self.load(operation, number)).collect()
    }

    /// Puts a new pull request into its folder, all of it at once.
    pub(super) fn create(&self, operation: &'static str, record: &Record, page: &str) -> Result<()> {
        let making = self.folder.join(MAKING);
        durable::remove_tree(operation, &making)?;
        fs::create_dir(&making).map_err(|error| io_error(operation, "make the folder", &making, error))?;
        durable::write_atomic(operation, &making.join(RECORD), &json(operation, record)?)?;
        failpoint!("review.open.json-written");
        durable::write_derived(operation, &making.join(PAGE), page.as_bytes())?;
        let place = self.folder.join(record.number.to_string());
        fs::rename(&making, &place)
            .map_err(|error| io_error(operation, "put the pull request into place", &place, error))?;
        durable::sync_folder(operation, &self.folder)?;
        failpoint!("review.open.moved");
        Ok(())
    }

    /// Writes a changed pull request: the record first, then the page that shows it.
    pub(super) fn update(&self, operation: &'static str, record: &Record, page: &str) -> Result<()> {
        let folder = self.folder.join(record.number.to_string());
        durable::write_atomic(operation, &folder.join(RECORD), &json(operation, record)?)?;
        failpoint!("review.update.json-written");
        self.show(operation, record.number, page)
    }

    /// Writes the page if it isn't the one that is there.
    pub(super) fn show(&self, operation: &'static str, number: u64, page: &str) -> Result<()> {
        let path = self.page(number);
        if durable::read(operation, &path)?.as_deref() == Some(page.as_bytes()) {
            return Ok(());
        }
        durable::write_derived(operation, &path, page.as_bytes())?;
        failpoint!("review.update.page-written");
        Ok(())
    }
}

fn json(operation: &'static str, record: &Record) -> Result<Vec<u8>> {
    let mut json = serde_json::to_vec_pretty(record).map_err(|error| {
        Error::new(ErrorKind::Internal, operation, "the pull request does not serialize").caused_by(error)
    })?;
    json.push(b'\n');
    Ok(json)
}
