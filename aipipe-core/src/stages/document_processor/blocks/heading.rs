//! Headings that no markup marks: numbered sections, capital lines, short lead-ins with a colon.

const MODALS: &[&str] = &[
    "shall", "must", "should", "will", "can", "may", "cannot", "needs", "need", "is", "are", "has", "have", "want",
    "wants", "muss", "soll", "kann", "doit", "debe",
];

const RANKS: &[&str] = &["must", "should", "could", "won't", "nice", "good"];

/// Whether `text` could be a title: short, no sentence, no obligation in it.
pub(in super::super) fn is_title(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.is_empty() || words.len() > 9 || text.chars().count() > 80 {
        return false;
    }
    if text.ends_with(['.', ';', ',', '!', '?']) {
        return false;
    }
    let plain = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let ranked = words.last().is_some_and(|word| matches!(plain(word).as_str(), "have" | "haves")) && words.len() <= 3;
    // "Must have" and "Nice to have" are titles; "Users must have" is the beginning of a sentence.
    let rank = ranked && words.first().is_some_and(|word| RANKS.contains(&plain(word).as_str()));
    let modal = |word: &&str| MODALS.contains(&plain(word).as_str());
    text.chars().any(char::is_alphabetic) && (rank || !words.iter().any(modal))
}

/// Whether a line that stands alone is a heading because it is written in capitals.
pub(super) fn is_capital_title(line: &str) -> bool {
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    letters >= 4
        && line != "WEBVTT"
        && is_title(line)
        && line.chars().all(|c| !c.is_lowercase())
        && line.chars().any(char::is_uppercase)
        && !line.contains(['@', '=', '{', '|', '[', '<'])
}

/// `Requirements:` or `Must have:` before a list: up to five words and a colon.
pub(super) fn is_label(line: &str) -> bool {
    line.strip_suffix([':', '：']).is_some_and(|text| {
        text.split_whitespace().count() <= 5
            && is_title(text)
            && text.chars().next().is_some_and(|c| !c.is_lowercase())
            && !text.contains(['"', '“', '(', ':', ','])
    })
}

/// `**Must have**` or `**Must have:**` on a line of its own; the text inside.
pub(super) fn bold_title(line: &str) -> Option<&str> {
    let inside = ["**", "__"].iter().find_map(|mark| line.strip_prefix(mark)?.strip_suffix(mark))?;
    let inside = inside.trim();
    (!inside.contains("**") && is_title(inside.trim_end_matches([':', '：']))).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_no_sentences() {
        assert!(is_title("Feature list"));
        assert!(!is_title("The system shall log every access"));
        assert!(!is_title("We met on Monday."));
        assert!(is_capital_title("FUNCTIONAL REQUIREMENTS"));
        assert!(!is_capital_title("THE SYSTEM SHALL LOG IN"));
        assert!(is_label("Must have:"));
        assert!(!is_label("We need the following:"));
        assert!(!is_label("Dear Bob,"));
        assert_eq!(bold_title("**Must have:**"), Some("Must have:"));
        assert_eq!(bold_title("**Note** that **this**"), None);
    }
}
