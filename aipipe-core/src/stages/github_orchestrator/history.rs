//! The way from the base to the project, in commits each of which is a whole project.
//!
//! What stage 4 hands on are states: the files of the scaffold and of the first stories, overlaid in order, are the
//! project with exactly these stories, and it builds. A commit of ours is the base with one of these states laid over it
//! (and without what the documents no longer ask for), so it builds as well.
//!
//! Not every state can be a commit. Where an earlier execution was merged, the base has files of stories, and the states
//! before the last of these would take some of them back. So the history begins with the first state that has a file
//! for each one of the project that the base has; the commits after that are one a story.

use super::commits::{PlannedCommit, first_message};
use crate::domain::{CodeFile, CommitSha, ContentHash, RepoPath, StepKey, StoryId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A file as a tree has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileState {
    /// Its content; `None` when all that is known is that the project never has it.
    pub(super) hash: Option<ContentHash>,
    pub(super) executable: bool,
}

impl FileState {
    fn of(file: &CodeFile) -> Self {
        Self { hash: Some(file.content.hash), executable: file.executable }
    }
}

/// A commit with what it changes against the one before it.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) step: StepKey,
    pub(super) message: String,
    pub(super) stories: Vec<StoryId>,
    pub(super) put: Vec<CodeFile>,
    pub(super) removed: Vec<RepoPath>,
}

impl Commit {
    /// The first line of the message.
    pub(super) fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// What makes it this commit and no other. Its message is not part of that: other words are no other commit.
    pub(super) fn facts<'a>(&'a self, parent: &'a CommitSha) -> impl Serialize + 'a {
        let put: BTreeMap<_, _> = self.put.iter().map(|file| (&file.path, FileState::of(file))).collect();
        (parent, &self.stories, put, &self.removed)
    }

    fn is_empty(&self) -> bool {
        self.put.is_empty() && self.removed.is_empty()
    }
}

/// The commits that lead from `base` to the last state; none when the base has all of it.
///
/// `base` has those files of the base that the project has too, `outdated` those it has no longer.
pub(super) fn history(
    planned: Vec<PlannedCommit>,
    base: &BTreeMap<RepoPath, FileState>,
    outdated: Vec<RepoPath>,
) -> Vec<Commit> {
    let at = first_whole_state(&planned, base);
    let mut current = base.clone();
    let mut commits = Vec::with_capacity(planned.len());
    let mut planned = planned.into_iter();
    let begun: Vec<PlannedCommit> = planned.by_ref().take(at + 1).collect();
    commits.extend(first_commit(&begun, base, &mut current, outdated));
    for story in planned {
        let put = changed(&story.files, &mut current);
        commits.push(Commit {
            step: story.step,
            message: story.message,
            stories: story.story.into_iter().collect(),
            put,
            removed: Vec::new(),
        });
    }
    commits.retain(|commit| !commit.is_empty());
    commits
}

/// Those files of the base that the project has with another content in its last state.
pub(super) fn replaced<'a>(
    planned: &'a [PlannedCommit],
    base: &BTreeMap<RepoPath, FileState>,
) -> BTreeSet<&'a RepoPath> {
    let files = planned.iter().flat_map(|commit| &commit.files);
    let last: BTreeMap<&RepoPath, ContentHash> = files.map(|file| (&file.path, file.content.hash)).collect();
    let differs = |(path, hash): &(&RepoPath, ContentHash)| base.get(*path).is_some_and(|is| is.hash != Some(*hash));
    last.into_iter().filter(differs).map(|(path, _)| path).collect()
}

/// The first state that has every file the base and the project have in common.
fn first_whole_state(planned: &[PlannedCommit], base: &BTreeMap<RepoPath, FileState>) -> usize {
    let mut missing: BTreeSet<&RepoPath> = base.keys().collect();
    let mut first = 0;
    for (number, commit) in planned.iter().enumerate() {
        for file in &commit.files {
            if missing.remove(&file.path) {
                first = number;
            }
        }
    }
    first
}

/// The commit of the scaffold and of all stories up to the first whole state.
fn first_commit(
    begun: &[PlannedCommit],
    base: &BTreeMap<RepoPath, FileState>,
    current: &mut BTreeMap<RepoPath, FileState>,
    removed: Vec<RepoPath>,
) -> Option<Commit> {
    let step = begun.first()?.step.clone();
    let all: Vec<CodeFile> = begun.iter().flat_map(|commit| &commit.files).cloned().collect();
    let put = changed(&all, current);
    // A story is new in it when it is the first to have a file that is new.
    let mut new_paths: BTreeSet<&RepoPath> =
        put.iter().map(|file| &file.path).filter(|path| !base.contains_key(*path)).collect();
    let mut new = Vec::new();
    for commit in begun {
        let makes = commit.files.iter().filter(|file| new_paths.remove(&file.path)).count() > 0;
        if makes && commit.story.is_some() {
            new.push(commit);
        }
    }
    // A story is changed in it when a file is another that it was the first to have.
    let mut changed_paths: BTreeSet<&RepoPath> =
        put.iter().map(|file| &file.path).filter(|path| base.contains_key(*path)).collect();
    let mut changed = Vec::new();
    for commit in begun {
        let owns = commit.files.iter().filter(|file| changed_paths.remove(&file.path)).count() > 0;
        if owns && commit.story.is_some() && !new.iter().any(|other| other.story == commit.story) {
            changed.push(commit);
        }
    }
    let message =
        if base.is_empty() { begun.first()?.message.clone() } else { first_message(&new, &changed, &removed) };
    let stories = new.iter().chain(&changed).filter_map(|commit| commit.story.clone()).collect();
    Some(Commit { step, message, stories, put, removed })
}

/// The last versions of `files` that differ from `current`, which has them from then on.
fn changed(files: &[CodeFile], current: &mut BTreeMap<RepoPath, FileState>) -> Vec<CodeFile> {
    let last: BTreeMap<&RepoPath, &CodeFile> = files.iter().map(|file| (&file.path, file)).collect();
    let differs = |file: &&CodeFile| {
        let state = FileState::of(file);
        current.insert(file.path.clone(), state) != Some(state)
    };
    last.into_values().filter(differs).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ArtifactKey, ArtifactRef, ExecutionId, ProjectRoot, Route};
    use proptest::prelude::*;

    fn path(name: &str) -> RepoPath {
        RepoPath::parse(name).unwrap()
    }

    fn file(name: &str, content: &str) -> CodeFile {
        let root = ProjectRoot::parse("p-2026-01-05").unwrap();
        let hash = ContentHash::of(content.as_bytes());
        let key = ArtifactKey::value(&root, &ExecutionId::parse("e").unwrap(), &hash);
        CodeFile {
            path: path(name),
            content: ArtifactRef { key, hash, bytes: content.len() as u64 },
            executable: false,
            route: Route::Template { template: "t".to_owned() },
            reason: "test".to_owned(),
            stories: Vec::new(),
        }
    }

    fn planned(story: Option<&str>, files: &[(&str, &str)]) -> PlannedCommit {
        let name = story.unwrap_or("scaffold");
        PlannedCommit {
            step: StepKey::parse(format!("commit/{name}")).unwrap(),
            message: format!("Add {name}\n"),
            story: story.map(|story| StoryId::parse(story).unwrap()),
            files: files.iter().map(|(name, content)| file(name, content)).collect(),
        }
    }

    /// The project with these stories: each has a test of its own and a line in the one file all share.
    fn project(stories: &[&str]) -> Vec<PlannedCommit> {
        let mut commits = vec![planned(None, &[("package.json", "{}"), ("app.ts", "")])];
        for (number, story) in stories.iter().enumerate() {
            let app = stories[..=number].join(",");
            let test = format!("tests/{story}.ts");
            commits.push(planned(Some(story), &[("app.ts", &app), (&test, story)]));
        }
        commits
    }

    type Tree = BTreeMap<RepoPath, FileState>;

    fn state(planned: &[PlannedCommit]) -> Tree {
        let files = planned.iter().flat_map(|commit| &commit.files);
        files.map(|file| (file.path.clone(), FileState::of(file))).collect()
    }

    fn apply(tree: &mut Tree, commit: &Commit) {
        tree.extend(commit.put.iter().map(|file| (file.path.clone(), FileState::of(file))));
        for path in &commit.removed {
            assert!(tree.remove(path).is_some(), "{path} is removed and was not there");
        }
    }

    /// The commits for `new` on a base with the project of `old`, and the tree after each.
    fn second(old: &[&str], new: &[&str]) -> (Vec<Commit>, Vec<Tree>) {
        let base = state(&project(old));
        let last = state(&project(new));
        let outdated = base.keys().filter(|path| !last.contains_key(*path)).cloned().collect();
        let common = base.iter().filter(|(path, _)| last.contains_key(*path)).map(|(p, s)| (p.clone(), *s)).collect();
        let commits = history(project(new), &common, outdated);
        let mut tree = base;
        let mut trees = Vec::new();
        for commit in &commits {
            apply(&mut tree, commit);
            trees.push(tree.clone());
        }
        (commits, trees)
    }

    fn titles(commits: &[Commit]) -> Vec<&str> {
        commits.iter().map(Commit::title).collect()
    }

    #[test]
    fn a_new_repository_gets_the_scaffold_and_one_commit_a_story() {
        let commits = history(project(&["a", "b"]), &BTreeMap::new(), Vec::new());
        assert_eq!(titles(&commits), ["Add scaffold", "Add a", "Add b"]);
        assert_eq!(commits.iter().map(|commit| commit.stories.len()).collect::<Vec<_>>(), [0, 1, 1]);
    }

    #[test]
    fn what_the_base_has_is_no_commit() {
        assert!(second(&["a", "b"], &["a", "b"]).0.is_empty());
        assert_eq!(titles(&second(&["a", "b"], &["a", "b", "c", "d"]).0), ["Add c", "Add d"]);
    }

    #[test]
    fn a_story_among_known_ones_is_a_commit_under_its_name() {
        let (commits, trees) = second(&["a", "c"], &["a", "b", "c"]);
        assert_eq!((titles(&commits), trees), (vec!["Add b"], vec![state(&project(&["a", "b", "c"]))]));
    }

    #[test]
    fn what_is_no_longer_asked_for_goes_first_and_is_told() {
        let (commits, trees) = second(&["a", "b"], &["a", "c"]);
        assert_eq!(titles(&commits), ["Remove what the documents no longer ask for", "Add c"]);
        assert!(commits[0].message.contains("- tests/b.ts"), "{}", commits[0].message);
        assert_eq!(trees, [state(&project(&["a"])), state(&project(&["a", "c"]))]);
    }

    #[test]
    fn stories_that_changed_are_named() {
        let old = project(&["a", "b"]);
        let mut new = project(&["a", "b", "c"]);
        new[2].files[1] = file("tests/b.ts", "b, and more of it");
        let base = state(&old);
        let commits = history(new, &base, Vec::new());
        assert_eq!(titles(&commits), ["Bring the project up to date with its documents", "Add c"]);
        assert_eq!(commits[0].stories, [StoryId::parse("b").unwrap()]);
        assert!(commits[0].message.contains("Changed with the documents:\n\n- Add b\n"), "{}", commits[0].message);
        // A story that nothing of changed is not among them.
        assert!(!commits[0].message.contains("Add a"), "{}", commits[0].message);
    }

    #[test]
    fn other_words_are_no_other_commit() {
        let parent = CommitSha::parse("1111111111111111111111111111111111111111").unwrap();
        let hash = |commit: &Commit| ContentHash::of_json(&commit.facts(&parent)).unwrap();
        let [commit, other] = ["{}", "{ }"].map(|content| {
            let planned = vec![planned(None, &[("package.json", content)])];
            history(planned, &BTreeMap::new(), Vec::new()).remove(0)
        });
        let mut reworded = commit.clone();
        reworded.message = "Begin\n".to_owned();
        reworded.put[0].reason = "another".to_owned();
        assert_eq!(hash(&reworded), hash(&commit));
        // The control: another content is another commit.
        assert_ne!(hash(&other), hash(&commit));
    }

    /// As each file the base has would be written once, by the last commit that touches it.
    fn late_files_late(old: &[&str], new: &[&str]) -> Vec<Tree> {
        let base = state(&project(old));
        let planned = project(new);
        let last: BTreeMap<_, _> = (0..)
            .zip(&planned)
            .flat_map(|(at, commit)| commit.files.iter().map(move |file| (&file.path, at)))
            .collect();
        let mut tree = base.clone();
        let mut trees = Vec::new();
        for (at, commit) in (0..).zip(&planned) {
            let now = commit.files.iter().filter(|file| !base.contains_key(&file.path) || last[&file.path] == at);
            tree.extend(now.map(|file| (file.path.clone(), FileState::of(file))));
            trees.push(tree.clone());
        }
        trees
    }

    fn is_whole(tree: &Tree, new: &[&str]) -> bool {
        let project = project(new);
        (1..=project.len()).any(|stories| state(&project[..stories]) == *tree)
    }

    #[test]
    fn writing_shared_files_late_would_leave_commits_that_do_not_build() {
        let new = ["a", "b", "c"];
        assert!(!late_files_late(&["a"], &new).iter().all(|tree| is_whole(tree, &new)), "the control");
        assert!(second(&["a"], &new).1.iter().all(|tree| is_whole(tree, &new)));
    }

    proptest! {
        #[test]
        fn every_commit_is_a_whole_project_and_the_last_is_the_project(
            old in proptest::sample::subsequence(vec!["a", "b", "c", "d", "e"], 0..=5),
            new in proptest::sample::subsequence(vec!["e", "a", "f", "b", "g", "c", "d"], 0..=7),
        ) {
            let (commits, trees) = second(&old, &new);
            let steps: BTreeSet<_> = commits.iter().map(|commit| commit.step.as_str()).collect();
            prop_assert_eq!(steps.len(), commits.len());
            for tree in &trees {
                prop_assert!(is_whole(tree, &new), "{old:?} → {new:?}: {tree:?}");
            }
            let reached = trees.last().cloned().unwrap_or_else(|| state(&project(&old)));
            prop_assert_eq!(reached, state(&project(&new)));
        }
    }
}
