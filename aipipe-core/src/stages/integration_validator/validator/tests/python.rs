//! Python's rules.

use super::*;

fn alone(text: &str) -> Vec<String> {
    found(&[("main.py", text)])
}

#[test]
fn names_are_known_by_their_scopes() {
    let text = "from __future__ import annotations\n\
        import os\n\
        class A[T]:\n    x = 1\n    y = [x for _ in range(x)]\n    def f(self, a: T) -> 'Unknown': return __class__, a\n\
        def g(*args, k=os, **kw):\n    global later\n    later = [z for z in args if (w := z)]\n    return w, kw, k\n\
        def h():\n    n = 1\n    def i():\n        nonlocal n\n        n += 1\n    return i\n\
        type Pair[U] = tuple[U, U]\n\
        match later:\n    case {'a': b, **rest}: print(b, rest)\n    case [c, *d] as e: print(c, d, e)\n    case A(x=q): print(q)\n\
        try:\n    pass\nexcept* ValueError as error:\n    print(error)\n\
        with open(__file__) as (m, o): print(m, o)\n\
        try:\n    unicode\nexcept NameError:\n    unicode = str\n\
        print(lambda v, /, *, u=1: v + u, {r: s for r, s in {}.items()}, f'{g!r:>{h}}')\n";
    assert_eq!(alone(text), [""; 0]);
    for wrong in
        ["def f():\n    return missing\n", "class A:\n    b = 1\n    def f(self): return b\n", "[x for x in y]\n"]
    {
        assert_eq!(alone(wrong), ["error undefined-name main.py"], "{wrong}");
    }
    assert_eq!(alone("from os.path import *\nprint(joined)\n"), [""; 0]);
    assert_eq!(alone("def f(a: Missing): return a\n"), ["error undefined-name main.py"]);
    assert_eq!(alone("globals()['a'] = 1\nprint(a)\n"), [""; 0]);
}

#[test]
fn imports_of_the_project_lead_somewhere() {
    let with = |text: &str| {
        errors(&[
            ("app/__init__.py", "from .models import User as User\n"),
            ("app/models.py", "class User: ...\n"),
            ("app/listed.py", "__all__ = ['there', 'gone']\nthere = 1\n"),
            ("app/lazy.py", "def __getattr__(name): return name\n"),
            ("app/star.py", "from .models import *\nfrom os.path import *\n"),
            ("app/all.py", "from .models import *\n"),
            ("app/names/space.py", "a = 1\n"),
            ("src/lib/__init__.py", ""),
            ("app/use.py", text),
        ])
    };
    for right in [
        "from app import User, models\nprint(User, models)\n",
        "from . import models, lazy\nprint(models, lazy)\n",
        "from .lazy import anything\nprint(anything)\n",
        "from .star import Unknown\nprint(Unknown)\n",
        "from .all import User\nprint(User)\n",
        "from app.names import space\nfrom app.names.space import a\nprint(space, a)\n",
        "import lib\nprint(lib)\n",
        "try:\n    from ._speedups import a\nexcept ImportError:\n    a = 1\n",
        "import sys\nif sys.version_info < (3, 11):\n    from .compat import b\n",
        "from app import __version__\nprint(__version__)\n",
        "from .settings_local import X  # type: ignore\nprint(X)\n",
    ] {
        assert_eq!(with(right), [""; 0], "{right}");
    }
    for (wrong, rule) in [
        ("from app import Missing\nprint(Missing)\n", "missing-export"),
        ("from .all import Missing\nprint(Missing)\n", "missing-export"),
        ("from app.gone import a\nprint(a)\n", "unresolved-import"),
        ("import app.gone\nprint(app)\n", "unresolved-import"),
        ("from .Models import User\nprint(User)\n", "wrong-case"),
        ("from ....far import a\nprint(a)\n", "import-outside-project"),
        ("from .names import other\nprint(other)\n", "missing-export"),
        ("from .listed import gone\nprint(gone)\n", "missing-export"),
        ("def f(:\n", "syntax-error"),
    ] {
        assert_eq!(with(wrong), [format!("{rule} app/use.py")], "{wrong}");
    }
}

#[test]
fn what_a_later_definition_replaces_is_lost() {
    assert_eq!(alone("def f(): return 1\ndef f(): return 2\n"), ["error duplicate-declaration main.py"]);
    for fine in [
        "import typing\n@typing.overload\ndef f(a): ...\ndef f(a): return a\n",
        "def f(): return 1\ng = f\ndef f(): return g\n",
        "if f := 1:\n    def g(): pass\nelse:\n    def g(): pass\n",
    ] {
        assert_eq!(alone(fine), [""; 0], "{fine}");
    }
}

#[test]
fn what_is_lost_is_told_from_what_is_kept() {
    let method = |first: &str, second: &str| alone(&format!("class A:\n    {first}\n    {second}\n"));
    let twice = ["error duplicate-declaration main.py"];
    assert_eq!(method("def f(self): return 1", "def f(self): return 2"), twice);
    assert_eq!(method("@staticmethod\n    def f(): return 1", "def f(self): return 2"), twice);
    assert_eq!(method("def f(self): return 1", "g = f\n    def f(self): return 2"), [""; 0]);
    let setter = "@f.setter\n    def f(self, g): print(g)";
    assert_eq!(method("@property\n    def f(self): return 1", setter), [""; 0]);
    assert_eq!(alone("import pytest\n@pytest.fixture\ndef f(): return 1\n@pytest.fixture\ndef f(): return 2\n"), twice);
    for kept in ["@app.get('/')", "@pytest.fixture(name='g')", "@given.object"] {
        let text = format!("from a import app, given, pytest\n{kept}\ndef f(): return 1\n{kept}\ndef f(): return 2\n");
        assert_eq!(errors(&[("main.py", &text), ("a.py", "app = given = pytest = 1\n")]), [""; 0], "{kept}");
    }
    assert_eq!(alone("def f(): return 1\ndef f(): return 2  # noqa: F811\n"), [""; 0]);
}

#[test]
fn material_of_tests_counts_where_code_leads_to_it() {
    let broken = "def f(:\n";
    for (path, importer, wanted) in [
        ("tests/data/broken.py", "", "warning"),
        ("tests/helper.py", "from tests.helper import f\nf()\n", "error"),
        ("tests/test_broken.py", "", "error"),
        ("tests/features/steps/broken.py", "", "error"),
        // A project that tests work on has tests that nobody runs here.
        ("tests/projects/one/tests/test_broken.py", "", "warning"),
        ("app/data/broken.py", "", "error"),
        ("templates/{{ name }}/broken.py", "", "warning"),
    ] {
        let files = [
            ("tests/test_app.py", importer),
            ("tests/projects/one/pyproject.toml", "[project]\nname = 'one'\n"),
            (path, broken),
        ];
        let of =
            |rule: &str, found: Vec<String>| found.into_iter().filter(|one| one.contains(rule)).collect::<Vec<_>>();
        assert_eq!(of("syntax", found(&files)), [format!("{wanted} syntax-error {path}")], "{path}");
        let generated = ValidatorOptions::default().with_origin(Origin::Generated);
        assert_eq!(of("syntax", found_with(generated, &files)), [format!("error syntax-error {path}")], "{path}");
    }
}

#[test]
fn what_shows_or_fills_in_is_no_program_yet() {
    let shown = "from .db import User\nprint(User, missing)\n";
    let severities = |files: &[(&str, &str)]| found(files).iter().filter(|found| found.starts_with("error")).count();
    assert_eq!(severities(&[("docs/src/shown.py", shown), ("docs/index.md", "")]), 0);
    // A lone file may be a part of a package that is elsewhere; the name is wrong wherever that is.
    assert_eq!(severities(&[("docs/src/shown.py", shown)]), 1);
    assert_eq!(severities(&[("docs/src/shown.py", shown), ("docs/src/__init__.py", ""), ("docs/index.md", "")]), 2);
    for (text, wanted) in [
        ("class {{ name }}:\n    pass\n", "warning"),
        ("{% if a %}\nimport os\n{% endif %}\n", "warning"),
        ("text = '{{ name }}'\ndef f(:\n", "error"),
    ] {
        let found = found(&[("app/made.py", text)]);
        assert!(found.contains(&format!("{wanted} syntax-error app/made.py")), "{text}: {found:?}");
    }
    assert_eq!(alone("import os\nprint({{ name }}, os)\n"), ["warning undefined-name main.py"]);
}

#[test]
fn what_is_changed_or_put_elsewhere_is_not_certain() {
    let lazy = |init: &str| {
        errors(&[
            ("app/__init__.py", init),
            ("app/lazily.py", "def load(*names): print(names)\n"),
            ("main.py", "from app import Made\nprint(Made)\n"),
        ])
    };
    assert_eq!(lazy("from .lazily import load\nload(__name__, '.made')\n"), [""; 0]);
    assert_eq!(lazy("from .lazily import load\nloaded = load('made')\n"), ["missing-export main.py"]);
    let alias = |text: &str| {
        let import = "from app.packages.gone import x\nprint(x)\n";
        errors(&[("app/__init__.py", ""), ("app/packages.py", text), ("main.py", import)])
    };
    assert_eq!(alias("import sys\nsys.modules['app.packages.gone'] = sys\n"), [""; 0]);
    assert_eq!(alias("import sys\nprint(sys)\n"), ["unresolved-import main.py"]);
    // A configuration that an image copies into its package.
    let relative = "from .common import x\nprint(x)\n";
    assert_eq!(errors(&[("docker/config.py", relative)]), [""; 0]);
    assert_eq!(
        errors(&[("docker/config.py", relative), ("docker/other.py", "")]),
        ["unresolved-import docker/config.py"]
    );
    // A file that is read as text and written into another one.
    let named = |script: &str| errors(&[("devscripts/deep/make.py", script), ("devscripts/deep/lazy.py", relative)]);
    assert_eq!(named("print(open('devscripts/deep/lazy.py').read())\n"), [""; 0]);
    assert_eq!(
        named("print(open('devscripts/deep/other.py').read())\n"),
        ["unresolved-import devscripts/deep/lazy.py"]
    );
}

#[test]
fn what_a_build_writes_may_be_missing() {
    let import = |module: &str, manifest: &str| {
        let text = format!("from app.{module} import x\nprint(x)\n");
        let files =
            [("app/__init__.py", ""), ("app/use.py", &text), ("pyproject.toml", manifest), ("app/keys.py.example", "")];
        found(&files).into_iter().filter(|found| found.contains("import")).collect::<Vec<_>>()
    };
    let unknown = ["warning unknown-import app/use.py"];
    let unresolved = ["error unresolved-import app/use.py"];
    assert_eq!(import("_version", ""), unresolved);
    assert_eq!(import("_version", "[tool.setuptools_scm]\nversion_file = 'app/_version.py'\n"), unknown);
    assert_eq!(import("_version", "[build-system]\nrequires = ['hatch-vcs']\n"), unknown);
    assert_eq!(import("_core", "[tool.maturin]\nmodule-name = \"app._core\"\n"), unknown);
    assert_eq!(import("core", "[tool.maturin]\nmodule-name = \"app._core\"\n"), unresolved);
    assert_eq!(import("schema_pb2", ""), unknown);
    assert_eq!(import("generated.client", ""), unknown);
    assert_eq!(import("client.http", ""), unresolved);
    assert_eq!(import("keys", ""), [""; 0]);
    assert_eq!(import("other_keys", ""), unresolved);
}

#[test]
fn names_may_be_installed_from_elsewhere() {
    assert_eq!(alone("import builtins\nbuiltins.there = 1\nprint(there)\n"), [""; 0]);
    let files = [("main.py", "print(there)\n"), ("app/setup_names.py", "import builtins\nbuiltins.there = 1\n")];
    assert_eq!(errors(&files), [""; 0]);
    assert_eq!(errors(&files[..1]), ["undefined-name main.py"]);
    assert_eq!(alone("def load_ipython_extension(shell): return get_ipython()\n"), [""; 0]);
    assert_eq!(alone("def f(): return get_ipython()\n"), ["error undefined-name main.py"]);
    let sphinx = "extensions = []\nif tags.has('beta'):\n    extensions = ['a']\n";
    assert_eq!(errors(&[("docs/conf.py", sphinx)]), [""; 0]);
    assert_eq!(errors(&[("docs/other.py", sphinx)]), ["undefined-name docs/other.py"]);
}

#[test]
fn an_example_called_like_a_package_is_not_the_package() {
    let with = |folder: &str| {
        let (init, tasks) = (format!("{folder}/__init__.py"), format!("{folder}/tasks.py"));
        errors(&[
            ("pyproject.toml", "[project]\nname = 'app'\ndependencies = ['pydantic']\n"),
            (&init, ""),
            (&tasks, "from pydantic import BaseModel\nprint(BaseModel)\n"),
        ])
    };
    assert_eq!(with("examples/pydantic"), [""; 0]);
    assert_eq!(with("src/pydantic"), ["missing-export src/pydantic/tasks.py"]);
}

#[test]
fn unused_imports_are_told() {
    assert_eq!(alone("import os\nfrom re import compile as c\n"), ["warning unused-import main.py"; 2]);
    for fine in [
        "import os  # noqa\n",
        "from os import path as path\n",
        "import os\n__all__ = ['os']\n",
        "from typing import List, cast\nfrom decimal import Decimal\nx: 'List[int]' = cast('Decimal', 1)\n",
        "try:\n    import json\nexcept ImportError:\n    pass\n",
    ] {
        assert_eq!(alone(fine), [""; 0], "{fine}");
    }
}

#[test]
fn packages_are_declared() {
    let lock =
        "[[package]]\nname = \"pyyaml\"\n[[package]]\nname = \"fastapi\"\n[package.dependencies]\nstarlette = \"1\"\n";
    let with = |text: &str| {
        found(&[
            ("pyproject.toml", "[project]\ndependencies = [\"PyYAML\", \"fastapi\"]\n"),
            ("poetry.lock", lock),
            ("app/__init__.py", text),
        ])
    };
    assert_eq!(with("import yaml, fastapi\n"), [""; 0]);
    assert_eq!(with("import yaml, fastapi, starlette\n"), ["warning undeclared-dependency app/__init__.py"]);
    assert_eq!(with("import yaml, fastapi, acme_helpers\n"), ["error undeclared-dependency app/__init__.py"]);
    assert_eq!(
        with("import yaml, fastapi\ntry:\n    import acme_helpers\nexcept ImportError:\n    pass\n"),
        ["warning undeclared-dependency app/__init__.py"]
    );
    assert_eq!(with("import yaml\n"), ["warning unused-dependency pyproject.toml"]);
    // A script may run where more is installed, or say itself what it needs; what just shows something is no part of it.
    let elsewhere = |path: &str, text: &str| {
        errors(&[
            ("pyproject.toml", "[project]\ndependencies = [\"PyYAML\"]\n"),
            ("poetry.lock", lock),
            ("app/__init__.py", "import yaml\n"),
            ("app/part.py", ""),
            (path, text),
        ])
    };
    let missing = |path: &str| [format!("undeclared-dependency {path}")];
    let import = "import acme_helpers\n";
    assert_eq!(elsewhere("app/templates/tools.py", import), [""; 0]);
    assert_eq!(elsewhere("app/steps/env.py", &format!("{import}from app import part\n")), missing("app/steps/env.py"));
    assert_eq!(elsewhere("app/tools.py", import), missing("app/tools.py"));
    assert_eq!(elsewhere("scripts/run.py", import), [""; 0]);
    assert_eq!(elsewhere("tests/test_a.py", import), missing("tests/test_a.py"));
    assert_eq!(elsewhere("main.py", "import acme_helpers\nfrom app import part\n"), missing("main.py"));
    let own = "# /// script\n# dependencies = ['acme-helpers']\n# ///\nimport acme_helpers\nfrom app import part\n";
    assert_eq!(elsewhere("main.py", own), [""; 0]);
    let options = ValidatorOptions::default().with_allowed_packages(["PyYAML".to_owned()]);
    let files = [("main.py", "import yaml, requests\nprint(yaml, requests)\n")];
    assert_eq!(found_with(options, &files), ["error package-not-allowed main.py"]);
}

#[test]
fn circles_are_those_of_loading() {
    let circle = |text: &str| {
        found(&[
            ("a/__init__.py", ""),
            ("a/b.py", "from a import c\nx = c\n"),
            ("a/c.py", text),
            ("main.py", "import a.b\nprint(a)\n"),
        ])
    };
    let both = ["warning import-cycle a/b.py", "warning import-cycle a/c.py"];
    assert_eq!(circle("import a.b\nprint(a)\n"), both);
    assert_eq!(circle("def f():\n    from a import b\n    return b\n"), [""; 0]);
    assert_eq!(
        circle("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import b\ny: 'b' = 1\n"),
        [""; 0]
    );
}

#[test]
fn files_nobody_reaches_are_orphans() {
    let files = [
        ("main.py", "from app import used\nprint(used)\n"),
        ("app/__init__.py", ""),
        ("app/used.py", "import importlib\nname = 'app.mentioned:run'\nprint(importlib, name)\n"),
        ("app/mentioned.py", "run = 1\n"),
        ("app/lost.py", "a = 1\n"),
    ];
    assert_eq!(found(&files), ["warning orphan-file app/lost.py"]);
}

#[test]
fn generated_functions_do_something() {
    let options = || ValidatorOptions::default().with_origin(Origin::Generated);
    assert_eq!(found_with(options(), &[("main.py", "def f():\n    '''Says so.'''\n")]), ["warning empty-body main.py"]);
    let fine = "from abc import abstractmethod\nclass A:\n    @abstractmethod\n    def f(self): ...\nclass E(Exception): pass\n";
    assert_eq!(found_with(options(), &[("main.py", fine)]), [""; 0]);
}

proptest::proptest! {
    #[test]
    fn any_text_is_checked(source in "\\PC{0,200}|[ \\n\\t'\"#\\\\()a.;:,{}]{0,100}|(from|import|def|\\.| |\\n|a|,|f'|:|=|\\[|for|in){0,80}") {
        for finding in findings(ValidatorOptions::default(), &[("main.py", &source)]) {
            if let Some(span) = finding.span {
                proptest::prop_assert!(span.of(&source).is_some());
            }
        }
    }
}
