//! The list of figures: one JSON object a line, `{"name", "value", "unit"}`, in `target/figures.jsonl`.
//!
//! Lines are only appended, each in one write, so test processes may record side by side. A later line of a name
//! stands in for the earlier ones.

use serde_json::{Number, Value, json};
use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Something that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name, parts separated by dots: `engine.steps_per_second.sequential`.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// The value's unit; `1` for a count or a ratio.
    pub unit: String,
}

/// Appends a figure to the workspace's list.
///
/// # Errors
/// Those of the file system; `InvalidInput` for an empty name and for a value that is infinite or no number.
pub fn record(name: &str, value: f64, unit: &str) -> io::Result<()> {
    append(&path()?, name, value, unit)
}

/// The figures of the workspace's list: the last of each name, in the order in which the names first came up.
///
/// # Errors
/// Those of the file system, but no list is an empty one; `InvalidData` when a line is no figure.
pub fn latest() -> io::Result<Vec<Figure>> {
    read(&path()?)
}

/// The figures as a table for people.
#[must_use]
pub fn table(figures: &[Figure]) -> String {
    let width = figures.iter().map(|figure| figure.name.chars().count()).max().unwrap_or(0);
    figures.iter().fold(String::new(), |text, figure| {
        let Figure { name, value, unit } = figure;
        let unit = if unit == "1" { "" } else { unit };
        format!("{text}{}\n", format!("{name:width$}  {:>14}  {unit}", shown(*value)).trim_end())
    })
}

/// Where the workspace's list lies: in cargo's target folder.
///
/// # Errors
/// `NotFound` when this crate was built outside the workspace.
pub fn path() -> io::Result<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the workspace has no folder"))?;
    // A relative folder counts from where cargo was started; that is the workspace, while tests run in their crate.
    let target = std::env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty());
    Ok(workspace.join(target.map_or_else(|| PathBuf::from("target"), PathBuf::from)).join("figures.jsonl"))
}

fn append(path: &Path, name: &str, value: f64, unit: &str) -> io::Result<()> {
    let refuse = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{why}: {name} = {value}")));
    if name.is_empty() {
        return refuse("a figure needs a name");
    }
    let Some(value) = number(value) else { return refuse("a figure needs a finite value") };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let line = format!("{}\n", json!({ "name": name, "value": value, "unit": unit }));
    OpenOptions::new().create(true).append(true).open(path)?.write_all(line.as_bytes())
}

/// A whole number where the value is one, so that counts read as counts.
fn number(value: f64) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        return format!("{value:.0}").parse::<i64>().ok().map(Number::from);
    }
    Number::from_f64(value)
}

fn shown(value: f64) -> String {
    match value.abs() {
        _ if value.fract() == 0.0 => format!("{value:.0}"),
        100.0.. => format!("{value:.0}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

fn read(path: &Path) -> io::Result<Vec<Figure>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut figures: Vec<Figure> = Vec::new();
    let mut places = HashMap::new();
    for (line, number) in text.lines().zip(1..) {
        let figure = figure(line).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{}:{number}: no figure", path.display()))
        })?;
        let place = *places.entry(figure.name.clone()).or_insert(figures.len());
        match figures.get_mut(place) {
            Some(earlier) => *earlier = figure,
            None => figures.push(figure),
        }
    }
    Ok(figures)
}

fn figure(line: &str) -> Option<Figure> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |field| value.get(field).and_then(Value::as_str).map(str::to_owned);
    Some(Figure { name: text("name")?, value: value.get("value")?.as_f64()?, unit: text("unit")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_line_replaces_an_earlier_one_of_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("target/figures.jsonl");
        assert_eq!(read(&path).unwrap(), []);
        for (name, value, unit) in [("a.count", 3.0, "1"), ("b.speed", 812.5, "1/s"), ("a.count", 4.0, "1")] {
            append(&path, name, value, unit).unwrap();
        }
        let lines = std::fs::read_to_string(&path).unwrap();
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(first, json!({"name": "a.count", "value": 3, "unit": "1"}));
        let figures = read(&path).unwrap();
        let values: Vec<_> = figures.iter().map(|figure| (figure.name.as_str(), figure.value)).collect();
        assert_eq!(values, [("a.count", 4.0), ("b.speed", 812.5)]);
        assert_eq!(table(&figures), "a.count               4\nb.speed             812  1/s\n");
    }

    #[test]
    fn what_is_no_figure_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("figures.jsonl");
        for (name, value) in [("", 1.0), ("a", f64::NAN), ("a", f64::INFINITY)] {
            assert_eq!(append(&path, name, value, "1").unwrap_err().kind(), io::ErrorKind::InvalidInput, "{name}");
        }
        assert!(!path.exists());
        std::fs::write(&path, "{\"name\":\"a\",\"value\":1,\"unit\":\"1\"}\n{\"name\":\"a\"\n").unwrap();
        let error = read(&path).unwrap_err();
        assert!(error.to_string().ends_with("figures.jsonl:2: no figure"), "{error}");
    }
}
