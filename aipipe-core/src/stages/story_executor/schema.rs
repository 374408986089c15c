//! A field's kind and limits as the validation of the language: zod 4 for TypeScript, pydantic 2 for Python.

use super::literals::{json_string, python_string};
use super::samples::{SAFE_INTEGER, hundredths};
use crate::domain::{Field, FieldKind};
use crate::stacks::naming::words;
use crate::stacks::{Language, StackDefinition, Surface};

/// Longest e-mail address that can be delivered to (RFC 5321 §4.5.3.1, as corrected by RFC 3696 erratum 1690).
const EMAIL_LENGTH: u32 = 254;
const EMAIL: &str = r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$";
const PHONE: &str = r"^\+?[0-9][0-9 ()./-]{4,23}$";
const TIME: &str = "^([01][0-9]|2[0-3]):[0-5][0-9]$";
/// Longest id taken in a reference; ids of this service have 36 characters.
const REFERENCE_LENGTH: u32 = 100;

/// An expression that may have to be broken over several lines: `head(args…)tail`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schema {
    pub(super) head: String,
    pub(super) args: Vec<String>,
    pub(super) tail: String,
}

impl Schema {
    fn plain(text: impl Into<String>) -> Self {
        Self { head: text.into(), args: Vec::new(), tail: String::new() }
    }

    fn of(head: &str, args: Vec<String>, tail: &str) -> Self {
        Self { head: head.to_owned(), args, tail: tail.to_owned() }
    }
}

/// What a value has to be: a client's, or one that somebody typed, who is told what is wrong with it.
pub(super) fn schema(definition: &StackDefinition, field: &Field, is_chosen: bool) -> Schema {
    match (definition.language, definition.surface) {
        (Language::Python, _) => pydantic(&field.kind),
        (Language::TypeScript, Surface::Http) => zod(&field.kind),
        (Language::TypeScript, Surface::Browser) => zod_for_people(field, is_chosen),
    }
}

fn zod(kind: &FieldKind) -> Schema {
    let limits = |min: Option<String>, max: Option<String>| {
        let min = min.map(|min| format!(".min({min})")).unwrap_or_default();
        format!("{min}{}", max.map(|max| format!(".max({max})")).unwrap_or_default())
    };
    Schema::plain(match kind {
        FieldKind::Text { min, max } => {
            let min = (*min > 0).then(|| min.to_string());
            format!("z.string().trim(){}", limits(min, Some(max.to_string())))
        }
        FieldKind::Integer { min, max } => {
            let safe = |limit: &Option<i64>| {
                limit.filter(|limit| limit.unsigned_abs() < SAFE_INTEGER.unsigned_abs()).map(|limit| limit.to_string())
            };
            format!("z.int(){}", limits(safe(min), safe(max)))
        }
        FieldKind::Decimal { min, max } => {
            format!("z.number().multipleOf(0.01){}", limits(min.map(hundredths), max.map(hundredths)))
        }
        FieldKind::Boolean => "z.boolean()".to_owned(),
        FieldKind::Date => "z.iso.date()".to_owned(),
        FieldKind::DateTime => "z.iso.datetime({ offset: true })".to_owned(),
        FieldKind::Time => "z.iso.time({ precision: -1 })".to_owned(),
        FieldKind::Email => format!("z.email().max({EMAIL_LENGTH})"),
        FieldKind::Phone => format!("z.string().trim().regex(/{PHONE}/)"),
        FieldKind::Enumeration { values } => {
            return Schema::of("z.enum([", values.iter().map(|value| json_string(value)).collect(), "])");
        }
        FieldKind::Reference { .. } => format!("z.string().trim().min(1).max({REFERENCE_LENGTH})"),
    })
}

/// As [`zod`], with what people are told. The form gives no value for what was left empty, and text as text.
fn zod_for_people(field: &Field, is_chosen: bool) -> Schema {
    let name = words(&field.name);
    let at_most = |length: u32| format!(".max({length}, \"Use at most {length} characters\")");
    let within = |min: Option<String>, max: Option<String>| {
        let min = min.map(|min| format!(".min({min}, \"Use {min} or more\")")).unwrap_or_default();
        format!("{min}{}", max.map(|max| format!(".max({max}, \"Use {max} or less\")")).unwrap_or_default())
    };
    Schema::plain(match &field.kind {
        FieldKind::Text { min, max } => {
            let least = match (*min).max(u32::from(field.required)) {
                0 => String::new(),
                1 => format!(".min(1, \"Enter the {name}\")"),
                min => format!(".min({min}, \"Use at least {min} characters\")"),
            };
            format!("z.string().trim(){least}{}", at_most(*max))
        }
        FieldKind::Integer { min, max } => {
            let safe = |limit: &Option<i64>| {
                limit.filter(|limit| limit.unsigned_abs() < SAFE_INTEGER.unsigned_abs()).map(|limit| limit.to_string())
            };
            format!("z.int(\"Enter a whole number\"){}", within(safe(min), safe(max)))
        }
        FieldKind::Decimal { min, max } => {
            let limits = within(min.map(hundredths), max.map(hundredths));
            format!("z.number(\"Enter a number\").multipleOf(0.01, \"Use at most two decimals\"){limits}")
        }
        FieldKind::Boolean => "z.boolean()".to_owned(),
        FieldKind::Date => "z.iso.date(\"Enter a date\")".to_owned(),
        FieldKind::DateTime => "z.iso.datetime({ offset: true, error: \"Enter a date and time\" })".to_owned(),
        FieldKind::Time => "z.iso.time({ precision: -1, error: \"Enter a time\" })".to_owned(),
        FieldKind::Email => format!("z.email(\"Enter an e-mail address\"){}", at_most(EMAIL_LENGTH)),
        FieldKind::Phone => format!("z.string().trim().regex(/{PHONE}/, \"Enter a telephone number\")"),
        FieldKind::Enumeration { values } => {
            let values = values.iter().map(|value| json_string(value)).collect();
            return Schema::of("z.enum([", values, &format!("], \"Choose the {name}\")"));
        }
        FieldKind::Reference { .. } if is_chosen => format!("z.string(\"Choose the {name}\")"),
        FieldKind::Reference { .. } => {
            format!("z.string().trim().min(1, \"Enter the {name}\"){}", at_most(REFERENCE_LENGTH))
        }
    })
}

fn pydantic(kind: &FieldKind) -> Schema {
    let annotated = |base: &str, constraint: String| Schema::of("Annotated[", vec![base.to_owned(), constraint], "]");
    let pattern =
        |pattern: &str| annotated("str", format!("StringConstraints(strip_whitespace=True, pattern=r\"{pattern}\")"));
    match kind {
        FieldKind::Text { min, max } => {
            let min = if *min > 0 { format!("min_length={min}, ") } else { String::new() };
            annotated("str", format!("StringConstraints(strip_whitespace=True, {min}max_length={max})"))
        }
        FieldKind::Integer { min, max } => {
            let limits = [("ge", min), ("le", max)]
                .into_iter()
                .filter_map(|(name, limit)| limit.map(|limit| format!(", {name}={limit}")))
                .collect::<String>();
            annotated("int", format!("Field(strict=True{limits})"))
        }
        FieldKind::Decimal { min, max } => {
            let limits = [("ge", min), ("le", max)]
                .into_iter()
                .filter_map(|(name, limit)| limit.map(|limit| format!("{name}=Decimal(\"{}\"), ", hundredths(limit))))
                .collect::<String>();
            let serializer = "PlainSerializer(float, return_type=float, when_used=\"json\")";
            Schema::of(
                "Annotated[",
                vec!["Decimal".to_owned(), format!("Field({limits}decimal_places=2)"), serializer.to_owned()],
                "]",
            )
        }
        FieldKind::Boolean => annotated("bool", "Field(strict=True)".to_owned()),
        FieldKind::Date => Schema::plain("date"),
        FieldKind::DateTime => Schema::plain("AwareDatetime"),
        FieldKind::Time => pattern(TIME),
        FieldKind::Email => annotated(
            "str",
            format!("StringConstraints(strip_whitespace=True, max_length={EMAIL_LENGTH}, pattern=r\"{EMAIL}\")"),
        ),
        FieldKind::Phone => pattern(PHONE),
        FieldKind::Enumeration { values } => {
            Schema::of("Literal[", values.iter().map(|value| python_string(value)).collect(), "]")
        }
        FieldKind::Reference { .. } => annotated(
            "str",
            format!("StringConstraints(strip_whitespace=True, min_length=1, max_length={REFERENCE_LENGTH})"),
        ),
    }
}

/// The names a Python model file imports for a field of this kind, by module.
pub(super) fn python_imports(kind: &FieldKind) -> &'static [(&'static str, &'static str)] {
    match kind {
        FieldKind::Decimal { .. } => {
            &[("decimal", "Decimal"), ("typing", "Annotated"), ("pydantic", "Field"), ("pydantic", "PlainSerializer")]
        }
        FieldKind::Integer { .. } | FieldKind::Boolean => &[("typing", "Annotated"), ("pydantic", "Field")],
        FieldKind::Date => &[("datetime", "date")],
        FieldKind::DateTime => &[("pydantic", "AwareDatetime")],
        FieldKind::Enumeration { .. } => &[("typing", "Literal")],
        FieldKind::Text { .. }
        | FieldKind::Time
        | FieldKind::Email
        | FieldKind::Phone
        | FieldKind::Reference { .. } => &[("typing", "Annotated"), ("pydantic", "StringConstraints")],
    }
}

/// The kind as the service's README tells it.
pub(super) fn in_words(kind: &FieldKind) -> String {
    let range = |min: Option<String>, max: Option<String>| match (min, max) {
        (Some(min), Some(max)) => format!(" from {min} to {max}"),
        (Some(min), None) => format!(" of at least {min}"),
        (None, Some(max)) => format!(" of at most {max}"),
        (None, None) => String::new(),
    };
    match kind {
        FieldKind::Text { min: 0, max } => format!("text of up to {max} characters"),
        FieldKind::Text { min, max } => format!("text of {min} to {max} characters"),
        FieldKind::Integer { min, max } => {
            format!("whole number{}", range(min.map(|min| min.to_string()), max.map(|max| max.to_string())))
        }
        FieldKind::Decimal { min, max } => {
            format!("number{}, two decimals", range(min.map(hundredths), max.map(hundredths)))
        }
        FieldKind::Boolean => "true or false".to_owned(),
        FieldKind::Date => "date, YYYY-MM-DD".to_owned(),
        FieldKind::DateTime => "date and time with offset, RFC 3339".to_owned(),
        FieldKind::Time => "time of day, HH:MM".to_owned(),
        FieldKind::Email => "e-mail address".to_owned(),
        FieldKind::Phone => "telephone number".to_owned(),
        FieldKind::Enumeration { values } => format!("one of {}", values.join(", ")),
        FieldKind::Reference { entity } => format!("id of {}", crate::stacks::naming::with_article(entity)),
    }
}
