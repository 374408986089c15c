//! How close the schedule of stories comes to the best that is possible, on a simulated clock.
//!
//! The lower bound is the largest of: the longest chain, all work over the slots, and for each rate the tokens beyond
//! the burst over the inflow, plus the shortest job. Where one term dominates, the schedule must be within 5 % of it.
//! Where two are close the bound can't be reached, so the schedule is held to 3 % of a greedy one that knows every
//! duration beforehand, while ours sees estimates that are up to a quarter wrong. Working level by level is the control.

use aipipe::domain::{RepoPath, StoryId, Timestamp};
use aipipe::ports::Clock as _;
use aipipe::stages::story_executor::WriteSet;
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

struct Scenario {
    name: &'static str,
    jobs: u64,
    /// A job needs so many of the jobs shortly before it, at most.
    needs: u64,
    /// How far back those lie; 1 makes a chain.
    reach: u64,
    slots: usize,
    input: Option<Rate>,
    output: Option<Rate>,
    is_dominated: bool,
}

const SCENARIOS: [Scenario; 8] = [
    Scenario {
        name: "slots_8",
        jobs: 200,
        needs: 1,
        reach: 150,
        slots: 8,
        input: None,
        output: None,
        is_dominated: true,
    },
    Scenario {
        name: "slots_16",
        jobs: 200,
        needs: 1,
        reach: 150,
        slots: 16,
        input: None,
        output: None,
        is_dominated: true,
    },
    Scenario {
        name: "input_rate",
        jobs: 150,
        needs: 1,
        reach: 120,
        slots: 16,
        input: Some(Rate { per_minute: 30_000, burst: 30_000 }),
        output: None,
        is_dominated: true,
    },
    Scenario {
        name: "output_rate",
        jobs: 150,
        needs: 1,
        reach: 120,
        slots: 16,
        input: None,
        output: Some(Rate { per_minute: 8_000, burst: 8_000 }),
        is_dominated: true,
    },
    Scenario { name: "deep", jobs: 60, needs: 2, reach: 2, slots: 8, input: None, output: None, is_dominated: true },
    Scenario {
        name: "mixed_chain",
        jobs: 150,
        needs: 2,
        reach: 14,
        slots: 8,
        input: None,
        output: None,
        is_dominated: false,
    },
    Scenario {
        name: "mixed_rate",
        jobs: 150,
        needs: 2,
        reach: 24,
        slots: 8,
        input: Some(Rate { per_minute: 90_000, burst: 40_000 }),
        output: None,
        is_dominated: false,
    },
    Scenario {
        name: "mixed_small",
        jobs: 60,
        needs: 2,
        reach: 10,
        slots: 6,
        input: Some(Rate { per_minute: 80_000, burst: 40_000 }),
        output: Some(Rate { per_minute: 30_000, burst: 20_000 }),
        is_dominated: false,
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
    let mut dice = Dice(seed.wrapping_mul(0x5851_F42D_4C95_7F2D) ^ scenario.jobs ^ (scenario.reach << 20));
    let mut jobs = Vec::new();
    for number in 0..scenario.jobs {
        let mut needs: Vec<usize> = Vec::new();
        if number > 0 {
            let count = if scenario.reach <= 2 { scenario.needs } else { dice.between(0, scenario.needs) };
            for _ in 0..count {
                let back = dice.between(1, scenario.reach.min(number));
                needs.push(usize::try_from(number - back).unwrap());
            }
        }
        let millis = dice.between(5_000, 30_000);
        let estimate = millis * dice.between(75, 125) / 100;
        jobs.push(Truth {
            needs,
            millis,
            input: dice.between(2_000, 8_000),
            output: dice.between(500, 2_500),
            estimate,
        });
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

fn lower_bound(scenario: &Scenario, truth: &[Truth]) -> f64 {
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
    [work, longest, input, output].into_iter().fold(0.0, f64::max)
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
        let (mut to_bound, mut to_greedy, mut control) = (Vec::new(), Vec::new(), Vec::new());
        for seed in 0..DRAWS {
            let truth = draw(scenario, seed);
            let (ours, bound) = (ours(scenario, &truth) as f64, lower_bound(scenario, &truth));
            assert!(ours >= bound - 1.0, "{}: {ours} is below the bound {bound}", scenario.name);
            to_bound.push(ours / bound);
            to_greedy.push(ours / greedy(scenario, &truth));
            control.push(by_levels(scenario, &truth) / bound);
        }
        let (bound, greedy, control) = (median(&mut to_bound), median(&mut to_greedy), median(&mut control));
        println!("{}: {bound:.3} of the bound, {greedy:.3} of the greedy one, levels {control:.3}", scenario.name);
        figures::record(&format!("scheduler.ratio_to_bound.{}", scenario.name), bound, "").unwrap();
        figures::record(&format!("scheduler.ratio_to_greedy.{}", scenario.name), greedy, "").unwrap();
        figures::record(&format!("scheduler.levels_to_bound.{}", scenario.name), control, "").unwrap();
        if scenario.is_dominated {
            assert!(bound <= 1.05, "{}: {bound}", scenario.name);
        } else {
            assert!(greedy <= 1.03, "{}: {greedy}", scenario.name);
        }
        assert!(control > bound + 0.01, "{}: levels {control}, ours {bound}", scenario.name);
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
