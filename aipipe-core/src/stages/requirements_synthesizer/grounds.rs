//! Where words stand in a document: a quote is looked up, whatever white space and quotation marks it was written with.

use super::Source;
use super::normal::content_words;
use super::sentences::sentences;
use super::words::{Token, span_of, tokenize};
use crate::domain::{SegmentKind, TextSpan};
use std::collections::BTreeSet;

/// A document's text, ready for quotes to be looked up.
#[derive(Debug)]
pub(in crate::stages) struct Grounds<'a> {
    source: &'a Source<'a>,
    /// The text with runs of white space as one space, and plain quotation marks.
    folded: String,
    /// For each byte of `folded` where the character begins in the text, and one more for the end.
    places: Vec<usize>,
    /// The content words of the whole document.
    words: BTreeSet<String>,
}

impl<'a> Grounds<'a> {
    pub(in crate::stages) fn new(source: &'a Source<'a>) -> Self {
        let (folded, places) = fold(source.text);
        Self { source, folded, places, words: content_words(source.text).into_iter().collect() }
    }

    pub(in crate::stages) fn source(&self) -> &'a Source<'a> {
        self.source
    }

    /// The passage a quote stands in, by its number, and where: near `near` if it stands there, else its first place.
    ///
    /// A quote of one word counts only where it is all that a passage says.
    pub(in crate::stages) fn find(&self, quote: &str, near: Option<usize>) -> Option<(usize, TextSpan)> {
        let (quote, _) = fold(quote);
        let quote = quote.trim();
        if quote.is_empty() {
            return None;
        }
        let several = quote.split(' ').filter(|word| word.chars().any(char::is_alphanumeric)).count() > 1;
        let mut first = None;
        for (at, _) in self.folded.match_indices(quote) {
            let Some(place) = self.place(at, at + quote.len(), several) else { continue };
            let segment = self.source.document.segments.get(place.0);
            let is_near = near.is_none_or(|near| segment.is_some_and(|s| s.span.start <= near && near < s.span.end));
            if is_near {
                return Some(place);
            }
            first = first.or(Some(place));
        }
        first
    }

    fn place(&self, from: usize, to: usize, several: bool) -> Option<(usize, TextSpan)> {
        let last = self.folded.get(..to)?.char_indices().next_back()?.0;
        let start = *self.places.get(from)?;
        let last = *self.places.get(last)?;
        let end = last + self.source.text.get(last..)?.chars().next()?.len_utf8();
        let span = TextSpan { start, end };
        // "art" does not stand in "start"
        let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let text = self.source.text;
        let inside = |a: Option<char>, b: Option<char>| letter(a) && letter(b);
        let own = span.of(text)?;
        if inside(text.get(..start)?.chars().next_back(), own.chars().next())
            || inside(own.chars().next_back(), text.get(end..)?.chars().next())
        {
            return None;
        }
        let segments = &self.source.document.segments;
        // in the order of the text, so the only one that can hold it is the last that begins before it
        let index = segments.partition_point(|segment| segment.span.start <= start).checked_sub(1)?;
        let segment = segments.get(index).filter(|segment| segment.span.contains(span))?;
        let whole = || {
            // What is much longer says more, and is not counted for each of its words.
            if segment.span.end - segment.span.start > own.len() + 64 {
                return false;
            }
            let bare = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
            segment.span.of(text).is_some_and(|all| bare(all) == bare(own))
        };
        (segment.kind != SegmentKind::Boilerplate && (several || whole())).then_some((index, span))
    }

    /// Whether the passage, with the headings above it, has so many percent of the content words of `words`, at least one, and
    /// all their numbers and addresses.
    pub(super) fn carries(&self, segment: usize, words: &str, percent: usize) -> bool {
        let Some(segment) = self.source.document.segments.get(segment) else { return false };
        let passage = segment.span.of(self.source.text).unwrap_or("");
        let there: BTreeSet<String> = std::iter::once(passage)
            .chain(segment.headings.iter().map(String::as_str))
            .flat_map(content_words)
            .collect();
        let asked = content_words(words);
        let (numbers, rest): (Vec<_>, Vec<_>) =
            asked.into_iter().partition(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let known = rest.iter().filter(|word| there.iter().any(|other| is_like(word, other))).count();
        let enough = known > 0 && known * 100 >= rest.len() * percent || rest.is_empty() && !numbers.is_empty();
        let mut addresses = words.split_whitespace().filter(|word| word.contains("://") || word.contains('@'));
        enough && numbers.iter().all(|number| there.contains(number)) && addresses.all(|word| passage.contains(word))
    }

    /// The sentences of a passage that a quote touches, as tokens.
    pub(super) fn sentences_at(&self, segment: usize, span: TextSpan) -> Vec<Vec<Token>> {
        let Some(segment) = self.source.document.segments.get(segment) else { return Vec::new() };
        let tokens = tokenize(self.source.text, segment.span);
        let touches =
            |sentence: &&[Token]| span_of(sentence).is_some_and(|own| own.start < span.end && span.start < own.end);
        sentences(&tokens).into_iter().filter(touches).map(<[Token]>::to_vec).collect()
    }

    /// Whether the document has the last word of a name.
    pub(super) fn names(&self, name: &str) -> bool {
        content_words(name).last().is_some_and(|word| self.words.contains(word))
    }
}

/// Whether two words are forms of one: `wave` and `waved`, `reserve` and `reservation`.
fn is_like(one: &str, other: &str) -> bool {
    let common = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let (a, b) = (one.chars().count(), other.chars().count());
    one == other || common >= 4 && common + 1 >= a.min(b)
}

/// The text with runs of white space as one space and plain quotation marks, and where each of its bytes comes from.
fn fold(text: &str) -> (String, Vec<usize>) {
    let mut folded = String::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len() + 1);
    let mut in_space = false;
    for (at, c) in text.char_indices() {
        let plain = match c {
            '‘' | '’' | '‚' | '‛' => '\'',
            '“' | '”' | '„' | '‟' => '"',
            '–' | '—' | '‑' => '-',
            c if c.is_whitespace() => ' ',
            c => c,
        };
        if plain == ' ' && std::mem::replace(&mut in_space, true) {
            continue;
        }
        in_space = plain == ' ';
        folded.push(plain);
        places.resize(folded.len(), at);
    }
    places.push(text.len());
    (folded, places)
}
