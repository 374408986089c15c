//! Text, speaker and time of one turn, under the keys that programs give them.

use super::super::html;
use super::super::stamp::{Moment, moment_of_number, moment_of_text};
use super::Turn;
use serde_json::{Map, Value};

type Object = Map<String, Value>;

const TEXT_KEYS: &[&str] = &[
    "text",
    "content",
    "transcript",
    "message",
    "utterance",
    "sentence",
    "caption",
    "display",
    "body",
    "value",
    "words",
    "sentences",
    "elements",
    "alternatives",
    "nBest",
    "msg",
    "lines",
];
const SPEAKER_KEYS: &[&str] = &[
    "speaker",
    "speaker_name",
    "speakerName",
    "speakerDisplayName",
    "speaker_label",
    "speakerLabel",
    "username",
    "user_name",
    "userName",
    "displayName",
    "display_name",
    "author",
    "participant",
    "participant_name",
    "sender",
    "sender_name",
    "from",
    "user",
    "users",
    "name",
    "who",
    "actor",
    "speaker_id",
    "speakerId",
    "speakerTag",
    "role",
];
const START_KEYS: &[&str] = &[
    "start",
    "start_time",
    "startTime",
    "startOffset",
    "start_offset",
    "begin",
    "from_time",
    "offset",
    "timestamp",
    "ts",
    "time",
    "date_unixtime",
    "createdDateTime",
    "created_at",
    "createdAt",
    "date",
    "sent_at",
];
const END_KEYS: &[&str] = &["end", "end_time", "endTime", "endOffset", "end_offset"];
const START_MS_KEYS: &[&str] =
    &["start_ms", "startMs", "start_time_ms", "offset_ms", "offsetMs", "offsetInMilliseconds", "startTimeMs"];
const END_MS_KEYS: &[&str] = &["end_ms", "endMs", "end_time_ms", "endTimeMs"];

/// Subtypes and types of entries that a program wrote.
const SYSTEM: &[&str] = &[
    "service",
    "system",
    "channel_join",
    "channel_leave",
    "channel_topic",
    "channel_purpose",
    "channel_name",
    "group_join",
    "group_leave",
    "bot_add",
    "bot_remove",
    "pinned_item",
    "systemEventMessage",
    "GuildMemberJoin",
    "ChannelPinnedMessage",
    "reminder_add",
    "channel_archive",
    "huddle_thread",
    "ThreadCreated",
];

/// Collects what is needed to tell seconds from milliseconds: some programs write the one, some the other, under the
/// same key.
#[derive(Debug, Default)]
pub(super) struct Clock {
    fraction: bool,
    latest: u64,
    words: usize,
    pub(super) local: bool,
}

impl Clock {
    fn note(&mut self, value: &Value) {
        match value {
            Value::Number(number) if !number.is_u64() => self.fraction = true,
            Value::String(_) => self.fraction = true,
            _ => {}
        }
    }

    /// Whole numbers under which nobody could speak so slowly were milliseconds.
    pub(super) fn settle(&self, turns: &mut [Turn]) {
        let seconds = self.latest / 1000;
        let words = u64::try_from(self.words).unwrap_or(u64::MAX);
        if self.fraction || seconds < 1000 || words.saturating_mul(20) >= seconds {
            return;
        }
        for turn in turns {
            turn.start_ms = turn.start_ms.map(|ms| ms / 1000);
            turn.end_ms = turn.end_ms.map(|ms| ms / 1000);
        }
    }
}

/// The turn in `map`, when it holds text.
pub(super) fn turn(map: &Object, clock: &mut Clock) -> Option<Turn> {
    let kind = ["type", "subtype", "messageType", "kind"].iter().filter_map(|key| map.get(*key)?.as_str());
    let system = kind.clone().any(|kind| SYSTEM.contains(&kind));
    let text = text(map).filter(|text| !text.trim().is_empty())?;
    let slack = map.contains_key("ts") && map.contains_key("type");
    let text = if slack { slack_text(&text) } else { text };
    let mut turn = Turn { text, speaker: speaker(map), system, ..Turn::default() };
    clock.words += turn.text.split_whitespace().count();
    let number = |keys: &[&str]| keys.iter().find_map(|key| map.get(*key)?.as_u64());
    turn.start_ms = number(START_MS_KEYS);
    turn.end_ms = number(END_MS_KEYS);
    if turn.start_ms.is_none() {
        times(map, &mut turn, clock);
    }
    Some(turn)
}

fn times(map: &Object, turn: &mut Turn, clock: &mut Clock) {
    // The first key that can be read: "date" may be a zone-less text where "date_unixtime" is exact.
    let mut read = |keys: &[&str]| {
        keys.iter().find_map(|key| {
            let value = map.get(*key)?;
            let found = moment(value)?;
            clock.note(value);
            Some(found)
        })
    };
    let (start, end) = (read(START_KEYS), read(END_KEYS));
    match start {
        Some(Moment::Offset(ms)) => turn.start_ms = Some(ms),
        Some(Moment::Instant(at)) => turn.at = Some(at),
        Some(Moment::Local(at)) => {
            turn.at = Some(at);
            clock.local = true;
        }
        None => {}
    }
    if let (Some(Moment::Offset(end)), Some(start)) = (end, turn.start_ms) {
        turn.end_ms = Some(end.max(start));
    }
    clock.latest = clock.latest.max(turn.end_ms.or(turn.start_ms).unwrap_or(0));
}

/// A point in time or an offset.
pub(super) fn moment(value: &Value) -> Option<Moment> {
    match value {
        Value::Number(number) => moment_of_number(number.as_f64()?),
        Value::String(text) => moment_of_text(text),
        _ => None,
    }
}

/// Whether an entry is a chat message: it has the keys of one.
pub(super) fn is_chat(item: &Value) -> bool {
    let Value::Object(map) = item else { return false };
    let typed = map.get("type").and_then(Value::as_str).is_some_and(|kind| kind == "message" || SYSTEM.contains(&kind));
    typed
        || map.contains_key("createdDateTime")
        || (map.contains_key("ts") && (map.contains_key("user") || map.contains_key("bot_id")))
        || map.get("author").is_some_and(Value::is_object)
        || (map.contains_key("from") && (map.contains_key("date") || map.contains_key("message")))
}

fn text(map: &Object) -> Option<String> {
    let own = TEXT_KEYS.iter().find_map(|key| text_of(map.get(*key)?, 0).filter(|text| !text.trim().is_empty()));
    // A bot's message often has its words only in what is attached.
    own.or_else(|| {
        let attached = map.get("attachments")?.as_array()?;
        let parts: Vec<&str> = attached.iter().filter_map(attached_text).collect();
        (!parts.is_empty()).then(|| parts.join("\n"))
    })
}

fn attached_text(item: &Value) -> Option<&str> {
    let item = item.as_object()?;
    ["text", "fallback", "title"].iter().find_map(|key| item.get(*key)?.as_str().filter(|text| !text.is_empty()))
}

/// Text in the forms it is kept in: a string, a list of words, pieces or sentences, the first alternative, an HTML body.
fn text_of(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if depth < 4 => {
            let alternatives =
                items.iter().all(|item| item.get("transcript").is_some() || item.get("display").is_some());
            let items = if alternatives { items.get(..1).unwrap_or_default() } else { items.as_slice() };
            let parts: Vec<String> = items.iter().filter_map(|item| text_of(item, depth + 1)).collect();
            // Pieces of one line keep their own spaces; words and sentences have none.
            let spaced = parts.iter().any(|part| part.starts_with(' ') || part.ends_with(' '));
            let text = parts.join(if spaced { "" } else { " " });
            (!text.trim().is_empty()).then_some(text)
        }
        Value::Object(map) if depth < 4 => {
            let html = map.get("contentType").and_then(Value::as_str) == Some("html");
            let keys = ["text", "content", "transcript", "display", "word", "value", "punctuated_word", "message"];
            let text = keys.iter().find_map(|key| text_of(map.get(*key)?, depth + 1))?;
            Some(if html { html::to_text(&text).text } else { text })
        }
        _ => None,
    }
}

fn speaker(map: &Object) -> Option<String> {
    let profile = map.get("user_profile").and_then(name_of);
    profile.or_else(|| SPEAKER_KEYS.iter().find_map(|key| name_of(map.get(*key)?)))
}

fn name_of(value: &Value) -> Option<String> {
    match value {
        Value::String(name) if !name.trim().is_empty() => Some(name.trim().to_owned()),
        Value::Number(number) => Some(format!("Speaker {number}")),
        Value::Array(items) => name_of(items.first()?),
        Value::Object(map) => {
            let keys = [
                "display_name",
                "displayName",
                "real_name",
                "nickname",
                "name",
                "username",
                "user_name",
                "global_name",
                "user",
                "emailAddress",
                "email",
                "id",
            ];
            keys.iter().find_map(|key| map.get(*key).filter(|v| !v.is_array() && !v.is_null()).and_then(name_of))
        }
        _ => None,
    }
}

/// Slack's own markup as text: `<@U1>` becomes `@U1`, `<address|label>` becomes `label (address)`.
fn slack_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at_checked(at).unwrap_or((rest, ""));
        html::entities(before, &mut out);
        let end = tag.bytes().take(4096).position(|b| b == b'>');
        let Some((inside, after)) = end.and_then(|end| Some((tag.get(1..end)?, tag.get(end + 1..)?))) else {
            out.push('<');
            rest = tag.strip_prefix('<').unwrap_or_default();
            continue;
        };
        let (target, label) = inside.split_once('|').unwrap_or((inside, ""));
        match (target.chars().next(), label) {
            (Some('@'), "") => out.push_str(target),
            (Some('@'), label) => out.push_str(&format!("@{label}")),
            (Some('#'), label) if !label.is_empty() => out.push_str(&format!("#{label}")),
            (Some('!'), "") => out.push_str(&target.replacen('!', "@", 1)),
            (_, "") => html::entities(target, &mut out),
            (_, label) => {
                html::entities(label, &mut out);
                if target.contains("://") && !target.contains(label) {
                    out.push_str(&format!(" ({target})"));
                }
            }
        }
        rest = after;
    }
    html::entities(rest, &mut out);
    out
}
