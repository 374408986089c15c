//! JSON: finds the list of turns or messages in whatever a recorder, transcriber or chat program exports.
//!
//! The shapes are known by their keys ([`fields`]), not by the product: a list of objects that have a text and a speaker
//! or a time, at the top or under a key that such lists have.

mod aws;
mod fields;

use super::Unreadable;
use super::stamp::Moment;
use crate::domain::{DocumentFormat, RefusalReason, Timestamp};
use serde_json::{Map, Value};

/// One turn or message.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Turn {
    pub(super) text: String,
    pub(super) speaker: Option<String>,
    pub(super) at: Option<Timestamp>,
    pub(super) start_ms: Option<u64>,
    pub(super) end_ms: Option<u64>,
    /// A note of the program (somebody joined), said by nobody.
    pub(super) system: bool,
}

/// What was found in a JSON document.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) format: DocumentFormat,
    pub(super) turns: Vec<Turn>,
    pub(super) title: Option<String>,
    pub(super) date: Option<Timestamp>,
    pub(super) warnings: Vec<String>,
}

/// Keys under which turns are found, the surest first.
const LIST_KEYS: &[&str] = &[
    "meeting_transcripts",
    "utterances",
    "monologues",
    "segments",
    "turns",
    "entries",
    "messages",
    "transcript",
    "transcripts",
    "transcription",
    "sentences",
    "paragraphs",
    "captions",
    "cues",
    "phrases",
    "recognizedPhrases",
    "dialogue",
    "dialog",
    "conversation",
    "timeline",
    "speeches",
    "lines",
    "chat",
    "value",
    "items",
];

/// Keys of objects that only wrap the list.
const WRAPPERS: &[&str] =
    &["results", "result", "data", "response", "meeting", "call", "recording", "body", "monologue"];

/// Parses `text` when it is JSON or meant to be: `None` for text that merely starts with a bracket.
pub(super) fn parse(text: &str, name: &str) -> Result<Option<Value>, Unreadable> {
    let start = text.trim_start();
    if !start.starts_with(['{', '[']) {
        return Ok(None);
    }
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(Some(value)),
        Err(error) => error,
    };
    if let Some(values) = json_lines(start) {
        return Ok(Some(Value::Array(values)));
    }
    let inside = start.get(1..).unwrap_or_default().trim_start();
    let meant = name.to_ascii_lowercase().ends_with(".json")
        || if start.starts_with('{') { inside.starts_with(['"', '}']) } else { inside.starts_with(['{', '"']) };
    if !meant {
        return Ok(None);
    }
    // The message of serde_json names what was expected and never quotes the document.
    Err(Unreadable::new(RefusalReason::Damaged, format!("broken JSON: {error}")))
}

/// One object per line.
fn json_lines(text: &str) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        values.push(value.ok().filter(Value::is_object)?);
    }
    (values.len() > 1).then_some(values)
}

/// The turns in `value`.
pub(super) fn find_turns(value: &Value) -> Result<Found, Unreadable> {
    let Some((key, turns)) = search(value, "", 0) else {
        return Err(Unreadable::new(RefusalReason::UnknownShape, describe(value)));
    };
    let chat = turns.chat || key == "messages";
    let mut found = Found {
        format: if chat { DocumentFormat::Chat } else { DocumentFormat::Transcript },
        turns: turns.turns,
        title: None,
        date: None,
        warnings: Vec::new(),
    };
    if turns.without_text > 0 {
        found.warnings.push(format!("{} entries hold no text and were left out", turns.without_text));
    }
    if turns.local_times {
        found.warnings.push("times have no zone; they were taken for UTC".to_owned());
    }
    if let Value::Object(map) = value {
        found.title = ["title", "meeting_title", "meetingTitle", "topic", "subject", "name"]
            .iter()
            .find_map(|key| map.get(*key)?.as_str().map(str::to_owned));
        found.date = ["date", "recorded_at", "recordedAt", "created_at", "createdAt", "start_time", "meeting_date"]
            .iter()
            .find_map(|key| fields::moment(map.get(*key)?))
            .and_then(|moment| match moment {
                Moment::Instant(at) => Some(at),
                Moment::Local(_) | Moment::Offset(_) => None,
            });
    }
    Ok(found)
}

/// The turns of one list.
#[derive(Debug, Default)]
struct List {
    turns: Vec<Turn>,
    chat: bool,
    without_text: usize,
    local_times: bool,
}

/// Looks for the list at this level, then one level down; deeper than four nothing keeps its turns.
fn search<'v>(value: &'v Value, key: &'v str, depth: usize) -> Option<(&'v str, List)> {
    match value {
        Value::Array(items) => list(items, key).map(|list| (key, list)),
        Value::Object(map) => {
            if let Some(turns) = aws::turns(map) {
                return Some((key, List { turns, ..List::default() }));
            }
            if depth >= 4 {
                return None;
            }
            let below = |key: &&'static str| map.get(*key).and_then(|value| search(value, key, depth + 1));
            LIST_KEYS.iter().find_map(below).or_else(|| WRAPPERS.iter().find_map(below)).or_else(|| {
                let text = spoken_text(map, key)?;
                Some((key, List { turns: text_turns(text), ..List::default() }))
            })
        }
        Value::String(text) if depth > 0 && key.starts_with("transcript") && !text.trim().is_empty() => {
            Some((key, List { turns: text_turns(text), ..List::default() }))
        }
        _ => None,
    }
}

/// The text of an object that is a transcript as a whole: a speech model's answer without segments.
fn spoken_text<'v>(map: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
    const BESIDE: &[&str] = &[
        "text",
        "language",
        "duration",
        "task",
        "segments",
        "words",
        "usage",
        "confidence",
        "model",
        "id",
        "title",
        "date",
    ];
    if let Some(text) = map.get("transcript").and_then(Value::as_str) {
        return Some(text);
    }
    let text = map.get("text").and_then(Value::as_str).filter(|text| !text.trim().is_empty())?;
    (key.is_empty() && map.keys().all(|key| BESIDE.contains(&key.as_str()))).then_some(text)
}

/// A transcript kept as one string: a turn per paragraph, with the speaker where every line names one.
fn text_turns(text: &str) -> Vec<Turn> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let named = lines.iter().filter(|line| split_speaker(line).is_some()).count();
    let by_speaker = named >= 2 && named * 2 >= lines.len();
    let mut turns: Vec<Turn> = Vec::new();
    for line in lines {
        match split_speaker(line).filter(|_| by_speaker) {
            Some((speaker, said)) => {
                turns.push(Turn { text: said.to_owned(), speaker: Some(speaker.to_owned()), ..Turn::default() });
            }
            None => match turns.last_mut().filter(|_| by_speaker) {
                Some(turn) => {
                    turn.text.push(' ');
                    turn.text.push_str(line);
                }
                None => turns.push(Turn { text: line.to_owned(), ..Turn::default() }),
            },
        }
    }
    turns
}

/// `Name: text` with a short name.
pub(super) fn split_speaker(line: &str) -> Option<(&str, &str)> {
    let (name, said) = line.split_once(':')?;
    let name = name.trim();
    let fits = !name.is_empty() && name.chars().count() <= 40 && name.split_whitespace().count() <= 5;
    let named = name.chars().any(char::is_alphabetic) && !name.contains(['.', '?', '!', '"', '/', '(']);
    (fits && named && said.starts_with(' ') && !said.trim().is_empty()).then(|| (name, said.trim()))
}

/// The turns of `items` when it is a list of turns.
fn list(items: &[Value], key: &str) -> Option<List> {
    let known = LIST_KEYS.contains(&key);
    let mut list = List::default();
    let (mut named, mut timed, mut chat) = (0usize, 0usize, 0usize);
    let mut clock = fields::Clock::default();
    for item in items {
        let Some(turn) = turn_of(item, &mut clock) else {
            list.without_text += 1;
            continue;
        };
        named += usize::from(turn.speaker.is_some());
        timed += usize::from(turn.start_ms.is_some() || turn.at.is_some());
        chat += usize::from(fields::is_chat(item));
        list.turns.push(turn);
    }
    let count = list.turns.len();
    let strings = items.iter().filter(|item| item.is_string()).count();
    let marked = named * 2 >= count || timed * 2 >= count;
    let plain = known && strings == items.len() && !matches!(key, "lines" | "items" | "value" | "entries");
    let mostly_text = count * 2 >= items.len() || chat * 2 >= count;
    if count == 0 || !(mostly_text && marked || plain) {
        return None;
    }
    list.chat = chat * 2 > count;
    list.local_times = clock.local;
    clock.settle(&mut list.turns);
    Some(list)
}

fn turn_of(item: &Value, clock: &mut fields::Clock) -> Option<Turn> {
    match item {
        Value::String(line) if !line.trim().is_empty() => {
            let (speaker, text) = match split_speaker(line) {
                Some((speaker, text)) => (Some(speaker.to_owned()), text),
                None => (None, line.as_str()),
            };
            Some(Turn { text: text.to_owned(), speaker, ..Turn::default() })
        }
        Value::Array(pair) => match pair.as_slice() {
            [Value::String(speaker), Value::String(text)] => {
                Some(Turn { text: text.clone(), speaker: Some(speaker.clone()), ..Turn::default() })
            }
            _ => None,
        },
        Value::Object(map) => fields::turn(map, clock),
        _ => None,
    }
}

/// What stands at the top, for the refusal: kinds and keys, no content.
fn describe(value: &Value) -> String {
    let keys = |map: &Map<String, Value>| {
        // No part of a key: half a token would not be known as one where refusals are redacted.
        let shown = map.keys().take(8).map(|key| match key.chars().count() {
            0..=30 => key.clone(),
            long => format!("({long} characters)"),
        });
        let shown: Vec<String> = shown.collect();
        let more = if map.len() > shown.len() { ", …" } else { "" };
        format!("{}{more}", shown.join(", "))
    };
    match value {
        Value::Object(map) if map.is_empty() => "an empty object".to_owned(),
        Value::Object(map) => format!("an object with the keys {}, no list of turns or messages in it", keys(map)),
        Value::Array(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Array(items) => match items.first() {
            Some(Value::Object(map)) => {
                format!("a list of {} objects with the keys {}, no turns or messages", items.len(), keys(map))
            }
            _ => format!("a list of {} values that are no turns or messages", items.len()),
        },
        Value::String(_) => "a single string".to_owned(),
        _ => "a single value".to_owned(),
    }
}

#[cfg(test)]
mod tests;
