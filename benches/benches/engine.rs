//! The engine's own cost, on stores in memory: sealing, verifying, replaying.

use criterion::{Criterion, criterion_group, criterion_main};
fn nothing(_: &mut Criterion) {}
criterion_group!(engine, nothing);
criterion_main!(engine);
