//! What the redactor finds in labelled sentences, kind by kind, and what it takes for secrets in ordinary texts.
//!
//! ```sh
//! redaction-corpus SENTENCES [--plain FOLDER]... [--half even|odd] [--misses KIND]
//! ```
//!
//! SENTENCES is JSON as presidio-research publishes it: objects with `full_text` and `spans`, which have an `entity_type`, a
//! `start_position` and an `end_position` in characters. A labelled span is found when findings of its kind cover half of
//! it; a finding is right when labelled spans of its kind cover half of it.

#![expect(clippy::print_stdout, reason = "a program prints")]

use aipipe_benches::figures;
use aipipe_core::redaction::{DataKind, Redactor};
use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

#[derive(Parser)]
struct Arguments {
    /// The labelled sentences.
    sentences: PathBuf,

    /// Folders of ordinary texts, in which there are no secrets.
    #[arg(long)]
    plain: Vec<PathBuf>,

    /// Only every second sentence, so that rules can be made on one half and measured on the other.
    #[arg(long, value_enum)]
    half: Option<Half>,

    /// Prints what was missed and what was wrong of this kind, such as `phone`.
    #[arg(long)]
    misses: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Half {
    Even,
    Odd,
}

#[derive(Default)]
struct Score {
    labelled: usize,
    found: usize,
    findings: usize,
    right: usize,
}

/// The kinds that the sentences have labels of.
const KINDS: [(&str, DataKind, &str); 8] = [
    ("CREDIT_CARD", DataKind::CreditCard, "credit_card"),
    ("EMAIL_ADDRESS", DataKind::Email, "e_mail"),
    ("IBAN_CODE", DataKind::Iban, "iban"),
    ("IP_ADDRESS", DataKind::IpAddress, "ip_address"),
    ("PERSON", DataKind::PersonName, "name"),
    ("PHONE_NUMBER", DataKind::Phone, "phone"),
    ("STREET_ADDRESS", DataKind::PostalAddress, "address"),
    ("US_SSN", DataKind::NationalId, "national_id"),
];

fn kind_of(label: &str) -> Option<DataKind> {
    match label {
        "US_DRIVER_LICENSE" => Some(DataKind::NationalId),
        _ => KINDS.iter().find(|(name, ..)| *name == label).map(|(_, kind, _)| *kind),
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let text = fs::read_to_string(&arguments.sentences).context("reading the sentences")?;
    let sentences: Vec<Value> = serde_json::from_str(&text)?;
    let mut scores: BTreeMap<DataKind, Score> = BTreeMap::new();
    for (number, sentence) in sentences.iter().enumerate() {
        let wanted = arguments.half.is_none_or(|half| (number % 2 == 0) == (half == Half::Even));
        if wanted {
            judge(sentence, &mut scores, arguments.misses.as_deref()).with_context(|| format!("sentence {number}"))?;
        }
    }
    println!("{:<12} {:>8} {:>8} {:>9}", "kind", "labelled", "recall", "precision");
    for (_, kind, name) in KINDS {
        let score = scores.entry(kind).or_default();
        let recall = share(score.found, score.labelled);
        let precision = share(score.right, score.findings);
        println!("{name:<12} {:>8} {:>8} {:>9}", score.labelled, shown(recall), shown(precision));
        if let (None, Some(recall)) = (arguments.half, recall) {
            figures::record(&format!("redaction.recall.{name}"), recall, "1")?;
        }
        if let (None, Some(precision)) = (arguments.half, precision) {
            figures::record(&format!("redaction.precision.{name}"), precision, "1")?;
        }
    }
    let (mut bytes, mut secrets) = (0, 0);
    for folder in &arguments.plain {
        plain(folder, &mut bytes, &mut secrets)?;
    }
    if !arguments.plain.is_empty() {
        println!("{secrets} secrets in {bytes} bytes of ordinary text");
        figures::record("redaction.secrets_in_ordinary_text", f64::from(u32::try_from(secrets)?), "secrets")?;
    }
    Ok(())
}

fn judge(sentence: &Value, scores: &mut BTreeMap<DataKind, Score>, misses: Option<&str>) -> anyhow::Result<()> {
    let text = sentence.get("full_text").and_then(Value::as_str).context("no text")?;
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let place = |span: &Value, name: &str| -> anyhow::Result<usize> {
        let at = usize::try_from(span.get(name).and_then(Value::as_u64).context("no position")?)?;
        starts.get(at).copied().context("a position outside")
    };
    let mut labelled: Vec<(DataKind, Range<usize>)> = Vec::new();
    for span in sentence.get("spans").and_then(Value::as_array).into_iter().flatten() {
        if let Some(kind) = kind_of(span.get("entity_type").and_then(Value::as_str).unwrap_or_default()) {
            labelled.push((kind, place(span, "start_position")?..place(span, "end_position")?));
        }
    }
    let found: Vec<_> = Redactor::find(text).into_iter().map(|one| (one.kind, one.span.start..one.span.end)).collect();
    for (ours, theirs, is_label) in [(&labelled, &found, true), (&found, &labelled, false)] {
        for (kind, span) in ours {
            let covered: usize =
                theirs.iter().filter(|(other, _)| other == kind).map(|(_, other)| overlap(span, other)).sum();
            let is_hit = 2 * covered >= span.len();
            let score = scores.entry(*kind).or_default();
            let (all, hits) = match is_label {
                true => (&mut score.labelled, &mut score.found),
                false => (&mut score.findings, &mut score.right),
            };
            *all += 1;
            *hits += usize::from(is_hit);
            if !is_hit && misses == Some(kind.as_str()) {
                let what = if is_label { "missed" } else { "wrong" };
                println!("{what} {:?} in {text:?}", text.get(span.clone()).unwrap_or_default());
            }
        }
    }
    Ok(())
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> usize {
    one.end.min(other.end).saturating_sub(one.start.max(other.start))
}

fn share(part: usize, whole: usize) -> Option<f64> {
    let number = |count: usize| u32::try_from(count).map(f64::from).unwrap_or(f64::NAN);
    (whole > 0).then(|| number(part) / number(whole))
}

fn shown(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{share:.3}"))
}

/// Counts the secrets found in the text files of a folder.
fn plain(path: &Path, bytes: &mut usize, secrets: &mut usize) -> anyhow::Result<()> {
    if path.is_dir() {
        let mut entries: Vec<_> = fs::read_dir(path)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs::DirEntry::path);
        return entries.iter().try_for_each(|entry| plain(&entry.path(), bytes, secrets));
    }
    let Ok(text) = String::from_utf8(fs::read(path)?) else { return Ok(()) };
    *bytes += text.len();
    for one in Redactor::find(&text).into_iter().filter(|one| one.kind == DataKind::Secret) {
        println!("{}: {} at {}", path.display(), one.form, one.span.start);
        *secrets += 1;
    }
    Ok(())
}
