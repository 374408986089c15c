//! Path aliases of TypeScript configurations and build tools.

use super::tree::join;
use serde_json::Value;

/// A pattern of specifiers and the paths it stands for, valid below a folder.
#[derive(Debug, Clone)]
pub(super) struct Alias {
    pub(super) below: String,
    /// The configuration file that states it.
    pub(super) source: String,
    pub(super) prefix: String,
    pub(super) suffix: String,
    pub(super) is_pattern: bool,
    /// Targets with `*` where the matched part goes, relative to the root.
    pub(super) targets: Vec<String>,
}

impl Alias {
    /// The part of the specifier that the alias' `*` stands for.
    pub(super) fn matched<'s>(&self, folder: &str, specifier: &'s str) -> Option<&'s str> {
        if !is_below(folder, &self.below) {
            return None;
        }
        if !self.is_pattern {
            return (specifier == self.prefix).then_some("");
        }
        specifier.strip_prefix(self.prefix.as_str())?.strip_suffix(self.suffix.as_str())
    }
}

/// That a folder's configuration builds on the one in the file `base`.
#[derive(Debug)]
pub(super) struct Extends {
    pub(super) folder: String,
    pub(super) base: String,
}

pub(super) fn extended_by(folder: &str, configuration: &Value) -> Vec<Extends> {
    let bases: Vec<&str> = match configuration.get("extends") {
        Some(Value::String(base)) => vec![base],
        Some(Value::Array(bases)) => bases.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let relative = bases.into_iter().filter(|base| base.starts_with('.')).filter_map(|base| join(folder, base));
    let with_extension = |base: String| if base.ends_with(".json") { base } else { format!("{base}.json") };
    relative.map(|base| Extends { folder: folder.to_owned(), base: with_extension(base) }).collect()
}

pub(super) fn is_below(folder: &str, above: &str) -> bool {
    above.is_empty() || folder.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
