//! Stage 1: reads every document of the request, keeps its text, its version and its lineage.

use super::mask::masked;
use super::{ReadLimits, read_document};
use crate::domain::{
    ArtifactKey, ContentHash, Document, DocumentId, DocumentSet, IntakeRequest, RawDocument, Refusal, StageName,
    StepKey,
};
use crate::pipeline::{Outcome, Stage, StageContext};
use crate::ports::EventKind;
use crate::redaction::{RedactionPolicy, Redactor};
use crate::tables::DocumentRecord;
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeMap;

/// Turns documents into text with provenance; one that can't be read is refused with a reason, the others go on.
///
/// By default secrets in a document's text are masked before the text is stored, and personal data stays
/// ([`RedactionPolicy::secrets_only`]): the text does not leave the host's own stores here, and requirements quote it. What was
/// masked is a warning of the document. The upload in the raw area stays as it came.
#[derive(Debug, Clone)]
pub struct DocumentProcessor {
    limits: ReadLimits,
    redactor: Redactor,
}

impl Default for DocumentProcessor {
    fn default() -> Self {
        Self { limits: ReadLimits::default(), redactor: Redactor::new(RedactionPolicy::secrets_only()) }
    }
}

impl DocumentProcessor {
    /// Reads within these limits.
    #[must_use]
    pub fn with_limits(limits: ReadLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The same with another redactor. Its pseudonyms stay in the text: nothing turns them back here.
    #[must_use]
    pub fn with_redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// The stage's name: `document-processor`.
    #[must_use]
    pub fn stage_name() -> StageName {
        StageName::literal("document-processor")
    }

    async fn read(
        &self,
        cx: &StageContext,
        raw: &RawDocument,
        previous: Option<ContentHash>,
    ) -> Result<std::result::Result<Document, Refusal>> {
        let refuse = |reason, detail| Ok(Err(Refusal { name: raw.name.clone(), reason, detail }));
        if raw.content.bytes > self.limits.max_bytes {
            let detail = format!("{} bytes, the limit is {}", raw.content.bytes, self.limits.max_bytes);
            return refuse(crate::domain::RefusalReason::TooLarge, detail);
        }
        let bytes = cx.load_bytes(&raw.content).await?;
        let read = match read_document(&raw.name, &bytes, &self.limits) {
            Ok(read) => masked(read, &self.redactor),
            // What is wrong with a document may be told in its own words.
            Err(unreadable) => return refuse(unreadable.reason, self.redactor.redact(&unreadable.detail).text),
        };
        let id = DocumentId::for_name(&raw.name);
        let key = ArtifactKey::processed(cx.root(), cx.execution(), &id);
        let text = cx.publish(&key, Bytes::from(read.text)).await?;
        Ok(Ok(Document {
            id,
            version: raw.content.hash,
            previous,
            name: raw.name.clone(),
            format: read.format,
            raw: raw.content.clone(),
            text,
            metadata: read.metadata,
            segments: read.segments,
            warnings: read.warnings,
        }))
    }

    /// The version of each document that the project had read before this execution, as of its first look.
    async fn previous_versions(
        &self,
        cx: &StageContext,
        request: &IntakeRequest,
    ) -> Result<BTreeMap<DocumentId, ContentHash>> {
        let step = StepKey::literal("previous-versions");
        cx.record(&step, request, || async {
            let mut previous = BTreeMap::new();
            for raw in &request.documents {
                let id = DocumentId::for_name(&raw.name);
                let (records, project) = (cx.records().as_ref(), cx.root().project());
                let before = DocumentRecord::before(records, project, &id, cx.started_at(), cx.execution()).await?;
                // The same version read again has the predecessor it had.
                let version = before.and_then(|before| {
                    if before.version == raw.content.hash { before.previous } else { Some(before.version) }
                });
                previous.extend(version.map(|version| (id, version)));
            }
            Ok(previous)
        })
        .await
    }
}

#[async_trait]
impl Stage for DocumentProcessor {
    type Input = IntakeRequest;
    type Output = DocumentSet;

    fn name(&self) -> StageName {
        Self::stage_name()
    }

    fn revision(&self) -> String {
        format!("4 {:?} {}", self.limits, self.redactor.policy().fingerprint())
    }

    async fn run(&self, cx: &StageContext, request: IntakeRequest) -> Result<Outcome<DocumentSet>> {
        let previous = self.previous_versions(cx, &request).await?;
        let total = request.documents.len();
        let (mut documents, mut refused) = (Vec::new(), Vec::new());
        for (number, raw) in (1..).zip(&request.documents) {
            let before = previous.get(&DocumentId::for_name(&raw.name)).copied();
            match self.read(cx, raw, before).await? {
                Ok(document) => documents.push(document),
                Err(refusal) => {
                    cx.tell(EventKind::DocumentRefused(refusal.clone()));
                    refused.push(refusal);
                }
            }
            cx.progress(number, total, raw.name.as_str());
        }
        if documents.is_empty() {
            let reasons: Vec<_> = refused
                .iter()
                .map(|refusal| format!("{}: {} ({})", refusal.name, refusal.reason.as_str(), refusal.detail))
                .collect();
            let message = if reasons.is_empty() { "there are no documents".to_owned() } else { reasons.join("; ") };
            return Err(Error::new(ErrorKind::NoReadableDocument, "documents.read", message));
        }
        let mut readings = Vec::with_capacity(documents.len());
        for document in &documents {
            let segments = cx.store(&document.segments).await?;
            let (root, execution) = (cx.root(), cx.execution());
            readings.push(DocumentRecord::of(document, segments, root, execution, cx.started_at()).write()?);
        }
        cx.write_records(readings).await?;
        Ok(Outcome::Done(DocumentSet { root: request.root, documents, refused }))
    }
}
