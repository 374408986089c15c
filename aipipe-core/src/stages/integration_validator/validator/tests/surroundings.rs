//! What surrounds the files decides what is certain: each case with its control, the same project without that.

use super::*;

const MANIFEST: (&str, &str) = ("package.json", r#"{"dependencies": {"vue": "3.5.0"}}"#);
const COMPILED: (&str, &str) = ("tsconfig.json", r#"{"compilerOptions": {"strict": true}}"#);

/// The errors of the files with the manifest and a configuration, without and with `surroundings`.
fn without_and_with(files: &[(&str, &str)], surroundings: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let of = |files: &[(&str, &str)]| errors(files);
    let base: Vec<(&str, &str)> = [MANIFEST, COMPILED].into_iter().chain(files.iter().copied()).collect();
    let replaced = |path: &str| surroundings.iter().any(|(other, _)| *other == path);
    let kept = base.iter().filter(|(path, _)| !replaced(path)).chain(surroundings).copied();
    (of(&base), of(&kept.collect::<Vec<_>>()))
}

#[test]
fn what_the_linter_passes_over_and_nothing_loads_is_doubted() {
    let half = [("drafts/half/a.ts", "import { b } from './b';\nb(\n"), ("src/a.ts", "export const a = 1;\n")];
    let apart = ("tsconfig.json", r#"{"exclude": ["drafts"]}"#);
    for configuration in [
        (".eslintignore", "drafts/\n"),
        (".eslintrc.js", "module.exports = { ignorePatterns: ['drafts/**'] };\n"),
        ("eslint.config.js", "export default [{ ignores: ['drafts/**'] }];\n"),
    ] {
        let (before, after) = without_and_with(&half, &[configuration, apart]);
        assert_eq!((before.is_empty(), after), (false, Vec::new()), "{configuration:?}");
    }
    // Passed over by some rules only, or loaded all the same.
    let some = ("eslint.config.js", "export default [{ ignores: ['drafts/**'], rules: { semi: 'error' } }];\n");
    assert!(!without_and_with(&half, &[some, apart]).1.is_empty());
    let loader = ("src/index.ts", "import '../drafts/half/a';\n");
    assert!(!without_and_with(&half, &[(".eslintignore", "drafts/\n"), loader, apart]).1.is_empty());
    // A file that is set apart by its name is broken on purpose, whatever else.
    let sample = ("src/broken.jsx", "export const a = <div>;\n");
    let (before, after) = without_and_with(&[sample], &[(".prettierignore", "src/broken.jsx\n")]);
    assert_eq!((before, after), (vec!["syntax-error src/broken.jsx".to_owned()], Vec::new()));
    assert!(!without_and_with(&[sample], &[(".prettierignore", "*.jsx\n")]).1.is_empty());
    // Or compiled.
    assert!(!without_and_with(&half, &[(".eslintignore", "drafts/\n")]).1.is_empty());
}

#[test]
fn types_of_a_component_may_be_described_beside_it() {
    let files = [
        ("src/Dialog.vue", "<script>\nexport default {}\n</script>\n"),
        (
            "src/App.ts",
            "import Dialog, { type DialogProps } from './Dialog.vue';\nexport const a: DialogProps = Dialog;\n",
        ),
    ];
    let (before, after) = without_and_with(
        &files,
        &[("src/Dialog.d.ts", "export interface DialogProps {}\ndeclare const d: object;\nexport default d;\n")],
    );
    assert_eq!((before.len(), after), (1, Vec::new()));
    let other = [("src/Dialog.d.ts", "export interface Other {}\n")];
    assert_eq!(without_and_with(&files, &other).1.len(), 1);
}

#[test]
fn what_is_required_for_other_kinds_of_modules_is_no_error() {
    let guarded = "if (typeof exports === 'object' && typeof module !== 'undefined') {\n  module.exports = f(require('./nowhere'));\n} else {\n  f(window.x);\n}\n";
    let plain = "if (window.ready) {\n  module.exports = f(require('./nowhere'));\n}\n";
    let of = |text: &str| errors(&[MANIFEST, ("src/a.js", &format!("function f(x) {{ return x; }}\n{text}"))]);
    assert_eq!(of(guarded), Vec::<String>::new());
    assert_eq!(of(plain), ["unresolved-import src/a.js"]);
}

#[test]
fn a_plugin_that_resolves_by_itself_makes_aliases_unknown() {
    let files = [
        ("src/main.js", "import App from '~/App.vue';\nApp();\n"),
        ("src/App.vue", "<script>\nexport default {}\n</script>\n"),
    ];
    let own = "export default { plugins: [{ name: 'own', resolveId(source) { return source; } }] };\n";
    let (before, after) = without_and_with(&files, &[("vite.config.js", own)]);
    assert_eq!((before, after), (vec!["unresolved-import src/main.js".to_owned()], Vec::new()));
    assert_eq!(without_and_with(&files, &[("vite.config.js", "export default { plugins: [] };\n")]).1.len(), 1);
}

#[test]
fn a_file_that_scripts_copy_may_be_asked_for_where_it_is_copied_to() {
    let files =
        [("server/main.js", "import './router.js';\n"), ("src/a.ts", "export const a = require('./package.json');\n")];
    let script = ("build.sh", "cp server/main.js build/server/main.js\ncp package.json build/\n");
    let (before, after) = without_and_with(&files, &[script]);
    assert_eq!((before.len(), after), (2, Vec::new()));
    assert_eq!(without_and_with(&files, &[("build.sh", "node server/main.js\n")]).1.len(), 2);
    // Another file of that name is meant.
    assert_eq!(without_and_with(&files, &[("build.sh", "esbuild src/main.js --outfile=dist/main.js\n")]).1.len(), 2);
}

#[test]
fn what_meteor_brings_along_is_no_package() {
    let files = [
        ("server/a.js", "import { Meteor } from 'meteor/meteor';\nMeteor.startup();\n"),
        ("package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {\"\": {}}}"),
    ];
    let (before, after) = without_and_with(&files, &[(".meteor/packages", "meteor-base\n")]);
    assert_eq!((before, after), (vec!["undeclared-dependency server/a.js".to_owned()], Vec::new()));
}

#[test]
fn a_build_tools_alias_says_nothing_certain_of_a_declared_package() {
    let user = "import type { PackageJson } from 'pkg-types';\nimport { read } from 'pkg-types';\nexport const a: PackageJson = read;\n";
    let of = |manifest: &str| {
        errors(&[
            ("package.json", manifest),
            ("src/own.ts", "export const write = 1;\n"),
            ("src/a.ts", user),
            ("vite.config.ts", "export default { alias: { 'pkg-types': './src/own.ts' } };\n"),
        ])
    };
    assert_eq!(of(r#"{"dependencies": {"pkg-types": "2.0.0"}}"#), Vec::<String>::new());
    assert_eq!(of("{}"), ["missing-export src/a.ts", "missing-export src/a.ts"]);
}

#[test]
fn a_package_whose_program_a_script_runs_may_be_installed_by_hand() {
    let files = [
        ("tests/a.js", "import { Selector } from 'testcafe';\nSelector();\n"),
        ("package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {\"\": {}}}"),
    ];
    let (before, after) =
        without_and_with(&files, &[("package.json", r#"{"scripts": {"check": "wait 3 && testcafe firefox"}}"#)]);
    assert_eq!((before, after), (vec!["undeclared-dependency tests/a.js".to_owned()], Vec::new()));
    let taken_out = (
        "package-lock.json",
        r#"{"lockfileVersion": 3, "packages": {"": {"devDependencies": {"testcafe": "3.0.0"}}, "node_modules/testcafe": {}}}"#,
    );
    let runs = ("package.json", r#"{"scripts": {"check": "testcafe firefox"}}"#);
    assert_eq!(without_and_with(&files, &[runs, taken_out]).1.len(), 1, "the lock says that it was declared");
    let other = [("package.json", r#"{"scripts": {"check": "run-all testcafe"}}"#)];
    assert_eq!(without_and_with(&files, &other).1.len(), 1);
}

#[test]
fn what_a_script_writes_may_be_imported() {
    let files = [("src/a.ts", "import { x } from './lib/schema.codegen';\nexport const a = x;\n")];
    let script = r#"{"scripts": {"codegen": "tool -o=src/lib/schema.codegen.ts"}}"#;
    let (before, after) = without_and_with(&files, &[("package.json", script)]);
    assert_eq!((before, after), (vec!["unresolved-import src/a.ts".to_owned()], Vec::new()));
}

#[test]
fn names_like_a_package_that_the_file_imports_may_be_made_known_by_it() {
    let of = |text: &str| {
        errors(&[
            ("package.json", r#"{"dependencies": {"handlebars": "4.0.0", "jest-fetch-mock": "3.0.0"}}"#),
            COMPILED,
            ("src/a.ts", text),
        ])
    };
    let types = "export const a = (t: HandlebarsTemplateDelegate): unknown => t;\n";
    assert_eq!(of(&format!("import 'handlebars';\n{types}")), Vec::<String>::new());
    assert_eq!(of(types), ["undefined-name src/a.ts"]);
    let value = "export const a = fetchMock.once;\n";
    assert_eq!(
        of(&format!("import {{ enableFetchMocks }} from 'jest-fetch-mock';\nenableFetchMocks();\n{value}")),
        Vec::<String>::new()
    );
    assert_eq!(of(value), ["undefined-name src/a.ts"]);
    // What is called like the whole package is what an import would bring.
    assert_eq!(of("import 'handlebars';\nexport const a = handlebars.compile;\n"), ["undefined-name src/a.ts"]);
}

#[test]
fn single_constructs_that_the_compiler_takes() {
    let of = |files: &[(&str, &str)]| errors(&[&[MANIFEST, COMPILED], files].concat());
    let described = ("src/schema.d.ts", "export interface Options {}\n");
    let user = ("src/a.ts", "import type { Options } from './schema.ts';\nexport const a: Options = {};\n");
    assert_eq!(of(&[described, user]), Vec::<String>::new());
    assert_eq!(of(&[user]), ["unresolved-import src/a.ts"]);
    assert_eq!(
        of(&[("src/b.ts", "import Timeout = NodeJS.Timeout;\nexport const t = (x: Timeout): Timeout => x;\n")]),
        Vec::<String>::new()
    );
    assert_eq!(
        of(&[("src/b.ts", "import Timeout = Nodes.Timeout;\nexport const t = (x: Timeout): Timeout => x;\n")]),
        ["undefined-name src/b.ts"]
    );
    let old = ("src/old.js", "exports.x = 1;\n");
    let compiled = ("src/index.ts", "export const x = 1;\n");
    let node = ("src/index.mjs", "import x from './index.js';\nexport const y = x;\n");
    assert_eq!(of(&[old, compiled, node]), Vec::<String>::new());
    let modules = ("package.json", r#"{"type": "module"}"#);
    assert_eq!(errors(&[modules, COMPILED, compiled, node]), ["default-named-mixup src/index.mjs"]);
    let itself = [
        ("tsconfig.json", r#"{"compilerOptions": {"baseUrl": "."}}"#),
        ("vue.mjs", "import vue from 'vue';\nvue();\n"),
    ];
    assert_eq!(errors(&[&[MANIFEST], &itself[..]].concat()), Vec::<String>::new());
    let test = ("src/a.test.cjs", "import { it } from 'vitest';\nit('x', () => {});\n");
    assert_eq!(errors(&[("package.json", r#"{"devDependencies": {"vitest": "4.0.0"}}"#), test]), Vec::<String>::new());
    assert_eq!(
        errors(&[("package.json", "{}"), test]).first().map(String::as_str),
        Some("syntax-error src/a.test.cjs")
    );
    let loader = ("package.json", r#"{"devDependencies": {"worker-loader": "3.0.0"}}"#);
    let worker = [
        ("src/w.worker.ts", "export const x = 1;\n"),
        ("src/c.ts", "import W from './w.worker.ts';\nexport const w = new W();\n"),
    ];
    assert_eq!(errors(&[&[loader, COMPILED], &worker[..]].concat()), Vec::<String>::new());
    assert_eq!(of(&worker), ["default-named-mixup src/c.ts"]);
}

#[test]
fn a_missing_file_that_git_ignores_by_name_is_doubted() {
    let files = [("src/a.ts", "export const a = require('./packageInfo');\n")];
    let (before, after) = without_and_with(&files, &[(".gitignore", "src/packageInfo.js\n")]);
    assert_eq!((before, after), (vec!["unresolved-import src/a.ts".to_owned()], Vec::new()));
    // What compiling writes is ignored everywhere and says nothing of what it is written from.
    assert_eq!(without_and_with(&files, &[(".gitignore", "*.js\n")]).1.len(), 1);
}

#[test]
fn declarations_that_the_compiler_skips_are_doubted() {
    let files = [
        ("src/a.d.ts", "export const a: number;\nexport const a: string;\nexport default a;\nexport default 1;\n"),
        ("src/b.d.ts", "import { x } from './a';\n"),
    ];
    let skipping = ("tsconfig.json", r#"{"compilerOptions": {"strict": true, "skipLibCheck": true}}"#);
    let (before, after) = without_and_with(&files, &[skipping]);
    assert_eq!((before, after), (vec!["missing-export src/b.d.ts".to_owned()], Vec::new()));
    let inherited = ("tsconfig.json", r#"{"extends": "./tsconfig.base.json"}"#);
    let base = ("tsconfig.base.json", r#"{"compilerOptions": {"skipLibCheck": true}}"#);
    assert_eq!(without_and_with(&files, &[inherited, base]).1, Vec::<String>::new());
    // What they say still counts for who imports them.
    let user = ("src/c.ts", "import { x } from './a';\nexport const c = x;\n");
    assert_eq!(without_and_with(&[files[0], user], &[skipping]).1, ["missing-export src/c.ts"]);
}

#[test]
fn a_submodule_that_is_not_here_may_hold_the_file() {
    let files = [("src/a.ts", "import { x } from '../libs/core/src/x';\nexport const a = x;\n")];
    let modules = (".gitmodules", "[submodule \"core\"]\n\tpath = libs/core\n\turl = ../core.git\n");
    let (before, after) = without_and_with(&files, &[modules]);
    assert_eq!((before, after), (vec!["unresolved-import src/a.ts".to_owned()], Vec::new()));
    let there = ("libs/core/src/y.ts", "export const y = 1;\n");
    assert_eq!(without_and_with(&files, &[modules, there]).1.len(), 1, "something of it is here");
}

#[test]
fn a_package_of_types_alone_may_come_along_without_its_code() {
    let lock = |types: &str| {
        format!(
            "{{\"lockfileVersion\": 3, \"packages\": {{\"\": {{\"dependencies\": {{\"vue\": \"3.5.0\"}}}}{types}}}}}"
        )
    };
    let of = |text: &str, types: &str| {
        errors(&[MANIFEST, COMPILED, ("src/a.ts", text), ("package-lock.json", &lock(types))])
    };
    let typed = "import { Node } from 'estree';\nexport const a = (node: Node): unknown => node;\n";
    let along = ", \"node_modules/@types/estree\": {}";
    assert_eq!(of(typed, along), Vec::<String>::new());
    assert_eq!(of(typed, ""), ["undeclared-dependency src/a.ts"]);
    let run = "import { Node } from 'estree';\nexport const a = new Node();\n";
    assert_eq!(of(run, along), ["undeclared-dependency src/a.ts"]);
}

#[test]
fn data_that_a_program_of_the_project_writes_may_be_imported() {
    let files = [("src/a.ts", "import list from './list.json';\nexport const a = list;\n")];
    let program = "import fs from 'node:fs';\nconst to = new URL('../src/list.json', import.meta.url);\nfs.writeFileSync(to, '[]');\n";
    let (before, after) = without_and_with(&files, &[("scripts/list.mjs", program)]);
    assert_eq!((before, after), (vec!["unresolved-import src/a.ts".to_owned()], Vec::new()));
    let reading = program.replace("writeFileSync(to, '[]')", "readFileSync(to)");
    assert_eq!(without_and_with(&files, &[("scripts/list.mjs", &reading)]).1.len(), 1);
}

#[test]
fn what_sails_loads_by_its_place_is_known_everywhere() {
    let user = ("server/api/controllers/a.js", "module.exports = () => User.find(Mails.all);\n");
    let places = [
        ("server/api/models/User.js", "module.exports = {};\n"),
        ("server/api/services/Mails.js", "module.exports = {};\n"),
    ];
    let of = |manifest: &str| errors(&[("server/package.json", manifest), user, places[0], places[1]]);
    assert_eq!(of(r#"{"dependencies": {"sails": "1.5.0"}}"#), Vec::<String>::new());
    assert_eq!(of("{}").len(), 2);
}

#[test]
fn names_that_the_linter_is_told_to_allow_or_a_page_declares_are_doubted() {
    let files =
        [("src/a.js", "export const a = settings.title;\n"), ("src/b.ts", "export const b: number = settngs.size;\n")];
    let (before, _) = without_and_with(&files, &[]);
    assert_eq!(before, ["undefined-name src/a.js", "undefined-name src/b.ts"]);
    for off in [
        (".eslintrc.json", r#"{"rules": {"no-undef": "off"}}"#),
        ("eslint.config.js", "export default [{ rules: { 'no-undef': 0 } }];\n"),
        ("package.json", r#"{"eslintConfig": {"rules": {"no-undef": "off"}}}"#),
        ("views/page.pug", "script.\n  var settings = {}\n"),
    ] {
        assert_eq!(without_and_with(&files, &[off]).1, ["undefined-name src/b.ts"], "{off:?}");
    }
    let other = [
        (".eslintrc.json", r#"{"rules": {"no-undef": "error"}}"#),
        ("views/page.pug", "script.\n  if (settings == 1) x()\n"),
    ];
    assert_eq!(without_and_with(&files, &other).1.len(), 2);
}

#[test]
fn frameworks_bring_modules_along_that_no_manifest_names() {
    let of = |manifest: &str| {
        errors(&[
            ("package.json", manifest),
            ("package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {\"\": {}}}"),
            ("tsconfig.json", r#"{"compilerOptions": {"paths": {"@theme/*": ["./src/theme/*"]}}}"#),
            ("src/theme/Footer.tsx", "import { links } from '@theme/Footer';\nexport default links;\n"),
            ("src/a.ts", "import 'server-only';\nimport Layout from '@theme/Layout';\nexport const a = Layout;\n"),
        ])
    };
    let both = r#"{"dependencies": {"@docusaurus/core": "3.0.0", "next": "16.0.0"}}"#;
    assert_eq!(of(both), Vec::<String>::new());
    assert_eq!(of("{}").len(), 3, "{:?}", of("{}"));
}

#[test]
fn a_file_that_is_only_read_as_text_is_not_loaded() {
    let text = ("docs/code/a.ts", "fonts: [...]\n");
    let apart = [(".eslintignore", "docs/code/*\n"), ("tsconfig.json", r#"{"exclude": ["docs/code"]}"#)];
    let reader = |query: &str| format!("import text from './code/a.ts{query}';\nexport const shown = text;\n");
    let with = |query: &str| without_and_with(&[text, ("docs/page.ts", &reader(query))], &apart).1;
    assert_eq!(with("?raw"), Vec::<String>::new());
    assert!(with("").contains(&"syntax-error docs/code/a.ts".to_owned()));
}

#[test]
fn what_a_program_of_python_serves_or_a_pipeline_installs_is_doubted() {
    let script = ("app/parts/table.js", "import { x } from '../../static/x.js';\nexport const a = x;\n");
    let there = ("app/static/x.js", "export const x = 1;\n");
    let (before, after) = without_and_with(&[script, there], &[("app/parts/table.py", "")]);
    assert_eq!((before, after), (vec!["unresolved-import app/parts/table.js".to_owned()], Vec::new()));
    assert_eq!(without_and_with(&[script], &[("app/parts/table.py", "")]).1.len(), 1, "it is nowhere");
    let lock = ("package-lock.json", "{\"lockfileVersion\": 3, \"packages\": {\"\": {}}}");
    let asks = "const axios = require('axios');\nmodule.exports = axios;\n";
    assert_eq!(errors(&[MANIFEST, lock, (".github/scripts/a.js", asks)]), Vec::<String>::new());
    assert_eq!(errors(&[MANIFEST, lock, ("scripts/a.js", asks)]).len(), 1);
}

#[test]
fn no_comment_makes_half_a_file_whole() {
    let cut = "export const a = (x: string): string => {\n  // @ts-ignore\n  if (x && x.len\nexport const b = {\n";
    assert_eq!(errors(&[MANIFEST, COMPILED, ("src/a.ts", cut)]), ["syntax-error src/a.ts"]);
    let odd = "export class A {\n  // @ts-ignore\n  public public x = 1;\n}\n";
    assert_eq!(errors(&[MANIFEST, COMPILED, ("src/a.ts", odd)]), Vec::<String>::new());
}
