//! Every form by an example made from its row; what is called a secret and is one, and what is not.

use super::format::{Class, Part};
use super::*;
use std::collections::BTreeSet;

/// So many characters of a class that look random.
fn run(class: Class, length: usize) -> String {
    let letters = match class {
        Class::Digit => "7302948165",
        Class::Hex => "a3f09c7b15e8d264",
        Class::Upper => "Q7XK2M9ZP4R8T3WN",
        _ => "aB3dE9fG2hJ7kL5mN8pQ4rS6tU1vW0xY",
    };
    letters.chars().cycle().take(length).collect()
}

fn example(format: &Format, start: &str) -> String {
    let before = format.before.map(|(class, least, _)| run(class, least)).unwrap_or_default();
    let parts = format.parts.iter().map(|part| match part {
        Part::Run(class, least, _) => run(*class, *least),
        Part::Text(text) => (*text).to_owned(),
    });
    format!("{before}{start}{}", parts.collect::<String>())
}

fn names(text: &str) -> Vec<&'static str> {
    find(text).iter().map(|secret| secret.name).collect()
}

#[test]
fn every_form_is_found_whole_wherever_it_stands() {
    let mut makers = BTreeSet::new();
    for format in table::FORMATS {
        makers.insert(format.name);
        for start in format.starts {
            let token = example(format, start);
            for text in [
                token.clone(),
                format!("The value is \"{token}\"."),
                format!("KEY={token}\nnext"),
                format!("siehe „{token}“ – später"),
                format!("({token})"),
            ] {
                let found = of_known_form(&text);
                let whole =
                    found.iter().find(|secret| secret.span.of(&text).is_some_and(|span| token.starts_with(span)));
                assert!(
                    whole.is_some_and(|secret| secret.span.of(&text) == Some(&token)),
                    "{}: {text}: {found:?}",
                    format.name
                );
            }
            // Within a word it is no token.
            if format.before.is_none() {
                let text = format!("word{token}");
                assert!(
                    !of_known_form(&text).iter().any(|one| one.span.start == 4 && one.name == format.name),
                    "{text}"
                );
            }
            // One character less is none of this form, and one of no other.
            let short = token.get(..token.len() - 1).unwrap();
            if !format.parts.is_empty() {
                assert!(
                    !of_known_form(short)
                        .iter()
                        .any(|one| one.name == format.name && one.span.start == 0 && one.span.end == short.len())
                        || format.name == "mailchimp-key"
                        || format.name.starts_with("openai"),
                    "{short}"
                );
            }
        }
    }
    makers.extend(["private-key", "password", "basic-auth", "bearer-token"]);
    assert!(makers.len() >= 60, "{}", makers.len());
}

#[test]
fn what_is_called_a_secret_and_looks_like_one_is_one() {
    let value = run(Class::Word, 24);
    for (text, secret) in [
        ("password: hunter22".to_owned(), "hunter22"),
        ("DB_PASSWORD=S3cr!et.Value".to_owned(), "S3cr!et.Value"),
        ("\"password\": \"tr0ub4dor&3\",".to_owned(), "tr0ub4dor&3"),
        ("The password is Kettle-Drum-4471, as ever.".to_owned(), "Kettle-Drum-4471"),
        ("Passwort: Geheim!2024".to_owned(), "Geheim!2024"),
        ("spring.datasource.password = q8Zr%tn2".to_owned(), "q8Zr%tn2"),
        ("Server=db;User Id=app;Password=letmein;Timeout=5".to_owned(), "letmein"),
        ("password:\n    Winter-2031!".to_owned(), "Winter-2031!"),
        ("| Password | k3ttle!drum |".to_owned(), "k3ttle!drum"),
        ("**Password:** `k3ttle!drum`".to_owned(), "k3ttle!drum"),
        (format!("api_key: '{value}'"), &value),
        (format!("API key: {value}."), &value),
        (format!("const apiKey = \"{value}\";"), &value),
        (format!("export DD_API_KEY={}", run(Class::Hex, 32)), "a3f09c7b15e8d264a3f09c7b15e8d264"),
        (format!("Authorization: Bearer {value}"), &value),
        ("Authorization: Basic YXBwOmh1bnRlcjIy".to_owned(), "YXBwOmh1bnRlcjIy"),
        ("postgres://app:kettledrum@db.example.org/x".to_owned(), "kettledrum"),
        ("redis://:kettledrum@db.example.org".to_owned(), "kettledrum"),
        (format!("AWS_SECRET_ACCESS_KEY={}", run(Class::Word, 40)), &run(Class::Word, 40)),
        ("Heroku API key: 3f9a1c52-77aa-4b1e-9d3c-0a1b2c3d4e5f".to_owned(), "3f9a1c52-77aa-4b1e-9d3c-0a1b2c3d4e5f"),
    ] {
        let found: Vec<_> = find(&text).iter().filter_map(|one| one.span.of(&text)).map(str::to_owned).collect();
        assert_eq!(found, [secret], "{text}");
    }
    assert_eq!(names("export DD_API_KEY=a3f09c7b15e8d264a3f09c7b15e8d264"), ["datadog-key"]);
}

#[test]
fn what_speaks_of_secrets_holds_none() {
    for text in [
        "The password is required.",
        "Password: at least 8 characters",
        "The password is 12-characters long",
        "password: string",
        "password: z.string().min(8)",
        "const token = await getToken();",
        "apiKey: process.env.API_KEY",
        "token: settings.API_TOKEN_V2",
        "password = \"changeme\"",
        "password: ${DB_PASSWORD}",
        "password: <your password>",
        "api key: xxxxxxxxxxxxxxxxxxxxxxxx",
        "Passwords: argon2id",
        "password: argon2id",
        "Authorization: Basic authentication",
        "Authorization: Bearer token",
        "Bearer {{ token }}",
        "postgres://postgres:postgres@localhost:5432/app",
        "https://user:${PASSWORD}@example.org",
        "The token is valid for 15 minutes.",
        "token expires: 2026-03-12T10:00:00Z",
        "secret: [secret: github-token]",
        "password: [secret: password]",
        "sha512-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ==",
        "\"integrity\": \"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"",
        "sk-learn and task-force-of-the-year-in-the-whole-wide-world",
        "design token: color-blue-500",
        "The key is under the mat.",
        "pat.test and s.toString and 1/2 and key-value and SK",
    ] {
        assert_eq!(names(text), [""; 0], "{text}");
    }
}

#[test]
fn private_keys_are_found_whole_however_their_lines_end() {
    let begin = ["-----BEGIN RSA ", "PRIVATE KEY-----"].concat();
    let end = ["-----END RSA ", "PRIVATE KEY-----"].concat();
    let line = "MIIEpAIBAAKCAQEA7bq3/kP0Zt9x+QmYwzA1c8s5d2f4g6h8j0k1l3m5n7p9q2r4";
    for (between, last) in
        [("\n", "abc="), ("\r\n", "abc="), (" ", "abc="), ("\\n", "abc="), ("\n> ", "abc"), ("\n\n", "")]
    {
        let key = format!(
            "{begin}{between}{line}{between}{line}{between}{last}{}{end}",
            if last.is_empty() { "" } else { between }
        );
        let text = format!("Here: {key} and more words after it");
        let found = find(&text);
        assert_eq!(
            found.iter().map(|one| one.span.of(&text).unwrap()).collect::<Vec<_>>(),
            [key.as_str()],
            "{between:?}"
        );
    }
    let cut = format!("{begin}\n{line}\n{line}\nand words");
    assert_eq!(find(&cut)[0].span.of(&cut).unwrap().len(), cut.len() - "\nand words".len());
    let spoken = format!(
        "{begin} is how it begins, and the hash is 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08."
    );
    assert_eq!(find(&spoken)[0].span.of(&spoken), Some(begin.as_str()));
    assert_eq!(
        names("-----BEGIN PUBLIC KEY-----\nMIIEpAIBAAKCAQEA7bq3kP0Zt9xQmYwzA1c8s5d2f4g6h8j0k1l3m5n7p9q2r4"),
        [""; 0]
    );
}
