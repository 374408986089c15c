//! JavaScript, TypeScript and Vue.

use super::findings::Findings;
use super::language::{Exports, Language, Links, Modules, Shared, View};
use super::tree::FileId;
use super::unread;
use crate::domain::RepoPath;

/// The language.
#[derive(Debug)]
pub(super) struct JavaScript;

impl Language for JavaScript {
    type Summary = ();
    type Environment = ();
    type Resolved = ();

    fn is_source(path: &RepoPath) -> bool {
        unread::is_javascript(path)
    }

    fn is_configuration(_: &RepoPath) -> bool {
        false
    }

    fn summarize(_: &RepoPath, _: &str) {}

    fn same_interface((): &(), (): &()) -> bool {
        true
    }

    fn shapes_environment(_: &RepoPath, (): &()) -> bool {
        false
    }

    fn environment(_: &Shared, _: &Modules<Self>) {}

    fn link(_: &RepoPath, (): &(), _: &View<'_, Self>) -> Links<()> {
        Links::default()
    }

    fn check(_: FileId, _: &View<'_, Self>, _: &mut Findings<'_>) {}

    fn check_project(_: &View<'_, Self>, _: &mut Findings<'_>) {}

    fn exports(_: FileId, _: &View<'_, Self>) -> Exports {
        Exports { open: true, ..Exports::default() }
    }
}
