//! Actions: the verb phrases of a predicate, one for each thing that is to be done.

use super::lexicon::{DETERMINERS, PREPOSITIONS, any_form, participle, pure_verb, verb};
use super::noun_phrase::{head, is_person};
use super::words::{Token, TokenKind, after, find_phrase, lower, part, phrase_at, trim_marks, words_of};

/// One thing that is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Action {
    /// A verb phrase without `to`, such as `cancel a booking`.
    pub(super) text: String,
    /// The class of its verb, or the verb itself where no class is known.
    pub(super) class: String,
    /// The verb's base form and past participle, where known.
    pub(super) participle: Option<&'static str>,
    /// What it is done to: a singular noun.
    pub(super) head: Option<String>,
    /// What it is done to, in the words of the text.
    pub(super) object: Option<String>,
}

/// Where the reason for wanting something begins.
const BENEFITS: &[&str] = &["so that", "so", "in order to", "in order that", "because", "such that"];

/// Splits a predicate into what is to be done and what it is good for.
pub(super) fn split_benefit(tokens: &[Token]) -> (&[Token], Option<&[Token]>) {
    let found = (1..tokens.len()).find_map(|index| {
        let (phrase, count) = super::words::any_phrase_at(tokens, index, BENEFITS)?;
        // a bare "so" is a reason only before a subject: "so I can", "so customers …", never "so far", "so many"
        let bare = phrase == "so";
        let subject = tokens.get(index + 1).is_some_and(|t| {
            t.is_any(&[
                "i",
                "we",
                "they",
                "it",
                "users",
                "customers",
                "people",
                "he",
                "she",
                "my",
                "our",
                "their",
                "the",
            ])
        });
        (!bare || subject).then_some((index, count))
    });
    match found {
        Some((at, count)) => {
            let benefit = trim_marks(after(tokens, at + count));
            (part(tokens, 0, at), (!benefit.is_empty()).then_some(benefit))
        }
        None => (tokens, None),
    }
}

/// The actions of `tokens`, which begin with a base verb; several for "create, edit and delete bookings".
pub(super) fn actions(text: &str, tokens: &[Token]) -> Vec<Action> {
    let tokens = tidy(tokens);
    let mut found = Vec::new();
    for phrase in verb_phrases(tokens) {
        let listed = verb_list(phrase);
        if let Some((verbs, object)) = listed {
            found.extend(verbs.iter().map(|verb_token| build(text, verb_token, object)));
        } else if let Some((first, rest)) = phrase.split_first() {
            found.push(build(text, first, rest));
        }
    }
    resolve_pronouns(&mut found);
    found
}

fn tidy(tokens: &[Token]) -> &[Token] {
    let mut tokens = trim_marks(tokens);
    if tokens.first().is_some_and(|t| t.is("to")) {
        tokens = after(tokens, 1);
    }
    while tokens.len() > 1
        && tokens
            .last()
            .is_some_and(|t| t.is_any(&["please", "too", "also", "and", "or", "etc", "well", "as", "with", "then"]))
    {
        tokens = trim_marks(part(tokens, 0, tokens.len() - 1));
    }
    tokens
}

/// Cuts "create a booking and cancel it" before "cancel"; leaves relative clauses and noun lists alone.
fn verb_phrases(tokens: &[Token]) -> Vec<&[Token]> {
    let limit = find_phrase(
        tokens,
        &[
            "who", "which", "that", "when", "if", "where", "whose", "until", "before", "after", "while", "unless",
            "once",
        ],
    )
    .map_or(tokens.len(), |(at, _)| at);
    let mut cuts: Vec<(usize, usize)> = Vec::new();
    for index in 2..limit {
        if !tokens.get(index).is_some_and(|t| t.is_any(&["and", "or", ","])) || lower(tokens, index - 1) == "," {
            continue;
        }
        let mut next = index + 1;
        while tokens.get(next).is_some_and(|t| t.is_any(&["and", "or", "to", "then", "also"])) {
            next += 1;
        }
        let comma = lower(tokens, index) == "," && lower(tokens, index + 1) != "and";
        if starts_phrase(tokens, next) && (!comma || later_and(tokens, index, limit)) {
            cuts.push((index, next));
        }
    }
    // "create, edit and delete bookings" is one phrase with a list of verbs
    if verb_list(tokens).is_some_and(|(verbs, _)| cuts.iter().any(|(at, _)| *at < verbs.len() * 2)) {
        cuts.clear();
    }
    let mut phrases = Vec::new();
    let mut start = 0;
    for (end, next) in cuts {
        phrases.push(trim_marks(part(tokens, start, end)));
        start = next;
    }
    phrases.push(trim_marks(after(tokens, start)));
    phrases.retain(|phrase| !phrase.is_empty());
    phrases
}

/// Whether a verb phrase begins at `at`: "cancel it", "list all parts", "filter bookings by date", but not "order lines".
fn starts_phrase(tokens: &[Token], at: usize) -> bool {
    let (Some(first), Some(next)) = (tokens.get(at), tokens.get(at + 1)) else { return false };
    if pure_verb(&first.lower).is_some() {
        return next.kind != TokenKind::Mark && !next.is_any(&["and", "or"]);
    }
    if verb(&first.lower).is_none() {
        return false;
    }
    // a noun spoken of before, or one with a preposition behind it, is what the verb acts on
    let noun = super::lexicon::singular(&next.lower);
    let several = next.kind == TokenKind::Word && noun != next.lower;
    let known = part(tokens, 0, at).iter().any(|t| super::lexicon::singular(&t.lower) == noun);
    next.is_any(DETERMINERS)
        || next.is_any(&["it", "them"])
        || several && (known || matches!(lower(tokens, at + 2), "by" | "for" | "from" | "to" | "as"))
}

fn later_and(tokens: &[Token], from: usize, limit: usize) -> bool {
    (from + 1..limit).any(|i| tokens.get(i).is_some_and(|t| t.is_any(&["and", "or"])) && starts_phrase(tokens, i + 1))
}

/// The verbs of "create, edit and delete bookings" with their object; nothing for one verb, or for verbs that together
/// say one thing ("search and filter").
fn verb_list(tokens: &[Token]) -> Option<(Vec<&Token>, &[Token])> {
    let mut verbs = Vec::new();
    let mut index = 0;
    loop {
        let token = tokens.get(index).filter(|t| verb(&t.lower).is_some())?;
        let mut next = index + 1;
        while tokens.get(next).is_some_and(|t| t.is_any(&[",", "and", "or", "/", "&", "to"])) {
            next += 1;
        }
        verbs.push(token);
        if next == index + 1 {
            let object = after(tokens, next);
            let seeking = verbs
                .iter()
                .all(|v| verb(&v.lower).is_some_and(|v| ["search", "filter", "sort", "list"].contains(&v.class)));
            return (verbs.len() > 1 && !object.is_empty() && !seeking).then_some((verbs, object));
        }
        index = next;
    }
}

fn build(text: &str, verb_token: &Token, object: &[Token]) -> Action {
    let object = trim_marks(object);
    let base = verb_token.lower.as_str();
    let particle = object.first().filter(|t| t.is_any(&["in", "out", "up", "off"])).map(|t| t.lower.as_str());
    let known = verb(base);
    let class = match (base, particle) {
        ("log" | "sign", Some("in")) => "login".to_owned(),
        ("log" | "sign", Some("out" | "off")) => "logout".to_owned(),
        ("sign", Some("up")) => "register".to_owned(),
        _ => known.map_or_else(|| base.to_owned(), |v| v.class.to_owned()),
    };
    let words = verb_token.span.of(text).unwrap_or(base);
    let first = if known.is_some() || !super::lexicon::is_acronym(words) { base } else { words };
    let (object_words, head) = object_of(&class, object);
    Action {
        text: [first, &words_of(text, object)].join(" ").trim().to_owned(),
        class,
        participle: known.map(|v| v.participle),
        head,
        object: (!object_words.is_empty()).then(|| words_of(text, object_words)),
    }
}

/// The object's words and its head: skips a preposition ("search for bookings") and the person something is given to.
fn object_of<'t>(class: &str, object: &'t [Token]) -> (&'t [Token], Option<String>) {
    let mut start = 0;
    if matches!(class, "login" | "logout" | "register")
        && object.first().is_some_and(|t| t.is_any(&["in", "out", "up", "off"]))
    {
        return (&[], None);
    }
    if object.first().is_some_and(|t| t.is_any(PREPOSITIONS) || t.is("out")) {
        start = 1;
    }
    if matches!(class, "send" | "give" | "view" | "offer" | "email") {
        let first_end =
            object.iter().skip(1).position(|t| t.is_any(&["a", "an", "the", "their", "his", "its"])).map(|p| p + 1);
        if let Some(end) = first_end.filter(|end| {
            is_person(part(object, 0, *end)) && !part(object, 0, *end).iter().any(|t| t.is_any(PREPOSITIONS))
        }) {
            start = end;
        }
    }
    let rest = after(object, start);
    let mut end = rest
        .iter()
        .enumerate()
        .position(|(i, t)| {
            let joined = i > 0 && rest.get(i - 1).is_some_and(|p| p.is_any(&["of", "and", "or", "all", "both"]));
            i > 0
                && ((t.is_any(PREPOSITIONS) && !t.is_any(&["and", "or", "of"]))
                    || t.is_any(&["(", ",", ":", "\""])
                    || (t.is_any(super::lexicon::ARTICLES) && !joined))
        })
        .unwrap_or(rest.len());
    // an adverb that closes the phrase is no part of the object
    while end > 0
        && rest
            .get(end - 1)
            .is_some_and(|t| t.lower.ends_with("ly") || t.is_any(&["online", "again", "anytime", "automatically"]))
    {
        end -= 1;
    }
    (part(rest, 0, end), head(part(rest, 0, end)))
}

/// Replaces "it" and "them" by the object of the action before.
fn resolve_pronouns(actions: &mut [Action]) {
    let mut last: Option<(String, Option<String>)> = None;
    for action in actions {
        if let (Some((object, head)), Some("it" | "them")) = (&last, action.head.as_deref()) {
            let own = action.object.clone().unwrap_or_default();
            action.text = action.text.replacen(&format!(" {own}"), &format!(" {object}"), 1);
            action.object = Some(object.clone());
            action.head.clone_from(head);
        } else if let Some(object) = &action.object {
            last = Some((object.clone(), action.head.clone()));
        }
    }
}

/// The active form of "[subject] be cancelled by the customer until noon": the agent's words and the action.
pub(super) fn from_passive<'t>(
    text: &str,
    subject: &[Token],
    predicate: &'t [Token],
) -> Option<(Option<&'t [Token]>, Action)> {
    let mut index = 1;
    while tokens_adverb(predicate, index) {
        index += 1;
    }
    let done = predicate.get(index)?;
    let known = participle(&done.lower)?;
    let rest = trim_marks(after(predicate, index + 1));
    let agent_at = rest.iter().position(|t| t.is("by")).filter(|at| {
        let phrase = after(rest, at + 1);
        head(phrase).is_some_and(|noun| super::lexicon::is_role(&noun) || super::lexicon::is_system(&noun))
    });
    let (agent, tail) = match agent_at {
        Some(at) => {
            let phrase = after(rest, at + 1);
            let length = phrase
                .iter()
                .skip(1)
                .position(|t| t.is_any(PREPOSITIONS) && !t.is_any(&["and", "or"]) || t.is_mark())
                .map_or(phrase.len(), |p| p + 1);
            let tail = [words_of(text, part(rest, 0, at)), words_of(text, after(phrase, length))].join(" ");
            (Some(part(phrase, 0, length)), tail)
        }
        None => (None, words_of(text, rest)),
    };
    let object = trim_marks(subject);
    let mut object_words = words_of(text, object);
    if object.first().is_some_and(|t| {
        t.capital && (t.is_any(DETERMINERS) || t.span.of(text).is_some_and(|w| !super::lexicon::is_acronym(w)))
    }) {
        object_words = super::lexicon::lower_first(&object_words);
    }
    let words = format!("{} {object_words} {}", known.base, tail.trim());
    Some((
        agent,
        Action {
            text: words.trim().to_owned(),
            class: known.class.to_owned(),
            participle: Some(known.participle),
            head: head(object),
            object: Some(object_words),
        },
    ))
}

fn tokens_adverb(tokens: &[Token], index: usize) -> bool {
    tokens
        .get(index)
        .is_some_and(|t| t.is_any(super::lexicon::ADVERBS) || (t.lower.ends_with("ly") && any_form(&t.lower).is_none()))
}

/// Nouns that say themselves what one does with them.
pub(super) fn from_noun(text: &str, tokens: &[Token]) -> Option<Action> {
    let tokens = tidy(tokens);
    let (noun_words, rest) = {
        let end = tokens
            .iter()
            .position(|t| {
                t.is_any(PREPOSITIONS) && !t.is_any(&["of", "and", "or"]) || t.is_any(&["(", ":", ",", "-", "–", "—"])
            })
            .unwrap_or(tokens.len());
        (part(tokens, 0, end), after(tokens, end))
    };
    let last = noun_words.last()?;
    let noun = head(noun_words)?;
    let modifiers = part(noun_words, 0, noun_words.len() - 1);
    let modifier_start = modifiers.iter().position(|t| !t.is_any(DETERMINERS)).unwrap_or(modifiers.len());
    let modifiers = after(modifiers, modifier_start);
    // "customer management" is managing customers
    if last.is_any(&["management", "administration"])
        && !modifiers.is_empty()
        && !noun_words.iter().any(|t| t.is_any(&["of", "and", "or", "/"]))
    {
        let object = super::lexicon::plural(&words_of(text, modifiers).to_lowercase());
        let tail = words_of(text, rest);
        return Some(Action {
            text: format!("manage {object} {tail}").trim().to_owned(),
            class: "manage".to_owned(),
            participle: Some("managed"),
            head: head(modifiers),
            object: Some(object),
        });
    }
    // "an export of bookings" is exporting bookings
    let shell_end = noun_words.iter().position(|t| t.is("of")).unwrap_or(noun_words.len());
    let shell = part(noun_words, 0, shell_end).last().map(|t| super::lexicon::singular(&t.lower)).unwrap_or_default();
    let done_noun = match shell.as_str() {
        "export" | "import" | "upload" | "download" | "archive" | "backup" => verb(&shell),
        "cancellation" => verb("cancel"),
        "registration" => verb("register"),
        "creation" => verb("create"),
        "deletion" => verb("delete"),
        "reservation" => verb("reserve"),
        _ => None,
    };
    if let (Some(known), true) = (done_noun, shell_end < noun_words.len()) {
        let object = after(noun_words, shell_end + 1);
        let object_words = words_of(text, object);
        return Some(Action {
            text: format!("{} {object_words} {}", known.base, words_of(text, rest)).trim().to_owned(),
            class: known.class.to_owned(),
            participle: Some(known.participle),
            head: head(object),
            object: Some(object_words),
        });
    }
    let (base, class, done) = match shell.as_str() {
        "list" | "overview" | "report" | "dashboard" | "calendar" | "statistic" | "chart" | "history" | "page"
        | "view" | "table" | "display" | "summary" => ("view", "view", "shown"),
        "reminder" | "notification" | "alert" | "confirmation" | "message" | "receipt" | "newsletter" | "invoice" => {
            ("receive", "receive", "received")
        }
        _ => ("use", "use", "used"),
    };
    let article = if base == "view" && !tokens.first().is_some_and(|t| t.is_any(DETERMINERS)) { "the " } else { "" };
    let words = format!("{article}{}", plain_case(text, tokens));
    Some(Action {
        text: format!("{base} {words}"),
        class: class.to_owned(),
        participle: Some(done),
        head: Some(noun),
        object: Some(plain_case(text, noun_words)),
    })
}

/// The words without the capitals of a title: "Booking Calendar" as in running text, names in capitals as they are.
fn plain_case(text: &str, tokens: &[Token]) -> String {
    let words: Vec<&Token> = tokens.iter().filter(|t| t.kind == TokenKind::Word).collect();
    let title = words.iter().filter(|t| t.capital).count() * 2 > words.len();
    let mut out = String::new();
    for (index, token) in tokens.iter().enumerate() {
        if index > 0 && token.gap != super::words::Gap::None {
            out.push(' ');
        }
        let word = token.span.of(text).unwrap_or("");
        if (index == 0 || title) && !super::lexicon::is_acronym(word) && token.kind == TokenKind::Word {
            out.push_str(&word.to_lowercase());
        } else {
            out.push_str(word);
        }
    }
    out
}

/// Whether the tokens begin with a verb in the base form that must be read as one.
pub(super) fn begins_with_verb(tokens: &[Token]) -> bool {
    let Some(first) = tokens.first() else { return false };
    if pure_verb(&first.lower).is_some() {
        return true;
    }
    // "search bookings", "book a bike", but "order history", "report page", "list of bikes"
    verb(&first.lower).is_some()
        && tokens.get(1).is_some_and(|next| {
            next.is_any(DETERMINERS)
                || next.is_any(&["for", "in", "out", "by", "and", "or", "up", "it", "them"])
                    && !phrase_at(tokens, 1, "in progress")
                || (next.kind == TokenKind::Word
                    && next.lower.ends_with('s')
                    && !next.lower.ends_with("ss")
                    && super::lexicon::singular(&next.lower) != next.lower
                    && any_form(&next.lower).is_none_or(|_| true))
        })
}
