//! Units of what a field holds: "an area in square metres", "a preparation time in minutes".

use super::words::{Gap, Word};

/// What kind of number a unit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Whole ones: minutes, days, pieces.
    Counted,
    /// Parts of ones as well: metres, kilograms, euros.
    Measured,
    /// Below nothing as well: degrees.
    Signed,
}

const COUNTED: &[&str] = &[
    "seconds", "minutes", "hours", "days", "weeks", "months", "years", "pieces", "people", "persons", "pixels",
    "bytes", "points", "calories",
];

const MEASURED: &[&str] = &[
    "metres",
    "meters",
    "m",
    "centimetres",
    "centimeters",
    "cm",
    "millimetres",
    "millimeters",
    "mm",
    "kilometres",
    "kilometers",
    "km",
    "miles",
    "feet",
    "inches",
    "yards",
    "hectares",
    "acres",
    "grams",
    "g",
    "kilograms",
    "kilos",
    "kg",
    "tonnes",
    "tons",
    "ounces",
    "litres",
    "liters",
    "millilitres",
    "milliliters",
    "ml",
    "gallons",
    "percent",
    "euros",
    "euro",
    "eur",
    "dollars",
    "usd",
    "pounds",
    "gbp",
    "francs",
    "chf",
    "cents",
    "watts",
    "kilowatts",
    "kw",
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

const SIGNED: &[&str] = &["degrees", "celsius", "fahrenheit", "kelvin"];

/// The unit that "in …" at `i` gives, and how many words that are.
pub(super) fn at(words: &[Word<'_>], i: usize) -> Option<(Unit, usize)> {
    let word = |k: usize| words.get(i + k).filter(|w| w.gap <= Gap::Space && !w.opens).map(|w| w.lower.as_str());
    if word(0)? != "in" {
        return None;
    }
    let first = if matches!(word(1)?, "square" | "cubic" | "full" | "whole") { 2 } else { 1 };
    let name = word(first)?;
    let unit = if COUNTED.contains(&name) {
        Unit::Counted
    } else if MEASURED.contains(&name) {
        Unit::Measured
    } else if SIGNED.contains(&name) {
        Unit::Signed
    } else {
        return None;
    };
    let scale = word(first + 1).is_some_and(|next| name == "degrees" && SIGNED.contains(&next));
    Some((unit, first + 1 + usize::from(scale)))
}
