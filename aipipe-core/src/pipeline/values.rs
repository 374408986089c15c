//! Where journaled values lie: in the journal while they are small, in the artifact store under their hash otherwise.

use super::entry::JournalValue;
use crate::domain::{ArtifactKey, ArtifactRef, ContentHash, DocumentSet, ExecutionId, ProjectRoot};
use crate::ports::{ArtifactStore, ArtifactStoreExt};
use crate::{Error, ErrorKind, Result};
use bytes::Bytes;
use std::sync::Arc;

/// Journaled values up to this many bytes of JSON lie in the journal itself; larger ones in the artifact store.
const INLINE_LIMIT: usize = 4 * 1024;

/// Stores content under its hash.
pub(super) async fn put(
    artifacts: &Arc<dyn ArtifactStore>,
    root: &ProjectRoot,
    execution: &ExecutionId,
    content: Bytes,
) -> Result<ArtifactRef> {
    let hash = ContentHash::of(&content);
    let bytes = content.len() as u64;
    let key = ArtifactKey::value(root, execution, &hash);
    artifacts.put_once(&key, content).await?;
    Ok(ArtifactRef { key, hash, bytes })
}

/// Keeps JSON for the journal: inline when small, stored otherwise (content first, so a reference is never empty).
pub(super) async fn keep(
    artifacts: &Arc<dyn ArtifactStore>,
    root: &ProjectRoot,
    execution: &ExecutionId,
    json: Bytes,
) -> Result<JournalValue> {
    match std::str::from_utf8(&json) {
        Ok(text) if text.len() <= INLINE_LIMIT => Ok(JournalValue::Inline(text.to_owned())),
        _ => Ok(JournalValue::Stored(put(artifacts, root, execution, json).await?)),
    }
}

/// A journaled value, verified.
pub(super) async fn fetch(artifacts: &Arc<dyn ArtifactStore>, value: &JournalValue) -> Result<Bytes> {
    match value {
        JournalValue::Inline(text) => Ok(Bytes::from(text.clone())),
        JournalValue::Stored(at) => read(artifacts, at).await,
    }
}

/// The referenced content, verified.
pub(super) async fn read(artifacts: &Arc<dyn ArtifactStore>, at: &ArtifactRef) -> Result<Bytes> {
    artifacts.read_ref(at).await
}

/// The processed texts of the documents, in their order.
///
/// # Errors
/// `NotFound`, `Corrupt`: a text that is not there, or not what was written.
pub async fn document_texts(artifacts: &Arc<dyn ArtifactStore>, documents: &DocumentSet) -> Result<Vec<String>> {
    let mut texts = Vec::with_capacity(documents.documents.len());
    for document in &documents.documents {
        let bytes = read(artifacts, &document.text).await?;
        texts.push(String::from_utf8(bytes.to_vec()).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "document.text", "a processed text is not UTF-8")
                .with("document", &document.id)
                .caused_by(error)
        })?);
    }
    Ok(texts)
}
