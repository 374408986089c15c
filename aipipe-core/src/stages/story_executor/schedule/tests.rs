use super::*;
use crate::domain::RepoPath;
use crate::ports::Clock;
use crate::testing::SimulatedClock;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

fn id(number: usize) -> StoryId {
    StoryId::parse(format!("us-{number}")).unwrap()
}

fn job(number: usize, needs: &[usize], files: &[&str]) -> Job {
    Job {
        story: id(number),
        needs: needs.iter().map(|number| id(*number)).collect(),
        writes: WriteSet::of_files(files.iter().map(|file| RepoPath::parse(*file).unwrap())),
        estimate: Estimate { millis: 1000, input_tokens: 10, output_tokens: 10 },
    }
}

fn start() -> Timestamp {
    Timestamp::from_unix_millis(1_767_603_600_000)
}

/// What happened, in order: `+3` began, `-3` ended.
fn run(jobs: &[Job], limits: &Limits, fails: &[usize], millis: &[u64]) -> (Schedule, Vec<String>) {
    let clock = SimulatedClock::at(start());
    let log = Mutex::new(Vec::new());
    let schedule = Schedule::new(jobs.to_vec(), limits).unwrap();
    let ran = clock
        .run(drive(schedule, &clock, |_, job, _| {
            log.lock().unwrap().push(format!("+{job}"));
            let (clock, log) = (&clock, &log);
            async move {
                clock.sleep(Duration::from_millis(millis[job])).await;
                log.lock().unwrap().push(format!("-{job}"));
                let ending = if fails.contains(&job) { Ending::Failed } else { Ending::Done };
                Ok(Settled { value: job, ending })
            }
        }))
        .expect("it ends")
        .unwrap();
    (ran.schedule, log.into_inner().unwrap())
}

fn states(schedule: &Schedule) -> Vec<JobState> {
    (0..schedule.merge_order().len()).map(|job| schedule.state(job).unwrap().clone()).collect()
}

#[test]
fn a_circle_is_named_with_its_stories() {
    let jobs = vec![job(0, &[], &[]), job(1, &[3, 0], &[]), job(2, &[1], &[]), job(3, &[2], &[]), job(4, &[3], &[])];
    let error = Schedule::new(jobs, &Limits::default()).unwrap_err();
    let ScheduleError::Cycle { stories } = &error else { panic!("{error}") };
    assert_eq!(stories.iter().collect::<BTreeSet<_>>(), [id(1), id(2), id(3)].iter().collect());
    let error = Error::from(error);
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("us-1") && !error.message().contains("us-4"), "{}", error.message());
}

#[test]
fn unknown_and_repeated_stories_are_named() {
    let unknown = Schedule::new(vec![job(0, &[7], &[])], &Limits::default()).unwrap_err();
    assert_eq!(unknown.to_string(), "us-0 waits for us-7, which is not there");
    let twice = Schedule::new(vec![job(0, &[], &[]), job(0, &[], &[])], &Limits::default()).unwrap_err();
    assert_eq!(twice.to_string(), "us-0 is there twice");
}

#[test]
fn a_failed_story_blocks_only_those_that_depend_on_it() {
    // 1 depends on 0, 2 on 1; 3 writes the same file as 0; 4 stands alone.
    let jobs = [job(0, &[], &["a"]), job(1, &[0], &[]), job(2, &[1], &[]), job(3, &[], &["a"]), job(4, &[], &[])];
    let (schedule, log) = run(&jobs, &Limits::default(), &[0], &[5; 5]);
    let expected =
        [JobState::Failed, JobState::Blocked(id(0)), JobState::Blocked(id(0)), JobState::Done, JobState::Done];
    assert_eq!(states(&schedule), expected);
    assert!(log.contains(&"+3".to_owned()) && !log.contains(&"+1".to_owned()), "{log:?}");
}

#[test]
fn stories_that_write_one_file_never_run_at_once() {
    let apart = [job(0, &[], &["a"]), job(1, &[], &["b"]), job(2, &[], &["a", "b"])];
    let (_, log) = run(&apart, &Limits::default(), &[], &[10, 20, 5]);
    assert_eq!(log, ["+0", "+1", "-0", "-1", "+2", "-2"]);
    // The control: without a common file all begin at once.
    let together = [job(0, &[], &["a"]), job(1, &[], &["b"]), job(2, &[], &["c"])];
    let (_, log) = run(&together, &Limits::default(), &[], &[10, 20, 5]);
    assert_eq!(log[..3], ["+0", "+1", "+2"]);
}

#[test]
fn the_longest_way_to_the_end_comes_first() {
    // 3 begins a chain of three; with one slot it goes before the single jobs.
    let jobs =
        [job(0, &[], &[]), job(1, &[], &[]), job(2, &[], &[]), job(3, &[], &[]), job(4, &[3], &[]), job(5, &[4], &[])];
    let (_, log) = run(&jobs, &Limits::default().with_concurrency(1), &[], &[10; 6]);
    assert_eq!(log[0], "+3");
}

#[test]
fn stopping_lets_what_runs_end_and_begins_nothing() {
    let jobs = vec![job(0, &[], &[]), job(1, &[0], &[]), job(2, &[], &[])];
    let mut schedule = Schedule::new(jobs, &Limits::default().with_concurrency(1)).unwrap();
    assert_eq!(schedule.next(start()), Next::Start(0));
    schedule.stop();
    assert_eq!(schedule.next(start()), Next::Wait(None));
    schedule.finish(0, Ending::Done);
    assert_eq!(schedule.next(start()), Next::Finished);
    assert_eq!(states(&schedule), [JobState::Done, JobState::Waiting, JobState::Waiting]);
}

#[test]
fn an_error_starts_nothing_more_and_loses_nothing_that_runs() {
    let clock = SimulatedClock::at(start());
    let ended = Mutex::new(Vec::new());
    let jobs = vec![job(0, &[], &[]), job(1, &[], &[]), job(2, &[], &[])];
    let schedule = Schedule::new(jobs, &Limits::default().with_concurrency(2)).unwrap();
    let ran = clock.run(drive(schedule, &clock, |_, job, _| {
        let (clock, ended) = (&clock, &ended);
        async move {
            if job == 0 {
                return Err(Error::new(ErrorKind::Unavailable, "test", "not today"));
            }
            clock.sleep(Duration::from_millis(50)).await;
            ended.lock().unwrap().push(job);
            Ok(Settled { value: (), ending: Ending::Done })
        }
    }));
    assert_eq!(ran.expect("it ends").unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(ended.into_inner().unwrap(), [1]);
}

#[test]
fn rates_hold_a_job_back_until_its_tokens_have_gathered() {
    let rate = Rate { per_minute: 60, burst: 10 };
    let limits = Limits::default().with_input_tokens(rate);
    let mut schedule = Schedule::new(vec![job(0, &[], &[]), job(1, &[], &[])], &limits).unwrap();
    assert_eq!(schedule.next(start()), Next::Start(0));
    let later = start().plus(Duration::from_secs(10));
    assert_eq!(schedule.next(start()), Next::Wait(Some(later)));
    assert_eq!(schedule.next(later), Next::Start(1));
    // What no bucket can ever hold takes a full one instead of waiting forever.
    let mut large = job(0, &[], &[]);
    large.estimate.input_tokens = 1_000_000;
    assert_eq!(Schedule::new(vec![large], &limits).unwrap().next(start()), Next::Start(0));
}

#[test]
fn five_hundred_stories_are_ordered_in_one_go() {
    let jobs: Vec<Job> =
        (0..500).map(|n| job(n, &if n % 7 == 0 { vec![] } else { vec![n - 1] }, &["src/app.ts"])).collect();
    let (schedule, log) = run(&jobs, &Limits::default(), &[], &[3; 500]);
    assert_eq!(log.len(), 1000);
    assert!(states(&schedule).iter().all(|state| *state == JobState::Done));
}

#[derive(Debug, Clone)]
struct Case {
    jobs: Vec<Job>,
    fails: Vec<usize>,
    millis: Vec<u64>,
    slots: usize,
}

fn cases() -> impl Strategy<Value = Case> {
    (1_usize..24).prop_flat_map(|count| {
        let job = (
            prop::collection::vec(any::<prop::sample::Index>(), 0..3),
            prop::collection::vec(0_usize..6, 0..3),
            1_u64..50,
            any::<bool>(),
        );
        (prop::collection::vec(job, count), 1_usize..5, prop::collection::vec(0_u8..100, count)).prop_map(
            |(drawn, slots, luck)| {
                let jobs = drawn.iter().enumerate().map(|(number, (needs, files, millis, folder))| {
                    let needs: BTreeSet<usize> =
                        if number == 0 { BTreeSet::new() } else { needs.iter().map(|i| i.index(number)).collect() };
                    let mut job = job_of(number, needs, files);
                    job.estimate.millis = *millis;
                    if *folder && number % 5 == 0 {
                        job.writes = job.writes.with_folder(RepoPath::parse("d/2").unwrap());
                    }
                    job
                });
                let fails = (0..drawn.len()).filter(|n| luck[*n] < 15).collect();
                Case {
                    jobs: jobs.collect(),
                    fails,
                    millis: drawn.iter().map(|(_, _, millis, _)| *millis).collect(),
                    slots,
                }
            },
        )
    })
}

fn job_of(number: usize, needs: BTreeSet<usize>, files: &[usize]) -> Job {
    let files: Vec<String> = files.iter().map(|file| format!("d/{file}/f")).collect();
    let needs: Vec<usize> = needs.into_iter().collect();
    job(number, &needs, &files.iter().map(String::as_str).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn no_two_writers_meet_and_exactly_the_dependants_are_blocked(case in cases()) {
        let limits = Limits::default().with_concurrency(case.slots);
        let (schedule, log) = run(&case.jobs, &limits, &case.fails, &case.millis);
        let mut running: BTreeSet<usize> = BTreeSet::new();
        let mut ended: BTreeSet<usize> = BTreeSet::new();
        for event in &log {
            let number: usize = event.trim_start_matches(['+', '-']).parse().unwrap();
            if event.starts_with('+') {
                for other in &running {
                    prop_assert!(case.jobs[number].writes.shared_with(&case.jobs[*other].writes).is_none());
                }
                for earlier in schedule.comes_after(number) {
                    prop_assert!(!running.contains(&earlier));
                    prop_assert!(ended.contains(&earlier) || matches!(schedule.state(earlier), Some(JobState::Blocked(_))));
                }
                running.insert(number);
                prop_assert!(running.len() <= case.slots);
            } else {
                running.remove(&number);
                ended.insert(number);
            }
        }
        let mut lost: BTreeSet<usize> = case.fails.iter().copied().collect();
        for (number, job) in case.jobs.iter().enumerate() {
            let blocked = job.needs.iter().any(|need| lost.iter().any(|lost| id(*lost) == *need));
            let state = schedule.state(number).unwrap();
            prop_assert_eq!(matches!(state, JobState::Blocked(_)), blocked, "{} is {:?}", number, state);
            if blocked {
                lost.insert(number);
            }
        }
        let places: Vec<usize> = schedule.merge_order().to_vec();
        let place = |number: usize| places.iter().position(|known| *known == number).unwrap();
        for number in 0..case.jobs.len() {
            prop_assert!(schedule.comes_after(number).iter().all(|earlier| place(*earlier) < place(number)));
        }
    }

    #[test]
    fn what_a_story_builds_on_does_not_depend_on_how_long_others_take(case in cases(), other in prop::collection::vec(1_u64..50, 24)) {
        let limits = Limits::default().with_concurrency(case.slots);
        let (first, _) = run(&case.jobs, &limits, &case.fails, &case.millis);
        let (second, _) = run(&case.jobs, &limits, &case.fails, &other);
        prop_assert_eq!(first.merge_order(), second.merge_order());
        prop_assert_eq!(states(&first), states(&second));
    }
}
