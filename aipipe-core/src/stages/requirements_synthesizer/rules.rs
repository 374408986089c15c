//! Rules over values, said without "must": "a booking has a date and a bike", "the title is required", "status is one of …".

use super::ask::Register;
use super::clause::{Subject, classify};
use super::lexicon::singular;
use super::noun_phrase::{has_finite_verb, head};
use super::statement::statements;
use super::words::{Token, TokenKind, find_phrase, has_phrase, lower, part, phrase_at};

/// A rule found in a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RuleHit {
    /// What it speaks of: a singular noun.
    pub(super) about: Option<String>,
    /// Whether it counts only together with a story about the same thing.
    pub(super) weak: bool,
    /// Whether it only says what a field refers to, which counts only if that is a thing of the stories too.
    pub(super) refers: bool,
}

/// Phrases that set a limit wherever they stand.
const LIMITS: &[&str] = &[
    "at most",
    "no more than",
    "not more than",
    "at least",
    "no less than",
    "a maximum of",
    "a minimum of",
    "maximum",
    "minimum",
    "not exceed",
    "no longer than",
    "up to",
    "between",
    "no fewer than",
    "longer than",
    "shorter than",
];

/// The rule a sentence states, if it does.
pub(super) fn rule(tokens: &[Token], register: Register) -> Option<RuleHit> {
    if tokens.len() < 3 || tokens.len() > 60 {
        return None;
    }
    if let Some(first) = statements(tokens).first() {
        plain_subject(first.subject)?;
        return Some(RuleHit { about: about(first.subject), weak: register == Register::Speech, refers: false });
    }
    if let Some(hit) =
        capacity(tokens, register).or_else(|| composition(tokens, register)).or_else(|| timed(tokens, register))
    {
        return Some(hit);
    }
    if correction(tokens).is_some() {
        return Some(RuleHit { about: None, weak: true, refers: false });
    }
    let verb_at = tokens.iter().take(8).position(|t| {
        t.is_any(&["has", "have", "contains", "contain", "includes", "lasts", "costs", "belongs", "takes", "weighs"])
    });
    if let Some(at) = verb_at.filter(|at| *at > 0) {
        let subject = part(tokens, 0, at);
        let general = subject.first().is_some_and(|t| t.is_any(&["a", "an", "each", "every"]));
        let consists = phrase_at(tokens, at, "has to") || phrase_at(tokens, at, "have to");
        let article_only = subject.len() >= 2 && general && !consists;
        let plain = tokens
            .get(at + 1)
            .is_some_and(|t| !t.is_any(&["been", "become", "not", "no", "already", "always", "never"]));
        if article_only && plain {
            let noun = plain_subject(subject)?;
            let limits = has_limit(tokens);
            return Some(RuleHit {
                about: Some(noun),
                weak: register == Register::Speech || !(at < 6 && tokens.len() < 45 || limits),
                refers: false,
            });
        }
    }
    let hit = relation(tokens, register).or_else(|| choice(tokens, register)).or_else(|| states(tokens, register));
    if let Some(hit) = hit {
        return Some(hit);
    }
    if phrase_at(tokens, 2, "consists of") {
        return Some(RuleHit {
            about: plain_subject(part(tokens, 0, 2)),
            weak: register == Register::Speech,
            refers: false,
        });
    }
    // "the owner is a customer": a field that holds one of another thing
    let is_a = tokens.iter().take(6).position(|t| t.is("is")).filter(|at| {
        *at > 1 && tokens.first().is_some_and(|t| t.is("the")) && phrase_at(tokens, at + 1, "a")
            || phrase_at(tokens, at + 1, "an")
    });
    if let Some(at) = is_a.filter(|at| tokens.len() <= at + 5) {
        let noun = plain_subject(part(tokens, 0, at))?;
        return Some(RuleHit { about: Some(owner(part(tokens, 0, at)).unwrap_or(noun)), weak: true, refers: true });
    }
    // "titles are at most 200 characters long", "a rental lasts between 1 and 8 hours"
    let be = tokens.iter().take(8).position(|t| t.is_any(&["is", "are"])).filter(|at| *at > 0);
    if let Some(at) = be.filter(|_| has_limit(tokens)) {
        let noun = plain_subject(part(tokens, 0, at))?;
        return Some(RuleHit {
            about: Some(owner(part(tokens, 0, at)).unwrap_or(noun)),
            weak: register != Register::Document,
            refers: false,
        });
    }
    // "when a booking is cancelled, the bike becomes available again"
    let conditional = tokens.first().is_some_and(|t| t.is_any(&["if", "when", "once", "whenever"]));
    if conditional && register != Register::Speech {
        let comma = tokens.iter().position(|t| t.is(","))?;
        let personal = tokens
            .iter()
            .any(|t| t.is_any(&["you", "we", "i", "let's", "me", "your", "you're", "i'm", "we'll", "i'll"]));
        let noun = head(part(tokens, 1, comma))?;
        return (!personal && comma > 2).then_some(RuleHit { about: Some(noun), weak: true, refers: false });
    }
    None
}

/// "We accept at most ten bookings a day": how many there may be, said of those who run the business.
fn capacity(tokens: &[Token], register: Register) -> Option<RuleHit> {
    const BOUNDS: &[&str] =
        &["at most", "no more than", "not more than", "a maximum of", "at least", "up to", "never more than"];
    let speaker = tokens.first().is_some_and(|t| t.is_any(&["we", "you"]));
    if !speaker || register == Register::Speech {
        return None;
    }
    let (at, length) = find_phrase(tokens, BOUNDS).filter(|(at, _)| (2..=4).contains(at))?;
    let number = tokens.get(at + length)?;
    let counted = number.kind == TokenKind::Number || super::lexicon::number_word(&number.lower).is_some();
    let noun = counted.then(|| head(part(tokens, at + length + 1, tokens.len())))??;
    let each = tokens.iter().skip(at + length + 2).take(3).any(|t| t.is_any(&["a", "an", "per", "each", "every"]));
    Some(RuleHit { about: Some(noun), weak: register != Register::Document && !each, refers: false })
}

/// "Employees have a name and an e-mail address": what each of several has, where all that is listed can be a field.
fn composition(tokens: &[Token], register: Register) -> Option<RuleHit> {
    const KNOWN: &[&str] = &[
        "surname",
        "phone",
        "e-mail",
        "mail",
        "price",
        "description",
        "note",
        "quantity",
        "capacity",
        "role",
        "birthday",
        "colour",
        "color",
        "weight",
        "duration",
        "currency",
        "department",
        "category",
        "priority",
        "floor",
        "brand",
        "author",
        "isbn",
        "manufacturer",
        "model",
        "deadline",
        "country",
        "city",
        "street",
        "postcode",
        "deposit",
        "subject",
    ];
    let at =
        tokens.iter().take(5).position(|t| t.is_any(&["have", "need", "contain", "include"])).filter(|at| *at > 0)?;
    let subject = part(tokens, 0, at);
    let last = subject.last()?;
    let bare = !subject.first()?.is_any(super::lexicon::DETERMINERS) || subject.first()?.is_any(&["all", "both"]);
    let noun = plain_subject(subject).filter(|noun| bare && singular(&last.lower) == *noun && *noun != last.lower)?;
    let list = super::words::trim_marks(part(tokens, at + 1, tokens.len()));
    let items: Vec<&[Token]> = list
        .split(|t| t.is_any(&[",", "and", "or", "plus"]))
        .map(super::words::trim_marks)
        .filter(|item| !item.is_empty())
        .collect();
    let is_field = |item: &&&[Token]| {
        item.len() <= 6
            && head(item).is_some_and(|noun| FIELD_NOUNS.contains(&noun.as_str()) || KNOWN.contains(&noun.as_str()))
    };
    let fields = items.iter().filter(is_field).count();
    let plain = items.iter().all(|item| item.len() <= 8 && !has_finite_verb(item))
        && !list.first()?.is_any(&["to", "been", "not", "no"]);
    (plain && fields > 0 && fields * 2 >= items.len()).then_some(RuleHit {
        about: Some(noun),
        weak: register == Register::Speech,
        refers: false,
    })
}

/// "Every withdrawal refers to one batch", "a batch comes from one supplier": which one of another thing it is tied to.
fn relation(tokens: &[Token], register: Register) -> Option<RuleHit> {
    const TIES: &[&str] =
        &["refers to", "relates to", "comes from", "is for", "is taken from", "is assigned to", "is linked to"];
    let (at, length) = find_phrase(tokens, TIES).filter(|(at, _)| (2..6).contains(at))?;
    let (subject, object) = (part(tokens, 0, at), super::words::trim_marks(part(tokens, at + length, tokens.len())));
    let general = subject.first()?.is_any(&["a", "an", "each", "every"]);
    let one = object.first()?.is_any(&["one", "exactly", "a", "an"]) && object.len() < 6;
    let noun = plain_subject(subject).filter(|_| general && one)?;
    Some(RuleHit { about: Some(noun), weak: true, refers: false }).filter(|_| register != Register::Speech)
}

/// "A repair is open, then in progress, then done", "a hire goes from reserved to collected to returned", "a tool is
/// available, on hire, in repair or retired": the states of a thing.
fn states(tokens: &[Token], register: Register) -> Option<RuleHit> {
    let general = tokens.first()?.is_any(&["a", "an", "each", "every"]);
    let at = tokens.iter().take(6).position(|t| t.is_any(&["is", "goes", "moves"])).filter(|at| *at > 1)?;
    let rest = super::words::trim_marks(part(tokens, at + 1, tokens.len()));
    let count = |word: &str| rest.iter().filter(|t| t.is(word)).count();
    let steps = match lower(tokens, at) {
        "is" => count("then") >= 2 || count("or") == 1 && count(",") >= 2,
        _ => lower(rest, 0) == "from" && count("to") >= 2,
    };
    let plain =
        rest.len() < 20 && !has_finite_verb(rest) && !rest.iter().any(|t| t.is_any(&["it", "they", "we", "you"]));
    let noun =
        plain_subject(part(tokens, 0, at)).filter(|_| general && steps && plain && register != Register::Speech)?;
    Some(RuleHit { about: Some(noun), weak: true, refers: false })
}

/// Whether the words are all the values of a field.
pub(super) fn lists_choices(tokens: &[Token]) -> bool {
    choice(tokens, Register::Document).or_else(|| states(tokens, Register::Document)).is_some()
}

/// "The purpose of a batch is cooking, eating or drinking": all the values of a field.
fn choice(tokens: &[Token], register: Register) -> Option<RuleHit> {
    let at = tokens.iter().take(8).position(|t| t.is_any(&["is", "are"])).filter(|at| *at > 1)?;
    let subject = part(tokens, 0, at);
    let list = super::words::trim_marks(part(tokens, at + 1, tokens.len()));
    let (last_or, _) = list.iter().enumerate().rev().find(|(_, t)| t.is("or"))?;
    let mut items = list.split(|t| t.is_any(&[",", "or"])).filter(|item| !item.is_empty());
    let is_value = |item: &[Token]| {
        item.len() < 3
            && item.iter().all(|t| {
                t.kind == TokenKind::Word
                    && !t.is_any(super::lexicon::DETERMINERS)
                    && !t.is_any(super::lexicon::PRONOUNS)
                    && !t.is_any(&["not", "no", "never", "later", "earlier", "more", "less", "so", "else", "otherwise"])
            })
    };
    let count = items.clone().count();
    let plain = list.iter().take(last_or).any(|t| t.is(",")) && count > 2 && items.all(is_value);
    let told = subject.first()?.is("the") || subject.iter().any(|t| t.lower.ends_with("'s"));
    let noun = plain_subject(subject).filter(|_| plain && told && register != Register::Speech)?;
    Some(RuleHit { about: Some(owner(subject).unwrap_or(noun)), weak: true, refers: false })
}

/// Units of time.
pub(super) const SPANS_OF_TIME: &[&str] =
    &["second", "minute", "hour", "day", "night", "week", "weekend", "month", "quarter", "year", "semester"];

/// "Tickets are archived after 30 days", "a loan lasts three weeks": what happens to each of several, with a time.
fn timed(tokens: &[Token], register: Register) -> Option<RuleHit> {
    let at = tokens.iter().take(7).position(|t| {
        t.is_any(&[
            "is", "are", "last", "lasts", "expire", "expires", "end", "ends", "take", "takes", "stay", "stays", "run",
            "runs",
        ]) || super::lexicon::third_person(&t.lower).is_some()
    });
    let at = at.filter(|at| *at > 0)?;
    let subject = part(tokens, 0, at);
    let last = subject.last()?;
    let first = subject.first()?;
    let several = singular(&last.lower) != last.lower && !first.is_any(super::lexicon::DETERMINERS);
    let general = several
        || first.is_any(&["a", "an", "each", "every", "all", "any", "no"])
        || register == Register::Document && first.is("the");
    let done = !tokens.get(at)?.is_any(&["is", "are"])
        || tokens.iter().skip(at + 1).take(3).any(|t| super::lexicon::participle(&t.lower).is_some() || t.is("valid"));
    let counted = (at + 1..tokens.len()).any(|i| {
        let number = tokens.get(i).is_some_and(|t| {
            t.kind == TokenKind::Number || super::lexicon::number_word(&t.lower).is_some() || t.is("one")
        });
        number && tokens.get(i + 1).is_some_and(|t| SPANS_OF_TIME.contains(&singular(&t.lower).as_str()))
    });
    let noun = plain_subject(subject).filter(|_| general && done && counted)?;
    Some(RuleHit { about: Some(owner(subject).unwrap_or(noun)), weak: register == Register::Speech, refers: false })
}

/// A number that replaces another one: "28 days, not 21", "from 21 to 28 days", "28 instead of 21 days".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Correction {
    pub(super) new: String,
    pub(super) old: String,
    /// What is counted, singular.
    pub(super) unit: String,
}

/// The correction a sentence makes, if it makes one.
pub(super) fn correction(tokens: &[Token]) -> Option<Correction> {
    let number = |i: usize| -> Option<String> {
        let token = tokens.get(i)?;
        match token.kind {
            TokenKind::Number => Some(token.lower.replace(',', "")),
            _ => super::lexicon::number_word(&token.lower).map(str::to_owned),
        }
    };
    let unit = |i: usize| -> Option<String> {
        tokens.get(i).filter(|t| t.kind == TokenKind::Word && number(i).is_none()).map(|t| singular(&t.lower))
    };
    let numbers: Vec<usize> = (0..tokens.len()).filter(|i| number(*i).is_some()).collect();
    let [first, second] = numbers.as_slice() else { return None };
    let between = part(tokens, first + 1, *second);
    let words = || between.iter().filter(|t| !t.is_mark()).map(|t| t.lower.as_str());
    let units = |i: usize| {
        unit(i).filter(|unit| !matches!(unit.as_str(), "not" | "instead" | "rather" | "to" | "and" | "but" | "now"))
    };
    let counted = units(first + 1).or_else(|| units(second + 1))?;
    let last = words().next_back().unwrap_or_default();
    let away = has_phrase(between, &["instead of", "rather than", "no longer", "and not", "not"])
        && (matches!(last, "of" | "than" | "longer" | "not")
            || has_phrase(between, &["not the", "not only", "no longer the", "instead of the"]));
    let (new, old) = if away {
        (first, second)
    } else {
        let before = part(tokens, 0, *first);
        let denied = before.last().is_some_and(|t| t.is("not")) && words().any(|w| w == "but");
        let moved = before.last().is_some_and(|t| t.is("from"))
            && last == "to"
            && tokens.iter().any(|t| {
                t.is_any(&[
                    "change",
                    "changed",
                    "changes",
                    "raise",
                    "raised",
                    "increase",
                    "increased",
                    "extend",
                    "extended",
                    "reduce",
                    "reduced",
                    "lower",
                    "lowered",
                    "shorten",
                    "shortened",
                    "prolonged",
                    "went",
                    "goes",
                    "moved",
                ])
            });
        if !(denied || moved) {
            return None;
        }
        (second, first)
    };
    let (new, old) = (number(*new)?, number(*old)?);
    (new != old).then_some(Correction { new, old, unit: counted })
}

fn has_limit(tokens: &[Token]) -> bool {
    find_phrase(tokens, LIMITS).is_some()
        && tokens
            .iter()
            .any(|t| t.kind == TokenKind::Number || super::lexicon::number_word(&t.lower).is_some() || t.is("one"))
}

/// The head of a subject that is a thing, not a person speaking or a pronoun.
fn plain_subject(subject: &[Token]) -> Option<String> {
    if subject.is_empty() || subject.len() > 8 || has_finite_verb(subject) {
        return None;
    }
    match classify(subject)? {
        Subject::Thing(noun) => Some(noun),
        Subject::Person | Subject::System => head(subject),
        _ => None,
    }
}

/// Nouns of fields that tell too little without the word before them.
const FIELD_NOUNS: &[&str] = &[
    "number", "name", "date", "address", "code", "id", "type", "status", "time", "title", "email", "limit", "length",
    "size", "count", "amount",
];

/// What a rule over this subject speaks of: the thing that has the field, else what tells the field from others ("frame"
/// of "the frame number", "booking" of "the booking date"), else the noun.
pub(super) fn about(subject: &[Token]) -> Option<String> {
    if let Some(owner) = owner(subject) {
        return Some(owner);
    }
    let noun = head(subject)?;
    let telling = subject
        .iter()
        .position(|t| singular(&t.lower) == noun)
        .and_then(|at| at.checked_sub(1))
        .and_then(|at| subject.get(at))
        .filter(|t| FIELD_NOUNS.contains(&noun.as_str()) && t.kind == TokenKind::Word)
        .and_then(|t| super::normal::content_words(&t.lower).pop());
    telling.or(Some(noun))
}

/// "the title of a booking" and "a booking's title" speak of the booking.
pub(super) fn owner(subject: &[Token]) -> Option<String> {
    if let Some(at) = subject.iter().position(|t| t.is("of")) {
        return head(part(subject, at + 1, subject.len()));
    }
    subject.iter().find(|t| t.lower.ends_with("'s")).map(|t| singular(&t.lower))
}

/// Whether a list item states a field's rule: "Title: text, required, at most 200 characters".
pub(super) fn is_field_item(tokens: &[Token]) -> bool {
    let colon = tokens.iter().take(5).position(|t| t.is_any(&[":", "(", "-", "–", ","]));
    colon.is_some_and(|at| at > 0)
        && (has_phrase(
            tokens,
            &["required", "mandatory", "optional", "unique", "one of", "characters", "not empty", "positive"],
        ) || has_limit(tokens))
        && !lower(tokens, 0).is_empty()
}
