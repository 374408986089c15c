//! What earlier executions of the project left in the base and this one no longer makes.
//!
//! Documents change: a story is dropped or said in other words, and its test would stay behind and fail. Only files
//! that are byte for byte what an earlier execution published are taken away; what a person touched is a person's.

use crate::Result;
use crate::domain::{ArtifactArea, ArtifactPrefix, CommitSha, ContentHash, RepoPath, RepositoryRef, StepKey};
use crate::pipeline::StageContext;
use crate::ports::{ArtifactStoreExt, RecordQuery, SourceControl, Table};
use crate::tables::IntegrationRecord;
use futures::StreamExt;
use std::collections::{BTreeMap, BTreeSet};

/// The files of the base to be removed, in order; recorded, so that every later run removes the same.
pub(super) async fn outdated_files(
    cx: &StageContext,
    source_control: &dyn SourceControl,
    repository: &RepositoryRef,
    base_head: &CommitSha,
    base: &BTreeSet<RepoPath>,
    made: &BTreeSet<&RepoPath>,
) -> Result<Vec<RepoPath>> {
    let candidates: BTreeSet<&RepoPath> = base.iter().filter(|path| !made.contains(path)).collect();
    if candidates.is_empty() {
        return Ok(Vec::new());
    }
    cx.record(&StepKey::literal("outdated-files"), &(base_head, &candidates), || async {
        let published = published(cx, repository, &candidates).await?;
        let mut outdated = Vec::new();
        for (path, hashes) in published {
            let content = source_control.read_file(repository, base_head, &path).await?;
            if hashes.contains(&ContentHash::of(&content)) {
                outdated.push(path);
            }
        }
        Ok(outdated)
    })
    .await
}

/// Those of `wanted` that other executions of the project published to this repository, with all their contents.
async fn published(
    cx: &StageContext,
    repository: &RepositoryRef,
    wanted: &BTreeSet<&RepoPath>,
) -> Result<BTreeMap<RepoPath, BTreeSet<ContentHash>>> {
    let mut found: BTreeMap<RepoPath, BTreeSet<ContentHash>> = BTreeMap::new();
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
                found.entry(path).or_default().insert(hash);
            }
        }
    }
    Ok(found)
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
