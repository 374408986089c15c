//! For tests of hosts, stages and adapters (feature `testing`).
//!
//! - In-memory adapters of every port: [`MemoryArtifacts`], [`MemoryRecords`], [`MemoryForge`] (source control, CI and
//!   review desk), [`ScriptedModel`], [`MemoryBatches`], [`MemorySecrets`], [`HashEmbedder`], [`StubPackageManager`].
//! - Time that is moved by hand: [`VirtualClock`]; that jumps ahead: [`SimulatedClock`]; that stands still: [`FixedClock`].
//! - [`conformance`]: the suites that check each port's contract; run them on an adapter of your own.
//! - Mocks of every port by mockall, beside the traits: `aipipe_core::ports::MockArtifactStore` and so on.

mod artifacts;
mod batches;
mod clock;
pub mod conformance;
mod forge;
mod forge_ci;
mod forge_review;
mod model;
mod records;
mod small;

pub use artifacts::MemoryArtifacts;
pub use batches::MemoryBatches;
pub use clock::{FixedClock, SequentialIds, SimulatedClock, VirtualClock};
pub use forge::MemoryForge;
pub use model::ScriptedModel;
pub use records::MemoryRecords;
pub use small::{HashEmbedder, MemorySecrets, RecordingObserver, StubPackageManager};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a panic elsewhere: the data of these fakes is never left half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
