//! The end of a message: signatures, greetings with a name, notes of a phone, disclaimers.

use super::super::blocks::{Marker, marker};

const CLOSINGS: &[&str] = &[
    "regards",
    "best regards",
    "kind regards",
    "warm regards",
    "best",
    "all the best",
    "best wishes",
    "many thanks",
    "thanks",
    "thank you",
    "thanks again",
    "thx",
    "cheers",
    "sincerely",
    "yours sincerely",
    "sincerely yours",
    "yours",
    "yours truly",
    "cordially",
    "respectfully",
    "mit freundlichen grüßen",
    "mit freundlichem gruß",
    "freundliche grüße",
    "viele grüße",
    "liebe grüße",
    "beste grüße",
    "schöne grüße",
    "mfg",
    "lg",
    "vg",
    "cordialement",
    "bien cordialement",
    "bien à vous",
    "merci",
    "saludos",
    "un saludo",
    "saludos cordiales",
    "atentamente",
    "atenciosamente",
    "abraços",
    "cordiali saluti",
    "distinti saluti",
    "saluti",
    "met vriendelijke groet",
    "met vriendelijke groeten",
    "groeten",
    "vänliga hälsningar",
    "med vänliga hälsningar",
    "mvh",
    "med vennlig hilsen",
    "venlig hilsen",
    "pozdrawiam",
    "с уважением",
    "br",
    "kr",
    "rgds",
    "thanks and regards",
    "thanks & regards",
    "thanks in advance",
    "talk soon",
    "take care",
];

/// How notes of a phone begin.
const DEVICES: &[&str] = &[
    "sent from my ",
    "sent from a ",
    "sent from outlook",
    "sent from mail for",
    "sent from typeapp",
    "sent from yahoo",
    "sent from proton",
    "sent via ",
    "sent with ",
    "get outlook for ",
    "envoyé de mon ",
    "envoyé depuis ",
    "envoyé à partir de ",
    "von meinem ",
    "gesendet von ",
    "gesendet mit ",
    "enviado desde mi ",
    "enviado do meu ",
    "enviado desde ",
    "inviato da ",
    "inviato dal ",
    "verzonden vanaf ",
    "verstuurd vanaf ",
    "sendt fra ",
    "skickat från ",
    "lähetetty ",
    "отправлено с ",
    "отправлено из ",
    "wysłane z ",
    "odesláno z ",
    "gönderen: ",
    "发自我的",
];

/// What hardly anything but a disclaimer or the footer of a mailing list says.
const DISCLAIMERS: &[&str] = &[
    "confidential and intended",
    "confidential and may",
    "confidentiality notice",
    "this e-mail and any",
    "this email and any",
    "this message and any attach",
    "this e-mail may contain",
    "this email may contain",
    "consider the environment before printing",
    "vertrauliche und/oder",
    "diese e-mail enthält vertraulich",
    "ce message et toutes les pièces",
    "ce courriel",
    "este mensaje y",
    "questo messaggio",
    "you are receiving this because",
    "you received this message because",
    "reply to this email directly",
    "view it on github",
    "avast antivirus",
];

/// What they say as well, and others too: only several of these make a disclaimer.
const HINTS: &[&str] = &[
    "to unsubscribe",
    "unsubscribe from this",
    "mailing list",
    "manage your notification",
    "virus-free",
    "to this group",
    "/listinfo/",
    "-request@",
    "unsubscribe@",
    "received this",
    "in error",
    "notify the sender",
    "intended recipient",
    "delete it",
    "please delete",
    "this message",
    "this email",
    "this e-mail",
    "confidential",
    "privileged",
    "disclos",
    "strictly prohibited",
];

/// Whether a line is the note of a phone or mail program: "Sent from my …" and no sentence.
pub(super) fn is_device_note(line: &str) -> bool {
    let line = line.trim().trim_matches(['*', '_', '[', ']']);
    let lower = line.to_lowercase();
    let words = line.split_whitespace().count();
    let sentence = lower.ends_with('.') && words > 5 || lower.contains(", ") || lower.contains(" is ");
    words <= 10 && !sentence && DEVICES.iter().any(|start| lower.starts_with(start))
}

/// How plainly a paragraph is a disclaimer or the footer of a mailing list: 2 for a phrase of these, 1 for a hint.
fn disclaims(text: &str) -> usize {
    // Long enough for the phrases, short enough for long texts.
    let head: String = text.chars().take(600).collect::<String>().to_lowercase();
    let count = |phrases: &[&str]| phrases.iter().filter(|phrase| head.contains(**phrase)).count();
    2 * count(DISCLAIMERS) + count(HINTS)
}

/// Whether a paragraph among the sender's own words is a disclaimer all the same, as in a message somebody has copied.
pub(super) fn is_disclaimer(text: &str) -> bool {
    disclaims(text) >= 4
}

/// How many of `lines` come before the disclaimers at the end. One word such as "mailing list" makes none.
pub(super) fn before_disclaimers(lines: &[&str]) -> usize {
    let mut end = filled_end(lines);
    while let Some(start) = (0..end).rev().find(|at| is_blank(lines, *at)).map(|blank| blank + 1) {
        let paragraph = lines.get(start..end).unwrap_or_default().join("\n");
        if disclaims(&paragraph) < 2 {
            break;
        }
        end = filled_end(lines.get(..start).unwrap_or_default());
    }
    end
}

fn is_blank(lines: &[&str], at: usize) -> bool {
    lines.get(at).is_none_or(|line| line.trim().is_empty())
}

/// The number of lines up to the last one with words.
fn filled_end(lines: &[&str]) -> usize {
    lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1)
}

/// How many of `lines`, the sender's own words, come before the signature; `name` is the sender's.
pub(super) fn own_lines(lines: &[&str], name: Option<&str>) -> usize {
    let end = filled_end(lines);
    let end = marked(lines, end).unwrap_or(end);
    let start = end.saturating_sub(12);
    let first = (0..end).find(|at| !is_blank(lines, *at)).unwrap_or(end);
    // What a message begins with is a greeting or all it says.
    for at in start.max(first + 1)..end {
        let Some(line) = lines.get(at) else { break };
        let below = lines.get(at + 1..end).unwrap_or_default().iter().copied().filter(|line| !line.trim().is_empty());
        let below: Vec<&str> = below.collect();
        let blank_above = is_blank(lines, at - 1);
        let begins = is_closing(line) && (!below.is_empty() || blank_above)
            || is_name(line, name) && (blank_above || below.is_empty())
            || blank_above && is_dashed_name(line)
            || blank_above
                && below.len() >= 2
                && looks_named(line)
                && line.trim().contains(' ')
                && below.iter().any(|line| has_address(line));
        if begins && below.iter().all(|line| is_contact(line)) {
            return at;
        }
    }
    end
}

/// Where a mark of RFC 3676 or one like it sets the signature apart; only near the end, so that one in the middle of a text
/// stays.
fn marked(lines: &[&str], end: usize) -> Option<usize> {
    let near = end.saturating_sub(25)..end;
    near.clone()
        .find(|at| {
            lines.get(*at).is_some_and(|line| is_mark(line)) && !asks(lines.get(at + 1..end).unwrap_or_default())
        })
        .or_else(|| {
            near.rev()
                .find(|at| lines.get(*at).is_some_and(|line| is_line(line)))
                .filter(|at| is_apart(lines, *at, end))
        })
}

/// `--`, the mark of RFC 3676, in the forms it is met in.
fn is_mark(line: &str) -> bool {
    matches!(line.trim_end(), "--" | "—" | "– –" | "-- --")
}

/// A line that underlines headings and parts sections as well as signatures.
fn is_line(line: &str) -> bool {
    matches!(line.trim_end(), "---" | "__" | "___")
}

/// Whether what follows the line at `at` is nothing but a signature's lines, and nothing that it underlines stands above it.
fn is_apart(lines: &[&str], at: usize, end: usize) -> bool {
    let below = lines.get(at + 1..end).unwrap_or_default();
    let mut filled = below.iter().filter(|line| !line.trim().is_empty()).peekable();
    filled.peek().is_some()
        && at.checked_sub(1).is_none_or(|above| is_blank(lines, above))
        && filled.all(|line| is_contact(line))
}

/// Whether lines go on asking for things, as no signature does: items of a list, and what somebody can or must do.
fn asks(lines: &[&str]) -> bool {
    lines.iter().any(|line| is_item(line) || states(line) && !line.to_lowercase().contains("you"))
}

fn is_closing(line: &str) -> bool {
    let line = line.trim().trim_end_matches([',', '.', '!', ' ', '-', ':']).to_lowercase();
    CLOSINGS.contains(&line.as_str())
}

/// A line such as a signature has: short, and no sentence.
fn is_contact(line: &str) -> bool {
    let line = line.trim();
    let words = line.split_whitespace().count();
    let sentence = line.ends_with(['.', '?', '!', ';']) && words > 3 || line.ends_with([':', '：']);
    let short = words <= 9 && line.chars().count() <= 70 && !sentence && !line.starts_with(['-', '*', '•', '>']);
    let reached = has_address(line) && words <= 12 && line.chars().count() <= 90;
    (short || reached) && !is_item(line) && !states(line)
}

/// Whether a line is an item of a list; "(555) 346-9947" is none.
fn is_item(line: &str) -> bool {
    let text = match marker(line) {
        Marker::Item { text, .. } | Marker::Numbered { text, .. } => text,
        _ => return false,
    };
    text.split_whitespace().any(|word| word.chars().filter(|c| c.is_alphabetic()).count() > 1)
}

/// Whether a line has a word of what somebody can, must or wants to do. "Will" and "May" with a capital are names.
fn states(line: &str) -> bool {
    const WORDS: &[&str] =
        &["can", "cannot", "can't", "must", "should", "shall", "need", "needs", "want", "wants", "may", "will"];
    line.split(|c: char| !c.is_alphabetic() && c != '\'').any(|word| WORDS.contains(&word))
}

fn has_address(line: &str) -> bool {
    let digits = line.chars().filter(char::is_ascii_digit).count();
    line.contains('@') || line.contains("www.") || line.contains("http") || digits >= 7
}

/// The sender's own name, or the first word of it.
fn is_name(line: &str, name: Option<&str>) -> bool {
    let line = line.trim().trim_matches(['*', ',', '.', '-', ' ', '_', '–', '—']).to_lowercase();
    let Some(name) = name.map(str::to_lowercase).filter(|_| !line.is_empty()) else { return false };
    let first = name.split([' ', '@', '.']).next().unwrap_or_default();
    line == name || line == first && first.chars().count() >= 2
}

/// `- Ann Client` or `-Ann` as the last words.
fn is_dashed_name(line: &str) -> bool {
    let line = line.trim();
    let Some(name) = line.strip_prefix(['-', '–', '—', '~']) else { return false };
    !name.starts_with(' ') && looks_named(name)
}

/// One to four capitalized words.
fn looks_named(line: &str) -> bool {
    let line = line.trim().trim_matches(['*', ',']);
    let words = line.split_whitespace().count();
    (1..=4).contains(&words)
        && line.split_whitespace().all(|word| word.starts_with(|c: char| c.is_uppercase()))
        && line.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '.' | '\'' | '’' | '-' | ','))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(text: &str, name: Option<&str>) -> usize {
        let lines: Vec<&str> = text.lines().collect();
        own_lines(&lines, name)
    }

    #[test]
    fn signatures_end_the_own_words() {
        assert_eq!(own("text\n\n--\nAnn", None), 2);
        assert_eq!(own("text\n--\nAnn", None), 1);
        assert_eq!(own("We need a shop.\n\nBest regards,\n\nAnn Client\nCEO @ Shop !", None), 2);
        assert_eq!(own("Having it would be great.\n\n-Ann Client", None), 2);
        assert_eq!(own("One more thing.\n\nAnn", Some("Ann Client")), 2);
        assert_eq!(own("See you.\n\nAnn Client\nann@example.org\n(555) 346-9947\nwww.example.org", None), 2);
    }

    #[test]
    fn own_words_are_no_signature() {
        let list = "We need:\n\n- a cart\n- a search";
        assert_eq!(own(list, Some("Ann")), 4);
        assert_eq!(
            own("And here is a fix -- this is no signature.\n\nbye all of you people out there in the world", None),
            3
        );
        assert_eq!(own("Thanks for the list. We need more.", None), 1);
        assert!(!is_device_note("Sent from my desk, is much easier then my mobile phone."));
        assert!(!is_device_note("This mail was sent from our system."));
        assert!(is_device_note("Sent from my Verizon Wireless BlackBerry"));
        assert!(is_device_note("Envoyé de mon iPhone"));
    }

    #[test]
    fn a_terse_message_is_no_signature() {
        let linked = "Hi Ben,\n\nWe need:\n\n1. Members can renew a loan\n2. Staff can add a book\n\nSee https://example.org/shop";
        assert_eq!(own(linked, Some("Ann Client")), 8);
        assert_eq!(own(linked, Some("Ben")), 8);
        let thanked = "Hi Ben,\n\nThanks!\n\nWe need:\n\n1. Members can renew a loan\n2. Staff can add a book\n\nAnn";
        assert_eq!(own(thanked, Some("Ann Client")), 9);
        assert_eq!(own(&thanked.replace("\n\n", "\n"), Some("Ann Client")), 5);
        assert_eq!(own("Hi Ben\n\nThanks!\n\nMembers can renew a loan\nStaff can add a book\n\nAnn", Some("Ann")), 7);
        assert_eq!(own("Ben\n\nSearch\nhttps://example.org\nA cart", Some("Ben")), 5);
        assert_eq!(own("Text.\n\nAnn Client\n(030) 346-9947\n1st Floor", Some("Ann Client")), 2);
    }

    #[test]
    fn a_line_of_dashes_ends_no_message() {
        let sections = "Members\n---\nMembers must be able to renew a loan.\n\nStaff\n---\nStaff can add a book.";
        assert_eq!(own(sections, None), 7);
        assert_eq!(own("Members\n\n---\n\nMembers can renew a loan\n\n---\n\nAnn Client\n+49 30 1234567", None), 6);
        assert_eq!(own("First part.\n\n__\n\nSecond part, which is longer than any line of a signature.", None), 5);
        assert_eq!(own("We need:\n--\n- a cart of goods\n- a search", None), 4);
        assert_eq!(own("We need a cart.\n--\nAnn\n\nYou must not print this.", None), 1);
    }

    #[test]
    fn everyday_words_make_no_disclaimer() {
        let before = |text: &str| before_disclaimers(&text.lines().collect::<Vec<_>>());
        for words in [
            "Members must be able to join the mailing list of their branch.",
            "To unsubscribe, members click on a link.",
            "The mail must say how to unsubscribe.",
            "Staff must be able to unsubscribe from this mailing list.",
        ] {
            assert!(!is_disclaimer(words), "{words}");
        }
        assert_eq!(before("A cart.\n\nMembers must be able to join the mailing list of their branch."), 3);
        let footer = "To unsubscribe from this group, send a mail to books-request@example.org";
        assert_eq!(before(&format!("A cart.\n\nAnn\n\n{footer}\n")), 3);
        let legal =
            "This message and any attachments are confidential. If you are not the intended recipient, delete it.";
        assert_eq!(before(&format!("A cart.\n\n{legal}\n\n{footer}\n\n")), 1);
        assert!(is_disclaimer(legal));
    }
}
