//! What tests measure, for the table at the end of a full run.

use std::io::Write as _;
use std::path::Path;

/// Appends a figure to `target/figures.jsonl`.
///
/// # Errors
/// When the file can't be written.
pub fn record(name: &str, value: f64, unit: &str) -> std::io::Result<()> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    std::fs::create_dir_all(&target)?;
    let line = serde_json::json!({"name": name, "value": value, "unit": unit});
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(target.join("figures.jsonl"))?;
    // One write, so that lines of tests that run side by side don't mix.
    file.write_all(format!("{line}\n").as_bytes())
}
