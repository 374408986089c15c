//! How close the schedule of stories comes to the best that is possible, on a simulated clock.
//!
//! The lower bound is the largest of: the longest chain, all work over the slots, and for each rate the tokens beyond
//! the burst over the inflow, plus the shortest job. Where one term dominates, the schedule must be within 5 % of it.
//! Where two are close the bound can't be reached, so the schedule is held to 3 % of a greedy one that knows every
//! duration beforehand, while ours sees estimates that are up to a quarter wrong. Working level by level is the control.

use aipipe::domain::{RepoPath, StoryId, Timestamp, WriteSet};
use aipipe::ports::Clock as _;
use aipipe::stages::story_executor::schedule::{Ending, Estimate, Job, Limits, Rate, Schedule, Settled, drive};
use aipipe::testing::SimulatedClock;
use aipipe_benches::figures;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

const DRAWS: u64 = 200;

/// A generator of numbers that are the same everywhere (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.roll() % (high - low + 1)
    }
}

/// How jobs depend on each other.
enum Shape {
    /// A job needs at most so many (or exactly so many) of the jobs that lie at most so far back.
    Near { most: u64, exactly: bool, back: u64 },
    /// Layers of so many to so many jobs; each needs at most so many of the layer before. Where a layer is narrower than
    /// the slots nobody can use them all, so neither the chain nor the work alone tells how long it takes.
    Layers { least: u64, widest: u64, most: u64 },
}

struct Scenario {
    name: &'static str,
    jobs: u64,
    shape: Shape,
    slots: usize,
    input: Option<Rate>,
    output: Option<Rate>,
    /// Which terms make the bound, in how many of 200 draws; of a mixed scenario as in the reference simulation, with
    /// what the greedy schedule came to there in 19 of 20 draws.
    binding: Binding,
}

/// Longest chain, work, rates.
enum Binding {
    One,
    Mixed { of_200: [usize; 3], greedy_p95: f64 },
}

const fn near(most: u64, back: u64) -> Shape {
    Shape::Near { most, exactly: false, back }
}

const fn rate(per_minute: u64, burst: u64) -> Option<Rate> {
    Some(Rate { per_minute, burst })
}

const fn dominated(name: &'static str, jobs: u64, shape: Shape, slots: usize) -> Scenario {
    Scenario { name, jobs, shape, slots, input: None, output: None, binding: Binding::One }
}

const SCENARIOS: [Scenario; 8] = [
    dominated("slots_8", 200, near(1, 150), 8),
    dominated("slots_16", 200, near(1, 150), 16),
    Scenario { input: rate(30_000, 30_000), ..dominated("input_rate", 150, near(1, 120), 16) },
    Scenario { output: rate(8_000, 8_000), ..dominated("output_rate", 150, near(1, 120), 16) },
    dominated("deep", 60, Shape::Near { most: 2, exactly: true, back: 2 }, 8),
    Scenario {
        binding: Binding::Mixed { of_200: [146, 54, 0], greedy_p95: 1.054 },
        ..dominated("mixed_chain", 150, Shape::Layers { least: 3, widest: 17, most: 3 }, 8)
    },
    Scenario {
        input: rate(68_500, 34_000),
        binding: Binding::Mixed { of_200: [1, 164, 35], greedy_p95: 1.099 },
        ..dominated("mixed_rate", 150, Shape::Layers { least: 1, widest: 18, most: 1 }, 4)
    },
    Scenario {
        input: rate(95_000, 50_000),
        binding: Binding::Mixed { of_200: [112, 74, 14], greedy_p95: 1.081 },
        ..dominated("mixed_small", 60, Shape::Layers { least: 3, widest: 12, most: 2 }, 6)
    },
];

/// What is really true of a job; the schedule sees the estimate.
struct Truth {
    needs: Vec<usize>,
    millis: u64,
    input: u64,
    output: u64,
    estimate: u64,
}

fn draw(scenario: &Scenario, seed: u64) -> Vec<Truth> {
    let salt = scenario.name.bytes().fold(scenario.jobs, |salt, byte| salt.wrapping_mul(31) ^ u64::from(byte));
    let mut dice = Dice(seed.wrapping_mul(0x5851_F42D_4C95_7F2D) ^ salt);
    let mut jobs: Vec<Truth> = Vec::new();
    // Where the layer before begins and where the present one begins and ends.
    let (mut before, mut layer, mut end) = (0, 0, 0);
    for number in 0..scenario.jobs {
        let (count, from, to) = match scenario.shape {
            Shape::Near { most, exactly, back } => {
                let count = if exactly { most } else { dice.between(0, most) };
                (count, number.saturating_sub(back), number)
            }
            Shape::Layers { least, widest, most } => {
                if number == end {
                    (before, layer, end) = (layer, end, end + dice.between(least, widest));
                }
                (dice.between(1, most), before, layer)
            }
        };
        let needs = (0..count).filter(|_| from < to).map(|_| usize::try_from(dice.between(from, to - 1)).unwrap());
        let needs = needs.collect();
        let millis = dice.between(5_000, 30_000);
        let estimate = millis * dice.between(75, 125) / 100;
        let (input, output) = (dice.between(2_000, 8_000), dice.between(500, 2_500));
        jobs.push(Truth { needs, millis, input, output, estimate });
    }
    jobs
}

fn story(number: usize) -> StoryId {
    StoryId::parse(format!("us-{number}")).unwrap()
}

fn start() -> Timestamp {
    Timestamp::parse("2026-01-05T09:00:00Z").unwrap()
}

/// The schedule of the stage, on the simulated clock.
fn ours(scenario: &Scenario, truth: &[Truth]) -> u64 {
    let jobs = truth.iter().enumerate().map(|(number, job)| Job {
        story: story(number),
        needs: job.needs.iter().map(|need| story(*need)).collect(),
        writes: WriteSet::of_files([RepoPath::parse(format!("src/{number}.ts")).unwrap()]),
        estimate: Estimate { millis: job.estimate, input_tokens: job.input, output_tokens: job.output },
    });
    let mut limits = Limits::default().with_concurrency(scenario.slots);
    if let Some(rate) = scenario.input {
        limits = limits.with_input_tokens(rate);
    }
    if let Some(rate) = scenario.output {
        limits = limits.with_output_tokens(rate);
    }
    let schedule = Schedule::new(jobs.collect(), &limits).unwrap();
    let clock = SimulatedClock::at(start());
    let ran = clock.run(drive(schedule, &clock, |_, job, _| {
        let (clock, millis) = (&clock, truth[job].millis);
        async move {
            clock.sleep(Duration::from_millis(millis)).await;
            Ok(Settled { value: (), ending: Ending::Done })
        }
    }));
    assert_eq!(ran.unwrap().unwrap().results.iter().flatten().count(), truth.len());
    u64::try_from(clock.now().since(start()).as_millis()).unwrap()
}

fn chain(truth: &[Truth]) -> Vec<u64> {
    let mut tail = vec![0; truth.len()];
    for (number, job) in truth.iter().enumerate().rev() {
        let own = tail[number] + job.millis;
        tail[number] = own;
        for need in &job.needs {
            tail[*need] = tail[*need].max(own);
        }
    }
    tail
}

/// The longest chain, the work over the slots, and the rates.
fn bounds(scenario: &Scenario, truth: &[Truth]) -> [f64; 3] {
    let shortest = truth.iter().map(|job| job.millis).min().unwrap() as f64;
    let work = truth.iter().map(|job| job.millis).sum::<u64>() as f64 / scenario.slots as f64;
    let longest = *chain(truth).iter().max().unwrap() as f64;
    let of_rate = |rate: Option<Rate>, total: u64| {
        rate.map_or(0.0, |rate| {
            (total as f64 - rate.burst as f64).max(0.0) / rate.per_minute as f64 * 60_000.0 + shortest
        })
    };
    let input = of_rate(scenario.input, truth.iter().map(|job| job.input).sum());
    let output = of_rate(scenario.output, truth.iter().map(|job| job.output).sum());
    [longest, work, input.max(output)]
}

/// A bucket in floating point, apart from the one that is tested.
struct Bucket {
    rate: Option<Rate>,
    held: f64,
    at: f64,
}

impl Bucket {
    fn of(rate: Option<Rate>) -> Self {
        Self { rate, held: rate.map_or(0.0, |rate| rate.burst as f64), at: 0.0 }
    }

    fn ready(&mut self, now: f64, need: u64) -> f64 {
        let Some(rate) = self.rate else { return now };
        let inflow = rate.per_minute as f64 / 60_000.0;
        self.held = (self.held + (now - self.at) * inflow).min(rate.burst as f64);
        self.at = now;
        now + ((need.min(rate.burst) as f64 - self.held) / inflow).max(0.0)
    }
}

/// The reference: at every moment the ready job with the longest real way to the end, known beforehand.
fn greedy(scenario: &Scenario, truth: &[Truth]) -> f64 {
    let tail = chain(truth);
    let mut open: Vec<usize> = truth
        .iter()
        .map(|job| {
            let mut needs = job.needs.clone();
            needs.sort_unstable();
            needs.dedup();
            needs.len()
        })
        .collect();
    let mut ready: BinaryHeap<(u64, Reverse<usize>)> = BinaryHeap::new();
    ready.extend((0..truth.len()).filter(|job| open[*job] == 0).map(|job| (tail[job], Reverse(job))));
    let mut running: Vec<(f64, usize)> = Vec::new();
    let (mut input, mut output) = (Bucket::of(scenario.input), Bucket::of(scenario.output));
    let mut now = 0.0_f64;
    loop {
        let mut wake = f64::INFINITY;
        while running.len() < scenario.slots {
            let Some((_, Reverse(job))) = ready.peek().copied() else { break };
            let at = input.ready(now, truth[job].input).max(output.ready(now, truth[job].output));
            if at > now + 1e-6 {
                wake = at;
                break;
            }
            ready.pop();
            input.held -= truth[job].input as f64;
            output.held -= truth[job].output as f64;
            running.push((now + truth[job].millis as f64, job));
        }
        let first = (0..running.len()).min_by(|a, b| running[*a].0.total_cmp(&running[*b].0));
        let Some(first) = first else {
            if wake.is_infinite() {
                return now;
            }
            now = wake;
            continue;
        };
        if wake < running[first].0 {
            now = wake;
            continue;
        }
        let (end, job) = running.swap_remove(first);
        now = now.max(end);
        for (next, other) in truth.iter().enumerate() {
            if other.needs.contains(&job) {
                open[next] -= 1;
                if open[next] == 0 {
                    ready.push((tail[next], Reverse(next)));
                }
            }
        }
    }
}

/// The control: a level begins when the one before it has ended, as a plain "run what is ready, then look again" does.
fn by_levels(scenario: &Scenario, truth: &[Truth]) -> f64 {
    let mut level = vec![0_usize; truth.len()];
    for (number, job) in truth.iter().enumerate() {
        level[number] = job.needs.iter().map(|need| level[*need] + 1).max().unwrap_or(0);
    }
    let (mut input, mut output) = (Bucket::of(scenario.input), Bucket::of(scenario.output));
    let mut now = 0.0_f64;
    for wanted in 0..=*level.iter().max().unwrap() {
        let mut slots = vec![now; scenario.slots];
        for job in (0..truth.len()).filter(|job| level[*job] == wanted) {
            let slot = slots.iter_mut().min_by(|a, b| a.total_cmp(b)).unwrap();
            let from = slot.max(input.at).max(output.at);
            let at = input.ready(from, truth[job].input).max(output.ready(from, truth[job].output));
            input.ready(at, 0);
            output.ready(at, 0);
            input.held -= truth[job].input as f64;
            output.held -= truth[job].output as f64;
            *slot = at + truth[job].millis as f64;
        }
        now = slots.into_iter().fold(now, f64::max);
    }
    now
}

#[test]
fn the_schedule_is_near_the_lower_bound_and_levels_are_not() {
    for scenario in &SCENARIOS {
        let (mut to_bound, mut to_greedy, mut greedy_to_bound, mut control) = Default::default();
        let mut binding = [0_usize; 3];
        for seed in 0..DRAWS {
            let truth = draw(scenario, seed);
            let bounds = bounds(scenario, &truth);
            let bound = bounds.into_iter().fold(0.0, f64::max);
            binding[bounds.iter().position(|term| *term >= bound).unwrap()] += 1;
            let (ours, greedy) = (ours(scenario, &truth) as f64, greedy(scenario, &truth));
            assert!(ours >= bound - 1.0, "{}: {ours} is below the bound {bound}", scenario.name);
            push(&mut to_bound, ours / bound);
            push(&mut to_greedy, ours / greedy);
            push(&mut greedy_to_bound, greedy / bound);
            push(&mut control, by_levels(scenario, &truth) / bound);
        }
        let name = scenario.name;
        let (bound, greedy, control) = (at(&to_bound, 50), at(&to_greedy, 50), at(&control, 50));
        let hardness = at(&greedy_to_bound, 95);
        println!(
            "{name}: {bound:.3} of the bound, {greedy:.3} of the greedy one (95 of 100: {:.3}), levels {control:.3}; \
             greedy {:.3} {hardness:.3} of the bound; binding {binding:?}",
            at(&to_greedy, 95),
            at(&greedy_to_bound, 50),
        );
        figures::record(&format!("scheduler.ratio_to_bound.{name}"), bound, "").unwrap();
        figures::record(&format!("scheduler.ratio_to_greedy.{name}"), greedy, "").unwrap();
        figures::record(&format!("scheduler.levels_to_bound.{name}"), control, "").unwrap();
        match scenario.binding {
            Binding::One => {
                assert!(bound <= 1.05, "{name}: {bound}");
                assert!(binding.iter().any(|draws| *draws >= 195), "{name} is not dominated by one term: {binding:?}");
            }
            Binding::Mixed { of_200, greedy_p95 } => {
                assert!(greedy <= 1.03, "{name}: {greedy}");
                // As hard as the simulation the limits come from.
                for (found, wanted) in binding.iter().copied().zip(of_200) {
                    assert!(found.abs_diff(wanted) <= 20, "{name}: {binding:?}, wanted {of_200:?}");
                }
                assert!(hardness >= greedy_p95 - 0.01, "{name}: the greedy one is at {hardness} of the bound");
            }
        }
        assert!(control > bound + 0.01, "{name}: levels {control}, ours {bound}");
    }
}

/// Keeps the values in order.
fn push(values: &mut Vec<f64>, value: f64) {
    let place = values.partition_point(|known| *known < value);
    values.insert(place, value);
}

/// The value below which this many of a hundred lie.
fn at(values: &[f64], percent: usize) -> f64 {
    values[(values.len() - 1) * percent / 100]
}
