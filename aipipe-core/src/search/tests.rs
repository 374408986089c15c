//! How well passages are found, with controls; and what becomes of vectors that are kept.

use super::vectors::vectors_of;
use super::*;
use crate::domain::{ArtifactArea, ArtifactKey, ArtifactPrefix, ContentHash, ProjectRoot, RepoPath};
use crate::ports::{ArtifactStore, Embedder, EmbedderProfile, GetOptions, PutOptions};
use crate::testing::MemoryArtifacts;
use crate::{Error, ErrorKind, Result};
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A file of its own for each passage, so that each is one.
const CORPUS: [(&str, &str); 24] = [
    (
        "d/01",
        "A rider books a bike for a day. The bike is then reserved for the rider, and no other rider can book the bike.",
    ),
    ("d/02", "A rider can cancel a booking free of charge until two hours before the bike is picked up."),
    ("d/03", "Whoever brings a bike back late pays three euros for each hour that was started."),
    ("d/04", "The workshop sees which bikes are damaged and which bike has to be repaired first."),
    (
        "d/05",
        "Each station shows how many bikes are free. The number of bikes at a station is never older than a minute.",
    ),
    ("d/06", "Invoices are sent by mail on the first day of a month, with the tax shown on a line of its own."),
    ("d/07", "Personal data of riders is deleted two years after their last booking."),
    ("d/08", "Staff sign in with their work account. Two factors are required for everybody who sees payment data."),
    ("d/09", "The map loads within two seconds on a phone with a slow connection."),
    ("d/10", "A rider who loses the key of a bike reports it in the app and gets a replacement at the station."),
    ("d/11", "Prices are set for each season by the city. A price list is valid from a date onwards."),
    ("d/12", "Riders below the age of sixteen need the consent of a parent before they book."),
    ("d/13", "The app is in German, English and Polish; texts are kept apart from the program."),
    ("d/14", "Deposits are paid back within five working days after the bike was returned without damage."),
    (
        "d/15",
        "A booking has a number, a rider, a bike, a station, a start and an end. The booking shows the booking's status.",
    ),
    ("d/16", "Reports for the council: rides a month, by district, as a table that opens in a spreadsheet."),
    (
        "src/auth/session.ts",
        "export async function signIn(account: Account): Promise<Session> {\n  const token = issueToken(account);\n  return storeSession(token);\n}",
    ),
    (
        "src/bookings/overlap.ts",
        "export function overlaps(a: Period, b: Period): boolean {\n  return a.start < b.end && b.start < a.end;\n}",
    ),
    (
        "src/bookings/routes.ts",
        "router.post('/bookings', createBooking);\nrouter.get('/bookings', listBookings);\nrouter.get('/bookings/:id', showBooking);",
    ),
    ("src/fees/late_fee.py", "def late_fee(hours_started: int) -> Decimal:\n    return RATE_PER_HOUR * hours_started"),
    (
        "src/http/retry.ts",
        "export async function withRetry<T>(attempts: number, call: () => Promise<T>): Promise<T> {\n  // exponential backoff\n}",
    ),
    (
        "src/mail/send.py",
        "def send_mail(recipient: str, subject: str) -> None:\n    smtp.sendmail(SENDER, recipient, subject)",
    ),
    (
        "src/stations/capacity.ts",
        "export function freeDocks(station: Station): number {\n  return station.docks - station.parked.length;\n}",
    ),
    (
        "src/ui/BookingForm.vue",
        "<script setup lang=\"ts\">\nconst booking = ref<Booking>();\nfunction submit() { emit('book', booking.value); }\n</script>",
    ),
];

/// Questions in other words than the passage's where people would use others, and the passage that answers each.
const QUERIES: [(&str, &str); 16] = [
    ("Until when is cancelling a booking of a bike free?", "d/02"),
    ("What does a rider pay for a bike that is brought back late?", "d/03"),
    ("in which order are damaged bikes repaired", "d/04"),
    ("how many bikes does a station show as free", "d/05"),
    ("when is the data of a rider deleted after a booking", "d/07"),
    ("two factor sign in for staff", "d/08"),
    ("a rider lost the key of the bike", "d/10"),
    ("booking by riders younger than the age of sixteen", "d/12"),
    ("languages of the app: Polish, English", "d/13"),
    ("deposit for a bike paid back", "d/14"),
    ("table of rides for each district", "d/16"),
    ("overlapping booking periods", "src/bookings/overlap.ts"),
    ("lateFee", "src/fees/late_fee.py"),
    ("retries with backoff", "src/http/retry.ts"),
    ("where is the session token issued", "src/auth/session.ts"),
    ("free docks of a station", "src/stations/capacity.ts"),
];

fn corpus() -> Vec<Passage> {
    let passages = CORPUS.iter().flat_map(|(path, text)| Passage::of_file(&RepoPath::parse(*path).unwrap(), text));
    let passages: Vec<_> = passages.collect();
    assert_eq!(passages.len(), CORPUS.len());
    passages
}

/// For how many queries the right passage is first.
fn first_of(rank: impl Fn(&str) -> Option<usize>) -> usize {
    QUERIES.iter().filter(|(query, right)| rank(query).is_some_and(|found| CORPUS[found].0 == *right)).count()
}

#[tokio::test]
async fn the_right_passage_is_first_and_without_rarity_it_is_not() {
    let texts: Vec<String> = corpus().iter().map(Passage::text).collect();
    let words = Bm25::of(&texts);
    let first = |ranked: Vec<(usize, f64)>| ranked.first().map(|(passage, _)| *passage);
    let well = first_of(|query| first(words.rank(query)));
    let turned = first_of(|query| first(words.rank_by_frequent_terms(query)));
    let counted = first_of(|query| first(words.rank_by_count(query)));
    println!("of {}: BM25 {well}, with rarity turned around {turned}, plain count {counted}", QUERIES.len());
    for (query, right) in QUERIES {
        let found = first(words.rank(query)).map(|found| CORPUS[found].0);
        assert_eq!(found, Some(right), "{query}");
    }
    assert!(turned + 4 <= well && counted + 4 <= well, "turned {turned}, counted {counted} of {well}");

    let embedder = Arc::new(LexicalEmbedder) as Arc<dyn Embedder>;
    let vectors = embedder.embed(&texts).await.unwrap();
    let index = SearchIndex::of(corpus()).with_vectors(embedder, vectors).unwrap();
    let mut fused = 0;
    for (query, right) in QUERIES {
        let hits = index.search(&Query::new(query)).await.unwrap();
        fused += usize::from(hits[0].cited.to_string().starts_with(right));
        assert!(hits.iter().take(3).any(|hit| hit.cited.to_string().starts_with(right)), "{query}");
    }
    println!("fused with lexical vectors {fused}");
    assert!(fused >= 13, "{fused}");
}

#[tokio::test]
async fn a_hit_is_cited_and_a_blank_query_is_refused() {
    let index = SearchIndex::of(corpus());
    let hits = index.search(&Query::new("late fee").with_limit(2)).await.unwrap();
    assert_eq!(hits.len(), 2);
    assert_eq!(hits[0].cited.to_string(), "src/fees/late_fee.py, lines 1–2");
    assert_eq!(hits[0].cited.quote(), CORPUS[19].1);
    assert_eq!((hits[0].by_words, hits[1].by_words, hits[0].by_vectors), (Some(1), Some(2), None));
    assert_eq!(index.search(&Query::new(" \n")).await.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(index.search(&Query::new("zeppelin")).await.unwrap().is_empty());
}

/// Counts texts, refuses batches that are too large, and fails after some calls when told to.
#[derive(Debug, Default)]
struct Counting {
    texts: AtomicUsize,
    calls: AtomicUsize,
    fails_after: Option<usize>,
    dimensions: Option<usize>,
}

#[async_trait]
impl Embedder for Counting {
    fn profile(&self) -> EmbedderProfile {
        EmbedderProfile::new("counting", 3, 4)
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>> {
        assert!(texts.len() <= 4, "more than a batch");
        if self.fails_after.is_some_and(|calls| self.calls.load(Ordering::SeqCst) >= calls) {
            return Err(Error::new(ErrorKind::Unavailable, "embed", "not now"));
        }
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.texts.fetch_add(texts.len(), Ordering::SeqCst);
        Ok(texts.iter().map(|text| vec![text.len() as f32; self.dimensions.unwrap_or(3)]).collect())
    }
}

fn texts(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| "x".repeat(number)).collect()
}

fn root(date: &str) -> ProjectRoot {
    ProjectRoot::parse(&format!("bikes-{date}")).unwrap()
}

async fn files(store: &MemoryArtifacts, root: &ProjectRoot) -> Vec<ArtifactKey> {
    let listed = store.list(ArtifactPrefix::area(root, ArtifactArea::Vectors));
    listed.map(|entry| entry.unwrap().key).collect().await
}

#[tokio::test]
async fn a_text_is_embedded_once_whatever_changes_around_it_and_on_whatever_day() {
    let store = MemoryArtifacts::default();
    let (monday, tuesday) = (root("2026-03-09"), root("2026-03-10"));
    let embedder = Counting::default();
    let doubled = [texts(1..10), texts(1..3)].concat();
    let first = vectors_of(&store, &embedder, std::slice::from_ref(&monday), &doubled).await.unwrap();
    assert_eq!((embedder.texts.load(Ordering::SeqCst), embedder.calls.load(Ordering::SeqCst)), (9, 3));
    assert_eq!(first[0], first[9], "the same text has the same vector");
    let key = files(&store, &monday).await;
    assert!(key.len() == 1 && key[0].as_str().starts_with("bikes-2026-03-09/vectors/counting/"), "{key:?}");
    // The next day one text is new.
    let days = [monday, tuesday.clone()];
    let second = vectors_of(&store, &embedder, &days, &texts(2..11)).await.unwrap();
    assert_eq!(embedder.texts.load(Ordering::SeqCst), 10);
    assert_eq!((&second[..8], second[8][0]), (&first[1..9], 10.0));
    assert_eq!(files(&store, &tuesday).await.len(), 1);
    // And nothing is: nothing is written.
    vectors_of(&store, &embedder, &days, &texts(1..11)).await.unwrap();
    assert_eq!((embedder.texts.load(Ordering::SeqCst), files(&store, &tuesday).await.len()), (10, 1));
}

#[tokio::test]
async fn what_was_embedded_before_an_error_is_not_lost() {
    let store = MemoryArtifacts::default();
    let days = [root("2026-03-09")];
    let failing = Counting { fails_after: Some(2), ..Counting::default() };
    let error = vectors_of(&store, &failing, &days, &texts(1..11)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let well = Counting::default();
    vectors_of(&store, &well, &days, &texts(1..11)).await.unwrap();
    assert_eq!(well.texts.load(Ordering::SeqCst), 2);
    // An embedder whose vectors are not what its profile says is told, and nothing of it is kept.
    let broken = Counting { dimensions: Some(2), ..Counting::default() };
    let error = vectors_of(&store, &broken, &days, &texts(20..21)).await.unwrap_err();
    assert_eq!((error.kind(), files(&store, &days[0]).await.len()), (ErrorKind::Internal, 2));
}

#[tokio::test]
async fn a_file_of_vectors_that_is_not_what_was_written_is_corrupt_at_every_byte() {
    let days = [root("2026-03-09")];
    let store = MemoryArtifacts::default();
    vectors_of(&store, &Counting::default(), &days, &texts(1..3)).await.unwrap();
    let key = files(&store, &days[0]).await.remove(0);
    let whole = store.get(&key, GetOptions::default()).await.unwrap().content;
    let read_with = async |key: ArtifactKey, content: Vec<u8>| {
        let store = MemoryArtifacts::default();
        store.put(&key, Bytes::from(content), PutOptions::default()).await.unwrap();
        vectors_of(&store, &Counting::default(), &days, &texts(1..3)).await.map(|_| ()).map_err(|error| error.kind())
    };
    assert_eq!(read_with(key.clone(), whole.to_vec()).await, Ok(()));
    for at in 0..whole.len() {
        let mut damaged = whole.to_vec();
        damaged[at] ^= 1;
        assert_eq!(read_with(key.clone(), damaged).await, Err(ErrorKind::Corrupt), "byte {at}");
        assert_eq!(read_with(key.clone(), whole[..at].to_vec()).await, Err(ErrorKind::Corrupt), "cut at {at}");
    }
    // Under the right name too, where the form is not that of a file of vectors.
    let mut counts_more = whole.to_vec();
    counts_more[12] += 1;
    for other in [b"".to_vec(), counts_more, whole[..16].to_vec(), [whole.to_vec(), vec![0]].concat()] {
        let key = ArtifactKey::vector_file(&days[0], "counting", &ContentHash::of(&other)).unwrap();
        assert_eq!(read_with(key, other).await, Err(ErrorKind::Corrupt));
    }
}

#[test]
fn embedding_types_are_one_safe_component() {
    let hash = ContentHash::of(b"");
    for bad in ["", "a/b", "..", "a\\b", ".git"] {
        assert!(ArtifactKey::vector_file(&root("2026-03-09"), bad, &hash).is_err(), "{bad}");
        assert!(ArtifactPrefix::vectors(&root("2026-03-09"), bad).is_err(), "{bad}");
    }
}
