//! Stage 5's validator on any project folder: what does not fit together in it.
//!
//! ```sh
//! cargo run --release --example validate -- DIR [--json]
//! ```
//!
//! Folders that git ignores are left out. Single files are not: tools write them, and projects keep them all the same.
//! Exits with 1 when there are errors.

#[path = "common/stdout.rs"]
mod stdout;

use aipipe::domain::{Finding, LineColumn, LineIndex, RepoPath, Rule, Severity};
use aipipe::stages::integration_validator::{IgnoreRules, Validator, ValidatorOptions};
use anyhow::Context as _;
use clap::Parser;
use serde_json::json;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// Folders that hold no source of the project.
const SKIPPED: [&str; 5] = [".git", "node_modules", "dist", ".venv", "__pycache__"];

/// Endings of what the validator reads.
const SOURCE: [&str; 11] = ["ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "vue", "py", "pyi"];

/// Larger files are known by their paths only.
const MOST_BYTES: u64 = 4 << 20;

#[derive(Parser)]
struct Arguments {
    /// The project's folder.
    folder: PathBuf,

    /// Prints JSON, one object a line.
    #[arg(long)]
    json: bool,

    /// Leaves out what is less than an error.
    #[arg(long)]
    errors: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    anyhow::ensure!(arguments.folder.is_dir(), "{} is no folder", arguments.folder.display());
    let mut files = Files::default();
    files.walk(&arguments.folder, "")?;
    #[expect(clippy::disallowed_methods, reason = "a program that tells how long it took; nothing depends on it")]
    let started = Instant::now();
    let number = files.found.len();
    let validator = Validator::new(ValidatorOptions::default(), files.found);
    let mut findings = validator.findings();
    let unread = files.unread.iter().map(|(path, why)| Finding::new(Rule::NotChecked, path, *why));
    findings.extend(unread);
    findings.sort();
    let milliseconds = started.elapsed().as_millis();
    if arguments.errors {
        findings.retain(|finding| finding.severity == Severity::Error);
    }
    // They come by file.
    let mut lines: Option<(&RepoPath, LineIndex<'_>)> = None;
    stdout::to_stdout(|out| {
        for finding in &findings {
            if lines.as_ref().is_none_or(|(file, _)| **file != finding.file) {
                lines = validator.text(&finding.file).map(|text| (&finding.file, LineIndex::new(text)));
            }
            let place = lines.as_ref().zip(finding.span).and_then(|((_, lines), span)| lines.place(span.start));
            if arguments.json {
                as_json(out, finding, place)?;
            } else {
                as_text(out, finding, place)?;
            }
        }
        for skipped in &files.skipped {
            // Each line of JSON is a finding.
            if arguments.json {
                writeln!(io::stderr(), "not looked at: {skipped}")?;
            } else {
                writeln!(out, "not looked at: {skipped}")?;
            }
        }
        if arguments.json {
            return Ok(());
        }
        let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
        writeln!(
            out,
            "{number} files in {milliseconds} ms: {} errors, {} warnings, {} notes",
            count(Severity::Error),
            count(Severity::Warning),
            count(Severity::Info)
        )
    })?;
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn as_text(out: &mut dyn Write, finding: &Finding, place: Option<LineColumn>) -> io::Result<()> {
    let Finding { file, severity, rule, message, .. } = finding;
    match place {
        Some(place) => write!(out, "{file}:{place}: ")?,
        None => write!(out, "{file}: ")?,
    }
    write!(out, "{severity} {rule}: {message}")?;
    match &finding.suggestion {
        Some(suggestion) => writeln!(out, " ({suggestion})"),
        None => writeln!(out),
    }
}

fn as_json(out: &mut dyn Write, finding: &Finding, place: Option<LineColumn>) -> io::Result<()> {
    let mut value = json!(finding);
    if let (Some(object), Some(place)) = (value.as_object_mut(), place) {
        object.insert("line".to_owned(), json!(place.line));
        object.insert("column".to_owned(), json!(place.column));
    }
    writeln!(out, "{value}")
}

#[derive(Default)]
struct Files {
    rules: IgnoreRules,
    found: Vec<(RepoPath, Arc<str>)>,
    skipped: Vec<String>,
    /// Source that could not be read, and why.
    unread: Vec<(RepoPath, &'static str)>,
}

impl Files {
    fn walk(&mut self, root: &Path, folder: &str) -> anyhow::Result<()> {
        let place = root.join(folder);
        match fs::read_to_string(place.join(".gitignore")) {
            Ok(text) => self.rules.read(folder, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).context(format!("reading {folder}/.gitignore")),
        }
        let entries = fs::read_dir(&place).with_context(|| format!("reading {}", place.display()))?;
        let mut entries = entries.collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let Ok(name) = entry.file_name().into_string() else {
                self.skipped.push(format!("{folder}/{}: the name is not UTF-8", entry.file_name().display()));
                continue;
            };
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            // A link to a file counts as the file; folders are not entered twice.
            let is_link = entry.file_type()?.is_symlink();
            let Ok(metadata) = fs::metadata(entry.path()) else {
                self.skipped.push(format!("{path}: a link that leads nowhere"));
                continue;
            };
            if metadata.is_dir() && is_link {
                continue;
            }
            if metadata.is_dir() {
                if !SKIPPED.contains(&name.as_str()) && !self.rules.covers(&format!("{path}/")) {
                    self.walk(root, &path)?;
                }
            } else if metadata.is_file() {
                match RepoPath::parse(path.as_str()) {
                    Ok(path) => self.add(path, &entry.path(), metadata.len())?,
                    Err(error) => self.skipped.push(format!("{path}: {error}")),
                }
            }
        }
        Ok(())
    }

    /// A file that is no text counts as being there, with nothing in it.
    fn add(&mut self, path: RepoPath, place: &Path, bytes: u64) -> anyhow::Result<()> {
        let is_source = path.extension().is_some_and(|extension| SOURCE.contains(&extension));
        let read = if bytes > MOST_BYTES {
            Err("the file is too long to be read")
        } else {
            let bytes = fs::read(place).with_context(|| format!("reading {path}"))?;
            String::from_utf8(bytes).map_err(|_| "the file is not UTF-8")
        };
        let text = read.unwrap_or_else(|why| {
            if is_source {
                self.unread.push((path.clone(), why));
            }
            String::new()
        });
        self.found.push((path, Arc::from(text)));
        Ok(())
    }
}
