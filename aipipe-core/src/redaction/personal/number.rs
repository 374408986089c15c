//! Payment cards, bank accounts and telephone numbers.

use super::checksum;
use super::near;
use crate::domain::TextSpan;

/// A run of digits with the separators people write between them.
struct Run {
    /// Where it ends.
    end: usize,
    digits: Vec<u8>,
    /// How many digits stand between separators.
    groups: Vec<usize>,
    has_plus: bool,
    has_slash: bool,
    has_parenthesis: bool,
    has_dot: bool,
}

/// The longest run in bytes.
const LONGEST: usize = 40;

fn read(bytes: &[u8], at: usize) -> Option<Run> {
    let mut run = Run {
        end: at,
        digits: Vec::new(),
        groups: Vec::new(),
        has_plus: false,
        has_slash: false,
        has_parenthesis: false,
        has_dot: false,
    };
    let mut place = at;
    let mut gap = true;
    while let Some(byte) = bytes.get(place).copied().filter(|_| place < at + LONGEST) {
        match byte {
            b'0'..=b'9' => {
                run.digits.push(byte);
                match run.groups.last_mut() {
                    Some(last) if !gap => *last += 1,
                    _ => run.groups.push(1),
                }
                gap = false;
                run.end = place + 1;
            }
            b'+' if place == at => run.has_plus = true,
            b'(' | b')' => {
                run.has_parenthesis = true;
                gap = true;
            }
            b' ' | b'-' | b'.' | b'/' if bytes.get(place + 1).is_none_or(|next| *next != byte) => {
                // Only what a digit follows is within the number.
                let next = bytes
                    .get(place + 1..)
                    .unwrap_or_default()
                    .iter()
                    .take(2)
                    .find(|b| !matches!(b, b' ' | b'(' | b'-'));
                if !next.is_some_and(u8::is_ascii_digit) {
                    break;
                }
                run.has_slash |= byte == b'/';
                run.has_dot |= byte == b'.';
                gap = true;
            }
            _ => break,
        }
        place += 1;
    }
    let goes_on = bytes.get(run.end).is_some_and(|next| next.is_ascii_alphanumeric() && !matches!(next, b'x' | b'e'));
    (!run.digits.is_empty() && !goes_on).then_some(run)
}

/// The payment card that begins at `at`.
pub(super) fn card(text: &str, at: usize) -> Option<TextSpan> {
    let bytes = text.as_bytes();
    let first = bytes.get(at).filter(|first| first.is_ascii_digit())?;
    let _ = first;
    let run = read(bytes, at)?;
    let length = run.digits.len();
    let is_written_so =
        run.groups.len() == 1 || run.groups.iter().all(|group| (3..=6).contains(group)) && run.groups.len() <= 5;
    if !(12..=19).contains(&length)
        || run.has_slash
        || run.has_dot
        || run.has_parenthesis
        || !is_written_so
        || !checksum::luhn(&run.digits)
    {
        return None;
    }
    let is_said = || {
        near(
            text,
            at,
            64,
            &[
                "card", "credit", "debit", "visa", "master", "amex", "maestro", "cc ", "cc:", "pan ", "kredit",
                "karte", "carte", "tarjeta",
            ],
        ) || after(text, run.end, 32).contains("card")
    };
    (is_issued(&run.digits) || is_said()).then_some(TextSpan { start: at, end: run.end })
}

/// Ranges that card schemes give out numbers of, with the lengths they have.
fn is_issued(digits: &[u8]) -> bool {
    let head = |digits_of: usize| {
        digits.iter().take(digits_of).fold(0_u32, |value, digit| value * 10 + u32::from(digit - b'0'))
    };
    match digits.len() {
        13 => head(1) == 4,
        14 => matches!(head(3), 300..=305 | 309) || matches!(head(2), 36 | 38 | 39),
        15 => matches!(head(2), 34 | 37) || matches!(head(4), 1800 | 2131),
        16 => {
            head(1) == 4
                || matches!(head(2), 51..=55 | 62 | 65)
                || matches!(head(4), 2221..=2720 | 3528..=3589 | 6011)
                || matches!(head(3), 644..=649)
        }
        19 => head(1) == 4 || matches!(head(2), 62),
        _ => false,
    }
}

/// The IBAN that begins at `at`: of the length its country gives it, and with a check that holds.
pub(super) fn iban(text: &str, at: usize) -> Option<TextSpan> {
    let bytes = text.as_bytes();
    let country = bytes.get(at..at + 2)?.to_ascii_uppercase();
    let country = std::str::from_utf8(&country).ok()?;
    bytes.get(at + 2..at + 4)?.iter().all(u8::is_ascii_digit).then_some(())?;
    let (_, length) = LENGTHS.iter().find(|(known, _)| *known == country)?;
    let mut number = Vec::with_capacity(*length);
    let mut end = at;
    while number.len() < *length {
        let byte = bytes.get(end)?;
        match byte {
            b' ' | b'-' if bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric) => {}
            byte if byte.is_ascii_alphanumeric() => number.push(byte.to_ascii_uppercase()),
            _ => return None,
        }
        end += 1;
    }
    let goes_on = bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
    (!goes_on && checksum::iban(&number)).then_some(TextSpan { start: at, end })
}

/// SWIFT's IBAN registry.
const LENGTHS: [(&str, usize); 78] = [
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NL", 18),
    ("NO", 15),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
];

/// The telephone number that begins at `at`: an international one, one of a form known well, or one that is said to be one.
pub(super) fn phone(text: &str, at: usize) -> Option<TextSpan> {
    let bytes = text.as_bytes();
    let run = read(bytes, at)?;
    let count = run.digits.len();
    if !(7..=15).contains(&count) || is_date(&run) {
        return None;
    }
    let groups = run.groups.as_slice();
    let is_abroad = run.has_plus && count >= 8 || run.digits.starts_with(b"00") && count >= 11 && groups.len() > 1;
    let is_american = matches!(groups, [3, 3, 4] | [1, 3, 3, 4]) && !run.has_slash;
    let is_citizens = matches!(groups, [3, 2, 4]);
    let is_national = !is_citizens
        && run.digits.first() == Some(&b'0')
        && (9..=12).contains(&count)
        && (2..=6).contains(&groups.len())
        && !run.has_dot;
    let is_bracketed = run.has_parenthesis && bytes.get(at) == Some(&b'(') && count >= 8 && groups.len() >= 2;
    let is_said = || {
        let before = near(text, at, 40, SAID);
        let behind = after(text, run.end, 16);
        let behind = behind.trim_start_matches([' ', '(', ',', '-', ':']);
        before
            || ["office", "mobile", "fax", "cell", "phone", "home", "work", "direct"]
                .iter()
                .any(|word| behind.starts_with(word))
    };
    let is_plain = groups.len() == 1 && count < 8;
    let is_phone = is_abroad || is_american || is_national || is_bracketed || !is_plain && is_said();
    let end = extension(bytes, run.end).unwrap_or(run.end);
    is_phone.then_some(TextSpan { start: at, end })
}

/// What is said before a telephone number.
const SAID: &[&str] = &[
    "phone",
    "tel:",
    "tel.",
    "tel ",
    "telefon",
    "mobile",
    "handy",
    "cell",
    "fax",
    "call",
    "dial",
    "reach",
    "answering at",
    "text me",
    "whatsapp",
    "sms",
    "contact",
    "number is",
    "my number",
    "phone no",
    "hotline",
    "ring me",
    "teléfono",
    "téléphone",
];

fn is_date(run: &Run) -> bool {
    let year = |digits: &[u8]| matches!(digits, [b'1', b'9', ..] | [b'2', b'0', ..]);
    match run.groups.as_slice() {
        [4, 2 | 1, 2 | 1] | [4, 2, 2, ..] => year(&run.digits) && !run.has_parenthesis && !run.has_plus,
        [1 | 2, 1 | 2, 4] => run.digits.get(run.digits.len().saturating_sub(4)..).is_some_and(year),
        [4, 4] => year(&run.digits) && run.digits.get(4..).is_some_and(year),
        _ => false,
    }
}

/// `x123`, `ext. 123`.
fn extension(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    let space = usize::from(rest.first() == Some(&b' '));
    let rest = rest.get(space..)?;
    let mark = [&b"x"[..], b"ext. ", b"ext.", b"ext ", b"ext"].into_iter().find(|mark| rest.starts_with(mark))?;
    let digits = rest.get(mark.len()..)?.iter().take(7).take_while(|b| b.is_ascii_digit()).count();
    (1..=6).contains(&digits).then_some(at + space + mark.len() + digits)
}

/// What comes on the same line, in lower case.
fn after(text: &str, at: usize, bytes: usize) -> String {
    let rest = text.get(at..).unwrap_or_default().chars();
    rest.take(bytes).take_while(|c| *c != '\n').flat_map(char::to_lowercase).collect()
}
