//! What earlier executions of the project left in the base, and what people made of it.
//!
//! Documents change: a story is dropped or said in other words, and its test would stay behind and fail. Only files
//! that are byte for byte what an earlier execution published are taken away; what a person touched is a person's.
//! Where this execution makes a file that a person touched, its commits overwrite it: that is told, and left to a
//! person to decide.

use super::base::BaseFile;
use crate::domain::{
    ArtifactArea, ArtifactKey, ArtifactPrefix, CommitSha, ContentHash, RemovedFile, RemovedStory, RepoPath,
    RepositoryRef, StepKey, StoryId, TraceMatrix,
};
use crate::pipeline::StageContext;
use crate::ports::{ArtifactStoreExt, GetOptions, RecordQuery, SourceControl, Table};
use crate::tables::IntegrationRecord;
use crate::{Error, ErrorKind, Result};
use futures::StreamExt;
use std::collections::{BTreeMap, BTreeSet};

/// What this execution makes.
#[derive(Debug)]
pub(super) struct Made<'a> {
    pub(super) files: BTreeSet<&'a RepoPath>,
    pub(super) stories: BTreeSet<&'a StoryId>,
}

/// The base, and where to look at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base<'a> {
    pub(super) cx: &'a StageContext,
    pub(super) source_control: &'a dyn SourceControl,
    pub(super) repository: &'a RepositoryRef,
    pub(super) head: &'a CommitSha,
    pub(super) files: &'a BTreeMap<RepoPath, BaseFile>,
}

impl Base<'_> {
    /// The files of the base to be removed, in order; recorded, so that every later run removes the same.
    pub(super) async fn outdated_files(&self, made: &Made<'_>) -> Result<Vec<RemovedFile>> {
        let candidates: BTreeSet<&RepoPath> = self.files.keys().filter(|path| !made.files.contains(path)).collect();
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        self.cx
            .record(&StepKey::literal("removed-files"), &(self.head, &candidates), || async {
                let mut outdated = BTreeMap::new();
                for (path, versions) in published(self.cx, self.repository, &candidates).await? {
                    let publishers = self.publishers(&path, versions).await?;
                    if !publishers.is_empty() {
                        outdated.insert(path, publishers);
                    }
                }
                name_stories(self.cx, outdated, &made.stories).await
            })
            .await
    }

    /// Those of `candidates` whose content in the base no execution of the project published: a person's work, which the
    /// commits would overwrite. Recorded, as the files that go.
    pub(super) async fn overwritten_files(&self, candidates: &BTreeSet<&RepoPath>) -> Result<Vec<RepoPath>> {
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        self.cx
            .record(&StepKey::literal("overwritten-files"), &(self.head, candidates), || async {
                let mut published = published(self.cx, self.repository, candidates).await?;
                let mut foreign = Vec::new();
                for path in candidates {
                    let versions = published.remove(*path).unwrap_or_default();
                    if self.publishers(path, versions).await?.is_empty() {
                        foreign.push((*path).clone());
                    }
                }
                Ok(foreign)
            })
            .await
    }

    /// Those who published a file as the base has it: told by the names of contents where they have any, else by reading
    /// it.
    async fn publishers(&self, path: &RepoPath, versions: Versions) -> Result<Vec<IntegrationRecord>> {
        let mut publishers = Vec::new();
        let mut read = None;
        for (version, by) in versions {
            let named = self.files.get(path).and_then(|file| file.content_id.as_ref());
            let its_name = match named {
                Some(_) => {
                    let key = ArtifactKey::generated(&by.root, &by.execution, path);
                    let stored = self.cx.artifacts().get(&key, GetOptions::default()).await?;
                    self.source_control.content_id(&stored.content)
                }
                None => None,
            };
            let is_same = match (named, its_name) {
                (Some(named), Some(its_name)) => *named == its_name,
                _ => {
                    if read.is_none() {
                        let content = self.source_control.read_file(self.repository, self.head, path).await?;
                        read = Some(ContentHash::of(&content));
                    }
                    read == Some(version)
                }
            };
            if is_same {
                publishers.push(by);
            }
        }
        Ok(publishers)
    }
}

type Versions = Vec<(ContentHash, IntegrationRecord)>;

/// Those of `wanted` that other executions of the project published to this repository, with all their contents.
async fn published(
    cx: &StageContext,
    repository: &RepositoryRef,
    wanted: &BTreeSet<&RepoPath>,
) -> Result<BTreeMap<RepoPath, Versions>> {
    let mut found: BTreeMap<RepoPath, Versions> = BTreeMap::new();
    for earlier in integrations(cx).await? {
        if earlier.execution == *cx.execution() || earlier.repository != *repository {
            continue;
        }
        let folder = ArtifactPrefix::execution(&earlier.root, ArtifactArea::Code, &earlier.execution);
        let mut files = cx.artifacts().list(folder.clone());
        while let Some(file) = files.next().await {
            let file = file?;
            let path = file.key.as_str().strip_prefix(folder.as_str()).and_then(|path| path.strip_prefix('/'));
            let Some(path) = path.and_then(|path| RepoPath::parse(path).ok()) else { continue };
            if wanted.contains(&path) {
                let hash = cx.artifacts().hash_of(&file).await?;
                found.entry(path).or_default().push((hash, earlier.clone()));
            }
        }
    }
    Ok(found)
}

/// The removed files with the stories that go with them, as the matrices of their publishers tell.
async fn name_stories(
    cx: &StageContext,
    outdated: BTreeMap<RepoPath, Vec<IntegrationRecord>>,
    kept: &BTreeSet<&StoryId>,
) -> Result<Vec<RemovedFile>> {
    let mut matrices = BTreeMap::new();
    for publisher in outdated.values().flatten() {
        if !matrices.contains_key(&publisher.execution) {
            matrices.insert(publisher.execution.clone(), matrix_of(cx, publisher).await?);
        }
    }
    let file = |(path, publishers): (RepoPath, Vec<IntegrationRecord>)| {
        let traces = publishers.iter().filter_map(|by| matrices.get(&by.execution)?.as_ref());
        let stories = traces.flat_map(|matrix| &matrix.stories);
        let gone = stories.filter(|story| story.files.contains(&path) && !kept.contains(&story.story));
        let by_id: BTreeMap<&StoryId, &str> = gone.map(|story| (&story.story, story.title.as_str())).collect();
        let stories = by_id.into_iter().map(|(id, title)| RemovedStory::new(id.clone(), title)).collect();
        RemovedFile::new(path, stories)
    };
    Ok(outdated.into_iter().map(file).collect())
}

/// From an earlier execution's stories to its files; `None` when it never came to a pull request.
async fn matrix_of(cx: &StageContext, earlier: &IntegrationRecord) -> Result<Option<TraceMatrix>> {
    let key = ArtifactKey::parse(&format!("{}/processed/{}/traceability.json", earlier.root, earlier.execution))?;
    let stored = match cx.artifacts().get(&key, GetOptions::default()).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        stored => stored?,
    };
    let damaged = |error| {
        Error::new(ErrorKind::Corrupt, "publish.removed", "the matrix of an earlier execution can't be read")
            .with("key", &key)
            .caused_by(error)
    };
    serde_json::from_slice(&stored.content).map(Some).map_err(damaged)
}

async fn integrations(cx: &StageContext) -> Result<Vec<IntegrationRecord>> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let query = RecordQuery::partition(cx.root().project().as_str()).after(after);
        let page = cx.records().query(Table::GithubIntegrations, query).await?;
        for record in &page.records {
            all.push(record.decode()?);
        }
        after = page.next;
        if after.is_none() {
            return Ok(all);
        }
    }
}
