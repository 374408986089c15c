//! Values for tests: ones a field takes, ones at its limits and ones it must refuse.

use crate::domain::{Field, FieldKind};
use crate::stacks::Language;
use crate::stacks::naming::words;

/// The largest whole number that JSON readers agree on (RFC 8259 §6).
pub(super) const SAFE_INTEGER: i64 = 9_007_199_254_740_991;
/// The largest amount in hundredths that a double holds exactly enough to be compared.
pub(super) const SAFE_HUNDREDTHS: i64 = 100_000_000_000_000;
/// Longer texts would not pass the servers' limit on a request's size, so their upper limit is not tried.
pub(super) const LONGEST_TRIED_TEXT: u32 = 50_000;

/// Values a limits check tries, as expressions of the language.
#[derive(Debug, Default, Clone)]
pub(super) struct Boundary {
    pub(super) accepted: Vec<String>,
    pub(super) refused: Vec<String>,
}

/// A value the field takes; `variant` 0 and 1 differ. `None` when it has no such second value.
pub(super) fn sample(language: Language, field: &Field, variant: u8) -> Option<String> {
    let first = variant == 0;
    let text = |text: &str| Some(language.text(text));
    match &field.kind {
        FieldKind::Text { min, max } => {
            let start = if first { "Sample" } else { "Another" };
            text(&fit(&format!("{start} {}", words(&field.name)), *min, *max))
        }
        FieldKind::Integer { min, max } => pick(*min, *max, 1, SAFE_INTEGER, first).map(|value| value.to_string()),
        FieldKind::Decimal { min, max } => pick(*min, *max, 1250, SAFE_HUNDREDTHS, first).map(hundredths),
        FieldKind::Boolean => Some(language.boolean(first)),
        FieldKind::Date => text(if first { "2030-01-15" } else { "2030-02-16" }),
        FieldKind::DateTime => text(if first { "2030-01-15T09:30:00Z" } else { "2030-02-16T18:45:00Z" }),
        FieldKind::Time => text(if first { "09:30" } else { "18:45" }),
        FieldKind::Email => text(if first { "first@example.org" } else { "second@example.org" }),
        FieldKind::Phone => text(if first { "+1 202 555 0101" } else { "+1 202 555 0102" }),
        FieldKind::Enumeration { values } => {
            let is_first = |value: &&String| Some(*value) == field.initial.as_ref();
            let ordered = values.iter().filter(is_first).chain(values.iter().filter(|value| !is_first(value)));
            ordered.map(|value| language.text(value)).nth(usize::from(variant))
        }
        FieldKind::Reference { entity } => text(&format!("{}-{}", entity.replace('_', "-"), if first { 1 } else { 2 })),
    }
}

/// An expression over the counter `n` that gives each record its own value (as far as the field has that many).
pub(super) fn distinct(language: Language, field: &Field) -> String {
    let number = |min: i64, count: i64| format!("{min} + (n % {count})");
    match &field.kind {
        FieldKind::Text { min, max } => language.numbered_text(&title(&field.name), *min, *max),
        FieldKind::Integer { min, max } => {
            let (start, count) = span(*min, *max, 1, SAFE_INTEGER);
            number(start, count)
        }
        FieldKind::Decimal { min, max } => {
            let (start, count) = span(*min, *max, 100, SAFE_HUNDREDTHS);
            format!("({}) / 100", number(start, count))
        }
        FieldKind::Boolean => language.is_even("n"),
        FieldKind::Date => language.date_after("n"),
        FieldKind::DateTime => language.moment_after("n"),
        FieldKind::Time => language.time_after("n"),
        FieldKind::Email => language.around_number("user", "@example.org"),
        FieldKind::Phone => language.phone(),
        FieldKind::Enumeration { values } => language.one_of(values),
        FieldKind::Reference { entity } => language.around_number(&format!("{}-", entity.replace('_', "-")), ""),
    }
}

/// The values at and beyond the field's limits; where it has none, a value of another form is refused.
pub(super) fn boundary(language: Language, field: &Field, reference_is_checked: bool) -> Boundary {
    let text = |value: &str| language.text(value);
    let (accepted, refused): (Vec<String>, Vec<String>) = match &field.kind {
        FieldKind::Text { min, max } => text_boundary(language, *min, *max),
        FieldKind::Integer { min, max } => {
            let (mut accepted, mut refused) = number_boundary(*min, *max, SAFE_INTEGER, |value| value.to_string());
            if accepted.is_empty() {
                accepted.extend(sample(language, field, 0));
            }
            refused.extend([String::from("1.5"), text("many")]);
            (accepted, refused)
        }
        FieldKind::Decimal { min, max } => {
            let (mut accepted, mut refused) = number_boundary(*min, *max, SAFE_HUNDREDTHS, hundredths);
            if accepted.is_empty() {
                accepted.extend(sample(language, field, 0));
            }
            refused.extend([String::from("0.001"), text("much")]);
            (accepted, refused)
        }
        FieldKind::Boolean => (vec![language.boolean(true), language.boolean(false)], vec![text("perhaps")]),
        FieldKind::Date => (vec![text("2028-02-29")], vec![text("2030-02-30"), text("tomorrow")]),
        FieldKind::DateTime => (vec![text("2030-01-15T09:30:00Z")], vec![text("2030-01-15T25:00:00Z"), text("soon")]),
        FieldKind::Time => (vec![text("00:00"), text("23:59")], vec![text("24:00"), text("9:30"), text("noon")]),
        FieldKind::Email => (vec![text("first@example.org")], vec![text("first.example.org"), text("first@")]),
        FieldKind::Phone => (vec![text("+1 202 555 0101")], vec![text("call me"), text("12")]),
        FieldKind::Enumeration { values } => {
            let mut other = String::from("something_else");
            while values.contains(&other) {
                other.push('_');
            }
            (values.iter().map(|value| text(value)).collect(), vec![text(&other)])
        }
        FieldKind::Reference { .. } if reference_is_checked => (Vec::new(), vec![text("no-such-record")]),
        FieldKind::Reference { .. } => (sample(language, field, 0).into_iter().collect(), vec![text("")]),
    };
    Boundary { accepted, refused }
}

fn text_boundary(language: Language, min: u32, max: u32) -> (Vec<String>, Vec<String>) {
    let mut accepted = Vec::new();
    let mut refused = Vec::new();
    if min > 0 && min < max && min <= LONGEST_TRIED_TEXT {
        accepted.push(language.repeated('x', min));
    }
    if max <= LONGEST_TRIED_TEXT {
        accepted.push(language.repeated('x', max));
        refused.push(language.repeated('x', max + 1));
    }
    match min {
        0 => {}
        1 => refused.push(language.text("")),
        _ if min <= LONGEST_TRIED_TEXT => refused.push(language.repeated('x', min - 1)),
        _ => {}
    }
    if accepted.is_empty() {
        accepted.push(language.text("x"));
        refused.push(String::from("12"));
    }
    (accepted, refused)
}

fn number_boundary(
    min: Option<i64>,
    max: Option<i64>,
    safe: i64,
    write: impl Fn(i64) -> String,
) -> (Vec<String>, Vec<String>) {
    let safe = -safe + 1..=safe - 1;
    let (min, max) = (min.filter(|min| safe.contains(min)), max.filter(|max| safe.contains(max)));
    let mut accepted: Vec<String> = min.into_iter().map(&write).collect();
    accepted.extend(max.filter(|max| Some(*max) != min).map(&write));
    let refused = min.map(|min| min - 1).into_iter().chain(max.map(|max| max + 1)).map(&write).collect();
    (accepted, refused)
}

/// Hundredths as a decimal number: `1250` is `12.5`.
pub(super) fn hundredths(value: i64) -> String {
    let (sign, value) = if value < 0 { ("-", value.unsigned_abs()) } else { ("", value.unsigned_abs()) };
    match (value / 100, value % 100) {
        (whole, 0) => format!("{sign}{whole}"),
        (whole, rest) if rest % 10 == 0 => format!("{sign}{whole}.{}", rest / 10),
        (whole, rest) => format!("{sign}{whole}.{rest:02}"),
    }
}

fn fit(text: &str, min: u32, max: u32) -> String {
    let mut fitted: String = text.chars().take(max as usize).collect();
    if fitted.ends_with(' ') {
        fitted.pop();
        fitted.push('x');
    }
    let missing = (min as usize).saturating_sub(fitted.chars().count());
    fitted.extend(std::iter::repeat_n('x', missing));
    fitted
}

fn title(name: &str) -> String {
    let words = words(name);
    let mut chars = words.chars();
    chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// A number within the limits near `wish`; the second differs from the first.
fn pick(min: Option<i64>, max: Option<i64>, wish: i64, safe: i64, first: bool) -> Option<i64> {
    let (low, high) = (min.unwrap_or(-safe).max(-safe), max.unwrap_or(safe).min(safe));
    let value = wish.max(low).min(high);
    if first {
        return Some(value);
    }
    if value < high { Some(value + 1) } else { (value > low).then(|| value - 1) }
}

/// Where distinct numbers begin and how many there are (a million at most).
fn span(min: Option<i64>, max: Option<i64>, wish: i64, safe: i64) -> (i64, i64) {
    let start = match (min, max) {
        (Some(min), _) => min.max(-safe),
        (None, Some(max)) => wish.min(max.saturating_sub(999_999)).max(-safe),
        (None, None) => wish,
    };
    let end = max.unwrap_or(safe).min(safe);
    (start, end.saturating_sub(start).saturating_add(1).clamp(1, 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Basis;
    use proptest::prelude::*;

    fn field(kind: FieldKind) -> Field {
        let basis = Basis::Default { reason: "of a test".into() };
        Field { name: "part_number".into(), kind, required: true, unique: true, initial: None, basis }
    }

    fn limit(safe: i64) -> impl Strategy<Value = Option<i64>> {
        prop::option::of(prop_oneof![-30..30_i64, -safe..=safe, Just(safe), Just(-safe)])
    }

    fn within(value: f64, min: Option<i64>, max: Option<i64>, unit: f64) -> bool {
        let value = (value * unit).round();
        min.is_none_or(|min| value >= min as f64) && max.is_none_or(|max| value <= max as f64)
    }

    proptest! {
        #[test]
        fn numbers_keep_to_their_limits(min in limit(SAFE_HUNDREDTHS), max in limit(SAFE_HUNDREDTHS), decimal: bool) {
            prop_assume!(min.zip(max).is_none_or(|(min, max)| min <= max));
            let (kind, unit) = if decimal {
                (FieldKind::Decimal { min, max }, 100.0)
            } else {
                (FieldKind::Integer { min, max }, 1.0)
            };
            let field = field(kind);
            let number = |text: &String| text.parse::<f64>().unwrap();
            let first = sample(Language::Python, &field, 0).unwrap();
            prop_assert!(within(number(&first), min, max, unit));
            let second = sample(Language::Python, &field, 1);
            prop_assert!(second.as_ref().is_none_or(|second| within(number(second), min, max, unit) && *second != first));
            let tried = boundary(Language::Python, &field, false);
            prop_assert!(!tried.accepted.is_empty());
            prop_assert!(tried.accepted.iter().all(|value| within(number(value), min, max, unit)));
            let numbers = tried.refused.iter().filter(|value| value.parse::<i64>().is_ok());
            prop_assert!(numbers.into_iter().all(|value| !within(number(value), min, max, unit)));
        }

        #[test]
        fn texts_keep_to_their_limits(min in 0..300_u32, more in 0..300_u32) {
            let max = (min + more).max(1);
            let field = field(FieldKind::Text { min, max });
            for variant in [0, 1] {
                let literal = sample(Language::TypeScript, &field, variant).unwrap();
                let text: String = serde_json::from_str(&literal).unwrap();
                let length = u32::try_from(text.chars().count()).unwrap();
                prop_assert!(min <= length && length <= max, "{}", text);
                prop_assert_eq!(text.trim(), &text);
            }
            prop_assert_ne!(sample(Language::TypeScript, &field, 0), sample(Language::TypeScript, &field, 1));
        }
    }

    #[test]
    fn hundredths_are_written_as_decimals() {
        let written: Vec<String> = [1250, 1999, 500, 1, -5, 0, -1234].into_iter().map(hundredths).collect();
        assert_eq!(written, ["12.5", "19.99", "5", "0.01", "-0.05", "0", "-12.34"]);
    }

    #[test]
    fn limits_are_tried_at_and_beyond_their_ends() {
        let tried = boundary(Language::TypeScript, &field(FieldKind::Integer { min: Some(1), max: Some(5) }), false);
        assert_eq!(tried.accepted, ["1", "5"]);
        assert_eq!(tried.refused, ["0", "6", "1.5", "\"many\""]);
        let tried = boundary(Language::Python, &field(FieldKind::Text { min: 1, max: 120 }), false);
        assert_eq!(tried.accepted, ["\"x\"", "\"x\" * 120"]);
        assert_eq!(tried.refused, ["\"x\" * 121", "\"\""]);
    }
}
