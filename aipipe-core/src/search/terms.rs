//! What counts as a word: of running text and of code alike.

use super::stem::stem;

/// The longest word that is one; longer runs of letters are keys, hashes and encoded data.
const LONGEST: usize = 64;

/// The terms of a text, in order, as index and query both see them.
///
/// A term is a run of letters and digits in lower case, without its English inflection. Of an identifier these are its parts
/// and, where it has several, the whole: `cancelBooking` and `cancel_booking` both are `cancel`, `book` and
/// `cancelbooking`. Words that carry grammar only (`the`, `of`, `must`) are left out. Text without spaces between words
/// (Chinese, Japanese, Thai) is not cut into words.
pub fn terms(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let runs = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    for run in runs.filter(|run| run.len() <= 2 * LONGEST) {
        let parts = parts(run);
        if parts.len() > 1 {
            push(&mut found, parts.concat(), |whole| whole);
        }
        for part in parts {
            push(&mut found, part, |part| stem(&part).into_owned());
        }
    }
    found
}

fn push(found: &mut Vec<String>, word: String, form: impl Fn(String) -> String) {
    let counts = |word: &str| word.len() <= LONGEST && FUNCTION_WORDS.binary_search(&word).is_err();
    // A single letter is an article or what an apostrophe left; a digit is a value.
    let is_letter = word.len() == 1 && !word.bytes().all(|byte| byte.is_ascii_digit());
    if !word.is_empty() && !is_letter && counts(&word) {
        found.push(form(word));
    }
}

/// The parts of an identifier in lower case: `HTTPServer_v2` is `http`, `server`, `v2`.
fn parts(run: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut before: Option<char> = None;
    let mut rest = run.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '_' {
            parts.push(std::mem::take(&mut part));
            before = None;
            continue;
        }
        let starts = c.is_uppercase()
            && before
                .is_some_and(|before| !before.is_uppercase() || rest.peek().is_some_and(|next| next.is_lowercase()));
        if starts {
            parts.push(std::mem::take(&mut part));
        }
        part.extend(c.to_lowercase());
        before = Some(c);
    }
    parts.push(part);
    parts.retain(|part| !part.is_empty());
    parts
}

/// Words that carry grammar only, and those in which every requirement is written.
#[rustfmt::skip]
const FUNCTION_WORDS: [&str; 67] = [
    "about", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by", "can", "could",
    "did", "do", "does", "for", "from", "had", "has", "have", "how", "if", "in", "into", "is", "it", "its", "may",
    "me", "must", "my", "no", "not", "of", "on", "or", "our", "shall", "should", "so", "such", "than", "that", "the",
    "their", "them", "then", "there", "these", "they", "this", "to", "was", "we", "were", "what", "when", "which",
    "who", "will", "with", "would", "you",
];

#[cfg(test)]
mod tests {
    use super::terms;

    #[test]
    fn identifiers_and_words_meet() {
        for (text, expected) in [
            ("The clerk must cancel bookings.", &["clerk", "cancel", "book"][..]),
            ("cancelBooking(id)", &["cancelbooking", "cancel", "book", "id"]),
            ("cancel_booking", &["cancelbooking", "cancel", "book"]),
            ("HTTPServer_v2", &["httpserverv2", "http", "server", "v2"]),
            ("MAX_RETRIES = 3", &["maxretries", "max", "retri", "3"]),
            ("don't", &["don"]),
            ("Größe 文書", &["größe", "文書"]),
            ("a b __ 7", &["7"]),
            ("", &[]),
        ] {
            assert_eq!(terms(text), expected, "{text}");
        }
        assert!(terms(&"x".repeat(65)).is_empty() && terms(&format!("{} fits", "x".repeat(10_000))) == ["fit"]);
    }

    #[test]
    fn function_words_are_sorted() {
        assert!(super::FUNCTION_WORDS.is_sorted());
    }
}
