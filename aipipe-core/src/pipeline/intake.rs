//! Puts documents into the raw area, where stage 1 reads them.

use crate::domain::{ArtifactKey, ArtifactRef, ContentHash, DocumentName, IntakeRequest, ProjectRoot, RawDocument};
use crate::ports::{ArtifactStore, PutOptions};
use crate::{ErrorKind, Result};
use bytes::Bytes;

/// Stores `documents` under `{root}/raw/{filename}` and returns the request a pipeline starts from.
///
/// The same content under the same name again is no new version; other content is one. Two documents of one request
/// that have the same name and other content get different names (`notes.txt`, `notes (2).txt`).
///
/// # Errors
/// Those of the artifact store; `InvalidInput` when no free name can be made.
pub async fn upload_documents(
    artifacts: &dyn ArtifactStore,
    root: &ProjectRoot,
    documents: Vec<(DocumentName, Bytes)>,
) -> Result<IntakeRequest> {
    let mut raw: Vec<RawDocument> = Vec::with_capacity(documents.len());
    for (name, content) in documents {
        let hash = ContentHash::of(&content);
        let Some(name) = free_name(&raw, name, hash)? else { continue };
        let key = ArtifactKey::raw(root, &name);
        let at = ArtifactRef { key, hash, bytes: content.len() as u64 };
        let known = match artifacts.head(&at.key).await {
            Ok(meta) => meta.hash == at.hash,
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => return Err(error),
        };
        if !known {
            artifacts.put(&at.key, content, PutOptions::default()).await?;
        }
        raw.push(RawDocument { name, content: at });
    }
    Ok(IntakeRequest { root: root.clone(), documents: raw })
}

/// The name itself or one with a number, so that names differ also without regard to case; `None` for the same document again.
fn free_name(taken: &[RawDocument], name: DocumentName, hash: ContentHash) -> Result<Option<DocumentName>> {
    if taken.iter().any(|raw| raw.name == name && raw.content.hash == hash) {
        return Ok(None);
    }
    let (stem, extension) = match name.as_str().rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem.to_owned(), format!(".{extension}")),
        _ => (name.as_str().to_owned(), String::new()),
    };
    let mut free = name;
    for number in 2.. {
        let lower = free.as_str().to_lowercase();
        if !taken.iter().any(|raw| raw.name.as_str().to_lowercase() == lower) {
            break;
        }
        free = DocumentName::parse(format!("{stem} ({number}){extension}"))?;
    }
    Ok(Some(free))
}
