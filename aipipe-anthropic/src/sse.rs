//! Server-sent events, as the HTML standard defines the stream ("9.2.6 Interpreting an event stream").
//!
//! Bytes come in pieces of any size; each is looked at once, however long a line grows.

/// An event of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SseEvent {
    /// Its name; `message` where the stream gives none.
    pub(crate) name: String,
    /// Its data: the lines of all `data` fields.
    pub(crate) data: String,
}

/// Why a stream can't be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SseError {
    /// A line or event beyond the limit.
    #[error("an event is longer than {0} bytes")]
    TooLong(usize),
    /// Bytes that are no text.
    #[error("an event is not UTF-8")]
    NotText,
}

/// Reads a stream of events.
#[derive(Debug)]
pub(crate) struct SseParser {
    limit: usize,
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    name: Vec<u8>,
    /// The last byte was a carriage return: a line feed right after it belongs to it.
    after_return: bool,
    /// No line has ended yet: a byte order mark may stand before the first one.
    at_start: bool,
}

impl SseParser {
    /// A parser for events of at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            line: Vec::new(),
            data: Vec::new(),
            has_data: false,
            name: Vec::new(),
            after_return: false,
            at_start: true,
        }
    }

    /// Takes the next bytes and adds the events that they end.
    pub(crate) fn push(&mut self, mut bytes: &[u8], events: &mut Vec<SseEvent>) -> Result<(), SseError> {
        if std::mem::take(&mut self.after_return) {
            match bytes {
                [] => self.after_return = true,
                [b'\n', rest @ ..] => bytes = rest,
                _ => {}
            }
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, rest) = bytes.split_at(end);
            self.grow(line)?;
            self.end_line(events)?;
            bytes = match rest {
                [b'\r', b'\n', rest @ ..] => rest,
                [b'\r'] => {
                    self.after_return = true;
                    &[]
                }
                [_, rest @ ..] => rest,
                [] => &[],
            };
        }
        self.grow(bytes)
    }

    fn grow(&mut self, part: &[u8]) -> Result<(), SseError> {
        if self.line.len() + self.data.len() + part.len() > self.limit {
            return Err(SseError::TooLong(self.limit));
        }
        self.line.extend_from_slice(part);
        Ok(())
    }

    fn end_line(&mut self, events: &mut Vec<SseEvent>) -> Result<(), SseError> {
        let line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        if std::mem::take(&mut self.at_start) {
            text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        }
        if text.is_empty() {
            self.dispatch(events)?;
        } else {
            let (field, value) = match text.iter().position(|byte| *byte == b':') {
                Some(at) => {
                    let (field, value) = text.split_at(at);
                    (field, value.strip_prefix(b": ").or(value.strip_prefix(b":")).unwrap_or_default())
                }
                None => (text, &b""[..]),
            };
            match field {
                b"data" => {
                    if self.has_data {
                        self.data.push(b'\n');
                    }
                    self.data.extend_from_slice(value);
                    self.has_data = true;
                }
                b"event" => self.name = value.to_vec(),
                // Comments, ids and reconnection times mean nothing here, nor do fields of later days.
                _ => {}
            }
        }
        // The line's memory serves the next one.
        self.line = line;
        self.line.clear();
        Ok(())
    }

    fn dispatch(&mut self, events: &mut Vec<SseEvent>) -> Result<(), SseError> {
        let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
        if std::mem::take(&mut self.has_data) {
            let text = |bytes| String::from_utf8(bytes).map_err(|_| SseError::NotText);
            let name = if name.is_empty() { "message".to_owned() } else { text(name)? };
            events.push(SseEvent { name, data: text(data)? });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: usize = 1 << 24;

    fn read(pieces: &[&[u8]]) -> Result<Vec<(String, String)>, SseError> {
        let (mut parser, mut events) = (SseParser::new(LIMIT), Vec::new());
        for piece in pieces {
            parser.push(piece, &mut events)?;
        }
        Ok(events.into_iter().map(|event| (event.name, event.data)).collect())
    }

    fn of(text: &str) -> Vec<(String, String)> {
        read(&[text.as_bytes()]).unwrap()
    }

    fn event(name: &str, data: &str) -> (String, String) {
        (name.to_owned(), data.to_owned())
    }

    #[test]
    fn what_the_standard_says() {
        assert_eq!(of("event: a\ndata: 1\n\ndata:2\n\n"), [event("a", "1"), event("message", "2")]);
        assert_eq!(of("data: one\r\ndata:  two\r\rdata\n\n"), [event("message", "one\n two"), event("message", "")]);
        assert_eq!(of("\u{feff}data: 1\n\n"), [event("message", "1")]);
        assert_eq!(of("data: \u{feff}1\n\n"), [event("message", "\u{feff}1")]);
        assert_eq!(of(": comment\nid: 7\nretry: 3\nnew: field\nevent: x\n\n"), []);
        // An event that no empty line ends is none.
        assert_eq!(of("data: 1\n"), []);
        assert_eq!(of("data: 1\n\ndata: 2"), [event("message", "1")]);
        assert_eq!(read(&[b"data: 1\r", b"\ndata: 2\r", b"", b"\n\r\n"]).unwrap(), [event("message", "1\n2")]);
        assert_eq!(read(&[b"data: \xff\n\n"]), Err(SseError::NotText));
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let mut parser = SseParser::new(10);
        assert_eq!(parser.push(b"data: 12345", &mut Vec::new()), Err(SseError::TooLong(10)));
        let mut parser = SseParser::new(20);
        let lines = b"data: 1234567\n".repeat(3);
        assert_eq!(parser.push(&lines, &mut Vec::new()), Err(SseError::TooLong(20)));
        let mut parser = SseParser::new(20);
        assert_eq!(parser.push(&b"data: 1234567\n\n".repeat(3), &mut Vec::new()), Ok(()));
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            text in "(data: ?[a-c:]{0,3}|event:x|:|\u{feff}|é|\r\n|\n|\r){0,30}",
            cuts in prop::collection::vec(0..200_usize, 0..12),
        ) {
            let bytes = text.as_bytes();
            let mut ends: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            ends.push(bytes.len());
            ends.sort_unstable();
            let mut from = 0;
            let mut pieces = Vec::new();
            for end in ends {
                pieces.push(&bytes[from..end]);
                from = end;
            }
            prop_assert_eq!(read(&pieces), read(&[bytes]));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&[&bytes]);
        }
    }
}
