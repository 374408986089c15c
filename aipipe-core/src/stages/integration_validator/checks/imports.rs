//! Whether the imports of JavaScript, TypeScript and Vue files lead to files and declared packages.

use super::javascript::{Declaration, Export, Form, Module, Reference};
use super::node_project::{Bare, NodeProject};
use super::tree::{Lookup, Tree, join};
use super::{Findings, SourceFile};
use std::collections::BTreeMap;

/// Endings an import may leave out.
const ENDINGS: [&str; 14] = [
    ".ts", ".tsx", ".d.ts", ".mts", ".cts", ".d.mts", ".d.cts", ".js", ".jsx", ".mjs", ".cjs", ".json", ".vue", ".node",
];

/// What a compiler writes, and what it is written from.
const COMPILED: [(&str, &[&str]); 4] = [
    (".js", &[".ts", ".tsx", ".d.ts", ".jsx"]),
    (".jsx", &[".tsx"]),
    (".mjs", &[".mts", ".d.mts"]),
    (".cjs", &[".cts", ".d.cts"]),
];

/// Files that are no text, so a set of source files need not have them.
const BINARY: [&str; 22] = [
    ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".ico", ".bmp", ".woff", ".woff2", ".ttf", ".otf", ".eot",
    ".mp3", ".mp4", ".webm", ".ogg", ".wav", ".pdf", ".wasm", ".node", ".zip",
];

/// Reports every import of `file` that leads nowhere.
pub(super) fn check(file: SourceFile<'_>, module: &Module, tree: &Tree<'_>, project: &NodeProject, out: &mut Findings) {
    for reference in &module.references {
        let specifier = reference.specifier.as_str();
        if is_relative(specifier) {
            relative(file, reference, tree, project, out);
        } else if !specifier.starts_with('/') {
            bare(file, reference, tree, project, out);
        }
    }
}

fn is_relative(specifier: &str) -> bool {
    specifier == "." || specifier == ".." || specifier.starts_with("./") || specifier.starts_with("../")
}

fn relative(file: SourceFile<'_>, reference: &Reference, tree: &Tree<'_>, project: &NodeProject, out: &mut Findings) {
    let full = reference.specifier.as_str();
    // Bundlers take `?raw` and the like behind the path.
    let bare_path = full.split(['?', '#']).next().unwrap_or(full);
    let at = Some(reference.span);
    let Some(path) = join(file.path.parent(), bare_path) else {
        return out.add("import-outside-project", file.path, at, &format!("{full:?} leads out of the project"));
    };
    let lookup = match file_at(tree, &path) {
        // A folder import ends in a slash or in dots; a file of the folder's name is not meant then.
        Lookup::Missing if full != bare_path => {
            join(file.path.parent(), full).map_or(Lookup::Missing, |p| file_at(tree, &p))
        }
        found => found,
    };
    match lookup {
        Lookup::Found(_) => {}
        Lookup::WrongCase(there) => {
            out.add("wrong-case", file.path, at, &format!("{full:?} differs in case from the file {there}"));
        }
        Lookup::Missing => missing(file, reference, &path, project, out),
    }
}

/// Reports an import whose file is not there, as far as it can be told that it should be.
fn missing(file: SourceFile<'_>, reference: &Reference, path: &str, project: &NodeProject, out: &mut Findings) {
    let full = reference.specifier.as_str();
    let asset = full.split(['?', '#']).next().unwrap_or(full).to_ascii_lowercase();
    let at = Some(reference.span);
    let unknowable = BINARY.iter().any(|ending| asset.ends_with(ending))
        // Written by a framework's own compiler before anything is checked.
        || full.contains("/+types/")
        || full.ends_with("/$types");
    if unknowable {
        return;
    }
    if project.covers_asset(&asset) {
        let message = format!("{full:?} leads to no file, though a wildcard module gives it a type");
        return out.warn("unknown-import", file.path, at, &message);
    }
    if out.is_ignored_by_git(path) {
        let message = format!("{full:?} leads to {path}, which git ignores: whether it is there can't be told");
        return out.warn("unknown-import", file.path, at, &message);
    }
    let message = format!("{full:?} leads to no file (looked for {path})");
    // Declaration files are often written by tools and rarely checked (`skipLibCheck`).
    if file.path.file_name().ends_with(".d.ts") {
        return out.warn("unresolved-import", file.path, at, &message);
    }
    out.add("unresolved-import", file.path, at, &message);
}

/// The file a path without its ending, or a folder's path, stands for.
pub(super) fn file_at<'a>(tree: &Tree<'a>, path: &str) -> Lookup<'a> {
    let mut candidates = vec![path.to_owned()];
    for (written, sources) in COMPILED {
        if let Some(stem) = path.strip_suffix(written) {
            candidates.extend(sources.iter().map(|source| format!("{stem}{source}")));
        }
    }
    candidates.extend(ENDINGS.iter().map(|ending| format!("{path}{ending}")));
    // `./data.json.d.ts` and `./data.d.json.ts` both describe `./data.json`.
    if let Some((stem, ending)) = path.rsplit_once('.').filter(|(_, ending)| !ending.contains('/')) {
        candidates.push(format!("{stem}.d.{ending}.ts"));
    }
    let folder = if path.is_empty() { String::new() } else { format!("{path}/") };
    candidates.extend(ENDINGS.iter().map(|ending| format!("{folder}index{ending}")));
    match tree.first_file(candidates.iter().map(String::as_str)) {
        // A folder with a manifest says itself what stands for it.
        Lookup::Missing if tree.has_file(&format!("{folder}package.json")) => Lookup::Found(""),
        found => found,
    }
}

fn bare(file: SourceFile<'_>, reference: &Reference, tree: &Tree<'_>, project: &NodeProject, out: &mut Findings) {
    let specifier = reference.specifier.as_str();
    let name = specifier.split(['?']).next().unwrap_or(specifier);
    let at = Some(reference.span);
    match project.bare(tree, file.path.parent(), name, reference.form == Form::TypeOnly) {
        Bare::Known => {}
        Bare::Alias(Lookup::WrongCase(there), _) => {
            out.add("wrong-case", file.path, at, &format!("{specifier:?} differs in case from the file {there}"));
        }
        Bare::Alias(_, path) => missing(file, reference, &path, project, out),
        Bare::Undeclared(package) => {
            let message = format!("{package} is imported, but no package.json above the file declares it");
            out.add("undeclared-dependency", file.path, at, &message);
        }
        Bare::DeclaredElsewhere(package) => {
            let message = format!("{package} is imported, but only another package of the project declares it");
            out.warn("undeclared-dependency", file.path, at, &message);
        }
        Bare::TypesOnly(package) => {
            let message = format!("{package} is imported as code, but only its types are declared");
            out.warn("undeclared-dependency", file.path, at, &message);
        }
        Bare::UnknownAlias => {
            let message = format!("{specifier:?} looks like a path alias, but no configuration declares one");
            out.add("unresolved-import", file.path, at, &message);
        }
    }
}

/// Reports names that a module certainly exports twice.
pub(super) fn check_exports(file: SourceFile<'_>, module: &Module, out: &mut Findings) {
    // Ambient declarations merge by rules of their own.
    if file.path.file_name().contains(".d.") || file.path.extension() == Some("vue") {
        return;
    }
    let mut seen: BTreeMap<&str, Vec<&Export>> = BTreeMap::new();
    for export in &module.exports {
        let earlier = seen.entry(export.name.as_str()).or_default();
        if earlier.iter().any(|other| clash(other.declaration, export.declaration)) {
            let message = format!("{} is exported more than once", export.name);
            out.add("duplicate-export", file.path, Some(export.span), &message);
        }
        // One of each kind is enough to compare with.
        if !earlier.iter().any(|other| other.declaration == export.declaration) {
            earlier.push(export);
        }
    }
}

/// Whether two declarations can't share a name; a type and a value can, and so can what TypeScript merges.
fn clash(one: Declaration, other: Declaration) -> bool {
    use Declaration::{Class, Constant, Default, Listed, TypeAlias};
    matches!(
        (one, other),
        (Constant | Class, Constant | Class)
            | (TypeAlias, TypeAlias | Class)
            | (Class, TypeAlias)
            | (Listed, Listed)
            | (Default, Default)
    )
}
