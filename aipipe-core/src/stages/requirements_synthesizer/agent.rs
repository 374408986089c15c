//! Whether a noun that no list of roles knows names somebody who acts: told by what is said of it.
//!
//! "Families can borrow a toy" needs no entry for families: things do not borrow. A verb that a program could be the
//! subject of as well ("add", "show") counts only for nouns that look like people: several of them who may do something,
//! or a noun made of a verb.

use super::lexicon::{DETERMINERS, is_system, singular};
use super::noun_phrase::{head, is_person};
use super::words::{Token, TokenKind, lower};

/// What only people do.
const SOCIAL: &[&str] = &[
    "apply",
    "attend",
    "bid",
    "book",
    "borrow",
    "buy",
    "cancel",
    "complain",
    "donate",
    "enrol",
    "enroll",
    "hire",
    "invite",
    "lend",
    "pay",
    "purchase",
    "rebook",
    "redeem",
    "renew",
    "rent",
    "reschedule",
    "reserve",
    "sell",
    "subscribe",
    "swap",
    "unsubscribe",
    "visit",
    "volunteer",
    "vote",
    "withdraw",
];

/// What people do with a product, and programs do too.
const OF_PEOPLE: &[&str] = &[
    "accept", "add", "approve", "archive", "ask", "assign", "browse", "change", "check", "choose", "close", "comment",
    "complete", "confirm", "create", "decline", "delete", "download", "edit", "enter", "export", "filter", "find",
    "import", "join", "leave", "list", "log", "login", "manage", "mark", "move", "open", "order", "pick", "place",
    "plan", "post", "print", "publish", "rate", "read", "receive", "record", "register", "reject", "remove", "rename",
    "reply", "report", "request", "return", "review", "schedule", "search", "see", "select", "send", "share", "sign",
    "submit", "track", "update", "upload", "view", "watch", "write",
];

/// Parts of programs and documents, whatever their plural: these are things.
const THINGS: &str = "\
    adapter address agenda algorithm archive array attribute backup banner batch booking box buffer button cache calendar \
    card cart category cell change character chart class code collection color colour column command comment compiler \
    component computer config configuration constructor container content control controller copy counter cron data \
    database dataset date detail device dialog document edge editor element email endpoint entity entry error event \
    exception export factor feature feed field file filter folder footer format function generator graph grid handler \
    header heap helper icon identifier image import index input instance interpreter invoice item iterator job key label \
    layer letter level line link list listener loader log map marker matrix menu message method metric migration \
    mode model monitor name network newsletter node notification number object operation option order output panel paper \
    parameter parser particle password payment permission photo picture pipeline plugin pointer poster price printer \
    process processor property queue query record reminder renderer report request response result role route router row rule \
    scanner schedule scheduler schema score script sensor session setting setup signal slot socket stage state status step \
    stream string structure system tab table tag task template tensor test text thread ticket time timer token tool topic \
    transaction tree trigger type update upload url value variable vector version video view voucher warning webhook window \
    wizard workflow wrapper browser boiler charger cluster corner cover door floor freezer heater ladder ledger locker matter \
    mirror motor power quarter river sector shower summer tower trailer water weather winter";

/// Endings of nouns for those who do something.
const AGENT_ENDINGS: &[&str] = &[
    "er", "or", "ist", "ian", "eer", "ee", "man", "woman", "men", "women", "person", "people", "keeper", "mate",
    "child",
];

/// Whether `subject`, which no list knows as a role, is somebody who does what the words from `verb` say. `able` is whether it is said to be
/// able or allowed to, rather than to have to.
pub(super) fn acts(subject: &[Token], verb: &[Token], able: bool) -> bool {
    // "families and schools"
    let mut each = subject.split(|t| t.is_any(&["and", "or", ",", "/", "&"])).filter(|one| !one.is_empty()).peekable();
    each.peek().is_some() && each.all(|one| one_acts(one, verb, able))
}

fn one_acts(subject: &[Token], verb: &[Token], able: bool) -> bool {
    let Some(noun) = named(subject) else { return false };
    let does = lower(verb, 0);
    let written = subject.last().map_or("", |t| t.lower.as_str());
    if SOCIAL.contains(&does) {
        return true;
    }
    let several = singular(written) != written;
    let doer = noun.len() > 4 && AGENT_ENDINGS.iter().any(|ending| noun.ends_with(ending));
    // "the weather may change": what changes by itself is nobody
    let object = verb.get(1).is_some_and(|next| next.kind != TokenKind::Mark);
    OF_PEOPLE.contains(&does) && object && (doer || several && able)
}

/// Whether the words name several of a kind who may be people: "families", "the scouts".
pub(super) fn is_group(words: &[Token]) -> bool {
    is_person(words)
        || named(words).is_some()
            && words.last().is_some_and(|t| singular(&t.lower) != t.lower && !t.lower.ends_with("'s"))
}

/// The head of a short noun phrase that may name people.
fn named(words: &[Token]) -> Option<String> {
    let plain = (1..=4).contains(&words.len())
        && words.iter().all(|t| t.kind == TokenKind::Word && !t.lower.ends_with("'s"))
        && !words.iter().skip(1).any(|t| t.is_any(DETERMINERS));
    let noun = head(words).filter(|_| plain)?;
    let last = words.last().is_some_and(|t| singular(&t.lower) == noun);
    let thing = THINGS.split_ascii_whitespace().any(|thing| thing == noun);
    (last && !thing && !is_system(&noun) && noun.chars().count() > 2).then_some(noun)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TextSpan;
    use crate::stages::requirements_synthesizer::words::tokenize;

    #[test]
    fn people_are_told_by_what_they_do() {
        let is = |subject: &str, verb: &str, able: bool| {
            let of = |text: &str| tokenize(text, TextSpan { start: 0, end: text.len() });
            acts(&of(subject), &of(verb), able)
        };
        for (subject, verb) in [
            ("Families", "borrow a toy"),
            ("A household", "book a slot"),
            ("Scouts", "list all tents"),
            ("The cooks", "mark an order as ready"),
            ("The treekeeper", "record a tree"),
            ("Cyclists", "report a pothole"),
            ("every choir", "reserve a hall"),
        ] {
            assert!(is(subject, verb, true), "{subject} {verb}");
        }
        for (subject, verb) in [
            ("The printer", "print an invoice"),
            ("Orders", "contain lines"),
            ("Reports", "list all bookings"),
            ("Plugins", "add commands"),
            ("The algorithm", "select a particle"),
            ("The website", "book a slot"),
            ("A toy", "return"),
            ("The weather", "change"),
            ("The weather", "change the plan"),
            ("Cups", "change"),
            ("Two of them", "see it"),
        ] {
            assert!(!is(subject, verb, true), "{subject} {verb}");
        }
        assert!(!is("Scouts", "list all tents", false), "what several must do may be a thing's duty");
    }
}
