//! An answer as it comes: events of the stream into text, and at the end into the whole answer.

use crate::fault;
use crate::sse::{SseEvent, SseParser};
use crate::wire::{Block, Delta, WireEvent, WireUsage, stop_reason};
use aipipe_core::ports::StopReason;
use aipipe_core::{Error, ErrorKind, Result};

/// No event of the API is nearly as long; local servers send a whole answer in one.
const LONGEST_EVENT: usize = 16 << 20;

/// No model answers nearly as much.
const LONGEST_ANSWER: usize = 64 << 20;

const OPERATION: &str = "model.stream";

/// What has come of an answer.
#[derive(Debug)]
pub(crate) struct Reader {
    parser: SseParser,
    events: Vec<SseEvent>,
    pub(crate) answer: Answer,
}

/// An answer, as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) model: Option<String>,
    pub(crate) text: String,
    pub(crate) stop: Option<StopReason>,
    pub(crate) usage: WireUsage,
    pub(crate) is_whole: bool,
}

pub(crate) fn broken(message: &str) -> Error {
    Error::new(ErrorKind::StreamTruncated, OPERATION, message)
}

impl Reader {
    pub(crate) fn new() -> Self {
        Self { parser: SseParser::new(LONGEST_EVENT), events: Vec::new(), answer: Answer::default() }
    }

    /// Takes the next bytes; returns the text they add.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>> {
        let read = self.parser.push(bytes, &mut self.events);
        let mut texts = Vec::new();
        for event in self.events.drain(..) {
            if let Some(text) = self.answer.take(&event.data)? {
                texts.push(text);
            }
        }
        read.map_err(|error| broken("the stream is not one of events").caused_by(error))?;
        Ok(texts)
    }
}

impl Answer {
    /// Takes one event; returns the text it adds.
    fn take(&mut self, data: &str) -> Result<Option<String>> {
        // The end that some servers of the same wire send besides.
        if self.is_whole || data == "[DONE]" {
            return Ok(None);
        }
        let event: WireEvent = serde_json::from_str(data).map_err(|_| broken("an event is not readable"))?;
        match event {
            WireEvent::MessageStart { message } => {
                self.model = message.model.or_else(|| self.model.take());
                self.usage = self.usage.replaced_by(message.usage);
            }
            WireEvent::ContentBlockStart { content_block: Block::Text { text } }
            | WireEvent::ContentBlockDelta { delta: Delta::TextDelta { text } } => {
                if self.text.len() + text.len() > LONGEST_ANSWER {
                    return Err(Error::new(ErrorKind::ModelOutput, OPERATION, "the answer does not end"));
                }
                self.text.push_str(&text);
                return Ok(Some(text).filter(|text| !text.is_empty()));
            }
            WireEvent::MessageDelta { delta, usage } => {
                self.usage = self.usage.replaced_by(usage);
                self.stop = delta.stop_reason.as_deref().map(stop_reason).or_else(|| self.stop.take());
            }
            WireEvent::MessageStop {} => self.is_whole = true,
            WireEvent::Error { error } => return Err(fault::of_event(OPERATION, &error)),
            WireEvent::ContentBlockStart { .. } | WireEvent::ContentBlockDelta { .. } | WireEvent::Other => {}
        }
        Ok(None)
    }

    /// The end of the stream, which must not come before the end of the answer.
    pub(crate) fn end(&self) -> Result<()> {
        if self.is_whole && self.stop.is_some() {
            return Ok(());
        }
        Err(broken("the stream ended before the answer did"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STREAM: &str = "\
event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"claude-x\",\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n\
event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n\
event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\n\n\
event: ping\ndata: {\"type\":\"ping\"}\n\n\
event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n\
event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hel\"}}\n\n\
event: of_later_days\ndata: {\"type\":\"of_later_days\",\"x\":[1]}\n\n\
event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\",\"text\":\"lo\"}}\n\n\
event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n\
event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":15}}\n\n\
event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

    fn read(text: &[u8]) -> Result<Answer> {
        let mut reader = Reader::new();
        reader.push(text)?;
        reader.answer.end()?;
        Ok(reader.answer)
    }

    #[test]
    fn a_whole_answer_with_things_of_later_days() {
        let answer = read(STREAM.as_bytes()).unwrap();
        assert_eq!((answer.text.as_str(), answer.model.as_deref()), ("Hello", Some("claude-x")));
        assert_eq!(answer.stop, Some(StopReason::EndTurn));
        let usage = answer.usage.usage();
        assert_eq!((usage.input_tokens, usage.output_tokens), (25, 15));
    }

    #[test]
    fn a_stream_that_is_cut_anywhere_is_no_answer() {
        let end = STREAM.len() - 1;
        for cut in 0..end {
            let error = read(&STREAM.as_bytes()[..cut]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StreamTruncated, "{cut}");
            assert!(error.is_retryable());
        }
        // The control: the last empty line ends the last event.
        assert!(read(STREAM.as_bytes()).is_ok());
    }

    #[test]
    fn errors_inside_a_stream_are_told_by_their_type() {
        for (kind, expected) in [
            ("overloaded_error", ErrorKind::Unavailable),
            ("api_error", ErrorKind::Unavailable),
            ("rate_limit_error", ErrorKind::RateLimited),
            ("error_of_later_days", ErrorKind::Unavailable),
            ("invalid_request_error", ErrorKind::InvalidInput),
        ] {
            let event = format!(
                "event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"{kind}\",\"message\":\"secret prompt\"}}}}\n\n"
            );
            let error = read(event.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), expected, "{kind}");
            assert!(!error.chain().contains("secret"), "{error}");
        }
        let error = read(b"data: {\"type\":\"message_st\n\n").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StreamTruncated);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&bytes);
        }

        #[test]
        fn a_changed_byte_is_never_another_whole_answer_without_text(at in 0..STREAM.len(), byte in any::<u8>()) {
            let mut bytes = STREAM.as_bytes().to_vec();
            bytes[at] = byte;
            if let Ok(answer) = read(&bytes) {
                prop_assert!(answer.stop.is_some() && answer.is_whole);
            }
        }
    }
}
