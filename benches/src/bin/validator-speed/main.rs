//! What the validator takes, on a tree that other tools can be given as well.
//!
//! ```sh
//! validator-speed write DIR [--modules 1000]   # writes the tree
//! validator-speed measure [--modules 1000]     # full runs and one-file edits, in CPU time of one thread
//! ```

#![expect(clippy::print_stdout, reason = "a program prints")]

use aipipe_benches::figures;
use aipipe_benches::project_tree::{self, project_tree};
use aipipe_benches::python_tree::{self, python_tree};
use aipipe_core::domain::RepoPath;
use aipipe_core::stages::integration_validator::{Change, Validator, ValidatorOptions};
use anyhow::Context as _;
use clap::{Parser, Subcommand};
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

const ROUNDS: usize = 9;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes the tree.
    Write {
        folder: PathBuf,
        #[arg(long, default_value_t = 1000)]
        modules: usize,
    },
    /// Measures full runs and edits.
    Measure {
        #[arg(long, default_value_t = 1000)]
        modules: usize,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Write { folder, modules } => {
            for (path, text) in project_tree(modules) {
                let place = folder.join(path);
                fs::create_dir_all(place.parent().context("a file without a folder")?)?;
                fs::write(place, text)?;
            }
            Ok(())
        }
        Command::Measure { modules } => measure(modules),
    }
}

/// A project to measure on.
struct Project {
    language: &'static str,
    files: Vec<(String, String)>,
    /// The module that is edited.
    edited: String,
    /// Its edits, each appended to its text: one that others can't see, and one that they can.
    edits: fn(usize) -> [String; 2],
    full_run: &'static str,
    edit: &'static str,
}

fn measure(modules: usize) -> anyhow::Result<()> {
    measure_project(&Project {
        language: "TypeScript",
        files: project_tree(modules),
        edited: project_tree::module_path(modules / 2),
        edits: |round| [format!("\nvoid {round};\n"), format!("\nexport const added{round} = {round};\n")],
        full_run: "validator.ms_per_1000_files",
        edit: "validator.incremental_ms",
    })?;
    measure_project(&Project {
        language: "Python",
        files: python_tree(modules),
        edited: python_tree::module_path(modules / 2),
        edits: |round| {
            [format!("\n\nprint({round})\n"), format!("\n\nfrom json import dumps\n\nadded{round} = dumps({round})\n")]
        },
        full_run: "validator.python_ms_per_1000_files",
        edit: "validator.python_incremental_ms",
    })
}

fn measure_project(project: &Project) -> anyhow::Result<()> {
    let mut files: Vec<(RepoPath, Arc<str>)> = Vec::new();
    for (path, text) in &project.files {
        files.push((RepoPath::parse(path.as_str())?, Arc::from(text.as_str())));
    }
    let mut full = Vec::new();
    let mut edits = Vec::new();
    let edited = RepoPath::parse(project.edited.as_str())?;
    let text =
        files.iter().find(|(path, _)| *path == edited).map(|(_, text)| text.to_string()).context("no such file")?;
    for round in 0..ROUNDS {
        let before = cpu_milliseconds();
        let mut validator = Validator::new(ValidatorOptions::default(), files.clone());
        let found = validator.findings();
        full.push(cpu_milliseconds() - before);
        anyhow::ensure!(found.is_empty(), "the tree has findings: {:?}", found.first());
        for addition in (project.edits)(round) {
            let before = cpu_milliseconds();
            let done = validator.update([Change::Put(edited.clone(), Arc::from(format!("{text}{addition}")))]);
            let found = validator.findings();
            edits.push(cpu_milliseconds() - before);
            anyhow::ensure!(done.files_read == 1 && found.len() <= 1, "an edit was not taken in as one");
        }
    }
    let files_counted = files.len() as f64;
    let full = median(&mut full) * 1000.0 / files_counted;
    let edit = median(&mut edits);
    let language = project.language;
    println!("{language}: full run {full:.1} ms per 1,000 files; an edit {edit:.2} ms ({files_counted} files)");
    figures::record(project.full_run, full, "ms")?;
    Ok(figures::record(project.edit, edit, "ms")?)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// CPU time of the process, which runs one thread: what others do on the machine does not count.
fn cpu_milliseconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}
