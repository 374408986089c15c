//! Tokens of well-known form, private keys, and passwords in addresses. Words that only look random are no secret.

use crate::domain::TextSpan;

/// Something that looks like a secret. What it is is never repeated.
#[derive(Debug)]
pub(super) struct Secret {
    pub(super) kind: &'static str,
    pub(super) span: TextSpan,
}

/// A token's beginning, the fewest characters after it, and what they may be.
struct Form {
    kind: &'static str,
    prefix: &'static str,
    rest: usize,
    allowed: fn(char) -> bool,
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

fn is_wide(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn is_upper(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit()
}

const FORMS: &[Form] = &[
    Form { kind: "an AWS access key", prefix: "AKIA", rest: 16, allowed: is_upper },
    Form { kind: "an AWS access key", prefix: "ASIA", rest: 16, allowed: is_upper },
    Form { kind: "a GitHub token", prefix: "ghp_", rest: 36, allowed: is_word },
    Form { kind: "a GitHub token", prefix: "gho_", rest: 36, allowed: is_word },
    Form { kind: "a GitHub token", prefix: "ghu_", rest: 36, allowed: is_word },
    Form { kind: "a GitHub token", prefix: "ghs_", rest: 36, allowed: is_word },
    Form { kind: "a GitHub token", prefix: "ghr_", rest: 36, allowed: is_word },
    Form { kind: "a GitHub token", prefix: "github_pat_", rest: 22, allowed: is_wide },
    Form { kind: "a GitLab token", prefix: "glpat-", rest: 20, allowed: is_wide },
    Form { kind: "a model provider's key", prefix: "sk-ant-", rest: 24, allowed: is_wide },
    Form { kind: "a model provider's key", prefix: "sk-proj-", rest: 24, allowed: is_wide },
    Form { kind: "a model provider's key", prefix: "sk-", rest: 40, allowed: is_word },
    Form { kind: "a Stripe key", prefix: "sk_live_", rest: 16, allowed: is_word },
    Form { kind: "a Stripe key", prefix: "rk_live_", rest: 16, allowed: is_word },
    Form { kind: "a Slack token", prefix: "xoxb-", rest: 20, allowed: is_wide },
    Form { kind: "a Slack token", prefix: "xoxp-", rest: 20, allowed: is_wide },
    Form { kind: "a Slack token", prefix: "xoxa-", rest: 20, allowed: is_wide },
    Form { kind: "a Slack token", prefix: "xapp-", rest: 20, allowed: is_wide },
    Form { kind: "a Google API key", prefix: "AIza", rest: 35, allowed: is_wide },
    Form { kind: "an npm token", prefix: "npm_", rest: 36, allowed: is_word },
    Form { kind: "a PyPI token", prefix: "pypi-AgEI", rest: 30, allowed: is_wide },
];

/// All of them, in order.
pub(super) fn find(text: &str) -> Vec<Secret> {
    let mut found = Vec::new();
    for (at, word) in words(text) {
        let form = FORMS.iter().find(|form| {
            word.strip_prefix(form.prefix)
                .is_some_and(|rest| rest.chars().take_while(|c| (form.allowed)(*c)).count() >= form.rest)
        });
        let kind = form.map(|form| form.kind).or_else(|| is_signed_token(word).then_some("a signed token"));
        if let Some(kind) = kind {
            found.push(Secret { kind, span: TextSpan { start: at, end: at + word.len() } });
        }
    }
    found.extend(private_keys(text));
    found.extend(passwords(text));
    found
}

/// Runs of the characters that tokens are made of.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let splits = |c: char| !(is_wide(c) || c == '.');
    let mut at = 0;
    let pieces = text.split_inclusive(splits).map(move |piece| {
        let from = at;
        at += piece.len();
        (from, piece.trim_end_matches(splits))
    });
    pieces.filter(|(_, word)| word.len() >= 16)
}

/// A JSON web token: header and payload begin as JSON objects do in base64.
fn is_signed_token(word: &str) -> bool {
    let mut parts = word.split('.');
    let (head, payload, signature) = (parts.next(), parts.next(), parts.next());
    let long = |part: Option<&str>, prefix| part.is_some_and(|part| part.starts_with(prefix) && part.len() >= 16);
    long(head, "eyJ") && long(payload, "eyJ") && signature.is_some_and(|signature| signature.len() >= 20)
}

fn private_keys(text: &str) -> Vec<Secret> {
    const BEGIN: &str = "-----BEGIN ";
    let begins = text.match_indices(BEGIN).filter_map(|(at, _)| {
        let rest = text.get(at + BEGIN.len()..)?;
        let label: String = rest.chars().take(40).take_while(|c| c.is_ascii_uppercase() || *c == ' ').collect();
        label.trim_end().ends_with("PRIVATE KEY").then(|| Secret {
            kind: "a private key",
            span: TextSpan { start: at, end: at + BEGIN.len() + label.len() },
        })
    });
    begins.collect()
}

/// `scheme://name:password@host`, unless the password is a placeholder.
fn passwords(text: &str) -> Vec<Secret> {
    const LONGEST: usize = 200;
    let addresses = text.match_indices("://").filter_map(|(at, mark)| {
        let from = at + mark.len();
        let authority: String = text
            .get(from..)?
            .chars()
            .take(LONGEST)
            .take_while(|c| c.is_ascii_graphic() && !matches!(c, '/' | '"' | '\'' | '`' | '<' | '?' | '#'))
            .collect();
        let (user, host) = authority.rsplit_once('@')?;
        let (name, password) = user.split_once(':')?;
        let is_filled_in = ['$', '{', '%', '*'].iter().any(|c| password.contains(*c));
        let is_common = matches!(
            password.to_ascii_lowercase().as_str(),
            "password" | "secret" | "changeme" | "postgres" | "test" | "user"
        );
        (!name.is_empty() && !host.is_empty() && password.len() >= 8 && !is_filled_in && !is_common).then(|| Secret {
            kind: "a password in an address",
            span: TextSpan { start: from, end: from + user.len() },
        })
    });
    addresses.collect()
}
