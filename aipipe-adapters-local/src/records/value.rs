//! How a record lies in the database, so that any damage shows when it is read.
//!
//! `format 01 | version u64 | checksum 16 bytes | length u32 | index parts, each length u16 + bytes | JSON`
//!
//! The checksum is SHA-256, cut to 16 bytes, over the version and a digest of the record's name and everything after
//! the checksum. A record moved to another name, an older one under a newer version, a flipped bit and a cut end all fail.
//! The digest is computed by the caller; the one writer thread only adds the version.

use sha2::{Digest as _, Sha256};

const FORMAT: u8 = 1;
const VERSION_AT: usize = 1;
const CHECKSUM_AT: usize = VERSION_AT + 8;
const CONTENT_AT: usize = CHECKSUM_AT + 16;

/// A record ready to be written, but for its version.
#[derive(Debug)]
pub(super) struct Draft {
    bytes: Vec<u8>,
    digest: [u8; 32],
}

impl Draft {
    /// Lays out the record named `key`; `None` when the parts or the body are longer than their lengths can say.
    pub(super) fn new(key: &[u8], index_parts: &[Vec<u8>], body: &[u8]) -> Option<Self> {
        let parts = index_parts.iter().map(|part| part.len() + 2).sum::<usize>();
        let mut bytes = Vec::with_capacity(CONTENT_AT + 4 + parts + body.len());
        bytes.push(FORMAT);
        bytes.resize(CONTENT_AT, 0);
        bytes.extend_from_slice(&u32::try_from(parts).ok()?.to_be_bytes());
        for part in index_parts {
            bytes.extend_from_slice(&u16::try_from(part.len()).ok()?.to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes.extend_from_slice(body);
        let digest = digest(key, bytes.get(CONTENT_AT..)?);
        Some(Self { bytes, digest })
    }

    /// The value to store for this version.
    pub(super) fn seal(&mut self, version: u64) -> &[u8] {
        let checksum = checksum(version, &self.digest);
        let header = version.to_be_bytes().into_iter().chain(checksum);
        for (byte, value) in self.bytes.iter_mut().skip(VERSION_AT).zip(header) {
            *byte = value;
        }
        &self.bytes
    }

    /// Its length in the database.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// A record as it was stored.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stored<'a> {
    /// Its version.
    pub(super) version: u64,
    /// Its index entries.
    pub(super) index_parts: Vec<&'a [u8]>,
    /// Its JSON.
    pub(super) body: &'a [u8],
}

/// Reads the value stored under `key`.
///
/// # Errors
/// What is wrong with it, when it is not what was written there.
pub(super) fn open<'a>(key: &[u8], value: &'a [u8]) -> Result<Stored<'a>, &'static str> {
    const SHORT: &str = "the record is cut off";
    let (header, content) = value.split_at_checked(CONTENT_AT).ok_or(SHORT)?;
    let (format, header) = header.split_first().ok_or(SHORT)?;
    let (version, stored_checksum) = header.split_first_chunk::<8>().ok_or(SHORT)?;
    if *format != FORMAT {
        return Err("the record has a format this version does not know");
    }
    let version = u64::from_be_bytes(*version);
    if checksum(version, &digest(key, content)).as_slice() != stored_checksum {
        return Err("the record does not match its checksum");
    }
    let (length, content) = content.split_first_chunk::<4>().ok_or(SHORT)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| SHORT)?;
    let (mut parts, body) = content.split_at_checked(length).ok_or(SHORT)?;
    let mut index_parts = Vec::new();
    while let Some((length, rest)) = parts.split_first_chunk::<2>() {
        let (part, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(SHORT)?;
        index_parts.push(part);
        parts = rest;
    }
    Ok(Stored { version, index_parts, body })
}

fn digest(key: &[u8], content: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    // The length keeps a name from running into the content.
    hasher.update((key.len() as u64).to_be_bytes());
    hasher.update(key);
    hasher.update(content);
    hasher.finalize().into()
}

fn checksum(version: u64, digest: &[u8; 32]) -> [u8; 16] {
    let mut hasher = Sha256::new();
    hasher.update(b"aipipe record 1\0");
    hasher.update(version.to_be_bytes());
    hasher.update(digest);
    let full: [u8; 32] = hasher.finalize().into();
    let mut cut = [0; 16];
    for (byte, value) in cut.iter_mut().zip(full) {
        *byte = value;
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(version: u64) -> Vec<u8> {
        let parts = [b"\x02running\x002026".to_vec(), b"\x01shop\0a".to_vec()];
        Draft::new(b"\x06a\0b", &parts, br#"{"step":1,"done":true}"#).unwrap().seal(version).to_vec()
    }

    #[test]
    fn a_record_is_read_back() {
        let value = sealed(7);
        let stored = open(b"\x06a\0b", &value).unwrap();
        assert_eq!(stored.version, 7);
        assert_eq!(stored.body, br#"{"step":1,"done":true}"#);
        assert_eq!(stored.index_parts, [&b"\x02running\x002026"[..], b"\x01shop\0a"]);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let value = sealed(7);
        for at in 0..value.len() {
            for bit in 0..8 {
                let mut damaged = value.clone();
                damaged[at] ^= 1 << bit;
                assert!(open(b"\x06a\0b", &damaged).is_err(), "bit {bit} of byte {at}");
            }
            assert!(open(b"\x06a\0b", &value[..at]).is_err(), "cut at {at}");
        }
        let mut longer = value.clone();
        longer.push(0);
        assert!(open(b"\x06a\0b", &longer).is_err());
        assert!(open(b"\x06a\0c", &value).is_err(), "under another name");
    }
}
