//! Python's rules for what only a build, a run or a tool's configuration makes of the files.

use super::*;

/// The errors of a project with one more file.
fn with<'a>(files: &[(&'a str, &'a str)], more: (&'a str, &'a str)) -> Vec<String> {
    errors(&[files, &[more]].concat())
}

#[test]
fn what_a_build_compiles_is_there() {
    let files = [
        ("app/__init__.py", ""),
        ("app/core/__init__.py", ""),
        ("app/core/use.py", "from ._fast import x\nprint(x)\n"),
        ("main.py", "from app.core import _fast\nprint(_fast)\n"),
    ];
    let missing = ["unresolved-import app/core/use.py", "missing-export main.py"];
    for (path, text) in [
        ("app/core/meson.build", "py.extension_module('_fast', 'fast.c')\n"),
        ("app/core/meson.build", "foreach g: [['_fast', 'a.c']]\n  py.extension_module(g[0], g[1])\nendforeach\n"),
        ("app/core/setup_package.py", "ext = [Extension(\n    'app.core._fast', ['fast.c'])]\n"),
        ("setup.py", "setup(ext_modules=[Extension(name='app.core._fast', sources=[])])\n"),
        ("CMakeLists.txt", "pybind11_add_module(_fast fast.cpp)\n"),
        ("app/core/_fast.pyx.in", ""),
    ] {
        let found = with(&files, (path, text));
        assert!(!found.iter().any(|found| missing.contains(&found.as_str())), "{path}: {found:?}");
    }
    for (path, text) in [
        ("app/meson.build", "py.extension_module('_fast', 'fast.c')\n"),
        ("app/core/meson.build", "py.extension_module('_slow', 'slow.c', install_tag: '_fast')\n"),
        ("tools/setup.py", "setup(name='_fast', py_modules=['_fast'])\nExtension('_fast')\n"),
        ("native/CMakeLists.txt", "pybind11_add_module(_fast fast.cpp)\n"),
        ("app/src/_fast.pyx.in", ""),
    ] {
        let found = with(&files, (path, text));
        assert!(missing.iter().all(|one| found.iter().any(|found| found == one)), "{path}: {found:?}");
    }
}

#[test]
fn names_may_be_builtin_in_a_folder() {
    let files = [("engines/one.py", "print(logger)\n"), ("engines/deep/two.py", "print(logger)\n")];
    for more in [
        ("engines/__builtins__.pyi", "import logging\nlogger: logging.Logger\n"),
        (".pylintrc", "[VARIABLES]\nadditional-builtins=logger\n"),
        ("pyproject.toml", "[tool.ruff]\nbuiltins = [\n    'logger',\n]\n"),
        ("engines/.flake8", "[flake8]\nbuiltins = logger\n"),
    ] {
        assert_eq!(with(&files, more), [""; 0], "{}", more.0);
    }
    let one = "undefined-name engines/one.py";
    assert_eq!(with(&files, ("engines/deep/__builtins__.pyi", "logger: int\n")), [one]);
    assert_eq!(with(&files, ("engines/__builtins__.pyi", "log: int\n")), ["undefined-name engines/deep/two.py", one]);
    assert_eq!(with(&files, ("engines/builtins.pyi", "logger: int\n")).len(), 2);
}

#[test]
fn modules_may_be_given_names() {
    let files = [("app/constants.py", ""), ("use.py", "from app.constants import c\nprint(c)\n")];
    let constants = |text: &str| errors(&[("app/__init__.py", ""), ("app/constants.py", text), files[1]]);
    assert_eq!(constants("import a\na.set_all(1, a.find_current_module(), deep=1)\n"), [""; 0]);
    assert_eq!(constants("import a\na.set_all(module=globals())\n"), [""; 0]);
    assert_eq!(constants("import a\na.set_all(1, a.find_all())\n"), ["missing-export use.py"]);
    let given = |text: &str| with(&files, ("app/__init__.py", text));
    assert_eq!(given("from . import constants\nconstants.c = c = 1\n"), [""; 0]);
    assert_eq!(given("import app.constants as all\nall.c = 1\n"), [""; 0]);
    for other in [
        "from . import constants\nconstants.d = 1\n",
        "from . import constants\ndef f():\n    constants.c = 1\n",
        "from other import constants\nconstants.c = 1\n",
    ] {
        assert_eq!(given(other), ["missing-export use.py"], "{other}");
    }
}

#[test]
fn a_file_may_make_its_own_names() {
    let all = "__all__ = ['there']\nthere = 1\n";
    let own = |text: &str| errors(&[("main.py", &format!("{all}{text}def f(): return made\n"))]);
    assert_eq!(own("for key in ['made']:\n    globals()[key] = 1\n"), [""; 0]);
    assert_eq!(own("globals().update(made=1)\n"), [""; 0]);
    assert_eq!(own("print(globals())\n"), ["undefined-name main.py"]);
    assert_eq!(own("def g(): globals()['made'] = 1\n"), ["undefined-name main.py"]);
}

#[test]
fn packages_may_have_modules_that_are_no_files() {
    let moves = ("use.py", "from app.six.moves.urllib import parse\nimport app.six.gone\nprint(parse, app)\n");
    let of = |init: &str| errors(&[("app/__init__.py", ""), ("app/six/__init__.py", init), moves]);
    for init in [
        "import sys\nsys.meta_path.append(object())\n",
        "import sys\nsys.modules[__name__ + '.moves'] = sys\n",
        "from a import paths\n__path__.extend(paths(__name__))\n",
        "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n",
    ] {
        assert_eq!(of(init), [""; 0], "{init}");
    }
    for init in ["import sys\nprint(sys.modules, __path__)\n", "import sys\nsys.modules[__name__] = sys\n"] {
        assert_eq!(of(init), ["unresolved-import use.py"; 2], "{init}");
    }
    // What is around the package has no say in what is in it.
    let above = [("app/__init__.py", "import sys\nsys.meta_path.append(object())\n"), ("app/six/__init__.py", "")];
    assert_eq!(with(&above, moves), ["unresolved-import use.py"; 2]);
    let taken = ("use.py", "from app import plugin\nprint(plugin)\n");
    assert_eq!(with(&[("app/__init__.py", "__path__.append('x')\n")], taken), [""; 0]);
    assert_eq!(with(&[("app/__init__.py", "print(__path__)\n")], taken), ["missing-export use.py"]);
}

#[test]
fn a_comment_may_be_for_the_whole_file() {
    let files = [("app/__init__.py", "")];
    let of = |head: &str| {
        let text = format!("{head}\nimport app.gone\n\nprint(app)\n");
        errors(&[files[0], ("use.py", &text)])
    };
    assert_eq!(of("# pylint: disable=no-name-in-module"), [""; 0]);
    assert_eq!(of("# pylint: disable=import-error\n# pylint: enable=import-error"), ["unresolved-import use.py"]);
    assert_eq!(of("# pylint: disable=unused-import"), ["unresolved-import use.py"]);
    assert_eq!(of("import os  # pylint: disable=import-error"), ["unresolved-import use.py"]);
    assert_eq!(of("def f():\n    # pylint: disable=import-error\n    pass"), ["unresolved-import use.py"]);
}

#[test]
fn what_tools_or_others_keep_is_material() {
    let wrong = |path: &str| errors(&[("main.py", "print(1)\n"), (path, "print(missing)\n")]);
    assert_eq!(wrong(".rules/python/example.py"), [""; 0]);
    assert_eq!(wrong("app/_vendor/lib/__main__.py"), [""; 0]);
    assert_eq!(wrong(".github/scripts/release.py"), ["undefined-name .github/scripts/release.py"]);
    assert_eq!(wrong("app/vendors/lib.py"), ["undefined-name app/vendors/lib.py"]);
    let loaded = [("app/__init__.py", ""), ("app/_vendor/__init__.py", ""), ("app/_vendor/lib.py", "print(missing)\n")];
    let found = with(&loaded, ("main.py", "import app._vendor.lib\nprint(app)\n"));
    assert_eq!(found, ["undefined-name app/_vendor/lib.py"]);
}
