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
