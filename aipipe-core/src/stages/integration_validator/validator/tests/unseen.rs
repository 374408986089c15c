//! What was taken for an error in projects that nobody had tuned the rules to, each beside its control.

use super::*;

const UI: (&str, &str) =
    ("ui/package.json", r#"{"name": "ui", "version": "2.1.0", "main": "code.js", "types": "types.d.ts"}"#);
const TYPES: (&str, &str) = ("ui/types.d.ts", "export declare const typed: string\n");
const CODE: (&str, &str) = ("ui/code.js", "export const coded = 1\n");

/// The errors of a workspace in which `app` asks for `ui`.
fn of_app(versions: &str, file: (&str, &str), ui: &[(&str, &str)]) -> Vec<String> {
    let manifest = format!(r#"{{"name": "app", "dependencies": {{"ui": "{versions}"}}}}"#);
    errors(&[&[("app/package.json", manifest.as_str()), file], ui].concat())
}

#[test]
fn a_package_of_the_tree_is_its_types_to_typescript_and_its_code_to_scripts() {
    let both = [UI, TYPES, CODE];
    let missing = |file: &str| vec![format!("missing-export {file}")];
    let takes = |name: &str| format!("import {{ {name} }} from 'ui'\n{name}\n");
    let (typed, coded) = (takes("typed"), takes("coded"));
    assert_eq!(of_app("*", ("app/a.ts", &typed), &both), [""; 0]);
    assert_eq!(of_app("*", ("app/a.ts", &coded), &both), missing("app/a.ts"));
    assert_eq!(of_app("*", ("app/a.js", &coded), &both), [""; 0]);
    assert_eq!(of_app("*", ("app/a.js", &typed), &both), missing("app/a.js"));
    // Where one of the two is made by a build, the other does not say what it exports.
    assert_eq!(of_app("*", ("app/a.js", &coded), &[UI, TYPES]), [""; 0]);
    assert_eq!(of_app("*", ("app/a.ts", &typed), &[UI, CODE]), [""; 0]);
}

#[test]
fn a_package_of_the_tree_counts_where_its_version_is_asked_for() {
    let both = [UI, TYPES, CODE];
    let text = "import { gone } from 'ui'\ngone\n";
    for versions in ["*", "workspace:^", "^2.0.0", "~2.1.3", "2.1.0", "file:../ui"] {
        assert_eq!(of_app(versions, ("app/a.ts", text), &both), ["missing-export app/a.ts"], "{versions}");
    }
    for versions in ["^1.0.0", "~2.0.0", "2.0.0", "latest"] {
        assert_eq!(of_app(versions, ("app/a.ts", text), &both), [""; 0], "{versions}");
    }
    // Of two packages with one name it can't be told which is meant.
    let other = ("old/package.json", r#"{"name": "ui", "version": "2.1.0", "main": "code.js"}"#);
    assert_eq!(of_app("*", ("app/a.ts", text), &[UI, TYPES, CODE, other]), [""; 0]);
}

#[test]
fn scripts_are_read_beside_the_declarations_that_describe_them() {
    let files = [("lib.js", "export const coded = 1\n"), ("lib.d.ts", "export type Typed = 1\n")];
    let with = |path: &'static str, text: &'static str| errors(&[&files[..], &[(path, text)]].concat());
    assert_eq!(with("a.js", "import { coded } from './lib'\ncoded\n"), [""; 0]);
    assert_eq!(with("a.js", "import { other } from './lib'\nother\n"), ["missing-export a.js"]);
    assert_eq!(with("a.ts", "import type { Typed } from './lib.js'\nexport const a: Typed = 1\n"), [""; 0]);
    assert_eq!(
        with("a.ts", "import type { Other } from './lib.js'\nexport const a: Other = 1\n"),
        ["missing-export a.ts"]
    );
}

#[test]
fn templates_of_generators_are_no_broken_code() {
    let holes = [
        ("generator/main.js", "import Vue from 'vue'\n<%_ if (store) { _%>\nimport store from './store'\n<%_ } _%>\n"),
        (
            "generator/App.vue",
            "<%_ if (a) { _%>\n<script>\nexport default {}\n</script>\n<%_ } else { _%>\n<script>\nexport default {}\n</script>\n<%_ } _%>\n",
        ),
        ("generator/use.ts", "import a from './<%= name %>'\na()\n"),
        ("generator/list.ts", "export const all = [\n{{#each names}}\n  {{this}},\n{{/each}}\n]\n"),
        ("generator/package.json", "{ \"name\": {{name}} }"),
    ];
    for (path, text) in holes {
        assert_eq!(errors(&[(path, text)]), [""; 0], "{path}");
        let without = text.replace("<%", "(%").replace("{{", "((");
        assert!(!errors(&[(path, &without)]).is_empty(), "{path}");
    }
}

#[test]
fn aliases_of_a_configuration_in_a_folder_of_its_own_count_for_its_package() {
    let config =
        "module.exports = { resolve: { alias: { common: require('path').join(__dirname, '../src/common') } } }";
    let files = [
        ("package.json", r#"{"dependencies": {"x": "1"}}"#),
        ("package-lock.json", r#"{"packages": {"": {}}}"#),
        ("build/webpack.base.conf.js", config),
        ("src/common/keys.js", "export const keys = 1\n"),
        ("test/unit.js", "import { keys } from 'common/keys'\nkeys\n"),
        ("test/other.js", "import { locks } from 'common/keys'\nimport 'common/none'\nlocks\n"),
    ];
    assert_eq!(errors(&files), ["missing-export test/other.js", "unresolved-import test/other.js"]);
    // Where no configuration can be read, a folder of that name still tells that an alias is meant.
    let without: Vec<_> = files.into_iter().filter(|(path, _)| !path.starts_with("build")).collect();
    assert_eq!(errors(&without), ["undeclared-dependency test/other.js"]);
}

#[test]
fn what_a_build_makes_is_known_by_its_name() {
    assert_eq!(errors(&[("page/a.js", "import './lib.esm.mjs'; import './lib.min.js'")]), [""; 0]);
    assert_eq!(errors(&[("page/a.js", "import './lib.mjs'")]), ["unresolved-import page/a.js"]);
}

#[test]
fn minified_text_is_nobodys_code() {
    fn files(text: &str) -> [(&str, &str); 3] {
        [("package.json", "{}"), ("package-lock.json", r#"{"packages": {"": {}}}"#), ("src/lib/a.js", text)]
    }
    let long = format!("import 'gone'; export const a = missing; const = 1; {}", "f(1);".repeat(1_000));
    assert_eq!(errors(&files(&long)), [""; 0]);
    assert_eq!(errors(&files(&long.replace(';', ";\n"))), ["syntax-error src/lib/a.js"]);
    let parses = long.replace("const = 1;", "");
    assert_eq!(errors(&files(&parses)), [""; 0]);
    assert_eq!(errors(&files(&parses.replace(';', ";\n"))).len(), 3);
}

#[test]
fn a_name_that_is_missing_on_purpose_is_no_error() {
    let with = |text: &str| errors(&[("src/a.js", text)]);
    let missing = ["undefined-name src/a.js"];
    assert_eq!(with("export const a = 1\nfoo() // eslint-disable-line\n"), [""; 0]);
    assert_eq!(with("export const a = 1\n// eslint-disable-next-line no-undef -- on purpose\nfoo()\n"), [""; 0]);
    assert_eq!(with("export const a = 1\n// eslint-disable-next-line no-console\nfoo()\n"), missing);
    assert_eq!(
        with("/* eslint-disable no-undef */\nfoo()\n/* eslint-enable no-undef */\nexport const a = 1\n"),
        [""; 0]
    );
    assert_eq!(
        with("/* eslint-disable no-undef */\n/* eslint-enable no-undef */\nfoo()\nexport const a = 1\n"),
        missing
    );
    assert_eq!(with("/* eslint-disable */\nfoo()\nexport const a = 1\n"), missing);
    assert_eq!(with("require('shelljs/global')\nfoo()\nexport const a = 1\n"), [""; 0]);
    assert_eq!(with("require('shelljs')\nfoo()\nexport const a = 1\n"), missing);
}

#[test]
fn what_the_compiler_passes_over_need_not_please_it() {
    let config = r#"{"compilerOptions": {"verbatimModuleSyntax": true}, "exclude": ["**/*.test.ts"]}"#;
    let with = |path: &'static str| {
        errors(&[
            ("tsconfig.json", config),
            ("t.ts", "export type T = 1\n"),
            (path, "import { T } from './t'\nexport const a: T = 1\n"),
        ])
    };
    assert_eq!(with("a.test.ts"), [""; 0]);
    assert_eq!(with("a.ts"), ["type-used-as-value a.ts"]);
    let quiet = "export const a = { b: 1 }\n// @ts-expect-error: on purpose\na?.b = 2\n";
    assert_eq!(errors(&[("a.ts", quiet)]), [""; 0]);
    assert_eq!(errors(&[("a.ts", &quiet.replace("@ts", "ts"))]), ["syntax-error a.ts"]);
}

#[test]
fn stories_are_used_and_what_else_their_files_export_is_not() {
    let text = "export default {}\nexport const Primary = {}\nexport const leftover = 1\n";
    let found = found(&[("package.json", "{}"), ("src/parts/a.stories.js", text)]);
    assert_eq!(found, ["warning unused-export src/parts/a.stories.js"]);
}

#[test]
fn what_hides_an_import_hides_no_more_than_it_must() {
    // Git ignores what is compiled, not what it is compiled from.
    let ignored = (".gitignore", "src/**/*.js\n");
    let asks = "import './gone'\n";
    assert_eq!(errors(&[ignored, ("src/a.ts", asks)]), ["unresolved-import src/a.ts"]);
    assert_eq!(errors(&[ignored, ("test/a.js", "import '../src/gone'\n")]), [""; 0]);
    // A framework's own folder of types holds no modules of the project.
    let merged = |dir: &str| format!(r#"{{"compilerOptions": {{"rootDirs": [".", "{dir}"]}}}}"#);
    let with = |dir: &str| errors(&[("tsconfig.json", &merged(dir)), ("src/a.ts", asks)]);
    assert_eq!(with("./.react-router/types"), ["unresolved-import src/a.ts"]);
    assert_eq!(with("./made"), [""; 0]);
    // An expression that is anchored says nothing of packages that begin otherwise.
    let alias =
        |find: &str| format!("export default {{ resolve: {{ alias: [{{ find: {find}, replacement: 'x' }}] }} }}");
    let lock = ("package-lock.json", r#"{"packages": {"": {}}}"#);
    let with = |find: &str| {
        errors(&[("package.json", "{}"), lock, ("vite.config.js", &alias(find)), ("src/a.js", "import 'other'")])
    };
    assert_eq!(with("/^own$/"), ["undeclared-dependency src/a.js"]);
    assert_eq!(with("/^@\\/(.*)$/"), ["undeclared-dependency src/a.js"]);
    assert_eq!(with("/^(own|other)$/"), [""; 0]);
    assert_eq!(with("/^other$/"), [""; 0]);
    // Vue's tools bring aliases that begin with a mark.
    let vue = ("package.json", r#"{"dependencies": {"@vue/cli-service": "5"}}"#);
    assert_eq!(errors(&[vue, lock, ("src/a.js", "import 'other'; import '@/b'")]), ["undeclared-dependency src/a.js"]);
    // What a package calls its own must be there, unless a build makes it.
    let own = ("package.json", r##"{"imports": {"#app/*": "./app/*", "#made/*": "./dist/*"}}"##);
    assert_eq!(
        errors(&[own, ("app/a.ts", "import '#app/gone.ts'; import '#made/gone.js'")]),
        ["unresolved-import app/a.ts"]
    );
    assert_eq!(errors(&[own, ("app/gone.ts", ""), ("app/a.ts", "import '#app/gone.ts'")]), [""; 0]);
}

#[test]
fn a_package_whose_manifest_its_release_writes_is_the_projects_own() {
    let files = [("package.json", "{}"), ("package-lock.json", r#"{"packages": {"": {}}}"#)];
    let with = |name: &str| {
        let text = format!("import '@acme/{name}'\n");
        errors(&[&files[..], &[("packages/parts/index.js", ""), ("packages/all/index.js", &text)]].concat())
    };
    assert_eq!(with("parts"), [""; 0]);
    assert_eq!(with("other"), ["undeclared-dependency packages/all/index.js"]);
}

#[test]
fn tests_of_types_are_not_run() {
    let text = "export const run = () => require('./gone')\n";
    assert_eq!(errors(&[("types/a-test.ts", text)]), [""; 0]);
    assert_eq!(errors(&[("src/a-test.ts", text)]), ["unresolved-import src/a-test.ts"]);
}

#[test]
fn a_type_hides_no_value_of_its_name() {
    let types = ("t.ts", "export interface Response { a: 1 }\nexport class Request {}\nexport interface Own {}\n");
    let with = |text: &str| errors(&[types, ("a.ts", text)]);
    assert_eq!(
        with("import type { Response } from './t'\nexport const a = (b: Response) => [b, new Response()]\n"),
        [""; 0]
    );
    assert_eq!(
        with("import { Response } from './t'\nexport const a = (b: Response) => [b, new Response()]\n"),
        [""; 0]
    );
    let wrong = ["type-used-as-value a.ts"];
    assert_eq!(with("import type { Request } from './t'\nexport const a = new Request('')\n"), wrong);
    assert_eq!(with("import type { Own } from './t'\nexport const a = new Own()\n"), wrong);
    assert_eq!(with("import { Own } from './t'\nexport const a = new Own()\n"), wrong);
}

#[test]
fn what_a_loader_loads_is_not_what_its_file_exports() {
    let loader = ("posts.data.ts", "export default { load: () => [] }\n");
    assert_eq!(errors(&[loader, ("a.ts", "import { data } from './posts.data'\nexport const a = data\n")]), [""; 0]);
    assert_eq!(
        errors(&[loader, ("a.ts", "import { rows } from './posts.data'\nexport const a = rows\n")]),
        ["default-named-mixup a.ts"]
    );
}
