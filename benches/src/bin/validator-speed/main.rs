//! What the validator takes, on a tree that other tools can be given as well.
//!
//! ```sh
//! validator-speed write DIR [--modules 1000]   # writes the tree
//! validator-speed measure [--modules 1000]     # full runs and one-file edits, in CPU time of one thread
//! ```

#![expect(clippy::print_stdout, reason = "a program prints")]

use aipipe_benches::figures;
use aipipe_benches::project_tree::project_tree;
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

fn measure(modules: usize) -> anyhow::Result<()> {
    let mut files: Vec<(RepoPath, Arc<str>)> = Vec::new();
    for (path, text) in project_tree(modules) {
        files.push((RepoPath::parse(path)?, Arc::from(text)));
    }
    let mut full = Vec::new();
    let mut edits = Vec::new();
    let edited = RepoPath::parse(format!("src/part{0}/record{1}.ts", modules / 40, modules / 2))?;
    let text =
        files.iter().find(|(path, _)| *path == edited).map(|(_, text)| text.to_string()).context("no such file")?;
    for round in 0..ROUNDS {
        let before = cpu_milliseconds();
        let mut validator = Validator::new(ValidatorOptions::default(), files.clone());
        let found = validator.findings();
        full.push(cpu_milliseconds() - before);
        anyhow::ensure!(found.is_empty(), "the tree has findings: {:?}", found.first());
        // A body, then an export that others see.
        for change in [format!("{text}\nvoid {round};\n"), format!("{text}\nexport const added{round} = {round};\n")] {
            let before = cpu_milliseconds();
            let done = validator.update([Change::Put(edited.clone(), Arc::from(change))]);
            let found = validator.findings();
            edits.push(cpu_milliseconds() - before);
            anyhow::ensure!(done.files_read == 1 && found.len() <= 1, "an edit was not taken in as one");
        }
    }
    let files_counted = files.len() as f64;
    let full = median(&mut full) * 1000.0 / files_counted;
    let edit = median(&mut edits);
    println!("full run: {full:.1} ms per 1,000 files; an edit: {edit:.2} ms ({files_counted} files)");
    figures::record("validator.ms_per_1000_files", full, "ms")?;
    Ok(figures::record("validator.incremental_ms", edit, "ms")?)
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
