//! Documents from the file system.

use crate::os_error::os_error;
use aipipe_core::domain::DocumentName;
use aipipe_core::{Error, ErrorKind, Result};
use bytes::Bytes;
use std::path::Path;

/// Files larger than this are not taken into memory at all; stage 1 refuses documents far below it.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// Reads a file to hand in as a document, under its file name.
///
/// # Errors
/// `NotFound`; `InvalidInput` when it is a directory, has no usable name or is larger than 1 GiB; `PermissionDenied`.
pub fn read_document_file(path: &Path) -> Result<(DocumentName, Bytes)> {
    const OPERATION: &str = "document.open";
    let invalid = |message: &str| Error::new(ErrorKind::InvalidInput, OPERATION, message).with("path", path.display());
    let failed = |error| os_error(OPERATION, "the document can't be read", error).with("path", path.display());
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(invalid("a directory is no document"));
    }
    if !metadata.is_file() {
        return Err(invalid("it is no regular file"));
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(invalid("the file is larger than 1 GiB"));
    }
    let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| invalid("its name is not UTF-8"))?;
    let name = DocumentName::parse(name).map_err(|error| invalid("its name can't be used").caused_by(error))?;
    Ok((name, std::fs::read(path).map_err(failed)?.into()))
}
