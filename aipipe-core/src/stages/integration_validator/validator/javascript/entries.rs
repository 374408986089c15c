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
    if is_marked(name) || path.components().any(|part| RUN.contains(&part)) {
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

/// Whether a tool of the project runs the file for certain: a configuration, a test, what a framework finds by its place.
pub(super) fn is_run(path: &RepoPath, environment: &Environment) -> bool {
    let name = path.file_name();
    let of_tests = |part: &str| matches!(part, "test" | "tests" | "__tests__" | "spec" | "e2e" | "cypress");
    if walk::is_configuration(path) || is_marked(name) || path.components().any(of_tests) {
        return true;
    }
    let folder = path.parent();
    let package = environment.manifests_above(folder).next().map_or("", |(folder, _)| folder);
    let inside = folder.strip_prefix(package).unwrap_or(folder).trim_start_matches('/');
    // What imports names by itself looks for them in folders of its own.
    let first = inside.strip_prefix("src/").or(inside.strip_prefix("app/")).unwrap_or(inside);
    if environment.imports_by_itself && !SEARCHED.contains(&first.split('/').next().unwrap_or_default()) {
        return false;
    }
    by_framework(path, inside, name.split('.').next().unwrap_or_default(), environment)
}

/// The folders that Nuxt and its like load files from.
const SEARCHED: &[&str] = &[
    "app",
    "components",
    "composables",
    "layers",
    "layouts",
    "middleware",
    "modules",
    "pages",
    "plugins",
    "server",
    "shared",
    "store",
    "stores",
    "utils",
];

/// Whether the name says that a tool runs the file: `a.test.ts`, `b.stories.tsx`.
pub(super) fn is_marked(name: &str) -> bool {
    name.split('.').skip(1).any(|part| {
        matches!(
            part,
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
    })
}

/// Frameworks that find files by the folders they lie in.
const FRAMEWORKS: &[(&[&str], &[&str])] = &[
    (
        &["@sveltejs/kit", "astro", "gatsby", "@docusaurus/core", "vitepress", "umi", "@umijs/max", "dumi"],
        &["routes", "pages", "hooks", "params", "theme", "components", "layouts", "models"],
    ),
    (
        &[
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
        ],
        &["routes", "pages", "app", "layouts", "views"],
    ),
    (
        &[
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
        ],
        &[
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
        ],
    ),
];

/// Whether a package is a framework that finds files by where they lie.
pub(super) fn is_framework(package: &str) -> bool {
    matches!(package, "next" | "nuxt" | "nuxt3") || FRAMEWORKS.iter().any(|(packages, _)| packages.contains(&package))
}

/// Whether a framework finds the file by where it lies.
fn by_framework(path: &RepoPath, inside: &str, stem: &str, environment: &Environment) -> bool {
    if environment.imports_by_itself && !inside.is_empty() {
        return true;
    }
    let Some(used) = environment.frameworks(path.parent()) else { return false };
    let first = inside.strip_prefix("src/").unwrap_or(inside).split('/').next().unwrap_or_default();
    if used.contains("next") && (first == "pages" || first == "app" && is_next_route(stem)) {
        return true;
    }
    FRAMEWORKS.iter().any(|(packages, folders)| {
        packages.iter().any(|package| used.contains(*package)) && inside.split('/').any(|part| folders.contains(&part))
    })
}

fn is_next_route(stem: &str) -> bool {
    const ROUTES: &[&str] = &[
        "page",
        "layout",
        "route",
        "loading",
        "error",
        "not-found",
        "template",
        "default",
        "global-error",
        "icon",
        "apple-icon",
        "opengraph-image",
        "twitter-image",
        "sitemap",
        "robots",
        "manifest",
        "forbidden",
        "unauthorized",
    ];
    ROUTES.contains(&stem)
}
