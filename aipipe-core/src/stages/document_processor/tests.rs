//! The promises all readers share, on everything they could be given.

use super::*;
use crate::domain::{Place, SegmentKind};
use proptest::prelude::*;

fn name(text: &str) -> DocumentName {
    DocumentName::parse(text).unwrap()
}

fn refused(file: &str, bytes: &[u8]) -> Unreadable {
    read_document(&name(file), bytes, &ReadLimits::default()).unwrap_err()
}

fn read(file: &str, bytes: &[u8]) -> ReadDocument {
    read_document(&name(file), bytes, &ReadLimits::default()).unwrap()
}

/// Checks what is promised of every document that was read.
fn check(document: &ReadDocument, bytes: &[u8]) {
    let mut end = 0;
    assert!(!document.segments.is_empty());
    for (at, segment) in document.segments.iter().enumerate() {
        let between = document.text.get(end..segment.span.start).expect("spans are ordered and on boundaries");
        assert_eq!(between, if at == 0 { "" } else { "\n\n" });
        let text = segment.span.of(&document.text).expect("spans are valid");
        assert!(!text.is_empty() && text == text.trim(), "{text:?}");
        assert!(segment.source.is_none_or(|source| source.start <= source.end && source.end <= bytes.len()));
        assert!(segment.headings.iter().all(|heading| heading.chars().count() <= 161));
        end = segment.span.end;
    }
    assert_eq!(end, document.text.len());
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t') || clean::is_invisible(c);
    assert!(!document.text.contains(odd));
    let metadata = &document.metadata;
    let labels = metadata
        .title
        .iter()
        .chain(&metadata.people)
        .chain(document.segments.iter().filter_map(|s| s.speaker.as_ref()));
    assert!(labels.into_iter().all(|label| !label.is_empty() && !label.contains(odd) && label == label.trim()));
}

fn check_any(file: &str, bytes: &[u8]) {
    match read_document(&name(file), bytes, &ReadLimits::default()) {
        Ok(document) => {
            check(&document, bytes);
            assert_eq!(detect(&name(file), bytes), Ok(document.format));
        }
        Err(error) => assert!(!error.detail.is_empty()),
    }
}

/// Pieces that the readers look for, to be put together in any order.
const PIECES: &[&str] = &[
    "# ",
    "## Goals",
    "\n",
    "\n\n",
    "- ",
    "* item",
    "1. ",
    "1.2 Scope",
    "a) x",
    "    ",
    "\t",
    "> ",
    ">> ",
    "```",
    "~~~",
    "---",
    "===",
    "| a | b |",
    "|---|",
    "**bold**",
    "_x_",
    "[t](http://e.example)",
    "![i](u)",
    "<!--",
    "-->",
    "Must have:",
    "Users can:",
    "From: Ann <ann@example.org>\n",
    "To: b@example.org\n",
    "Subject: =?utf-8?q?x=C3=A9?=\n",
    "Date: Thu, 12 Mar 2026 15:05:00 +0100\n",
    "MIME-Version: 1.0\n",
    "Content-Type: multipart/mixed; boundary=b\n",
    "Content-Type: text/html\n",
    "Content-Type: message/rfc822\n",
    "Content-Transfer-Encoding: base64\n",
    "--b\n",
    "--b--\n",
    "From x@example.org Thu Mar 12 14:05:01 2026\n",
    "On Mon, Mar 9, 2026 at 9:00 AM, Ann <a@example.org> wrote:",
    "-----Original Message-----",
    "Sent from my iPhone",
    "-- \n",
    "Best regards,\nAnn",
    "[12/03/2026, 14:05:11] Ann: ",
    "12/03/26, 2:05 PM - Ben: ",
    "[14:05] ann: ",
    "<ben> ",
    "Ann: hello there you\n",
    "Ben: why is that\n",
    "Ann  2:05 PM\n",
    "{\"transcript\":[",
    "{\"speaker\":\"A\",",
    "\"text\":\"one\"",
    "\"start\":1.5,",
    "}",
    "]",
    "{\"messages\":[",
    "\"ts\":\"1773324300.1\"",
    "{gap}",
    "{",
    "[",
    "\"",
    ",",
    "\u{200B}",
    "\u{202E}",
    "\u{0}",
    "\r",
    "é",
    "漢字",
    "🦀",
    "<p>",
    "</p>",
    "<html>",
    "<ul><li>",
    "<blockquote>",
    "<script>",
    "&amp;",
    "&#x",
    "<",
    "word word word",
    "The system shall log in.",
    "00:00:01.000 --> 00:00:02.000\n",
    "WEBVTT\n",
    "%PDF-1.7\n",
    "1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n",
    "%%EOF",
    "trailer<</Root 1 0 R>>\n",
    "startxref\n0\n",
    "stream\n",
    "endstream\n",
    "ANY CAPITALS",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        check_any("x.txt", &bytes);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,300}") {
        check_any("x.txt", text.as_bytes());
    }

    #[test]
    fn pieces_in_any_order_are_read_or_refused(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..40),
        file in proptest::sample::select(&["x.md", "x.json", "x.eml", "x.pdf"][..]),
    ) {
        check_any(file, pieces.concat().as_bytes());
    }

    #[test]
    fn pieces_as_lines_are_read_or_refused(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..40)) {
        check_any("x.txt", pieces.join("\n").as_bytes());
        let utf16: Vec<u8> = pieces.join("\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
        check_any("x.txt", &[&b"\xFF\xFE"[..], &utf16].concat());
    }

    #[test]
    fn a_damaged_mail_is_read_or_refused(cut in 0usize..400, byte in any::<u8>(), at in 0usize..400) {
        let mut mail = b"From: a@example.org\r\nSubject: x\r\nContent-Type: multipart/alternative; boundary=\"b\"\r\n\r\n--b\r\n\
            Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nSGVsbG8gdGhlcmU=\r\n--b\r\n\
            Content-Type: text/html\r\n\r\n<p>Hello <b>there</b></p>\r\n--b--\r\n".to_vec();
        if let Some(slot) = mail.get_mut(at) {
            *slot = byte;
        }
        mail.truncate(cut);
        check_any("x.eml", &mail);
    }
}

#[test]
fn what_holds_no_document_is_refused_with_its_reason() {
    let zeros = vec![0u8; 4096];
    let mut noise: Vec<u8> = (0..4096u32).map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap()).collect();
    noise[0] = 0x9C;
    for (file, bytes, reason, detail) in [
        ("a.txt", &b""[..], RefusalReason::Empty, "has no bytes"),
        ("a.txt", b" \r\n\t ", RefusalReason::Empty, "only white space"),
        ("a.txt", "\u{FEFF}\u{200B}\n".as_bytes(), RefusalReason::Empty, "invisible"),
        ("a.md", b"\x89PNG\r\n\x1A\n....", RefusalReason::UnsupportedFormat, "PNG image"),
        ("a.txt", b"PK\x03\x04\x14\x00\x06\x00word/document.xml", RefusalReason::UnsupportedFormat, "docx"),
        ("a.txt", b"PK\x03\x04\x14\x00\x06\x00readme", RefusalReason::UnsupportedFormat, "zip"),
        ("a.txt", b"\x1F\x8B\x08\x00\x00", RefusalReason::UnsupportedFormat, "gzip"),
        ("a.txt", b"\x7FELF\x02\x01\x01\x00", RefusalReason::UnsupportedFormat, "ELF"),
        ("a.txt", &zeros, RefusalReason::UnsupportedFormat, "zero bytes"),
        ("a.txt", &noise, RefusalReason::UnsupportedFormat, "binary data"),
        ("a.pdf", b"%PDF-1.7\n%broken", RefusalReason::Damaged, ""),
        ("a.json", b"{\"transcript\": [", RefusalReason::Damaged, "line 1"),
        ("a.txt", b"{\"a\": 1}", RefusalReason::UnknownShape, "the keys a"),
    ] {
        let error = refused(file, bytes);
        assert_eq!(error.reason, reason, "{error}");
        assert!(error.detail.contains(detail), "{error}");
    }
}

#[test]
fn limits_are_named_with_what_was_found() {
    let big = "word ".repeat(100);
    let limits = ReadLimits::default().with_max_bytes(100);
    let error = read_document(&name("a.txt"), big.as_bytes(), &limits).unwrap_err();
    assert_eq!(error.to_string(), "too large: has 500 bytes, the limit is 100 bytes");
    let limits = ReadLimits::default().with_max_segments(3);
    let error = read_document(&name("a.txt"), "x\n\n".repeat(9).as_bytes(), &limits).unwrap_err();
    assert_eq!(error.reason, RefusalReason::TooLarge);
    let limits = ReadLimits::default().with_max_lines(3);
    assert!(read_document(&name("a.txt"), "x\n".repeat(9).as_bytes(), &limits).is_err());
    let limits = ReadLimits::default().with_max_text_bytes(10);
    assert!(read_document(&name("a.txt"), big.as_bytes(), &limits).is_err());
}

#[test]
fn the_name_does_not_decide_what_a_file_is() {
    let text = "We met to talk about the pdf export of the shop.";
    assert_eq!(read("notes.pdf", text.as_bytes()).format, DocumentFormat::Text);
    assert_eq!(read("notes.txt", b"# Plan\n\n- one\n- two").format, DocumentFormat::Markdown);
    assert_eq!(read("notes.txt", b"[{\"speaker\":\"A\",\"text\":\"hi\"}]").format, DocumentFormat::Transcript);
    assert_eq!(read("notes.md", text.as_bytes()).format, DocumentFormat::Markdown);
    assert_eq!(read("a.txt", b"[draft] this is no JSON at all").format, DocumentFormat::Text);
    assert_eq!(refused("a.json", b"[draft] this is no JSON at all").reason, RefusalReason::Damaged);
}

#[test]
fn sources_of_text_segments_are_the_bytes_they_came_from() {
    let bytes = b"\xEF\xBB\xBF# Caf\xC3\xA9\r\n\r\nwe \xE9 need\r\na shop\r\n";
    let found = read("a.txt", bytes);
    let source = found.segments[1].source.unwrap();
    assert_eq!(&bytes[source.start..source.end], b"we \xE9 need\r\na shop");
    assert_eq!(found.segments[1].place, Place::Lines { first: 3, last: 4 });
    assert_eq!(found.segments[1].span.of(&found.text), Some("we é need a shop"));
    assert_eq!(found.metadata.title.as_deref(), Some("Café"));
}

#[test]
fn mail_pasted_into_a_text_file_keeps_its_quotes_apart() {
    let text =
        "We also need a cart.\n\nOn Mon, Mar 9, 2026 at 9:00 AM, Ann <ann@example.org> wrote:\n> We need search.\n";
    let found = read("thread.txt", text.as_bytes());
    let last = found.segments.last().unwrap();
    assert_eq!((last.kind, last.speaker.as_deref()), (SegmentKind::Quoted, Some("Ann")));
    assert_eq!(last.place, Place::Lines { first: 4, last: 4 });
    check(&found, text.as_bytes());
}

#[test]
fn html_pages_are_read_without_their_markup() {
    let html = b"<!DOCTYPE html><title>Plan</title>\n<h1>Shop</h1>\n<p>We need\na cart.</p><script>x</script>";
    let found = read("a.html", html);
    assert_eq!(found.text, "Shop\n\nWe need a cart.");
    assert_eq!(found.segments[1].place, Place::Lines { first: 3, last: 3 });
    assert_eq!(found.metadata.title.as_deref(), Some("Plan"));
}

#[test]
fn hostile_repetitions_take_linear_work() {
    // Whatever looks back or ahead without a bound shows here as a test that does not end.
    let repeated = [
        "> ",
        ">",
        "- ",
        "[",
        "](",
        "`",
        "``a",
        "*a ",
        "_a ",
        "<a ",
        "<!--",
        "&",
        "On 1 ",
        "On 1, a wrote\n",
        "a: b\n",
        "[1:11] a\n",
        "# a\n",
        "|a",
        "- a:\n  ",
        "1.1",
        "{\"a\":",
        "From: a\nTo: b\n",
        "From a 1:1\n",
        "\n\n a",
        "x\n---\n",
        "```\n",
        "-----\n",
        "a\u{200B}",
        "Ann: a b c\nBen: d e f\n",
        "{gap",
        "(",
        "1:",
        "Best,\n",
        "<p>",
        "<blockquote>",
        "<ul>",
    ];
    for piece in repeated {
        let text = piece.repeat(20_000 / piece.len());
        check_any("x.txt", text.as_bytes());
        check_any("x.eml", format!("From: a@example.org\nSubject: x\n\n{text}").as_bytes());
        check_any("x.html", format!("<html>{text}").as_bytes());
        let json = serde_json::json!([{ "speaker": "A", "text": text }, { "speaker": "B", "text": "b" }]);
        check_any("x.json", json.to_string().as_bytes());
    }
}
