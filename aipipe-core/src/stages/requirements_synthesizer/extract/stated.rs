//! Sentences that look as if they asked for something, noted whether a rule understands them or not.

use super::{Stated, Walk};
use crate::domain::{DocumentFormat, Segment};
use crate::stages::requirements_synthesizer as stage;
use stage::sentences::sentences;
use stage::words::{Token, part, span_of, tokenize, trim_marks};
use stage::{coverage, normal};

impl Walk<'_> {
    /// What was taken for a signature or a disclaimer: it asks for nothing, but what looks like it is not lost.
    pub(super) fn set_apart(&mut self, segment: &Segment, quoted: bool) {
        if quoted || self.source.document.format != DocumentFormat::Email {
            return;
        }
        let tokens = tokenize(self.source.text, segment.span);
        for sentence in sentences(&tokens) {
            let words = normal::same_words(sentence);
            if !words.is_empty() && self.said.insert(words) {
                self.state(segment, trim_marks(sentence));
            }
        }
    }

    /// Notes a sentence that looks as if it asked for something.
    pub(super) fn state(&mut self, segment: &Segment, sentence: &[Token]) {
        if let Some(signal) = coverage::signal(sentence, self.register) {
            self.state_as(segment, sentence, signal);
        }
    }

    pub(super) fn state_as(&mut self, segment: &Segment, sentence: &[Token], signal: &'static str) {
        if let Some(citation) = span_of(sentence).and_then(|span| self.cite(segment, span)) {
            self.stated.push(Stated { citation, signal, source: self.index });
        }
    }

    /// Notes the pieces of a long sentence that look as if they asked for something. Each begins a little before the end of
    /// the one before, so that no words are cut in two.
    pub(super) fn state_pieces(&mut self, segment: &Segment, sentence: &[Token]) {
        const PIECE: usize = 100;
        const SHARED: usize = 20;
        let mut from = 0;
        while from + SHARED < sentence.len() {
            self.state(segment, trim_marks(part(sentence, from, sentence.len().min(from + PIECE))));
            from += PIECE - SHARED;
        }
    }
}
