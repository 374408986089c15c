//! Policies, marks, pseudonyms, and work that grows with the text.

use super::*;
use proptest::prelude::*;
use secrecy::SecretString;

const TEXT: &str = "Card 4242 4242 4242 4242, mail clerk@example.org, password: hunter22, call +44 20 7946 0958";

fn with_pseudonyms(key: &str) -> Redactor {
    let kinds = [DataKind::Email, DataKind::Phone, DataKind::Secret];
    Redactor::new(RedactionPolicy::default().with_pseudonyms(SecretString::from(key), kinds))
}

#[test]
fn each_policy_does_what_it_says() {
    let redact = |policy| Redactor::new(policy).redact(TEXT).text;
    assert_eq!(redact(RedactionPolicy::keep_all()), TEXT);
    assert_eq!(
        redact(RedactionPolicy::default()),
        "Card [credit card], mail clerk@example.org, password: [secret: password], call +44 20 7946 0958"
    );
    assert_eq!(redact(RedactionPolicy::secrets_only()), TEXT.replace("hunter22", "[secret: password]"));
    let kept = RedactionPolicy::default().with_kept([DataKind::CreditCard]).with_masked([DataKind::Phone]);
    assert_eq!(
        redact(kept),
        "Card 4242 4242 4242 4242, mail clerk@example.org, password: [secret: password], call [phone]"
    );
}

#[test]
fn pseudonyms_are_stable_and_come_back_and_masks_do_not() {
    let redacted = with_pseudonyms("one").redact(TEXT);
    let again = with_pseudonyms("one").redact("To clerk@example.org");
    let mail = again.text.strip_prefix("To ").unwrap();
    assert!(mail.starts_with("[e-mail ") && redacted.text.contains(mail), "{redacted:?}");
    assert!(!with_pseudonyms("two").redact(TEXT).text.contains(mail));
    assert_eq!(
        redacted.restore(&redacted.text),
        TEXT.replace("hunter22", "[secret: password]").replace("4242 4242 4242 4242", "[credit card]")
    );
    // One that was never given out stays.
    assert_eq!(redacted.restore("[e-mail 0000000000] [e-mail"), "[e-mail 0000000000] [e-mail");
    let printed = format!("{redacted:?} {:?} {:?}", with_pseudonyms("hush"), Redactor::default().replacements(TEXT));
    assert!(!["clerk", "hunter22", "hush", "4242"].iter().any(|value| printed.contains(value)), "{printed}");
}

#[test]
fn of_secrets_that_reach_into_each_other_nothing_stays() {
    let text = ["Bearer kq7zr2xw9lm4nb8v", "-----BEGIN PRI", "VATE KEY-----"].concat();
    let redacted = Redactor::default().redact(&text).text;
    assert_eq!(redacted, "Bearer [secret: bearer-token][secret: private-key]");
}

#[test]
fn other_policies_and_keys_have_other_fingerprints() {
    let policies = [
        RedactionPolicy::keep_all(),
        RedactionPolicy::default(),
        RedactionPolicy::secrets_only(),
        with_pseudonyms("one").policy().clone(),
        with_pseudonyms("two").policy().clone(),
    ];
    let fingerprints: std::collections::BTreeSet<_> = policies.iter().map(RedactionPolicy::fingerprint).collect();
    assert_eq!(fingerprints.len(), policies.len());
}

/// Pieces that the rules look for.
const PIECES: &[&str] = &[
    "password",
    "password: ",
    "token=",
    "is ",
    " ",
    "\n",
    "\n\n",
    "\"",
    "hunter22",
    "[",
    "]",
    "[secret: ",
    "[e-mail ",
    "@",
    "example.org",
    "a.b",
    "+44 20 ",
    "7946 0958",
    "4242424242424242",
    "DE89370400440532013000",
    "Mr. ",
    "Ann ",
    "Example",
    "12 Long Lane",
    "Suite 3",
    "ghp_",
    "a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2",
    "eyJ",
    ".",
    "://",
    "u:secret99@h",
    "-----BEGIN PRIVATE KEY-----",
    "Bearer ",
    "é",
    "漢",
    "🦀",
    "219-09-9999",
    "203.0.113.7",
    "\\n",
    "'s",
    ",",
    "(",
    ")",
    "phone",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn a_redacted_text_stays_as_it_is(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..25)) {
        let text = pieces.concat();
        let redactor = Redactor::new(RedactionPolicy::secrets_only());
        let once = redactor.redact(&text).text;
        prop_assert_eq!(&redactor.redact(&once).text, &once);
    }

    #[test]
    fn spans_are_in_order_and_pseudonyms_come_back(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..25), text in "\\PC{0,40}",
    ) {
        let text = format!("{}{text}", pieces.concat());
        let mut end = 0;
        for one in Redactor::find(&text) {
            prop_assert!(one.span.start >= end && one.span.of(&text).is_some_and(|value| !value.is_empty()));
            end = one.span.end;
        }
        let kinds = DataKind::ALL.into_iter().filter(|kind| *kind != DataKind::Secret);
        let policy = RedactionPolicy::keep_all().with_pseudonyms(SecretString::from("k"), kinds);
        let redacted = Redactor::new(policy).redact(&text);
        prop_assert_eq!(redacted.restore(&redacted.text), text);
    }
}

#[test]
fn hostile_repetitions_are_read_to_their_end() {
    // Beginnings of everything, so that whatever looks ahead or back without a bound does so at each of them.
    let starts: String = secrets::starts().map(|start| format!("{start}aB1-")).collect();
    let pieces = [
        &starts,
        "eyJ",
        "eyJ-",
        "://",
        "a://b:",
        "-----BEGIN PRIVATE KEY-----",
        "password=",
        "password: \"",
        "@a.",
        "a@",
        "1.2",
        "+1 ",
        "(1",
        "12 ",
        "Mr. A",
        "Main Street ",
        "5 Main Street, ",
        "5 A, ",
        "A B ",
        "Bearer ",
        "a",
        "Z",
        "0",
        "::",
        "AKIA",
        "pwd='",
        "Apt. 5 ",
        "\n",
        "> ",
        "?",
        "a-",
        "[e-mail ",
    ];
    // Work that grew with the square would not come to its end: no clock is needed to see it.
    let read = |piece: &str, bytes: usize| Redactor::find(&piece.repeat(bytes / piece.len() + 1)).len();
    for piece in pieces {
        read(piece, 1 << 17);
    }
    for start in super::secrets::starts() {
        read(start, 1 << 15);
    }
    read("xxxx-password=.", 1 << 18);
    read("12345678,", 1 << 18);
    let all: String = pieces.iter().map(|piece| piece.repeat((1 << 20) / pieces.len() / piece.len() + 1)).collect();
    assert!(all.len() >= 1 << 20);
    read(&all, 1);
}
