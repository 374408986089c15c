//! Generated values for property tests: what draws the values a field takes, and what draws those it refuses.
//!
//! The generators are functions of a file in the project (`tests/arbitraries.ts`, `tests/strategies.py`), named alike in
//! both languages, so that a test says its rule: `integers(1, 5)` and `integersOutside(1, 5)`.

use super::samples::{LONGEST_TRIED_TEXT, hundredths};
use crate::domain::{Field, FieldKind};
use crate::stacks::naming::camel;
use crate::stacks::{Language, Surface};
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;

/// Numbers beyond this are not tried: their neighbours are no longer whole numbers every reader agrees on.
const LARGEST_TRIED: i64 = 1_000_000_000_000;
/// Longest id taken in a reference.
const REFERENCE_LENGTH: u32 = 100;

/// A generator every project may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Helper {
    Absent,
    Amounts,
    AmountsOutside,
    Blank,
    Days,
    Emails,
    Ids,
    Integers,
    IntegersOutside,
    Moments,
    NotBooleans,
    NotDays,
    NotEmails,
    NotMoments,
    NotPhones,
    NotTimes,
    Phones,
    RefusedFields,
    Repeatable,
    Texts,
    TextsAfter,
    TextsOutside,
    Times,
}

impl Helper {
    const fn snake(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Amounts => "amounts",
            Self::AmountsOutside => "amounts_outside",
            Self::Blank => "blank",
            Self::Days => "days",
            Self::Emails => "emails",
            Self::Ids => "ids",
            Self::Integers => "integers",
            Self::IntegersOutside => "integers_outside",
            Self::Moments => "moments",
            Self::NotBooleans => "not_booleans",
            Self::NotDays => "not_days",
            Self::NotEmails => "not_emails",
            Self::NotMoments => "not_moments",
            Self::NotPhones => "not_phones",
            Self::NotTimes => "not_times",
            Self::Phones => "phones",
            Self::RefusedFields => "refused_fields",
            Self::Repeatable => "repeatable",
            Self::Texts => "texts",
            Self::TextsAfter => "texts_after",
            Self::TextsOutside => "texts_outside",
            Self::Times => "times",
        }
    }

    /// Its name in the code.
    pub(super) fn name(self, language: Language) -> String {
        match language {
            Language::TypeScript => camel(self.snake()),
            Language::Python => self.snake().to_owned(),
        }
    }

    /// These, and those they are made from.
    pub(super) fn with_needs(mut helpers: BTreeSet<Self>) -> BTreeSet<Self> {
        let needs = [
            (Self::AmountsOutside, Self::Amounts),
            (Self::Amounts, Self::Integers),
            (Self::IntegersOutside, Self::Integers),
            (Self::TextsOutside, Self::Texts),
            (Self::TextsAfter, Self::Texts),
            (Self::NotDays, Self::Integers),
            (Self::NotMoments, Self::Integers),
            (Self::NotTimes, Self::Integers),
        ];
        for (helper, needed) in needs {
            if helpers.contains(&helper) {
                helpers.insert(needed);
            }
        }
        helpers
    }
}

impl Serialize for Helper {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.snake())
    }
}

/// What draws the values a field takes: `head(args…)tail`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Drawn {
    head: String,
    args: Vec<String>,
    tail: &'static str,
    #[serde(skip)]
    pub(super) helper: Option<Helper>,
}

/// What draws the values `field` takes.
pub(super) fn drawn(language: Language, surface: Surface, field: &Field) -> Drawn {
    let plain = |helper: Helper| (helper.name(language), Some(helper));
    let (head, helper) = match &field.kind {
        FieldKind::Enumeration { values } => {
            let head = match language {
                Language::TypeScript => "fc.constantFrom(",
                Language::Python => "choices(",
            };
            let args = values.iter().map(|value| language.text(value)).collect();
            return Drawn { head: head.to_owned(), args, tail: ")", helper: None };
        }
        FieldKind::Boolean => match language {
            Language::TypeScript => ("fc.boolean()".to_owned(), None),
            Language::Python => ("st.booleans()".to_owned(), None),
        },
        FieldKind::Text { min, max } => {
            let least = least(surface, field, *min);
            // A range need not be tried up to an end nobody reaches.
            let most = (*max).min(LONGEST_TRIED_TEXT.max(least));
            (call(language, Helper::Texts, &[least.to_string(), most.to_string()]), Some(Helper::Texts))
        }
        FieldKind::Integer { .. } | FieldKind::Decimal { .. } => {
            let (name, helper) = numbers(language, field, false);
            (name, Some(helper))
        }
        FieldKind::Date => plain(Helper::Days),
        FieldKind::DateTime => plain(Helper::Moments),
        FieldKind::Time => plain(Helper::Times),
        FieldKind::Email => plain(Helper::Emails),
        FieldKind::Phone => plain(Helper::Phones),
        FieldKind::Reference { .. } => plain(Helper::Ids),
    };
    Drawn { head, args: Vec::new(), tail: "", helper }
}

/// What draws the values within the field's limits, where the limits are short enough to stand in the test itself.
pub(super) fn inside(language: Language, surface: Surface, field: &Field) -> Option<(String, Helper)> {
    match &field.kind {
        FieldKind::Text { .. } | FieldKind::Integer { .. } | FieldKind::Decimal { .. } => {
            let Drawn { head, helper, .. } = drawn(language, surface, field);
            Some((head, helper?))
        }
        FieldKind::Reference { .. } => {
            let args = ["1".to_owned(), REFERENCE_LENGTH.to_string()];
            Some((call(language, Helper::Texts, &args), Helper::Texts))
        }
        _ => None,
    }
}

/// What draws values beyond the field's limits or of another form; `None` where these can't be tried.
pub(super) fn outside(language: Language, surface: Surface, field: &Field) -> Option<(String, Helper)> {
    let plain = |helper: Helper| Some((helper.name(language), helper));
    match &field.kind {
        FieldKind::Text { max, .. } if *max > LONGEST_TRIED_TEXT => None,
        FieldKind::Text { min, max } => {
            let args = [least(surface, field, *min).to_string(), max.to_string()];
            Some((call(language, Helper::TextsOutside, &args), Helper::TextsOutside))
        }
        FieldKind::Integer { min, max } | FieldKind::Decimal { min, max } => {
            let is_tried = |limit: &Option<i64>| limit.is_none_or(|limit| limit.abs() <= LARGEST_TRIED);
            (is_tried(min) && is_tried(max)).then(|| numbers(language, field, true))
        }
        FieldKind::Boolean => plain(Helper::NotBooleans),
        FieldKind::Date => plain(Helper::NotDays),
        FieldKind::DateTime => plain(Helper::NotMoments),
        FieldKind::Time => plain(Helper::NotTimes),
        FieldKind::Email => plain(Helper::NotEmails),
        FieldKind::Phone => plain(Helper::NotPhones),
        FieldKind::Enumeration { values } => {
            let mut start = String::from("?");
            while values.iter().any(|value| value.starts_with(&start)) {
                start.push('?');
            }
            Some((call(language, Helper::TextsAfter, &[language.text(&start)]), Helper::TextsAfter))
        }
        FieldKind::Reference { .. } => {
            let args = ["1".to_owned(), REFERENCE_LENGTH.to_string()];
            Some((call(language, Helper::TextsOutside, &args), Helper::TextsOutside))
        }
    }
}

/// Whether an empty text is refused where the field is required.
pub(super) fn blank_is_refused(surface: Surface, field: &Field, is_checked: bool) -> bool {
    match &field.kind {
        FieldKind::Text { min, .. } => least(surface, field, *min) > 0,
        FieldKind::Enumeration { values } => !values.iter().any(|value| value.trim().is_empty()),
        // A page offers existing records only; its model leaves it to the repository whether there is such a one.
        FieldKind::Reference { .. } => !(is_checked && surface == Surface::Browser),
        _ => true,
    }
}

/// The fewest characters that are taken: people can't leave a required field empty.
fn least(surface: Surface, field: &Field, min: u32) -> u32 {
    match surface {
        Surface::Http => min,
        Surface::Browser => min.max(u32::from(field.required)),
    }
}

/// `integers(1, 5)`, `amounts(0.5)` or what lies outside of these; an end that is not stated is left out.
fn numbers(language: Language, field: &Field, outside: bool) -> (String, Helper) {
    let (min, max, helper, write): (_, _, _, fn(i64) -> String) = match &field.kind {
        FieldKind::Decimal { min, max } if outside => (*min, *max, Helper::AmountsOutside, hundredths),
        FieldKind::Decimal { min, max } => (*min, *max, Helper::Amounts, hundredths),
        FieldKind::Integer { min, max } if outside => (*min, *max, Helper::IntegersOutside, |n| n.to_string()),
        FieldKind::Integer { min, max } => (*min, *max, Helper::Integers, |n| n.to_string()),
        _ => (None, None, Helper::Integers, |n| n.to_string()),
    };
    let (min, max) = if outside { (min, max) } else { tried(min, max) };
    let nothing = match language {
        Language::TypeScript => "undefined",
        Language::Python => "None",
    };
    let args = match (min, max) {
        (None, None) => Vec::new(),
        (Some(min), None) => vec![write(min)],
        (min, Some(max)) => vec![min.map_or_else(|| nothing.to_owned(), write), write(max)],
    };
    (call(language, helper, &args), helper)
}

/// The limits without those that are too far for any neighbour of theirs to be tried.
fn tried(min: Option<i64>, max: Option<i64>) -> (Option<i64>, Option<i64>) {
    match (min, max) {
        // Only the limit itself, as there may be no safe number beside it.
        (Some(min), _) if min > LARGEST_TRIED => (Some(min), Some(min)),
        (_, Some(max)) if max < -LARGEST_TRIED => (Some(max), Some(max)),
        (min, max) => (min.filter(|min| *min >= -LARGEST_TRIED), max.filter(|max| *max <= LARGEST_TRIED)),
    }
}

fn call(language: Language, helper: Helper, args: &[String]) -> String {
    format!("{}({})", helper.name(language), args.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Basis;

    fn field(kind: FieldKind, required: bool) -> Field {
        let basis = Basis::Default { reason: "of a test".into() };
        Field { name: "amount".into(), kind, required, unique: false, initial: None, basis }
    }

    #[test]
    fn generators_say_the_limits_of_the_field() {
        let of = |kind, required| {
            let field = field(kind, required);
            let all = |language, surface| {
                let inside = drawn(language, surface, &field);
                let outside = outside(language, surface, &field).map(|(outside, _)| outside);
                (inside.head, outside.unwrap_or_default())
            };
            [all(Language::TypeScript, Surface::Browser), all(Language::Python, Surface::Http)]
        };
        let both = |inside: &str, outside: &str| (inside.to_owned(), outside.to_owned());
        assert_eq!(
            of(FieldKind::Integer { min: Some(1), max: Some(5) }, true),
            [both("integers(1, 5)", "integersOutside(1, 5)"), both("integers(1, 5)", "integers_outside(1, 5)")]
        );
        assert_eq!(
            of(FieldKind::Decimal { min: None, max: Some(1250) }, true),
            [
                both("amounts(undefined, 12.5)", "amountsOutside(undefined, 12.5)"),
                both("amounts(None, 12.5)", "amounts_outside(None, 12.5)")
            ]
        );
        // A person can't leave a required text empty; a program may send one where the plan allows that.
        assert_eq!(
            of(FieldKind::Text { min: 0, max: 9 }, true),
            [both("texts(1, 9)", "textsOutside(1, 9)"), both("texts(0, 9)", "texts_outside(0, 9)")]
        );
        assert_eq!(of(FieldKind::Text { min: 0, max: 9_000_000 }, false)[0].1, "");
        assert_eq!(of(FieldKind::Integer { min: Some(i64::MAX / 2), max: None }, true)[0].1, "");
    }

    #[test]
    fn no_listed_value_is_drawn_as_one_that_is_refused() {
        let kind = FieldKind::Enumeration { values: vec!["?".into(), "??b".into(), "c".into()] };
        let (outside, _) = outside(Language::Python, Surface::Http, &field(kind, true)).unwrap();
        assert_eq!(outside, "texts_after(\"???\")");
    }

    #[test]
    fn what_a_generator_is_made_from_comes_with_it() {
        let all = Helper::with_needs(BTreeSet::from([Helper::AmountsOutside]));
        assert_eq!(all, BTreeSet::from([Helper::AmountsOutside, Helper::Amounts, Helper::Integers]));
    }
}
