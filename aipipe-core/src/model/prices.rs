//! What models charge: data with dates, sizes and tiers, in integers.
//!
//! A price is a function of the model, the day, the size of the prompt, how long its prefix is kept, and of terms such as a
//! batch. So it is data, [`PriceBook::builtin`] being what was known on the day it says, and a host replaces or extends it.
//! A model that is not in the book has an unknown price, which is never zero.

use crate::domain::{Cost, PicoUsd, Timestamp, Usage};
use crate::{Error, ErrorKind, Result};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// The prices of models, each over time.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceBook {
    /// The day (`YYYY-MM-DD`) up to which the book was known to be right.
    as_of: String,
    /// Prices by model id. An id that ends in a date (`…-20250929`) has the price of the one without.
    models: BTreeMap<String, Vec<Dated>>,
}

/// What a model costs from a day on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dated {
    /// The first day in UTC; always, where there is none.
    #[serde(default)]
    from: Option<String>,
    /// By size of the prompt, the smallest first.
    tiers: Vec<Tier>,
}

/// What a token costs in calls whose prompt has more tokens than the tier before allows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tier {
    /// The largest prompt of the tier, in tokens; the last tier has none.
    #[serde(default)]
    up_to_prompt_tokens: Option<u64>,
    input: PerToken,
    output: PerToken,
    cache_write: PerToken,
    cache_write_1h: PerToken,
    cache_read: PerToken,
}

/// The price of one token, read from dollars per million tokens with up to six decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PerToken(u64);

impl<'de> Deserialize<'de> for PerToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || serde::de::Error::custom(format!("“{text}” is no price in dollars per million tokens"));
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || whole.len() > 6 || part.len() > 6 || text.contains('.') && !digits(part) {
            return Err(wrong());
        }
        // A millionth of a dollar per million tokens is a pico-dollar per token.
        let pico = format!("{whole}{part:0<6}").parse().map_err(|_| wrong())?;
        Ok(Self(pico))
    }
}

/// Under which terms a call was made, as far as they change its price.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// Asked for in a batch: half of everything.
    pub batch: bool,
    /// Computed in the United States on demand: a tenth more.
    pub only_in_us: bool,
}

impl Terms {
    /// The same terms in a batch.
    #[must_use]
    pub fn in_batch(mut self) -> Self {
        self.batch = true;
        self
    }

    /// The same terms, computed in the United States.
    #[must_use]
    pub fn in_us(mut self) -> Self {
        self.only_in_us = true;
        self
    }
}

impl PriceBook {
    /// The book that comes along: Anthropic's models.
    ///
    /// # Errors
    /// `Internal` when the file that comes along is damaged.
    pub fn builtin() -> Result<Self> {
        Self::parse(include_str!("prices.json")).map_err(|error| {
            Error::new(ErrorKind::Internal, "prices.builtin", "the price list that comes along is damaged")
                .caused_by(error)
        })
    }

    /// A book from JSON of the form of `prices.json`.
    ///
    /// # Errors
    /// `InvalidInput` when it is of another form, has no price for a model or tiers and days out of order.
    pub fn parse(json: &str) -> Result<Self> {
        let wrong = |message: String| Error::new(ErrorKind::InvalidInput, "prices.parse", message);
        let book: Self = serde_json::from_str(json).map_err(|error| wrong(error.to_string()))?;
        for (model, dated) in &book.models {
            let days: Vec<_> = dated.iter().map(|dated| dated.from.as_deref()).collect();
            if dated.is_empty() || !days.is_sorted() || days.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
                return Err(wrong(format!("the days of {model} are not in order")));
            }
            for day in days.into_iter().flatten() {
                let is_day = Timestamp::parse(&format!("{day}T00:00:00Z")).is_ok_and(|at| at.date() == day);
                if !is_day {
                    return Err(wrong(format!("“{day}” of {model} is no day")));
                }
            }
            for Dated { tiers, .. } in dated {
                let limits: Vec<_> = tiers.iter().map(|tier| tier.up_to_prompt_tokens.unwrap_or(u64::MAX)).collect();
                let ends = limits.last() == Some(&u64::MAX) && !limits.iter().rev().skip(1).any(|l| *l == u64::MAX);
                if !ends || !limits.is_sorted() {
                    return Err(wrong(format!("the tiers of {model} are not in order")));
                }
            }
        }
        Ok(book)
    }

    /// The same book with the models of `other`, whose prices replace those of the same model.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.as_of = self.as_of.max(other.as_of);
        self.models.extend(other.models);
        self
    }

    /// The day up to which the book was known to be right, as `YYYY-MM-DD`.
    #[must_use]
    pub fn as_of(&self) -> &str {
        &self.as_of
    }

    /// Whether the book knows the model.
    #[must_use]
    pub fn knows(&self, model: &str) -> bool {
        self.dated(model).is_some()
    }

    /// What a call cost that was made `at`; at least nothing, where the price is unknown.
    #[must_use]
    pub fn cost(&self, model: &str, at: Timestamp, usage: Usage, terms: Terms) -> Cost {
        let exact = self.tier(model, at, prompt_tokens(usage)).and_then(|tier| {
            let short = usage.cache_write_tokens.checked_sub(usage.cache_write_1h_tokens)?;
            let parts = [
                (usage.input_tokens, tier.input),
                (usage.output_tokens, tier.output),
                (short, tier.cache_write),
                (usage.cache_write_1h_tokens, tier.cache_write_1h),
                (usage.cache_read_tokens, tier.cache_read),
            ];
            let pico: u128 = parts.iter().map(|(tokens, price)| u128::from(*tokens) * u128::from(price.0)).sum();
            let halves = if terms.batch { 1 } else { 2 };
            let tenths = if terms.only_in_us { 11 } else { 10 };
            // Up, so that no sum of parts is below what is charged.
            u64::try_from((pico * halves * tenths).div_ceil(20)).ok()
        });
        exact.map_or(Cost::AtLeast(PicoUsd::ZERO), |pico| Cost::Known(PicoUsd::new(pico)))
    }

    /// The most a call can cost: all of the prompt at the dearest input price, and the longest answer. `None` where the price
    /// is unknown.
    #[must_use]
    pub fn most(&self, model: &str, at: Timestamp, prompt_tokens: u64, max_output_tokens: u64) -> Option<PicoUsd> {
        // What is counted may be a little less than what is charged, which may lie in the next tier.
        let tiers = [prompt_tokens, prompt_tokens.saturating_add(prompt_tokens / 10)];
        let most = tiers.into_iter().map(|tokens| {
            let tier = self.tier(model, at, tokens)?;
            Self::most_in(tier, prompt_tokens, max_output_tokens)
        });
        most.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    fn most_in(tier: &Tier, prompt_tokens: u64, max_output_tokens: u64) -> Option<PicoUsd> {
        let input = [tier.input, tier.cache_write, tier.cache_write_1h].map(|price| price.0).into_iter().max()?;
        let pico =
            u128::from(prompt_tokens) * u128::from(input) + u128::from(max_output_tokens) * u128::from(tier.output.0);
        u64::try_from((pico * 11).div_ceil(10)).ok().map(PicoUsd::new)
    }

    fn tier(&self, model: &str, at: Timestamp, prompt_tokens: u64) -> Option<&Tier> {
        let day = at.date();
        let begun = |dated: &&Dated| dated.from.as_deref().is_none_or(|from| from <= day.as_str());
        let tiers = &self.dated(model)?.iter().rev().find(begun)?.tiers;
        tiers.iter().find(|tier| tier.up_to_prompt_tokens.is_none_or(|most| prompt_tokens <= most))
    }

    fn dated(&self, model: &str) -> Option<&[Dated]> {
        let without_date = || {
            let (name, date) = model.rsplit_once('-')?;
            (date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit())).then_some(name)
        };
        self.models.get(model).or_else(|| self.models.get(without_date()?)).map(Vec::as_slice)
    }
}

fn prompt_tokens(usage: Usage) -> u64 {
    usage.input_tokens.saturating_add(usage.cache_write_tokens).saturating_add(usage.cache_read_tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: &str) -> Timestamp {
        Timestamp::parse(&format!("{day}T12:00:00Z")).unwrap()
    }

    fn usage(input: u64, output: u64) -> Usage {
        Usage { input_tokens: input, output_tokens: output, ..Usage::default() }
    }

    fn dollars(model: &str, day: &str, usage: Usage, terms: Terms) -> String {
        match PriceBook::builtin().unwrap().cost(model, at(day), usage, terms) {
            Cost::Known(cost) => cost.to_string(),
            Cost::AtLeast(_) => "unknown".to_owned(),
        }
    }

    #[test]
    fn every_kind_of_token_has_its_price() {
        let all = Usage {
            input_tokens: 1000,
            cache_write_tokens: 2000,
            cache_write_1h_tokens: 1500,
            cache_read_tokens: 3000,
            output_tokens: 400,
        };
        assert_eq!(dollars("claude-sonnet-5-5", "2026-11-22", all, Terms::default()), "0.01355");
        assert_eq!(dollars("claude-sonnet-5-5", "2026-10-06", all, Terms::default()), "0.01385", "an earlier day");
        assert_eq!(dollars("claude-sonnet-5-5", "2026-11-22", all, Terms::default().in_batch()), "0.006775");
        assert_eq!(dollars("claude-sonnet-5-5", "2026-11-22", all, Terms::default().in_us()), "0.014905");
    }

    #[test]
    fn a_large_prompt_has_the_price_of_its_tier() {
        let of = |tokens| dollars("claude-haiku-5-5", "2026-11-22", usage(tokens, 1000), Terms::default());
        assert_eq!((of(100_000).as_str(), of(100_001).as_str()), ("0.0105", "0.0525005"));
        // What is counted just below the next tier may be charged in it.
        let book = PriceBook::builtin().unwrap();
        let most = |tokens| book.most("claude-haiku-5-5", at("2026-11-22"), tokens, 1000).unwrap();
        let charged = book.cost("claude-haiku-5-5", at("2026-11-22"), usage(100_010, 1000), Terms::default());
        assert!(most(99_990) >= charged.known_part() && most(80_000) < charged.known_part());
    }

    #[test]
    fn a_model_nobody_knows_has_no_price_and_never_none() {
        let book = PriceBook::builtin().unwrap();
        assert_eq!(dollars("claude-nobody", "2026-11-22", usage(1, 1), Terms::default()), "unknown");
        assert_eq!(book.most("claude-nobody", at("2026-11-22"), 1, 1), None);
        assert!(book.knows("claude-haiku-4-5-20251001") && !book.knows("claude-haiku-4-5-2025"));
        assert_eq!(dollars("claude-haiku-4-5-20251001", "2026-11-22", usage(1_000_000, 0), Terms::default()), "1.00");
    }

    #[test]
    fn a_book_of_another_form_is_refused() {
        let tier = r#"{"input": "1", "output": "1", "cache_write": "1", "cache_write_1h": "1", "cache_read": "1"}"#;
        let book = |models: &str| PriceBook::parse(&format!(r#"{{"as_of": "2026-01-01", "models": {{{models}}}}}"#));
        assert!(book(&format!(r#""m": [{{"tiers": [{tier}]}}]"#)).is_ok());
        for models in [
            r#""m": []"#.to_owned(),
            r#""m": [{"tiers": []}]"#.to_owned(),
            format!(r#""m": [{{"from": "2026-13-01", "tiers": [{tier}]}}]"#),
            format!(r#""m": [{{"from": "2026-02-01", "tiers": [{tier}]}}, {{"from": "2026-01-01", "tiers": [{tier}]}}]"#),
            format!(r#""m": [{{"tiers": [{tier}, {tier}]}}]"#),
            r#""m": [{"tiers": [{"input": "-1", "output": "1", "cache_write": "1", "cache_write_1h": "1", "cache_read": "1"}]}]"#.to_owned(),
            r#""m": [{"tiers": [{"input": "0.1234567", "output": "1", "cache_write": "1", "cache_write_1h": "1", "cache_read": "1"}]}]"#.to_owned(),
        ] {
            assert_eq!(book(&models).unwrap_err().kind(), ErrorKind::InvalidInput, "{models}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_call_costs_more_than_the_most(input in 0..200_000_u64, output in 0..10_000_u64, write in 0..50_000_u64) {
            let book = PriceBook::builtin().unwrap();
            let used = Usage { cache_write_tokens: write, cache_write_1h_tokens: write / 2, ..usage(input, output) };
            let most = book.most("claude-haiku-5-5", at("2026-11-22"), input + write, output).unwrap();
            let Cost::Known(cost) = book.cost("claude-haiku-5-5", at("2026-11-22"), used, Terms::default().in_us()) else {
                panic!("the price is known")
            };
            proptest::prop_assert!(cost <= most);
        }
    }
}
