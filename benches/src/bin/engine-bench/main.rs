//! Measures what a durable step costs: in time, CPU and memory, beside the bare store in the same run.
//!
//! Rounds are interleaved (bare, engine, bare, engine, …) and medians reported, since a machine is rarely quiet. The
//! ratio to the bare store is the median of each round's own ratio.

#![expect(clippy::print_stdout, reason = "a program for people")]

mod bare;
mod engine;
mod meter;
mod report;
mod stages;

use crate::bare::Keys;
use crate::engine::Bench;
use crate::report::Rounds;
use crate::stages::{Kind, STEPS};
use aipipe_benches::figures;
use anyhow::{Context as _, Result, ensure};
use clap::{Parser, ValueEnum};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;

const CONCURRENT: u64 = 64;

/// Measures durable executions on the local stores.
#[derive(Debug, Parser)]
struct Options {
    /// Folder for the stores, on a real disk; what the bench makes in it is removed again [default: target/bench]
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Rounds to take the medians of
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Executions a round and kind, one after the other
    #[arg(long, default_value_t = 100)]
    sequential: u64,
    /// Executions a round and kind, 64 at a time
    #[arg(long, default_value_t = 1024)]
    concurrent: u64,
    /// Executions that wait for a signal
    #[arg(long, default_value_t = 10_000)]
    waiting: u64,
    /// Runs nothing but this once and records no figure: for counting system calls and for profiling
    #[arg(long)]
    only: Option<Only>,
    /// What `--only` runs
    #[arg(long, default_value = "record")]
    kind: Kind,
    /// How many executions `--only` runs
    #[arg(long, default_value_t = 1000)]
    executions: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Only {
    Sequential,
    C64,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let parent = match &options.dir {
        Some(dir) => dir.clone(),
        None => figures::path()?.with_file_name("bench"),
    };
    let folder = parent.join(format!("engine-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let result = measure(&options, &folder);
    std::fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
    result
}

fn measure(options: &Options, folder: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build()?;
    if let Some(only) = options.only {
        return run_once(options, only, &runtime, folder);
    }
    ensure!(options.rounds > 0 && options.sequential > 0 && options.waiting > 0, "nothing to measure");
    ensure!(options.concurrent >= CONCURRENT, "64 at a time needs at least 64 executions");
    println!("stores on {} in {}", meter::file_system(folder)?, folder.display());
    // First, while the process is small: later growth would hide in memory that is free again.
    waiting(options, &runtime, &folder.join("waiting"))?;
    rounds(options, &runtime, folder, 1, options.sequential)?;
    rounds(options, &runtime, folder, CONCURRENT, options.concurrent)?;
    let most = meter::memory("VmHWM")?;
    println!("\nmost memory of the process: {:.1} MiB resident", most / 1048576.0);
    figures::record("engine.rss_peak_bytes", most, "B")?;
    Ok(())
}

fn run_once(options: &Options, only: Only, runtime: &Runtime, folder: &Path) -> Result<()> {
    let concurrency = if only == Only::Sequential { 1 } else { CONCURRENT };
    let bench = Arc::new(Bench::open(&folder.join("store"))?);
    let run = bench.run(runtime, options.kind, options.executions, concurrency)?;
    let checkpoints = options.executions * options.kind.checkpoints();
    println!("executions {} checkpoints {checkpoints} commits {}", options.executions, run.commits);
    println!("wall {:.3} s, cpu {:.3} s", run.took.wall, run.took.cpu);
    Ok(())
}

/// Interleaved rounds of the bare store and each kind of execution, each on fresh stores.
fn rounds(options: &Options, runtime: &Runtime, folder: &Path, concurrency: u64, executions: u64) -> Result<()> {
    let (suffix, title) = match concurrency {
        1 => ("sequential", "one after the other".to_owned()),
        _ => ("c64", format!("{concurrency} at a time")),
    };
    println!("\n{executions} executions {title}, {} rounds", options.rounds);
    let mut rounds = Rounds::default();
    for round in 1..=options.rounds {
        // As many commits as the engine's run has checkpoints.
        let commits = executions * Kind::Record.checkpoints() / concurrency * concurrency;
        let path = folder.join(format!("bare-{suffix}-{round}.redb"));
        let took = match concurrency {
            1 => bare::sequential(&bare::create(&path)?, commits)?,
            _ => {
                let took = bare::group(runtime, bare::create(&path)?, commits, concurrency, Keys::Shared)?;
                rounds.shared(commits, took, meter::load()?);
                std::fs::remove_file(&path)?;
                bare::group(runtime, bare::create(&path)?, commits, concurrency, Keys::Own)?
            }
        };
        std::fs::remove_file(&path)?;
        rounds.bare(commits, took, meter::load()?);
        for kind in [Kind::Record, Kind::Effect, Kind::Stages] {
            let store = folder.join(format!("{kind:?}-{suffix}-{round}"));
            let bench = Arc::new(Bench::open(&store)?);
            // Pages, tasks and allocator arenas are there before the measurement.
            bench.run(runtime, kind, concurrency, concurrency)?;
            let run = bench.run(runtime, kind, executions, concurrency)?;
            drop(bench);
            std::fs::remove_dir_all(&store)?;
            rounds.engine(kind, executions * STEPS, executions * kind.checkpoints(), run, meter::load()?);
        }
    }
    rounds.report(suffix)
}

/// What an execution that waits for a signal keeps in memory.
fn waiting(options: &Options, runtime: &Runtime, folder: &Path) -> Result<()> {
    let waiting = options.waiting as f64;
    let growth = |before: f64| anyhow::Ok((meter::memory("VmRSS")? - before) / waiting);
    let bench = Arc::new(Bench::open(folder)?);
    bench.run(runtime, Kind::Waiting, CONCURRENT, CONCURRENT)?;
    let before = meter::memory("VmRSS")?;
    bench.run(runtime, Kind::Waiting, options.waiting, CONCURRENT)?;
    let open = growth(before)?;
    drop(bench);
    let dropped = growth(before)?;
    let disk = std::fs::metadata(folder.join("records.redb"))?.len();
    println!("\n{waiting} executions that wait for a signal, load {:.1}", meter::load()?);
    println!(
        "  resident memory: {open:.0} B each (with the store's cache of at most 32 MiB), {dropped:.0} B after the store was dropped"
    );
    println!("  on disk: {:.0} B each", disk as f64 / waiting);
    figures::record("engine.rss_per_waiting_execution_bytes", open.max(0.0), "B")?;
    figures::record("engine.rss_per_waiting_execution_bytes.store_dropped", dropped.max(0.0), "B")?;
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
