use crate::domain::{DocumentFormat, DocumentName, Place, RefusalReason, SegmentKind, Timestamp};
use crate::stages::document_processor::{ReadDocument, ReadLimits, Unreadable, read_document};

fn try_read(json: &str) -> Result<ReadDocument, Unreadable> {
    read_document(&DocumentName::parse("call.json").unwrap(), json.as_bytes(), &ReadLimits::default())
}

fn turns(json: &str) -> Vec<(Option<String>, String, Place)> {
    let document = try_read(json).unwrap();
    let text = |s: &crate::domain::Segment| s.span.of(&document.text).unwrap().to_owned();
    document.segments.iter().map(|s| (s.speaker.clone(), text(s), s.place.clone())).collect()
}

fn time(start_ms: u64, end_ms: Option<u64>) -> Place {
    Place::Time { start_ms, end_ms }
}

#[test]
fn turns_are_found_under_the_keys_programs_use() {
    let both = [
        r#"[{"speaker":"A","text":"one"},{"speaker":"B","text":"two"}]"#,
        r#"{"transcript":[{"speaker_name":"A","content":"one"},{"speaker_name":"B","content":"two"}]}"#,
        r#"{"meeting_transcripts":[{"speaker":"A","content":"one"},{"speaker":"B","content":"two"}]}"#,
        r#"{"results":{"utterances":[{"participant":{"name":"A"},"transcript":"one"},{"participant":{"name":"B"},"transcript":"two"}]}}"#,
        r#"{"monologues":[{"speaker":"A","elements":[{"value":"one"}]},{"speaker":"B","elements":[{"value":"two"}]}]}"#,
        r#"{"transcript":"A: one\nB: two"}"#,
        r#"{"transcript":["A: one","B: two"]}"#,
        "{\"speaker\":\"A\",\"text\":\"one\"}\n{\"speaker\":\"B\",\"text\":\"two\"}\n",
    ];
    for json in both {
        let found = turns(json);
        let said: Vec<(Option<&str>, &str)> = found.iter().map(|t| (t.0.as_deref(), t.1.as_str())).collect();
        assert_eq!(said, [(Some("A"), "one"), (Some("B"), "two")], "{json}");
        assert_eq!(found[1].2, Place::Turn { index: 2 });
    }
}

#[test]
fn times_are_seconds_milliseconds_or_clock_texts() {
    let whisper = r#"{"text":"x","segments":[{"start":0.0,"end":2.5,"text":" We need"},{"start":2.5,"end":4.0,"text":" a shop."},{"start":4.0,"end":5.0,"text":" Ok."}]}"#;
    assert_eq!(
        turns(whisper),
        [(None, "We need a shop.".to_owned(), time(0, Some(4000))), (None, "Ok.".to_owned(), time(4000, Some(5000))),]
    );
    let millis = r#"{"utterances":[{"speaker":"A","start":250,"end":26500,"text":"Smoke from hundreds of fires."},{"speaker":"B","start":3600500,"end":3700500,"text":"Good bye to all."}]}"#;
    assert_eq!(turns(millis)[1].2, time(3_600_500, Some(3_700_500)));
    let teams = r#"{"entries":[{"speakerDisplayName":"A","text":"one","startOffset":"00:00:03.1230000"}]}"#;
    assert_eq!(turns(teams)[0].2, time(3_123, None));
}

#[test]
fn words_of_amazon_transcribe_become_turns() {
    let json = r#"{"results":{"transcripts":[{"transcript":"Hello there. Yes."}],
        "speaker_labels":{"segments":[{"speaker_label":"spk_0","items":[{"start_time":"0.1","speaker_label":"spk_0"},{"start_time":"0.5","speaker_label":"spk_0"}]},
            {"speaker_label":"spk_1","items":[{"start_time":"1.5","speaker_label":"spk_1"}]}]},
        "items":[{"start_time":"0.1","end_time":"0.4","type":"pronunciation","alternatives":[{"content":"Hello"}]},
            {"start_time":"0.5","end_time":"0.9","type":"pronunciation","alternatives":[{"content":"there"}]},
            {"type":"punctuation","alternatives":[{"content":"."}]},
            {"start_time":"1.5","end_time":"1.9","type":"pronunciation","alternatives":[{"content":"Yes"}]},
            {"type":"punctuation","alternatives":[{"content":"."}]}]}}"#;
    assert_eq!(
        turns(json),
        [
            (Some("spk_0".to_owned()), "Hello there.".to_owned(), time(100, Some(900))),
            (Some("spk_1".to_owned()), "Yes.".to_owned(), time(1500, Some(1900))),
        ]
    );
}

#[test]
fn chat_exports_are_chats() {
    let slack = r#"[{"type":"message","subtype":"channel_join","user":"U1","text":"<@U1> has joined the channel","ts":"1773324300.000002"},
        {"type":"message","user":"U1","text":"see <https://example.org|the plan> &amp; tell <@U2>","ts":"1773324300.000002"}]"#;
    let found = try_read(slack).unwrap();
    assert_eq!(found.format, DocumentFormat::Chat);
    assert_eq!(found.segments[0].kind, SegmentKind::Boilerplate);
    assert_eq!(found.segments[1].at, Timestamp::parse("2026-03-12T14:05:00Z").ok());
    assert!(found.text.ends_with("see the plan (https://example.org) & tell @U2"));
    let discord = r#"{"channel":{},"messages":[{"type":"Default","timestamp":"2026-03-12T14:05:00+00:00","content":"hi","author":{"name":"ann"}}]}"#;
    assert_eq!(turns(discord)[0].0.as_deref(), Some("ann"));
    let telegram = r#"{"name":"Shop","type":"personal_chat","messages":[{"type":"service","text":"","actor":"A"},
        {"type":"message","date":"2026-03-12T14:05:00","date_unixtime":"1773324300","from":"Ann","text":["see ",{"type":"link","text":"example.org"}]}]}"#;
    assert_eq!(turns(telegram)[0].1, "see example.org");
    let graph = r#"{"value":[{"messageType":"message","createdDateTime":"2026-03-12T14:05:00Z","from":{"user":{"displayName":"Ann"}},"body":{"contentType":"html","content":"<p>a &lt; b</p>"}}]}"#;
    assert_eq!((turns(graph)[0].0.as_deref(), turns(graph)[0].1.as_str()), (Some("Ann"), "a < b"));
}

#[test]
fn other_json_is_refused_with_what_was_found() {
    for (json, part) in [
        (r#"{"name":"shop","version":"1.0.0"}"#, "an object with the keys name, version"),
        (r#"[{"id":1,"price":2}]"#, "a list of 1 objects with the keys id, price"),
        (r#"["a","b"]"#, "a list of 2 values"),
        ("[]", "an empty list"),
        ("{}", "an empty object"),
    ] {
        let error = try_read(json).unwrap_err();
        assert_eq!(error.reason, RefusalReason::UnknownShape, "{json}");
        assert!(error.detail.contains(part), "{}", error.detail);
    }
}

#[test]
fn broken_json_says_where() {
    let error = try_read("{\"transcript\": [\n{\"speaker\": \"A\", \"text\" \"x\"}]}").unwrap_err();
    assert_eq!(error.reason, RefusalReason::Damaged);
    assert!(error.detail.contains("line 2"), "{}", error.detail);
    let deep = "[".repeat(100_000);
    assert_eq!(try_read(&format!("{{\"a\":{deep}")).unwrap_err().reason, RefusalReason::Damaged);
}
