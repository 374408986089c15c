//! What generated code must not have, whoever wrote it: secrets, characters that hide what is written, scripts that run
//! on installing, and effects that happen as soon as a file is imported.

use super::validator::effects;
use crate::domain::{Finding, RepoPath, Rule, Severity, TextSpan, is_invisible};
use crate::redaction::secrets;
use serde_json::Value;

/// Most findings of one rule in one file.
const MOST: usize = 20;

/// What is found in one file. Secrets, hidden characters and install scripts are errors; effects on import warnings.
#[must_use]
pub fn scan(path: &RepoPath, text: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for secret in secrets::of_known_form(text).into_iter().take(MOST) {
        let message = format!("holds what looks like {}", secret.says);
        found.push(Finding::new(Rule::Secret, path, message).at(secret.span));
    }
    hidden(path, text, &mut found);
    match path.file_name() {
        "package.json" => install_scripts(path, text, &mut found),
        "setup.py" => {
            let message = "runs as a program when the project is installed";
            found.push(Finding::new(Rule::InstallScript, path, message));
        }
        _ => {}
    }
    for effect in effects(path, text).into_iter().take(MOST) {
        let message = format!("{} when the file is imported", effect.what);
        found.push(Finding::new(Rule::EffectOnImport, path, message).at(effect.span));
    }
    found
}

fn hidden(path: &RepoPath, text: &str, found: &mut Vec<Finding>) {
    let hidden = text.char_indices().filter(|(_, c)| is_invisible(*c)).take(MOST);
    found.extend(hidden.map(|(at, c)| {
        let span = TextSpan { start: at, end: at + c.len_utf8() };
        let code = c as u32;
        match c {
            '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
                let message = format!("U+{code:04X} makes text read in another order than it runs");
                Finding::new(Rule::BidirectionalCharacter, path, message).at(span)
            }
            // Emoji are made with these.
            '\u{200D}' | '\u{FE00}'..='\u{FE0F}' => {
                let message = format!("U+{code:04X} can't be seen");
                let found = Finding::new(Rule::InvisibleCharacter, path, message).at(span);
                Finding { severity: Severity::Warning, ..found }
            }
            _ => {
                let message = format!("U+{code:04X} can't be seen");
                Finding::new(Rule::InvisibleCharacter, path, message).at(span)
            }
        }
    }));
}

/// Scripts that npm runs by itself when a package is installed.
fn install_scripts(path: &RepoPath, text: &str, found: &mut Vec<Finding>) {
    const HOOKS: [&str; 8] =
        ["preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare", "prepublish", "dependencies"];
    let Ok(manifest) = serde_json::from_str::<Value>(text) else { return };
    let scripts = manifest.get("scripts").and_then(Value::as_object);
    for hook in scripts.into_iter().flat_map(|scripts| scripts.keys()).filter(|name| HOOKS.contains(&name.as_str())) {
        let message = format!("the script {hook} runs by itself when the project is installed");
        found.push(Finding::new(Rule::InstallScript, path, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<(String, Severity)> {
        let found = scan(&RepoPath::parse(path).unwrap(), text);
        found.into_iter().map(|finding| (finding.rule.to_string(), finding.severity)).collect()
    }

    #[test]
    fn secrets_are_errors_and_their_neighbours_are_not() {
        // Put together here, so that no scanner takes this file for a leak.
        let join = |parts: &[&str]| parts.concat();
        let secrets = [
            join(&["AKIA", "IOSFODNN7EXAMPLE"]),
            join(&["gh", "p_", &"a1B2".repeat(9)]),
            join(&["github", "_pat_", &"a1B2".repeat(8)]),
            join(&["sk-", "ant-", "api03-", &"a1B2".repeat(10)]),
            join(&["sk_", "live_", &"a1B2".repeat(6)]),
            join(&["xox", "b-", "123456789012-", &"a1B2".repeat(4)]),
            join(&["AI", "za", &"a1B2c".repeat(7)]),
            join(&["gl", "pat-", &"a1B2".repeat(5)]),
            join(&["np", "m_", &"a1B2".repeat(9)]),
            join(&["eyJ", &"hbGci".repeat(4), ".eyJ", &"zdWIi".repeat(4), ".", &"a1B2".repeat(8)]),
            join(&["-----BEGIN ", "PRIVATE KEY-----"]),
            join(&["-----BEGIN RSA ", "PRIVATE KEY-----"]),
            join(&["postgres://app:", "hunter22hunter22", "@db.example.org/x"]),
        ];
        for secret in &secrets {
            assert_eq!(
                rules("src/a.ts", &format!("const key = \"{secret}\";\n")),
                [("secret".to_owned(), Severity::Error)],
                "{secret}"
            );
        }
        for plain in [
            "AKIA",
            "sk-learn",
            "const id = \"us-0123456789\";",
            "https://example.org/a@b",
            "-----BEGIN PUBLIC KEY-----",
            "npm_config_registry",
            "sha512-abcdefghijklmnopqrstuvwxyz",
        ] {
            assert_eq!(rules("src/a.ts", plain), [], "{plain}");
        }
    }

    #[test]
    fn characters_that_hide_what_is_written_are_errors() {
        assert_eq!(rules("src/a.ts", "// a\u{202e}b\n"), [("bidirectional-character".to_owned(), Severity::Error)]);
        assert_eq!(rules("src/a.ts", "const a\u{200b} = 1;\n"), [("invisible-character".to_owned(), Severity::Error)]);
        assert_eq!(rules("src/a.ts", "// ✔\u{fe0f}\n"), [("invisible-character".to_owned(), Severity::Warning)]);
    }

    #[test]
    fn scripts_that_run_on_installing_are_errors() {
        let manifest = r#"{"scripts": {"test": "vitest", "postinstall": "node x.js"}}"#;
        assert_eq!(rules("package.json", manifest), [("install-script".to_owned(), Severity::Error)]);
        assert_eq!(rules("package.json", r#"{"scripts": {"test": "vitest"}}"#), []);
        assert_eq!(
            rules("setup.py", "from setuptools import setup\n"),
            [("install-script".to_owned(), Severity::Error)]
        );
    }

    #[test]
    fn effects_on_import_are_found_where_they_happen_and_only_there() {
        let warned = |path: &str, text: &str| rules(path, text).iter().any(|(rule, _)| rule == "effect-on-import");
        for (path, text) in [
            ("a.ts", "const r = await fetch(\"https://example.org\");\n"),
            ("a.ts", "import cp from \"node:child_process\";\ncp.execSync(\"id\");\n"),
            ("a.ts", "import * as cp from \"child_process\";\nif (true) {\n  cp.spawn(\"id\");\n}\n"),
            ("a.ts", "import { exec as run } from \"child_process\";\nconst a = run(\"id\"), b = () => 1;\n"),
            ("a.js", "const { execSync: run } = require(\"child_process\");\nrun(\"id\");\n"),
            ("a.js", "require(\"child_process\").execSync(\"id\");\n"),
            ("a.ts", "(await import(\"node:child_process\")).execSync(\"id\");\n"),
            ("a.ts", "(async () => {\n  await fetch(\"https://example.org\");\n})();\n"),
            ("a.ts", "[1].forEach(() => fetch(\"https://example.org\"));\n"),
            ("a.ts", "class A {\n  static {\n    fetch(\"https://example.org\");\n  }\n}\n"),
            ("a.ts", "globalThis.fetch(\"https://example.org\");\n"),
            ("a.vue", "<script setup lang=\"ts\">\nawait fetch(\"https://example.org\");\n</script>\n"),
            ("a.ts", "import { execSync } from \"node:child_process\";\nexecSync(\"id\");\n"),
            ("a.js", "eval(\"1\");\n"),
            ("a.ts", "const re = /[\"'`/]/;\nnew WebSocket(\"wss://example.org\");\n"),
            ("a.py", "import subprocess\nsubprocess.run([\"id\"])\n"),
            ("a.py", "import httpx\nRATES = httpx.get(\"https://example.org\")\n"),
            ("a.py", "from subprocess import run\nrun([\"id\"])\n"),
            ("a.py", "import subprocess as sp\nif True:\n    sp.Popen([\"id\"])\n"),
            ("a.py", "import urllib.request\n\n\nclass A:\n    x = urllib.request.urlopen(\"https://example.org\")\n"),
            ("a.py", "from os import system as run\n\n\ndef f(x=run(\"id\")):\n    pass\n"),
            ("a.py", "import os\nos.system(\"id\")\n"),
        ] {
            assert!(warned(path, text), "{text}");
        }
        for (path, text) in [
            ("a.ts", "export async function rates() {\n  return fetch(\"https://example.org\");\n}\n"),
            ("a.ts", "const load = () => fetch(\"https://example.org\");\n"),
            ("a.ts", "// fetch(\"x\")\nconst s = \"fetch(x)\"; const t = `eval(${1})`;\n"),
            ("a.ts", "const fetch = (x: string) => x;\nfetch(\"x\");\n"),
            ("a.ts", "import { run } from \"./run.js\";\nrun(\"id\");\n"),
            ("a.ts", "app.get(\"/\", () => fetch(\"https://example.org\"));\n"),
            ("a.ts", "class A {\n  rates = fetch(\"https://example.org\");\n}\n"),
            ("a.ts", "/x/.exec(\"x\");\n"),
            ("a.py", "from app.shell import run\nrun([\"id\"])\n"),
            ("a.py", "import subprocess\n\nif __name__ == \"__main__\":\n    subprocess.run([\"id\"])\n"),
            ("a.ts", "prefetch(1);\nthing.evaluate(2);\n"),
            ("a.py", "def rates():\n    return httpx.get(\"https://example.org\")\n"),
            ("a.py", "\"\"\"Never call\nsubprocess.run(x)\n\"\"\"\n"),
            ("a.md", "fetch(\"x\")\n"),
        ] {
            assert!(!warned(path, text), "{text}");
        }
    }

    #[test]
    fn megabytes_of_anything_are_one_pass() {
        for piece in ["eyJ.", "://", "sk-", "/*", "`${", "-----BEGIN ", "(", "\"", "a@b:c", "'", "eval(", "\n"] {
            let text = piece.repeat(1_000_000 / piece.len());
            for path in ["src/a.ts", "src/a.py"] {
                let found = scan(&RepoPath::parse(path).unwrap(), &text);
                assert!(found.len() <= 3 * MOST, "{path}: {}", found.len());
            }
        }
    }
}
