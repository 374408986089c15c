//! Python, read by ruff's parser.
//!
//! - [`read`] parses a file, [`walk`] collects its [`summary`] with the help of [`scopes`].
//! - [`layout`] is where modules lie, [`environment`] what each [`manifest`] declares and what is [`compiled`], [`packages`]
//!   what is known of packages.
//! - [`resolve`] finds where imports lead, [`names`] what modules have.
//! - [`role`] is what a file is to the project, with [`entries`] for where programs start.
//! - [`check`] has the rules of one file; [`declared`] and [`unused`] those of all files.

mod check;
mod compiled;
mod declared;
mod entries;
mod environment;
mod layout;
mod lint;
mod manifest;
mod names;
mod packages;
mod quiet;
mod read;
mod resolve;
mod role;
mod scopes;
mod summary;
mod unused;
mod walk;

pub(super) use read::is_too_deep;

use super::findings::Findings;
use super::language::{Exports, Language, Links, Modules, Presence, Shared, View};
use super::tree::FileId;
use super::{cycles, unread};
use crate::domain::RepoPath;
use environment::Environment;
use layout::Layout;
use resolve::Resolved;
use summary::Summary;

/// The language.
#[derive(Debug)]
pub(super) struct Python;

impl Language for Python {
    type Summary = Summary;
    type Environment = Environment;
    type Layout = Layout;
    type Resolved = Resolved;

    fn is_source(path: &RepoPath) -> bool {
        unread::is_python(path)
    }

    fn is_configuration(path: &RepoPath) -> bool {
        manifest::is_manifest(path)
            || manifest::is_lock(path)
            || compiled::is_build_file(path)
            || lint::is_configuration(path)
    }

    fn summarize(path: &RepoPath, text: &str) -> Summary {
        read::read(path, text)
    }

    fn unread(why: &str) -> Summary {
        read::not_checked(why)
    }

    fn same_interface(one: &Summary, other: &Summary) -> bool {
        one.is_read == other.is_read && one.names == other.names
    }

    /// Manifests and locks do, whether they are Python or not, and what adds to the builtin names or to other modules.
    fn shapes_environment(path: &RepoPath, summary: &Summary) -> bool {
        !summary.installs.is_empty() || !summary.attached.is_empty() || environment::declares_builtins(path)
    }

    fn place(layout: &mut Layout, path: &RepoPath, presence: Presence) -> Vec<String> {
        layout.place(path, presence)
    }

    fn environment(shared: &Shared, modules: &Modules<Self>) -> Environment {
        Environment::new(shared, modules)
    }

    fn link(path: &RepoPath, summary: &Summary, view: &View<'_, Self>) -> Links<Resolved> {
        resolve::link(path, summary, view)
    }

    fn check(file: FileId, view: &View<'_, Self>, out: &mut Findings<'_>) {
        check::check(file, view, out);
    }

    fn check_project(view: &View<'_, Self>, out: &mut Findings<'_>) {
        let imported = declared::imported(view);
        cycles::check(view, out);
        declared::check(view, &imported, out);
        unused::check(view, &imported, out);
        role::doubt(view, out);
    }

    fn exports(file: FileId, view: &View<'_, Self>) -> Exports {
        names::all(view, file)
    }
}
