//! Standard output, where the reader may leave before everything is written (`… | head`).

use std::io::{self, BufWriter, ErrorKind, Write as _};

type Stdout = BufWriter<io::StdoutLock<'static>>;

/// Lets `print` write to standard output. A reader who left is no error; a full disk is.
pub(crate) fn to_stdout(print: impl FnOnce(&mut Stdout) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match print(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
