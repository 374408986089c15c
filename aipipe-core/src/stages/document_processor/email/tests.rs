use crate::domain::{DocumentFormat, DocumentName, Place, RefusalReason, SegmentKind, Timestamp};
use crate::stages::document_processor::{ReadDocument, ReadLimits, read_document};
use SegmentKind::{Boilerplate, Heading, ListItem, Paragraph, Quoted};

fn read(mail: &str) -> ReadDocument {
    read_document(&DocumentName::parse("mail.eml").unwrap(), mail.as_bytes(), &ReadLimits::default()).unwrap()
}

fn shown(document: &ReadDocument) -> Vec<(SegmentKind, &str, Option<&str>)> {
    let segments = document.segments.iter();
    segments.map(|s| (s.kind, s.span.of(&document.text).unwrap(), s.speaker.as_deref())).collect()
}

const HEAD: &str = "From: Client <client@example.org>\r\nTo: dev@example.org\r\nDate: Thu, 12 Mar 2026 15:05:00 +0100\r\n\
                    Subject: =?utf-8?q?Re:_Caf=C3=A9_shop?=\r\nMIME-Version: 1.0\r\n";

#[test]
fn a_reply_is_cut_into_own_words_quotes_and_signature() {
    let mail = format!(
        "{HEAD}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         Hi,\r\n\r\nwe need caf=C3=A9 search and=\r\n a cart:\r\n\r\n- add\r\n- remove\r\n\r\nOn Mon, Mar 9, 2026 at 9:00 AM, Dev\r\n\
         <dev@example.org> wrote:\r\n\r\n> What do you need?\r\n>> On Sunday, 8 March 2026 Client wrote:\r\n>> Hello\r\n\r\n\
         -- \r\nClient\r\nShop Ltd\r\n"
    );
    let found = read(&mail);
    assert_eq!(found.format, DocumentFormat::Email);
    assert_eq!(found.metadata.title.as_deref(), Some("Re: Café shop"));
    assert_eq!(found.metadata.people, ["Client"]);
    assert_eq!(found.metadata.date, Timestamp::parse("2026-03-12T14:05:00Z").ok());
    let client = Some("Client");
    assert_eq!(
        shown(&found),
        [
            (Heading, "Café shop", client),
            (Paragraph, "Hi,", client),
            (Paragraph, "we need café search and a cart:", client),
            (ListItem, "add", client),
            (ListItem, "remove", client),
            (Boilerplate, "On Mon, Mar 9, 2026 at 9:00 AM, Dev\n<dev@example.org> wrote:", client),
            (Quoted, "What do you need?", Some("Dev")),
            (Boilerplate, "On Sunday, 8 March 2026 Client wrote:", None),
            (Quoted, "Hello", client),
            (Boilerplate, "--\nClient\nShop Ltd", client),
        ]
    );
}

#[test]
fn html_is_read_when_there_is_no_plain_text() {
    let mail = format!(
        "{HEAD}Content-Type: text/html; charset=utf-8\r\n\r\n<style>p{{}}</style><p>We need a <b>shop</b>.</p><ul><li>cart</li></ul>\
         <div class=\"gmail_quote\">On Mon, Mar 9, 2026 at 9:00 AM Dev &lt;dev@example.org&gt; wrote:<br>\
         <blockquote>What?</blockquote></div>"
    );
    let found = read(&mail);
    let kinds: Vec<(SegmentKind, &str)> = shown(&found).iter().map(|s| (s.0, s.1)).collect();
    assert_eq!(kinds[1..3], [(Paragraph, "We need a shop."), (ListItem, "cart")]);
    assert_eq!(kinds[4], (Quoted, "What?"));
}

#[test]
fn attachments_are_named_and_attached_messages_read() {
    let mail = format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n\
         --b\r\nContent-Type: text/csv; name=\"list.csv\"\r\nContent-Disposition: attachment; filename=\"list.csv\"\r\n\r\na,b\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\nFrom: boss@example.org\r\nSubject: Budget\r\nDate: Thu, 12 Mar 2026 10:00:00 +0000\r\n\r\n\
         We have little.\r\n--b--\r\n"
    );
    let found = read(&mail);
    assert_eq!(
        found.warnings,
        ["message 1: attachment \"list.csv\" (text/csv, 3 bytes) was not read; give it as a document of its own"]
    );
    assert_eq!(found.metadata.people, ["Client", "boss@example.org"]);
    let last = found.segments.last().unwrap();
    assert_eq!((last.place.clone(), last.span.of(&found.text)), (Place::Message { index: 2 }, Some("We have little.")));
}

#[test]
fn forwarded_words_are_said_by_their_author() {
    let mail = format!(
        "{HEAD}\r\nfyi\r\n\r\n---------- Forwarded message ---------\r\nFrom: Boss <boss@example.org>\r\nDate: Mon\r\n\
         Subject: Shop\r\nTo: x\r\n\r\nWe need a cart.\r\n"
    );
    let found = read(&mail);
    assert_eq!(*shown(&found).last().unwrap(), (Paragraph, "We need a cart.", Some("Boss")));
}

#[test]
fn mailboxes_hold_several_messages() {
    let one = |n: u8, subject: &str| {
        format!(
            "From a@example.org Thu Mar 12 14:05:0{n} 2026\nFrom: a{n}@example.org\nSubject: {subject}\n\nBody {n}\n>From here on.\n\n"
        )
    };
    let found = read(&(one(1, "Plan") + &one(2, "Re: Plan") + &one(3, "Other")));
    assert_eq!(found.metadata.parts, Some(3));
    assert_eq!(found.metadata.people.len(), 3);
    let headings: Vec<&str> = shown(&found).iter().filter(|s| s.0 == Heading).map(|s| s.1).collect();
    assert_eq!(headings, ["Plan", "Other"]);
    assert!(found.text.contains("Body 2 From here on."));
}

#[test]
fn deeply_nested_messages_are_refused_not_followed() {
    let mail = format!("{HEAD}{}", "Content-Type: message/rfc822\r\n\r\n".repeat(50_000));
    let name = DocumentName::parse("deep.eml").unwrap();
    let error = read_document(&name, mail.as_bytes(), &ReadLimits::default()).unwrap_err();
    assert_eq!(error.reason, RefusalReason::TooLarge);
    let mail = format!("{HEAD}{}hello", "Content-Type: message/rfc822\r\n\r\n".repeat(300));
    let found = read_document(&name, mail.as_bytes(), &ReadLimits::default()).unwrap();
    assert!(found.warnings.iter().any(|warning| warning.contains("more than 8 levels deep")));
}

#[test]
fn a_thread_saved_as_one_text_has_its_messages_in_their_order() {
    let one = |who: &str, day: u8, text: &str| {
        format!(
            "From: {who} <{who}@example.org>\nDate: {day} Mar 2026 10:00:00 +0000\nTo: all@example.org\nSubject: Shop\n\n{text}\n\n"
        )
    };
    let forward = one("ann", 9, "We need a cart.") + &one("ben", 10, "We need search.");
    let shown_last = |text: &str| {
        let found = read(text);
        let last = shown(&found).last().map(|s| (s.0, s.1.to_owned(), s.2.map(str::to_owned)));
        last.unwrap()
    };
    assert_eq!(shown_last(&forward), (Paragraph, "We need search.".to_owned(), Some("ben".to_owned())));
    let backward = one("ben", 10, "We need search.") + &one("ann", 9, "We need a cart.");
    assert_eq!(shown_last(&backward), (Quoted, "We need a cart.".to_owned(), Some("ann".to_owned())));
}
