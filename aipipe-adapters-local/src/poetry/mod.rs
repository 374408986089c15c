//! What is known of Poetry: which projects it can be let loose on, and where its packages come from.
//!
//! Both the package manager, which has Poetry lock, and the CI runner, which has it install, go by this. `project` reads
//! what Poetry is given before Poetry does: only versions of one index pass, and nothing that has code of a project or of
//! a package run. `index` has Poetry use the index that pip is configured for, without a word of it in the project.

mod index;
mod project;

pub(crate) use index::{PROBE, index_variables};
pub(crate) use project::{LOCK, MANIFEST, SETTINGS, check_list, check_lock, check_manifest, check_settings};

/// What Poetry must not be talked out of: it asks nobody, unlocks no keyring, runs no code of a package that it
/// installs, and keeps the project's environment in its `.venv`.
pub(crate) const FIXED: &[(&str, &str)] = &[
    ("POETRY_NO_INTERACTION", "1"),
    ("POETRY_KEYRING_ENABLED", "false"),
    ("POETRY_INSTALLER_ONLY_BINARY", ":all:"),
    ("POETRY_VIRTUALENVS_IN_PROJECT", "true"),
];
