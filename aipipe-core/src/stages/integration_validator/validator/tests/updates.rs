//! An update finds what a full run finds, whatever was changed before.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Files that depend on each other in as many ways as there are, each in several states.
const STATES: &[(&str, &[&str])] = &[
    (
        "package.json",
        &[
            r##"{"name": "app", "dependencies": {"react": "1"}, "imports": {"#a": "./src/a.ts"}}"##,
            r#"{"name": "app", "dependencies": {"zod": "1", "sails": "1"}, "main": "src/c.ts"}"#,
            "{",
        ],
    ),
    (
        "tsconfig.json",
        &[
            r#"{"compilerOptions": {"paths": {"@/*": ["./src/*"]}}}"#,
            r#"{"compilerOptions": {"paths": {"@/*": ["./lib/*"]}, "verbatimModuleSyntax": true}}"#,
            r#"{"extends": "./base.json"}"#,
        ],
    ),
    ("base.json", &["{}", "{"]),
    ("tsconfig.base.json", &[r#"{"compilerOptions": {"baseUrl": "src"}}"#]),
    (".gitignore", &["gone.ts\n", "lib/\n"]),
    (
        "src/a.ts",
        &[
            "export const a = 1\nexport type T = 1\n",
            "export interface a {}\n",
            "import { b } from './b'\nexport const a = () => b\n",
            "export const a = {",
            "export * from './b'\nexport * from './gone'\n",
            "",
        ],
    ),
    (
        "src/b.ts",
        &[
            "export * from './a'\n",
            "import { a, T } from './a'\nexport const b = a as T\n",
            "export { a as b } from '@/a'\nimport 'react'\n",
            "import a from '#a'\nexport default a\n",
        ],
    ),
    (
        "src/c.ts",
        &[
            "import { a } from './b'\nimport b from './B'\nexport const c = [a, b, shared]\n",
            "import { a } from 'b'\nnew a()\n",
            "import * as all from './b'\nimport('zod')\nexport { all }\n",
        ],
    ),
    ("src/index.ts", &["import './c'\nimport { b } from './b'\nb()\n", "import.meta.glob('./*.ts')\n"]),
    ("src/gone.ts", &["export const gone = 1\n", "export default 1\n"]),
    ("lib/a.ts", &["export const a = 1\n", "export const b = 1\n"]),
    (".gitmodules", &["[submodule \"lib\"]\n\tpath = lib\n"]),
    ("page.html", &["<script>\nvar shared = 1\n</script>\n"]),
    ("app/w.js", &["import { a } from '../../x/a.js'\nexport default a\n", "import { a } from '../lib/x/a.js'\na()\n"]),
    ("lib/x/a.js", &["export const a = 1\n"]),
    ("api/models/shared.js", &["module.exports = 1\n"]),
    ("src/b/index.ts", &["export const a = 1\nexport default 2\n"]),
    (
        "src/V.vue",
        &[
            "<script setup lang=\"ts\">\nimport { a } from './a'\n</script>",
            "<script>\nexport const named = 1\n</script>",
        ],
    ),
    ("src/v.ts", &["import V, { named } from './V.vue'\nexport const v = [V, named]\n"]),
    ("globals.d.ts", &["declare const shared: string\n", "declare module 'zod'\n", "declare module '*.vue'\n"]),
    (
        "app/__init__.py",
        &["", "from .x import y\n", "from .x import *\n__all__ = ['y']\n", "def __getattr__(name): ...\n"],
    ),
    (
        "app/x.py",
        &[
            "y = 1\n",
            "from . import z\n",
            "def f(): pass\ndef f(): pass\n",
            "from app.z import *\nimport httpx, yaml\nprint(q)\n",
            "def f(:\n",
        ],
    ),
    ("app/z.py", &["q = 1\nfrom app import x\n", "from .x import *\nfrom ..gone import r\n"]),
    (
        "app/sub/w.py",
        &["from ..X import y\nfrom app import sub, z\n", "import importlib\nimportlib.import_module('a')\n"],
    ),
    ("app/sub/__init__.py", &["", "from .w import y\n"]),
    ("src/app/x.py", &["y = 2\n"]),
    ("src/app/__init__.py", &[""]),
    ("app/built/made.py", &["made = 1\n"]),
    (
        "app/user.py",
        &["from app.built.made import made\nfrom .local import z\nprint(_, made, z)\n", "import app.x, src.app.x\n"],
    ),
    ("app/local.py.example", &["z = 1\n"]),
    (
        "tests/test_app.py",
        &["from tests.helper import help\nimport httpx\nhelp()\n", "import builtins\nbuiltins.q = 1\n", ""],
    ),
    ("tests/helper.py", &["def help(): return missing\nfrom app.x import nothing\n", "def help(:\n"]),
    ("tests/__init__.py", &["print(missing)\n"]),
    ("tests/sub/setup.py", &["", "setup(install_requires=['yaml'])\n"]),
    ("tests/sub/test_sub.py", &["import acme\nprint(q)\n"]),
    ("docs/index.md", &[""]),
    ("docs/shown.py", &["from .gone import x\nprint(y)\n"]),
    ("requests.py", &["import acme\nfrom app import x\n"]),
    ("tool/script.py", &["# /// script\n# dependencies = []\n# ///\nimport acme\n", "import acme\nimport requests\n"]),
    (
        "main.py",
        &[
            "from app import x\nfrom app.x import y, f\n",
            "import app.z\nfrom app import y, z\nfrom app.sub.w import z\n",
        ],
    ),
    ("httpx/__init__.py", &["get = 1\n"]),
    ("app/six/__init__.py", &["", "import sys\nsys.meta_path.append(1)\n", "__path__.append('a')\n"]),
    (
        "app/six/use.py",
        &["from app.six.moves.a import b\nfrom . import c\nfrom ._fast import d\n", "from app import x\nx.made = 1\n"],
    ),
    ("app/takes.py", &["from .x import made\nfrom app.six import moves, _fast\nprint(q, made)\n"]),
    ("app/six/meson.build", &["py.extension_module('_fast')\n", ""]),
    ("app/six/__builtins__.pyi", &["q: int\n", "r: int\n"]),
    (".pylintrc", &["additional-builtins=q\n", ""]),
    ("requirements.txt", &["app\n", "", "pyyaml\nhttpx\n"]),
    ("pyproject.toml", &["[project]\nname = 'app'\ndependencies = ['requests']\nscripts = {a = 'app.z:q'}\n", "["]),
    (
        "poetry.lock",
        &[
            "[[package]]\nname = \"requests\"\n",
            "[[package]]\nname = \"httpx\"\n[package.dependencies]\nPyYAML = \"1\"\n",
        ],
    ),
];

fn change() -> impl Strategy<Value = Change> {
    (0..STATES.len(), 0..8_usize).prop_map(|(file, state)| {
        let (path, states) = STATES[file];
        let path = RepoPath::parse(path).unwrap();
        match states.get(state % (states.len() + 1)) {
            Some(text) => Change::Put(path, Arc::from(*text)),
            None => Change::Remove(path),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_update_equals_a_full_run(
        steps in prop::collection::vec(prop::collection::vec(change(), 1..4), 1..12),
        origin in prop_oneof![Just(Origin::Existing), Just(Origin::Generated)],
    ) {
        let options = || ValidatorOptions::default().with_origin(origin);
        let mut validator = Validator::new(options(), []);
        let mut files: BTreeMap<RepoPath, Arc<str>> = BTreeMap::new();
        for changes in steps {
            for change in &changes {
                match change {
                    Change::Put(path, text) => files.insert(path.clone(), text.clone()),
                    Change::Remove(path) => files.remove(path),
                };
            }
            validator.update(changes);
            let full = Validator::new(options(), files.clone()).findings();
            prop_assert_eq!(validator.findings(), full);
        }
    }
}

#[test]
fn an_edit_checks_only_what_it_can_affect() {
    let mut files = vec![
        ("src/index.ts", "import { a } from './a'\na()\n"),
        ("src/a.ts", "import { b } from './b'\nexport const a = () => b\n"),
        ("src/b.ts", "export const b = 1\n"),
    ];
    let others: Vec<String> = (0..50).map(|i| format!("src/other{i}.ts")).collect();
    files.extend(others.iter().map(|path| (path.as_str(), "export {}\n")));
    let mut validator = Validator::new(ValidatorOptions::default(), tree(&files));
    let put = |text: &str| [Change::Put(RepoPath::parse("src/b.ts").unwrap(), Arc::from(text))];
    let body = validator.update(put("export const b = 2\n"));
    assert_eq!(body, UpdateSummary { files_read: 1, files_checked: 1 });
    let interface = validator.update(put("export const c = 2\n"));
    assert_eq!(interface, UpdateSummary { files_read: 1, files_checked: 2 });
    assert_eq!(validator.update(put("export const c = 2\n")), UpdateSummary::default());
}

#[test]
fn an_edit_of_python_checks_only_what_it_can_affect() {
    let mut files = vec![
        ("pyproject.toml", "[project]\nname = 'app'\ndependencies = ['httpx']\n"),
        ("app/__init__.py", ""),
        ("app/main.py", "from app.a import a\na()\n"),
        ("app/a.py", "from .b import b\ndef a(): return b\n"),
        ("app/b.py", "b = 1\n"),
    ];
    let others: Vec<String> = (0..50).map(|i| format!("app/other{i}.py")).collect();
    files.extend(others.iter().map(|path| (path.as_str(), "import os\nimport httpx\nprint(os, httpx)\n")));
    let mut validator = Validator::new(ValidatorOptions::default(), tree(&files));
    let put = |path: &str, text: &str| Change::Put(RepoPath::parse(path).unwrap(), Arc::from(text));
    let body = validator.update([put("app/b.py", "b = 2\n")]);
    assert_eq!(body, UpdateSummary { files_read: 1, files_checked: 1 });
    // An import of a package that no other file imports changes nothing of the others.
    let import = validator.update([put("app/b.py", "import json\nimport acme\nb = [json, acme]\n")]);
    assert_eq!(import, UpdateSummary { files_read: 1, files_checked: 2 });
    let interface = validator.update([put("app/b.py", "c = 2\n")]);
    assert_eq!(interface, UpdateSummary { files_read: 1, files_checked: 2 });
    // A new module concerns those who may mean it.
    let new = validator.update([put("app/sub/b.py", "b = 1\n"), put("app/sub/__init__.py", "")]);
    assert_eq!(new, UpdateSummary { files_read: 2, files_checked: 2 });
    assert_eq!(validator.update([Change::Remove(RepoPath::parse("app/b.py").unwrap())]).files_checked, 2);
    // A manifest concerns everybody.
    let manifest = validator.update([put("pyproject.toml", "[project]\nname = 'app'\ndependencies = []\n")]);
    assert_eq!(manifest.files_checked, 55);
}

#[test]
fn findings_do_not_depend_on_the_order_in_which_files_came() {
    let mut files = vec![
        ("app/__init__.py", "from . import d, b, c\nprint(b, c, d)\n"),
        ("app/b.py", "from . import d, c\nprint(c, d)\n"),
        ("app/c.py", "from app import d, b\nprint(b, d)\n"),
        ("app/d.py", "import app\nprint(app)\n"),
        ("main.py", "import app\nprint(app)\n"),
    ];
    let one = findings(ValidatorOptions::default(), &files);
    assert_eq!(one.iter().filter(|finding| finding.rule == Rule::ImportCycle).count(), 4);
    files.reverse();
    assert_eq!(findings(ValidatorOptions::default(), &files), one);
    files.swap(0, 3);
    assert_eq!(findings(ValidatorOptions::default(), &files), one);
}
