//! Puts documents into the raw area, where stage 1 reads them.

use crate::domain::{ArtifactKey, ArtifactRef, ContentHash, DocumentName, IntakeRequest, ProjectRoot, RawDocument};
use crate::ports::{ArtifactStore, PutOptions};
use crate::{ErrorKind, Result};
use bytes::Bytes;

/// Stores `documents` under `{root}/raw/{filename}` and returns the request a pipeline starts from.
///
/// The same content under the same name again is no new version; other content is one.
///
/// # Errors
/// Those of the artifact store.
pub async fn upload_documents(
    artifacts: &dyn ArtifactStore,
    root: &ProjectRoot,
    documents: Vec<(DocumentName, Bytes)>,
) -> Result<IntakeRequest> {
    let mut raw = Vec::with_capacity(documents.len());
    for (name, content) in documents {
        let key = ArtifactKey::raw(root, &name);
        let at = ArtifactRef { key, hash: ContentHash::of(&content), bytes: content.len() as u64 };
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
