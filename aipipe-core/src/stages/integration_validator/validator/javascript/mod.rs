//! JavaScript, TypeScript and Vue, read by oxc's parser and binder.
//!
//! - [`source`] prepares a file for the parser, [`read`] parses it and [`walk`] collects its [`summary`].
//! - [`environment`] is what manifests, locks and configurations say; [`certainty`] and [`globals`] what can't be seen.
//! - [`resolve`] finds where specifiers lead, [`lookup`] which file a path stands for, [`names`] what modules export.
//! - [`check`] has the rules of one file; [`unused`] those of all files, with [`entries`] for where programs start.

mod aside;
mod builtins;
mod certainty;
mod check;
mod configured;
mod entries;
mod environment;
mod globals;
mod lookup;
mod names;
mod nearest;
mod read;
mod resolve;
pub(super) mod source;
mod summary;
mod unused;
mod vue;
mod walk;

use super::findings::{Findings, Report};
use super::language::{Exports, Language, Links, Modules, Presence, Shared, View};
use super::tree::FileId;
use super::{cycles, unread};
use crate::domain::RepoPath;
use environment::Environment;
use resolve::Resolved;
use summary::Summary;

/// The language.
#[derive(Debug)]
pub(super) struct JavaScript;

impl Language for JavaScript {
    type Summary = Summary;
    type Environment = Environment;
    /// Paths are all that imports ask for.
    type Layout = ();
    type Resolved = Resolved;

    fn is_source(path: &RepoPath) -> bool {
        unread::is_javascript(path)
    }

    fn is_configuration(path: &RepoPath) -> bool {
        environment::is_configuration(path)
    }

    fn summarize(path: &RepoPath, text: &str) -> Summary {
        read::read(path, text)
    }

    fn unread(why: &str) -> Summary {
        read::not_checked(why)
    }

    fn same_interface(one: &Summary, other: &Summary) -> bool {
        one.format == other.format && one.exports == other.exports && one.stars == other.stars
    }

    fn shapes_environment(path: &RepoPath, summary: &Summary) -> bool {
        environment::shapes(path, summary)
    }

    fn place((): &mut (), _: &RepoPath, _: Presence) -> Vec<String> {
        Vec::new()
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
        for finding in &view.environment.findings {
            out.push(Report::from(finding.clone()));
        }
        cycles::check(view, out);
        unused::check(view, out);
        aside::check(view, out);
    }

    fn exports(file: FileId, view: &View<'_, Self>) -> Exports {
        let (names, open) = names::all(view, file);
        Exports { names, open }
    }
}
