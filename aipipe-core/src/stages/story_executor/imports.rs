//! What a generated file imports: where another file of the project lies, and which names its text mentions.

use crate::stacks::{FileRule, Scope, StackDefinition};

/// The files of a stack whose place does not depend on records or stories, with their templates.
#[derive(Debug, Clone)]
pub(super) struct FixedFiles(Vec<(String, String)>);

impl FixedFiles {
    pub(super) fn of(definition: &StackDefinition) -> Self {
        let fixed = |rule: &&FileRule| matches!(rule.scope, Scope::Scaffold | Scope::Growing | Scope::Shared);
        let rules = definition.files.iter().filter(fixed);
        Self(rules.map(|rule| (rule.template.clone(), rule.path.to_string())).collect())
    }

    /// The file made from `template`, given with or without its folder; of several the one that lies nearest to `from`.
    pub(super) fn nearest(&self, from: &str, template: &str) -> Option<&str> {
        // `.tsx` is imported as `.ts` is.
        let plain = |name: &str| name.strip_suffix(".tsx").map_or_else(|| name.to_owned(), |stem| format!("{stem}.ts"));
        let template = plain(template);
        let is_meant = |known: &str| {
            let known = plain(known);
            known == template || known.strip_suffix(&template).is_some_and(|folder| folder.ends_with('/'))
        };
        let shared_folders =
            |path: &str| path.split('/').zip(from.split('/')).take_while(|(there, here)| there == here).count();
        let meant = self.0.iter().filter(|(known, _)| is_meant(known)).map(|(_, path)| path.as_str());
        // The first of equals, as the table has them.
        meant.rev().max_by_key(|path| shared_folders(path))
    }
}

/// Those of `names` that stand in the TypeScript `code` as whole words outside of plain strings and line comments, in
/// their order.
pub(super) fn mentions(code: &str, names: &[String]) -> Vec<String> {
    let words: std::collections::BTreeSet<&str> = words(code).collect();
    names.iter().filter(|name| words.contains(name.as_str())).cloned().collect()
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let mut rest = code;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start_matches(|c: char| !is_part(c) && c != '"' && c != '/');
            if rest.is_empty() {
                return None;
            }
            if let Some(after) = rest.strip_prefix('"') {
                rest = after_string(after);
            } else if let Some(comment) = rest.strip_prefix("//") {
                rest = comment.split_once('\n').map_or("", |(_, after)| after);
            } else if let Some(after) = rest.strip_prefix('/') {
                rest = after;
            } else {
                let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                rest = after;
                return Some(word);
            }
        }
    })
}

/// What follows the end of the string, whose opening quote is gone.
fn after_string(text: &str) -> &str {
    let mut escaped = false;
    for (position, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return text.get(position + 1..).unwrap_or(""),
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Stack;
    use crate::stacks::definition;

    #[test]
    fn only_words_of_the_code_are_mentioned() {
        let code = "// press\nit(\"says \\\"listed\\\"\", () => enter(`${shown}`, a / b.first)); enterBook();";
        let names = ["press", "listed", "enter", "shown", "first", "Book", "a", "it"].map(str::to_owned);
        assert_eq!(mentions(code, &names), ["enter", "shown", "first", "a", "it"]);
        assert_eq!(mentions("\"open", &names), Vec::<String>::new());
    }

    #[test]
    fn a_template_stands_for_its_file() {
        let files = FixedFiles::of(definition(Stack::VueSpa));
        assert_eq!(files.nearest("src/views/A.vue", "errors.ts"), Some("src/errors.ts"));
        assert_eq!(files.nearest("src/views/A.vue", "shared/browser/errors.ts"), Some("src/errors.ts"));
        assert_eq!(files.nearest("src/views/A.vue", "rrors.ts"), None);
        let both = FixedFiles(vec![
            ("browser/storage.ts".to_owned(), "client/src/storage.ts".to_owned()),
            ("server/storage.ts".to_owned(), "server/src/storage.ts".to_owned()),
        ]);
        assert_eq!(both.nearest("server/src/app.ts", "storage.ts"), Some("server/src/storage.ts"));
        assert_eq!(both.nearest("client/src/app.ts", "storage.ts"), Some("client/src/storage.ts"));
        assert_eq!(both.nearest("client/src/app.ts", "server/storage.ts"), Some("server/src/storage.ts"));
        assert_eq!(both.nearest("tests/a.ts", "storage.ts"), Some("client/src/storage.ts"));
    }
}
