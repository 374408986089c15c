//! Python, read by ruff's parser.
//!
//! - [`read`] parses a file, [`walk`] collects its [`summary`] with the help of [`scopes`].
//! - [`environment`] is where modules lie and what each [`manifest`] declares; [`packages`] what is known of packages.
//! - [`resolve`] finds where imports lead, [`names`] what modules have.
//! - [`check`] has the rules of one file, [`certainty`] where they are less certain; [`unused`] has those of all files, with
//!   [`entries`] for where programs start.

mod certainty;
mod check;
mod entries;
mod environment;
mod manifest;
mod names;
mod packages;
mod read;
mod resolve;
mod scopes;
mod summary;
mod unused;
mod walk;

use super::findings::Findings;
use super::language::{Exports, Language, Links, Modules, Shared, View};
use super::tree::FileId;
use super::{cycles, unread};
use crate::domain::RepoPath;
use environment::Environment;
use resolve::Resolved;
use summary::Summary;

/// The language.
#[derive(Debug)]
pub(super) struct Python;

impl Language for Python {
    type Summary = Summary;
    type Environment = Environment;
    type Resolved = Resolved;

    fn is_source(path: &RepoPath) -> bool {
        unread::is_python(path)
    }

    fn is_configuration(path: &RepoPath) -> bool {
        manifest::is_manifest(path) || manifest::is_lock(path)
    }

    fn summarize(path: &RepoPath, text: &str) -> Summary {
        read::read(path, text)
    }

    fn same_interface(one: &Summary, other: &Summary) -> bool {
        one.is_read == other.is_read && one.names == other.names
    }

    /// Every file has a place of its own and imports packages.
    fn shapes_environment(_: &RepoPath, _: &Summary) -> bool {
        true
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
        cycles::check(view, out);
        unused::check(view, out);
    }

    fn exports(file: FileId, view: &View<'_, Self>) -> Exports {
        names::all(view, file)
    }
}
