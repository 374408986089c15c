//! What is done with each kind.

use super::DataKind;
use crate::domain::ContentHash;
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::BTreeMap;
use std::fmt;

/// What is done with what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Treatment {
    /// It stays.
    Keep,
    /// A mark takes its place: `[secret: github-token]`. It can't be turned back.
    Mask,
    /// A mark takes its place that is the same wherever the value is: `[e-mail 3f9c2a71b0]`. Answers get the value back.
    Pseudonym,
}

/// What is done with each kind.
///
/// By default secrets are masked, for nothing needs them, and so are numbers of cards, accounts and citizens: no
/// requirement hangs on one, and whoever holds it can do harm. All other personal data stays. Documents of clients carry
/// names, mail addresses and telephone numbers on purpose (who asks for what, whom a notice goes to), and a text without
/// them says something else. A host that has to decide otherwise can, kind by kind.
///
/// `Debug` does not show the key of pseudonyms.
#[derive(Clone)]
pub struct RedactionPolicy {
    treatments: BTreeMap<DataKind, Treatment>,
    key: Option<SecretString>,
}

impl Default for RedactionPolicy {
    fn default() -> Self {
        let masked = [DataKind::Secret, DataKind::CreditCard, DataKind::Iban, DataKind::NationalId];
        Self::keep_all().with_masked(masked)
    }
}

impl RedactionPolicy {
    /// Everything stays, secrets too.
    #[must_use]
    pub fn keep_all() -> Self {
        Self { treatments: BTreeMap::new(), key: None }
    }

    /// Secrets are masked, personal data stays: for texts that do not leave the house.
    #[must_use]
    pub fn secrets_only() -> Self {
        Self::keep_all().with_masked([DataKind::Secret])
    }

    /// The same, with these kinds kept.
    #[must_use]
    pub fn with_kept(self, kinds: impl IntoIterator<Item = DataKind>) -> Self {
        self.with(Treatment::Keep, kinds)
    }

    /// The same, with these kinds masked.
    #[must_use]
    pub fn with_masked(self, kinds: impl IntoIterator<Item = DataKind>) -> Self {
        self.with(Treatment::Mask, kinds)
    }

    /// The same, with pseudonyms for these kinds, made with this key. Secrets get none: they stay masked.
    ///
    /// Pseudonyms are equal where the key and the value are: with a key for each project nobody can tell whether two
    /// projects speak of the same person. Who knows the key can try out values, so keep it like a password.
    #[must_use]
    pub fn with_pseudonyms(mut self, key: SecretString, kinds: impl IntoIterator<Item = DataKind>) -> Self {
        self.key = Some(key);
        let (secrets, others): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|kind| *kind == DataKind::Secret);
        self.with(Treatment::Pseudonym, others).with(Treatment::Mask, secrets)
    }

    /// What is done with a kind.
    #[must_use]
    pub fn treatment(&self, kind: DataKind) -> Treatment {
        self.treatments.get(&kind).copied().unwrap_or(Treatment::Keep)
    }

    fn with(mut self, treatment: Treatment, kinds: impl IntoIterator<Item = DataKind>) -> Self {
        self.treatments.extend(kinds.into_iter().map(|kind| (kind, treatment)));
        self
    }

    /// The value's pseudonym: ten hexadecimal digits of a keyed hash.
    pub(super) fn pseudonym(&self, kind: DataKind, value: &str) -> Option<String> {
        // HMAC is not needed: lengths are part of the hash, and only a few digits of it are shown.
        let hash = ContentHash::of_parts(&["pseudonym", self.key.as_ref()?.expose_secret(), kind.as_str(), value]);
        Some(format!("[{kind} {}]", hash.short(10)))
    }

    /// Tells policies apart that treat texts differently, without telling the key.
    pub(crate) fn fingerprint(&self) -> String {
        let treatments = DataKind::ALL.map(|kind| format!("{kind} {:?}", self.treatment(kind)));
        let key = self
            .key
            .as_ref()
            .map_or_else(String::new, |key| ContentHash::of_parts(&["fingerprint", key.expose_secret()]).short(12));
        ContentHash::of_parts(&[&treatments.join(","), &key]).short(12)
    }
}

impl fmt::Debug for RedactionPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedactionPolicy").field("treatments", &self.treatments).finish_non_exhaustive()
    }
}
