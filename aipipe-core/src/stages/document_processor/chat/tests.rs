use crate::domain::{DocumentFormat, DocumentName, Place, SegmentKind, Timestamp};
use crate::stages::document_processor::{ReadDocument, ReadLimits, read_document};

fn read(text: &str) -> ReadDocument {
    read_document(&DocumentName::parse("log.txt").unwrap(), text.as_bytes(), &ReadLimits::default()).unwrap()
}

fn said(document: &ReadDocument) -> Vec<(Option<&str>, &str)> {
    let segments = document.segments.iter().filter(|s| s.kind != SegmentKind::Boilerplate);
    segments.map(|s| (s.speaker.as_deref(), s.span.of(&document.text).unwrap())).collect()
}

#[test]
fn whatsapp_logs_are_read_in_both_layouts() {
    let phone = "[13/03/2026, 14:05:11] Client: we need a shop\nwith a cart\n[13/03/2026, 14:06:00] Dev Lead: ok: noted\n\
                 [13/03/2026, 14:07:00] Dev Lead created group “Shop”\n";
    let found = read(phone);
    assert_eq!(found.format, DocumentFormat::Chat);
    assert_eq!(
        said(&found),
        [(Some("Client"), "we need a shop"), (Some("Client"), "with a cart"), (Some("Dev Lead"), "ok: noted"),]
    );
    assert_eq!(found.segments[0].at, Timestamp::parse("2026-03-13T14:05:11Z").ok());
    assert_eq!(found.segments[1].place, Place::Message { index: 1 });
    assert_eq!(found.segments[3].kind, SegmentKind::Boilerplate);
    assert_eq!(found.warnings, ["times have no zone; they were taken for UTC"]);
    let android = "3/13/26, 2:05 PM - Client: hello\n3/13/26, 2:06 PM - Dev: hi\n";
    assert_eq!(read(android).segments[1].at, Timestamp::parse("2026-03-13T14:06:00Z").ok());
}

#[test]
fn an_ambiguous_date_gives_no_time() {
    let found = read("03/04/2026, 14:05 - A: one\n03/04/2026, 14:06 - B: two\n");
    assert!(found.segments.iter().all(|s| s.at.is_none()));
    assert_eq!(found.warnings, ["dates could be day first or month first; times were not kept"]);
    let forward = read("03/04/2026, 14:05 - A: one\n01/05/2026, 14:06 - B: two\n");
    assert_eq!(forward.segments[0].at, Timestamp::parse("2026-04-03T14:05:00Z").ok());
}

#[test]
fn irc_slack_and_plain_dialogues_are_chats() {
    assert_eq!(
        said(&read("[14:05] ann: we need search\n[14:06] ben: why\n")),
        [(Some("ann"), "we need search"), (Some("ben"), "why"),]
    );
    assert_eq!(said(&read("14:05 <@ann> hi there\n14:06 <ben> hello\n14:07 <ann> ok\n")).len(), 3);
    assert_eq!(
        said(&read("Ann Client  2:05 PM\nwe need search\nBen Dev  2:06 PM\nwhy?\n")),
        [(Some("Ann Client"), "we need search"), (Some("Ben Dev"), "why?"),]
    );
    let plain = "Ann: We need a search page.\nBen: Why do you need it?\nAnn: Because users ask for it.\n";
    assert_eq!(said(&read(plain)).len(), 3);
    let timed =
        "Ann (00:01:23): We need a search page.\nBen (00:01:30): Why do you need it?\nAnn (00:02:00): Users ask.\n";
    assert_eq!(said(&read(timed))[1], (Some("Ben"), "Why do you need it?"));
}

#[test]
fn labels_are_no_speakers() {
    for text in [
        "Note: this is a draft text.\nGoal: sell more tea online.\nScope: only the web shop here.\n",
        "Title: Log in with mail\nPriority: High for all users\nTitle: Log out of the shop\nPriority: Low for all users\n",
        "Module: the login page\nTeam: the web team\nRelease: the first one\nModule: the cart page\nTeam: the shop team\n\
         Release: the second one\n",
        "10:00 - Welcome: say hello\n10:30 - Demo: show the shop\n11:00 - Welcome: lunch\n",
        "name: shop\nversion: 1\nservices:\n  web: a b c\n",
    ] {
        assert_ne!(read(text).format, DocumentFormat::Chat, "{text}");
    }
}
