//! Answers of models kept as files, so that a question that was paid for once is answered from here in every later run.

use crate::os_error::os_error;
use aipipe_core::domain::ContentHash;
use aipipe_core::model::AnswerStore;
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use std::io::{ErrorKind as IoErrorKind, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// Keeps answers in a folder that only its owner can read, one file a question. An answer is there whole or not at all.
#[derive(Debug, Clone)]
pub struct FileAnswers {
    folder: PathBuf,
}

impl FileAnswers {
    /// Answers in this folder, which is made when the first one comes.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    fn file(&self, question: &ContentHash) -> PathBuf {
        let name = question.to_hex();
        let (shelf, _) = name.split_at_checked(2).unwrap_or((name.as_str(), ""));
        self.folder.join(shelf).join(format!("{name}.json"))
    }
}

fn read(file: &Path) -> Result<Option<Bytes>> {
    match std::fs::read(file) {
        Ok(answer) => Ok(Some(Bytes::from(answer))),
        Err(error) if error.kind() == IoErrorKind::NotFound => Ok(None),
        Err(error) => Err(os_error("answers.get", "an answer can't be read", error).with("file", file.display())),
    }
}

fn write(file: &Path, answer: &[u8]) -> Result<()> {
    let failed = |error| os_error("answers.put", "an answer can't be kept", error).with("file", file.display());
    let shelf = file.parent().unwrap_or(file);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(shelf).map_err(failed)?;
    let mut temporary = tempfile::NamedTempFile::new_in(shelf).map_err(failed)?;
    temporary.write_all(answer).map_err(failed)?;
    temporary.as_file().sync_all().map_err(failed)?;
    temporary.persist(file).map(drop).map_err(|error| failed(error.error))
}

/// Runs what reads or writes files where it holds nobody up.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Error::new(ErrorKind::Internal, "answers", "a task that reads or writes a file ended early")
            .caused_by(error))
    })
}

#[async_trait]
impl AnswerStore for FileAnswers {
    async fn get(&self, question: &ContentHash) -> Result<Option<Bytes>> {
        let file = self.file(question);
        apart(move || read(&file)).await
    }

    async fn put(&self, question: &ContentHash, answer: Bytes) -> Result<()> {
        let file = self.file(question);
        apart(move || write(&file, &answer)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[tokio::test]
    async fn an_answer_outlives_the_process_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("answers");
        let (one, other) = (ContentHash::of(b"one"), ContentHash::of(b"other"));
        let answers = FileAnswers::new(&place);
        assert_eq!(answers.get(&one).await.unwrap(), None);
        answers.put(&one, Bytes::from_static(b"yes")).await.unwrap();
        answers.put(&one, Bytes::from_static(b"yes, again")).await.unwrap();

        let later = FileAnswers::new(&place);
        assert_eq!(later.get(&one).await.unwrap().unwrap(), "yes, again");
        assert_eq!(later.get(&other).await.unwrap(), None);
        assert_eq!(std::fs::metadata(&place).unwrap().permissions().mode() & 0o077, 0);
        let files = std::fs::read_dir(answers.file(&one).parent().unwrap()).unwrap().count();
        assert_eq!(files, 1, "nothing is left beside it");
    }

    #[tokio::test]
    async fn a_folder_that_can_not_be_had_is_an_error_and_no_empty_shelf() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "x").unwrap();
        let answers = FileAnswers::new(folder.path().join("file"));
        assert!(answers.put(&ContentHash::of(b"one"), Bytes::from_static(b"yes")).await.is_err());
        assert!(answers.get(&ContentHash::of(b"one")).await.is_err());
    }
}
