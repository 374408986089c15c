//! Where a specifier leads: to a file of the tree, to a package, to nothing.

use super::super::language::{Edge, Links, LoadTime, View};
use super::super::tree::{FileId, join};
use super::JavaScript;
use super::builtins::is_node_builtin;
use super::certainty::may_be_built;
use super::environment::{Environment, LockVerdict, Mapped};
use super::lookup::{Files, Lookup};
use super::summary::{Form, Request, Summary};
use crate::domain::RepoPath;
use foldhash::HashSet;
use std::collections::BTreeSet;

/// What a specifier, or a text that may be one, stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Resolved {
    /// A file, found as written.
    File(FileId),
    /// A file whose path differs in case; the specifier that would lead there.
    WrongCase { there: String, specifier: Option<String> },
    /// Nothing; where it should be.
    Missing { path: String, doubt: Doubt },
    /// A place outside the project.
    Outside,
    /// A package, by its name.
    Package { name: String, standing: Standing },
    /// A path alias that nothing explains.
    UnknownAlias,
    /// Something that another tool provides, or of which nothing can be told.
    Opaque,
    /// A file that a text names; no import.
    Mentioned(FileId),
    /// All files below a folder, which a pattern names.
    Folder(String),
    /// A package that a text names; no import.
    Names(String),
    /// The file itself is run or read from outside.
    Entry,
}

/// Why a file that is missing here may be there when it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Doubt {
    None,
    /// Git ignores it.
    Ignored,
    /// It lies where builds write.
    Built,
    /// A wildcard declaration gives it a type.
    Shimmed,
    /// The alias is a build tool's, read without running it.
    Alias,
    /// The manifest says which files stand for others.
    Replaced,
    /// A script copies it, or who asks for it.
    Copied,
    /// It lies in a submodule of which nothing is here.
    Submodule,
}

/// What the manifests say of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Standing {
    Declared,
    /// The tree has it itself.
    Own,
    /// Only its types are declared.
    TypesOnly(LockVerdict),
    /// Another manifest of the tree declares it.
    Elsewhere,
    /// None does; what the lock says.
    Undeclared(LockVerdict),
}

/// Files that are no text, so a set of source files need not have them.
const BINARY: &[&str] = &[
    ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".ico", ".bmp", ".woff", ".woff2", ".ttf", ".otf", ".eot",
    ".mp3", ".mp4", ".webm", ".ogg", ".wav", ".pdf", ".wasm", ".node", ".zip", ".glb", ".gltf",
];

/// Looks up everything a file asks for.
pub(super) fn link(path: &RepoPath, summary: &Summary, view: &View<'_, JavaScript>) -> Links<Resolved> {
    let mut resolver = Resolver {
        files: Files::new(&view.shared.tree, summary.format.is_typescript),
        environment: view.environment,
        ignored: &view.shared.ignored,
        folder: path.parent(),
        path,
        is_typescript: summary.format.is_typescript,
    };
    let mut links = Links::default();
    let uses = Uses::of(summary);
    let of_exports = summary.exports.iter().filter_map(|export| match export.origin {
        super::summary::Origin::There { request, .. } => Some(request),
        _ => None,
    });
    let passing: HashSet<usize> = summary.stars.iter().map(|star| star.request).chain(of_exports).collect();
    for (number, request) in summary.requests.iter().enumerate() {
        let resolved = resolver.request(request);
        if let Resolved::File(to) = resolved {
            let passes_on = passing.contains(&number);
            links.edges.push(Edge {
                to,
                span: request.span,
                when: uses.load_time(summary, number, request),
                passes_on,
            });
            if let Some(described) = view.shared.tree.path(to).and_then(description_of)
                && let Lookup::Found(beside) = resolver.files.file_at(&described)
            {
                links.edges.push(Edge { to: beside, span: request.span, when: LoadTime::Never, passes_on });
            }
        }
        links.resolved.push(resolved);
    }
    let configures = super::walk::is_configuration(path);
    for mention in summary.mentions.iter().filter(|mention| !configures || !mention.contains('*')) {
        if let Some(resolved) = resolver.mention(mention) {
            links.resolved.push(resolved);
        }
    }
    let names = summary.mentions.iter().filter_map(|text| package_name(text));
    let declared: BTreeSet<&str> = names.filter(|name| view.environment.declared_anywhere.contains(*name)).collect();
    links.resolved.extend(declared.into_iter().map(|name| Resolved::Names(name.to_owned())));
    if super::entries::is_entry(path, view.environment) || view.environment.mentions(path) {
        links.resolved.push(Resolved::Entry);
    }
    links.watched = resolver.files.watched;
    links
}

/// Where the types of a component may be described, beside it: `Button.d.ts` for `Button.vue`.
pub(super) fn description_of(component: &RepoPath) -> Option<String> {
    component.as_str().strip_suffix(".vue").map(|stem| format!("{stem}.d.ts"))
}

/// What becomes of a file's requests when TypeScript leaves out what is used as a type only.
#[derive(Debug)]
pub(super) struct Uses(Vec<Use>);

#[derive(Debug, Clone, Copy, Default)]
struct Use {
    names: bool,
    needed: bool,
    passed_on: bool,
}

impl Uses {
    pub(super) fn of(summary: &Summary) -> Self {
        let mut uses = vec![Use::default(); summary.requests.len()];
        for import in &summary.imports {
            if let Some(used) = uses.get_mut(import.request) {
                used.names = true;
                used.needed |= !import.type_only && import.value_use.is_some();
            }
        }
        let stars = summary.stars.iter().filter(|star| !star.type_only).map(|star| star.request);
        let exports = summary.exports.iter().filter_map(|export| match export.origin {
            super::summary::Origin::There { request, type_only: false, .. } => Some(request),
            _ => None,
        });
        for number in stars.chain(exports) {
            if let Some(used) = uses.get_mut(number) {
                used.passed_on = true;
            }
        }
        Self(uses)
    }

    /// When an import really happens.
    pub(super) fn load_time(&self, summary: &Summary, number: usize, request: &Request) -> LoadTime {
        let used = self.0.get(number).copied().unwrap_or_default();
        let is_plain = request.form == Form::Static && request.when == LoadTime::AtLoad;
        let kept = summary.format.is_vue || used.needed || used.passed_on || !used.names;
        if is_plain && summary.format.is_typescript && !kept { LoadTime::Elided } else { request.when }
    }
}

struct Resolver<'v> {
    files: Files<'v>,
    environment: &'v Environment,
    ignored: &'v super::super::ignored::IgnoreRules,
    folder: &'v str,
    path: &'v RepoPath,
    is_typescript: bool,
}

impl Resolver<'_> {
    fn request(&mut self, request: &Request) -> Resolved {
        let full = request.specifier.as_str();
        // A template's holes may stand for anything.
        if full.is_empty() || full.contains(['\0', '\n']) || ["<%", "{{", "{%"].iter().any(|hole| full.contains(hole)) {
            return Resolved::Opaque;
        }
        // Loaders of webpack stand before the path: `raw-loader!./a.txt`.
        let specifier = full.rsplit('!').next().unwrap_or(full);
        if specifier.is_empty() || full.contains('!') && !full.starts_with('!') && !is_relative(specifier) {
            return Resolved::Opaque;
        }
        let bare_path = specifier.split(['?', '#']).next().unwrap_or(specifier);
        let types_only = request.form == Form::TypeOnly;
        if is_relative(specifier) {
            let Some(path) = join(self.folder, bare_path) else { return Resolved::Outside };
            let mut found = self.files.file_at(&path);
            if bare_path != specifier
                && matches!(found, Lookup::Missing | Lookup::WrongCase(_))
                && let Some(path) = join(self.folder, specifier)
            {
                found = self.files.file_at(&path);
            }
            if self.is_typescript && matches!(found, Lookup::Missing) {
                found = self.described_at(&path);
            }
            return self.resolved(found, path, specifier);
        }
        if specifier.starts_with('/') {
            return Resolved::Opaque;
        }
        if request.form == Form::Markup {
            let path = join(self.folder, bare_path).unwrap_or_default();
            return match self.files.file_at(&path) {
                Lookup::Found(file) => Resolved::File(file),
                _ => Resolved::Opaque,
            };
        }
        if specifier.starts_with('#') {
            return match self.mapped(specifier) {
                Some(mapped) => mapped,
                // TypeScript's configuration may give such names a meaning as well.
                None => match self.bare(specifier.split('?').next().unwrap_or(specifier), types_only) {
                    Resolved::Opaque => self.unmapped(specifier),
                    aliased => aliased,
                },
            };
        }
        self.bare(bare_path, types_only)
    }

    /// The declaration, or the source of another kind, to which the compiler lets an import lead that says `.ts`.
    fn described_at(&mut self, path: &str) -> Lookup {
        let others = [(".ts", ".tsx"), (".ts", ".d.ts"), (".mts", ".d.mts"), (".cts", ".d.cts")];
        for (ending, other) in others {
            if let Some(stem) = path.strip_suffix(ending)
                && let found @ Lookup::Found(_) = self.files.file_at(&format!("{stem}{other}"))
            {
                return found;
            }
        }
        Lookup::Missing
    }

    fn resolved(&mut self, lookup: Lookup, path: String, specifier: &str) -> Resolved {
        match lookup {
            Lookup::Found(file) => Resolved::File(file),
            Lookup::Package => Resolved::Opaque,
            Lookup::WrongCase(there) => {
                let specifier = recased(specifier, &path, &there);
                Resolved::WrongCase { there, specifier }
            }
            Lookup::Missing => self.missing(path, specifier),
        }
    }

    fn missing(&mut self, path: String, specifier: &str) -> Resolved {
        let asset = specifier.split(['?', '#']).next().unwrap_or(specifier).to_ascii_lowercase();
        let unknowable = BINARY.iter().any(|ending| asset.ends_with(ending))
            // Written by a framework's own compiler before anything is checked.
            || specifier.contains("/+types/")
            || specifier.ends_with("/$types");
        if unknowable {
            return Resolved::Opaque;
        }
        for (root, place) in self.environment.merged_with(&path) {
            match self.files.file_at(&place) {
                Lookup::Found(file) => return Resolved::File(file),
                // In a folder that begins with a dot a framework keeps types alone, under names of its own (see above).
                _ if !self.files.has_folder(&root) && !root.split('/').any(|part| part.starts_with('.')) => {
                    return Resolved::Opaque;
                }
                _ => {}
            }
        }
        let doubt = if self.environment.covers_asset(&asset) {
            Doubt::Shimmed
        } else if self.ignored.covers(&path)
            || self.files.sources().iter().any(|ending| self.ignored.covers(&format!("{path}{ending}")))
            || [".js", ".jsx", ".mjs"].iter().any(|ending| self.ignored.names_file(&format!("{path}{ending}")))
        {
            Doubt::Ignored
        } else if self.lies_in_missing_submodule(&path) {
            Doubt::Submodule
        } else if self.environment.is_copied(self.path, &path) {
            Doubt::Copied
        } else if self.environment.replaces_files(self.folder) {
            Doubt::Replaced
        } else if may_be_built(&path) || self.lies_in_missing_output(&path) {
            Doubt::Built
        } else {
            Doubt::None
        };
        Resolved::Missing { path, doubt }
    }

    fn lies_in_missing_submodule(&mut self, path: &str) -> bool {
        let place = self.environment.submodule_of(path);
        place.is_some_and(|place| !self.files.has_folder(place))
    }

    /// `../lib/x` where the package has no folder `lib`: its own build, which its tests import.
    fn lies_in_missing_output(&mut self, path: &str) -> bool {
        let Some((package, _)) = self.environment.manifests_above(self.folder).next() else { return false };
        let inside = path.strip_prefix(package).unwrap_or(path).trim_start_matches('/');
        let name = inside.split('/').next().unwrap_or_default();
        let folder = join(package, name).unwrap_or_default();
        matches!(name, "lib" | "es" | "esm" | "cjs" | "umd" | "types" | "release" | "compiled")
            && !self.files.has_folder(&folder)
    }

    /// A specifier that manifests of the tree map (`exports`, `imports`). What a package gives away is often its build, so
    /// that nothing may be there.
    fn mapped(&mut self, specifier: &str) -> Option<Resolved> {
        let Mapped { types, code } = self.environment.mapped(self.folder, specifier);
        let mut found = |path: Option<String>| match self.files.file_at(&path?) {
            Lookup::Found(file) => Some(file),
            _ => None,
        };
        let (types, code) = (found(types), found(code));
        match (types, code) {
            (Some(types), _) if self.is_typescript || code == Some(types) => Some(Resolved::File(types)),
            (_, Some(code)) if types.is_some() || !self.is_typescript => Some(Resolved::File(code)),
            // Of code whose types are built, and of types whose code is, the names are not certain.
            (types, code) => types.or(code).map(Resolved::Mentioned),
        }
    }

    /// A specifier of the package's own (`imports`) that leads to no file.
    fn unmapped(&mut self, specifier: &str) -> Resolved {
        match self.environment.mapped(self.folder, specifier) {
            Mapped { types: Some(types), code: Some(code) } if types == code => self.missing(code, specifier),
            _ => Resolved::Opaque,
        }
    }

    fn bare(&mut self, specifier: &str, types_only: bool) -> Resolved {
        let of_meteor = self.environment.is_meteor && specifier.starts_with("meteor/");
        let of_docusaurus = OF_DOCUSAURUS.iter().any(|scope| specifier.starts_with(scope))
            && self.environment.uses(self.folder, &["@docusaurus/core"]);
        let of_next =
            matches!(specifier, "server-only" | "client-only") && self.environment.uses(self.folder, &["next"]);
        if specifier.contains(':') || is_node_builtin(specifier) || of_meteor || of_docusaurus || of_next {
            return Resolved::Opaque;
        }
        if self.environment.is_ambient(specifier) {
            return self.described(specifier);
        }
        let mut missed: Option<(Lookup, String, Option<&super::environment::Alias>)> = None;
        let environment = self.environment;
        let folder = self.folder;
        let name = package_name(specifier);
        let declared = name.is_some_and(|name| self.environment.uses(folder, &[name]));
        for (alias, matched) in environment.aliases(folder, specifier) {
            for target in &alias.targets {
                let Some(path) = join("", &target.replacen('*', matched, 1)) else { continue };
                match self.files.file_at(&path) {
                    // The compiler, and other builds of the project, find the package and not what one build puts there.
                    Lookup::Found(file) if alias.from_tool && declared => return Resolved::Mentioned(file),
                    Lookup::Found(file) => return Resolved::File(file),
                    Lookup::Package => return Resolved::Opaque,
                    _ if alias.takes_everything() => {}
                    found => {
                        missed = missed.or(Some((found, path, Some(alias))));
                    }
                }
            }
        }
        for base in environment.base_urls(folder) {
            let Some(path) = join(base, specifier) else { continue };
            match self.files.file_at(&path) {
                // The compiler adds neither of these endings, and no file means itself.
                Lookup::Found(file) if self.is_script_of_node(file) => {}
                Lookup::Found(file) => return Resolved::File(file),
                Lookup::Package => return Resolved::Opaque,
                found => {
                    let first = specifier.split('/').next().unwrap_or_default();
                    let is_folder = join(base, first).is_some_and(|first| self.files.has_folder(&first));
                    if (is_folder || matches!(found, Lookup::WrongCase(_))) && !declared {
                        missed = missed.or(Some((found, path, None)));
                    }
                }
            }
        }
        for module_folder in environment.module_folders(folder) {
            if let Some(Lookup::Found(file)) = join(&module_folder, specifier).map(|path| self.files.file_at(&path)) {
                return Resolved::File(file);
            }
        }
        if environment.covers_asset(specifier) && !matches!(missed, Some((Lookup::WrongCase(_), ..))) {
            return Resolved::Opaque;
        }
        let Some(name) = name else {
            return match missed {
                Some(missed) => self.missed(missed, specifier, false),
                None if environment.may_have_alias(folder, specifier) => Resolved::Opaque,
                None if environment.manifests_above(folder).next().is_none() => Resolved::Opaque,
                None if specifier.starts_with("@/") || specifier.starts_with("~/") => Resolved::UnknownAlias,
                None => Resolved::Opaque,
            };
        };
        // Style sheets that a tool writes: `uno.css`, `virtual.css`.
        if !specifier.contains('/') && [".css", ".scss", ".less"].iter().any(|ending| name.ends_with(ending)) {
            return Resolved::Opaque;
        }
        if environment.own_packages.contains_key(name) {
            let linked = environment.is_linked(folder, name).then(|| self.mapped(specifier)).flatten();
            return linked.unwrap_or(Resolved::Package { name: name.to_owned(), standing: Standing::Own });
        }
        if declared {
            return Resolved::Package { name: name.to_owned(), standing: Standing::Declared };
        }
        if let Some(missed) = missed {
            return self.missed(missed, specifier, true);
        }
        if self.lies_without_manifest(name) {
            return Resolved::Package { name: name.to_owned(), standing: Standing::Own };
        }
        let Some((manifest_folder, _)) = environment.manifests_above(folder).next() else { return Resolved::Opaque };
        // No new package may have a capital in its name: a map or a tool of the project must know it.
        let is_mapped = name.chars().any(char::is_uppercase);
        if is_mapped || environment.may_have_alias(folder, specifier) || is_given(name, specifier) {
            return Resolved::Opaque;
        }
        // A folder of the project that goes by the package's name: an alias must lead there that can't be read off.
        let roots = [manifest_folder.to_owned(), from(manifest_folder, "src")];
        for root in roots.into_iter().filter(|_| specifier.contains('/')) {
            if let Lookup::Found(file) = self.files.file_at(&from(&root, specifier)) {
                return Resolved::Mentioned(file);
            }
        }
        let types = format!("@types/{}", name.trim_start_matches('@').replacen('/', "__", 1));
        let standing = match (environment.uses(folder, &[&types]), types_only) {
            (true, true) => Standing::Declared,
            (true, false) => Standing::TypesOnly(environment.locked(manifest_folder, name)),
            (false, _) if environment.declared_anywhere.contains(name) => Standing::Elsewhere,
            (false, _) => Standing::Undeclared(environment.locked(manifest_folder, name)),
        };
        Resolved::Package { name: name.to_owned(), standing }
    }

    /// Whether a file is one of those whose ending is always written out.
    fn is_script_of_node(&self, file: FileId) -> bool {
        let path = self.files.tree.path(file);
        path.is_none_or(|path| path == self.path || matches!(path.extension(), Some("mjs" | "cjs")))
    }

    /// A module that a declaration describes. A package among those must still be there to run.
    fn described(&self, specifier: &str) -> Resolved {
        let environment = self.environment;
        let taken_out =
            package_name(specifier).filter(|name| !environment.uses(self.folder, &[*name])).and_then(|name| {
                let (manifest, _) = environment.manifests_above(self.folder).next()?;
                (environment.locked(manifest, name) == LockVerdict::Direct).then_some(name)
            });
        match taken_out {
            Some(name) => {
                Resolved::Package { name: name.to_owned(), standing: Standing::Undeclared(LockVerdict::Direct) }
            }
            None => Resolved::Opaque,
        }
    }

    /// `@scope/name` where the project has a folder `packages/name`: a package whose manifest its release writes.
    fn lies_without_manifest(&mut self, name: &str) -> bool {
        let Some((_, package)) = name.strip_prefix('@').and_then(|name| name.split_once('/')) else { return false };
        let above = self.environment.manifests_above(self.folder).map(|(folder, _)| from(folder, "packages"));
        let places: Vec<String> = above.map(|packages| from(&packages, package)).collect();
        places.iter().any(|place| self.files.has_folder(place))
    }

    /// An alias or a base folder that fits, but leads to nothing.
    fn missed(
        &mut self,
        (found, path, alias): (Lookup, String, Option<&super::environment::Alias>),
        specifier: &str,
        may_be_package: bool,
    ) -> Resolved {
        let mut resolved = self.resolved(found, path, specifier);
        if let (Resolved::Missing { doubt, .. }, Some(alias)) = (&mut resolved, alias) {
            let target = alias.targets.first().map_or("", String::as_str);
            let root = target.split('*').next().unwrap_or_default().trim_end_matches('/');
            let is_there = self.files.has_folder(root) || self.files.tree.file(root).is_some();
            // A tool's alias may stand for a package's file: `vue` for `vue/dist/vue.esm.js`.
            if *doubt == Doubt::None && !is_there && (alias.from_tool || may_be_package) {
                *doubt = Doubt::Alias;
            }
        }
        resolved
    }

    /// What a text stands for, if it is the path of a file or names a folder of them.
    fn mention(&mut self, text: &str) -> Option<Resolved> {
        let bases: Vec<String> = std::iter::once(self.folder.to_owned())
            .chain(self.environment.manifests_above(self.folder).map(|(folder, _)| folder.to_owned()))
            .collect();
        mentioned(&bases, text, |path| match self.files.file_at(path) {
            // Who names a folder need not mean its index.
            Lookup::Found(file) => {
                let there = self.files.tree.path(file)?.as_str();
                (!there.get(path.len()..).is_some_and(|rest| rest.starts_with("/index."))).then_some(file)
            }
            _ => None,
        })
        .or_else(|| {
            if text.contains('*') || is_relative(text) {
                return None;
            }
            match self.bare(text, false) {
                Resolved::File(file) => Some(Resolved::Mentioned(file)),
                _ => None,
            }
        })
    }
}

/// What a text stands for when paths count from any of the folders.
fn mentioned(bases: &[String], text: &str, mut file_at: impl FnMut(&str) -> Option<FileId>) -> Option<Resolved> {
    let text = text.split(['?', '#']).next().unwrap_or(text).trim_start_matches("<rootDir>");
    let text = text.strip_prefix('/').unwrap_or(text);
    if let Some((fixed, _)) = text.split_once('*') {
        let (folder, _) = fixed.rsplit_once('/')?;
        let folder = bases.first().and_then(|base| join(base, folder))?;
        return Some(Resolved::Folder(folder));
    }
    let places = bases.iter().filter_map(|base| join(base, text)).filter(|place| !place.is_empty());
    places.map(|place| file_at(&place)).find_map(|file| file).map(Resolved::Mentioned)
}

fn from(folder: &str, relative: &str) -> String {
    if folder.is_empty() { relative.to_owned() } else { format!("{folder}/{relative}") }
}

fn is_relative(specifier: &str) -> bool {
    specifier == "." || specifier == ".." || specifier.starts_with("./") || specifier.starts_with("../")
}

/// The specifier with the case of the path that is there, where both end alike but for case.
fn recased(specifier: &str, path: &str, there: &str) -> Option<String> {
    let stem = there.get(..path.len()).filter(|stem| stem.eq_ignore_ascii_case(path))?;
    let tail: usize = specifier.bytes().rev().zip(path.bytes().rev()).take_while(|(one, other)| one == other).count();
    let at = specifier.len().checked_sub(tail)?;
    let head = specifier.get(..at)?;
    let split = path.len().checked_sub(tail)?;
    // What lies before the specifier must be right already.
    if stem.get(..split) != path.get(..split) {
        return None;
    }
    let new = stem.get(split..)?;
    Some(format!("{head}{new}"))
}

/// What Docusaurus looks for in the project first and in its themes then.
const OF_DOCUSAURUS: [&str; 4] = ["@theme/", "@theme-original/", "@theme-init/", "@generated/"];

/// Packages that a tool's own packages bring along under their scope.
fn is_given(name: &str, specifier: &str) -> bool {
    const SCOPES: [&str; 8] =
        ["@site/", "@theme/", "@theme-original/", "@generated/", "@docusaurus/", "@app/", "@@/", "@astrojs/"];
    matches!(name, "vscode" | "electron" | "bun" | "astro" | "deno")
        || SCOPES.iter().any(|scope| {
            specifier.starts_with(scope) && matches!(*scope, "@site/" | "@theme/" | "@theme-original/" | "@generated/")
        })
}

/// The package a specifier names, or `None` when no package can be called that.
pub(super) fn package_name(specifier: &str) -> Option<&str> {
    let is_name = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '_', '~', '$'])
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~'))
    };
    let mut slashes = specifier.match_indices('/').map(|(at, _)| at);
    let end = if specifier.starts_with('@') { slashes.nth(1) } else { slashes.next() };
    let name = specifier.get(..end.unwrap_or(specifier.len()))?;
    let valid = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, package)| is_name(scope) && is_name(package)),
        None => is_name(name),
    };
    valid.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_names_are_told_from_aliases() {
        let names = [
            ("react", Some("react")),
            ("react-dom/client", Some("react-dom")),
            ("@vue/test-utils", Some("@vue/test-utils")),
            ("@scope/name/deep/path.js", Some("@scope/name")),
            ("@/App", None),
            ("~/x", None),
            ("$lib/x", None),
            ("", None),
            ("@scope", None),
        ];
        for (specifier, name) in names {
            assert_eq!(package_name(specifier), name, "{specifier}");
        }
    }

    #[test]
    fn a_specifier_gets_the_case_of_the_path() {
        assert_eq!(recased("./button", "src/button", "src/Button.tsx").as_deref(), Some("./Button"));
        assert_eq!(recased("@/Parts/a", "src/Parts/a", "src/parts/a.ts").as_deref(), Some("@/parts/a"));
        assert_eq!(recased("../x", "X/x", "x/X/index.ts").as_deref(), None);
    }
}
