//! Files around the story's own in the import graph: first what they offer, then their text, as far as the budget goes.

use super::block;
use crate::domain::RepoPath;
use crate::stages::story_executor::model::judge::Tree;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

/// How many imports away a file still is a neighbour.
const FARTHEST: usize = 2;

/// A token is about this many bytes of code.
const BYTES_A_TOKEN: usize = 4;

/// The neighbours of `own` in at most `budget` tokens; empty when there is none.
pub(super) fn around(tree: &Tree, own: &[&RepoPath], budget: usize) -> String {
    let neighbours = nearest(tree, own);
    let mut room = budget.saturating_mul(BYTES_A_TOKEN);
    let mut offers = String::new();
    for path in &neighbours {
        let Some(content) = tree.get(*path) else { continue };
        let lines = signatures(path, content);
        let mut text = format!("{path}\n");
        for line in lines {
            let _ = writeln!(text, "  {line}");
        }
        if text.len() > room {
            break;
        }
        room -= text.len();
        offers.push_str(&text);
    }
    let mut bodies = String::new();
    for path in &neighbours {
        let Some(content) = tree.get(*path) else { continue };
        let text = block(path, content);
        if text.len() <= room {
            room -= text.len();
            bodies.push_str(&text);
        }
    }
    let mut text = String::new();
    if !offers.is_empty() {
        let _ = write!(text, "\nWhat files around them offer\n{offers}");
    }
    if !bodies.is_empty() {
        let _ = write!(text, "\nSome of them in full\n{bodies}");
    }
    text
}

/// Files that import or are imported, the nearest first; without own files, the project's own code counts as near.
fn nearest<'a>(tree: &'a Tree, own: &[&RepoPath]) -> Vec<&'a RepoPath> {
    let mut edges: BTreeMap<&RepoPath, BTreeSet<&RepoPath>> = BTreeMap::new();
    for (path, content) in tree {
        for target in imports(tree, path, content) {
            edges.entry(path).or_default().insert(target);
            edges.entry(target).or_default().insert(path);
        }
    }
    let mut seen: BTreeSet<&RepoPath> = own.iter().copied().collect();
    let mut open: VecDeque<(usize, &RepoPath)> = own.iter().map(|path| (0, *path)).collect();
    let mut order = Vec::new();
    while let Some((distance, path)) = open.pop_front() {
        if distance == FARTHEST {
            continue;
        }
        for next in edges.get(path).into_iter().flatten() {
            if let Some((next, _)) = tree.get_key_value(*next).filter(|(next, _)| seen.insert(next)) {
                order.push(next);
                open.push_back((distance + 1, next));
            }
        }
    }
    order
}

/// The files of the tree that a file imports. A reading for context only: what it misses is not told, nothing else.
fn imports<'a>(tree: &'a Tree, path: &RepoPath, content: &str) -> Vec<&'a RepoPath> {
    let found = |candidate: String| {
        let path = RepoPath::parse(candidate).ok()?;
        tree.get_key_value(&path).map(|(path, _)| path)
    };
    if path.extension() == Some("py") {
        return content
            .lines()
            .flat_map(python_modules)
            .filter_map(|module| {
                let file = module.replace('.', "/");
                found(format!("{file}.py")).or_else(|| found(format!("{file}/__init__.py")))
            })
            .collect();
    }
    let is_script = matches!(path.extension(), Some("ts" | "tsx" | "js" | "jsx" | "mjs" | "vue"));
    let lines = content.lines().filter(|line| is_script && (line.contains("from ") || line.contains("import")));
    lines
        .filter_map(|line| {
            let (quote, rest) = ['"', '\''].iter().filter_map(|q| Some((*q, line.split_once(*q)?.1))).next()?;
            let name = rest.split(quote).next()?.strip_prefix('.')?;
            let target = joined(path.parent(), &format!(".{name}"))?;
            let stem = target.strip_suffix(".js").unwrap_or(&target).to_owned();
            ["", ".ts", ".tsx", ".vue", "/index.ts"].iter().find_map(|end| found(format!("{stem}{end}")))
        })
        .collect()
}

/// The modules a line of Python may import: of `from a.b import c` both `a.b` and `a.b.c`.
fn python_modules(line: &str) -> Vec<String> {
    if let Some((module, names)) = line.strip_prefix("from ").and_then(|rest| rest.split_once(" import ")) {
        let of_name = |name: &str| format!("{module}.{}", name.split_whitespace().next().unwrap_or_default());
        return std::iter::once(module.to_owned())
            .chain(names.trim_matches(['(', ')']).split(',').map(of_name))
            .collect();
    }
    line.strip_prefix("import ")
        .into_iter()
        .flat_map(|names| names.split(','))
        .map(|name| name.trim().to_owned())
        .collect()
}

/// `../b` from `src/a` is `src/b`; `None` where it leaves the project.
fn joined(folder: &str, relative: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in relative.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The lines that say what a file offers.
fn signatures<'a>(path: &RepoPath, content: &'a str) -> Vec<&'a str> {
    let python = path.extension() == Some("py");
    let offers = |line: &&str| {
        if python {
            let line = line.strip_prefix("    ").unwrap_or(line);
            ["def ", "async def ", "class ", "@"].iter().any(|word| line.starts_with(word))
                && !line.starts_with("def _")
        } else {
            line.starts_with("export ")
        }
    };
    content.lines().filter(offers).map(|line| line.trim_end_matches(['{', ' '])).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn tree(files: &[(&str, &str)]) -> Tree {
        files.iter().map(|(path, text)| (RepoPath::parse(*path).unwrap(), Arc::from(*text))).collect()
    }

    #[test]
    fn offers_come_before_bodies_and_the_budget_is_kept() {
        let tree = tree(&[
            ("src/app.ts", "import { a } from \"./a.js\";\nimport express from \"express\";\n"),
            ("src/a.ts", "import { b } from './deep/b.js';\nexport function a(): number {\n  return b;\n}\n"),
            ("src/deep/b.ts", "import { c } from \"../c.js\";\nexport const b = c;\n"),
            ("src/c.ts", "export const c = 1;\n"),
            ("tests/app.test.ts", "import { app } from \"../src/app.js\";\n"),
        ]);
        let app = RepoPath::parse("src/app.ts").unwrap();
        let text = around(&tree, &[&app], 1000);
        assert!(text.contains("src/a.ts\n  export function a(): number\n"), "{text}");
        assert!(text.contains("return b;") && text.contains("tests/app.test.ts"), "{text}");
        assert!(text.find("src/a.ts").unwrap() < text.find("src/deep/b.ts").unwrap());
        assert!(!text.contains("src/c.ts"), "three imports away: {text}");
        for budget in [0, 10, 20, 40, 80] {
            let text = around(&tree, &[&app], budget);
            assert!(text.len() <= budget * BYTES_A_TOKEN + 60, "{budget}: {}", text.len());
        }
        assert!(!around(&tree, &[&app], 30).contains("return b;"), "offers come first");
    }

    #[test]
    fn python_imports_are_followed_both_ways() {
        let tree = tree(&[
            ("app/main.py", "from app.api import books\n"),
            ("app/api/__init__.py", ""),
            ("app/api/books.py", "import app.models.book\n\n\ndef router() -> None:\n    pass\n"),
            ("app/models/book.py", "class Book:\n    def title(self) -> str:\n        return ''\n"),
        ]);
        let text = around(&tree, &[&RepoPath::parse("app/main.py").unwrap()], 1000);
        assert!(text.contains("app/models/book.py\n  class Book:\n      def title(self) -> str:\n"), "{text}");
    }
}
