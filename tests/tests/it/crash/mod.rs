//! The sample project's run is killed at every point that matters, and must end as if nothing had happened.
//!
//! - `place`: a workspace made anew for every kill, and the child processes that work in it.
//! - `outcome`: what a run leaves, byte by byte.
//!
//! A kill is a SIGKILL the child gives itself at a numbered point: before and after every journal write, every outside
//! effect, and between the parts of each. Then the same command goes on, and what it leaves is compared with what an
//! undisturbed run leaves under the same path. The quick sweep takes a part of the points; with `AIPIPE_FULL=1` it
//! takes them all.
//!
//! The other courses (a person approves, CI is run again, a second execution, stages alone, stages side by side) are swept
//! where they differ from that one, without an installation.

mod outcome;
mod place;

use aipipe_tests::crash::Course;
use aipipe_tests::figures;
use place::{Locks, Place, Point, Reference, Verdict};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Mutex;

/// Every n-th of the points that are not chosen by name, in the quick sweep.
const SPREAD: usize = 32;
/// How many points of a kind at the beginning and at the end of a stage the quick sweep takes.
const FIRST: usize = 4;
const LAST: usize = 6;

/// A run to kill and resume.
#[derive(Debug)]
struct Job {
    what: String,
    course: Course,
    kill_at: Vec<usize>,
    locks: Locks,
}

#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    survived: usize,
    duplicates: usize,
    repeated_calls: usize,
    faults: Vec<String>,
}

impl Tally {
    fn add(&mut self, what: &str, verdict: &Verdict) {
        self.kills += verdict.kills;
        self.duplicates += verdict.duplicates;
        self.repeated_calls += verdict.repeated_calls;
        if verdict.faults.is_empty() {
            self.survived += verdict.kills;
        } else {
            println!("{what}: {:#?}", verdict.faults);
            self.faults.push(what.to_owned());
        }
    }
}

fn full() -> bool {
    std::env::var_os("AIPIPE_FULL").is_some_and(|value| value == "1")
}

/// Where workspaces lie: in memory where there is room for that, because a killed process loses nothing the system
/// has, synced or not, and syncing is most of what a run waits for.
fn scratch() -> tempfile::TempDir {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { PathBuf::from(env!("CARGO_TARGET_TMPDIR")) };
    tempfile::Builder::new().prefix("aipipe-crash-").tempdir_in(folder).unwrap()
}

fn publishes(point: &Point) -> bool {
    matches!(point.stage.as_str(), "github-orchestrator" | "review-coordinator")
}

/// The numbers of the points to kill at: all; or every name once, every point of publishing and review except the
/// store's own and the middle ones of many commits that are all alike, and some of the others.
fn chosen(points: &[Point]) -> Vec<usize> {
    let mut total = BTreeMap::<&Point, usize>::new();
    for point in points {
        *total.entry(point).or_default() += 1;
    }
    let (mut names, mut passed) = (BTreeSet::new(), BTreeMap::<&Point, usize>::new());
    let mut others = 0;
    let mut choose = |point| -> bool {
        let nth = passed.entry(point).or_default();
        *nth += 1;
        let at_an_end = *nth <= FIRST || *nth + LAST > total[point];
        let store = point.name.starts_with("records.") || point.name.starts_with("artifact.");
        if full() || names.insert(&point.name) || (publishes(point) && !store && at_an_end) {
            return true;
        }
        others += 1;
        others % SPREAD == 0
    };
    (1..).zip(points).filter(|(_, point)| choose(point)).map(|(number, _)| number).collect()
}

/// Points for runs of the stack's own workflow, over the whole pipeline: the n-th of a name in a stage.
const WITH_INSTALL: [(&str, &str, usize, Locks); 6] = [
    ("intake", "journal.after-write", 1, Locks::Kept),
    ("integration-validator", "effect.after", 1, Locks::None),
    ("github-orchestrator", "git.commit.ref-moved", 4, Locks::Kept),
    ("github-orchestrator", "ci.job.done", 2, Locks::Kept),
    ("github-orchestrator", "ci.run.finished", 1, Locks::Kept),
    ("review-coordinator", "git.merge.ref-moved", 1, Locks::Kept),
];

fn jobs_with_install(reference: &Reference) -> Vec<Job> {
    let number = |stage: &str, name: &str, nth: usize| {
        let matching = (1..).zip(&reference.points).filter(|(_, point)| point.stage == stage && point.name == name);
        matching.map(|(number, _)| number).nth(nth - 1).unwrap_or_else(|| panic!("{stage} never comes to {name}"))
    };
    let job = |(stage, name, nth, locks): (&str, &str, usize, Locks)| Job {
        what: format!("{stage} {name} ({nth}), with an installation"),
        course: Course::Full,
        kill_at: vec![number(stage, name, nth)],
        locks,
    };
    WITH_INSTALL.into_iter().map(job).collect()
}

fn jobs(points: &[Point]) -> VecDeque<Job> {
    let job = |what: String, kill_at| Job { what, course: Course::WithoutInstall, kill_at, locks: Locks::Kept };
    let once = chosen(points).into_iter().map(|number| {
        let point = &points[number - 1];
        job(format!("point {number}: {} {}", point.stage, point.name), vec![number])
    });
    // Numbers by a linear congruential generator: the same in every run. A resumed run passes fewer points, so the
    // second is a near one.
    let mut state: u64 = 20_260_105;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below + 1
    };
    let twice = (0..10).map(|_| (next(points.len() - 40), next(20))).collect::<Vec<_>>();
    let twice = twice.into_iter().map(|(first, second)| {
        let point = &points[first - 1];
        job(format!("points {first} ({} {}) and {second} more", point.stage, point.name), vec![first, second])
    });
    once.chain(twice).collect()
}

#[test]
fn killed_anywhere_a_resume_ends_the_same() {
    let folder = scratch();
    let [one, two] = ["one", "two"].map(|name| Place::new(&folder.path().join(name)));
    // This run has its lock files made; all others find them.
    let reference = one.reference(Course::WithoutInstall);
    two.take_locks_of(&one);
    let queue = Mutex::new(jobs(&reference.points));
    let tally = Mutex::new(Tally::default());
    let work = |place: &Place, reference: &Reference, course: Course, next: &mut dyn FnMut() -> Option<Job>| {
        while let Some(job) = next().filter(|job| job.course == course) {
            let verdict = place.survives(course, &reference.outcome, &job.kill_at, job.locks);
            assert!(verdict.kills > 0, "never killed at {}", job.what);
            println!("{}: {} faults", job.what, verdict.faults.len());
            tally.lock().unwrap().add(&job.what, &verdict);
        }
    };
    let take = || queue.lock().unwrap().pop_front();
    std::thread::scope(|scope| {
        scope.spawn(|| work(&one, &reference, Course::WithoutInstall, &mut || take()));
        scope.spawn(|| {
            let full = two.reference(Course::Full);
            let mut with_install = jobs_with_install(&full).into_iter();
            work(&two, &full, Course::Full, &mut || with_install.next());
            let reference = two.reference(Course::WithoutInstall);
            work(&two, &reference, Course::WithoutInstall, &mut || take());
        });
    });
    let tally = tally.into_inner().unwrap();
    let names: BTreeSet<_> = reference.points.iter().map(|point| &point.name).collect();
    println!(
        "kill points {}, survived {}, duplicated effects {} ({} points of {} kinds in a run)",
        tally.kills,
        tally.survived,
        tally.duplicates,
        reference.points.len(),
        names.len()
    );
    figures::record("crash.kill_points", tally.kills, "kills").unwrap();
    figures::record("crash.survived", tally.survived, "kills").unwrap();
    figures::record("crash.duplicated_effects", tally.duplicates, "effects").unwrap();
    figures::record("crash.model_calls_repeated", tally.repeated_calls, "calls").unwrap();
    assert_eq!(tally.faults, Vec::<String>::new());
    assert_eq!((tally.survived, tally.duplicates), (tally.kills, 0));
}

/// How many points of each other course the quick sweep takes.
const OF_EACH_COURSE: usize = 6;

/// The stages in which a course is another one than the whole run's; `None` for all.
fn differs_in(course: Course) -> Option<&'static [&'static str]> {
    match course {
        Course::Approved | Course::RunAgain => Some(&["review-coordinator"]),
        Course::Second => Some(&["github-orchestrator", "review-coordinator"]),
        Course::Join => Some(&["review-coordinator", "note-build"]),
        _ => None,
    }
}

/// Points of a course: all where it is another one than the whole run's, or some of them, from the first to the last.
fn points_of(course: Course, points: &[Point]) -> Vec<usize> {
    let differs = |point: &Point| differs_in(course).is_none_or(|stages| stages.contains(&point.stage.as_str()));
    let store = |point: &Point| point.name.starts_with("records.") || point.name.starts_with("artifact.");
    let here: Vec<usize> =
        (1..).zip(points).filter(|(_, point)| differs(point) && !store(point)).map(|(number, _)| number).collect();
    assert!(here.len() > OF_EACH_COURSE, "{course:?} passes only {} points of its own", here.len());
    if full() {
        return here;
    }
    (0..OF_EACH_COURSE).map(|nth| here[nth * (here.len() - 1) / (OF_EACH_COURSE - 1)]).collect()
}

#[test]
fn every_other_course_ends_the_same_too() {
    let folder = scratch();
    let [one, two] = ["three", "four"].map(|name| Place::new(&folder.path().join(name)));
    let tally = Mutex::new(Tally::default());
    let sweep = |place: &Place, course: Course| {
        let reference = place.reference(course);
        for number in points_of(course, &reference.points) {
            let point = &reference.points[number - 1];
            let what = format!("{course:?}, point {number}: {} {}", point.stage, point.name);
            let verdict = place.survives(course, &reference.outcome, &[number], Locks::Kept);
            assert!(verdict.kills > 0, "never killed at {what}");
            println!("{what}: {} faults", verdict.faults.len());
            tally.lock().unwrap().add(&what, &verdict);
        }
    };
    sweep(&one, Course::Approved);
    two.take_locks_of(&one);
    std::thread::scope(|scope| {
        scope.spawn(|| [Course::RunAgain, Course::Join].map(|course| sweep(&one, course)));
        scope.spawn(|| [Course::Second, Course::Alone].map(|course| sweep(&two, course)));
    });
    let tally = tally.into_inner().unwrap();
    figures::record("crash.courses.kill_points", tally.kills, "kills").unwrap();
    figures::record("crash.courses.survived", tally.survived, "kills").unwrap();
    assert_eq!(tally.faults, Vec::<String>::new());
    assert_eq!((tally.survived, tally.duplicates), (tally.kills, 0));
}

/// Without a look before each making, the same kills must not be survived: or the sweep would see nothing.
#[test]
fn without_a_look_before_each_making_the_sweep_fails() {
    let folder = scratch();
    let place = Place::new(&folder.path().join("control"));
    let reference = place.reference(Course::WithoutInstall);
    // After each effect; but what a merge came to lies in the pull request's own record by then, so there it is the
    // moment before that is written.
    let before_told = |point: &Point| match point.stage.as_str() {
        "github-orchestrator" => point.name == "effect.after",
        "review-coordinator" => matches!(point.name.as_str(), "review.open.moved" | "git.merge.ref-moved"),
        _ => false,
    };
    let after_effects = (1..).zip(&reference.points).filter(|(_, point)| before_told(point));
    let mut failures = 0;
    let mut tried = 0;
    for (number, point) in after_effects {
        let verdict = place.survives_blindly(&reference.outcome, number);
        tried += 1;
        failures += usize::from(!verdict.faults.is_empty());
        println!("control, point {number}: {} {}: {:?}", point.stage, point.name, verdict.faults.first());
    }
    println!("control failures {failures} of {tried}");
    figures::record("crash.control_failures", failures, "kills").unwrap();
    assert!(failures > 0 && failures == tried, "only {failures} of {tried} kills were noticed");
}
