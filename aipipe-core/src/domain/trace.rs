//! The traceability matrix: from every requirement and its words to the story, the components, the files, the tests, the
//! commits and the checks that show it; and what is missing on the way.

use super::architecture::ArchitecturePlan;
use super::build::{PublishedBuild, RunState};
use super::code::{CodeBundle, CriterionTest, StoryStatus};
use super::id::{CheckName, CommitSha, ComponentId, CriterionId, RequirementId, StoryId};
use super::path::RepoPath;
use super::story::{Citation, StorySet, UserStory};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What the matrix is computed from.
#[derive(Debug, Clone, Copy)]
pub struct Traced<'a> {
    /// What was asked for.
    pub stories: &'a StorySet,
    /// How it was planned.
    pub plan: &'a ArchitecturePlan,
    /// What was generated.
    pub bundle: &'a CodeBundle,
    /// What was published and checked, once it was.
    pub build: Option<&'a PublishedBuild>,
    /// The checks that must succeed.
    pub required_checks: &'a [CheckName],
}

/// The matrix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceMatrix {
    /// Every requirement, in order of appearance.
    pub requirements: Vec<RequirementTrace>,
    /// Every story, in the order of the story set.
    pub stories: Vec<StoryTrace>,
    /// The required checks of the head commit.
    pub checks: Vec<CheckTrace>,
    /// What is missing.
    pub gaps: Vec<TraceGap>,
}

/// A requirement with the words it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequirementTrace {
    /// The requirement.
    pub requirement: RequirementId,
    /// As one sentence.
    pub statement: String,
    /// The words.
    pub citations: Vec<Citation>,
    /// The stories that serve it.
    pub stories: Vec<StoryId>,
    /// Why no story serves it.
    pub without_story: Option<String>,
}

/// A story with everything that was made for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryTrace {
    /// The story.
    pub story: StoryId,
    /// Its title.
    pub title: String,
    /// How far it got; `None` when nobody worked on it.
    pub status: Option<StoryStatus>,
    /// The components it needs.
    pub components: Vec<ComponentTrace>,
    /// The files it made or changed, by path.
    pub files: Vec<RepoPath>,
    /// Its criteria with their tests.
    pub criteria: Vec<CriterionTrace>,
    /// Its commits, in order.
    pub commits: Vec<CommitSha>,
}

/// A component with its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentTrace {
    /// The component.
    pub component: ComponentId,
    /// Its file.
    pub path: RepoPath,
}

/// A criterion with its tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CriterionTrace {
    /// The criterion.
    pub criterion: CriterionId,
    /// What can be observed.
    pub then: String,
    /// The words it was taken from.
    pub citation: Citation,
    /// The tests that check it.
    pub tests: Vec<CriterionTest>,
}

/// A required check of the head commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckTrace {
    /// The check.
    pub check: CheckName,
    /// Where it stands; `None` when it was not reported.
    pub state: Option<RunState>,
}

/// Something missing between a requirement and what shows it: a finding of the matrix's gates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "gap", rename_all = "snake_case")]
#[non_exhaustive]
pub enum TraceGap {
    /// A requirement no story serves.
    UnservedRequirement {
        /// The requirement.
        requirement: RequirementId,
        /// Why, as far as it is known.
        reason: String,
    },
    /// A criterion of a served story that no test shows.
    UncoveredCriterion {
        /// The story.
        story: StoryId,
        /// The criterion.
        criterion: CriterionId,
        /// Why, as far as it is known.
        reason: String,
    },
    /// A served story without any test.
    UntestedStory {
        /// The story.
        story: StoryId,
    },
    /// A file made for a story that says of no story that it serves it.
    OrphanFile {
        /// The file.
        file: RepoPath,
    },
    /// A component no story needs.
    IdleComponent {
        /// The component.
        component: ComponentId,
        /// Its file.
        path: RepoPath,
    },
}

/// What a gap does to a merge that nobody has to approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// It is told, and the merge goes on.
    Tell,
    /// The merge waits for a person.
    Hold,
}

/// Which gaps leave an automated merge to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TraceGates {
    /// A requirement no story serves.
    pub unserved_requirement: Gate,
    /// A criterion that no test shows, of a story that counts as done.
    pub uncovered_of_done: Gate,
    /// A criterion that no test shows, of a story that is said to be done in part.
    pub uncovered_of_partial: Gate,
    /// A served story without any test.
    pub untested_story: Gate,
    /// A file made for a story that serves none.
    pub orphan_file: Gate,
}

impl Default for TraceGates {
    /// What is said to be done has to be shown; what is openly missing is told.
    fn default() -> Self {
        Self {
            unserved_requirement: Gate::Tell,
            uncovered_of_done: Gate::Hold,
            uncovered_of_partial: Gate::Tell,
            untested_story: Gate::Hold,
            orphan_file: Gate::Tell,
        }
    }
}

impl TraceGates {
    /// The same with this for requirements no story serves.
    #[must_use]
    pub fn with_unserved_requirement(mut self, gate: Gate) -> Self {
        self.unserved_requirement = gate;
        self
    }

    /// The same with this for criteria no test shows, of stories that count as done.
    #[must_use]
    pub fn with_uncovered_of_done(mut self, gate: Gate) -> Self {
        self.uncovered_of_done = gate;
        self
    }

    /// The same with this for criteria no test shows, of stories that are done in part.
    #[must_use]
    pub fn with_uncovered_of_partial(mut self, gate: Gate) -> Self {
        self.uncovered_of_partial = gate;
        self
    }

    /// The same with this for served stories without any test.
    #[must_use]
    pub fn with_untested_story(mut self, gate: Gate) -> Self {
        self.untested_story = gate;
        self
    }

    /// The same with this for files that serve no story.
    #[must_use]
    pub fn with_orphan_file(mut self, gate: Gate) -> Self {
        self.orphan_file = gate;
        self
    }
}

impl TraceMatrix {
    /// The gaps that leave an automated merge to a person.
    #[must_use]
    pub fn held(&self, gates: &TraceGates) -> Vec<&TraceGap> {
        self.gaps.iter().filter(|gap| self.gate(gates, gap) == Gate::Hold).collect()
    }

    fn gate(&self, gates: &TraceGates, gap: &TraceGap) -> Gate {
        match gap {
            TraceGap::UnservedRequirement { .. } => gates.unserved_requirement,
            // Only what is known to be partial is treated as such.
            TraceGap::UncoveredCriterion { story, .. } => {
                match self.story(story).and_then(|story| story.status.as_ref()) {
                    Some(StoryStatus::Partial { .. }) => gates.uncovered_of_partial,
                    _ => gates.uncovered_of_done,
                }
            }
            TraceGap::UntestedStory { .. } => gates.untested_story,
            TraceGap::OrphanFile { .. } => gates.orphan_file,
            TraceGap::IdleComponent { .. } => Gate::Tell,
        }
    }

    /// Computes the matrix. The same input gives the same matrix.
    #[must_use]
    pub fn of(traced: Traced<'_>) -> Self {
        let stories: Vec<StoryTrace> = traced.stories.stories.iter().map(|story| of_story(traced, story)).collect();
        let requirements = requirements(traced.stories);
        let gaps = gaps(traced, &requirements, &stories);
        Self { requirements, stories, checks: checks(traced), gaps }
    }

    /// The trace of a story.
    #[must_use]
    pub fn story(&self, id: &StoryId) -> Option<&StoryTrace> {
        self.stories.iter().find(|story| story.story == *id)
    }
}

impl StoryTrace {
    /// Whether its code is there.
    #[must_use]
    pub fn is_served(&self) -> bool {
        matches!(self.status, Some(StoryStatus::Done | StoryStatus::Partial { .. }))
    }

    /// All tests of its criteria.
    pub fn tests(&self) -> impl Iterator<Item = &CriterionTest> {
        self.criteria.iter().flat_map(|criterion| &criterion.tests)
    }
}

fn requirements(set: &StorySet) -> Vec<RequirementTrace> {
    let mut serving: BTreeMap<&RequirementId, Vec<StoryId>> = BTreeMap::new();
    for story in &set.stories {
        for requirement in &story.requirements {
            serving.entry(requirement).or_default().push(story.id.clone());
        }
    }
    let of = |requirement: &super::story::Requirement| {
        let stories = serving.remove(&requirement.id).unwrap_or_default();
        let without = set.without_story.iter().find(|without| without.requirement == requirement.id);
        RequirementTrace {
            requirement: requirement.id.clone(),
            statement: requirement.statement.clone(),
            citations: requirement.citations.clone(),
            without_story: without.filter(|_| stories.is_empty()).map(|without| without.reason.clone()),
            stories,
        }
    };
    set.requirements.iter().map(of).collect()
}

fn of_story(traced: Traced<'_>, story: &UserStory) -> StoryTrace {
    let work: Vec<_> = traced.bundle.results().filter(|result| result.story == story.id).collect();
    let planned = traced.plan.story_plans.iter().find(|planned| planned.story == story.id);
    let needed = planned.map(|planned| planned.components.as_slice()).unwrap_or_default();
    let components = traced.plan.components.iter().filter(|component| needed.contains(&component.id));
    let files: BTreeSet<&RepoPath> = work.iter().flat_map(|result| &result.files).map(|file| &file.path).collect();
    // Who writes a test file again has all its tests.
    let tests =
        || work.iter().enumerate().flat_map(|(place, result)| result.tests.iter().map(move |test| (place, test)));
    let last: BTreeMap<&RepoPath, usize> = tests().map(|(place, test)| (&test.file, place)).collect();
    let is_last = |(place, test): &(usize, &CriterionTest)| last.get(&test.file) == Some(place);
    let criteria = story.criteria.iter().map(|criterion| CriterionTrace {
        criterion: criterion.id.clone(),
        then: criterion.then.clone(),
        citation: criterion.citation.clone(),
        tests: tests()
            .filter(is_last)
            .map(|(_, test)| test.clone())
            .filter(|test| test.criterion == criterion.id)
            .collect(),
    });
    let commits = traced.build.into_iter().flat_map(|build| &build.commits);
    StoryTrace {
        story: story.id.clone(),
        title: story.title.clone(),
        status: work.first().map(|result| result.status.clone()),
        components: components
            .map(|component| ComponentTrace { component: component.id.clone(), path: component.path.clone() })
            .collect(),
        files: files.into_iter().cloned().collect(),
        criteria: criteria.collect(),
        commits: commits.filter(|commit| commit.stories.contains(&story.id)).map(|commit| commit.sha.clone()).collect(),
    }
}

fn checks(traced: Traced<'_>) -> Vec<CheckTrace> {
    let state = |name: &CheckName| {
        let jobs = traced.build.into_iter().flat_map(|build| &build.run.jobs);
        jobs.into_iter().find(|job| job.name == *name).map(|job| job.state)
    };
    traced.required_checks.iter().map(|check| CheckTrace { check: check.clone(), state: state(check) }).collect()
}

fn gaps(traced: Traced<'_>, requirements: &[RequirementTrace], stories: &[StoryTrace]) -> Vec<TraceGap> {
    let unserved = requirements.iter().filter(|requirement| requirement.stories.is_empty());
    let mut gaps: Vec<TraceGap> = unserved
        .map(|requirement| TraceGap::UnservedRequirement {
            requirement: requirement.requirement.clone(),
            reason: requirement.without_story.clone().unwrap_or_else(|| "no story names it".to_owned()),
        })
        .collect();
    for story in stories.iter().filter(|story| story.is_served()) {
        let unchecked = match &story.status {
            Some(StoryStatus::Partial { unchecked }) => unchecked.as_slice(),
            _ => &[],
        };
        gaps.extend(story.criteria.iter().filter(|criterion| criterion.tests.is_empty()).map(|criterion| {
            let known = unchecked.iter().find(|unchecked| unchecked.criterion == criterion.criterion);
            let reason = known.map_or_else(|| "no test names it".to_owned(), |unchecked| unchecked.reason.clone());
            TraceGap::UncoveredCriterion { story: story.story.clone(), criterion: criterion.criterion.clone(), reason }
        }));
        if story.tests().next().is_none() && !story.files.iter().any(is_test) {
            gaps.push(TraceGap::UntestedStory { story: story.story.clone() });
        }
    }
    let orphans: BTreeSet<&RepoPath> = traced
        .bundle
        .results()
        .flat_map(|result| &result.files)
        .filter(|file| file.stories.is_empty())
        .map(|file| &file.path)
        .filter(|path| traced.bundle.scaffold.iter().all(|file| file.path != **path))
        .collect();
    gaps.extend(orphans.into_iter().map(|file| TraceGap::OrphanFile { file: file.clone() }));
    let idle = traced.plan.components.iter().filter(|component| component.stories.is_empty());
    gaps.extend(
        idle.map(|component| TraceGap::IdleComponent { component: component.id.clone(), path: component.path.clone() }),
    );
    gaps
}

/// Whether a file holds tests, by the names test runners go by.
fn is_test(path: &RepoPath) -> bool {
    let name = path.file_name();
    name.contains(".test.") || name.contains(".spec.") || (name.starts_with("test_") && name.ends_with(".py"))
}
