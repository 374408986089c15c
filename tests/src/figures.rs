//! What tests measure, beside the figures of the benches.

use std::io;

/// Appends a count to the workspace's list, such as `record("bad_input.cases", 24, "cases")`.
///
/// # Errors
/// Those of [`aipipe_benches::figures::record`].
pub fn record(name: &str, value: impl Into<serde_json::Number>, unit: &str) -> io::Result<()> {
    let number = value.into().as_f64().unwrap_or(f64::NAN);
    aipipe_benches::figures::record(name, number, unit)
}
