//! The same store without an engine: durable commits of 1 KiB.

use crate::meter::{Meter, Took};
use anyhow::{Context as _, Result};
use futures::future::try_join_all;
use redb::{Database, Durability, TableDefinition};
use std::path::Path;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};

const TABLE: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("bare");
const VALUE: [u8; 1024] = [0xA5; 1024];
/// As the record store has it.
const CACHE_BYTES: usize = 32 * 1024 * 1024;
const QUEUE: usize = 1024;

/// Makes a database with its table at `path`.
pub fn create(path: &Path) -> Result<Database> {
    let database = Database::builder().set_cache_size(CACHE_BYTES).create(path)?;
    commit(&database, &[0])?;
    Ok(database)
}

fn commit(database: &Database, keys: &[u64]) -> Result<()> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    {
        let mut table = transaction.open_table(TABLE)?;
        for key in keys {
            table.insert(*key, VALUE.as_slice())?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// `commits` durable commits of one value each, one after the other.
pub fn sequential(database: &Database, commits: u64) -> Result<Took> {
    let meter = Meter::start();
    for key in 1..=commits {
        commit(database, &[key])?;
    }
    Ok(meter.stop())
}

struct Request {
    key: u64,
    durable: oneshot::Sender<()>,
}

/// Where the writers' keys lie.
#[derive(Debug, Clone, Copy)]
pub enum Keys {
    /// Each writer appends to a sequence of its own, as each execution appends to its own journal.
    Own,
    /// All writers append to one sequence: the least a store can have to do, since all of a commit lies side by side.
    Shared,
}

impl Keys {
    fn key(self, number: u64, writer: u64, writers: u64) -> u64 {
        match self {
            Self::Own => 1 + (writer << 32) + number,
            Self::Shared => 1 + number * writers + writer,
        }
    }
}

/// `commits` durable values by `writers` side by side, each waiting for its own; one thread commits whatever is queued
/// at once.
pub fn group(on: &Runtime, database: Database, commits: u64, writers: u64, keys: Keys) -> Result<Took> {
    let (requests, queue) = mpsc::channel(QUEUE);
    let meter = Meter::start();
    let thread = std::thread::spawn(move || serve(&database, queue));
    let share = commits / writers;
    let tasks = (0..writers).map(|writer| {
        let requests = requests.clone();
        on.spawn(write(requests, share, move |number| keys.key(number, writer, writers)))
    });
    let results: Vec<Result<()>> = on.block_on(try_join_all(tasks))?;
    let took = meter.stop();
    drop(requests);
    thread.join().ok().context("the committing thread panicked")??;
    results.into_iter().collect::<Result<()>>()?;
    Ok(took)
}

/// What one of the writers does.
async fn write(requests: mpsc::Sender<Request>, share: u64, key: impl Fn(u64) -> u64) -> Result<()> {
    for number in 0..share {
        let (durable, answer) = oneshot::channel();
        requests.send(Request { key: key(number), durable }).await.ok().context("nobody commits any more")?;
        answer.await.context("nobody commits any more")?;
    }
    Ok(())
}

fn serve(database: &Database, mut queue: mpsc::Receiver<Request>) -> Result<()> {
    while let Some(first) = queue.blocking_recv() {
        let mut batch = vec![first];
        while let Ok(next) = queue.try_recv() {
            batch.push(next);
        }
        let keys: Vec<u64> = batch.iter().map(|request| request.key).collect();
        commit(database, &keys)?;
        for request in batch {
            // Its task waits for it; one that failed has been reported.
            let _ = request.durable.send(());
        }
    }
    Ok(())
}
