//! A look at pack indexes before libgit2 maps them: one that points outside its pack ends the process (1.9), not the call.
//!
//! The format is git's (gitformat-pack, "Version 2 pack-*.idx files"). Everything else that can be wrong with a pack or
//! an index libgit2 reports by itself; so does git's own reading of what was never ours, such as a multi-pack index.

use super::error::io_error;
use aipipe_core::{Error, ErrorKind, Result};
use std::fs;
use std::io;
use std::path::Path;

const MAGIC_AND_VERSION: [u8; 8] = [0xff, b't', b'O', b'c', 0, 0, 0, 2];
const FAN_OUT: usize = 256 * 4;
/// Name, checksum and offset of an object.
const NAME: usize = 20;
const WORD: usize = 4;
/// A pack begins with 12 bytes and ends with 20 that are of no object.
const HEADER: u64 = 12;
const TRAILER: u64 = 20;

/// Checks every pack index of a repository.
pub(super) fn check(operation: &'static str, repository: &Path) -> Result<()> {
    let folder = repository.join("objects").join("pack");
    let fail = |error| io_error(operation, "list the packs", &folder, error);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        // git makes the folder when it first needs it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(fail(error)),
    };
    for entry in entries {
        let index = entry.map_err(fail)?.path();
        if index.extension().is_none_or(|extension| extension != "idx") {
            continue;
        }
        // Either may go while we look: the command line repacks. An index without its pack is not used.
        let (Some(content), Ok(pack)) =
            (super::durable::read(operation, &index)?, fs::metadata(index.with_extension("pack")))
        else {
            continue;
        };
        if !points_into_pack(&content, pack.len()) {
            return Err(Error::new(ErrorKind::Corrupt, operation, "a pack's index points outside the pack")
                .with("index", index.display()));
        }
    }
    Ok(())
}

/// Whether the index is whole and each of its offsets lies within a pack of this length.
fn points_into_pack(index: &[u8], pack: u64) -> bool {
    let Some(rest) = index.strip_prefix(&MAGIC_AND_VERSION) else { return false };
    let Some((fan_out, tables)) = rest.split_at_checked(FAN_OUT) else { return false };
    let Some(count) = fan_out.last_chunk::<WORD>().and_then(|last| usize::try_from(u32::from_be_bytes(*last)).ok())
    else {
        return false;
    };
    let table = |size: usize| count.checked_mul(size);
    let (Some(before), Some(size)) = (table(NAME + WORD), table(WORD)) else { return false };
    let Some((offsets, large)) =
        tables.split_at_checked(before).and_then(|(_, offsets)| offsets.split_at_checked(size))
    else {
        return false;
    };
    let within = |offset: u64| offset >= HEADER && offset < pack.saturating_sub(TRAILER);
    offsets.as_chunks::<WORD>().0.iter().all(|offset| {
        let offset = u32::from_be_bytes(*offset);
        if offset & 0x8000_0000 == 0 {
            return within(u64::from(offset));
        }
        // Packs of more than 2 GiB: the offset is the number of one in the table of large ones.
        let place = usize::try_from(offset & 0x7fff_ffff).unwrap_or(usize::MAX);
        large.as_chunks::<8>().0.get(place).is_some_and(|offset| within(u64::from_be_bytes(*offset)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn index(offsets: &[u32]) -> Vec<u8> {
        let count = u32::try_from(offsets.len()).unwrap();
        let mut index = MAGIC_AND_VERSION.to_vec();
        index.extend((0..256).flat_map(|_| count.to_be_bytes()));
        index.extend(vec![7; offsets.len() * 24]);
        index.extend(offsets.iter().flat_map(|offset| offset.to_be_bytes()));
        index.extend([9; 40]);
        index
    }

    #[test]
    fn offsets_must_lie_within_the_pack() {
        for (offsets, fine) in [
            (&[][..], true),
            (&[12, 99], true),
            (&[11], false),
            (&[100], false),
            (&[12, 0x1000_0000], false),
            (&[0x8000_0000], false),
            (&[0xffff_ffff], false),
        ] {
            assert_eq!(points_into_pack(&index(offsets), 120), fine, "{offsets:?}");
        }
    }

    #[test]
    fn an_index_that_ends_early_is_not_whole() {
        let whole = index(&[12, 50]);
        for end in 0..whole.len() - 40 {
            assert!(!points_into_pack(&whole[..end], 120), "{end}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read_without_a_panic(content in prop::collection::vec(any::<u8>(), 0..1200), pack: u64) {
            let mut content = content;
            if content.len() > 8 {
                content[..8].copy_from_slice(&MAGIC_AND_VERSION);
            }
            points_into_pack(&content, pack);
        }
    }
}
