//! Many writes in portions that a store takes at once.

use crate::ports::{RecordCapabilities, RecordWrite};

/// Parts and bytes of a write that are kept for what fences it: the journal's head and the mark of a cancel.
const FENCE_WRITES: usize = 4;
const FENCE_BYTES: usize = 64 * 1024;

/// The writes in portions that a store takes at once, with room for what fences them.
pub(super) fn portions(writes: Vec<RecordWrite>, capabilities: RecordCapabilities) -> Vec<Vec<RecordWrite>> {
    let most = capabilities.max_writes.saturating_sub(FENCE_WRITES).max(1);
    let most_bytes = capabilities.max_write_bytes.saturating_sub(FENCE_BYTES);
    let mut portions: Vec<Vec<RecordWrite>> = Vec::new();
    let mut bytes = 0;
    for write in writes {
        let length = write.bytes();
        match portions.last_mut().filter(|open| open.len() < most && bytes + length <= most_bytes) {
            Some(open) => {
                bytes += length;
                open.push(write);
            }
            None => {
                bytes = length;
                portions.push(vec![write]);
            }
        }
    }
    portions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{Expect, RecordKey, Table};

    fn writes(count: usize, body: usize) -> Vec<RecordWrite> {
        let write = |number: usize| {
            let key = RecordKey::parse("p", format!("{number:04}")).unwrap();
            RecordWrite::put(Table::Documents, key, Expect::Anything, &"x".repeat(body)).unwrap()
        };
        (0..count).map(write).collect()
    }

    fn lengths(portions: &[Vec<RecordWrite>]) -> Vec<usize> {
        portions.iter().map(Vec::len).collect()
    }

    #[test]
    fn a_portion_has_no_more_parts_and_bytes_than_a_store_takes() {
        let store = RecordCapabilities::new(25, 256 * 1024, 1024 * 1024, true);
        assert_eq!(lengths(&portions(writes(50, 10), store)), [21, 21, 8], "by parts");
        let by_bytes = portions(writes(10, 250 * 1024), store);
        assert_eq!(lengths(&by_bytes), [3, 3, 3, 1], "by bytes");
        for portion in &by_bytes {
            let bytes: usize = portion.iter().map(RecordWrite::bytes).sum();
            assert!(bytes + FENCE_BYTES <= store.max_write_bytes, "{bytes}");
        }
        assert!(portions(Vec::new(), store).is_empty());
        let tiny = RecordCapabilities::new(1, 1, 1, true);
        assert_eq!(lengths(&portions(writes(2, 10), tiny)), [1, 1], "the store says what it does not take");
    }
}
