//! What an error of the operating system means to a caller. The one table every adapter of this crate maps by.

use aipipe_core::{Error, ErrorKind};
use rustix::io::Errno;
use std::io;

/// The kind of an errno.
pub(crate) fn kind_of_errno(errno: Errno) -> ErrorKind {
    match errno {
        Errno::NOENT => ErrorKind::NotFound,
        Errno::EXIST => ErrorKind::AlreadyExists,
        Errno::NOSPC | Errno::DQUOT | Errno::FBIG => ErrorKind::StorageFull,
        // A symbolic link where none may be is reported as ELOOP by O_NOFOLLOW.
        Errno::ACCESS | Errno::PERM | Errno::ROFS | Errno::LOOP => ErrorKind::PermissionDenied,
        Errno::NOTDIR | Errno::ISDIR | Errno::NAMETOOLONG => ErrorKind::InvalidInput,
        Errno::BUSY | Errno::TXTBSY => ErrorKind::Busy,
        Errno::XDEV | Errno::MLINK | Errno::NOSYS | Errno::OPNOTSUPP => ErrorKind::Unsupported,
        Errno::IO
        | Errno::NXIO
        | Errno::NODEV
        | Errno::STALE
        | Errno::MFILE
        | Errno::NFILE
        | Errno::NOMEM
        | Errno::AGAIN
        | Errno::INTR
        | Errno::NOLCK
        | Errno::TIMEDOUT => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    }
}

/// The kind of an error of the standard library.
pub(crate) fn kind_of_io(error: &io::Error) -> ErrorKind {
    if let Some(errno) = Errno::from_io_error(error) {
        return kind_of_errno(errno);
    }
    match error.kind() {
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
        io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        io::ErrorKind::StorageFull | io::ErrorKind::WriteZero => ErrorKind::StorageFull,
        // A file shorter than what was written to it, or with other content.
        io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => ErrorKind::Corrupt,
        io::ErrorKind::TimedOut => ErrorKind::Timeout,
        _ => ErrorKind::Unavailable,
    }
}

/// The error of `operation` for an error of the operating system; add the key as context.
pub(crate) fn os_error(operation: &'static str, message: &'static str, error: impl Into<io::Error>) -> Error {
    let error = error.into();
    Error::new(kind_of_io(&error), operation, message).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_the_system_has_its_kind() {
        let table = [
            (Errno::NOENT, ErrorKind::NotFound),
            (Errno::EXIST, ErrorKind::AlreadyExists),
            (Errno::NOSPC, ErrorKind::StorageFull),
            (Errno::DQUOT, ErrorKind::StorageFull),
            (Errno::FBIG, ErrorKind::StorageFull),
            (Errno::ACCESS, ErrorKind::PermissionDenied),
            (Errno::PERM, ErrorKind::PermissionDenied),
            (Errno::ROFS, ErrorKind::PermissionDenied),
            (Errno::LOOP, ErrorKind::PermissionDenied),
            (Errno::NOTDIR, ErrorKind::InvalidInput),
            (Errno::ISDIR, ErrorKind::InvalidInput),
            (Errno::NAMETOOLONG, ErrorKind::InvalidInput),
            (Errno::BUSY, ErrorKind::Busy),
            (Errno::XDEV, ErrorKind::Unsupported),
            (Errno::OPNOTSUPP, ErrorKind::Unsupported),
            (Errno::IO, ErrorKind::Unavailable),
            (Errno::STALE, ErrorKind::Unavailable),
            (Errno::MFILE, ErrorKind::Unavailable),
            (Errno::NOMEM, ErrorKind::Unavailable),
            (Errno::BADF, ErrorKind::Internal),
        ];
        for (errno, kind) in table {
            assert_eq!(kind_of_errno(errno), kind, "{errno:?}");
            assert_eq!(kind_of_io(&io::Error::from(errno)), kind, "{errno:?} as io::Error");
            assert_eq!(os_error("test", "failed", errno).kind(), kind);
        }
        assert_eq!(kind_of_io(&io::Error::from(io::ErrorKind::UnexpectedEof)), ErrorKind::Corrupt);
        assert_eq!(kind_of_io(&io::Error::from(io::ErrorKind::InvalidData)), ErrorKind::Corrupt);
    }
}
