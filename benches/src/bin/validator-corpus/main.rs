//! The validator on projects with labelled faults.
//!
//! ```sh
//! validator-corpus CORPUS [--language js|python|all] [--misses]
//! ```
//!
//! CORPUS holds pristine projects and `variants.jsonl`, one labelled change a line: the files it writes or takes away, what is to
//! be found (`error`, `cycle`, `unused`, or nothing for `clean`), and the files in which a finding is right. A change counts as
//! found when there is a new finding of that kind in one of those files. Everything is checked by updates of one validator a
//! project, and every tenth change by a full run as well.

#![expect(clippy::print_stdout, reason = "a program prints")]

use aipipe_benches::figures;
use aipipe_core::domain::{Finding, RepoPath, Rule, Severity};
use aipipe_core::stages::integration_validator::{Change, IgnoreRules, Validator, ValidatorOptions};
use anyhow::{Context as _, bail};
use clap::{Parser, ValueEnum};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Parser)]
struct Arguments {
    /// The folder with the projects and `variants.jsonl`.
    corpus: PathBuf,

    /// The projects of which language.
    #[arg(long, value_enum, default_value = "js")]
    language: Language,

    /// Prints each change that was judged wrongly.
    #[arg(long)]
    misses: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    Js,
    Python,
    All,
}

impl Language {
    fn takes(self, written: &str) -> bool {
        match self {
            Self::All => true,
            Self::Python => written == "py",
            Self::Js => written != "py",
        }
    }
}

/// A labelled change.
struct Variant {
    id: String,
    kind: String,
    expect: String,
    folder: String,
    changes: Vec<Change>,
    right_in: BTreeSet<String>,
}

/// How often each kind was judged rightly, of how many.
#[derive(Default)]
struct Score {
    found: usize,
    total: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let text = fs::read_to_string(arguments.corpus.join("variants.jsonl")).context("reading variants.jsonl")?;
    let mut by_folder: BTreeMap<String, Vec<Variant>> = BTreeMap::new();
    for line in text.lines() {
        let value: Value = serde_json::from_str(line)?;
        if arguments.language.takes(value.get("lang").and_then(Value::as_str).context("no language")?) {
            let variant = variant(&value).context("reading a variant")?;
            by_folder.entry(variant.folder.clone()).or_default().push(variant);
        }
    }
    if by_folder.is_empty() {
        bail!("the corpus has no project of the language");
    }
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let mut kinds: BTreeMap<(String, String), Score> = BTreeMap::new();
    let mut false_errors = 0;
    for (folder, variants) in &by_folder {
        let files = read_project(&arguments.corpus.join(folder))?;
        let mut validator = Validator::new(ValidatorOptions::default(), files.clone());
        let before: BTreeSet<Finding> = validator.findings().into_iter().collect();
        for finding in before.iter().filter(|finding| finding.severity == Severity::Error) {
            println!("{folder} is said to be wrong: {} {}: {}", finding.rule, finding.file, finding.message);
            false_errors += 1;
        }
        for (number, variant) in variants.iter().enumerate() {
            let undo = undo(&validator, &variant.changes);
            validator.update(variant.changes.iter().cloned());
            let after = validator.findings();
            if number % 10 == 0 {
                same_as_full_run(&validator, &files, &variant.changes, &after).with_context(|| variant.id.clone())?;
            }
            let new: Vec<&Finding> = after.iter().filter(|finding| !is_old(finding, &before)).collect();
            let right = is_right(variant, &new);
            if variant.expect == "clean" {
                false_errors += new.iter().filter(|finding| finding.severity == Severity::Error).count();
            }
            for score in [
                scores.entry(variant.expect.clone()).or_default(),
                kinds.entry((variant.expect.clone(), variant.kind.clone())).or_default(),
            ] {
                score.total += 1;
                score.found += usize::from(right);
            }
            if arguments.misses && !right {
                println!("{} ({}), right in {:?}", variant.id, variant.expect, variant.right_in);
                for finding in new {
                    println!("    {} {} {}: {}", finding.severity, finding.rule, finding.file, finding.message);
                }
            }
            validator.update(undo);
        }
        let left: BTreeSet<Finding> = validator.findings().into_iter().collect();
        if left != before {
            bail!("{folder}: after all changes were taken back, the findings differ");
        }
    }
    for ((expect, kind), score) in &kinds {
        println!("{expect:8} {kind:26} {:4} of {:4}", score.found, score.total);
    }
    for (expect, name) in [("error", "errors"), ("cycle", "cycles"), ("unused", "unused"), ("clean", "clean")] {
        let score = scores.remove(expect).unwrap_or_default();
        println!("{name}: {} of {}", score.found, score.total);
        figure(&format!("validator.{name}_found"), score.found)?;
        figure(&format!("validator.{name}_total"), score.total)?;
    }
    println!("false errors: {false_errors}");
    figure("validator.false_errors", false_errors)
}

fn figure(name: &str, count: usize) -> anyhow::Result<()> {
    Ok(figures::record(name, f64::from(u32::try_from(count)?), "1")?)
}

fn variant(value: &Value) -> anyhow::Result<Variant> {
    let text = |field: &str| value[field].as_str().map(str::to_owned).with_context(|| format!("no {field}"));
    let mut changes = Vec::new();
    for op in value.get("ops").and_then(Value::as_array).context("no ops")? {
        let path = RepoPath::parse(op.get("path").and_then(Value::as_str).context("no path")?)?;
        changes.push(match op.get("content").and_then(Value::as_str) {
            Some(content) => Change::Put(path, content.into()),
            None => Change::Remove(path),
        });
    }
    let right_in =
        value.pointer("/truth/files").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    Ok(Variant {
        id: text("id")?,
        kind: text("kind")?,
        expect: text("expect")?,
        folder: text("dir")?,
        changes,
        right_in: right_in.map(str::to_owned).collect(),
    })
}

/// Whether the finding was there before, wherever it stands in its file now.
fn is_old(finding: &Finding, before: &BTreeSet<Finding>) -> bool {
    before.iter().any(|old| old.file == finding.file && old.rule == finding.rule && old.message == finding.message)
}

fn is_right(variant: &Variant, new: &[&Finding]) -> bool {
    let here = |finding: &&&Finding| variant.right_in.contains(finding.file.as_str());
    match variant.expect.as_str() {
        "cycle" => new.iter().filter(here).any(|finding| finding.rule == Rule::ImportCycle),
        "unused" => new.iter().filter(here).any(|finding| {
            matches!(finding.rule, Rule::OrphanFile | Rule::UnusedExport | Rule::UnusedImport | Rule::UnusedDependency)
        }),
        "clean" => !new.iter().any(|finding| finding.severity == Severity::Error),
        _ => new.iter().filter(here).any(|finding| finding.severity == Severity::Error),
    }
}

fn undo(validator: &Validator, changes: &[Change]) -> Vec<Change> {
    let before = |change: &Change| {
        let (Change::Put(path, _) | Change::Remove(path)) = change;
        match validator.text(path) {
            Some(text) => Change::Put(path.clone(), text.into()),
            None => Change::Remove(path.clone()),
        }
    };
    changes.iter().map(before).collect()
}

fn same_as_full_run(
    validator: &Validator,
    files: &[(RepoPath, Arc<str>)],
    changes: &[Change],
    updated: &[Finding],
) -> anyhow::Result<()> {
    let mut tree: BTreeMap<RepoPath, Arc<str>> = files.iter().cloned().collect();
    for change in changes {
        match change {
            Change::Put(path, text) => tree.insert(path.clone(), text.clone()),
            Change::Remove(path) => tree.remove(path),
        };
    }
    if Validator::new(ValidatorOptions::default(), tree).findings() != updated {
        bail!("an update and a full run differ ({} findings)", validator.findings().len());
    }
    Ok(())
}

fn read_project(root: &Path) -> anyhow::Result<Vec<(RepoPath, Arc<str>)>> {
    let mut files = Vec::new();
    let mut rules = IgnoreRules::default();
    read_folder(root, "", &mut rules, &mut files).with_context(|| format!("reading {}", root.display()))?;
    Ok(files)
}

fn read_folder(
    root: &Path,
    folder: &str,
    rules: &mut IgnoreRules,
    files: &mut Vec<(RepoPath, Arc<str>)>,
) -> anyhow::Result<()> {
    let place = root.join(folder);
    if let Ok(text) = fs::read_to_string(place.join(".gitignore")) {
        rules.read(folder, &text);
    }
    for entry in fs::read_dir(&place)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if entry.file_type()?.is_dir() {
            if !matches!(name.as_str(), ".git" | "node_modules" | ".venv") && !rules.covers(&format!("{path}/")) {
                read_folder(root, &path, rules, files)?;
            }
        } else if !rules.covers(&path) {
            let Ok(path) = RepoPath::parse(path) else { continue };
            files.push((path, String::from_utf8(fs::read(entry.path())?).unwrap_or_default().into()));
        }
    }
    Ok(())
}
