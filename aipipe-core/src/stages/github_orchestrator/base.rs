//! What the base has of the project: told by the listing where contents have ids, by reading the files elsewhere.

use super::commits::PlannedCommit;
use super::history::FileState;
use crate::Result;
use crate::domain::{ArtifactRef, CommitSha, ContentHash, ContentId, RepoPath, RepositoryRef, StepKey};
use crate::pipeline::StageContext;
use crate::ports::{SourceControl, TreeEntry};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The contents a file of the project has, from commit to commit.
type Versions<'a> = BTreeMap<ContentHash, &'a ArtifactRef>;

/// A file of the base.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct BaseFile {
    /// How it is there, where the project has it too.
    pub(super) state: Option<FileState>,
    /// What its content is called, where contents have ids.
    pub(super) content_id: Option<ContentId>,
}

/// All files of the base, with the state of those the project has too.
///
/// Recorded, so that a run that only looks at CI again asks the repository nothing.
pub(super) async fn base_files(
    cx: &StageContext,
    source_control: &dyn SourceControl,
    repository: &RepositoryRef,
    base_head: &CommitSha,
    planned: &[PlannedCommit],
) -> Result<BTreeMap<RepoPath, BaseFile>> {
    let mut wanted: BTreeMap<&RepoPath, Versions<'_>> = BTreeMap::new();
    for file in planned.iter().flat_map(|commit| &commit.files) {
        wanted.entry(&file.path).or_default().insert(file.content.hash, &file.content);
    }
    let facts: BTreeMap<_, Vec<_>> = wanted.iter().map(|(path, versions)| (path, versions.keys().collect())).collect();
    cx.record(&StepKey::literal("base-files"), &(base_head, &facts), || async {
        let mut base = BTreeMap::new();
        for entry in source_control.list_files(repository, base_head).await? {
            let state = match wanted.get(&entry.path) {
                None => None,
                Some(versions) => {
                    let hash = match same_content(cx, source_control, &entry, versions).await? {
                        Told::Version(hash) => Some(hash),
                        Told::Another => None,
                        Told::Nothing => {
                            let content = source_control.read_file(repository, base_head, &entry.path).await?;
                            Some(ContentHash::of(&content))
                        }
                    };
                    Some(FileState { hash, executable: entry.executable })
                }
            };
            base.insert(entry.path, BaseFile { state, content_id: entry.content_id });
        }
        Ok(base)
    })
    .await
}

/// What a listing tells of a file's content.
#[derive(Debug)]
enum Told {
    /// It is this version of the project's.
    Version(ContentHash),
    /// It is none of them.
    Another,
    /// Contents have no ids here.
    Nothing,
}

async fn same_content(
    cx: &StageContext,
    source_control: &dyn SourceControl,
    entry: &TreeEntry,
    versions: &Versions<'_>,
) -> Result<Told> {
    let Some(id) = &entry.content_id else { return Ok(Told::Nothing) };
    for (hash, at) in versions {
        if entry.bytes.is_some_and(|bytes| bytes != at.bytes) {
            continue;
        }
        match source_control.content_id(&cx.load_bytes(at).await?) {
            None => return Ok(Told::Nothing),
            Some(known) if known == *id => return Ok(Told::Version(*hash)),
            Some(_) => {}
        }
    }
    Ok(Told::Another)
}
