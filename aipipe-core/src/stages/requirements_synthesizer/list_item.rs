//! List items that are no sentences: "Search bookings by date", "Booking calendar", "**Export**: CSV and PDF".

use super::action::{Action, actions, begins_with_verb, from_noun};
use super::lexicon::{gerund, third_person, verb};
use super::noun_phrase::{has_finite_verb, is_person};
use super::words::{Token, TokenKind, after, part, trim_marks, words_of};
use crate::domain::{Segment, SegmentKind};

/// Splits "**Title**: the rest" into title and rest; no title when the item has none.
pub(super) fn lead(tokens: &[Token]) -> (&[Token], &[Token]) {
    match tokens.iter().take(8).position(|t| t.is_any(&[":", "："])) {
        // "A loan has a status: out or lost" is a sentence.
        Some(colon) if says_what_it_has(part(tokens, 0, colon)) => (&[], tokens),
        Some(colon) if colon > 0 => (trim_marks(part(tokens, 0, colon)), trim_marks(after(tokens, colon + 1))),
        _ => (&[], tokens),
    }
}

/// "A loan has a status", but not "Nice to have", "Must have".
fn says_what_it_has(lead: &[Token]) -> bool {
    let has = |pair: &[Token]| match pair {
        [before, has] => {
            has.is("has")
                || has.is("have") && !before.is_any(&["to", "must", "should", "could", "would", "won't", "not"])
        }
        _ => false,
    };
    lead.windows(2).any(has)
}

/// Whether an item leads in the one after it, which has it among its headings.
pub(super) fn leads_in(text: &str, segment: &Segment, next: &Segment) -> bool {
    let words = segment.span.of(text).map(|words| words.trim().trim_end_matches([':', '：']));
    let above = next.headings.last().map(|heading| heading.trim().trim_end_matches([':', '：', '…']));
    segment.kind == SegmentKind::ListItem
        && next.kind == SegmentKind::ListItem
        && next.headings.len() > segment.headings.len()
        && words.zip(above).is_some_and(|(words, above)| !above.is_empty() && words.starts_with(above))
}

/// Titles of remarks that ask for nothing by themselves.
pub(super) fn is_note(lead: &[Token]) -> bool {
    lead.iter().any(|t| {
        t.is_any(&[
            "purpose",
            "description",
            "benefit",
            "note",
            "notes",
            "example",
            "rationale",
            "background",
            "owner",
            "status",
            "author",
            "date",
            "version",
            "source",
            "link",
            "examples",
            "input",
            "output",
            "format",
            "reason",
            "parameters",
            "fields",
            "pattern",
            "command",
            "syntax",
            "usage",
            "guidelines",
        ])
    })
}

/// Titles of remarks that explain what stands above them, and are nothing to be read again.
pub(super) fn is_explanation(lead: &[Token]) -> bool {
    lead.iter().any(|t| {
        t.is_any(&[
            "purpose",
            "benefit",
            "note",
            "notes",
            "example",
            "examples",
            "rationale",
            "background",
            "owner",
            "status",
            "author",
            "date",
            "version",
            "source",
            "link",
            "reason",
            "guidelines",
        ])
    })
}

/// Whether an item under a heading of qualities or givens says something of its own.
pub(super) fn is_statement(tokens: &[Token]) -> bool {
    tokens.iter().filter(|t| t.kind == TokenKind::Word).count() >= 2 && !tokens.iter().any(|t| t.is_any(&["?", "http"]))
}

/// Verbs of those who build the product rather than of those who use it.
const BUILDING: &[&str] = &["create", "add", "implement", "build", "develop", "design", "make"];

/// Visible parts of a product: to build one is to let people use it.
const PARTS: &[&str] = &[
    "page",
    "form",
    "button",
    "header",
    "footer",
    "menu",
    "dialog",
    "modal",
    "screen",
    "view",
    "tab",
    "table",
    "calendar",
    "dashboard",
    "component",
    "sidebar",
    "search",
    "filter",
    "api",
    "endpoint",
    "link",
    "list",
    "cart",
    "system",
    "feature",
];

/// Parts nobody sees: how to build, not what.
const DETAILS: &[&str] =
    &["css", "file", "classname", "class", "style", "folder", "directory", "script", "package", "library", "id"];

/// Pieces of a program's text, which nobody uses as such.
const OF_PROGRAMS: &[&str] = &[
    "class",
    "constructor",
    "destructor",
    "method",
    "variable",
    "serializer",
    "struct",
    "enum",
    "namespace",
    "header",
    "pointer",
    "inheritance",
    "polymorphism",
    "encapsulation",
    "makefile",
    "algorithm",
    "structure",
    "implementation",
];

/// Endings of file names.
const FILE_ENDINGS: &[&str] =
    &["js", "ts", "jsx", "tsx", "vue", "css", "sql", "py", "html", "json", "yml", "yaml", "md"];

/// Whether a numbered sentence is a task that asks for something: "Add a product page", "Show the price".
pub(super) fn is_task(body: &[Token]) -> bool {
    body.len() > 2
        && body.first().is_some_and(|t| {
            t.is_any(BUILDING) || t.is_any(&["show", "display", "allow", "support", "provide", "enable", "let"])
        })
}

/// Whether an item tells to do something to something: "Send the customer a reminder", not "Book club".
pub(super) fn is_order(body: &[Token]) -> bool {
    let object = body.get(1).is_some_and(|t| t.is_any(super::lexicon::DETERMINERS) && !t.is("of"));
    is_task(body) || body.len() > 3 && object && begins_with_verb(body)
}

/// Whether the words only name something: "Data collection", not "Search by name".
pub(super) fn is_name(body: &[Token]) -> bool {
    !begins_with_verb(body) && body.first().is_none_or(|t| third_person(&t.lower).is_none()) && !has_finite_verb(body)
}

/// Whether an item begins with "support" as what the product does: not "support tickets", "support hotline".
fn supports(body: &[Token]) -> bool {
    const OF_HELP: &[&str] = &[
        "agent", "area", "case", "center", "centre", "channel", "chat", "contact", "contract", "desk", "email", "form",
        "forum", "hotline", "hour", "inquiry", "line", "mail", "message", "number", "page", "person", "phone",
        "portal", "request", "role", "section", "staff", "team", "ticket", "tool", "user",
    ];
    let of_help = |t: &Token| OF_HELP.contains(&super::lexicon::singular(&t.lower).as_str());
    body.first().is_some_and(|t| t.is("support")) && body.get(1).is_some_and(|t| !t.is_mark() && !of_help(t))
}

/// Whether the item names a piece of a program's text.
pub(super) fn is_of_programs(noun: &[Token]) -> bool {
    super::noun_phrase::head(noun).is_some_and(|head| OF_PROGRAMS.contains(&head.as_str()))
}

/// What an item asks for: role, whether the role is named, action.
pub(super) fn actions_of(text: &str, lead: &[Token], body: &[Token]) -> Vec<(String, bool, Action)> {
    let end = body.last().map_or(0, |t| t.span.end);
    let ends_sentence = text.get(end..).is_some_and(|rest| rest.starts_with('.'));
    let as_user = |actions: Vec<Action>| actions.into_iter().map(|a| ("user".to_owned(), false, a)).collect::<Vec<_>>();
    let body = super::clause::strip_fillers(body);
    let ability = super::words::any_phrase_at(
        body,
        0,
        &[
            "ability to",
            "the ability to",
            "possibility to",
            "option to",
            "able to",
            "be able to",
            "capability to",
            "to",
        ],
    );
    if let Some((_, count)) = ability.filter(|(_, count)| verb(super::words::lower(body, *count)).is_some()) {
        return as_user(actions(text, after(body, count)));
    }
    if body.is_empty() || body.len() > 40 {
        return Vec::new();
    }
    // "Customers: cancel a booking"
    if !lead.is_empty() && is_person(lead) && begins_with_verb(body) {
        let roles = super::ask::roles_of(text, lead);
        let made = actions(text, body);
        return roles.iter().flat_map(|role| made.iter().map(move |a| (role.clone(), true, a.clone()))).collect();
    }
    // "Customers cancel a booking"
    if let Some(at) = (1..body.len().min(4)).find(|i| verb(super::words::lower(body, *i)).is_some()) {
        let who = part(body, 0, at);
        if is_person(who)
            && !begins_with_verb(who)
            && !who.iter().any(|t| t.is("to"))
            && lead.is_empty()
            && who.iter().all(|t| !t.is_mark())
            && begins_with_verb(after(body, at))
        {
            let roles = super::ask::roles_of(text, who);
            let made = actions(text, after(body, at));
            return roles.iter().flat_map(|role| made.iter().map(move |a| (role.clone(), true, a.clone()))).collect();
        }
    }
    if is_task(body) && body.first().is_some_and(|t| t.is_any(BUILDING)) {
        let object = after(body, 1);
        let part_of_page = super::noun_phrase::head(object).unwrap_or_default();
        // "create libs/db.js …" names a file: how to build, not what
        let file =
            object.iter().take(4).any(|t| t.lower.rsplit_once('.').is_some_and(|(_, end)| FILE_ENDINGS.contains(&end)));
        if file || DETAILS.contains(&part_of_page.as_str()) {
            return Vec::new();
        }
        if PARTS.contains(&part_of_page.as_str()) {
            return as_user(from_noun(text, object).into_iter().collect());
        }
    }
    let of_help = body.first().is_some_and(|t| t.is("support")) && !supports(body);
    if supports(body) || begins_with_verb(body) && !of_help {
        let (roles, stated, made) = if body.first().is_some_and(|t| {
            t.is_any(&[
                "allow",
                "enable",
                "let",
                "provide",
                "offer",
                "show",
                "display",
                "notify",
                "remind",
                "send",
                "support",
                "ensure",
                "handle",
                "implement",
                "integrate",
                "process",
                "calculate",
                "include",
                "validate",
                "store",
                "log",
            ]) && !body.get(1).is_some_and(|next| next.is_any(&["in", "out", "on", "off"]))
        }) {
            super::system::of_system(text, body)
        } else {
            (vec!["user".to_owned()], false, actions(text, body))
        };
        return roles.iter().flat_map(|role| made.iter().map(move |a| (role.clone(), stated, a.clone()))).collect();
    }
    let first = body.first().map_or("", |t| t.lower.as_str());
    // "Displays welcome messages": what the product does
    if let Some(known) = third_person(first)
        .filter(|_| body.len() > 1 && verb(first).is_none() && !body.get(1).is_some_and(Token::is_mark))
    {
        let rest = words_of(text, trim_marks(after(body, 1)));
        return one(actions(text, body), &format!("{} {rest}", known.base), known.class, known.participle)
            .into_iter()
            .map(|a| ("system".to_owned(), false, a))
            .collect();
    }
    // "Booking a bike online"
    if let Some(known) = gerund(first).filter(|_| {
        body.get(1)
            .is_some_and(|t| t.is_any(super::lexicon::DETERMINERS) || super::lexicon::singular(&t.lower) != t.lower)
    }) {
        let rest = words_of(text, trim_marks(after(body, 1)));
        return as_user(one(actions(text, body), &format!("{} {rest}", known.base), known.class, known.participle));
    }
    // a description in whole sentences is no name of a thing
    if body.first().is_some_and(|t| t.is_any(&["this", "these", "it", "they", "we", "if", "when"]))
        || (lead.is_empty() && ends_sentence && body.len() > 5)
    {
        return Vec::new();
    }
    let noun = if lead.is_empty() { body } else { lead };
    // how a program is built, not what anybody does with it
    if is_of_programs(noun) {
        return Vec::new();
    }
    let words = noun.iter().filter(|t| t.kind == TokenKind::Word).count();
    let letters = noun.iter().any(|t| t.lower.chars().filter(|c| c.is_alphabetic()).count() > 2);
    if words == 0
        || words > 10
        || !letters
        || has_finite_verb(noun)
        || noun.iter().any(|t| t.lower.contains("://") || t.is_any(&["{", "<", "=", "/"]))
    {
        return Vec::new();
    }
    as_user(from_noun(text, noun).into_iter().collect())
}

fn one(mut made: Vec<Action>, words: &str, class: &str, participle: &'static str) -> Vec<Action> {
    made.truncate(1);
    for action in &mut made {
        words.trim().clone_into(&mut action.text);
        class.clone_into(&mut action.class);
        action.participle = Some(participle);
    }
    made
}
