//! Our prices beside those of genai-prices, on usages drawn by chance.

use super::rigs::python;
use aipipe::domain::{Cost, Timestamp, Usage};
use aipipe::model::{PriceBook, Terms};
use aipipe_tests::figures;
use serde_json::json;
use std::collections::BTreeMap;

/// The models of our list, a day after each change of a price, and usages around every tier's limit.
const MODELS: [&str; 13] = [
    "claude-fable-5-1",
    "claude-fable-5-2",
    "claude-haiku-4-5",
    "claude-haiku-5-5",
    "claude-opus-4-5",
    "claude-opus-4-6",
    "claude-opus-4-7",
    "claude-opus-4-8",
    "claude-opus-5",
    "claude-opus-5-5",
    "claude-sonnet-4-6",
    "claude-sonnet-5",
    "claude-sonnet-5-5",
];
const DAYS: [&str; 6] = ["2026-01-05", "2026-03-12", "2026-03-13", "2026-10-06", "2026-10-07", "2026-11-22"];
const USAGES_EACH: u64 = 8;

/// Where the other list is known to be wrong: it has the price of cached prompts that holds since 2026-10-07 for all time,
/// where Anthropic halved it on that day.
fn is_excepted(model: &str, day: &str, usage: &Usage) -> bool {
    model == "claude-sonnet-5-5" && day < "2026-10-07" && usage.cache_read_tokens > 0
}

/// Numbers by chance, the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }

    /// A usage, every fourth one with a prompt right at a limit of a tier.
    fn usage(&mut self, number: u64) -> Usage {
        let mut some = |most: u64| if self.below(3) == 0 { 0 } else { self.below(most) };
        let (write, read, output) = (some(60_000), some(150_000), some(20_000));
        let long = if write == 0 { 0 } else { some(write + 1) };
        let mut input = some(150_000);
        if number.is_multiple_of(4) {
            let limit = [100_000, 200_000][usize::try_from(self.below(2)).unwrap()] + self.below(3) - 1;
            let (write, read) = (write / 2, read / 4);
            input = limit - write - read;
            return Usage {
                input_tokens: input,
                cache_write_tokens: write,
                cache_write_1h_tokens: long.min(write),
                cache_read_tokens: read,
                output_tokens: output,
            };
        }
        Usage {
            input_tokens: input,
            cache_write_tokens: write,
            cache_write_1h_tokens: long,
            cache_read_tokens: read,
            output_tokens: output,
        }
    }
}

#[test]
fn our_prices_are_those_of_another_list() {
    let book = PriceBook::builtin().unwrap();
    let mut chance = Chance(20_261_122);
    let mut cases = Vec::new();
    for model in MODELS {
        for day in DAYS {
            for number in 0..USAGES_EACH {
                cases.push((model, day, chance.usage(number)));
            }
        }
    }
    let told = |(model, day, usage): &(&str, &str, Usage)| {
        let short = usage.cache_write_tokens - usage.cache_write_1h_tokens;
        let kept =
            json!({"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": usage.cache_write_1h_tokens});
        json!({"model": model, "at": day, "usage": {
            "input_tokens": usage.input_tokens,
            "cache_creation_input_tokens": usage.cache_write_tokens,
            "cache_read_input_tokens": usage.cache_read_tokens,
            "cache_creation": kept,
            "output_tokens": usage.output_tokens,
        }})
    };
    let lines: Vec<_> = cases.iter().map(told).collect();
    let Some(theirs) = python("prices.py", &[], &lines) else { return };
    let theirs: Vec<_> = theirs.lines().collect();
    assert_eq!(theirs.len(), cases.len());
    let (mut compared, mut mismatches, mut excepted) = (0, Vec::new(), BTreeMap::<_, u32>::new());
    for ((model, day, usage), theirs) in cases.iter().zip(&theirs) {
        let at = Timestamp::parse(&format!("{day}T12:00:00Z")).unwrap();
        let ours = match book.cost(model, at, *usage, Terms::default()) {
            Cost::Known(cost) => cost.get().to_string(),
            Cost::AtLeast(_) => "unknown".to_owned(),
        };
        if is_excepted(model, day, usage) {
            // An exception that is none any more has to go.
            assert_ne!(&ours, theirs, "{model} on {day}: the other list agrees by now");
            *excepted.entry((model, day)).or_default() += 1;
            continue;
        }
        compared += 1;
        if ours != *theirs || ours == "unknown" {
            mismatches.push(format!("{model} on {day}, {usage:?}: ours {ours}, theirs {theirs}"));
        }
    }
    println!("{compared} compared, left out with a reason: {excepted:?}");
    figures::record("model.cost_oracle_cases", compared, "usages").unwrap();
    figures::record("model.cost_oracle_mismatches", mismatches.len(), "usages").unwrap();
    assert!(
        mismatches.is_empty(),
        "{} of {compared}: {:#?}",
        mismatches.len(),
        &mismatches[..mismatches.len().min(12)]
    );
    assert!(compared >= 200);

    // The control: one pico-dollar more is seen.
    let [first, ..] = cases.as_slice() else { panic!("there are cases") };
    let cost = book.cost(first.0, Timestamp::parse("2026-01-05T12:00:00Z").unwrap(), first.2, Terms::default());
    assert_ne!((cost.known_part().get() + 1).to_string(), theirs[0]);
}

#[test]
fn every_model_of_the_list_is_compared() {
    let book: serde_json::Value =
        serde_json::from_str(include_str!("../../../../aipipe-core/src/model/prices.json")).unwrap();
    let models: Vec<_> = book["models"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(models, MODELS);
}
