//! The lines with which mail programs introduce what was there before: "On … wrote:", header blocks, dividers.

use crate::domain::Timestamp;
use mail_parser::DateTime;

/// What introduces older text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Intro {
    /// How many lines it takes.
    pub(super) lines: usize,
    /// Who wrote what follows, where it says so.
    pub(super) speaker: Option<String>,
    /// When it was written, where a header says so.
    pub(super) at: Option<Timestamp>,
    /// What follows was passed on, not replied to: nobody has read it before.
    pub(super) forwarded: bool,
}

const VERBS: &[&str] = &[
    "wrote",
    "writes",
    "said",
    "a écrit",
    "a ecrit",
    "schrieb",
    "escribió",
    "escribio",
    "escreveu",
    "ha scritto",
    "schreef",
    "skrev",
    "napisał",
    "napisał(a)",
    "napisała",
    "napsal",
    "napsal(a)",
    "írta",
    "kirjoitti",
    "написал",
    "написал(а)",
    "написала",
    "пишет",
    "пише",
    "写道",
    "写到",
    "yazdı",
    "έγραψε",
    "a scris",
    "のメール",
    "님이 작성",
];

const DIVIDER_WORDS: &[&str] = &[
    "original message",
    "original-nachricht",
    "ursprüngliche nachricht",
    "originalnachricht",
    "message d'origine",
    "message d’origine",
    "message original",
    "mensaje original",
    "mensagem original",
    "messaggio originale",
    "oorspronkelijk bericht",
    "originalmeddelande",
    "opprinnelig melding",
    "oprindelig meddelelse",
    "wiadomość oryginalna",
    "исходное сообщение",
    "оригинальное сообщение",
    "reply message",
    "previous message",
    "original appointment",
    "alkuperäinen viesti",
    "původní zpráva",
    "eredeti üzenet",
    "原始邮件",
];

const FORWARD_WORDS: &[&str] = &[
    "forwarded message",
    "weitergeleitete nachricht",
    "forwarded by",
    "message transféré",
    "message transfere",
    "mensaje reenviado",
    "mensagem encaminhada",
    "messaggio inoltrato",
    "doorgestuurd bericht",
    "vidarebefordrat",
    "videresendt melding",
    "przekazana wiadomość",
    "пересылаемое сообщение",
    "fwd message",
    "转发的邮件",
];

/// The kinds of fields in a header block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    From,
    Date,
    To,
    Subject,
}

const FIELD_NAMES: &[(&str, Field)] = &[
    ("from", Field::From),
    ("von", Field::From),
    ("de", Field::From),
    ("da", Field::From),
    ("van", Field::From),
    ("från", Field::From),
    ("fra", Field::From),
    ("lähettäjä", Field::From),
    ("od", Field::From),
    ("от", Field::From),
    ("feladó", Field::From),
    ("发件人", Field::From),
    ("kimden", Field::From),
    ("差出人", Field::From),
    ("sent", Field::Date),
    ("date", Field::Date),
    ("gesendet", Field::Date),
    ("datum", Field::Date),
    ("envoyé", Field::Date),
    ("envoyé le", Field::Date),
    ("message du", Field::Date),
    ("enviado", Field::Date),
    ("enviada em", Field::Date),
    ("enviado el", Field::Date),
    ("fecha", Field::Date),
    ("data", Field::Date),
    ("inviato", Field::Date),
    ("verzonden", Field::Date),
    ("skickat", Field::Date),
    ("sendt", Field::Date),
    ("dato", Field::Date),
    ("lähetetty", Field::Date),
    ("wysłano", Field::Date),
    ("отправлено", Field::Date),
    ("дата", Field::Date),
    ("发送时间", Field::Date),
    ("tarih", Field::Date),
    ("odesláno", Field::Date),
    ("to", Field::To),
    ("an", Field::To),
    ("à", Field::To),
    ("a", Field::To),
    ("para", Field::To),
    ("aan", Field::To),
    ("till", Field::To),
    ("til", Field::To),
    ("do", Field::To),
    ("кому", Field::To),
    ("收件人", Field::To),
    ("cc", Field::To),
    ("kopie", Field::To),
    ("copie à", Field::To),
    ("reply-to", Field::To),
    ("kime", Field::To),
    ("bcc", Field::To),
    ("subject", Field::Subject),
    ("betreff", Field::Subject),
    ("objet", Field::Subject),
    ("asunto", Field::Subject),
    ("assunto", Field::Subject),
    ("oggetto", Field::Subject),
    ("onderwerp", Field::Subject),
    ("ämne", Field::Subject),
    ("emne", Field::Subject),
    ("aihe", Field::Subject),
    ("temat", Field::Subject),
    ("тема", Field::Subject),
    ("sujet", Field::Subject),
    ("主题", Field::Subject),
    ("konu", Field::Subject),
    ("předmět", Field::Subject),
];

/// The introduction that starts with the first of `lines`, if one does. Looks at a few lines only.
pub(super) fn intro(lines: &[&str]) -> Option<Intro> {
    divider(lines).or_else(|| header_block(lines, 0, false)).or_else(|| attribution(lines))
}

/// `-----Original Message-----` or `Begin forwarded message:`, with the header block below it.
fn divider(lines: &[&str]) -> Option<Intro> {
    let line = lines.first()?.trim();
    if !line.starts_with(['-', '_', '=', '*', 'B', 'b', '>']) {
        return None;
    }
    let bare = line.trim_matches(['-', '_', '*', ' ', '=', '>']);
    let dashed = line.chars().take_while(|c| matches!(c, '-' | '_' | '=')).count() >= 3;
    let lower = bare.trim_end_matches(':').to_lowercase();
    let begins = lower.strip_prefix("begin ").unwrap_or(&lower);
    let words = |list: &[&str]| list.iter().any(|word| begins.starts_with(word));
    let forwarded = words(FORWARD_WORDS) && (dashed || lower != begins || line.ends_with(':'));
    let original = words(DIVIDER_WORDS) && dashed;
    let ruled = bare.is_empty() && dashed && line.chars().count() >= 4;
    if line.chars().count() > 80 || !(forwarded || original || ruled) {
        return None;
    }
    let skip = 1 + lines.get(1..).unwrap_or_default().iter().take(2).take_while(|line| line.trim().is_empty()).count();
    match header_block(lines.get(skip..).unwrap_or_default(), skip, forwarded) {
        Some(intro) => Some(intro),
        // A rule alone divides anything.
        None if ruled => None,
        None => Some(Intro { lines: 1, speaker: None, at: None, forwarded }),
    }
}

/// `From: … / Sent: … / To: … / Subject: …` in many languages: three fields, two when one of them is the sender with an
/// address. `before` lines stand above it.
fn header_block(lines: &[&str], before: usize, forwarded: bool) -> Option<Intro> {
    let mut fields: Vec<Field> = Vec::new();
    let mut speaker = None;
    let mut at = None;
    let mut address = false;
    let mut used = 0;
    for line in lines.iter().take(12) {
        let line = line.trim();
        match field(line) {
            Some((kind, value)) => {
                if kind == Field::From {
                    speaker = name_in(value);
                    address |= value.contains('@');
                }
                if kind == Field::Date {
                    at = DateTime::parse_rfc822(value).and_then(|date| super::timestamp(&date));
                }
                if !fields.contains(&kind) {
                    fields.push(kind);
                }
            }
            // A long address goes on in the next line.
            None if !fields.is_empty() && line.starts_with('<') && line.contains('@') => address = true,
            None => break,
        }
        used += 1;
    }
    let sender = fields.contains(&Field::From);
    let enough = fields.len() >= 3 || fields.len() == 2 && address && fields.contains(&Field::Date);
    (sender && enough).then_some(Intro { lines: before + used, speaker, at, forwarded })
}

fn field(line: &str) -> Option<(Field, &str)> {
    let (name, value) = line.split_once([':', '：'])?;
    if name.len() > 40 {
        return None;
    }
    let name = name.trim().trim_matches('*').trim().to_lowercase();
    let kind = FIELD_NAMES.iter().find(|(known, _)| *known == name)?.1;
    Some((kind, value.trim().trim_start_matches('*').trim()))
}

/// "On Monday, Ann <ann@example.org> wrote:", over up to four lines.
fn attribution(lines: &[&str]) -> Option<Intro> {
    let mut joined = String::new();
    for (at, line) in lines.iter().take(4).enumerate() {
        let line = line.trim();
        if line.is_empty() || joined.len() + line.len() > 400 {
            return None;
        }
        if at > 0 {
            if line.starts_with('>') && line != ">:" {
                return None;
            }
            joined.push(' ');
        }
        joined.push_str(line);
        // A greeting above is no part of it: what takes several lines starts with its date.
        if at > 0 && !lines.first().is_some_and(|first| starts_like_date(first)) {
            return None;
        }
        let next = lines.get(at + 1).map_or("", |line| line.trim());
        let may_end = line.ends_with([':', '：', '*', '_']) || line.ends_with("wrote");
        if let Some(speaker) = may_end.then(|| attributed(&joined, next)).flatten() {
            return Some(Intro { lines: at + 1, speaker, at: None, forwarded: false });
        }
    }
    None
}

/// The name in an attribution, when `text` is a whole one.
fn attributed(text: &str, next: &str) -> Option<Option<String>> {
    let lower = text.to_lowercase();
    let ends = text.ends_with([':', '：']);
    let bare = lower.trim_end_matches([':', '：', ' ', '*', '_']);
    let quote_follows = next.starts_with('>');
    let digits = text.chars().any(|c| c.is_ascii_digit());
    let mail = text.contains('@');
    let final_verb = VERBS.iter().find(|verb| bare.ends_with(*verb));
    let clock =
        text.as_bytes().windows(3).any(|w| matches!(w, [a, b':', c] if a.is_ascii_digit() && c.is_ascii_digit()));
    if let Some(verb) = final_verb {
        let dated = digits && starts_like_date(text);
        let sure = ends && (dated || mail || quote_follows) || dated && mail && clock;
        // "Ann said:" in running text is no mail.
        let weak = *verb == "said" && !quote_follows;
        return (sure && !weak).then(|| name_in(cut_verb(text, verb.chars().count())));
    }
    if !ends {
        return None;
    }
    // "Op 12 december 2016 19:05 schreef Name <address>:"
    let middle = VERBS.iter().find_map(|verb| {
        let at = lower.find(&format!(" {verb} "))?;
        lower.is_char_boundary(at).then(|| text.get(at + verb.len() + 2..)).flatten()
    });
    if let Some(after) = middle.filter(|_| digits && starts_like_date(text) && (mail || quote_follows)) {
        return Some(name_in(after.trim_end_matches([':', ' '])));
    }
    // "2017-11-24 16:32 GMT+01:00 Name <address>:"
    let day = starts_with_day(text);
    let end = text.trim_end_matches(':').trim_end();
    (end.ends_with('>') && mail && clock && day).then(|| name_in(after_time(end)))
}

/// What stands after the last time and zone of an attribution.
fn after_time(text: &str) -> &str {
    let from = text.rsplit_once(" from ").map(|(_, name)| name);
    from.unwrap_or_else(|| {
        let word = |c: char| c.is_alphabetic() || c == '"';
        let name = text.rsplit_once('<').map_or(text, |(before, _)| before);
        let last_digit = name.char_indices().rev().find(|(_, c)| c.is_ascii_digit()).map_or(0, |(at, _)| at + 1);
        let rest = text.get(last_digit..).unwrap_or(text);
        rest.trim_start_matches(|c: char| !word(c) && c != '<')
    })
}

fn cut_verb(text: &str, verb: usize) -> &str {
    let text = text.trim_end_matches([':', '：', ' ', '*', '_']);
    let end = text.chars().count().saturating_sub(verb);
    text.char_indices().nth(end).and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

fn starts_like_date(text: &str) -> bool {
    const STARTERS: &[&str] = &[
        "on", "le", "am", "el", "em", "il", "in", "op", "den", "dne", "w", "dnia", "pe", "på", "på", "pada", "no", "a",
    ];
    let first =
        text.trim_start_matches(['>', ' ', '*', '_']).split([' ', ',', '.']).next().unwrap_or_default().to_lowercase();
    STARTERS.contains(&first.as_str()) || starts_with_day(text)
}

/// Starts with a number or the short or long name of a weekday.
fn starts_with_day(text: &str) -> bool {
    const DAYS: &[&str] = &[
        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "mo", "di", "mi", "do", "fr", "sa", "so", "lun", "mar", "mer",
        "jeu", "ven", "sam", "dim", "man", "tir", "ons", "tor", "fre", "lør", "søn", "пн", "вт", "ср", "чт", "пт",
        "сб", "вс",
    ];
    let text = text.trim_start();
    let first: String = text.chars().take_while(|c| c.is_alphabetic()).collect::<String>().to_lowercase();
    text.starts_with(|c: char| c.is_ascii_digit())
        || DAYS.contains(&first.as_str())
        || first.ends_with("day")
        || first.ends_with("tag")
}

/// The name or address at the end of "…, at 2:00 PM, Ann Client <ann@example.org>".
fn name_in(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['*', ',', ' ', ':']);
    let quoted = text.split('"').nth(1).filter(|name| !name.trim().is_empty());
    if let Some(name) = quoted {
        return Some(name.trim().to_owned());
    }
    let bracket = text.char_indices().find(|(_, c)| matches!(c, '<' | '[' | '(')).map(|(at, _)| at);
    let (before, address) = bracket.and_then(|at| text.split_at_checked(at)).unwrap_or((text, ""));
    let before = before.trim().trim_end_matches(',');
    let name = tail_name(before);
    let inside = address.trim_matches(|c: char| matches!(c, '<' | '>' | '[' | ']' | '(' | ')' | ' '));
    let inside = inside.strip_prefix("mailto:").unwrap_or(inside).split(['<', '>', ' ']).next().unwrap_or_default();
    let found = if name.is_empty() { inside } else { name };
    let found = found.trim().trim_matches(['\'', '"']);
    let plausible = found.chars().any(char::is_alphabetic) && found.chars().count() <= 80;
    plausible.then(|| found.to_owned())
}

/// The words after the last date or time: a name has no digits.
fn tail_name(text: &str) -> &str {
    if text.contains('@') {
        return text.rsplit([' ', ',']).next().unwrap_or_default();
    }
    let last_digit = text.char_indices().rev().find(|(_, c)| c.is_ascii_digit()).map_or(0, |(at, _)| at + 1);
    let rest = text.get(last_digit..).unwrap_or_default();
    let rest = rest.trim_start_matches(|c: char| !c.is_alphabetic());
    let rest = ["PM", "AM", "p.m.", "a.m.", "pm", "am", "użytkownik", "Uhr"]
        .iter()
        .find_map(|word| rest.strip_prefix(word).filter(|rest| rest.is_empty() || rest.starts_with([' ', ','])))
        .unwrap_or(rest);
    rest.trim_start_matches([',', ' ', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speaker(text: &str) -> Option<(usize, Option<String>)> {
        let lines: Vec<&str> = text.lines().collect();
        intro(&lines).map(|intro| (intro.lines, intro.speaker))
    }

    #[test]
    fn attributions_of_many_programs_are_known() {
        let named = |lines, name: &str| Some((lines, Some(name.to_owned())));
        for (text, expected) in [
            ("On Mon, Apr 2, 2012 at 6:26 PM, Ann One <ann@example.org> wrote:", named(1, "Ann One")),
            ("On Nov 21, 2014,\nat 10:18,\nAnn One <ann@example.org> wrote:", named(3, "Ann One")),
            ("On 04/02/2012 06:26 PM, Ann One wrote:\n> Hi", named(1, "Ann One")),
            ("Le 29 avr. 2025 à 11:11, Ann - Shop <ann@example.org> a écrit :", named(1, "Ann - Shop")),
            ("Am 02.04.2012 um 18:26 schrieb Ann One <ann@example.org>:", named(1, "Ann One")),
            ("Op 12 december 2016 19:05 schreef Ann One <\nann@example.org>:", named(2, "Ann One")),
            ("tir. 18. apr. 2017 kl. 13:09 skrev Ann One <ann@example.org\n>:", named(2, "Ann One")),
            ("W dniu 2017-01-09 11:59:39 użytkownik Ann One <ann@example.org> napisał:", named(1, "Ann One")),
            ("2017-11-24 16:32 GMT+01:00 Ann - Shop <ann@example.org>:", named(1, "Ann - Shop")),
            ("11:00 AM, November 17, 2021, \"Ann - Shop\" <ann@example.org>:", named(1, "Ann - Shop")),
            ("From: Ann One <ann@example.org>\nSent: Monday\nTo: Ben\nSubject: x\n", named(4, "Ann One")),
            ("Von: Ann One <ann@example.org>\nGesendet: Montag\nAn: Ben\nBetreff: x\n", named(4, "Ann One")),
            ("*From:* Ann One [mailto:ann@example.org]\n*Sent:* Monday\n*To:* b\n*Subject:* c", named(4, "Ann One")),
            ("-----Original Message-----\nFrom: Ann\nTo: Ben\nSubject: x\n", named(4, "Ann")),
            ("----- Original Message -----\n\nHi", Some((1, None))),
        ] {
            assert_eq!(speaker(text), expected, "{text}");
        }
    }

    #[test]
    fn sentences_are_no_attributions() {
        for text in [
            "On the other hand, we should be careful.\nOn average, this works.",
            "On Thursday:\n\nLorem ipsum",
            "I need mails from: ann@example.org and from: ben@example.org\n",
            "2024-01-15 14:30:25\n2024/01/15 14:30:25",
            "----\n\n1. Performance",
            "From: our database\nnot from elsewhere",
            "On your remote host you can run:\n\n telnet",
        ] {
            assert_eq!(speaker(text), None, "{text}");
        }
    }

    #[test]
    fn a_forwarded_message_is_told_apart() {
        let lines = [
            "---------- Forwarded message ---------",
            "From: Ann <ann@example.org>",
            "Date: Monday",
            "Subject: x",
            "To: b",
        ];
        let found = intro(&lines).unwrap();
        assert!(found.forwarded);
        assert_eq!((found.lines, found.speaker.as_deref()), (5, Some("Ann")));
    }
}
