//! Amazon Transcribe's output: words with times, speakers in a list of their own.

use super::super::stamp::{Moment, moment_of_text};
use super::Turn;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// A pause after which a new turn begins when nobody is told apart.
const PAUSE_MS: u64 = 2_000;

/// The turns of `results` (or of the object that holds it).
pub(super) fn turns(map: &Map<String, Value>) -> Option<Vec<Turn>> {
    let results = map.get("results").and_then(Value::as_object).unwrap_or(map);
    let items = results.get("items")?.as_array()?;
    results.get("transcripts")?.as_array()?;
    let speakers = speakers(results);
    let mut turns: Vec<Turn> = Vec::new();
    for item in items {
        let content = item.get("alternatives").and_then(|list| list.get(0)?.get("content")?.as_str());
        let Some(content) = content else { continue };
        let time = |key: &str| item.get(key)?.as_str().and_then(offset);
        let Some(start) = time("start_time") else {
            // Punctuation has no time and belongs to the word before it.
            if let Some(turn) = turns.last_mut() {
                turn.text.push_str(content);
            }
            continue;
        };
        let label = item.get("speaker_label").and_then(Value::as_str);
        let speaker = label.or_else(|| speakers.get(&start).copied()).map(str::to_owned);
        let end = time("end_time");
        match turns.last_mut() {
            Some(turn) if goes_on(turn, speaker.as_deref(), start) => {
                turn.text.push(' ');
                turn.text.push_str(content);
                turn.end_ms = end.or(turn.end_ms);
            }
            _ => turns.push(Turn {
                text: content.to_owned(),
                speaker,
                start_ms: Some(start),
                end_ms: end,
                ..Turn::default()
            }),
        }
    }
    if turns.is_empty() {
        let text = results.get("transcripts")?.get(0)?.get("transcript")?.as_str()?;
        turns = super::text_turns(text);
    }
    Some(turns)
}

fn goes_on(turn: &Turn, speaker: Option<&str>, start: u64) -> bool {
    let pause = start.saturating_sub(turn.end_ms.unwrap_or(start));
    let sentence = turn.text.ends_with(['.', '?', '!']);
    turn.speaker.as_deref() == speaker
        && !(sentence && (speaker.is_none() || turn.text.len() > 800) && pause >= PAUSE_MS / 2)
        && pause < PAUSE_MS * 5
}

/// Who speaks the word that starts at a time.
fn speakers(results: &Map<String, Value>) -> HashMap<u64, &str> {
    let mut speakers = HashMap::new();
    let segments = results.get("speaker_labels").and_then(|labels| labels.get("segments")?.as_array());
    for segment in segments.into_iter().flatten() {
        let label = segment.get("speaker_label").and_then(Value::as_str);
        for item in segment.get("items").and_then(Value::as_array).into_iter().flatten() {
            let start = item.get("start_time").and_then(Value::as_str).and_then(offset);
            let label = item.get("speaker_label").and_then(Value::as_str).or(label);
            if let (Some(start), Some(label)) = (start, label) {
                speakers.insert(start, label);
            }
        }
    }
    speakers
}

fn offset(text: &str) -> Option<u64> {
    match moment_of_text(text)? {
        Moment::Offset(ms) => Some(ms),
        Moment::Instant(_) | Moment::Local(_) => None,
    }
}
