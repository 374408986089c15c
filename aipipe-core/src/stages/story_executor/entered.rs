//! The values of a limits check as a person meets them on a page.

use super::literals::json_string as quoted;
use super::samples::Boundary;
use crate::domain::{Field, FieldKind};
use serde::Serialize;

/// The values a limits check of a page tries, as expressions of TypeScript.
#[derive(Debug, Default, Clone, Serialize)]
pub(super) struct Entered {
    /// Values of the field that are taken; of a field with choices all that are offered, as text.
    pub(super) accepted: Vec<String>,
    /// Texts that can be entered and are refused.
    pub(super) refused: Vec<String>,
    /// Values that no person can enter, so that only the validation itself can be seen refusing them.
    pub(super) invalid: Vec<String>,
}

/// What of `boundary` a person can enter into the input of `field`, and what only programs could send.
pub(super) fn entered(field: &Field, is_chosen: bool, boundary: Boundary) -> Entered {
    let Boundary { accepted, refused } = boundary;
    match &field.kind {
        FieldKind::Reference { .. } if is_chosen => Entered::default(),
        FieldKind::Boolean => Entered {
            accepted: accepted.iter().map(|value| quoted(value)).collect(),
            refused: Vec::new(),
            invalid: refused,
        },
        // The inputs for these offer or hold valid values only.
        FieldKind::Enumeration { .. } | FieldKind::Date | FieldKind::DateTime | FieldKind::Time => {
            Entered { accepted, refused: Vec::new(), invalid: refused }
        }
        FieldKind::Integer { .. } | FieldKind::Decimal { .. } => {
            let refused =
                refused.iter().map(|value| if value.starts_with('"') { value.clone() } else { quoted(value) });
            Entered { accepted, refused: refused.collect(), invalid: Vec::new() }
        }
        _ => {
            let (refused, invalid) = refused.into_iter().partition(|value: &String| value.starts_with('"'));
            let mut refused: Vec<String> = refused;
            // An empty input stands for no value, which an optional field takes.
            if !field.required {
                refused.retain(|value| value != "\"\"");
            }
            Entered { accepted, refused, invalid }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Basis;
    use crate::stacks::Language;

    fn of(kind: FieldKind, required: bool) -> Entered {
        let basis = Basis::Default { reason: "of a test".into() };
        let field = Field { name: "amount".into(), kind, required, unique: false, initial: None, basis };
        entered(&field, true, super::super::samples::boundary(Language::TypeScript, &field, true))
    }

    #[test]
    fn people_enter_text_whatever_the_field_holds() {
        let number = of(FieldKind::Integer { min: Some(1), max: None }, true);
        assert_eq!(
            (number.accepted, number.refused),
            (vec!["1".to_owned()], ["\"0\"", "\"1.5\"", "\"many\""].map(str::to_owned).to_vec())
        );
        let text = of(FieldKind::Text { min: 1, max: 2 }, false);
        assert_eq!(text.refused, ["\"xxx\""]);
        assert_eq!(of(FieldKind::Text { min: 1, max: 2 }, true).refused, ["\"xxx\"", "\"\""]);
    }

    #[test]
    fn what_cannot_be_entered_is_left_to_the_validation() {
        let date = of(FieldKind::Date, true);
        assert!(date.refused.is_empty() && date.invalid.len() == 2);
        let flag = of(FieldKind::Boolean, true);
        assert_eq!(
            (flag.accepted.as_slice(), flag.invalid.as_slice()),
            (["\"true\"", "\"false\""].map(str::to_owned).as_slice(), ["\"perhaps\"".to_owned()].as_slice())
        );
        let reference = of(FieldKind::Reference { entity: "book".into() }, true);
        assert!(reference.accepted.is_empty() && reference.refused.is_empty() && reference.invalid.is_empty());
    }
}
