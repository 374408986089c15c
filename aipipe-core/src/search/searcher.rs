//! Search over what a project has stored, read through the ports.

use super::index::{Hit, Query, SearchIndex};
use super::passage::Passage;
use super::vectors::vectors_of;
use crate::domain::{ArtifactRef, CodeBundle, ContentHash, ProjectName, ProjectRoot, Segment};
use crate::ports::{
    ArtifactStore, ArtifactStoreExt as _, Embedder, Record, RecordQuery, RecordStore, RecordStoreExt as _, Table,
};
use crate::tables::DocumentRecord;
use crate::{Error, ErrorKind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Projects whose index is kept.
const KEPT: usize = 8;

/// What a search came to.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Found {
    /// The passages, the best first.
    pub hits: Vec<Hit>,
    /// What was not searched, and why.
    pub left_out: Vec<LeftOut>,
}

/// A document or file that could not be searched.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The document's file name, or the file's path.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// Searches a project's documents, in their latest versions, and the code of a bundle.
///
/// The index is made at the first search and kept, for eight projects at most, until the project has read something new or
/// another bundle is searched. Two searches at once may make it twice; they come to the same.
#[derive(Debug)]
pub struct Searcher {
    artifacts: Arc<dyn ArtifactStore>,
    records: Arc<dyn RecordStore>,
    embedder: Option<Arc<dyn Embedder>>,
    kept: Mutex<Vec<(ProjectName, ContentHash, Arc<Indexed>)>>,
}

#[derive(Debug)]
struct Indexed {
    index: SearchIndex,
    left_out: Vec<LeftOut>,
}

/// What is searched, before any of it is read.
#[derive(Debug)]
struct Corpus<'a> {
    documents: Vec<DocumentRecord>,
    /// Every project root there is, the newest last.
    roots: Vec<ProjectRoot>,
    files: BTreeMap<&'a crate::domain::RepoPath, &'a ArtifactRef>,
}

impl Searcher {
    /// Searches by words alone.
    #[must_use]
    pub fn new(artifacts: Arc<dyn ArtifactStore>, records: Arc<dyn RecordStore>) -> Self {
        Self { artifacts, records, embedder: None, kept: Mutex::default() }
    }

    /// The same by words and by this embedder's vectors, which are kept in the artifact store.
    #[must_use]
    pub fn with_embedder(mut self, embedder: Arc<dyn Embedder>) -> Self {
        self.embedder = Some(embedder);
        self
    }

    /// The passages of a project's documents that speak of something.
    ///
    /// # Errors
    /// `InvalidInput` for a blank query; `NotFound` when the project has read no document; `Corrupt` for stored text,
    /// segments or vectors that are not what was written; those of the embedder and the stores.
    pub async fn search(&self, project: &ProjectName, query: &Query) -> Result<Found> {
        self.search_all(project, None, query).await
    }

    /// The same over the documents and the last version of each file of a bundle.
    ///
    /// # Errors
    /// As [`search`](Self::search).
    pub async fn search_with_code(&self, project: &ProjectName, bundle: &CodeBundle, query: &Query) -> Result<Found> {
        self.search_all(project, Some(bundle), query).await
    }

    async fn search_all(&self, project: &ProjectName, bundle: Option<&CodeBundle>, query: &Query) -> Result<Found> {
        let indexed = self.indexed(project, bundle).await?;
        Ok(Found { hits: indexed.index.search(query).await?, left_out: indexed.left_out.clone() })
    }

    async fn indexed(&self, project: &ProjectName, bundle: Option<&CodeBundle>) -> Result<Arc<Indexed>> {
        let corpus = self.corpus(project, bundle).await?;
        let print = corpus.print()?;
        if let Some(kept) = self.kept(project, print) {
            return Ok(kept);
        }
        let indexed = Arc::new(self.read(&corpus).await?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, ..)| known != project);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((project.clone(), print, Arc::clone(&indexed)));
        Ok(indexed)
    }

    fn kept(&self, project: &ProjectName, print: ContentHash) -> Option<Arc<Indexed>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, of, _)| known == project && *of == print).map(|(.., index)| Arc::clone(index))
    }

    async fn corpus<'a>(&self, project: &ProjectName, bundle: Option<&'a CodeBundle>) -> Result<Corpus<'a>> {
        let readings = self.records.query_all(Table::Documents, RecordQuery::partition(project.as_str())).await?;
        let readings = readings.iter().map(Record::decode::<DocumentRecord>).collect::<Result<Vec<_>>>()?;
        if readings.is_empty() {
            let error = Error::new(ErrorKind::NotFound, "search", "the project has read no document");
            return Err(error.with("project", project));
        }
        let roots: BTreeSet<ProjectRoot> = readings
            .iter()
            .map(|reading| reading.root.clone())
            .chain(bundle.map(|bundle| bundle.root.clone()))
            .collect();
        // Readings of a document follow each other in the order of their keys: the last one is the latest.
        let latest: BTreeMap<_, _> = readings.into_iter().map(|reading| (reading.document.clone(), reading)).collect();
        let files = bundle.map(CodeBundle::final_files).unwrap_or_default();
        Ok(Corpus {
            documents: latest.into_values().collect(),
            roots: roots.into_iter().collect(),
            files: files.into_iter().map(|(path, file)| (path, &file.content)).collect(),
        })
    }

    async fn read(&self, corpus: &Corpus<'_>) -> Result<Indexed> {
        let (mut passages, mut left_out) = (Vec::new(), Vec::new());
        for document in &corpus.documents {
            let Some(segments) = &document.segments else {
                let reason = "it was read before segments were kept; read it again".to_owned();
                left_out.push(LeftOut { name: document.name.to_string(), reason });
                continue;
            };
            let text = self.text(&document.text).await?;
            let segments = self.artifacts.read_ref(segments.at()).await?;
            let segments: Vec<Segment> = serde_json::from_slice(&segments).map_err(|error| {
                Error::new(ErrorKind::Corrupt, "search.read", "a document's segments are not of the form")
                    .with("document", &document.document)
                    .caused_by(error)
            })?;
            let cited = (&document.document, document.version, &document.name);
            passages.extend(Passage::of_document(cited, &text, &segments)?);
        }
        for (path, content) in &corpus.files {
            let bytes = self.artifacts.read_ref(content).await?;
            match std::str::from_utf8(&bytes) {
                Ok(text) => passages.extend(Passage::of_file(path, text)),
                Err(_) => left_out.push(LeftOut { name: path.to_string(), reason: "it is not text".to_owned() }),
            }
        }
        let texts: Vec<String> = passages.iter().map(Passage::text).collect();
        let index = SearchIndex::of(passages);
        let index = match &self.embedder {
            None => index,
            Some(embedder) => {
                let vectors = vectors_of(self.artifacts.as_ref(), embedder.as_ref(), &corpus.roots, &texts).await?;
                index.with_vectors(Arc::clone(embedder), vectors)?
            }
        };
        Ok(Indexed { index, left_out })
    }

    async fn text(&self, at: &ArtifactRef) -> Result<String> {
        String::from_utf8(self.artifacts.read_ref(at).await?.to_vec()).map_err(|error| {
            Error::new(ErrorKind::Corrupt, "search.read", "a processed text is not UTF-8")
                .with("key", &at.key)
                .caused_by(error)
        })
    }
}

impl Corpus<'_> {
    /// Other when anything of it is other.
    fn print(&self) -> Result<ContentHash> {
        let documents: Vec<_> = self
            .documents
            .iter()
            .map(|document| (&document.document, document.version, document.text.hash, &document.segments))
            .collect();
        let files: Vec<_> = self.files.iter().map(|(path, content)| (path, content.hash)).collect();
        ContentHash::of_json(&(documents, files)).map_err(|error| {
            Error::new(ErrorKind::Internal, "search.print", "what is searched does not serialize").caused_by(error)
        })
    }
}
