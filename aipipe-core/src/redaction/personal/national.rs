//! Numbers that states give to people: by their form, their check digit, and where these say too little by what is said
//! shortly before.

use super::checksum as check;
use super::near;
use crate::domain::TextSpan;

/// A number's form: `9` a digit, `A` a letter, `W` either, `_` a separator that may be missing; anything else itself.
struct Form {
    name: &'static str,
    shape: &'static str,
    holds: fn(&[u8]) -> bool,
    /// Has to be said shortly before, any of these; nothing has to where it is empty.
    said: &'static [&'static str],
}

const fn form(
    name: &'static str,
    shape: &'static str,
    holds: fn(&[u8]) -> bool,
    said: &'static [&'static str],
) -> Form {
    Form { name, shape, holds, said }
}

const FORMS: &[Form] = &[
    form("us-ssn", "999-99-9999", check::us_ssn, &[]),
    form("us-ssn", "999 99 9999", check::us_ssn, &["ssn", "social security", "itin"]),
    form("us-ssn", "999999999", check::us_ssn, &["ssn", "social security", "itin"]),
    form("uk-nino", "AA_99_99_99_A", check::uk_nino, &[]),
    form(
        "de-steuer-id",
        "99_999_999_999",
        check::de_steuer_id,
        &["steuer", "identifikationsnummer", "idnr", "tax id", "tin"],
    ),
    form("fr-nir", "9_99_99_9W_999_999_99", check::fr_nir, &[]),
    form("es-dni", "99999999_A", check::es_dni, &[]),
    form("es-dni", "99.999.999_A", check::es_dni, &[]),
    form("es-nie", "A_9999999_A", check::es_dni, &[]),
    form("it-codice-fiscale", "AAAAAAWWAWWAWWWA", check::it_codice_fiscale, &[]),
    form("nl-bsn", "9999_99_999", check::nl_bsn, &["bsn", "burgerservice", "sofi", "citizen service"]),
    form("pl-pesel", "99999999999", check::pl_pesel, &["pesel"]),
    form("se-personnummer", "999999-9999", check::se_personnummer, &[]),
    form("se-personnummer", "99999999-9999", check::se_personnummer, &[]),
    form("ch-ahv", "756.9999.9999.99", check::ch_ahv, &[]),
    form("be-national-number", "99.99.99-999.99", check::be_national_number, &[]),
    form("br-cpf", "999.999.999-99", check::br_cpf, &[]),
    form("fi-hetu", "999999-999W", check::fi_hetu, &[]),
    form("fi-hetu", "999999A999W", fi_hetu_of_this_century, &[]),
    form("dk-cpr", "999999-9999", check::any, &["cpr"]),
    form("ca-sin", "999_999_999", check::luhn, &["social insurance", "sin number", "sin is", "sin:"]),
    form("in-aadhaar", "9999_9999_9999", check::any, &["aadhaar", "aadhar"]),
];

/// Documents whose numbers have no form of their own: what they are called, and then a number.
const DOCUMENTS: [(&str, &[&str]); 4] = [
    ("passport", &["passport n", "passport #", "passport is", "passport:", "reisepass", "pasaporte", "passeport"]),
    (
        "driver-license",
        &[
            "driver's license",
            "driver’s license",
            "drivers license",
            "driver license",
            "driving licen",
            "driver's licen",
            "driver licence",
        ],
    ),
    ("identity-card", &["identity card n", "id card n", "personalausweis", "national id"]),
    ("tax-number", &["tax number", "taxpayer", "steuernummer"]),
];

fn fi_hetu_of_this_century(number: &[u8]) -> bool {
    let plain: Vec<u8> = number.iter().enumerate().filter(|(at, _)| *at != 6).map(|(_, byte)| *byte).collect();
    number.get(6) == Some(&b'A') && check::fi_hetu(&plain)
}

/// The number that begins at `at`, if one does.
pub(super) fn at(text: &str, at: usize) -> Option<(&'static str, TextSpan)> {
    let bytes = text.as_bytes();
    let by_form = FORMS.iter().find_map(|form| {
        let (end, compact) = read(bytes, at, form.shape)?;
        let is_said = form.said.is_empty() || near(text, at, 48, form.said);
        ((form.holds)(&compact) && is_said).then_some((form.name, end))
    });
    let (name, end) = by_form.or_else(|| of_document(text, at))?;
    Some((name, TextSpan { start: at, end }))
}

/// Reads a shape; returns where it ends and the number without separators, in upper case.
fn read(bytes: &[u8], at: usize, shape: &str) -> Option<(usize, Vec<u8>)> {
    let mut end = at;
    let mut compact = Vec::with_capacity(16);
    for place in shape.bytes() {
        let byte = bytes.get(end).copied();
        let fits = match place {
            b'9' => byte.filter(u8::is_ascii_digit),
            b'A' => byte.filter(u8::is_ascii_alphabetic),
            b'W' => byte.filter(u8::is_ascii_alphanumeric),
            b'_' => {
                end += usize::from(matches!(byte, Some(b' ' | b'-' | b'.' | b'/')));
                continue;
            }
            other if other.is_ascii_digit() => byte.filter(|byte| *byte == other),
            other => {
                byte.filter(|byte| *byte == other)?;
                end += 1;
                continue;
            }
        }?;
        compact.push(fits.to_ascii_uppercase());
        end += 1;
    }
    let follows = (bytes.get(end), bytes.get(end + 1));
    let goes_on = match follows {
        (Some(b'-' | b'.' | b'/'), Some(next)) => next.is_ascii_digit(),
        (Some(next), _) => next.is_ascii_alphanumeric(),
        _ => false,
    };
    (!goes_on).then_some((end, compact))
}

fn of_document(text: &str, at: usize) -> Option<(&'static str, usize)> {
    let bytes = text.as_bytes();
    let run = bytes.get(at..)?.iter().take(24).take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
    let number = text.get(at..at + run)?.trim_end_matches('-');
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let fits = (6..=20).contains(&number.len()) && digits >= 4 && !number.bytes().any(|b| b.is_ascii_lowercase());
    let end = at + number.len();
    fits.then(|| DOCUMENTS.iter().find(|(_, said)| near(text, at, 40, said))).flatten().map(|(name, _)| (*name, end))
}
