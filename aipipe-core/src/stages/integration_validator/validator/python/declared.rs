//! Packages that are imported and not declared.
//!
//! What is undeclared for certain depends on what the whole project imports, so this is a rule of all files.

use super::super::findings::{Findings, Report};
use super::super::language::{LoadTime, Module, View};
use super::super::options::Origin;
use super::super::tree::ancestors;
use super::environment::{Standing, is_in};
use super::packages::Wanted;
use super::resolve::Resolved;
use super::role::{Role, is_test, role};
use super::summary::Import;
use super::{Python, check};
use crate::domain::{RepoPath, Rule, Severity};
use foldhash::HashSet;
use std::collections::BTreeMap;

/// Reports undeclared packages.
pub(super) fn check(view: &View<'_, Python>, imported: &[Wanted], out: &mut Findings<'_>) {
    let mut complete: BTreeMap<&str, bool> = BTreeMap::new();
    for (file, module) in view.modules {
        let Some(path) = view.shared.tree.path(*file) else { continue };
        if module.summary.has_own_dependencies {
            continue;
        }
        for (import, resolved) in module.summary.imports.iter().zip(&module.links.resolved) {
            let Resolved::Package { module: name, standing: Some(standing) } = resolved else { continue };
            if *standing == Standing::Declared || check::is_not_allowed(name, out.options()) {
                continue;
            }
            let folder = path.parent();
            // Where a list says what there may be, a name of it means that package.
            let listed = out.origin() == Origin::Generated && out.options().allowed_packages.is_some();
            let certain = *standing == Standing::Unlisted
                && (listed
                    || *complete.entry(folder).or_insert_with(|| view.environment.accounts_for_all(folder, imported)));
            let report = report(path, name, *standing, certain);
            let lenient = import.is_lenient(path)
                || out.origin() == Origin::Existing
                    && (import.when != LoadTime::AtLoad || !is_installed(path, module, view));
            let report = if lenient { report.at_most(Severity::Warning) } else { report };
            check::push(&module.summary, report, import.span, out);
        }
    }
}

fn report(path: &RepoPath, module: &str, standing: Standing, certain: bool) -> Report {
    let (message, severity) = match standing {
        Standing::Elsewhere => {
            (format!("{module} is imported, but only another project of the tree declares it"), Severity::Warning)
        }
        Standing::Along => (
            format!("{module} is imported, but no manifest declares it; it only comes along with another package"),
            Severity::Warning,
        ),
        Standing::Unlisted if certain => {
            (format!("{module} is imported, but no manifest declares it"), Severity::Error)
        }
        Standing::Unlisted | Standing::Declared => {
            (format!("{module} is imported, but no manifest declares a package of that name"), Severity::Warning)
        }
    };
    Report::new(Rule::UndeclaredDependency, path, message).severity(severity)
}

/// Whether a file runs where what the manifests declare is installed: it is one of tests; or of a package that lies where the
/// project's modules do; or it loads other modules of the project and lies in such a package's folders, or beside them. A
/// script that stands alone may run anywhere.
fn is_installed(path: &RepoPath, module: &Module<Python>, view: &View<'_, Python>) -> bool {
    let folder = path.parent();
    if is_test(path) && role(module) != Role::Material {
        return true;
    }
    let is_package = |folder: &&str| view.layout.is_package(folder);
    let mut around = ancestors(folder).skip_while(|folder| !is_package(folder));
    let loads_in = |folder: &str| {
        let mut targets = module.links.edges.iter().filter_map(|edge| view.shared.tree.path(edge.to));
        targets.any(|to| is_in(to.parent(), folder))
    };
    match around.next() {
        Some(package) => {
            let top = ancestors(package).take_while(is_package).last().unwrap_or(package);
            (package == folder || loads_in("")) && view.environment.is_root(above(top))
        }
        None => view.environment.is_root(above(folder)) && loads_in(folder),
    }
}

fn above(folder: &str) -> &str {
    folder.rsplit_once('/').map_or("", |(above, _)| above)
}

/// The packages that the project's code imports.
pub(super) fn imported(view: &View<'_, Python>) -> Vec<Wanted> {
    let code = view.modules.values().filter(|module| role(module) != Role::Material);
    let names: HashSet<&str> = code
        .flat_map(|module| module.summary.imports.iter().filter(|import| import.level == 0))
        .map(Import::top)
        .collect();
    names.into_iter().map(Wanted::new).collect()
}
