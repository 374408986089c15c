//! One story: ask, read, judge, tell what is wrong, ask again.

use super::ModelOptions;
use super::answer::{Answer, AnswerFault, Content, Edit, apply, parse};
use super::context::{Around, Passages, Round, Sizes, of_story, question};
use super::feedback::{Feedback, Refusal};
use super::inspect::{Identity, Inspector};
use super::judge::{Tree, judge, refusal};
use super::packages::{Names, Packages};
use crate::Result;
use crate::domain::{CriterionTest, ModelTask, RepoPath, StepKey, StoryId, StorySet, UserStory};
use crate::pipeline::StageContext;
use crate::ports::{LanguageModel, PromptPart, StopReason};
use std::collections::{BTreeMap, BTreeSet};

/// What all stories share.
#[derive(Debug)]
pub(super) struct Desk<'a> {
    pub(super) cx: &'a StageContext,
    pub(super) model: &'a dyn LanguageModel,
    pub(super) options: &'a ModelOptions,
    pub(super) stories: &'a StorySet,
    /// What the documents say.
    pub(super) passages: &'a Passages,
    /// The beginning of every question.
    pub(super) shared: &'a [PromptPart],
    /// Files and folders that one story has to itself.
    pub(super) owners: &'a BTreeMap<RepoPath, StoryId>,
    pub(super) inspector: &'a Inspector,
    pub(super) packages: &'a Packages,
}

/// A story's code that may stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// Whole files.
    pub(super) files: BTreeMap<RepoPath, String>,
    /// Edits of files that other stories edit as well, in the order they were made.
    pub(super) edits: BTreeMap<RepoPath, Vec<Edit>>,
    /// Packages it needs beyond those of the scaffold.
    pub(super) packages: Names,
    pub(super) tests: Vec<CriterionTest>,
    /// The model that answered last.
    pub(super) model: String,
}

/// Whether a story is written for the first time, or again because it did not fit those beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    First,
    Again,
}

/// Where the work on a story begins.
#[derive(Debug)]
pub(super) struct Beginning {
    /// What its steps are called.
    pub(super) steps: String,
    /// What is there of it already and is not part of the base.
    pub(super) files: BTreeMap<RepoPath, String>,
    /// What is wrong with that.
    pub(super) feedback: Vec<Feedback>,
    /// What else is wrong and is not its fault.
    pub(super) known: BTreeSet<Identity>,
}

/// What has been taken of a story's answers.
#[derive(Debug, Default)]
struct Draft {
    files: BTreeMap<RepoPath, String>,
    edits: BTreeMap<RepoPath, Vec<Edit>>,
    packages: Names,
}

impl Desk<'_> {
    /// Writes a story on top of `base`.
    ///
    /// # Errors
    /// Those of the model and the journal; what is wrong with the code is no error but a reason.
    pub(super) async fn write(
        &self,
        task: &ModelTask,
        story: &UserStory,
        base: &Tree,
        pass: Pass,
    ) -> Result<Result<Written, String>> {
        let files = || task.writes.files().filter(|path| !base.contains_key(*path)).chain(task.writes.folders());
        let verdict = self.options.verdict.as_ref().filter(|verdict| verdict.speaks_of(files()));
        let again = if pass == Pass::Again { "/again" } else { "" };
        let beginning = Beginning {
            steps: format!("model/{}{again}", story.id),
            files: BTreeMap::new(),
            feedback: verdict.cloned().map(Feedback::Ci).into_iter().collect(),
            known: self.inspector.known_faults(base),
        };
        self.write_from(beginning, task, story, base).await
    }

    /// Writes a story on top of `base`, or goes on with what is there of it.
    ///
    /// # Errors
    /// As [`Desk::write`].
    pub(super) async fn write_from(
        &self,
        beginning: Beginning,
        task: &ModelTask,
        story: &UserStory,
        base: &Tree,
    ) -> Result<Result<Written, String>> {
        let options = self.options;
        let Beginning { steps, files: begun, mut feedback, known } = beginning;
        let around = Around {
            passages: self.passages,
            passage_tokens: options.passage_tokens,
            neighbour_tokens: options.neighbour_tokens,
        };
        let of_story = of_story(self.stories, story, task, base, around);
        let mut draft = Draft { files: begun.clone(), ..Draft::default() };
        // What CI said of the code that is there stays said until CI looks again.
        let standing = if begun.is_empty() { Vec::new() } else { feedback.clone() };
        let mut last: Vec<Feedback> = Vec::new();
        let mut is_escalated = false;
        for number in 0..=options.repair_rounds {
            let role = if is_escalated { &options.powerful } else { &options.primary };
            let profile = self.model.profile(role);
            let most =
                profile.map_or(options.max_output_tokens, |p| p.max_output_tokens.min(options.max_output_tokens));
            let sizes = Sizes { max_output_tokens: most };
            let round = Round { model: role, draft: &draft.files, feedback: &feedback, number };
            let (mut request, fence) = question(self.shared, &of_story, story, round, sizes);
            request.purpose.escalated_from =
                Some(&options.primary).filter(|primary| is_escalated && *primary != role).cloned();
            let step = StepKey::parse(format!("{steps}/{number}"))?;
            let response = self.cx.generate(&step, self.model, &request).await?;

            let answer = parse(&response.text, &fence, options.max_answer_bytes);
            let mut found = self.take(answer, task, base, &mut draft);
            match response.stop {
                StopReason::MaxTokens | StopReason::ContextWindowExceeded => found.push(Feedback::Truncated),
                StopReason::Refusal => found.push(Feedback::Declined),
                _ => {}
            }
            let (tests, judged) =
                judge(self.inspector, task, base, (&draft.files, &draft.packages), self.packages, &known);
            // Nothing more to send is a good answer once nothing is wrong, if anything was sent at all.
            if draft.files != begun && judged.is_empty() {
                found.retain(|fault| *fault != Feedback::Form(AnswerFault::NoBlocks));
            }
            found.extend(judged);
            if found.is_empty() && draft.files == begun {
                found.push(Feedback::Form(AnswerFault::NoBlocks));
            }
            if found.is_empty() {
                let Draft { mut files, edits, packages } = draft;
                files.retain(|path, _| !edits.contains_key(path));
                return Ok(Ok(Written { files, edits, packages, tests, model: response.model }));
            }
            let is_stuck = number > 0 && identities(&found) == identities(&last);
            last = found;
            if is_stuck && is_escalated {
                return Ok(Err(failed(number + 1, "and the last one changed nothing", &last)));
            }
            is_escalated |= number > 0 || last.contains(&Feedback::Declined);
            feedback = standing.iter().chain(&last).cloned().collect();
        }
        Ok(Err(failed(options.repair_rounds + 1, "and no more are allowed", &last)))
    }

    /// Takes what may be taken of an answer into the draft; each block as a whole or not at all.
    fn take(&self, answer: Answer, task: &ModelTask, base: &Tree, draft: &mut Draft) -> Vec<Feedback> {
        let mut found: Vec<Feedback> = answer.faults.into_iter().map(Feedback::Form).collect();
        let (allowed, refused): (Names, Names) =
            answer.packages.into_iter().partition(|name| self.packages.allows(name));
        draft.packages.extend(allowed);
        found.extend(refused.into_iter().map(|name| Feedback::Package { name }));
        for block in answer.blocks {
            let path = block.path;
            if let Some(reason) = refusal(&path, task, self.owners) {
                found.push(Feedback::Refused { path, reason });
                continue;
            }
            let is_shared = task.shared.contains(&path);
            let text = match block.content {
                Content::Whole(_) if is_shared => {
                    found.push(Feedback::Refused { path, reason: Refusal::EditOnly });
                    continue;
                }
                Content::Whole(text) => text,
                // Only what the story itself has made.
                Content::Removed => {
                    if base.contains_key(&path) || draft.files.remove(&path).is_none() {
                        found.push(Feedback::NoSuchFile { path });
                    }
                    continue;
                }
                Content::Edits(edits) => {
                    let there = draft.files.get(&path).map(String::as_str);
                    let there = there.or_else(|| base.get(&path).map(AsRef::as_ref));
                    match there.map(|text| apply(text, &edits)) {
                        Some(Ok(text)) => {
                            if is_shared {
                                draft.edits.entry(path.clone()).or_default().extend(edits);
                            }
                            text
                        }
                        Some(Err(fault)) => {
                            found.push(Feedback::Edit { path, fault });
                            continue;
                        }
                        None => {
                            found.push(Feedback::NoSuchFile { path });
                            continue;
                        }
                    }
                }
            };
            draft.files.insert(path, text);
        }
        found
    }
}

fn identities(feedback: &[Feedback]) -> BTreeSet<String> {
    feedback.iter().map(Feedback::identity).collect()
}

/// Why a story failed, with the first reasons.
fn failed(answers: usize, why: &str, feedback: &[Feedback]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = feedback.iter().take(SHOWN).map(|f| format!("{} ({f})", f.rule())).collect();
    let more = match feedback.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let answers = if answers == 1 { "1 answer was".to_owned() } else { format!("{answers} answers were") };
    format!("{answers} not usable, {why}: {}{more}", shown.join("; "))
}
