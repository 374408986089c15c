//! Takes out of a document that was read what should not be stored: in its text, and in all that was copied from it.

use super::ReadDocument;
use crate::domain::TextSpan;
use crate::redaction::{DataKind, Redactor, Replacement, Sensitive};
use std::collections::BTreeMap;

/// The document with marks where the redactor puts them. Segments stay the same pieces at the same places of the original;
/// what reaches over several leaves a mark in each. A warning says how many of what were replaced, never what they were.
pub(super) fn masked(mut document: ReadDocument, redactor: &Redactor) -> ReadDocument {
    let replacements = redactor.replacements(&document.text);
    let mut found: Vec<Sensitive> = replacements.iter().map(|replacement| replacement.found).collect();
    if !replacements.is_empty() {
        replace(&mut document, &replacements);
    }
    // Labels are repeated on many segments.
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    let mut mask = |label: &mut String| {
        let masked = known.entry(label.clone()).or_insert_with(|| redactor.redact(label).text);
        masked.clone_into(label);
    };
    for segment in &mut document.segments {
        segment.speaker.iter_mut().chain(&mut segment.headings).for_each(&mut mask);
    }
    document.warnings.iter_mut().for_each(&mut mask);
    // A subject or a sender need not be part of the text.
    for label in document.metadata.title.iter().chain(&document.metadata.people) {
        found.extend(redactor.redact(label).replaced);
    }
    document.metadata.title.iter_mut().chain(&mut document.metadata.people).for_each(&mut mask);
    document.warnings.extend(warning(&found));
    document
}

fn replace(document: &mut ReadDocument, replacements: &[Replacement]) {
    let mut text = String::with_capacity(document.text.len());
    let mut replacements = replacements.iter().peekable();
    // One that reaches into the next segments.
    let mut carried: Option<&Replacement> = None;
    for segment in &mut document.segments {
        let span = segment.span;
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        let start = text.len();
        let mut from = span.start;
        if let Some(before) = carried.filter(|before| before.found.span.end > span.start) {
            text.push_str(&before.with);
            from = before.found.span.end.min(span.end);
        }
        carried = carried.filter(|before| before.found.span.end > span.end);
        while carried.is_none()
            && let Some(replacement) = replacements.next_if(|next| next.found.span.start < span.end)
        {
            copy(&document.text, from, replacement.found.span.start, &mut text);
            text.push_str(&replacement.with);
            from = replacement.found.span.end.min(span.end);
            carried = Some(replacement).filter(|it| it.found.span.end > span.end);
        }
        copy(&document.text, from, span.end, &mut text);
        segment.span = TextSpan { start, end: text.len() };
    }
    document.text = text;
}

fn copy(text: &str, from: usize, to: usize, out: &mut String) {
    out.push_str(text.get(from..to.max(from)).unwrap_or_default());
}

/// `replaced in the text: secret × 2 (github-token, password); IBAN × 1`.
fn warning(found: &[Sensitive]) -> Option<String> {
    let mut kinds: BTreeMap<DataKind, (usize, Vec<&str>)> = BTreeMap::new();
    for one in found {
        let (count, forms) = kinds.entry(one.kind).or_default();
        *count += 1;
        if !forms.contains(&one.form) {
            forms.push(one.form);
        }
    }
    let says = |(kind, (count, forms)): (DataKind, (usize, Vec<&str>))| match kind {
        DataKind::Secret | DataKind::NationalId => format!("{kind} × {count} ({})", forms.join(", ")),
        _ => format!("{kind} × {count}"),
    };
    let says: Vec<_> = kinds.into_iter().map(says).collect();
    (!says.is_empty()).then(|| format!("replaced in the text: {}", says.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::super::{ReadLimits, read_document};
    use super::*;
    use crate::domain::DocumentName;
    use crate::redaction::RedactionPolicy;

    fn read(name: &str, text: &str) -> ReadDocument {
        read_document(&DocumentName::parse(name).unwrap(), text.as_bytes(), &ReadLimits::default()).unwrap()
    }

    fn token() -> String {
        ["gh", "p_", &"a1B2".repeat(9)].concat()
    }

    #[test]
    fn segments_keep_their_places_and_hold_marks() {
        let token = token();
        let key = ["-----BEGIN RSA ", "PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n"].concat()
            + &"aB1+".repeat(40)
            + "\n\n"
            + &"cD2/".repeat(20)
            + &["\n-----END RSA ", "PRIVATE KEY-----"].concat();
        let text =
            format!("# Use {token} here\n\nThe first line.\n\nUse {token}, please.\n\n{key}\n\nThe last line.\n");
        let before = read("a.md", &text);
        let after = masked(before.clone(), &Redactor::new(RedactionPolicy::secrets_only()));
        assert_eq!(before.segments.len(), after.segments.len());
        for (old, new) in before.segments.iter().zip(&after.segments) {
            assert_eq!((old.place.clone(), old.source, old.kind), (new.place.clone(), new.source, new.kind));
            let (old, new) = (old.span.of(&before.text).unwrap(), new.span.of(&after.text).unwrap());
            assert!(!new.is_empty() && new == new.trim());
            assert!(old == new || new.contains("[secret: "), "{old:?} {new:?}");
        }
        let whole = format!("{after:?}");
        assert!(!whole.contains(&token) && !whole.contains("aB1+aB1+") && !whole.contains("cD2/cD2/"), "{whole}");
        assert!(after.text.starts_with("Use [secret: github-token] here") && after.text.ends_with("The last line."));
        assert_eq!(after.warnings, ["replaced in the text: secret × 4 (github-token, private-key)"]);
        // The control: without protection it is all there.
        let kept = masked(before.clone(), &Redactor::new(RedactionPolicy::keep_all()));
        assert_eq!(kept, before);
    }

    #[test]
    fn a_label_that_is_cut_holds_no_part_of_a_token() {
        for words in 20..45 {
            let text = format!("# {}{} is the end of it\n\nText below.\n", "word ".repeat(words), token());
            let after = masked(read("a.md", &text), &Redactor::new(RedactionPolicy::secrets_only()));
            assert!(!format!("{after:?}").contains("ghp_"), "{words}: {after:?}");
        }
    }

    #[test]
    fn what_reaches_over_segments_leaves_a_mark_in_each() {
        let mut document = read("a.txt", "One two.\n\nThree.\n\nFour five.\n");
        let found = Sensitive { kind: DataKind::Secret, form: "password", span: TextSpan { start: 4, end: 22 } };
        let replacement = Replacement { found, with: "[x]".to_owned(), is_pseudonym: false };
        assert_eq!(found.span.of(&document.text), Some("two.\n\nThree.\n\nFour"));
        replace(&mut document, &[replacement]);
        assert_eq!(document.text, "One [x]\n\n[x]\n\n[x] five.");
        let texts: Vec<_> = document.segments.iter().map(|segment| segment.span.of(&document.text).unwrap()).collect();
        assert_eq!(texts, ["One [x]", "[x]", "[x] five."]);
    }
}
