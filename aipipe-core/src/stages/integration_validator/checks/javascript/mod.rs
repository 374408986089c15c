//! JavaScript, TypeScript and Vue: what a file asks for and offers.

mod lexer;
mod markup;
mod module;
mod vue;

#[cfg(test)]
mod tests;

pub(super) use module::{Declaration, Export, Form, Module, Reference};

use crate::domain::{RepoPath, TextSpan};

/// Whether the file holds JavaScript, TypeScript or a Vue component.
pub(super) fn is_module(path: &RepoPath) -> bool {
    matches!(path.extension(), Some("ts" | "tsx" | "mts" | "cts" | "js" | "jsx" | "mjs" | "cjs" | "vue"))
}

/// Reads a file's module, or the modules of a component as one.
pub(super) fn read(path: &RepoPath, content: &str) -> Module {
    match path.extension() {
        Some("vue") => read_component(content),
        Some("ts" | "mts" | "cts") => module::read(content, 0, false),
        _ => module::read(content, 0, true),
    }
}

fn read_component(content: &str) -> Module {
    let mut all = Module::default();
    for script in vue::scripts(content) {
        let markup = script.attribute("lang").is_none_or(|language| !matches!(language, "ts" | "typescript"));
        let mut one = module::read(script.text, script.offset, markup);
        if let Some(source) = script.attribute("src") {
            let span = TextSpan { start: script.offset, end: script.offset };
            all.references.push(Reference { specifier: source.to_owned(), span, form: Form::Import });
        }
        all.references.append(&mut one.references);
        all.ambient.append(&mut one.ambient);
        all.comments.append(&mut one.comments);
    }
    all
}
