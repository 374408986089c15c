//! Files that something outside the source runs: by their names, or because a framework looks for them.

use super::environment::Environment;
use super::walk;
use crate::domain::RepoPath;

/// Folders whose files are run one by one: tests, scripts, pages of tools.
const RUN: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "spec",
    "specs",
    "e2e",
    "cypress",
    "playwright",
    "__mocks__",
    "scripts",
    "script",
    "bin",
    "tools",
    "migrations",
    "seeds",
    "seeders",
    "public",
    "static",
    "benchmark",
    "benchmarks",
    "bench",
    "examples",
    "example",
    "generators",
    "fixtures",
];

/// Names of files that programs start with.
const STARTS: &[&str] = &[
    "index",
    "main",
    "app",
    "server",
    "cli",
    "entry",
    "bootstrap",
    "start",
    "worker",
    "background",
    "content",
    "popup",
    "preload",
    "setup",
    "setupTests",
    "instrumentation",
    "middleware",
];

/// Whether the file is an entry point.
pub(super) fn is_entry(path: &RepoPath, environment: &Environment) -> bool {
    let name = path.file_name();
    let stem = name.split('.').next().unwrap_or_default();
    let folder = path.parent();
    if walk::is_configuration(path) || name.starts_with('.') {
        return true;
    }
    let parts: Vec<&str> = name.split('.').collect();
    let marked = parts.iter().any(|part| {
        matches!(
            *part,
            "test"
                | "spec"
                | "stories"
                | "story"
                | "e2e"
                | "cy"
                | "worker"
                | "bench"
                | "mock"
                | "conf"
                | "config"
                | "setup"
        )
    });
    if marked || path.components().any(|part| RUN.contains(&part)) {
        return true;
    }
    let package = environment.manifests_above(folder).next().map_or("", |(folder, _)| folder);
    let inside = folder.strip_prefix(package).unwrap_or(folder).trim_start_matches('/');
    let is_start = STARTS.iter().any(|start| stem.eq_ignore_ascii_case(start));
    if matches!(inside, "") || (matches!(inside, "src" | "app" | "client" | "server" | "source" | "lib") && is_start) {
        return true;
    }
    by_framework(path, inside, stem, environment)
}

/// Whether a framework finds the file by where it lies.
fn by_framework(path: &RepoPath, inside: &str, stem: &str, environment: &Environment) -> bool {
    let uses = |packages: &[&str]| environment.uses(path.parent(), packages);
    let below = |names: &[&str]| {
        let inside = inside.strip_prefix("src/").unwrap_or(inside);
        let first = inside.split('/').next().unwrap_or_default();
        names.contains(&first)
    };
    let in_any = |names: &[&str]| inside.split('/').any(|part| names.contains(&part));
    if uses(&["next"]) && (below(&["pages"]) || (below(&["app"]) && is_next_route(stem))) {
        return true;
    }
    if (uses(&["nuxt", "nuxt3"]) || environment.imports_by_itself) && !inside.is_empty() {
        return true;
    }
    if uses(&["@sveltejs/kit", "astro", "gatsby", "@docusaurus/core", "vitepress", "umi", "@umijs/max", "dumi"])
        && in_any(&["routes", "pages", "hooks", "params", "theme", "components", "layouts", "models"])
    {
        return true;
    }
    if uses(&[
        "@remix-run/react",
        "@remix-run/node",
        "@react-router/dev",
        "@tanstack/react-router",
        "@tanstack/react-start",
        "expo-router",
        "@solidjs/start",
        "vike",
        "vite-plugin-pages",
        "unplugin-vue-router",
        "vite-plugin-vue-layouts",
    ]) && in_any(&["routes", "pages", "app", "layouts", "views"])
    {
        return true;
    }
    uses(&[
        "@adonisjs/core",
        "sails",
        "egg",
        "@nestjs/core",
        "typeorm",
        "sequelize",
        "@strapi/strapi",
        "moleculer",
        "fastify-autoload",
        "@fastify/autoload",
        "@redwoodjs/core",
        "convex",
        "@medusajs/medusa",
        "payload",
        "wxt",
        "serverless",
        "@google-cloud/functions-framework",
    ]) && in_any(&[
        "controllers",
        "services",
        "models",
        "entities",
        "migrations",
        "routes",
        "plugins",
        "hooks",
        "functions",
        "api",
        "middleware",
        "subscribers",
        "jobs",
        "convex",
        "entrypoints",
        "database",
        "commands",
        "collections",
    ])
}

fn is_next_route(stem: &str) -> bool {
    matches!(
        stem,
        "page"
            | "layout"
            | "route"
            | "loading"
            | "error"
            | "not-found"
            | "template"
            | "default"
            | "global-error"
            | "icon"
            | "apple-icon"
            | "opengraph-image"
            | "twitter-image"
            | "sitemap"
            | "robots"
            | "manifest"
            | "forbidden"
            | "unauthorized"
    )
}
