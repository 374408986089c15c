//! What libgit2 and the file system report, as kinds a caller decides by. One table each, tested.

use aipipe_core::{Error, ErrorKind};
use git2::{ErrorClass, ErrorCode};
use std::io;
use std::path::Path;

/// What the system's messages end in, where libgit2 keeps no error number. Rust programs run in the C locale.
const SYSTEM: [(&str, ErrorKind); 7] = [
    ("No space left on device", ErrorKind::StorageFull),
    ("Disk quota exceeded", ErrorKind::StorageFull),
    ("File too large", ErrorKind::StorageFull),
    ("Permission denied", ErrorKind::PermissionDenied),
    ("Operation not permitted", ErrorKind::PermissionDenied),
    ("Read-only file system", ErrorKind::PermissionDenied),
    ("Too many open files", ErrorKind::Unavailable),
];

/// An error of libgit2.
pub(crate) fn git_error(operation: &'static str, what: &str, error: git2::Error) -> Error {
    let kind = kind_of(error.code(), error.class(), error.message());
    Error::new(kind, operation, format!("could not {what}")).caused_by(error)
}

/// An error of libgit2 about something that must be there because something stored refers to it.
pub(crate) fn stored_error(operation: &'static str, what: &str, error: git2::Error) -> Error {
    let kind = match kind_of(error.code(), error.class(), error.message()) {
        ErrorKind::NotFound | ErrorKind::InvalidInput | ErrorKind::Internal => ErrorKind::Corrupt,
        kind => kind,
    };
    Error::new(kind, operation, format!("could not {what}")).caused_by(error)
}

/// An error of the file system.
pub(crate) fn io_error(operation: &'static str, what: &str, path: &Path, error: io::Error) -> Error {
    Error::new(io_kind(error.kind()), operation, format!("could not {what}"))
        .with("path", path.display())
        .caused_by(error)
}

fn kind_of(code: ErrorCode, class: ErrorClass, message: &str) -> ErrorKind {
    match code {
        ErrorCode::NotFound | ErrorCode::UnbornBranch => ErrorKind::NotFound,
        ErrorCode::Exists => ErrorKind::AlreadyExists,
        ErrorCode::Modified
        | ErrorCode::NotFastForward
        | ErrorCode::Conflict
        | ErrorCode::MergeConflict
        | ErrorCode::Unmerged
        | ErrorCode::Directory => ErrorKind::Conflict,
        ErrorCode::Locked => ErrorKind::Busy,
        ErrorCode::InvalidSpec | ErrorCode::Invalid | ErrorCode::Ambiguous => ErrorKind::InvalidInput,
        ErrorCode::Owner => ErrorKind::PermissionDenied,
        ErrorCode::HashsumMismatch | ErrorCode::Eof | ErrorCode::Peel => ErrorKind::Corrupt,
        ErrorCode::Timeout => ErrorKind::Timeout,
        _ => kind_of_class(class, message),
    }
}

fn kind_of_class(class: ErrorClass, message: &str) -> ErrorKind {
    match class {
        ErrorClass::Os | ErrorClass::Filesystem => {
            SYSTEM.iter().find(|(end, _)| message.ends_with(end)).map_or(ErrorKind::Unavailable, |(_, kind)| *kind)
        }
        ErrorClass::Zlib
        | ErrorClass::Odb
        | ErrorClass::Object
        | ErrorClass::Tree
        | ErrorClass::Indexer
        | ErrorClass::Sha1
        | ErrorClass::Reference
        | ErrorClass::Repository
        | ErrorClass::Config => ErrorKind::Corrupt,
        ErrorClass::NoMemory | ErrorClass::Thread => ErrorKind::Unavailable,
        ErrorClass::Invalid => ErrorKind::InvalidInput,
        _ => ErrorKind::Internal,
    }
}

fn io_kind(kind: io::ErrorKind) -> ErrorKind {
    use io::ErrorKind as Io;
    match kind {
        Io::NotFound => ErrorKind::NotFound,
        Io::AlreadyExists | Io::DirectoryNotEmpty => ErrorKind::AlreadyExists,
        Io::PermissionDenied | Io::ReadOnlyFilesystem => ErrorKind::PermissionDenied,
        Io::StorageFull | Io::QuotaExceeded | Io::FileTooLarge => ErrorKind::StorageFull,
        Io::NotADirectory | Io::IsADirectory | Io::InvalidInput | Io::InvalidFilename => ErrorKind::InvalidInput,
        Io::InvalidData | Io::UnexpectedEof => ErrorKind::Corrupt,
        Io::TimedOut => ErrorKind::Timeout,
        Io::ResourceBusy | Io::ExecutableFileBusy => ErrorKind::Busy,
        _ => ErrorKind::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn every_code_and_class_of_libgit2_has_its_kind() {
        let none = ErrorClass::None;
        let table = [
            (ErrorCode::NotFound, ErrorClass::Reference, "", ErrorKind::NotFound),
            (ErrorCode::UnbornBranch, none, "", ErrorKind::NotFound),
            (ErrorCode::Exists, ErrorClass::Reference, "", ErrorKind::AlreadyExists),
            (ErrorCode::Modified, ErrorClass::Reference, "", ErrorKind::Conflict),
            (ErrorCode::NotFastForward, none, "", ErrorKind::Conflict),
            (ErrorCode::Conflict, none, "", ErrorKind::Conflict),
            (ErrorCode::MergeConflict, ErrorClass::Merge, "", ErrorKind::Conflict),
            (ErrorCode::Unmerged, ErrorClass::Index, "", ErrorKind::Conflict),
            (ErrorCode::Directory, ErrorClass::Reference, "", ErrorKind::Conflict),
            (ErrorCode::Locked, ErrorClass::Os, "failed to lock", ErrorKind::Busy),
            (ErrorCode::InvalidSpec, none, "", ErrorKind::InvalidInput),
            (ErrorCode::Invalid, none, "", ErrorKind::InvalidInput),
            (ErrorCode::Ambiguous, none, "", ErrorKind::InvalidInput),
            (ErrorCode::Owner, ErrorClass::Config, "", ErrorKind::PermissionDenied),
            (ErrorCode::HashsumMismatch, ErrorClass::Odb, "", ErrorKind::Corrupt),
            (ErrorCode::Eof, none, "", ErrorKind::Corrupt),
            (ErrorCode::Timeout, none, "", ErrorKind::Timeout),
            (
                ErrorCode::GenericError,
                ErrorClass::Os,
                "failed to write: No space left on device",
                ErrorKind::StorageFull,
            ),
            (ErrorCode::GenericError, ErrorClass::Os, "failed to write: Disk quota exceeded", ErrorKind::StorageFull),
            (ErrorCode::GenericError, ErrorClass::Os, "failed to open: Permission denied", ErrorKind::PermissionDenied),
            (ErrorCode::GenericError, ErrorClass::Filesystem, "x: Read-only file system", ErrorKind::PermissionDenied),
            (ErrorCode::GenericError, ErrorClass::Os, "failed: Input/output error", ErrorKind::Unavailable),
            (ErrorCode::GenericError, ErrorClass::Zlib, "", ErrorKind::Corrupt),
            (ErrorCode::GenericError, ErrorClass::Odb, "", ErrorKind::Corrupt),
            (ErrorCode::GenericError, ErrorClass::Tree, "", ErrorKind::Corrupt),
            (ErrorCode::GenericError, ErrorClass::Config, "", ErrorKind::Corrupt),
            (ErrorCode::GenericError, ErrorClass::NoMemory, "", ErrorKind::Unavailable),
            (ErrorCode::GenericError, ErrorClass::Invalid, "", ErrorKind::InvalidInput),
            (ErrorCode::GenericError, ErrorClass::Callback, "", ErrorKind::Internal),
        ];
        for (code, class, message, kind) in table {
            assert_eq!(kind_of(code, class, message), kind, "{code:?} {class:?} {message}");
            let error = git_error("git.test", "do it", git2::Error::new(code, class, message));
            assert_eq!((error.kind(), error.operation()), (kind, "git.test"));
        }
    }

    #[test]
    fn what_something_stored_refers_to_is_corrupt_when_it_is_gone() {
        let gone = git2::Error::new(ErrorCode::NotFound, ErrorClass::Odb, "object not found");
        assert_eq!(stored_error("git.read", "read the file", gone).kind(), ErrorKind::Corrupt);
        let full = git2::Error::new(ErrorCode::GenericError, ErrorClass::Os, "x: No space left on device");
        assert_eq!(stored_error("git.read", "read the file", full).kind(), ErrorKind::StorageFull);
    }

    #[test]
    fn every_file_system_error_that_matters_has_its_kind() {
        let table = [
            (Errno::NOENT, ErrorKind::NotFound),
            (Errno::EXIST, ErrorKind::AlreadyExists),
            (Errno::NOTEMPTY, ErrorKind::AlreadyExists),
            (Errno::ACCESS, ErrorKind::PermissionDenied),
            (Errno::ROFS, ErrorKind::PermissionDenied),
            (Errno::NOSPC, ErrorKind::StorageFull),
            (Errno::DQUOT, ErrorKind::StorageFull),
            (Errno::FBIG, ErrorKind::StorageFull),
            (Errno::ISDIR, ErrorKind::InvalidInput),
            (Errno::BUSY, ErrorKind::Busy),
            (Errno::MFILE, ErrorKind::Unavailable),
            (Errno::IO, ErrorKind::Unavailable),
        ];
        for (errno, kind) in table {
            let error = io::Error::from(errno);
            assert_eq!(io_error("git.test", "read", Path::new("/x"), error).kind(), kind, "{errno:?}");
        }
    }
}
