//! The end of a message: signatures, greetings with a name, notes of a phone, disclaimers.

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

const DISCLAIMERS: &[&str] = &[
    "intended recipient",
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
    "to unsubscribe",
    "unsubscribe from this",
    "you are receiving this because",
    "you received this message because",
    "mailing list",
    "reply to this email directly",
    "view it on github",
    "manage your notification",
    "virus-free",
    "avast antivirus",
];

/// Whether a line is the note of a phone or mail program: "Sent from my …" and no sentence.
pub(super) fn is_device_note(line: &str) -> bool {
    let line = line.trim().trim_matches(['*', '_', '[', ']']);
    let lower = line.to_lowercase();
    let words = line.split_whitespace().count();
    let sentence = lower.ends_with('.') && words > 5 || lower.contains(", ") || lower.contains(" is ");
    words <= 10 && !sentence && DEVICES.iter().any(|start| lower.starts_with(start))
}

/// Whether a paragraph is a disclaimer or the footer of a mailing list.
pub(super) fn is_disclaimer(text: &str) -> bool {
    // Long enough for the phrases, short enough for long texts.
    let head: String = text.chars().take(600).collect::<String>().to_lowercase();
    DISCLAIMERS.iter().any(|phrase| head.contains(phrase))
        && (head.contains("mail")
            || head.contains("message")
            || head.contains("receiv")
            || head.contains("http")
            || head.contains("print")
            || head.contains("nachricht")
            || head.contains("mensaje")
            || head.contains("virus")
            || head.contains("github")
            || head.contains("subscribe"))
}

/// How many of `lines`, the sender's own words, come before the signature; `name` is the sender's.
pub(super) fn own_lines(lines: &[&str], name: Option<&str>) -> usize {
    let filled = |at: &usize| lines.get(*at).is_some_and(|line| !line.trim().is_empty());
    let end = (0..lines.len()).rev().find(filled).map_or(0, |at| at + 1);
    // A dash-dash line marks everything below; only near the end, so that one in the middle of a text stays.
    let marked = (end.saturating_sub(25)..end).find(|at| lines.get(*at).is_some_and(|line| is_mark(line)));
    let end = marked.unwrap_or(end);
    let start = end.saturating_sub(12);
    let tail = lines.get(start..end).unwrap_or_default();
    for (at, line) in tail.iter().enumerate() {
        let below: Vec<&str> =
            tail.get(at + 1..).unwrap_or_default().iter().copied().filter(|l| !l.trim().is_empty()).collect();
        let short = below.iter().all(|line| is_contact(line));
        let blank_above = start + at == 0 || lines.get(start + at - 1).is_none_or(|line| line.trim().is_empty());
        if start + at > 0 && is_closing(line) && short && (!below.is_empty() || blank_above) {
            return start + at;
        }
        if blank_above && short && (is_name(line, name) || is_dashed_name(line)) {
            return start + at;
        }
        if blank_above && short && below.len() >= 2 && looks_named(line) && below.iter().any(|line| has_address(line)) {
            return start + at;
        }
    }
    end
}

/// `--`, the mark of RFC 3676, in the forms it is met in.
fn is_mark(line: &str) -> bool {
    matches!(line.trim_end(), "--" | "—" | "– –" | "-- --" | "---" | "__")
}

fn is_closing(line: &str) -> bool {
    let line = line.trim().trim_end_matches([',', '.', '!', ' ', '-', ':']).to_lowercase();
    CLOSINGS.contains(&line.as_str())
}

/// A line such as a signature has: short, and no sentence.
fn is_contact(line: &str) -> bool {
    let line = line.trim();
    let words = line.split_whitespace().count();
    let sentence = line.ends_with(['.', '?', '!', ':', ';']) && words > 3;
    words <= 9 && line.chars().count() <= 70 && !sentence && !line.starts_with(['-', '*', '•', '>'])
        || has_address(line) && words <= 12 && line.chars().count() <= 90
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
}
