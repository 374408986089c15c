use super::*;

fn project(files: &[(&str, &str)]) -> Vec<(RepoPath, String)> {
    files.iter().map(|(path, content)| (RepoPath::parse(*path).unwrap(), (*content).to_owned())).collect()
}

fn check(files: &[(RepoPath, String)]) -> Vec<Finding> {
    let files: Vec<SourceFile<'_>> = files.iter().map(|(path, content)| SourceFile { path, content }).collect();
    check_files(&files)
}

fn rules(files: &[(&str, &str)]) -> Vec<String> {
    check(&project(files)).into_iter().map(|finding| format!("{} {}", finding.rule, finding.file)).collect()
}

/// A project in which every import form of each language leads to a file.
fn sound() -> Vec<(RepoPath, String)> {
    project(&[
        (
            "package.json",
            r#"{"name": "app", "dependencies": {"react": "1.0.0", "@scope/pkg": "1.0.0"}, "devDependencies": {"@types/geo": "1.0.0"}}"#,
        ),
        ("tsconfig.json", "{ // aliases\n \"compilerOptions\": { \"paths\": { \"@/*\": [\"./src/*\"], }, } }"),
        ("src/forms.tsx", FORMS),
        (
            "src/views/Home.vue",
            "<template><b>it's</b></template>\n<script setup lang=\"ts\">\nimport Panel from '../parts/Panel.vue'\nimport { t } from '@/parts/target'\n</script>\n",
        ),
        ("src/parts/target.ts", "export const t = 1\n"),
        ("src/parts/Panel.vue", "<script setup></script>"),
        ("src/parts/index.ts", "export * from './target.js'\n"),
        ("src/data.json", "{}"),
        ("src/style.css", ""),
        ("src/old.cjs", "const t = require('./parts/target')\nconst fs = require('fs')\n"),
        ("app/__init__.py", ""),
        ("app/main.py", PYTHON),
        ("app/api/__init__.py", "from .routes import router as public\n"),
        ("app/api/routes.py", "router = 1\n"),
        ("app/plain/thing.py", "x = 1\n"),
    ])
}

const FORMS: &str = r#"import a from './parts/target'
import * as b from './parts/target.js'
import { t } from "./parts"
import c, { t as d } from './parts/index'
import './style.css'
import type { E } from './parts/target'
import data from './data.json' with { type: 'json' }
export * from './parts/target.js'
export { t as g } from './parts/target'
export type { H } from './parts/target'
const i = await import('./parts/target.js')
const j = require('./parts/target')
import k = require('./parts/target')
type L = import('./parts/target').M
import {
  n, // './no'
} from '@/parts/target'
import react from 'react/jsx'
import pkg from '@scope/pkg/deep'
import type { Point } from 'geo'
import { readFile } from 'node:fs/promises'
import raw from './style.css?raw'
const o = "import p from './no'" + `${"import './no'"}` // import './no'
"#;

const PYTHON: &str = "from .api import routes, public\nfrom .api.routes import router\nfrom app.api.routes import router as r2\n\
    import app.api.routes\nfrom app.plain import thing\nfrom app.api import (\n    routes as r3,\n)\nimport os, fastapi\n\
    text = 'from .no import x'\n\n\ndef f():\n    from . import api\n";

#[test]
fn a_sound_project_has_no_findings() {
    assert_eq!(check(&sound()), []);
}

/// Replaces one specifier at a time by a path that does not exist, and by one in the wrong case.
#[test]
fn every_broken_import_form_is_found() {
    let files = sound();
    let mut mutants = 0;
    for (file, (path, content)) in files.iter().enumerate() {
        let spans: Vec<(TextSpan, bool)> = if path.extension() == Some("py") {
            let module = python::read(content);
            let own =
                |import: &&python::Import| import.dots > 0 || import.module.first().is_some_and(|first| first == "app");
            module
                .imports
                .iter()
                .filter(own)
                .filter(|import| !import.module.is_empty())
                .map(|import| (import.span, true))
                .collect()
        } else if javascript::is_module(path) {
            let local =
                |r: &javascript::Reference| r.specifier.starts_with(['.', '@']) && !r.specifier.starts_with("@scope");
            javascript::read(path, content).references.iter().filter(|r| local(r)).map(|r| (r.span, false)).collect()
        } else {
            continue;
        };
        for (span, is_python) in spans {
            let specifier = span.of(content).unwrap();
            let last =
                specifier.rfind(['/', '.']).filter(|_| !is_python).map_or(0, |_| specifier.rfind('/').unwrap_or(0));
            let broken =
                if is_python { format!("{specifier}_no") } else { format!("{}/nothing", specifier.split_at(last).0) };
            let tail = specifier.rfind(|c: char| c == '/' || c == '.' && is_python).map_or(0, |at| at + 1);
            let (head, name) = specifier.split_at(tail);
            let mut letters = name.chars();
            let first = letters.next().unwrap().to_uppercase().to_string();
            let recased = format!("{head}{first}{}", letters.as_str());
            for (replacement, rule) in [(broken, "unresolved-import"), (recased, "wrong-case")] {
                if replacement == specifier || specifier.ends_with("/Panel.vue") && rule == "wrong-case" {
                    continue;
                }
                let mut changed = files.clone();
                changed[file].1.replace_range(span.start..span.end, &replacement);
                let found: Vec<String> = check(&changed).into_iter().map(|finding| finding.rule).collect();
                assert_eq!(found, [rule], "{path}: {specifier} -> {replacement}");
                mutants += 1;
            }
        }
    }
    assert!(mutants >= 50, "only {mutants} mutants");
}

#[test]
fn every_import_of_a_missing_file_is_found() {
    let files = sound();
    let importers = [
        ("src/parts/target.ts", 14),
        ("src/data.json", 1),
        ("src/style.css", 1),
        ("src/parts/Panel.vue", 1),
        ("app/api/routes.py", 4),
        ("app/plain/thing.py", 1),
    ];
    for (gone, least) in importers {
        let left: Vec<_> = files.iter().filter(|(path, _)| path.as_str() != gone).cloned().collect();
        let found = check(&left);
        assert!(
            found.iter().all(|finding| finding.rule == "unresolved-import" || finding.rule == "wrong-case"),
            "{found:?}"
        );
        assert!(found.len() >= least, "{gone}: {} findings: {found:?}", found.len());
    }
}

#[test]
fn names_and_places_clash() {
    assert_eq!(rules(&[("a.ts", ""), ("A.ts", "")]), ["path-case-collision A.ts"]);
    assert_eq!(rules(&[("a.ts", ""), ("a.ts", "")]), ["duplicate-path a.ts"]);
    assert_eq!(rules(&[("a", ""), ("a/b", "")]), ["path-conflict a"]);
    assert_eq!(rules(&[("a.ts", "import '../../x'")]), ["import-outside-project a.ts"]);
}

#[test]
fn packages_must_be_declared() {
    let manifest = |text| ("package.json", text);
    let undeclared = ["undeclared-dependency a.ts"];
    assert_eq!(rules(&[manifest(r#"{"dependencies":{"x":"1"}}"#), ("a.ts", "import 'x'; import 'y/z'")]), undeclared);
    assert_eq!(rules(&[manifest("{}"), ("a.ts", "import 'fs'; import 'node:x'; import 'virtual:y'")]), [""; 0]);
    assert_eq!(rules(&[("a.ts", "import 'x'")]), [""; 0]);
    assert_eq!(rules(&[manifest("{}"), ("t.d.ts", "declare module 'x'"), ("a.ts", "import 'x'")]), [""; 0]);
    assert_eq!(rules(&[manifest("{}"), ("a.ts", "import '@/x'")]), ["unresolved-import a.ts"]);
    let nested = [
        manifest(r#"{"devDependencies":{"x":"1"}}"#),
        ("p/package.json", r#"{"name":"q"}"#),
        ("p/a.ts", "import 'x'; import 'q'"),
    ];
    assert_eq!(rules(&nested), [""; 0]);
    let types = check(&project(&[manifest(r#"{"devDependencies":{"@types/x":"1"}}"#), ("a.ts", "import x from 'x'")]));
    assert_eq!(types.len(), 1);
    assert_eq!(types[0].severity, Severity::Warning);
}

#[test]
fn manifests_must_be_json() {
    assert_eq!(rules(&[("package.json", "{\"a\": 1,}")]), ["invalid-manifest package.json"]);
    assert_eq!(rules(&[("package.json", "[]")]), ["invalid-manifest package.json"]);
    assert_eq!(rules(&[("tsconfig.json", "{\"a\": 1, /* fine */}")]), [""; 0]);
    assert_eq!(rules(&[("package-lock.json", "{")]), ["invalid-manifest package-lock.json"]);
}

#[test]
fn duplicates_are_found_only_where_certain() {
    let twice = [
        "export const a = 1\nexport class a {}",
        "export type A = 1\nexport type A = 2",
        "const a = 1, b = 2\nexport { a, b as a }",
        "export default 1\nexport default 2",
    ];
    for source in twice {
        assert_eq!(rules(&[("a.ts", source)]), ["duplicate-export a.ts"], "{source}");
    }
    let fine = [
        "export type A = 1\nexport const A = 2",
        "export function f(a: string): void\nexport function f(a: number): void\nexport function f(a: any) {}",
        "export interface A {}\nexport class A {}\nexport interface A {}\nexport namespace A { export const b = 1 }",
        "namespace A { export const b = 1 }\nnamespace B { export const b = 1 }",
        "export const { a } = x\nexport const { b } = x\nexport const [c] = y",
        "export const a = '}'\nfunction f() { /* } */ const b = `}`; const c = /}/ }\nexport const d = 1",
        "export const enum A {}\nexport enum A {}",
    ];
    for source in fine {
        assert_eq!(rules(&[("a.ts", source)]), [""; 0], "{source}");
    }
    assert_eq!(rules(&[("a.py", "def f(): pass\n\nclass f: pass\n")]), ["duplicate-declaration a.py"]);
    let fine = [
        "@overload\ndef f(a): ...\n@overload\ndef f(a, b): ...\ndef f(*a): pass\n",
        "if x:\n    def f(): pass\nelse:\n    def f(): pass\n",
        "def f(): pass\nx = f()\ndef f(): pass\n",
        "class A:\n    def f(self): pass\nclass B:\n    def f(self): pass\n",
        "def _(): pass\ndef _(): pass\n",
    ];
    for source in fine {
        assert_eq!(rules(&[("a.py", source)]), [""; 0], "{source}");
    }
}

#[test]
fn placeholders_are_found_in_comments_only() {
    let found = [
        "// TODO: write",
        "/* FIXME(somebody) x */",
        "// ... rest of the code",
        "// ... existing code ...",
        "/**\n * TODO write\n */",
        "// your code here",
    ];
    for comment in found {
        assert_eq!(rules(&[("a.ts", &format!("{comment}\nexport {{}}"))]), ["placeholder a.ts"], "{comment}");
    }
    let fine = [
        "const a = 'TODO: x'",
        "enum S { TODO, DONE }",
        "// the states are TODO, DOING and DONE",
        "// TODO, DOING, DONE",
        "// the TODOs of a list",
        "// runs the rest of the code of the module inside the sandbox that was made before",
    ];
    for line in fine {
        assert_eq!(rules(&[("a.ts", line)]), [""; 0], "{line}");
    }
    assert_eq!(rules(&[("a.py", "# TODO: x\ny = '# TODO: z'\n")]), ["placeholder a.py"]);
}

#[test]
fn an_import_git_ignores_is_unknown() {
    let findings = check(&project(&[(".gitignore", "dist/\n"), ("a.js", "require('./dist/main.js')")]));
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].rule.as_str(), findings[0].severity), ("unknown-import", Severity::Warning));
}

#[test]
fn a_wildcard_module_explains_assets_but_not_components() {
    let shims = ("shims.d.ts", "declare module '*.vue' {}\ndeclare module '*.svg'");
    assert_eq!(
        rules(&[shims, ("a.ts", "import './A.vue'; import './a.svg'")]),
        ["unresolved-import a.ts", "unknown-import a.ts"]
    );
}

#[test]
fn a_local_folder_does_not_hide_an_installed_package() {
    let alembic = [
        ("requirements.txt", "alembic==1.0\n"),
        ("alembic/env.py", "from alembic import context\nimport alembic.config\n"),
    ];
    assert_eq!(rules(&alembic), [""; 0]);
    assert_eq!(rules(&[("email/x.py", "from email.mime.text import MIMEText\n")]), [""; 0]);
}

/// Hostile sizes: each must take time in proportion to its length, so all of them together take moments.
#[test]
fn hostile_text_costs_linear_time() {
    let n = 20_000;
    let texts = [
        "\\'".repeat(n),
        "/[".repeat(n),
        "<a ".repeat(n),
        "{<a>".repeat(n),
        "`${".repeat(n),
        "import {".repeat(n),
        "import a ".repeat(n),
        "export {".repeat(n),
        "<template ".repeat(n),
        "<template>".repeat(n),
        "<script>".repeat(n),
        "require(".repeat(n),
        "try {".repeat(n),
        "a: ".repeat(n),
        "from . import ".repeat(n),
        "'''".repeat(n),
        "a.".repeat(n),
        "/*".repeat(n),
        "\"'".repeat(n),
    ];
    for text in texts {
        for path in ["a.tsx", "a.ts", "a.vue", "a.py", "package.json", "tsconfig.json", ".gitignore", "pyproject.toml"]
        {
            let _ = check(&project(&[(path, &text)]));
        }
    }
}
