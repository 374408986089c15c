//! Python: what a file imports and defines, and whether the imports of the project's own modules lead anywhere.

mod lexer;
mod module;
mod project;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) use module::Import;
pub(super) use module::{Module, read};
pub(super) use project::PythonProject;

use super::{Findings, SourceFile};

/// Reports functions and classes at the top level that replace one nothing has used.
pub(super) fn check_definitions(file: SourceFile<'_>, module: &Module, out: &mut Findings) {
    let mut decorated = std::collections::BTreeSet::new();
    for definition in &module.definitions {
        if definition.decorated {
            decorated.insert(definition.name.as_str());
        }
        let certain = definition.repeated && !definition.used_since && !decorated.contains(definition.name.as_str());
        // `_` is the name for what nobody calls by name.
        if certain && definition.name != "_" {
            let message = format!("{} is defined a second time; the first is lost", definition.name);
            out.add("duplicate-declaration", file.path, Some(definition.span), &message);
        }
    }
}
