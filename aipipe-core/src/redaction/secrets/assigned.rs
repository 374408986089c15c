//! What a text calls a password, a key or a token, where what it names looks like one: `password = …`, `api_key: "…"`,
//! `the password is …`, `Authorization: Bearer …`.
//!
//! Looking random is not enough to be a secret, and being called one is not either: a specification speaks of passwords
//! all the time. Both together are.

use super::Secret;
use crate::domain::TextSpan;

/// The longest value that is judged; of a longer one its beginning.
const JUDGED: usize = 256;

/// How a value that is named so has to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// Chosen by a person: not short, and more than a word.
    Password,
    /// Made by a program: long and random.
    Token,
}

/// The ends of names, without `_`, `-`, `.` and in lower case.
const NAMES: &[(&str, Family, &str, &str)] = &[
    ("password", Family::Password, "password", "a password"),
    ("passwd", Family::Password, "password", "a password"),
    ("passwort", Family::Password, "password", "a password"),
    ("kennwort", Family::Password, "password", "a password"),
    ("contraseña", Family::Password, "password", "a password"),
    ("motdepasse", Family::Password, "password", "a password"),
    ("passphrase", Family::Password, "password", "a password"),
    ("passcode", Family::Password, "password", "a password"),
    ("pwd", Family::Password, "password", "a password"),
    ("credentials", Family::Password, "credentials", "credentials"),
    ("credential", Family::Password, "credentials", "credentials"),
    ("apikey", Family::Token, "api-key", "an API key"),
    ("appkey", Family::Token, "api-key", "an API key"),
    ("accesskey", Family::Token, "access-key", "an access key"),
    ("accesskeyid", Family::Token, "access-key", "an access key"),
    ("secretkey", Family::Token, "secret-key", "a secret key"),
    ("privatekey", Family::Token, "secret-key", "a secret key"),
    ("signingkey", Family::Token, "secret-key", "a secret key"),
    ("encryptionkey", Family::Token, "secret-key", "a secret key"),
    ("accountkey", Family::Token, "secret-key", "a secret key"),
    ("sharedkey", Family::Token, "secret-key", "a secret key"),
    ("masterkey", Family::Token, "secret-key", "a secret key"),
    ("licensekey", Family::Token, "license-key", "a license key"),
    ("licencekey", Family::Token, "license-key", "a license key"),
    ("integrationkey", Family::Token, "api-key", "an API key"),
    ("authkey", Family::Token, "api-key", "an API key"),
    ("secret", Family::Token, "secret", "a secret"),
    ("token", Family::Token, "token", "a token"),
];

/// Makers whose keys have no form of their own, by what stands in a name or shortly before it.
const MAKERS: &[(&str, &str, &str)] = &[
    ("datadog", "datadog-key", "a Datadog key"),
    ("dd_a", "datadog-key", "a Datadog key"),
    ("heroku", "heroku-key", "a Heroku key"),
    ("cloudflare", "cloudflare-token", "a Cloudflare token"),
    ("twilio", "twilio-token", "a Twilio token"),
    ("paypal", "paypal-secret", "a PayPal secret"),
    ("dropbox", "dropbox-secret", "a Dropbox secret"),
    ("azure", "azure-secret", "an Azure secret"),
    ("okta", "okta-token", "an Okta token"),
    ("algolia", "algolia-key", "an Algolia key"),
    ("fastly", "fastly-token", "a Fastly token"),
    ("snyk", "snyk-token", "a Snyk token"),
    ("jira", "atlassian-token", "an Atlassian token"),
    ("zendesk", "zendesk-token", "a Zendesk token"),
    ("circleci", "circleci-token", "a CircleCI token"),
    ("aws", "aws-secret-key", "an AWS secret key"),
    ("discord", "discord-secret", "a Discord secret"),
];

/// What people write where a secret would stand, and names of methods that are no secret.
const PLACEHOLDERS: [&str; 26] = [
    "password",
    "password1",
    "password123",
    "changeme",
    "secret",
    "example",
    "argon2",
    "argon2id",
    "sha1",
    "sha256",
    "sha-256",
    "sha512",
    "sha-512",
    "md5",
    "pbkdf2",
    "oauth2",
    "oauth2.0",
    "base64",
    "hs256",
    "rs256",
    "es256",
    "utf-8",
    "utf8",
    "bcrypt",
    "aes256",
    "aes-256",
];

/// Whether masks may have this name.
pub(super) fn is_name(name: &str) -> bool {
    NAMES.iter().any(|(_, _, known, _)| *known == name) || MAKERS.iter().any(|(_, known, _)| *known == name)
}

pub(super) fn find(text: &str) -> Vec<Secret> {
    let mut found = Vec::new();
    let mut free = 0;
    let mut runs = Runs { text, end: 0 };
    for (start, word) in words(text) {
        let end = start + word.len();
        // The name in a mask names nothing that comes after it.
        let is_mask = text.get(..start).is_some_and(|before| before.ends_with("[secret: ")) && super::is_name(word);
        if start < free || is_mask {
            continue;
        }
        let secret = header(text, start, word, &mut runs).or_else(|| {
            let (family, name, says) = named(text, start, word)?;
            let value = value(text, end, &mut runs)?;
            is_secret(family, &value).then_some(Secret { name, says, span: value.span })
        });
        if let Some(secret) = secret {
            free = secret.span.end;
            found.push(secret);
        }
    }
    found
}

/// Runs of the characters that names are made of.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let splits = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let mut at = 0;
    let pieces = text.split_inclusive(splits).map(move |piece| {
        let from = at;
        at += piece.len();
        (from, piece.trim_end_matches(splits))
    });
    pieces.filter(|(_, word)| word.len() >= 3)
}

/// What a word names, with the word before it: `API key`.
fn named(text: &str, start: usize, word: &str) -> Option<(Family, &'static str, &'static str)> {
    const LONGEST: usize = 48;
    let plain = |text: &str| -> String {
        let kept = text.chars().filter(|c| !matches!(c, '_' | '-' | '.' | ' '));
        kept.flat_map(char::to_lowercase).collect()
    };
    let tail = tail(word, LONGEST);
    let name = plain(tail);
    // A name that ends so, or a name of two words: `access key`.
    let ends = name.ends_with("pass")
        || [
            "key", "word", "wort", "wd", "phrase", "code", "ntial", "ntials", "secret", "token", "ña", "passe", "keyid",
        ]
        .iter()
        .any(|end| name.ends_with(end));
    if !ends {
        return None;
    }
    let before = tail_before(text, start, 24);
    let two = if word.len() <= 12 { plain(&format!("{before}{name}")) } else { name.clone() };
    let known = NAMES.iter().find(|(known, ..)| name.ends_with(known) || two.ends_with(known));
    let is_pass = name == "pass" || word.to_ascii_lowercase().ends_with("_pass");
    let (family, kind, says) = match known {
        Some((_, family, kind, says)) => (*family, *kind, *says),
        None if is_pass => (Family::Password, "password", "a password"),
        None => return None,
    };
    let near = format!("{}{}", tail_before(text, start, 32), tail).to_lowercase();
    let maker = MAKERS.iter().find(|(maker, ..)| near.contains(maker)).filter(|_| family == Family::Token);
    Some(maker.map_or((family, kind, says), |(_, kind, says)| (Family::Token, *kind, *says)))
}

fn tail(text: &str, bytes: usize) -> &str {
    let from = (text.len().saturating_sub(bytes)..=text.len()).find(|at| text.is_char_boundary(*at));
    from.and_then(|from| text.get(from..)).unwrap_or_default()
}

/// What stands on the same line before `at`.
fn tail_before(text: &str, at: usize, bytes: usize) -> &str {
    let before = tail(text.get(..at).unwrap_or_default(), bytes);
    before.rsplit('\n').next().unwrap_or_default()
}

/// A value and how it stands there.
struct Value<'t> {
    text: &'t str,
    span: TextSpan,
    is_quoted: bool,
    /// Said in a sentence (`is`, `to`) and not assigned.
    is_said: bool,
    /// What comes right after it.
    next: Option<char>,
    /// It is a field of a connection string.
    is_field: bool,
}

/// Runs without white space, each read once however often it is asked for.
struct Runs<'t> {
    text: &'t str,
    end: usize,
}

impl<'t> Runs<'t> {
    fn at(&mut self, at: usize) -> &'t str {
        if at >= self.end {
            let rest = self.text.get(at..).unwrap_or_default();
            self.end = at + rest.find(char::is_whitespace).unwrap_or(rest.len());
        }
        self.text.get(at..self.end).unwrap_or_default()
    }
}

/// What is assigned to the name that ends at `at`.
fn value<'t>(text: &'t str, at: usize, runs: &mut Runs<'t>) -> Option<Value<'t>> {
    let rest = text.get(at..)?;
    let closing = rest.len() - rest.trim_start_matches(['"', '\'', '`', ']', ')', '*', '”']).len();
    let spaced = |from: usize| -> Option<usize> {
        let rest = text.get(from..)?;
        let spaces = rest.bytes().take(24).take_while(|b| matches!(b, b' ' | b'\t')).count();
        Some(from + spaces)
    };
    let operator = spaced(at + closing.min(4))?;
    let rest = text.get(operator..)?;
    let signs = [":=", "=>", "->", "==", "=", ":", "|"];
    let said = ["is now ", "is: ", "is ", "was ", "are ", "to ", "ist ", "lautet "];
    let (after, is_said) = match signs.iter().find(|sign| rest.starts_with(**sign)) {
        Some(sign) => (operator + sign.len(), false),
        None => {
            let word =
                said.iter().find(|word| rest.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)));
            (operator + word.filter(|_| operator > at)?.len(), true)
        }
    };
    let line = spaced(after)?;
    // The value may stand below its name.
    let line = match text.get(line..)?.strip_prefix('\n') {
        Some(_) if !is_said => spaced(line + 1)?,
        _ => line,
    };
    // The end of what is set in bold: `**Password:** …`.
    let line = if text.get(line..)?.starts_with("** ") { spaced(line + 2)? } else { line };
    let opened = text.get(line..)?;
    let quote = opened
        .trim_start_matches(['\\', '*'])
        .chars()
        .next()
        .filter(|c| matches!(c, '"' | '\'' | '`' | '“' | '„' | '«' | '‘'));
    let skipped = opened.len() - opened.trim_start_matches(['\\', '*', '"', '\'', '`', '“', '„', '«', '‘']).len();
    let start = line + skipped.min(8);
    let run = runs.at(start);
    // A field of a connection string has no spaces around its sign.
    let is_field = operator == at + closing && line == after && !is_said;
    let closes = |c: char| match quote {
        Some('“' | '„') => matches!(c, '”' | '“'),
        Some('«') => c == '»',
        Some('‘') => c == '’',
        Some(quote) => c == quote || c == '\\',
        None => matches!(c, '"' | '\'' | '`' | ';' | ',' | '<' | '>' | '(' | '|' | ')'),
    };
    let end = run.char_indices().take(JUDGED).find(|(_, c)| closes(*c)).map(|(end, _)| end);
    let is_quoted = quote.is_some() && end.is_some();
    let value = match end {
        Some(end) => run.get(..end)?,
        None => run,
    };
    // Only so much of a run is looked at for each name in it.
    let ends = value.char_indices().rev().take(JUDGED).find(|(_, c)| !".,:)]}*_".contains(*c));
    let trimmed = ends.and_then(|(at, c)| value.get(..at + c.len_utf8())).unwrap_or_default();
    let value = if is_quoted { value } else { trimmed };
    let end = start + value.len();
    let next = text.get(end..)?.chars().next();
    Some(Value { text: value, span: TextSpan { start, end }, is_quoted, is_said, next, is_field })
}

/// `Bearer …` and `Basic …`, the latter where it decodes to `name:password`.
fn header(text: &str, start: usize, word: &str, runs: &mut Runs<'_>) -> Option<Secret> {
    let at = start + word.len();
    let is_bearer = word.eq_ignore_ascii_case("bearer");
    if !is_bearer && !word.eq_ignore_ascii_case("basic") || !text.get(at..)?.starts_with(' ') {
        return None;
    }
    let run = runs.at(at + 1);
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-' | '.' | '~');
    let value = run.get(..run.find(|c| !fits(c)).unwrap_or(run.len()))?.trim_end_matches('.');
    let judged = value.get(..value.len().min(JUDGED))?;
    let is_secret = match is_bearer {
        true => judged.len() >= 16 && counts(judged).digits >= 2 && entropy(judged) >= 3.0,
        false => judged.len() >= 8 && holds_name_and_password(judged),
    };
    let (name, says) =
        if is_bearer { ("bearer-token", "a bearer token") } else { ("basic-auth", "a password in a header") };
    is_secret.then_some(Secret { name, says, span: TextSpan { start: at + 1, end: at + 1 + value.len() } })
}

/// Whether base64 (RFC 4648) decodes to printable text with a colon in it.
fn holds_name_and_password(text: &str) -> bool {
    let digits = text.trim_end_matches('=').bytes().map(|byte| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    });
    let Some(digits) = digits.collect::<Option<Vec<u8>>>() else { return false };
    let mut decoded = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for digit in digits {
        bits = (bits << 6 | u32::from(digit)) & 0xFFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            decoded.push(u8::try_from(bits >> held & 0xFF).unwrap_or_default());
        }
    }
    decoded.contains(&b':') && decoded.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

fn is_secret(family: Family, value: &Value<'_>) -> bool {
    let end = value.text.char_indices().nth(JUDGED).map_or(value.text.len(), |(end, _)| end);
    let text = value.text.get(..end).unwrap_or_default();
    let counts = counts(text);
    if text.chars().count() < 6 || is_placeholder(text) || is_expression(value, text, counts) || is_plain_number(text) {
        return false;
    }
    match family {
        Family::Password => is_password(value, text, counts),
        Family::Token => is_token(value, text, counts),
    }
}

fn is_password(value: &Value<'_>, text: &str, counts: Counts) -> bool {
    let has_letters = counts.lower + counts.upper > 0;
    let is_mixed = has_letters && (counts.digits > 0 || counts.symbols > 0) || counts.turns >= 4;
    if value.is_said {
        // In a sentence the next word may be any.
        let is_odd = counts.symbols > 0 || counts.digits >= 2 || counts.lower > 0 && counts.upper > 0;
        return has_letters && counts.digits + counts.symbols > 0 && is_odd;
    }
    is_mixed
        || value.is_field && value.next == Some(';')
        || !has_letters && counts.digits >= 8 && counts.digits == text.len()
}

fn is_token(value: &Value<'_>, text: &str, counts: Counts) -> bool {
    if text.len() < 12 || !text.is_ascii() || text.contains("://") {
        return false;
    }
    let letters = counts.lower + counts.upper;
    let is_random = counts.digits >= 2 && letters >= 2 || letters >= 20 && counts.turns >= 6;
    let pieces = || text.split(['-', '_', '.', '/', ':', ' ']);
    let is_word = |piece: &str| {
        piece.bytes().all(|b| b.is_ascii_alphabetic()) || piece.len() <= 4 && piece.bytes().all(|b| b.is_ascii_digit())
    };
    let is_words = counts.turns < 6 && pieces().all(is_word);
    let is_path = text.contains('/') && text.contains('.') && !value.is_quoted;
    is_random && !is_words && !is_path && entropy(text) >= 3.0
}

/// Not a value but the place of one, or the name of a method.
fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let first = text.chars().next();
    let is_filled_in = text.starts_with(['$', '{', '[', '<', '%', '(', '…'])
        || lower.starts_with("your")
        || lower.starts_with("my-")
        || lower.starts_with("process.env")
        || lower.starts_with("os.environ")
        || lower.contains("example");
    is_filled_in
        || text.chars().all(|c| Some(c) == first || matches!(c, '-' | '_'))
        || PLACEHOLDERS.contains(&lower.as_str())
        || lower.contains("xxxx")
        || lower.contains("****")
        || lower.contains("...")
}

/// Code that makes or fetches a value: `settings.API_KEY`, `getToken()`, `accessToken2`.
fn is_expression(value: &Value<'_>, text: &str, counts: Counts) -> bool {
    if value.is_quoted {
        return false;
    }
    let is_called = matches!(value.next, Some('(' | '[' | '<'));
    let is_name = |piece: &str| {
        piece.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && piece.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    let is_dotted = text.contains('.')
        && text.trim_end_matches(['!', '?']).split('.').all(|piece| is_name(piece.trim_end_matches('?')));
    is_called || text.contains(['{', '[']) || is_dotted && counts.digits < 6
}

/// A count with its unit, a date, a version, an address: `12-character`, `2026-03-12`, `1.2.3`.
fn is_plain_number(text: &str) -> bool {
    let after = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_counted = after.len() < text.len()
        && after.strip_prefix('-').is_some_and(|unit| unit.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-'));
    is_counted
        || text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b':' | b'/' | b'T' | b'Z' | b'+'))
            && text.bytes().any(|b| !b.is_ascii_digit())
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    lower: usize,
    upper: usize,
    digits: usize,
    /// What only passwords are made of.
    symbols: usize,
    /// How often the case of letters changes.
    turns: usize,
}

fn counts(text: &str) -> Counts {
    let mut counts = Counts::default();
    let mut last = None;
    for c in text.chars() {
        match c {
            '0'..='9' => counts.digits += 1,
            '!' | '@' | '#' | '$' | '%' | '^' | '&' | '*' | '+' | '?' | '~' | '=' => counts.symbols += 1,
            c if c.is_uppercase() || c.is_lowercase() => {
                let is_upper = c.is_uppercase();
                *(if is_upper { &mut counts.upper } else { &mut counts.lower }) += 1;
                counts.turns += usize::from(last.is_some_and(|last| last != is_upper));
                last = Some(is_upper);
            }
            _ => {}
        }
    }
    counts
}

/// Bits a character (Shannon) of ASCII text.
fn entropy(text: &str) -> f64 {
    let mut counts = std::collections::BTreeMap::<u8, u32>::new();
    for byte in text.bytes() {
        *counts.entry(byte).or_default() += 1;
    }
    let total = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    counts.values().map(|count| f64::from(*count) / total).map(|share| -share * share.log2()).sum()
}
