//! Ids nobody else has.

use aipipe_core::ports::IdGenerator;

/// UUIDs of version 7 (RFC 9562): unique and in order of their making.
#[derive(Debug, Clone, Copy, Default)]
pub struct UuidGenerator;

impl IdGenerator for UuidGenerator {
    fn next_id(&self) -> String {
        uuid::Uuid::now_v7().to_string()
    }
}
