//! Files that something outside the source runs: by their names, or because a framework looks for them.

use super::super::language::View;
use super::super::tree::ancestors;
use super::layout::{name_key, package_key};
use super::{Python, role};
use crate::domain::RepoPath;

/// Folders whose files are run one by one.
const RUN: &[&str] = &[
    "scripts",
    "script",
    "bin",
    "tools",
    "migrations",
    "alembic",
    "versions",
    "commands",
    "docs",
    "doc",
    "example",
    "examples",
    "benchmarks",
    "benchmark",
    "notebooks",
    "tasks",
    "plugins",
    "templatetags",
    "dags",
    "lambdas",
    "functions",
    "seeds",
    "seeders",
    "jobs",
    "hooks",
    "ci",
    "contrib",
    "deploy",
    ".github",
    "docs_src",
    "settings",
];

/// Names of files that programs start with, or tools look for.
const STARTS: &[&str] = &[
    "__init__",
    "__main__",
    "main",
    "app",
    "application",
    "manage",
    "wsgi",
    "asgi",
    "cli",
    "run",
    "server",
    "setup",
    "conftest",
    "noxfile",
    "fabfile",
    "tasks",
    "celery",
    "worker",
    "gunicorn",
    "gunicorn_conf",
    "conf",
    "config",
    "settings",
    "_version",
    "version",
    "tests",
    "bot",
    "env",
];

/// What Django and its kind look for in every application.
const DJANGO: &[&str] = &[
    "admin",
    "apps",
    "models",
    "urls",
    "views",
    "signals",
    "forms",
    "serializers",
    "managers",
    "middleware",
    "context_processors",
    "translation",
    "search_indexes",
    "routing",
    "checks",
    "handlers",
    "receivers",
    "sitemaps",
];

/// Whether the file is an entry point. A link that asks watches [`watched_keys`].
pub(super) fn is_entry(path: &RepoPath, view: &View<'_, Python>) -> bool {
    let name = path.file_name();
    let stem = name.split('.').next().unwrap_or_default();
    if STARTS.contains(&stem)
        || path.extension() == Some("pyi")
        || role::is_test(path)
        || path.parent().is_empty()
        || stem.ends_with("_conf")
        || view.shared.options.entry_points.contains(path)
    {
        return true;
    }
    if path.components().any(|part| RUN.contains(&part))
        || DJANGO.contains(&stem) && view.environment.declares("django")
    {
        return true;
    }
    // A folder beside a Dockerfile or a manifest of its own, with no package around: each file is a program.
    let alone = ancestors(path.parent()).all(|folder| !view.layout.is_package(folder));
    let dotted = path.as_str().trim_end_matches(".py").replace('/', ".");
    let named = |word: &String| {
        dotted.ends_with(word.as_str()) || word.rsplit_once('.').is_some_and(|(module, _)| dotted.ends_with(module))
    };
    alone && path.parent().matches('/').count() == 0 && !view.layout.lies_in("app", "")
        || view.environment.manifests.values().any(|manifest| manifest.words.iter().any(named))
}

/// What the layout is asked for.
pub(super) fn watched_keys(path: &RepoPath) -> impl Iterator<Item = String> {
    ancestors(path.parent()).map(package_key).chain([name_key("app")])
}
