//! `strategy:` of a job: a matrix of plain values.

use super::expression::{Variant, is_name};
use super::yaml::{Fields, Node, invalid, unsupported};
use aipipe_core::Result;

/// GitHub's own limit.
const MAX_VARIANTS: usize = 256;

/// The variants of a job.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Matrix {
    /// Whether the failure of one ends the others.
    pub(super) fail_fast: bool,
    /// Every combination of values; the last variable changes first.
    pub(super) variants: Vec<Variant>,
}

/// Reads `strategy` of the job at `place`; `None` when it has no matrix.
pub(super) fn read(node: Option<Node>, place: &str) -> Result<Option<Matrix>> {
    let Some(node) = node else { return Ok(None) };
    let place = format!("strategy of {place}");
    let mut fields = Fields::of(node, place.clone())?;
    let fail_fast = match fields.take("fail-fast") {
        None => true,
        Some(Node::Bool(value)) => value,
        Some(Node::Text(text)) if text.contains("${{") => {
            return Err(unsupported(format!("expression for fail-fast in {place}")));
        }
        Some(other) => {
            return Err(invalid(format!("fail-fast in {place} must be true or false, not {}", other.kind())));
        }
    };
    // Variants run one after the other here, which keeps any limit.
    match fields.take("max-parallel") {
        None => {}
        Some(Node::Integer(most)) if most > 0 => {}
        Some(_) => return Err(unsupported(format!("max-parallel in {place}"))),
    }
    let matrix = fields.take("matrix");
    fields.finish(&[])?;
    let Some(matrix) = matrix else { return Ok(None) };
    if matches!(&matrix, Node::Text(text) if text.contains("${{")) {
        return Err(unsupported(format!("expression for the matrix in {place}")));
    }
    let mut variants = vec![Variant::new()];
    let entries = Fields::of(matrix, format!("matrix in {place}"))?.rest();
    if entries.is_empty() {
        return Err(invalid(format!("the matrix in {place} is empty")));
    }
    for (variable, values) in entries {
        if matches!(variable.as_str(), "include" | "exclude") {
            return Err(unsupported(format!("{variable} in the matrix in {place}")));
        }
        if !is_name(&variable) {
            return Err(invalid(format!("{variable:?} in the matrix in {place} is no variable's name")));
        }
        let values = texts(values, &variable, &place)?;
        if values.is_empty() || variants.len().saturating_mul(values.len()) > MAX_VARIANTS {
            return Err(invalid(format!("the matrix in {place} must make 1 to {MAX_VARIANTS} variants")));
        }
        variants = variants
            .iter()
            .flat_map(|variant| {
                let variable = &variable;
                values.iter().map(move |value| {
                    let mut longer = variant.clone();
                    longer.push((variable.clone(), value.clone()));
                    longer
                })
            })
            .collect();
    }
    Ok(Some(Matrix { fail_fast, variants }))
}

fn texts(values: Node, variable: &str, place: &str) -> Result<Vec<String>> {
    let Node::List(values) = values else {
        return Err(unsupported(format!("{variable} in the matrix in {place} that is no list")));
    };
    let text = |value: &Node| {
        let text = value.scalar().filter(|text| *value != Node::Null && !text.contains("${{"));
        text.ok_or_else(|| unsupported(format!("a value of {variable} in the matrix in {place} that is not plain")))
    };
    values.iter().map(text).collect()
}
