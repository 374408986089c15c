//! Reads files into summaries, on a stack that is large enough for whatever a hostile text makes a parser do.
//!
//! Parsers go down a call or more for each level of nesting, and a stack that overflows ends the process: no error can be
//! made of it. So files are never parsed on the stack of whoever asks, which may be small; what is too long, or nests deeper
//! than this one is sure to hold, is passed over by the languages themselves.

use super::language::Language;
use crate::domain::RepoPath;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Text longer than this is not written by hand, and is passed over.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// The stack. Only what is used of it takes memory. What the languages' counts let through has taken, of the shapes that were
/// tried, at most a kilobyte and a half for a level of six bytes of text.
const STACK_BYTES: usize = 512 << 20;

/// The summaries of the files, in their order.
pub(super) fn read_all<L: Language>(files: &[(&RepoPath, &str)]) -> Vec<L::Summary> {
    if files.is_empty() {
        return Vec::new();
    }
    let read = |(path, text): &(&RepoPath, &str)| {
        let read = catch_unwind(AssertUnwindSafe(|| L::summarize(path, text)));
        read.unwrap_or_else(|_| L::unread("the parser failed on the file"))
    };
    on_large_stack(|| files.iter().map(read).collect()).unwrap_or_else(|| {
        files.iter().map(|_| L::unread("there is no memory for a stack to read the file on")).collect()
    })
}

/// What `work` comes to on the large stack; `None` where there is none, or when it panics.
pub(super) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, work).ok().and_then(|thread| thread.join().ok())
    })
}
