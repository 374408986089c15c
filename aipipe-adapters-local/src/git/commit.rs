//! A commit from changes, and how it is found again.

use super::branch::{Move, head_of};
use super::error::{git_error, stored_error};
use super::repositories::{Repositories, find_commit, object_id, sha_of};
use super::{failpoint, find_before_create, objects, tree};
use aipipe_core::domain::{CommitSha, IdempotencyKey, RepositoryName};
use aipipe_core::ports::{CommitRequest, KEY_TRAILER, Signature};
use aipipe_core::{Error, ErrorKind, Result};
use git2::{Oid, Repository, Time};

/// How far behind a request's parent its key is still looked for. Asking again for the same commit finds it before
/// the parent; behind it there can only be another commit of a key that was used twice.
const LOOK_BEHIND_PARENT: usize = 1_000;

impl Repositories {
    pub(super) fn commit(
        &self,
        name: &RepositoryName,
        request: &CommitRequest,
        key: &IdempotencyKey,
    ) -> Result<CommitSha> {
        const OPERATION: &str = "git.commit";
        if request.changes.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, OPERATION, "a commit needs at least one change"));
        }
        let author = signature(OPERATION, &request.author)?;
        let message = message_with_key(OPERATION, &request.message, key)?;

        let access = self.write_access(OPERATION, name)?;
        let repository = self.repository(OPERATION, name)?;
        let head = head_of(OPERATION, &repository, &request.branch)?
            .ok_or_else(|| Error::new(ErrorKind::NotFound, OPERATION, "there is no such branch"))?;
        let expected = object_id(OPERATION, &request.parent).ok();
        if find_before_create()
            && let Some(found) = find(OPERATION, &repository, head, expected, key)?
        {
            return sha_of(OPERATION, found);
        }
        if expected != Some(head) {
            return Err(Error::new(ErrorKind::Conflict, OPERATION, "the branch's head is not the expected parent")
                .with("expected", &request.parent)
                .with("head", head));
        }
        objects::collect(OPERATION, &repository)?;
        let parent = find_commit(OPERATION, &repository, &request.parent)?;
        let parent_tree = parent.tree().map_err(|error| stored_error(OPERATION, "read the parent's tree", error))?;
        let before = parent_tree.id();
        let mut files = tree::unfold(OPERATION, &repository, parent_tree)?;
        tree::apply(OPERATION, &repository, &mut files, &request.changes)?;
        let tree = tree::write(OPERATION, &repository, &files)?;
        if tree == before {
            return Err(Error::new(ErrorKind::InvalidInput, OPERATION, "the changes leave every file as it is"));
        }
        let tree = repository.find_tree(tree).map_err(|error| stored_error(OPERATION, "read the tree", error))?;
        let made = repository
            .commit(None, &author, &author, &message, &tree, &[&parent])
            .map_err(|error| git_error(OPERATION, "write the commit", error))?;
        self.keep(OPERATION, &repository, name, made)?;
        failpoint!("git.commit.objects-written");
        let log = format!("commit: {}", message.lines().next().unwrap_or_default());
        access.move_branch(OPERATION, &repository, &request.branch, Move::Advance(head, made), &log)?;
        failpoint!("git.commit.ref-moved");
        sha_of(OPERATION, made)
    }
}

/// The commit of this key on the line of first parents that ends in `head`.
fn find(
    operation: &'static str,
    repository: &Repository,
    head: Oid,
    parent: Option<Oid>,
    key: &IdempotencyKey,
) -> Result<Option<Oid>> {
    let mut behind = 0;
    let mut next = Some(head);
    while let Some(id) = next {
        let commit =
            repository.find_commit(id).map_err(|error| stored_error(operation, "read the branch's history", error))?;
        if key_of(commit.message_raw_bytes()) == Some(key.as_str()) {
            return Ok(Some(id));
        }
        if Some(id) == parent || behind > 0 {
            behind += 1;
        }
        if behind > LOOK_BEHIND_PARENT {
            return Ok(None);
        }
        next = commit.parent_id(0).ok();
    }
    Ok(None)
}

/// The key a message ends in. Only the last line counts: whatever else a message quotes, the adapter wrote that one.
pub(super) fn key_of(message: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(message).ok()?;
    text.trim_end().lines().next_back()?.strip_prefix(KEY_TRAILER)?.strip_prefix(": ")
}

/// An author as git writes one, to the second and in UTC.
pub(super) fn signature(operation: &'static str, signature: &Signature) -> Result<git2::Signature<'static>> {
    let refuse = |reason: &str| Error::new(ErrorKind::InvalidInput, operation, format!("the author's {reason}"));
    let bad = |text: &str| text.chars().any(|c| c.is_control() || matches!(c, '<' | '>'));
    if signature.name.trim().is_empty() || bad(&signature.name) {
        return Err(refuse("name is empty or has a character git does not allow"));
    }
    if signature.email.trim().is_empty() || bad(&signature.email) {
        return Err(refuse("e-mail address is empty or has a character git does not allow"));
    }
    let seconds = signature.at.as_unix_millis().div_euclid(1_000);
    if seconds < 0 {
        return Err(refuse("time is before 1970"));
    }
    git2::Signature::new(&signature.name, &signature.email, &Time::new(seconds, 0))
        .map_err(|error| refuse("name or e-mail address is nothing git can write").caused_by(error))
}

/// The message as git stores it, with the key as its last trailer.
///
/// Line ends become `\n`, and other control characters, which could reach a reader's terminal, become `\u{FFFD}`.
pub(super) fn message_with_key(operation: &'static str, message: &str, key: &IdempotencyKey) -> Result<String> {
    let cleaned: String = message
        .replace("\r\n", "\n")
        .chars()
        .map(|c| match c {
            '\r' => '\n',
            '\n' | '\t' => c,
            _ if c.is_control() => char::REPLACEMENT_CHARACTER,
            _ => c,
        })
        .collect();
    let cleaned = cleaned.trim();
    if cleaned.is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, operation, "a commit needs a message"));
    }
    let joint = if ends_in_trailers(cleaned) { "\n" } else { "\n\n" };
    Ok(format!("{cleaned}{joint}{KEY_TRAILER}: {key}\n"))
}

/// Whether the last paragraph, which must not be the title, consists of `Token: value` lines.
fn ends_in_trailers(message: &str) -> bool {
    let Some((_, last)) = message.rsplit_once("\n\n") else { return false };
    last.lines().all(|line| {
        line.split_once(": ").is_some_and(|(token, value)| {
            !token.is_empty()
                && !value.trim().is_empty()
                && token.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipipe_core::domain::Timestamp;

    fn key() -> IdempotencyKey {
        IdempotencyKey::parse("step/1").unwrap()
    }

    #[test]
    fn the_key_is_the_last_trailer() {
        let table = [
            ("Add it", "Add it\n\nAipipe-Key: step/1\n"),
            ("Add it\n\nBecause.\n\n\n", "Add it\n\nBecause.\n\nAipipe-Key: step/1\n"),
            ("Add it\r\n\r\nStory: us-1", "Add it\n\nStory: us-1\nAipipe-Key: step/1\n"),
            ("Fix: it", "Fix: it\n\nAipipe-Key: step/1\n"),
            ("Add\u{1b}[2J", "Add\u{FFFD}[2J\n\nAipipe-Key: step/1\n"),
        ];
        for (given, stored) in table {
            let message = message_with_key("git.commit", given, &key()).unwrap();
            assert_eq!(message, stored);
            assert_eq!(key_of(message.as_bytes()), Some("step/1"));
        }
        assert_eq!(message_with_key("git.commit", " \n\t", &key()).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn a_quoted_key_is_no_key() {
        let message =
            message_with_key("git.commit", "Story\n\nAipipe-Key: other\n\nAipipe-Key: third", &key()).unwrap();
        assert_eq!(key_of(message.as_bytes()), Some("step/1"));
        assert_eq!(key_of(b"Aipipe-Key: a\n\nand more"), None);
        assert_eq!(key_of(b"\xff\xfe\nAipipe-Key: a"), None);
        assert_eq!(key_of(b""), None);
    }

    #[test]
    fn authors_that_git_would_not_take_are_refused() {
        let at = Timestamp::from_unix_millis(1_700_000_000_999);
        let author = |name: &str, email: &str, at| Signature { name: name.to_owned(), email: email.to_owned(), at };
        let made = signature("git.commit", &author("Pipeline", "pipeline@example.org", at)).unwrap();
        assert_eq!((made.when().seconds(), made.when().offset_minutes()), (1_700_000_000, 0));
        for bad in [
            author("", "a@example.org", at),
            author("A <b>", "a@example.org", at),
            author("A\nB", "a@example.org", at),
            author("A", "a@example.org>", at),
            author("A", "", at),
            author("A", "a@example.org", Timestamp::from_unix_millis(-1)),
        ] {
            assert_eq!(signature("git.commit", &bad).err().unwrap().kind(), ErrorKind::InvalidInput, "{bad:?}");
        }
    }
}
