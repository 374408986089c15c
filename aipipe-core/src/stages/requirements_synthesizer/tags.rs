//! Words that only keep talk going: ", right", "you know", "I think". They are no part of what is asked for.

use super::ask::Register;
use super::lexicon::DETERMINERS;
use super::words::{Token, any_phrase_at, lower, part, phrase_at};
use std::borrow::Cow;

/// At the end of a sentence, after a comma.
const CLOSING: &[&str] = &[
    "right",
    "okay",
    "ok",
    "yes",
    "yeah",
    "yep",
    "correct",
    "exactly",
    "agreed",
    "alright",
    "all right",
    "fine",
    "huh",
    "eh",
    "you know",
    "you see",
    "i think",
    "i guess",
    "i believe",
    "i suppose",
    "i mean",
    "i'd say",
    "i would say",
    "in my opinion",
    "basically",
    "obviously",
    "actually",
    "really",
    "honestly",
    "naturally",
    "clearly",
    "of course",
    "for sure",
    "certainly",
    "please",
    "thanks",
    "thank you",
    "cheers",
    "anyway",
    "though",
    "then",
    "as i said",
    "as discussed",
    "as agreed",
    "as you know",
    "so to speak",
    "if you like",
    "if you want",
    "or so",
    "or something",
    "or whatever",
    "got it",
    "to be honest",
];

/// In the middle of what is said or chatted, between commas.
const MIDDLE: &[&str] = &[
    "you know",
    "you see",
    "i think",
    "i guess",
    "i believe",
    "i suppose",
    "i mean",
    "i'd say",
    "i would say",
    "let's say",
    "basically",
    "obviously",
    "actually",
    "honestly",
    "naturally",
    "of course",
    "okay",
    "ok",
    "right",
    "yes",
    "yeah",
    "well",
    "like",
    "as i said",
    "as discussed",
    "as agreed",
    "as you know",
    "to be honest",
    "so to speak",
];

/// In speech, wherever they stand and without a comma.
const ANYWHERE: &[&str] = &["you know", "i mean"];

/// In speech, at the end and without a comma.
const LAST_WORD: &[&str] = &["right", "okay", "ok", "yes", "yeah"];

/// The sentence without such words. Values and places stay: "one of left, right", "turn right".
pub(super) fn without_tags(sentence: &[Token], register: Register) -> Cow<'_, [Token]> {
    let end = open_end(sentence, register);
    let sentence = part(sentence, 0, end);
    let middle = (register != Register::Document).then(|| without_middle(sentence, register)).flatten();
    match middle {
        Some(mut rest) => {
            rest.truncate(open_end(&rest, register));
            Cow::Owned(rest)
        }
        None => Cow::Borrowed(sentence),
    }
}

/// Where the sentence ends without all the tags that close it.
fn open_end(sentence: &[Token], register: Register) -> usize {
    let mut end = sentence.len();
    while let Some(shorter) = closing(part(sentence, 0, end), register) {
        end = shorter;
    }
    end
}

fn without_middle(sentence: &[Token], register: Register) -> Option<Vec<Token>> {
    let mut rest: Vec<Token> = Vec::with_capacity(sentence.len());
    let mut index = 0;
    while let Some(token) = sentence.get(index) {
        let between = token.is(",").then(|| any_phrase_at(sentence, index + 1, MIDDLE)).flatten();
        if let Some((_, count)) = between.filter(|(_, count)| lower(sentence, index + 1 + count) == ",") {
            // one comma stays where it parts two things: "a toy, you know, a family"
            let next = sentence.get(index + count + 2);
            let parts = next.is_some_and(|t| t.is_any(DETERMINERS));
            index += count + if parts { 1 } else { 2 };
            continue;
        }
        if register == Register::Speech
            && let Some((_, count)) = any_phrase_at(sentence, index, ANYWHERE)
        {
            // "do you know", "what I mean" say something
            let asked = index
                .checked_sub(1)
                .is_some_and(|i| matches!(lower(sentence, i), "do" | "did" | "what" | "if" | "that" | "which"));
            if !asked {
                index += count;
                continue;
            }
        }
        rest.push(token.clone());
        index += 1;
    }
    (rest.len() < sentence.len()).then_some(rest)
}

/// Where the sentence ends without the tag that closes it.
fn closing(sentence: &[Token], register: Register) -> Option<usize> {
    let end = sentence.iter().rposition(|t| !t.is_any(&[".", "!", "…"])).map_or(0, |last| last + 1);
    let comma = (end.saturating_sub(6)..end).rev().find(|i| sentence.get(*i).is_some_and(|t| t.is(",")));
    if let Some(comma) = comma.filter(|comma| *comma > 0) {
        let whole =
            CLOSING.iter().any(|tag| phrase_at(sentence, comma + 1, tag) && tag.split(' ').count() == end - comma - 1);
        if whole && !ends_a_list(sentence, comma) {
            return Some(comma);
        }
    }
    let last = end.checked_sub(1)?;
    let before = lower(sentence, last.checked_sub(1)?);
    let place = sentence.get(last - 1)?.is_mark()
        || matches!(
            before,
            "is" | "are"
                | "be"
                | "was"
                | "not"
                | "turn"
                | "all"
                | "the"
                | "to"
                | "on"
                | "upper"
                | "lower"
                | "top"
                | "bottom"
                | "far"
                | "exactly"
                | "or"
                | "and"
                | "of"
                | "from"
                | "a"
                | "say"
                | "says"
                | "answer"
                | "with"
                | "swipe"
                | "move"
                | "go"
                | "left"
        );
    (register == Register::Speech && end > 3 && !place && sentence.get(last)?.is_any(LAST_WORD)).then_some(last)
}

/// Whether the words after `comma` are the last of several values: "one of left, right", "the answers: yes, no, okay".
fn ends_a_list(sentence: &[Token], comma: usize) -> bool {
    let before = part(sentence, 0, comma);
    let opened = before.iter().rposition(|t| t.is_any(&[":", "(", "one", "either"]));
    if let Some(at) = opened {
        let list = part(sentence, at + 1, comma);
        if list.split(|t| t.is(",")).all(|item| item.len() <= 3) {
            return true;
        }
    }
    // "…, no, okay" are values; "…, right, okay" are two tags
    let previous = before.iter().rposition(|t| t.is(","));
    previous.is_some_and(|at| {
        let item = part(before, at + 1, comma);
        item.len() == 1 && !item.iter().any(|t| CLOSING.contains(&t.lower.as_str()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TextSpan;
    use crate::stages::requirements_synthesizer::words::{tokenize, words_of};

    fn of(text: &str, register: Register) -> String {
        let tokens = tokenize(text, TextSpan { start: 0, end: text.len() });
        words_of(text, &without_tags(&tokens, register)).trim_end_matches('.').to_owned()
    }

    #[test]
    fn tags_go_and_values_stay() {
        use Register::{Document, Mail, Speech};
        for (text, register, expected) in [
            ("They need a toy and a family, right.", Speech, "They need a toy and a family"),
            ("They need a toy and a family, right, okay.", Document, "They need a toy and a family"),
            ("They need a toy and a family right", Speech, "They need a toy and a family"),
            ("Guests, you know, need a key.", Mail, "Guests need a key"),
            ("A loan has a toy, you know, a family and a date.", Speech, "A loan has a toy, a family and a date"),
            ("Guests need I mean should get a key", Speech, "Guests need should get a key"),
            ("The side is one of left, right.", Speech, "The side is one of left, right"),
            ("The answers: yes, no, okay.", Document, "The answers: yes, no, okay"),
            ("The arrow is on the right", Speech, "The arrow is on the right"),
            ("The price is right.", Mail, "The price is right"),
            ("Guests can cancel, I think.", Document, "Guests can cancel"),
            ("It is, actually, in a document.", Document, "It is, actually, in a document"),
            ("Do you know the price", Speech, "Do you know the price"),
        ] {
            assert_eq!(of(text, register), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn only_ever_takes_words_away(text in "\\PC{0,60}|((right|, |you know|okay|one of|a toy|and|need|\\.|I mean|: ) ?){0,20}") {
            let tokens = tokenize(&text, TextSpan { start: 0, end: text.len() });
            for register in [Register::Document, Register::Mail, Register::Speech] {
                let kept = without_tags(&tokens, register);
                let mut all = tokens.iter();
                proptest::prop_assert!(kept.iter().all(|t| all.any(|other| other.span == t.span)));
            }
        }
    }
}
