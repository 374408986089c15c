//! Units of what a field holds: "an area in square metres", "a preparation time in minutes", "at most 5000 grams".

use super::words::{Gap, Word};

/// What kind of number a unit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Whole ones: minutes, days, pieces.
    Counted,
    /// Parts of ones as well: metres, kilograms, euros.
    Measured,
    /// Below nothing as well: degrees.
    Signed,
}

/// A unit; two names of one unit are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) numbers: Numbers,
    name: &'static str,
}

/// The names of each unit.
const COUNTED: &[&str] = &[
    "seconds",
    "minutes",
    "hours",
    "days",
    "weeks",
    "months",
    "years",
    "pieces",
    "people persons",
    "pixels",
    "bytes",
    "points",
    "calories",
];

const MEASURED: &[&str] = &[
    "metres meters m",
    "centimetres centimeters cm",
    "millimetres millimeters mm",
    "kilometres kilometers km",
    "miles",
    "feet",
    "inches",
    "yards",
    "hectares",
    "acres",
    "grams g",
    "kilograms kilos kg",
    "tonnes tons",
    "ounces",
    "litres liters",
    "millilitres milliliters ml",
    "gallons",
    "percent percentage",
    "euros euro eur",
    "dollars usd",
    "pounds gbp",
    "francs chf",
    "cents",
    "watts",
    "kilowatts kw",
    "kwh",
    "volts",
    "amperes",
    "kilobytes",
    "megabytes",
    "gigabytes",
    "lux",
    "bar",
    "hertz",
];

const SIGNED: &[&str] = &["degrees celsius", "fahrenheit", "kelvin"];

impl Unit {
    /// The unit of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let kinds = [(COUNTED, Numbers::Counted), (MEASURED, Numbers::Measured), (SIGNED, Numbers::Signed)];
        kinds.into_iter().find_map(|(units, numbers)| {
            let unit = units.iter().find(|names| names.split(' ').any(|known| known == name))?;
            Some(Self { numbers, name: unit })
        })
    }
}

/// The unit that "in …" at `i` gives, and how many words that are.
pub(super) fn at(words: &[Word<'_>], i: usize) -> Option<(Unit, usize)> {
    let word = |k: usize| words.get(i + k).filter(|w| w.gap <= Gap::Space && !w.opens).map(|w| w.lower.as_str());
    if word(0)? != "in" {
        return None;
    }
    let first = if matches!(word(1)?, "square" | "cubic" | "full" | "whole") { 2 } else { 1 };
    let name = word(first)?;
    let unit = Unit::named(name)?;
    let scale =
        word(first + 1).is_some_and(|next| name == "degrees" && matches!(next, "celsius" | "fahrenheit" | "kelvin"));
    Some((unit, first + 1 + usize::from(scale)))
}
