use super::*;
use crate::domain::Fix;

const MANIFEST: (&str, &str) = (
    "package.json",
    r##"{"name": "app", "dependencies": {"react": "1.0.0", "@scope/pkg": "1.0.0"}, "devDependencies": {"@types/geojson": "1.0.0"},
        "imports": {"#lib/*": "./src/lib/*.js"}}"##,
);

/// A project with every construct that looks wrong to a reader who knows less than the tools do.
fn sound() -> Vec<(&'static str, &'static str)> {
    vec![
        MANIFEST,
        (
            "tsconfig.json",
            "{ // aliases\n \"compilerOptions\": { \"paths\": { \"@/*\": [\"./src/*\"], }, \"rootDirs\": [\"src\", \"gen\"], }, }",
        ),
        (
            "vite.config.ts",
            "import { fileURLToPath, URL } from 'node:url'\nexport default { resolve: { alias: { '~parts': fileURLToPath(new URL('./src/parts', import.meta.url)) } }, define: { __BUILD_DATE__: '1' } }\n",
        ),
        ("src/forms.tsx", FORMS),
        (
            "src/views/Home.vue",
            "<template><b>it's</b></template>\n<script lang=\"ts\">\nexport type Kind = 'a'\n</script>\n<script setup lang=\"ts\" generic=\"T extends Kind\">\nimport Panel from '../parts/Panel.vue'\nimport { t } from '@/parts/target'\nconst props = defineProps<{ kind: T }>()\nconsole.log(props, Panel, t)\n</script>\n",
        ),
        ("src/views/use.ts", "import Home, { type Kind } from './Home.vue'\nexport const kinds: Kind[] = [Home]\n"),
        (
            "src/parts/target.ts",
            "export const t = 1\nexport default function target() { return t }\nexport type E = typeof t\nexport interface H { a: E }\nexport namespace M { export const a = 1 }\n",
        ),
        ("src/parts/Panel.vue", "<script setup></script>"),
        ("src/parts/index.ts", "export * from './target.js'\nexport { default } from './target.js'\n"),
        ("src/parts/open.ts", "export * from 'react'\nexport * from './loop'\n"),
        ("src/parts/loop.ts", "export * from './open'\nexport const looped = 1\n"),
        ("src/parts/names.ts", NAMES),
        (
            "src/ambient.d.ts",
            "declare module '*.svg' { const path: string; export default path }\ndeclare module 'untyped'\ndeclare const VERSION: string\ninterface Window { app: string }\ndeclare module 'augmented-a' { export interface More {} }\n",
        ),
        (
            "src/shapes.d.ts",
            "import type { E } from './parts/target'\ninterface Shape { e: E }\ndeclare function area(shape: Shape): number\n",
        ),
        (
            "src/globals.ts",
            "export {}\ndeclare global { var __app: string; interface Array<T> { last(): T } }\nglobalThis.__app = 'x'\n",
        ),
        ("src/lib/tool.ts", "export const tool = 1\n"),
        ("src/data.json", "{}"),
        ("src/style.css", ""),
        (
            "src/old.cjs",
            "const t = require('./parts/target')\nconst fs = require('fs')\nmodule.exports = { t, fs, self: module.id }\nexports.more = __dirname\n",
        ),
        ("src/uses-old.js", "import old, { anything } from './old.cjs'\nexport default [old, anything]\n"),
        (
            "src/page.js",
            "/* global analytics */\nif (typeof tracker !== 'undefined') tracker.go()\nwindow.later && later()\nexport const page = analytics\n",
        ),
        ("gen/made.ts", "export const made = 1\n"),
    ]
}

const FORMS: &str = r#"import a from './parts/target'
import * as b from './parts/target.js'
import { t } from "./parts"
import c, { t as d } from './parts/index'
import './style.css'
import type { E } from './parts/target'
import data from './data.json' with { type: 'json' }
import { made } from './made'
import { useState, whatever } from './parts/open'
import { looped } from './parts/open'
import { 'string name' as strange, left, right, both, Both2, over, Merged } from './parts/names'
import type { Both2 as OnlyType } from './parts/names'
import type { Shape } from './shapes'
import { area } from './shapes'
import logo from './logo.svg'
import untyped from 'untyped'
import virtual from 'virtual:pages'
import { tool } from '#lib/tool'
import { t as aliased } from '~parts/target'
export * from './parts/target.js'
export { t as g } from './parts/target'
export type { H } from './parts/target'
const i = await import('./parts/target.js')
const j = require('./parts/target')
import k = require('./parts/target')
type L = import('./parts/target').M
import {
  n, // './no'
} from '@/parts/many'
import react from 'react/jsx'
import pkg from '@scope/pkg/deep'
import type { Point } from 'geojson'
import { readFile } from 'node:fs/promises'
import raw from './style.css?raw'
import text from './parts/Panel.vue?raw'
const o = "import p from './no'" + `${"import './no'"}` // import './no'
let maybe
try { maybe = require('./not-there') } catch { maybe = null }
export const all = [a, b, t, c, d, data, made, useState, whatever, looped, strange, left, right, both, over, Merged.x, logo, untyped,
  virtual, tool, aliased, i, j, k, n, react, pkg, readFile, raw, text, o, maybe, VERSION, window.app, __BUILD_DATE__, area, new Both2()]
export type All = [E, L, Point, Shape, OnlyType]
export function Part() { return <section title="it's">{t}</section> }
"#;

const NAMES: &str = "const value = 1\nexport { value as 'string name' }\nexport const { left, nested: [right] } = { left: 1, nested: [2] }\n\
    export const both = 1\nexport type both = string\nexport class Both2 {}\n\
    export function over(a: string): void\nexport function over(a: number): void\nexport function over(a: unknown) { return a }\n\
    export interface Merged { y: number }\nexport namespace Merged { export const x = 1 }\n";

fn with(extra: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut files = sound();
    files.push(("src/parts/many.ts", "export let n = 1\n"));
    files.extend(extra);
    files
}

#[test]
fn a_sound_project_has_no_errors() {
    assert_eq!(errors(&with(&[])), [""; 0]);
}

/// Replaces one specifier at a time by a path that does not exist, and by one in the wrong case.
#[test]
fn every_broken_import_form_is_found() {
    let files = with(&[]);
    let mut mutants = 0;
    for (number, line) in
        FORMS.lines().enumerate().filter(|(_, line)| !line.contains("not-there") && !line.starts_with("const o"))
    {
        let quote = |c: char| c == '\'' || c == '"';
        let Some(start) =
            line.rfind(['/']).filter(|_| line.contains("./") || line.contains("@/") || line.contains("~parts"))
        else {
            continue;
        };
        if line.contains("style.css")
            || line.contains("?raw")
            || line.contains("logo.svg")
            || line.contains("./made")
            || line.starts_with("  n,")
        {
            continue;
        }
        let Some(end) = line.get(start..).unwrap().find(quote).map(|at| at + start) else { continue };
        let name = line.get(start + 1..end).unwrap();
        let recased: String =
            name.chars().enumerate().map(|(i, c)| if i == 0 { c.to_ascii_uppercase() } else { c }).collect();
        for (replacement, rule) in [("nothing", "unresolved-import"), (recased.as_str(), "wrong-case")] {
            if replacement == name {
                continue;
            }
            let broken = format!("{}{replacement}{}", line.get(..=start).unwrap(), line.get(end..).unwrap());
            let text: Vec<&str> =
                FORMS.lines().enumerate().map(|(i, old)| if i == number { broken.as_str() } else { old }).collect();
            let text = text.join("\n");
            let mut changed: Vec<(&str, &str)> = files.clone();
            changed.iter_mut().find(|(path, _)| *path == "src/forms.tsx").unwrap().1 = &text;
            let found = errors(&changed);
            assert_eq!(found, [format!("{rule} src/forms.tsx")], "{broken}");
            mutants += 1;
        }
    }
    assert!(mutants >= 30, "only {mutants} mutants");
}

#[test]
fn every_import_of_a_missing_file_is_found() {
    for (gone, least) in
        [("src/parts/target.ts", 12), ("src/parts/Panel.vue", 1), ("src/data.json", 1), ("src/lib/tool.ts", 0)]
    {
        let left: Vec<_> = with(&[]).into_iter().filter(|(path, _)| *path != gone).collect();
        let found = errors(&left);
        let unresolved = found.iter().filter(|found| found.starts_with("unresolved-import")).count();
        assert!(unresolved >= least, "{gone}: {found:?}");
    }
}

#[test]
fn a_name_that_is_not_exported_is_found_through_any_chain() {
    let files = |importer: &'static str| {
        vec![
            ("a.ts", "export const a = 1\nexport default 2\n"),
            ("only.ts", "export const only = 1\n"),
            ("b.ts", "export * from './a'\n"),
            ("c.ts", "export * from './b'\nexport * as inner from './b'\n"),
            ("A.vue", "<script setup lang=\"ts\">const x = 1</script>"),
            ("use.ts", importer),
        ]
    };
    let cases = [
        ("import { z } from './c'\nz()", vec!["missing-export use.ts"]),
        ("import { a, inner } from './c'\na; inner", vec![]),
        ("import c from './c'\nc()", vec!["default-named-mixup use.ts"]),
        ("import d from './only'\nd()", vec!["default-named-mixup use.ts"]),
        ("export { z } from './b'", vec!["missing-export use.ts"]),
        ("import { z } from './A.vue'\nz()", vec!["default-named-mixup use.ts"]),
        ("import { x } from './script'\nx()", vec!["unresolved-import use.ts"]),
    ];
    for (importer, wanted) in cases {
        assert_eq!(errors(&files(importer)), wanted, "{importer}");
    }
    assert_eq!(
        errors(&[("script.ts", "const x = 1\n"), ("use.ts", "import { x } from './script'\nx()")]),
        ["missing-export use.ts"]
    );
}

#[test]
fn what_passes_through_from_a_package_is_found_where_its_exports_are_known() {
    let through = |versions: &str, specifier: &str, name: &str| {
        errors(&[
            ("package.json", &format!("{{\"devDependencies\": {{\"@testing-library/react\": \"{versions}\"}}}}")),
            ("src/utils.ts", &format!("export * from '{specifier}'\nexport const renderApp = () => 1\n")),
            ("src/all.ts", "export * from './utils'\n"),
            ("src/a.ts", &format!("import {{ {name} }} from './all'\nexport const used = {name}\n")),
        ])
    };
    let missing = ["missing-export src/a.ts"];
    assert_eq!(through("^16.1.0", "@testing-library/react", "renderAp"), missing);
    for known in ["renderApp", "screen", "within", "waitFor"] {
        assert!(through("^16.1.0", "@testing-library/react", known).is_empty(), "{known}");
    }
    // Another major, several of them, another module of the package, another package: nobody knows.
    for (versions, specifier) in [
        ("^99.0.0", "@testing-library/react"),
        (">=13", "@testing-library/react"),
        ("^16.1.0", "@testing-library/react/pure"),
        ("^16.1.0", "@testing-library/preact"),
    ] {
        let found = through(versions, specifier, "renderAp");
        assert!(found.iter().all(|error| !error.starts_with("missing-export")), "{versions} {specifier}: {found:?}");
    }
}

#[test]
fn types_and_values_are_told_apart() {
    let types = ("types.ts", "export interface A {}\nexport type B = 1\nexport class C {}\nexport enum D { x }\n");
    let wrong = [
        "import { A } from './types'\nnew A()",
        "import type { C } from './types'\nnew C()",
        "import { type C } from './types'\nconsole.log(C)",
    ];
    for text in wrong {
        assert_eq!(errors(&[types, ("use.ts", text)]), ["type-used-as-value use.ts"], "{text}");
    }
    let fine = [
        "import { A, C } from './types'\nconst a: A = new C()",
        "import type { C, D } from './types'\nexport type E = typeof D & C\nclass F implements C {}\nexport { C }",
        "import type { A } from './types'\nexport default A",
        "import type { A } from './types'\nfunction A(a: A) { return a }\nA({})",
    ];
    for text in fine {
        assert_eq!(errors(&[types, ("use.ts", text)]), [""; 0], "{text}");
    }
    let strict = ("tsconfig.json", r#"{"compilerOptions": {"verbatimModuleSyntax": true}}"#);
    assert_eq!(
        errors(&[types, strict, ("use.ts", "import { A, C } from './types'\nexport const a: A = C")]),
        ["type-used-as-value use.ts"]
    );
    assert_eq!(errors(&[types, strict, ("use.ts", "export { B } from './types'")]), ["type-used-as-value use.ts"]);
    assert_eq!(errors(&[types, strict, ("use.ts", "export { type B, C } from './types'")]), [""; 0]);
}

#[test]
fn names_that_nothing_declares_are_found() {
    let strict = ("tsconfig.json", "{}");
    let cases = [
        ("export const a = missing", vec!["undefined-name a.ts"]),
        ("export const a: Missing = 1", vec!["undefined-name a.ts"]),
        ("export const a = { missing }", vec!["undefined-name a.ts"]),
        ("export const a = () => <Missing />", vec!["undefined-name a.tsx"]),
        ("export const a = typeof missing === 'undefined' ? 1 : missing", vec![]),
        ("export const a: Partial<Record<string, HTMLElement>> = structuredClone(document)", vec![]),
        ("export function f(): void { arguments; process.env; describe('x', it) }", vec![]),
        ("export const a = [1] as const\ntype X<T> = T extends infer U ? U : never\nexport type Y = X<1>", vec![]),
        ("export enum E { A, B = A }\nexport class K { m() { return this } }", vec![]),
        ("// @ts-expect-error: on purpose\nexport const a = missing", vec![]),
    ];
    for (text, wanted) in cases {
        let path = if text.contains("/>") { "a.tsx" } else { "a.ts" };
        assert_eq!(errors(&[strict, (path, text)]), wanted, "{text}");
    }
    // A script shares its scope with whatever else the page loads.
    assert_eq!(found(&[("public/a.js", "start(missing)\n")]), ["warning undefined-name public/a.js"; 2]);
}

#[test]
fn duplicates_are_found_only_where_certain() {
    let twice = [
        ("export const a = 1\nexport class a {}", "duplicate-declaration"),
        ("export type A = 1\nexport type A = 2", "duplicate-declaration"),
        ("const a = 1, b = 2\nexport { a, b as a }", "duplicate-export"),
        ("export default 1\nexport default 2", "duplicate-export"),
        ("import { a } from './b'\nimport { a } from './c'\na()", "duplicate-declaration"),
    ];
    for (source, rule) in twice {
        let found = errors(&[("a.ts", source), ("b.ts", "export const a = 1"), ("c.ts", "export const a = 1")]);
        assert!(found.contains(&format!("{rule} a.ts")), "{source}: {found:?}");
        assert!(found.iter().all(|found| found.starts_with("duplicate-")), "{source}: {found:?}");
    }
    let fine = [
        "export default function f(a: string): void\nexport default function f(a: number): void\nexport default function f(a: any) { return a }",
        "export default class A {}\nexport default interface A { b: 1 }",
        "export type A = 1\nexport const A = 2",
        "export function f(a: string): void\nexport function f(a: number): void\nexport function f(a: any) { return a }",
        "export interface A {}\nexport class A {}\nexport interface A {}\nexport namespace A { export const b = 1 }",
        "namespace A { export const b = 1 }\nnamespace B { export const b = 1 }\nexport { A, B }",
        "export const a = '}'\nfunction f() { /* } */ const b = `}`; const c = /}/; return [b, c] }\nexport const d = f",
    ];
    for source in fine {
        assert_eq!(errors(&[("a.ts", source)]), [""; 0], "{source}");
    }
}

#[test]
fn text_that_is_not_code_is_a_syntax_error() {
    for text in ["const = = 3", "export const cut = {", "import { a from './b'", "function (", "const a = `"] {
        assert_eq!(errors(&[("a.ts", text)]), ["syntax-error a.ts"], "{text}");
    }
    assert_eq!(errors(&[("a.vue", "<script setup>\nconst = 1\n</script>")]), ["syntax-error a.vue"]);
    assert_eq!(found(&[("test/fixtures/a.ts", "const = 1")]), ["warning syntax-error test/fixtures/a.ts"]);
}

#[test]
fn packages_must_be_declared() {
    let manifest = |text| ("package.json", text);
    let undeclared = ["undeclared-dependency a.ts"];
    let empty = ("package-lock.json", r#"{"packages": {"": {}}}"#);
    assert_eq!(
        errors(&[manifest(r#"{"dependencies":{"x":"1"}}"#), empty, ("a.ts", "import 'x'; import 'y/z'")]),
        undeclared
    );
    // Without a lock it may come along with another one, unless the code was just made.
    assert_eq!(found(&[manifest("{}"), ("a.ts", "import 'y'")]), ["warning undeclared-dependency a.ts"]);
    let generated = ValidatorOptions::default().with_origin(Origin::Generated);
    assert_eq!(
        found_with(generated, &[manifest("{}"), ("index.ts", "import 'y'")]),
        ["error undeclared-dependency index.ts"]
    );
    assert_eq!(errors(&[manifest("{}"), ("a.ts", "import 'fs'; import 'node:x'; import 'virtual:y'")]), [""; 0]);
    assert_eq!(errors(&[("a.ts", "import 'x'")]), [""; 0]);
    assert_eq!(errors(&[manifest("{}"), ("t.d.ts", "declare module 'x'"), ("a.ts", "import 'x'")]), [""; 0]);
    assert_eq!(errors(&[manifest("{}"), ("a.ts", "import '@/x'")]), ["unresolved-import a.ts"]);
    let nested = [
        manifest(r#"{"devDependencies":{"x":"1"}}"#),
        ("p/package.json", r#"{"name":"q"}"#),
        ("p/a.ts", "import 'x'; import 'q'"),
    ];
    assert_eq!(errors(&nested), [""; 0]);
    // A lock tells a package that comes along from one that somebody took out of the manifest.
    let lock = (
        "package-lock.json",
        r#"{"packages": {"": {"dependencies": {"taken-out": "1"}}, "node_modules/taken-out": {}, "node_modules/along": {}}}"#,
    );
    assert_eq!(errors(&[manifest("{}"), lock, ("a.ts", "import 'along'")]), [""; 0]);
    assert_eq!(errors(&[manifest("{}"), lock, ("a.ts", "import 'taken-out'")]), undeclared);
    // Types alone are enough for types.
    let types = manifest(r#"{"devDependencies":{"@types/x":"1"}}"#);
    assert_eq!(found(&[types, ("a.ts", "import type { X } from 'x'\nexport const x: X = 1")]), [""; 0]);
    assert_eq!(found(&[types, ("a.ts", "import { x } from 'x'\nx()")]), ["warning undeclared-dependency a.ts"]);
}

#[test]
fn only_allowed_packages_may_be_used() {
    let options = ValidatorOptions::default().with_origin(Origin::Generated);
    let mut options = options.with_allowed_packages(["zod".to_owned()]);
    options.package_versions.insert("zod".to_owned(), "4.6.7".to_owned());
    let files = [
        ("package.json", "{\n  \"dependencies\": {\n    \"a\": \"1\"\n  }\n}\n"),
        ("a.ts", "import 'zod'\nimport 'acme-utils'\n"),
    ];
    let found = findings(options, &files);
    let errors: Vec<_> = found.iter().filter(|finding| finding.severity == Severity::Error).collect();
    assert_eq!(
        errors.iter().map(|finding| finding.rule).collect::<Vec<_>>(),
        [Rule::UndeclaredDependency, Rule::PackageNotAllowed]
    );
    let fixed = errors[0].fix.as_ref().unwrap().apply(&RepoPath::parse("package.json").unwrap(), files[0].1).unwrap();
    assert_eq!(fixed, "{\n  \"dependencies\": {\n    \"zod\": \"4.6.7\",\n    \"a\": \"1\"\n  }\n}\n");
    assert!(errors[1].fix.is_none());
}

/// A fix is only offered where it is certain, so applying it must leave nothing of the finding.
#[test]
fn fixes_repair_what_they_are_offered_for() {
    let target = ("src/Target.ts", "export const named = 1\n");
    let default = ("src/fallback.ts", "export default function fallback() { return 1 }\n");
    let cases = [
        ("import { named } from './target'\nnamed", "import { named } from './Target'\nnamed"),
        ("import named from './Target'\nnamed", "import { named } from './Target'\nnamed"),
        ("import { fallback } from './fallback'\nfallback()", "import fallback from './fallback'\nfallback()"),
    ];
    for (wrong, right) in cases {
        let found = findings(ValidatorOptions::default(), &[target, default, ("src/index.ts", wrong)]);
        let fix: &Fix = found
            .iter()
            .find_map(|finding| finding.fix.as_ref())
            .unwrap_or_else(|| panic!("no fix: {wrong}: {found:?}"));
        let fixed = fix.apply(&RepoPath::parse("src/index.ts").unwrap(), wrong).unwrap();
        assert_eq!(fixed, right);
        assert_eq!(errors(&[target, default, ("src/index.ts", &fixed)]), [""; 0]);
    }
}

#[test]
fn circles_count_only_when_modules_are_loaded() {
    let circle = |importer: &'static str| {
        found(&[
            ("index.ts", "import { a } from './a'\na()"),
            ("a.ts", importer),
            ("b.ts", "import { a } from './a'\nexport const b = () => a\nexport type B = 1\n"),
        ])
    };
    let cycles = ["warning import-cycle a.ts", "warning import-cycle b.ts"];

    let none: [String; 0] = [];
    let cycles_of = |found: Vec<String>| found.into_iter().filter(|found| found.contains("cycle")).collect::<Vec<_>>();
    assert_eq!(cycles_of(circle("import { b } from './b'\nexport const a = () => b()\n")), cycles);
    assert_eq!(cycles_of(circle("import type { B } from './b'\nexport const a = (): B => 1\n")), none);
    assert_eq!(cycles_of(circle("import { B } from './b'\nexport const a = (): B => 1\n")), none);
    assert_eq!(cycles_of(circle("export const a = () => import('./b')\n")), none);
}

#[test]
fn what_nothing_uses_is_found() {
    let files = [
        (
            "package.json",
            r#"{"main": "src/start.ts", "dependencies": {"used": "1", "unused": "1", "tool": "1"}, "scripts": {"go": "tool --fast"}}"#,
        ),
        ("src/start.ts", "import 'used'\nimport { used } from './barrel'\nused()\nimport.meta.glob('./pages/*.ts')\n"),
        ("src/barrel.ts", "export * from './lib'\n"),
        ("src/lib.ts", "export const used = () => inside\nexport const inside = 1\nexport const unused = 2\n"),
        ("src/pages/one.ts", "export default 1\n"),
        ("src/orphan.ts", "export const orphan = 1\n"),
        ("src/lib.test.ts", "import { used } from './lib'\nused()\n"),
    ];
    let wanted = [
        "warning unused-dependency package.json",
        "warning unused-export src/lib.ts",
        "warning orphan-file src/orphan.ts",
    ];
    assert_eq!(found(&files), wanted);
}

#[test]
fn placeholders_are_found_in_comments_only() {
    let generated = ValidatorOptions::default().with_origin(Origin::Generated);
    let cases = [
        ("// ... rest of the code", Some("error")),
        ("// ... existing code ...", Some("error")),
        ("// your code here", Some("error")),
        ("// TODO: write", Some("warning")),
        ("/**\n * FIXME(somebody) write\n */", Some("warning")),
        ("const a = 'TODO: x'", None),
        ("enum S { TODO, DONE }", None),
        ("// the states are TODO, DOING and DONE", None),
        ("// runs the rest of the code of the module inside the sandbox that was made before", None),
    ];
    for (line, wanted) in cases {
        let text = format!("{line}\nexport {{}}");
        let found = found_with(generated.clone(), &[("index.ts", &text)]);
        let placeholders: Vec<_> = found.iter().filter(|found| found.contains("placeholder")).collect();
        assert_eq!(
            placeholders,
            wanted.map(|severity| format!("{severity} placeholder index.ts")).iter().collect::<Vec<_>>(),
            "{line}"
        );
    }
    let empty = "export function save() {}\nexport const noop = () => {}\nexport class A { constructor(private a: number) {} run() {} }\n";
    assert_eq!(found_with(generated, &[("index.ts", empty)]), ["warning empty-body index.ts"; 2]);
}

#[test]
fn what_can_not_be_told_is_said_to_be_unknown() {
    assert_eq!(
        found(&[(".gitignore", "made/\n"), ("a.js", "require('./made/main.js')")]),
        ["warning unknown-import a.js"]
    );
    assert_eq!(found(&[("a.js", "require('./dist/main.js')")]), ["warning unknown-import a.js"]);
    let shims = ("shims.d.ts", "declare module '*.vue' {}\ndeclare module '*.txt'");
    let found = found(&[shims, ("a.ts", "import './A.vue'; import './a.txt'")]);
    assert_eq!(found, ["error unresolved-import a.ts", "warning unknown-import a.ts"]);
}

#[test]
fn manifests_must_be_json() {
    assert_eq!(errors(&[("package.json", "{\"a\": 1,}")]), ["invalid-manifest package.json"]);
    assert_eq!(errors(&[("package.json", "[]")]), ["invalid-manifest package.json"]);
    assert_eq!(errors(&[("tsconfig.json", "{\"a\": 1, /* fine */}")]), [""; 0]);
    assert_eq!(errors(&[("package-lock.json", "{")]), ["invalid-manifest package-lock.json"]);
}

/// Hostile sizes: each must take time in proportion to its length, so all of them together take moments.
#[test]
fn hostile_text_costs_linear_time_and_no_stack() {
    let n = 20_000;
    let texts = [
        "\\'",
        "/[",
        "<a ",
        "{<a>",
        "<a>",
        "`${",
        "import {",
        "import a ",
        "export {",
        "<template ",
        "<template>",
        "<script>",
        "require(",
        "try {",
        "a: ",
        "(",
        "[",
        "!",
        "a?",
        "if(a)",
        "a=>",
        "a+",
        "typeof ",
        "new ",
        "- ",
        "A<",
        "/*",
        "\"'",
        "{\"a\":",
        "a.b ",
        "**/",
        "[']',",
        "{}?{}:",
        "if(x){}else ",
        "{}&&",
        "-/*;*/",
        "(/*)*/",
        "y=>/*;*/",
        "A[][]",
        "A extends {}?{}:",
    ];
    for text in texts {
        let text = text.repeat(n);
        for path in [
            "a.tsx",
            "a.ts",
            "a.js",
            "a.vue",
            "package.json",
            "tsconfig.json",
            ".gitignore",
            "yarn.lock",
            "pnpm-lock.yaml",
        ] {
            let _ = findings(ValidatorOptions::default(), &[(path, &text)]);
        }
    }
    for chain in ["y()", "y[0]", "y.a", "y``", "y!", "f<A>[0]"].map(|text| text.split_at(1)) {
        let text = format!("export const a = {}{}\n", chain.0, chain.1.repeat(n));
        let _ = findings(ValidatorOptions::default(), &[("a.ts", &text)]);
    }
    // As deep as is still parsed.
    for (open, close) in [("(", ")"), ("[", "]"), ("{a:", "}"), ("(a=>", ")"), ("f(", ")")] {
        let text = format!("export const a = {}1{}", open.repeat(2_900), close.repeat(2_900));
        let _ = findings(ValidatorOptions::default(), &[("a.ts", &text)]);
    }
}

#[test]
fn circles_of_many_modules_take_linear_time() {
    let modules: Vec<(String, String)> = (0..2_000)
        .map(|i| {
            (
                format!("m{i}.ts"),
                format!(
                    "import {{ v{0} }} from './m{0}'\nexport const v{i} = () => v{0}\nexport * from './m{0}'\n",
                    (i + 1) % 2_000
                ),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = modules.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let found = found(&files);
    assert_eq!(found.iter().filter(|found| found.contains("import-cycle")).count(), 2_000);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC{0,200}|(import|export|from|type|\\{|\\}|\\*|'\\./a'|a|,| |\\n|=|\\(|\\)|<|>|`|\\$){0,60}") {
        for path in ["a.ts", "a.tsx", "a.js", "a.vue", "a.d.ts", "package.json", "tsconfig.json", "yarn.lock", "pnpm-lock.yaml"] {
            for finding in findings(ValidatorOptions::default(), &[(path, &text)]) {
                if let Some(span) = finding.span {
                    proptest::prop_assert!(span.of(&text).is_some(), "{finding:?}");
                }
            }
        }
    }
}
