//! What a run leaves: every artifact, reference, commit, pull request, check, CI run and record.

use super::place::Place;
use aipipe_adapters_local::{LocalRecords, UuidGenerator};
use aipipe_core::pipeline::{Engine, JournalEntry, StageEntry};
use aipipe_core::ports::{RecordQuery, RecordStoreExt as _, Table};
use aipipe_core::testing::MemoryArtifacts;
use aipipe_tests::crash::{AskAboutStories, Course, clock, request};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Everything by a name of its own, and how much was made of what there must be no second one of.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    content: BTreeMap<String, Vec<u8>>,
    pub made: BTreeMap<&'static str, usize>,
}

impl Outcome {
    pub fn of(place: &Place, course: Course) -> Self {
        let workspace = place.workspace();
        let mut content = BTreeMap::new();
        for area in ["artifacts", "reviews", "checks"] {
            collect(&workspace, &workspace.join(area), &mut content, &|_| true);
        }
        // What npm and the tests print differs from run to run; everything else of a run is compared.
        let whole = |name: &str| !course.installs() || !(name.contains("/logs/") || name.contains("/artifacts/"));
        collect(&workspace, &workspace.join("ci/runs"), &mut content, &whole);
        let repositories = folders(&workspace.join("repositories"));
        let bare = workspace.join("repositories/harbour-bikes.git");
        for question in [
            &["for-each-ref"][..],
            &["symbolic-ref", "HEAD"],
            &["rev-list", "--all"],
            &["log", "--all", "--format=raw"],
            &["ls-tree", "-r", "--full-tree", "main"],
        ] {
            content.insert(format!("git {}", question.join(" ")), git(&bare, question).into_bytes());
        }
        git(&bare, &["fsck", "--strict", "--no-dangling"]);
        content.extend(records(&workspace, course));

        let lines = |question: &[&str]| git(&bare, question).lines().count();
        let made = BTreeMap::from([
            ("repositories", repositories.len()),
            ("branches", lines(&["for-each-ref", "refs/heads/aipipe/"])),
            ("commits", lines(&["rev-list", "--all", "--no-merges"])),
            ("merges", lines(&["rev-list", "--all", "--merges"])),
            ("pull requests", folders(&workspace.join("reviews/harbour-bikes")).len()),
            ("ci runs", folders(&workspace.join("ci/runs/harbour-bikes")).len()),
            ("removed files", lines(&["log", "--all", "--no-merges", "--diff-filter=D", "--name-only", "--format="])),
        ]);
        content.insert("repositories".to_owned(), repositories.join("\n").into_bytes());
        Self { content, made }
    }

    /// How much was made more often than it is made undisturbed.
    pub fn duplicates(&self, reference: &Self) -> usize {
        self.made.iter().map(|(what, made)| made.saturating_sub(reference.made[what])).sum()
    }

    /// What is there and should not be, is not there and should be, or is other than it should be.
    pub fn differences(&self, reference: &Self) -> Vec<String> {
        let names: BTreeSet<_> = self.content.keys().chain(reference.content.keys()).collect();
        let differing = names.into_iter().filter(|name| self.content.get(*name) != reference.content.get(*name));
        let describe = |name: &String| match (self.content.get(name), reference.content.get(name)) {
            (Some(_), None) => format!("{name} should not be there"),
            (None, _) => format!("{name} is missing"),
            (Some(found), Some(expected)) => {
                let (found, expected) = (String::from_utf8_lossy(found), String::from_utf8_lossy(expected));
                let first = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
                format!("{name} differs: {first:?}")
            }
        };
        differing.map(describe).collect()
    }
}

/// The files below `folder` by their path in the workspace; of those that aren't `whole` only that they are there.
fn collect(workspace: &Path, folder: &Path, into: &mut BTreeMap<String, Vec<u8>>, whole: &dyn Fn(&str) -> bool) {
    for path in entries(folder) {
        let name = path.strip_prefix(workspace).unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            collect(workspace, &path, into, whole);
            continue;
        }
        let content = if whole(&name) { fs::read(&path).unwrap() } else { Vec::new() };
        into.insert(without_version_id(&name), content);
    }
}

/// Versions of an artifact are told apart by a random id; number, length and hash stay in the name.
fn without_version_id(name: &str) -> String {
    let Some((folder, file)) = name.rsplit_once('/').filter(|_| name.starts_with("artifacts/.aipipe/versions/")) else {
        return name.to_owned();
    };
    let parts: Vec<&str> = file.split('-').collect();
    let [number, _, bytes, hash] = parts[..] else { panic!("{name} is no version's name") };
    format!("{folder}/{number}-{bytes}-{hash}")
}

fn entries(folder: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The names of the folders in `folder` that are not the adapter's own.
fn folders(folder: &Path) -> Vec<String> {
    let names = entries(folder).into_iter().filter(|path| path.is_dir());
    let names = names.map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}

fn git(bare: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.arg("-C").arg(bare).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Opens a copy of the records as they lie there, so that the process that goes on finds what the dead one left.
async fn copy_of_records(workspace: &Path) -> Option<(tempfile::TempDir, LocalRecords)> {
    let folder = tempfile::tempdir_in(workspace.parent().unwrap()).unwrap();
    for name in ["records.redb", "records.redb.mark"] {
        if workspace.join(name).exists() {
            fs::copy(workspace.join(name), folder.path().join(name)).unwrap();
        }
    }
    let file = folder.path().join("records.redb");
    // A process that dies while it makes the file leaves one that the next makes anew.
    let records = if file.exists() { LocalRecords::open(&file).ok() } else { None };
    records.map(|records| (folder, records))
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// All records but the lease, which tells who worked last and how often it changed hands.
fn records(workspace: &Path, course: Course) -> BTreeMap<String, Vec<u8>> {
    block_on(async {
        let (_folder, records) = copy_of_records(workspace).await.unwrap();
        let mut content = BTreeMap::new();
        for partition in partitions(&records, course).await {
            let mut journal = Vec::new();
            for table in Table::ALL {
                let found = records.query_all(table, RecordQuery::partition(&*partition)).await.unwrap();
                for record in found.into_iter().filter(|record| record.key.sort() != "journal:head") {
                    if course == Course::Join && record.key.sort().starts_with("journal/") {
                        journal.push(record.body["entry"].to_string());
                        continue;
                    }
                    let name = format!("{table:?} {partition} {}", record.key.sort());
                    content.insert(name, record.body.to_string().into_bytes());
                }
            }
            // Of stages side by side, who comes first is nobody's promise: that each entry is there once is.
            journal.sort();
            content.insert(format!("journal of {partition}, sorted"), journal.join("\n").into_bytes());
        }
        content
    })
}

/// The project's, its executions' and those of stages that ran alone.
async fn partitions(records: &LocalRecords, course: Course) -> BTreeSet<String> {
    let mut partitions = BTreeSet::from([request(course).unwrap().root.project().to_string()]);
    for execution in [Course::First, course].map(|course| request(course).unwrap().execution()) {
        let stages = RecordQuery::partition(execution.as_str()).with_sort_prefix("stage/");
        for stage in records.query_all(Table::ExecutionState, stages).await.unwrap() {
            partitions.insert(format!("{execution}:{}", stage.key.sort().trim_start_matches("stage/")));
        }
        partitions.insert(execution.to_string());
    }
    partitions
}

/// The questions whose answers are in the journal.
pub fn journaled_answers(workspace: &Path, course: Course) -> BTreeSet<String> {
    block_on(async {
        let Some((_folder, records)) = copy_of_records(workspace).await else { return BTreeSet::new() };
        let engine = Engine::builder(
            Arc::new(MemoryArtifacts::default()),
            Arc::new(records),
            Arc::new(clock()),
            Arc::new(UuidGenerator),
        );
        let (execution, engine) = (request(course).unwrap().execution(), engine.build().unwrap());
        let journal = match course {
            Course::Alone => engine.stage_journal(&execution, &AskAboutStories::stage_name().unwrap()).await,
            _ => engine.journal(&execution).await,
        };
        let answered = |entry: JournalEntry| match entry {
            JournalEntry::Stage { stage, entry: StageEntry::StepDone { step, .. } }
                if stage == AskAboutStories::stage_name().unwrap() =>
            {
                step.as_str().strip_prefix("ask/").map(str::to_owned)
            }
            _ => None,
        };
        match journal {
            Ok(entries) => entries.into_iter().filter_map(answered).collect(),
            Err(error) if error.kind() == aipipe_core::ErrorKind::NotFound => BTreeSet::new(),
            Err(error) => panic!("the journal of a killed process can't be read: {}", error.chain()),
        }
    })
}
