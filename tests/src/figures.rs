//! What tests and benches measured, one JSON object a line in `figures.jsonl` of the target folder.

use std::env::var_os;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The folder cargo builds into: `CARGO_TARGET_DIR`, or `target` at the root of the workspace.
#[must_use]
pub fn target_folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    root.join(var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from))
}

/// Appends a figure, such as `record("bad_input.cases", 24, "cases")`.
///
/// Several processes may do so at once: a line is written in one piece.
///
/// # Errors
/// When the file can't be written.
pub fn record(name: &str, value: impl Into<serde_json::Number>, unit: &str) -> io::Result<()> {
    let folder = target_folder();
    std::fs::create_dir_all(&folder)?;
    append(&folder.join("figures.jsonl"), name, value.into(), unit)
}

fn append(file: &Path, name: &str, value: serde_json::Number, unit: &str) -> io::Result<()> {
    let line = format!("{}\n", serde_json::json!({"name": name, "value": value, "unit": unit}));
    OpenOptions::new().append(true).create(true).open(file)?.write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_lines_of_json_one_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("figures.jsonl");
        append(&file, "a.b", 3.into(), "things").unwrap();
        append(&file, "c", 4.into(), "\"quoted\"").unwrap();
        let lines: Vec<serde_json::Value> =
            std::fs::read_to_string(&file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0], serde_json::json!({"name": "a.b", "value": 3, "unit": "things"}));
        assert_eq!(lines[1]["unit"], "\"quoted\"");
        assert_eq!(lines.len(), 2);
    }
}
