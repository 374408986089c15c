//! The lineage of documents: whatever order executions run in, what they have read stays findable and in order.

use crate::support::{Rig, go};
use aipipe_core::domain::{
    ContentHash, DocumentId, DocumentName, DocumentSet, IdempotencyKey, IntakeRequest, StageName, Wait,
};
use aipipe_core::pipeline::{Outcome, Pipeline, RunOutcome, Stage, StageContext, StartRequest, upload_documents};
use aipipe_core::ports::{Record, RecordQuery, RecordStoreExt, Table};
use aipipe_core::stages::DocumentProcessor;
use aipipe_core::tables::DocumentRecord;
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Holds an execution back before it reads anything.
#[derive(Debug)]
struct Gate;

#[async_trait]
impl Stage for Gate {
    type Input = IntakeRequest;
    type Output = IntakeRequest;

    fn name(&self) -> StageName {
        StageName::parse("gate").unwrap()
    }

    fn revision(&self) -> String {
        String::new()
    }

    async fn run(&self, cx: &StageContext, intake: IntakeRequest) -> Result<Outcome<IntakeRequest>> {
        match cx.signals(&go()).is_empty() {
            true => Ok(Outcome::Waiting(Wait::new(go(), "say go"))),
            false => Ok(Outcome::Done(intake)),
        }
    }
}

/// Fails the execution after its documents are read, as long as it is told to.
#[derive(Debug)]
struct FailsAfter(Arc<AtomicBool>);

#[async_trait]
impl Stage for FailsAfter {
    type Input = DocumentSet;
    type Output = DocumentSet;

    fn name(&self) -> StageName {
        StageName::parse("fails-after").unwrap()
    }

    fn revision(&self) -> String {
        String::new()
    }

    async fn run(&self, _cx: &StageContext, documents: DocumentSet) -> Result<Outcome<DocumentSet>> {
        match self.0.load(Ordering::SeqCst) {
            true => Err(Error::new(ErrorKind::Unavailable, "test.fail", "not today")),
            false => Ok(Outcome::Done(documents)),
        }
    }
}

/// Three executions of one project, each with a version of its own of the same document, held back.
struct Three {
    rig: Rig,
    pipeline: Pipeline<IntakeRequest, DocumentSet>,
    requests: Vec<StartRequest>,
    versions: Vec<ContentHash>,
    failing: Arc<AtomicBool>,
}

fn document() -> DocumentId {
    DocumentId::for_name(&DocumentName::parse("brief.md").unwrap())
}

impl Three {
    async fn start() -> Self {
        let rig = Rig::new();
        let failing = Arc::new(AtomicBool::new(false));
        let pipeline = Pipeline::builder("gated")
            .then(Gate)
            .then(DocumentProcessor::default())
            .then(FailsAfter(failing.clone()))
            .build();
        let (mut requests, mut versions) = (Vec::new(), Vec::new());
        for (key, text) in [("a", "Version one.\n"), ("b", "Version two.\n"), ("c", "Version three.\n")] {
            let request = rig.request(key);
            let documents = vec![(DocumentName::parse("brief.md").unwrap(), text.into())];
            let intake = upload_documents(rig.artifacts.as_ref(), &request.root, documents).await.unwrap();
            let outcome = rig.engine().start(&pipeline, &request, &intake).await.unwrap();
            assert!(matches!(outcome, RunOutcome::Waiting { .. }), "{outcome:?}");
            // Starts within a second of each other, one of them at a whole second.
            rig.clock.advance(Duration::from_millis(400));
            requests.push(request);
            versions.push(ContentHash::of(text.as_bytes()));
        }
        Self { rig, pipeline, requests, versions, failing }
    }

    async fn go_on(&self, number: usize) -> Result<RunOutcome<DocumentSet>> {
        let execution = self.requests[number].execution();
        let id = IdempotencyKey::parse("go").unwrap();
        self.rig.engine().signal(&execution, &go(), &id, true.into()).await.unwrap();
        self.rig.engine().resume(&self.pipeline, &execution).await
    }

    async fn latest(&self) -> DocumentRecord {
        let project = self.requests[0].root.project();
        DocumentRecord::latest(self.rig.records.as_ref(), project, &document()).await.unwrap().unwrap()
    }

    /// The execution whose record of the document was written last.
    async fn written_last(&self) -> DocumentRecord {
        let query = RecordQuery::partition(self.requests[0].root.project().as_str());
        let records = self.rig.records.query_all(Table::Documents, query).await.unwrap();
        // The store in memory counts its writes.
        records.iter().max_by_key(|record| record.version.get()).map(Record::decode).unwrap().unwrap()
    }
}

#[tokio::test]
async fn the_latest_version_only_moves_forward_and_every_reading_stays_findable() {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let mut led_astray = 0;
    for order in orders {
        let three = Three::start().await;
        let (records, root) = (three.rig.records.clone(), three.requests[0].root.clone());
        let mut newest = 0;
        for (done, number) in (1..).zip(order) {
            three.go_on(number).await.unwrap();
            newest = newest.max(number);
            assert_eq!(three.latest().await.execution, three.requests[newest].execution(), "{order:?}, {done} ran");
            led_astray += usize::from(three.written_last().await.execution != three.requests[newest].execution());
        }
        let history = DocumentRecord::history(records.as_ref(), root.project(), &document()).await.unwrap();
        let found: Vec<_> = history.iter().map(|reading| reading.version).collect();
        assert_eq!(found, three.versions.iter().rev().copied().collect::<Vec<_>>(), "{order:?}");
        for (number, request) in three.requests.iter().enumerate() {
            let read = DocumentRecord::of_execution(records.as_ref(), &root, &request.execution()).await.unwrap();
            let read: Vec<_> = read.iter().map(|reading| (&reading.execution, reading.version)).collect();
            assert_eq!(read, [(&request.execution(), three.versions[number])], "{order:?}");
        }
        // The predecessor is the nearest version before it that was there when it was read; never a later one.
        for (at, number) in order.iter().enumerate() {
            let before = order[..at].iter().filter(|earlier| *earlier < number).max();
            let reading = history.iter().find(|reading| reading.version == three.versions[*number]).unwrap();
            assert_eq!(reading.previous, before.map(|before| three.versions[*before]), "{order:?}");
        }
    }
    assert!(led_astray > 0, "the control: whoever took the last write for the latest version would have been right");
}

#[tokio::test]
async fn an_execution_that_is_resumed_after_a_newer_one_changes_no_lineage() {
    let three = Three::start().await;
    three.failing.store(true, Ordering::SeqCst);
    three.go_on(0).await.unwrap_err();
    three.failing.store(false, Ordering::SeqCst);
    three.go_on(1).await.unwrap();
    let before = (three.latest().await, three.written_last().await);
    three.go_on(0).await.unwrap();
    assert_eq!(before, (three.latest().await, three.written_last().await));
    assert_eq!(before.0.previous, Some(three.versions[0]));
}

#[tokio::test]
async fn the_same_version_read_again_keeps_its_predecessor() {
    let three = Three::start().await;
    three.go_on(0).await.unwrap();
    three.go_on(1).await.unwrap();
    let request = three.rig.request("again");
    let documents = vec![(DocumentName::parse("brief.md").unwrap(), "Version two.\n".into())];
    let intake = upload_documents(three.rig.artifacts.as_ref(), &request.root, documents).await.unwrap();
    let alone = three.rig.engine().run_stage(&DocumentProcessor::default(), &request, &intake).await.unwrap();
    let RunOutcome::Completed(set) = alone else { panic!("{alone:?}") };
    assert_eq!(set.documents[0].previous, Some(three.versions[0]));
    assert_eq!(three.latest().await.execution, request.execution());
}
