//! Medians over the rounds, printed and recorded.

use crate::engine::Measured;
use crate::meter::Took;
use crate::stages::Kind;
use aipipe_benches::figures;
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;

/// What the rounds of one concurrency measured.
#[derive(Debug, Default)]
pub struct Rounds {
    bare: Vec<Bare>,
    /// The same with one sequence of keys for all writers; none where one thing is done after the other.
    shared: Vec<Bare>,
    engine: BTreeMap<Kind, Vec<Engine>>,
}

#[derive(Debug)]
struct Bare {
    per_second: f64,
    cpu_us: f64,
    load: f64,
}

impl Bare {
    fn new(commits: u64, took: Took, load: f64) -> Self {
        let commits = commits as f64;
        Self { per_second: commits / took.wall, cpu_us: took.cpu * 1e6 / commits, load }
    }
}

#[derive(Debug)]
struct Engine {
    steps_per_second: f64,
    cpu_us_per_step: f64,
    checkpoints_per_second: f64,
    commits_per_checkpoint: f64,
    ratio: f64,
    ratio_to_shared: Option<f64>,
    load: f64,
}

impl Rounds {
    /// Adds this round's bare commits; the engine's runs that follow are compared with them.
    pub fn bare(&mut self, commits: u64, took: Took, load: f64) {
        self.bare.push(Bare::new(commits, took, load));
    }

    /// Adds this round's bare commits to one sequence.
    pub fn shared(&mut self, commits: u64, took: Took, load: f64) {
        self.shared.push(Bare::new(commits, took, load));
    }

    /// Adds a run of the engine.
    pub fn engine(&mut self, kind: Kind, steps: u64, checkpoints: u64, run: Measured, load: f64) {
        let (steps, checkpoints) = (steps as f64, checkpoints as f64);
        let steps_per_second = steps / run.took.wall;
        self.engine.entry(kind).or_default().push(Engine {
            steps_per_second,
            cpu_us_per_step: run.took.cpu * 1e6 / steps,
            checkpoints_per_second: checkpoints / run.took.wall,
            commits_per_checkpoint: run.commits as f64 / checkpoints,
            ratio: self.bare.last().map_or(f64::NAN, |bare| steps_per_second / bare.per_second),
            ratio_to_shared: self.shared.last().map(|bare| steps_per_second / bare.per_second),
            load,
        });
    }

    /// Prints all of it and records the figures under `suffix`.
    pub fn report(&self, suffix: &str) -> Result<()> {
        // Tasks are what the engine has, and the faster of the two: they are the measure.
        bare("bare redb, durable commits of 1 KiB", &self.bare, &format!("engine.bare_commits_per_second.{suffix}"))?;
        if !self.shared.is_empty() {
            let name = format!("engine.bare_commits_per_second.one_sequence.{suffix}");
            bare("bare redb, all writers on one sequence of keys", &self.shared, &name)?;
        }
        for (kind, rounds) in &self.engine {
            let steps = median(rounds, |round| round.steps_per_second)?;
            let cpu = median(rounds, |round| round.cpu_us_per_step)?;
            let ratio = median(rounds, |round| round.ratio)?;
            println!("  {}", kind.explained());
            let ratios: Vec<f64> = rounds.iter().filter_map(|round| round.ratio_to_shared).collect();
            let to_shared = if ratios.is_empty() { None } else { Some(median(&ratios, |ratio| *ratio)?) };
            let shown = to_shared.map(|ratio| format!(" ({ratio:.2} of one sequence)")).unwrap_or_default();
            println!(
                "    {steps:.0} steps/s (rounds {}), {ratio:.2} of the bare store{shown}, load {:.1}",
                each(rounds, |round| round.steps_per_second),
                median(rounds, |round| round.load)?,
            );
            println!(
                "    {cpu:.0} µs CPU a step (rounds {}), {:.0} checkpoints/s, {:.3} commits a checkpoint",
                each(rounds, |round| round.cpu_us_per_step),
                median(rounds, |round| round.checkpoints_per_second)?,
                median(rounds, |round| round.commits_per_checkpoint)?,
            );
            // The plain names are those of the step that only records; the others carry their kind.
            let named = |figure: &str| match kind {
                Kind::Record => format!("engine.{figure}.{suffix}"),
                Kind::Effect => format!("engine.{figure}.effect.{suffix}"),
                Kind::Stages => format!("engine.{figure}.stages.{suffix}"),
                Kind::Waiting => format!("engine.{figure}.waiting.{suffix}"),
            };
            figures::record(&named("steps_per_second"), steps, "1/s")?;
            figures::record(&named("cpu_us_per_step"), cpu, "us")?;
            figures::record(&named("ratio_to_bare_store"), ratio, "1")?;
            if let Some(ratio) = to_shared {
                figures::record(&named("ratio_to_bare_store_one_sequence"), ratio, "1")?;
            }
        }
        Ok(())
    }
}

fn bare(title: &str, rounds: &[Bare], name: &str) -> Result<()> {
    let per_second = median(rounds, |round| round.per_second)?;
    println!("  {title}");
    println!(
        "    {per_second:.0} commits/s (rounds {}), {:.0} µs CPU a commit, load {:.1}",
        each(rounds, |round| round.per_second),
        median(rounds, |round| round.cpu_us)?,
        median(rounds, |round| round.load)?,
    );
    figures::record(name, per_second, "1/s")?;
    Ok(())
}

fn median<T>(rounds: &[T], of: impl Fn(&T) -> f64) -> Result<f64> {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    let upper = values.len() / 2;
    let (Some(low), Some(high)) = (values.get((values.len().saturating_sub(1)) / 2), values.get(upper)) else {
        return None.context("no rounds");
    };
    Ok(f64::midpoint(*low, *high))
}

fn each<T>(rounds: &[T], of: impl Fn(&T) -> f64) -> String {
    rounds.iter().map(|round| format!("{:.0}", of(round))).collect::<Vec<_>>().join(" ")
}
