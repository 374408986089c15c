//! A workspace that is made anew for every kill, and the processes that work in it.

use super::outcome::{Outcome, journaled_answers};
use aipipe_tests::crash::{Course, Orders, calls_file};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A point that a run passes: in which stage, and its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub stage: String,
    pub name: String,
}

/// What an undisturbed run left, and the points it passed.
#[derive(Debug)]
pub struct Reference {
    pub outcome: Outcome,
    pub points: Vec<Point>,
}

/// Whether the lock files of an earlier run are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locks {
    Kept,
    None,
}

/// How a process ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Done,
    Killed,
    Failed(String),
}

/// What came of a kill.
#[derive(Debug, Default)]
pub struct Verdict {
    /// How often the process was really killed.
    pub kills: usize,
    /// What was made or paid for twice.
    pub duplicates: usize,
    /// How often the model was asked what it had answered already: a process died before the answer was journaled.
    pub repeated_calls: usize,
    /// Whatever is not as it should be.
    pub faults: Vec<String>,
}

/// A folder for one workspace at a time, always under the same path, because paths are part of what a run leaves.
#[derive(Debug)]
pub struct Place {
    root: PathBuf,
}

impl Place {
    pub fn new(root: &Path) -> Self {
        fs::create_dir_all(root).unwrap();
        Self { root: root.canonicalize().unwrap() }
    }

    pub fn workspace(&self) -> PathBuf {
        self.root.join("workspace")
    }

    /// Lock files that the package manager made in a first run.
    fn locks(&self) -> PathBuf {
        self.root.join("locks")
    }

    /// What npm has downloaded, for the runs that install.
    fn downloads(&self) -> PathBuf {
        self.root.join("downloads")
    }

    /// The workspace that a project's first execution leaves.
    fn first(&self) -> PathBuf {
        self.root.join("first")
    }

    /// Takes over the lock files of another place.
    pub fn take_locks_of(&self, other: &Self) {
        copy_files(&other.locks(), &self.locks());
    }

    /// An empty workspace but for what only makes it quick.
    fn make_fresh(&self, course: Course, locks: Locks) {
        let workspace = self.workspace();
        let cache = workspace.join("ci/cache");
        if cache.exists() {
            fs::remove_dir_all(self.downloads()).ok();
            fs::rename(&cache, self.downloads()).unwrap();
        }
        if workspace.exists() {
            fs::remove_dir_all(&workspace).unwrap();
        }
        fs::remove_file(calls_file(&workspace)).ok();
        if course == Course::Second && self.first().exists() {
            copy_tree(&self.first(), &workspace);
            return;
        }
        if locks == Locks::Kept && self.locks().exists() {
            copy_files(&self.locks(), &workspace.join("packages/locks"));
        }
        if course.installs() && self.downloads().exists() {
            fs::create_dir_all(cache.parent().unwrap()).unwrap();
            fs::rename(self.downloads(), cache).unwrap();
        }
    }

    pub fn child(&self, course: Course, orders: &Orders) -> End {
        let output = Command::new(env!("CARGO_BIN_EXE_crash-child"))
            .arg(self.workspace())
            .arg(course.as_str())
            .envs(orders.variables())
            .output()
            .unwrap();
        match (output.status.code(), output.status.signal()) {
            (Some(0), _) => End::Done,
            (_, Some(9)) => End::Killed,
            (code, signal) => {
                End::Failed(format!("{code:?} {signal:?} {}", String::from_utf8_lossy(&output.stderr).trim()))
            }
        }
    }

    /// An undisturbed run; it also makes the lock files that later runs find.
    pub fn reference(&self, course: Course) -> Reference {
        if course == Course::Second {
            self.make_fresh(Course::First, Locks::Kept);
            assert_eq!(self.child(Course::First, &Orders::default()), End::Done, "there is a first execution");
            fs::remove_dir_all(self.first()).ok();
            fs::rename(self.workspace(), self.first()).unwrap();
        }
        self.make_fresh(course, Locks::Kept);
        let points = self.root.join("points");
        fs::remove_file(&points).ok();
        let orders = Orders { points: Some(points.clone()), ..Orders::default() };
        assert_eq!(self.child(course, &orders), End::Done, "an undisturbed run ends well");
        if !self.locks().exists() {
            copy_files(&self.workspace().join("packages/locks"), &self.locks());
        }
        let points = fs::read_to_string(points).unwrap();
        let point = |line: &str| {
            let (stage, name) = line.split_once('\t').unwrap();
            Point { stage: stage.to_owned(), name: name.to_owned() }
        };
        let reference = Reference { outcome: Outcome::of(self, course), points: points.lines().map(point).collect() };
        let executions = if course == Course::Second { 2 } else { 1 };
        for each in ["branches", "merges", "pull requests", "ci runs"] {
            assert_eq!(reference.outcome.made[each], executions, "{each} of an undisturbed run");
        }
        assert_eq!(reference.outcome.made["repositories"], 1);
        assert_eq!(
            reference.outcome.made["removed files"] > 0,
            course == Course::Second,
            "only the second removes some"
        );
        assert_eq!(self.calls().len(), aipipe_tests::crash::ASKED);
        reference
    }

    /// Starts a run that dies at the first of these points, resumes it until the second, and so on to the end.
    pub fn survives(&self, course: Course, reference: &Outcome, kill_at: &[usize], locks: Locks) -> Verdict {
        self.make_fresh(course, locks);
        let mut verdict = Verdict::default();
        let orders = kill_at.iter().map(|at| Orders { kill_at: Some(*at), ..Orders::default() });
        for orders in orders.chain([Orders::default()]) {
            let (before, journaled) = (self.calls(), journaled_answers(&self.workspace(), course));
            let end = self.child(course, &orders);
            self.check_calls(&before, &journaled, &mut verdict);
            match end {
                End::Killed if orders.kill_at.is_some() => verdict.kills += 1,
                // A resumed run passes fewer points, and may be done before the one it was to die at.
                End::Done => break,
                other => {
                    verdict.faults.push(format!("ordered {:?}: {other:?}", orders.kill_at));
                    return verdict;
                }
            }
        }
        self.compare(course, reference, &mut verdict);
        verdict
    }

    /// The control: dies at the point, and is resumed without a look at what the dead process made.
    pub fn survives_blindly(&self, reference: &Outcome, kill_at: usize) -> Verdict {
        let course = Course::WithoutInstall;
        self.make_fresh(course, Locks::Kept);
        let mut verdict = Verdict::default();
        assert_eq!(self.child(course, &Orders { kill_at: Some(kill_at), ..Orders::default() }), End::Killed);
        match self.child(course, &Orders { blind: true, ..Orders::default() }) {
            End::Done => self.compare(course, reference, &mut verdict),
            other => verdict.faults.push(format!("{other:?}")),
        }
        verdict
    }

    fn compare(&self, course: Course, reference: &Outcome, verdict: &mut Verdict) {
        let outcome = Outcome::of(self, course);
        verdict.duplicates += outcome.duplicates(reference);
        verdict.faults.extend(outcome.differences(reference));
        let mut known = BTreeSet::new();
        for (question, keys) in self.keys() {
            verdict.repeated_calls += keys.len() - 1;
            let different: BTreeSet<&String> = keys.iter().collect();
            // Who keeps answers tells a repeat by its key, so a repeat has the key of the first call and nobody else has.
            if different.len() != 1 || different.contains(&"no key".to_owned()) || !known.insert(keys[0].clone()) {
                verdict.faults.push(format!("{question} was asked under {different:?}"));
            }
        }
        if known.len() != aipipe_tests::crash::ASKED {
            verdict.faults.push(format!("the model was asked {} questions", known.len()));
        }
    }

    /// How often the model answered each question, over all processes.
    fn calls(&self) -> BTreeMap<String, usize> {
        self.keys().into_iter().map(|(question, keys)| (question, keys.len())).collect()
    }

    /// The keys of the calls in which the model answered each question, over all processes.
    fn keys(&self) -> BTreeMap<String, Vec<String>> {
        let mut keys = BTreeMap::<String, Vec<String>>::new();
        for line in fs::read_to_string(calls_file(&self.workspace())).unwrap_or_default().lines() {
            let (question, key) = line.split_once('\t').unwrap();
            keys.entry(question.to_owned()).or_default().push(key.to_owned());
        }
        keys
    }

    /// A process asks a question once, and never one whose answer was in the journal before.
    fn check_calls(&self, before: &BTreeMap<String, usize>, journaled: &BTreeSet<String>, verdict: &mut Verdict) {
        for (question, answers) in self.calls() {
            let allowed = usize::from(!journaled.contains(&question));
            let asked = answers - before.get(&question).copied().unwrap_or_default();
            if asked > allowed {
                verdict.duplicates += asked - allowed;
                verdict.faults.push(format!("the model was asked {question} {asked} times, allowed were {allowed}"));
            }
        }
    }
}

/// With times and links, as whoever goes on finds them.
fn copy_tree(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
