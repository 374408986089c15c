//! A Python project of any size: packages whose modules import each other, the standard library and declared packages.

use std::fmt::Write as _;

/// Modules a package.
const PACKAGE: usize = 20;

/// Returns the files of a project with that many modules, as path and text. Nothing is wrong with it.
#[must_use]
pub fn python_tree(modules: usize) -> Vec<(String, String)> {
    let manifest = "[project]\nname = \"tree\"\ndependencies = [\"pydantic>=2\", \"fastapi\", \"sqlalchemy\"]\n\n\
        [project.scripts]\ntree = \"tree.main:run\"\n";
    let lock: String =
        ["pydantic", "fastapi", "sqlalchemy", "tree"].map(|name| format!("[[package]]\nname = \"{name}\"\n")).concat();
    let mut files = vec![
        ("pyproject.toml".to_owned(), manifest.to_owned()),
        ("uv.lock".to_owned(), lock),
        ("src/tree/__init__.py".to_owned(), String::new()),
    ];
    let mut entry = String::from("from fastapi import FastAPI\nfrom sqlalchemy import text\n\n");
    for package in 0..modules.div_ceil(PACKAGE) {
        let mut names = String::new();
        for number in package * PACKAGE..modules.min((package + 1) * PACKAGE) {
            let _ = writeln!(names, "from .record{number} import Store{number} as Store{number}");
            files.push((format!("src/tree/part{package}/record{number}.py"), module(number)));
        }
        files.push((format!("src/tree/part{package}/__init__.py"), names));
        let _ = writeln!(entry, "from tree import part{package}");
    }
    entry.push_str("\n\ndef run() -> None:\n    app = FastAPI(description=str(text(\"tree\")))\n    for part in (");
    for package in 0..modules.div_ceil(PACKAGE) {
        let _ = write!(entry, "part{package}, ");
    }
    entry.push_str("):\n        print(app, part)\n");
    files.push(("src/tree/main.py".to_owned(), entry));
    files
}

/// The path of a module.
#[must_use]
pub fn module_path(number: usize) -> String {
    format!("src/tree/part{}/record{number}.py", number / PACKAGE)
}

/// A module that uses the two before it, one of the same package and one of any.
fn module(number: usize) -> String {
    let mut text = String::from(
        "\"\"\"What a record of this kind holds, and where records are kept.\"\"\"\n\nfrom __future__ import annotations\n\n\
        import logging\nfrom collections.abc import Callable, Iterable\nfrom dataclasses import dataclass, field\n\
        from datetime import UTC, datetime\n\nfrom pydantic import BaseModel\n\n",
    );
    let earlier: Vec<usize> = [1, 27].iter().filter_map(|back| number.checked_sub(*back)).collect();
    for other in &earlier {
        let place = if other / PACKAGE == number / PACKAGE {
            format!(".record{other}")
        } else {
            format!("tree.part{}.record{other}", other / PACKAGE)
        };
        let _ = writeln!(text, "from {place} import Record{other}, describe_record{other}");
    }
    let _ = write!(
        text,
        "\nlogger = logging.getLogger(__name__)\n\nMAX_LABELS_{number} = 12\n\n\nclass Draft{number}(BaseModel):\n    title: str\n    \
        labels: list[str] = []\n    parts: dict[str, float] = {{}}\n\n\n@dataclass\nclass Record{number}:\n    id: str\n    \
        draft: Draft{number}\n    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))\n"
    );
    for other in &earlier {
        let _ = writeln!(text, "    related{other}: Record{other} | None = None");
    }
    let _ = write!(
        text,
        "\n\nclass Store{number}:\n    def __init__(self, clock: Callable[[], datetime]) -> None:\n        \
        self._records: dict[str, Record{number}] = {{}}\n        self._clock = clock\n\n    \
        def add(self, id: str, draft: Draft{number}) -> Record{number}:\n        \
        if len(draft.labels) > MAX_LABELS_{number}:\n            \
        raise ValueError(f\"a record has at most {{MAX_LABELS_{number}}} labels, not {{len(draft.labels)}}\")\n        \
        record = Record{number}(id=id, draft=draft, created_at=self._clock())\n        self._records[id] = record\n        \
        logger.debug(\"added %s\", id)\n        return record\n\n    \
        def find(self, accepts: Callable[[Record{number}], bool]) -> list[Record{number}]:\n        \
        found = [record for record in self._records.values() if accepts(record)]\n        \
        return sorted(found, key=lambda record: record.draft.title)\n\n    \
        def total(self, part: str) -> float:\n        \
        return sum(record.draft.parts.get(part, 0.0) for record in self._records.values())\n\n\n\
        def describe_record{number}(record: Record{number}) -> str:\n    \
        labels = \", \".join(label.strip() for label in record.draft.labels if label.strip())\n    \
        lines = [f\"{{record.draft.title}} ({{record.id}})\", labels or \"no labels\"]\n"
    );
    for other in &earlier {
        let _ = write!(
            text,
            "    if record.related{other} is not None:\n        lines.append(describe_record{other}(record.related{other}))\n"
        );
    }
    let _ = write!(
        text,
        "    return \"\\n\".join(lines)\n\n\nasync def load_records{number}(pages: Iterable[list[Draft{number}]]) -> Store{number}:\n    \
        store = Store{number}(lambda: datetime.now(UTC))\n    for page, drafts in enumerate(pages):\n        \
        for index, draft in enumerate(drafts):\n            store.add(f\"{{page}}-{{index}}\", draft)\n    return store\n"
    );
    text
}
