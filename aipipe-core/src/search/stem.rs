//! English word forms: the inflections of Porter's stemmer (M. F. Porter, "An algorithm for suffix stripping", Program
//! 14(3), 1980, steps 1 and 5).
//!
//! Steps 2 to 4 are left out: they make `general`, `generate` and `generic` one word, which are three names in code. The
//! crates that have the whole algorithm had no release for years, and it is more than is wanted.

use std::borrow::Cow;

/// What the forms of a word have in common: `bookings`, `booked` and `book` are `book`. Words with anything but `a` to `z`
/// in them, and those of at most two letters, stay as they are.
pub(super) fn stem(word: &str) -> Cow<'_, str> {
    if word.len() < 3 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Cow::Borrowed(word);
    }
    let mut text = word.to_owned();
    plural(&mut text);
    past_and_gerund(&mut text);
    if let Some(rest) = text.strip_suffix('y').filter(|rest| has_vowel(rest)) {
        text = format!("{rest}i");
    }
    silent_e(&mut text);
    if text.ends_with("ll") && measure(&text) > 1 {
        text.pop();
    }
    Cow::Owned(text)
}

/// Step 1a: `caresses` is `caress`, `ponies` is `poni`, `cats` is `cat`.
fn plural(text: &mut String) {
    let cut = match text.as_str() {
        word if word.ends_with("sses") || word.ends_with("ies") => 2,
        word if word.ends_with('s') && !word.ends_with("ss") => 1,
        _ => 0,
    };
    text.truncate(text.len() - cut);
}

/// Step 1b: `agreed` is `agree`, `plastered` is `plaster`, `hopping` is `hop`, `filing` is `file`.
fn past_and_gerund(text: &mut String) {
    if let Some(rest) = text.strip_suffix("eed") {
        if measure(rest) > 0 {
            text.pop();
        }
        return;
    }
    let Some(rest) = text.strip_suffix("ed").or_else(|| text.strip_suffix("ing")).filter(|rest| has_vowel(rest)) else {
        return;
    };
    let length = rest.len();
    text.truncate(length);
    if ["at", "bl", "iz"].iter().any(|end| text.ends_with(end)) {
        text.push('e');
    } else if ends_in_double(text) && !text.ends_with(['l', 's', 'z']) {
        text.pop();
    } else if measure(text) == 1 && is_short(text) {
        text.push('e');
    }
}

/// Step 5a: `probate` is `probat`, `rate` stays.
fn silent_e(text: &mut String) {
    let Some(rest) = text.strip_suffix('e') else { return };
    if measure(rest) > 1 || (measure(rest) == 1 && !is_short(rest)) {
        text.pop();
    }
}

/// Which letters are consonants; `y` is one at the beginning and after a vowel.
fn consonants(word: &str) -> impl Iterator<Item = bool> + '_ {
    word.bytes().scan(false, |before, byte| {
        *before = match byte {
            b'a' | b'e' | b'i' | b'o' | b'u' => false,
            b'y' => !*before,
            _ => true,
        };
        Some(*before)
    })
}

/// Porter's m: how often a vowel is followed by a consonant.
fn measure(word: &str) -> usize {
    let ahead = consonants(word).skip(1);
    consonants(word).zip(ahead).filter(|(one, next)| !one && *next).count()
}

fn has_vowel(word: &str) -> bool {
    consonants(word).any(|is_consonant| !is_consonant)
}

fn ends_in_double(word: &str) -> bool {
    let mut last = word.bytes().rev();
    last.next() == last.next() && consonants(word).last() == Some(true)
}

/// Porter's *o: ends in consonant, vowel, consonant, the last of which is not `w`, `x` or `y`.
fn is_short(word: &str) -> bool {
    let kinds: Vec<bool> = consonants(word).collect();
    kinds.ends_with(&[true, false, true]) && !word.ends_with(['w', 'x', 'y'])
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn forms_of_a_word_are_one_and_other_words_stay_apart() {
        for (stemmed, forms) in [
            ("book", &["book", "books", "booked", "booking", "bookings"][..]),
            ("cancel", &["cancel", "cancels", "cancelled", "cancelling", "canceled"]),
            ("polici", &["policy", "policies"]),
            ("delet", &["delete", "deletes", "deleted", "deleting"]),
            ("creat", &["create", "creates", "created", "creating"]),
            ("file", &["file", "files", "filed", "filing"]),
            ("agre", &["agree", "agrees", "agreed"]),
            ("hop", &["hop", "hops", "hopped", "hopping"]),
            ("caress", &["caress", "caresses"]),
            ("sky", &["sky"]),
            ("sing", &["sing"]),
            ("is", &["is"]),
            ("grüße", &["grüße"]),
            ("s3s", &["s3s"]),
        ] {
            for form in forms {
                assert_eq!(stem(form), stemmed, "{form}");
            }
        }
        for apart in [["general", "generate"], ["generate", "generic"], ["user", "use"], ["string", "str"]] {
            assert_ne!(stem(apart[0]), stem(apart[1]), "{apart:?}");
        }
    }
}
