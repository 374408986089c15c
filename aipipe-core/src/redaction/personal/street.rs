//! Postal addresses: streets by the words and endings that streets have in a dozen languages, boxes, military mail; with the
//! house, flat, place and postal code around them.

use super::words::{Sort, Token};
use crate::domain::TextSpan;

/// Words that follow a street's name.
const AFTER: &[&str] = &[
    "street",
    "st",
    "road",
    "rd",
    "avenue",
    "ave",
    "drive",
    "dr",
    "lane",
    "ln",
    "boulevard",
    "blvd",
    "court",
    "ct",
    "crescent",
    "terrace",
    "place",
    "pl",
    "square",
    "sq",
    "way",
    "parkway",
    "pkwy",
    "highway",
    "hwy",
    "close",
    "circle",
    "trail",
    "alley",
    "row",
    "mews",
    "grove",
    "gardens",
    "quay",
    "esplanade",
    "parade",
    "plaza",
    "creek",
    "hill",
    "ridge",
    "walk",
    "path",
    "u",
    "út",
    "utca",
    "tér",
    "krt",
    "cesta",
    "ulica",
    "põik",
    "tänav",
    "tee",
    "straße",
    "strasse",
    "str",
    "weg",
    "platz",
    "allee",
    "gasse",
    "camp",
    "view",
    "bypass",
    "tunnel",
    "union",
    "station",
    "cliffs",
    "summit",
    "greens",
    "loop",
    "pass",
    "pike",
    "fields",
    "meadow",
    "meadows",
    "junction",
    "village",
    "point",
    "landing",
    "manor",
    "park",
    "heights",
    "valley",
];

/// Those of them that alone say little: a number has to stand before.
const BEFORE: &[&str] = &[
    "rue",
    "via",
    "viale",
    "corso",
    "piazza",
    "rua",
    "avenida",
    "travessa",
    "calle",
    "plaza",
    "paseo",
    "camino",
    "chemin",
    "allée",
    "impasse",
    "quai",
    "ul",
    "ulica",
    "al",
    "aleja",
    "plac",
    "strada",
    "bulevardul",
    "náměstí",
    "praça",
    "largo",
    "vicolo",
    "carrer",
    "boulevard",
    "avenue",
    "place",
    "route",
    "λεωφόρος",
    "οδός",
    "λ",
    "am",
    "an",
    "im",
];

/// Those of them that are written small.
const SMALL_KINDS: &[&str] = &[
    "u", "út", "utca", "útja", "tér", "rkp", "krt", "street", "road", "avenue", "ulica", "cesta", "tänav", "põik",
    "tee",
];

/// Endings of words that are streets.
const ENDINGS: &[&str] = &[
    "straße", "strasse", "weg", "platz", "allee", "gasse", "damm", "ufer", "vej", "gade", "vænget", "stræde", "allé",
    "vägen", "gatan", "gränd", "gata", "veien", "vegen", "gaten", "katu", "tie", "kuja", "polku", "straat", "laan",
    "plein", "gracht", "kade", "dijk", "hove", "braut", "götu", "utca", "tänav", "str", "ova", "ská", "centret",
    "bakken", "toften", "marken", "stien", "lunden", "højen", "parken",
];

/// What says that an address comes.
const LEADS: &[&[&str]] = &[
    &["address", "is"],
    &["address", ":"],
    &["addresses", ","],
    &["address", "to"],
    &["lives", "at"],
    &["live", "at"],
    &["living", "at"],
    &["located", "at"],
    &["office", "is", "at"],
    &["is", "at"],
    &["meet", "me", "at"],
    &["meet", "you", "at"],
    &["arrived", "at"],
    &["return", "to"],
    &["send", "to"],
    &["one", "to"],
    &["station", "is", "on"],
    &["station", "is", "at"],
    &["off", "at"],
    &["resides", "at"],
    &["delivered", "to"],
    &["ship", "to"],
    &["address", "with"],
    &["it's", "in"],
    &["it", "is"],
    &["here", "they", "are", ":"],
    &["card", "to"],
    &["same", ":"],
    &["enter", "on"],
    &["refers", "to"],
];

/// Parts of a house.
const UNITS: &[&str] = &["apt", "apartment", "suite", "unit", "flat", "ste", "floor", "room", "wohnung", "lejl"];

pub(super) fn find(tokens: &[Token<'_>]) -> Vec<TextSpan> {
    let mut found: Vec<TextSpan> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match core(tokens, at) {
            Some((from, to)) => {
                let to = rest(tokens, to);
                let (Some(first), Some(last)) = (tokens.get(from), to.checked_sub(1).and_then(|last| tokens.get(last)))
                else {
                    break;
                };
                found.push(TextSpan { start: first.start, end: last.end() });
                at = to.max(at + 1);
            }
            None => at += 1,
        }
    }
    found
}

/// The street, box or flat that begins at this token: its first token and the one after its last.
fn core(tokens: &[Token<'_>], at: usize) -> Option<(usize, usize)> {
    let token = tokens.get(at)?;
    // No word of a longer one.
    if at > 0
        && tokens.get(at - 1).is_some_and(|before| before.is_number() && before.text.len() < 7)
        && !token.is_number()
    {
        return None;
    }
    // A flat may stand before its street.
    let behind = unit(tokens, at).and_then(|street_at| street(tokens, street_at));
    boxed(tokens, at)
        .or(behind)
        .or_else(|| corner(tokens, at))
        .or_else(|| street(tokens, at))
        .or_else(|| flat(tokens, at))
        .or_else(|| led(tokens, at))
        .map(|end| (at, end))
}

/// `PSC 0413, Box 8144 / APO AA 42323`, `P.O. Box 149`.
fn boxed(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let is = |place: usize, word: &[&str]| tokens.get(place).is_some_and(|token| token.is_one_of(word));
    let number = |place: usize| tokens.get(place).is_some_and(Token::is_number);
    let mark = |place: usize, mark: &str| tokens.get(place).is_some_and(|token| token.is(mark));
    let begin = at + usize::from(number(at));
    if is(begin, &["psc", "unit", "cmr"]) && number(begin + 1) {
        let box_at = begin + 2 + usize::from(mark(begin + 2, ","));
        return (is(box_at, &["box"]) && number(box_at + 1)).then_some(box_at + 2);
    }
    if is(begin, &["usns", "uss", "uscgc", "usnv"]) && is_capital(tokens, begin + 1) {
        let end = (begin + 2..begin + 5).find(|place| is(*place, &["fpo", "apo", "dpo"]))?;
        return Some(end);
    }
    let dots = |place: usize| usize::from(mark(place, "."));
    let box_at = if is(begin, &["po"]) {
        begin + 1
    } else {
        is(begin, &["p"]).then_some(())?;
        let second = begin + 1 + dots(begin + 1);
        is(second, &["o"]).then_some(second + 1 + dots(second + 1))?
    };
    (is(box_at, &["box"]) && number(box_at + 1)).then_some(box_at + 2)
}

/// `the corner of Kaiserstraße and Ringweg`.
fn corner(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let is = |place: usize, word: &str| tokens.get(place).is_some_and(|token| token.is_one_of(&[word]));
    let begin = at + usize::from(is(at, "the"));
    (is(begin, "corner") && is(begin + 1, "of")).then_some(())?;
    let and = (begin + 3..begin + 9).find(|place| is(*place, "and"))?;
    let words = names(tokens, and + 1, 4);
    (words > 0 && is_capital(tokens, and + 1))
        .then_some(and + 1 + words + usize::from(tokens.get(and + 1 + words).is_some_and(Token::is_number)))
}

/// A street with a number before or after it.
fn street(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let numbers = tokens
        .get(at..)
        .unwrap_or_default()
        .iter()
        .take(2)
        .take_while(|token| token.is_number() && token.text.len() <= 7)
        .count();
    let begin = at + numbers;
    let first = tokens.get(begin)?;
    let dot = |place: usize| usize::from(tokens.get(place).is_some_and(|token| token.is(".")));
    let house =
        |place: usize| usize::from(tokens.get(place).is_some_and(|token| token.is_number() && token.text.len() <= 5));
    if first.sort != Sort::Word {
        return None;
    }
    if first.is_one_of(BEFORE) {
        let name = begin + 1 + dot(begin + 1);
        let words = names(tokens, name, 6);
        let end = name + words;
        let house = house(end);
        let is_short = first.text.chars().count() <= 2 && dot(begin + 1) == 0 && !first.text.starts_with('Λ');
        return (words > 0 && (numbers > 0 || house > 0) && !(is_short && house == 0))
            .then_some(end + house + dot_of_street(tokens, end + house));
    }
    if !first.is_capital() {
        return None;
    }
    let words = names(tokens, begin, 6);
    let named = tokens.get(begin..begin + words)?;
    let ending = named.iter().position(|word| word.text.chars().count() > 4 && ends(word.text));
    let kind = named.iter().rposition(|word| word.is_one_of(AFTER)).filter(|place| *place > 0);
    // The kind may be written small: `Kálmán Imre u. 12`.
    let small = tokens.get(begin + words).filter(|token| token.is_one_of(SMALL_KINDS));
    if small.is_some() && words > 0 {
        let end = begin + words + 1;
        let end = end + dot(end);
        let after = house(end);
        if after > 0 || numbers > 0 {
            return Some(end + after);
        }
    }
    if let Some(place) = kind.filter(|_| numbers > 0) {
        let end = begin + place + 1;
        let end = end + dot(end);
        return Some(end + house(end));
    }
    let last = kind.or(ending)?;
    let end = begin + last + 1;
    let end = end + dot(end);
    let after = house(end);
    (after > 0 || numbers > 0 && ending.is_some()).then_some(end + after)
}

/// `1593 Pagari 18 Suite 932`: a name between a number and a flat.
fn flat(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let numbers = tokens.get(at..).unwrap_or_default().iter().take(2).take_while(|token| token.is_number()).count();
    let words = names(tokens, at + numbers, 5);
    let end = at + numbers + words;
    let end = end + tokens.get(end..).unwrap_or_default().iter().take(1).take_while(|token| token.is_number()).count();
    let end = end + usize::from(tokens.get(end).is_some_and(|token| token.is(".")));
    let line = usize::from(tokens.get(end).is_some_and(|token| token.sort == Sort::Line));
    let has_number = numbers > 0 || end > at + words;
    // Or a house number, and a place with its code.
    let is_placed = || {
        let to = rest(tokens, end);
        let code = to.checked_sub(1).and_then(|last| tokens.get(last)).filter(|_| to > end + 2);
        numbers > 0 && end > at + numbers + words && code.is_some_and(|code| code.is_number() && code.text.len() >= 4)
    };
    (words > 0 && has_number && (unit(tokens, end + line).is_some() || is_placed())).then_some(end)
}

/// What is said to be an address and has a number: `his address: 6138 Via Roma 131`.
fn led(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let is_led = LEADS.iter().any(|lead| {
        let from = at.checked_sub(lead.len());
        let before = from.and_then(|from| tokens.get(from..at));
        before.is_some_and(|before| {
            before.iter().zip(*lead).all(|(token, word)| token.is_one_of(&[word]) || token.is(word))
        })
    });
    if !is_led {
        return None;
    }
    let numbers = tokens.get(at..).unwrap_or_default().iter().take(2).take_while(|token| token.is_number()).count();
    let words = names(tokens, at + numbers, 6);
    let end = at + numbers + words;
    let house = usize::from(tokens.get(end).is_some_and(Token::is_number));
    (words > 0 && is_capital(tokens, at + numbers) && (numbers > 0 || house > 0)).then_some(end + house)
}

fn is_capital(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at).is_some_and(Token::is_capital)
}

/// `St.` after a house number.
fn dot_of_street(tokens: &[Token<'_>], at: usize) -> usize {
    let is = |place: usize, word: &str| tokens.get(place).is_some_and(|token| token.is(word));
    if is(at, "St") && is(at + 1, ".") { 2 } else { 0 }
}

fn ends(word: &str) -> bool {
    let lower = word.to_lowercase();
    ENDINGS.iter().any(|ending| lower.ends_with(ending))
}

/// How many words of a name follow: capitals, and small words between them.
fn names(tokens: &[Token<'_>], at: usize, most: usize) -> usize {
    const SMALL: &[&str] = &[
        "de", "da", "do", "dos", "das", "du", "des", "la", "le", "les", "e", "del", "della", "di", "dei", "degli",
        "delle", "nad", "pod", "upon", "sur", "van", "von", "der", "den", "och", "of", "the", "u", "y", "põik", "tn",
        "mnt", "tee",
    ];
    let (mut end, mut last) = (at, at);
    while end < at + most {
        let Some(token) = tokens.get(end) else { break };
        let is_dotted = token.is(".")
            && end > at
            && tokens.get(end - 1).is_some_and(|before| before.text.chars().count() <= 3 && before.is_capital())
            && is_capital(tokens, end + 1);
        if token.is_capital() && !token.is_one_of(UNITS) {
            end += 1;
            last = end;
        } else if token.is_one_of(SMALL) || is_dotted {
            end += 1;
        } else {
            break;
        }
    }
    last - at
}

/// A flat: the token after it.
fn unit(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    tokens.get(at).filter(|token| token.is_one_of(UNITS))?;
    let number = at + 1 + usize::from(tokens.get(at + 1).is_some_and(|token| token.is(".")));
    tokens.get(number).filter(|token| token.is_number() || token.is_initial())?;
    Some(number + 1)
}

/// What follows a street and belongs to it: flats, the place, its state, country and postal code.
fn rest(tokens: &[Token<'_>], at: usize) -> usize {
    let is_mark = |place: usize, mark: &str| tokens.get(place).is_some_and(|token| token.is(mark));
    let is_line = |place: usize| tokens.get(place).is_some_and(|token| token.sort == Sort::Line);
    let skip = |mut place: usize| {
        let mut lines = 0;
        while is_mark(place, ",")
            || is_line(place) && lines < 1
            || is_mark(place, ">")
            || lines > 0 && is_mark(place, "?")
        {
            lines += usize::from(is_line(place));
            place += 1;
        }
        place
    };
    let mut end = at;
    let mut parts = 0;
    while parts < 7 {
        let next = skip(end);
        let is_apart = next > end;
        if let Some(after) = unit(tokens, next) {
            end = after;
            parts += 1;
            continue;
        }
        let Some(token) = tokens.get(next) else { break };
        let is_code = token.is_number() && (3..=7).contains(&token.text.len());
        let follows_number =
            tokens.get(next + 1).is_some_and(|after| after.is_number() || after.is("-") || after.is("/"));
        if is_code && (end > at || is_apart) && !follows_number {
            end = next + 1;
            parts += 1;
            continue;
        }
        // A place: a few capitals, which no sentence begins with.
        let words = names(tokens, next, 3);
        let is_sentence = tokens.get(next + words).is_some_and(|after| {
            after.sort == Sort::Word && !after.is_one_of(&["nan"]) && !is_apart && words == 1 && end == at
        });
        let is_place = words > 0
            && (is_apart || end > at || tokens.get(end.saturating_sub(1)).is_some_and(Token::is_number))
            && !is_sentence
            && !is_mark(next + words, ":");
        if !is_place || is_mark(end, ".") {
            break;
        }
        end = next + words;
        parts += 1;
    }
    end
}
