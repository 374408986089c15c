//! How values and calls are written in the two languages.

use super::literals::{json_string, python_string};
use crate::stacks::Language;
use crate::stacks::naming::{camel, pascal};

impl Language {
    /// A string literal.
    pub(super) fn text(self, text: &str) -> String {
        match self {
            Self::TypeScript => json_string(text),
            Self::Python => python_string(text),
        }
    }

    pub(super) fn boolean(self, value: bool) -> String {
        match (self, value) {
            (Self::TypeScript, true) => "true",
            (Self::TypeScript, false) => "false",
            (Self::Python, true) => "True",
            (Self::Python, false) => "False",
        }
        .to_owned()
    }

    /// A text of `count` times the same character.
    pub(super) fn repeated(self, c: char, count: u32) -> String {
        match self {
            _ if count <= 3 => self.text(&String::from(c).repeat(count as usize)),
            Self::TypeScript => format!("\"{c}\".repeat({count})"),
            Self::Python => format!("\"{c}\" * {count}"),
        }
    }

    /// `{before}{n}{after}` as an expression.
    pub(super) fn around_number(self, before: &str, after: &str) -> String {
        match self {
            Self::TypeScript => format!("`{before}${{n}}{after}`"),
            Self::Python => format!("f\"{before}{{n}}{after}\""),
        }
    }

    /// A text that holds the counter and is within the limits.
    pub(super) fn numbered_text(self, words: &str, min: u32, max: u32) -> String {
        let digits = 9;
        let room = u32::try_from(words.len()).unwrap_or(u32::MAX).saturating_add(1 + digits);
        if max < room {
            let width = max.min(digits);
            let modulus = 10_u64.pow(width);
            return match self {
                Self::TypeScript => format!("String(n % {modulus}).padStart({}, \"0\")", min.max(1)),
                Self::Python => format!("str(n % {modulus}).zfill({})", min.max(1)),
            };
        }
        let text = self.around_number(&format!("{words} "), "");
        match self {
            _ if min <= 2 => text,
            Self::TypeScript => format!("{text}.padEnd({min}, \"x\")"),
            Self::Python => format!("{text}.ljust({min}, \"x\")"),
        }
    }

    pub(super) fn is_even(self, number: &str) -> String {
        match self {
            Self::TypeScript => format!("{number} % 2 === 0"),
            Self::Python => format!("{number} % 2 == 0"),
        }
    }

    /// The day that is a number of days after the beginning of 2030.
    pub(super) fn date_after(self, days: &str) -> String {
        match self {
            Self::TypeScript => format!("new Date(Date.UTC(2030, 0, 1 + {days})).toISOString().slice(0, 10)"),
            Self::Python => format!("(date(2030, 1, 1) + timedelta(days={days})).isoformat()"),
        }
    }

    /// The moment that is a number of minutes after the beginning of 2030.
    pub(super) fn moment_after(self, minutes: &str) -> String {
        match self {
            Self::TypeScript => {
                format!("new Date(Date.UTC(2030, 0, 1, 0, {minutes})).toISOString().replace(\".000Z\", \"Z\")")
            }
            Self::Python => {
                format!("(datetime(2030, 1, 1) + timedelta(minutes={minutes})).isoformat() + \"Z\"")
            }
        }
    }

    /// The time of day that is a number of minutes after midnight.
    pub(super) fn time_after(self, minutes: &str) -> String {
        match self {
            Self::TypeScript => format!("new Date(Date.UTC(2030, 0, 1, 0, {minutes})).toISOString().slice(11, 16)"),
            Self::Python => {
                format!("(datetime(2030, 1, 1) + timedelta(minutes={minutes})).strftime(\"%H:%M\")")
            }
        }
    }

    pub(super) fn phone(self) -> String {
        match self {
            Self::TypeScript => "`+1 202 555 ${String(n % 10000).padStart(4, \"0\")}`".to_owned(),
            Self::Python => "f\"+1 202 555 {n % 10000:04d}\"".to_owned(),
        }
    }

    /// One of the values, by the counter.
    pub(super) fn one_of(self, values: &[String]) -> String {
        let list = values.iter().map(|value| self.text(value)).collect::<Vec<_>>().join(", ");
        match self {
            Self::TypeScript => format!("[{list}].at(n % {})", values.len()),
            Self::Python => format!("[{list}][n % {}]", values.len()),
        }
    }

    /// The name of the test function that makes a record of `entity`.
    pub(super) fn create_fixture(self, entity: &str) -> String {
        match self {
            Self::TypeScript => format!("create{}", pascal(entity)),
            Self::Python => format!("create_{entity}"),
        }
    }

    /// The name of the test function that gives a valid body for a record of `entity`.
    pub(super) fn body_fixture(self, entity: &str) -> String {
        match self {
            Self::TypeScript => format!("{}Body", camel(entity)),
            Self::Python => format!("{entity}_body"),
        }
    }
}
