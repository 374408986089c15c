//! Noun phrases: the head that says what a phrase is about, and roles of people.

use super::lexicon::{ADVERBS, DETERMINERS, PREPOSITIONS, any_form, is_role, pure_verb, singular};
use super::words::{Token, TokenKind, lower, part, trim_marks};

/// Nouns that only hold others: of "list of bookings" the bookings are meant.
const CONTAINERS: &[&str] = &[
    "list",
    "overview",
    "number",
    "set",
    "detail",
    "copy",
    "kind",
    "type",
    "summary",
    "history",
    "collection",
    "status",
    "record",
    "amount",
    "information",
    "info",
    "view",
    "table",
    "page",
    "name",
    "entry",
    "data",
];

/// The head noun of the noun phrase at the start of `tokens`, singular; nothing when there is none.
pub(super) fn head(tokens: &[Token]) -> Option<String> {
    let mut last: Option<&Token> = None;
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        if last.is_none() && (token.is_any(DETERMINERS) || token.is_any(ADVERBS) || token.is_any(&["one", "more"])) {
            index += 1;
            continue;
        }
        if token.kind == TokenKind::Number {
            index += 1;
            continue;
        }
        if token.kind != TokenKind::Word || token.is_any(PREPOSITIONS) {
            break;
        }
        if last.is_some() && (token.is_any(DETERMINERS) || token.lower.ends_with("ly")) {
            break;
        }
        last = Some(token);
        index += 1;
    }
    let noun = singular(&last?.lower);
    if CONTAINERS.contains(&noun.as_str()) && lower(tokens, index) == "of" {
        return head(part(tokens, index + 1, tokens.len())).or(Some(noun));
    }
    (!noun.is_empty()).then_some(noun)
}

/// The role named by `tokens`: a noun without article, singular, lower case save for acronyms.
pub(super) fn role(text: &str, tokens: &[Token]) -> Option<String> {
    let tokens = trim_marks(tokens);
    let start = tokens.iter().position(|t| !t.is_any(DETERMINERS) && !t.is_any(ADVERBS)).unwrap_or(0);
    let tokens = part(tokens, start, tokens.len());
    let end = tokens
        .iter()
        .position(|t| t.is_any(PREPOSITIONS) || matches!(t.lower.as_str(), "(" | "[" | ","))
        .filter(|end| *end > 0)
        .unwrap_or(tokens.len());
    let words = part(tokens, 0, end);
    if words.is_empty() || words.len() > 5 {
        return None;
    }
    let mut name = String::new();
    for (index, token) in words.iter().enumerate() {
        if token.kind == TokenKind::Mark && !token.is_any(&["/", "&"]) {
            return None;
        }
        let original = token.span.of(text).unwrap_or("");
        let acronym = original.len() > 1 && original.chars().all(|c| c.is_uppercase() || c.is_ascii_digit());
        if index > 0 && token.gap != super::words::Gap::None {
            name.push(' ');
        }
        match (index + 1 == words.len(), acronym) {
            (_, true) => name.push_str(original),
            (true, false) => name.push_str(&singular(&token.lower)),
            (false, false) => name.push_str(&token.lower),
        }
    }
    (!name.is_empty()).then_some(name)
}

/// Whether the head of the phrase names a person, or a place of work that stands for those who work there.
pub(super) fn is_person(tokens: &[Token]) -> bool {
    let Some(noun) = head(tokens) else { return false };
    is_role(&noun) || noun.rsplit('-').next().is_some_and(is_role) || is_workplace(tokens, &noun)
}

/// "the front desk", "the HR department": in front of such a noun stands what the people there do.
fn is_workplace(tokens: &[Token], noun: &str) -> bool {
    let before = tokens
        .iter()
        .position(|t| singular(&t.lower) == noun)
        .and_then(|at| at.checked_sub(1))
        .and_then(|at| tokens.get(at))
        .map_or("", |t| t.lower.as_str());
    match noun {
        "desk" => matches!(before, "front" | "help" | "service" | "info" | "information" | "circulation" | "reception"),
        "office" => matches!(before, "back" | "front" | "box" | "ticket" | "head" | "registration" | "doctor's"),
        "department" => !before.is_empty() && !DETERMINERS.contains(&before),
        "hr" | "reception" | "accounting" | "management" | "procurement" | "personnel" => {
            before.is_empty() || matches!(before, "the" | "our")
        }
        "resource" => before == "human",
        _ => false,
    }
}

/// Whether a finite verb stands among the words of what should be a bare noun phrase.
pub(super) fn has_finite_verb(tokens: &[Token]) -> bool {
    const FINITE: &[&str] = &[
        "is", "are", "was", "were", "am", "has", "have", "had", "does", "do", "did", "i", "we", "you", "said", "says",
        "think", "thought", "guess", "want", "wants", "know", "don't", "doesn't", "isn't", "aren't", "i'm", "we're",
        "it's", "what", "how", "why", "where", "there", "let", "let's", "means", "looks", "seems", "goes", "go", "got",
        "get", "we'll", "i'll", "they'll", "it'll", "you'll", "we'd", "i'd", "they'd", "you're", "they're", "that's",
        "there's", "we've", "i've", "you've", "they've",
    ];
    tokens.iter().any(|token| token.is_any(FINITE))
        || tokens.iter().skip(1).any(|t| pure_verb(&t.lower).is_some() && any_form(&t.lower).is_some())
}
