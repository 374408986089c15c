//! What models can do, as far as it is known.

use aipipe_core::ports::ModelProfile;
use std::collections::BTreeMap;

/// Profiles by model id; an id that ends in a date has that of the one without.
#[derive(Debug, Clone)]
pub(crate) struct Profiles(BTreeMap<String, ModelProfile>);

impl Profiles {
    /// Those of Anthropic's models.
    pub(crate) fn of_claude() -> Self {
        const MILLION: u64 = 1_000_000;
        let of = |context_tokens, max_output_tokens| {
            let mut profile = ModelProfile::new(context_tokens, max_output_tokens);
            (profile.structured_output, profile.prompt_caching, profile.exact_token_count) = (true, true, true);
            profile
        };
        let large = [
            "claude-haiku-5-5",
            "claude-sonnet-5-5",
            "claude-opus-5-5",
            "claude-sonnet-5",
            "claude-opus-5",
            "claude-sonnet-4-6",
            "claude-opus-4-6",
            "claude-opus-4-7",
            "claude-opus-4-8",
            "claude-fable-5-1",
        ];
        let small = ["claude-haiku-4-5", "claude-opus-4-5"];
        let large = large.into_iter().map(|name| (name.to_owned(), of(MILLION, 128_000)));
        let small = small.into_iter().map(|name| (name.to_owned(), of(200_000, 64_000)));
        Self(large.chain(small).collect())
    }

    pub(crate) fn none() -> Self {
        Self(BTreeMap::new())
    }

    pub(crate) fn insert(&mut self, model: String, profile: ModelProfile) {
        self.0.insert(model, profile);
    }

    pub(crate) fn get(&self, model: &str) -> Option<&ModelProfile> {
        let without_date = || {
            let (name, date) = model.rsplit_once('-')?;
            (date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit())).then_some(name)
        };
        self.0.get(model).or_else(|| self.0.get(without_date()?))
    }
}
