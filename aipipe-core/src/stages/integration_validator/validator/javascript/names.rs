//! What a module exports, through any number of re-exports, and who uses it.

use super::super::language::View;
use super::super::tree::FileId;
use super::JavaScript;
use super::resolve::{Resolved, Standing};
use super::summary::{Meaning, Origin, Star, Taken};
use foldhash::HashSet;
use std::collections::BTreeSet;

/// What is known of a name of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It is exported.
    Exported(Meaning),
    /// It is not exported, for certain.
    Missing,
    /// It can't be told.
    Unknown,
}

const BOTH: Meaning = Meaning { value: true, kind: true };

/// Looks a name up; `default` is the default export.
pub(super) fn look_up<'n>(view: &View<'n, JavaScript>, file: FileId, name: &'n str) -> Known {
    let mut open: Vec<(FileId, &str, bool)> = vec![(file, name, false)];
    let mut seen: HashSet<(FileId, &str)> = HashSet::default();
    let mut unknown = false;
    // A name that an export list states is there, even when its origin can't be found: that is the list's own error.
    let mut stated = false;
    while let Some((file, name, types_only)) = open.pop() {
        if !seen.insert((file, name)) {
            continue;
        }
        let Some(module) = view.module(file).filter(|module| module.summary.format.is_read) else {
            unknown = true;
            continue;
        };
        let summary = &module.summary;
        if let Some(export) = summary.exports.iter().find(|export| export.name == name) {
            let limited = |meaning: Meaning| Meaning { value: meaning.value && !types_only, ..meaning };
            match &export.origin {
                Origin::Here(meaning) => return Known::Exported(limited(*meaning)),
                Origin::There { request, taken, type_only } => {
                    stated = true;
                    let types_only = types_only || *type_only;
                    match (module.links.resolved.get(*request), taken) {
                        (_, Taken::Namespace) => {
                            return Known::Exported(Meaning { value: !types_only, kind: true });
                        }
                        (Some(Resolved::File(to)), Taken::Name(name)) => open.push((*to, name, types_only)),
                        (Some(Resolved::File(to)), Taken::Default) => open.push((*to, "default", types_only)),
                        _ if types_only => return Known::Exported(Meaning { value: false, kind: true }),
                        _ => return Known::Exported(BOTH),
                    }
                }
            }
            continue;
        }
        let format = summary.format;
        // Scripts that export nothing in a way that can be seen may still do it in one that can't.
        let opaque = format.assigns_exports || (!format.is_module && !format.is_typescript && !format.is_vue);
        // What a declaration file without a default describes may be CommonJS, which gives one.
        let may_be_common = format.is_declaration && (name == "default" || !format.is_module);
        if opaque || may_be_common || (format.has_documented_types && !format.is_typescript) {
            unknown = true;
        }
        // VitePress gives `data`, which it loads, to who imports a loader.
        if name == "data" && view.shared.tree.path(file).is_some_and(|path| path.file_name().contains(".data.")) {
            unknown = true;
        }
        if name == "default" {
            continue;
        }
        for star in &summary.stars {
            match module.links.resolved.get(star.request) {
                Some(Resolved::File(to)) => open.push((*to, name, types_only || star.type_only)),
                _ => match package_exports(view, file, star) {
                    Some(names) if names.contains(name) => return Known::Exported(BOTH),
                    Some(_) => {}
                    None => unknown = true,
                },
            }
        }
    }
    match (stated, unknown) {
        (true, _) => Known::Exported(BOTH),
        (false, true) => Known::Unknown,
        (false, false) if view.environment.augmented.contains(name) => Known::Unknown,
        (false, false) => Known::Missing,
    }
}

/// What a package exports that a module passes on whole, where that is known.
fn package_exports(view: &View<'_, JavaScript>, file: FileId, star: &Star) -> Option<&'static BTreeSet<String>> {
    let module = view.module(file)?;
    let Some(Resolved::Package { name, standing: Standing::Declared }) = module.links.resolved.get(star.request) else {
        return None;
    };
    // A path inside a package is another module.
    let is_whole = module.summary.requests.get(star.request).is_some_and(|request| request.specifier == *name);
    is_whole.then(|| view.environment.exports_of(view.shared.tree.path(file)?.parent(), name)).flatten()
}

/// All names of a module; the second value says whether there may be more.
pub(super) fn all(view: &View<'_, JavaScript>, file: FileId) -> (BTreeSet<String>, bool) {
    let mut names = BTreeSet::new();
    let mut open = vec![file];
    let mut seen = HashSet::default();
    let mut more = false;
    while let Some(at) = open.pop() {
        if !seen.insert(at) {
            continue;
        }
        let Some(module) = view.module(at).filter(|module| module.summary.format.is_read) else {
            more = true;
            continue;
        };
        let summary = &module.summary;
        let exports = summary.exports.iter().filter(|export| at == file || export.name != "default");
        names.extend(exports.map(|export| export.name.clone()));
        more |= summary.format.assigns_exports || (!summary.format.is_module && !summary.format.is_typescript);
        for star in &summary.stars {
            match module.links.resolved.get(star.request) {
                Some(Resolved::File(to)) => open.push(*to),
                _ => match package_exports(view, at, star) {
                    Some(of_package) => names.extend(of_package.iter().cloned()),
                    None => more = true,
                },
            }
        }
    }
    (names, more)
}

/// The exports that somebody uses.
#[derive(Debug, Default)]
pub(super) struct Uses<'v> {
    names: HashSet<(FileId, &'v str)>,
    wholes: HashSet<FileId>,
    open: Vec<(FileId, Option<&'v str>)>,
}

impl<'v> Uses<'v> {
    pub(super) fn name(&mut self, file: FileId, name: &'v str) {
        if self.names.insert((file, name)) {
            self.open.push((file, Some(name)));
        }
    }

    pub(super) fn whole(&mut self, file: FileId) {
        if self.wholes.insert(file) {
            self.open.push((file, None));
        }
    }

    pub(super) fn contains(&self, file: FileId, name: &str) -> bool {
        self.wholes.contains(&file) || self.names.contains(&(file, name))
    }

    /// Follows re-exports to where the names come from.
    pub(super) fn follow(&mut self, view: &View<'v, JavaScript>) {
        while let Some((file, name)) = self.open.pop() {
            let Some(module) = view.module(file) else { continue };
            let mut stated = false;
            for export in &module.summary.exports {
                if name.is_some_and(|name| name != export.name) {
                    continue;
                }
                stated |= name.is_some();
                let Origin::There { request, taken, .. } = &export.origin else { continue };
                let Some(Resolved::File(to)) = module.links.resolved.get(*request) else { continue };
                match taken {
                    Taken::Name(name) => self.name(*to, name),
                    Taken::Default => self.name(*to, "default"),
                    Taken::Namespace => self.whole(*to),
                }
            }
            if stated {
                continue;
            }
            for star in &module.summary.stars {
                let Some(Resolved::File(to)) = module.links.resolved.get(star.request) else { continue };
                match name {
                    Some(name) => self.name(*to, name),
                    None => self.whole(*to),
                }
            }
        }
    }
}
