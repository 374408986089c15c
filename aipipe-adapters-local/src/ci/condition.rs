//! `if:` of jobs and steps: status functions, comparisons of texts, and `!`, `&&`, `||`.
//!
//! As on GitHub, a condition without a status function holds only if nothing before it failed, and texts are compared
//! without regard to case. Whatever else there is in GitHub's language (numbers, indexes, functions) is refused.

use super::expression::{Named, Reference, Site, named};
use super::yaml::unsupported;
use aipipe_core::Result;

/// The deepest nesting that is read.
const MAX_DEPTH: usize = 20;

/// When a job or step runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    test: Test,
    /// Whether it names a status function; without one, `success()` is meant as well.
    names_status: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Success,
    Failure,
    Cancelled,
    Always,
    Equal(Operand, Operand),
    Not(Box<Test>),
    All(Vec<Test>),
    Any(Vec<Test>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operand {
    Text(String),
    Reference(Reference),
}

/// How things stand when a condition is looked at. A run that was cancelled looks at none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// Everything before succeeded.
    pub(super) succeeded: bool,
    /// Something before failed.
    pub(super) failed: bool,
}

impl Default for Condition {
    fn default() -> Self {
        Self { test: Test::Success, names_status: true }
    }
}

impl Condition {
    /// Parses the text of an `if:`.
    pub(super) fn parse(text: &str, site: &Site<'_>) -> Result<Self> {
        let text = text.trim();
        let bare = text.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).map_or(text, str::trim);
        let refuse = || {
            let shown: String = bare.chars().take(80).collect();
            unsupported(format!("if: {shown} in {}", site.place))
        };
        let words = words(bare).ok_or_else(refuse)?;
        let mut reader = Reader { words: &words, site, names_status: false };
        let test = reader.any(0)?.filter(|_| reader.words.is_empty()).ok_or_else(refuse)?;
        Ok(Self { test, names_status: reader.names_status })
    }

    /// Whether it holds.
    pub(super) fn holds(&self, standing: Standing, value: impl Fn(&Reference) -> Option<String>) -> bool {
        (self.names_status || standing.succeeded) && holds(&self.test, standing, &value)
    }
}

fn holds(test: &Test, standing: Standing, value: &impl Fn(&Reference) -> Option<String>) -> bool {
    let text = |operand: &Operand| match operand {
        Operand::Text(text) => text.to_lowercase(),
        Operand::Reference(reference) => value(reference).unwrap_or_default().to_lowercase(),
    };
    match test {
        Test::Success => standing.succeeded,
        Test::Failure => standing.failed,
        Test::Cancelled => false,
        Test::Always => true,
        Test::Equal(left, right) => text(left) == text(right),
        Test::Not(test) => !holds(test, standing, value),
        Test::All(tests) => tests.iter().all(|test| holds(test, standing, value)),
        Test::Any(tests) => tests.iter().any(|test| holds(test, standing, value)),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Sign(&'static str),
    Text(String),
    Name(String),
}

/// The words of a condition; `None` where it has a character that none of ours has.
fn words(text: &str) -> Option<Vec<Word>> {
    const SIGNS: [&str; 7] = ["==", "!=", "&&", "||", "!", "(", ")"];
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            words.push(Word::Sign(sign));
            rest = rest.strip_prefix(sign)?;
        } else if let Some(quoted) = rest.strip_prefix('\'') {
            let (text, after) = quoted_text(quoted)?;
            words.push(Word::Text(text));
            rest = after;
        } else {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')));
            let (name, after) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
            if name.is_empty() {
                return None;
            }
            words.push(Word::Name(name.to_owned()));
            rest = after;
        }
        rest = rest.trim_start();
    }
    Some(words)
}

/// The text up to the closing quote, in which two quotes stand for one, and what follows.
fn quoted_text(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut rest = quoted;
    loop {
        let (part, after) = rest.split_once('\'')?;
        text.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                text.push('\'');
                rest = more;
            }
            None => return Some((text, after)),
        }
    }
}

/// Reads by the language's precedence: `||` binds least, then `&&`, then comparisons, then `!`.
struct Reader<'a> {
    words: &'a [Word],
    site: &'a Site<'a>,
    names_status: bool,
}

impl Reader<'_> {
    fn take(&mut self, sign: &str) -> bool {
        match self.words.split_first() {
            Some((Word::Sign(first), rest)) if *first == sign => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }

    fn any(&mut self, depth: usize) -> Result<Option<Test>> {
        let mut tests = Vec::new();
        loop {
            let Some(test) = self.all(depth)? else { return Ok(None) };
            tests.push(test);
            if !self.take("||") {
                return Ok(Some(one_or(tests, Test::Any)));
            }
        }
    }

    fn all(&mut self, depth: usize) -> Result<Option<Test>> {
        let mut tests = Vec::new();
        loop {
            let Some(test) = self.one(depth)? else { return Ok(None) };
            tests.push(test);
            if !self.take("&&") {
                return Ok(Some(one_or(tests, Test::All)));
            }
        }
    }

    fn one(&mut self, depth: usize) -> Result<Option<Test>> {
        if !matches!(self.words, [Word::Text(_), ..] | [Word::Name(_), Word::Sign("==" | "!="), ..]) {
            return self.unit(depth);
        }
        let Some(left) = self.operand()? else { return Ok(None) };
        let equal = self.take("==");
        if !equal && !self.take("!=") {
            return Ok(None);
        }
        let Some(right) = self.operand()? else { return Ok(None) };
        let test = Test::Equal(left, right);
        Ok(Some(if equal { test } else { Test::Not(Box::new(test)) }))
    }

    /// What `!` may stand before: `!a == 'b'` would negate the text `a` alone, so it is not read.
    fn unit(&mut self, depth: usize) -> Result<Option<Test>> {
        if depth > MAX_DEPTH {
            return Ok(None);
        }
        if self.take("!") {
            return Ok(self.unit(depth + 1)?.map(|test| Test::Not(Box::new(test))));
        }
        if self.take("(") {
            let test = self.any(depth + 1)?;
            return Ok(test.filter(|_| self.take(")")));
        }
        let [Word::Name(name), Word::Sign("("), Word::Sign(")"), rest @ ..] = self.words else { return Ok(None) };
        let test = match name.as_str() {
            "success" => Test::Success,
            "failure" => Test::Failure,
            "cancelled" => Test::Cancelled,
            "always" => Test::Always,
            _ => return Ok(None),
        };
        self.words = rest;
        self.names_status = true;
        Ok(Some(test))
    }

    fn operand(&mut self) -> Result<Option<Operand>> {
        let Some((first, rest)) = self.words.split_first() else { return Ok(None) };
        let operand = match first {
            Word::Text(text) => Operand::Text(text.clone()),
            Word::Name(name) if name.contains('.') && !name.starts_with(|c: char| c.is_ascii_digit()) => {
                match named(name, self.site)? {
                    Named::Value(value) => Operand::Text(value),
                    Named::Reference(reference) => Operand::Reference(reference),
                }
            }
            Word::Name(_) | Word::Sign(_) => return Ok(None),
        };
        self.words = rest;
        Ok(Some(operand))
    }
}

fn one_or(mut tests: Vec<Test>, many: fn(Vec<Test>) -> Test) -> Test {
    match tests.pop() {
        Some(only) if tests.is_empty() => only,
        Some(last) => {
            tests.push(last);
            many(tests)
        }
        None => many(tests),
    }
}

#[cfg(test)]
mod tests {
    use super::super::expression::Level;
    use super::*;
    use aipipe_core::ErrorKind;
    use proptest::prelude::*;

    const FINE: Standing = Standing { succeeded: true, failed: false };
    const FAILED: Standing = Standing { succeeded: false, failed: true };
    const SKIPPED: Standing = Standing { succeeded: false, failed: false };

    fn parse(text: &str) -> Result<Condition> {
        let needs = ["a".to_owned()];
        Condition::parse(text, &Site { needs: &needs, ..Site::workflow("x", "push").at(Level::Step, "x") })
    }

    #[test]
    fn conditions_hold_as_on_github() {
        let value = |reference: &Reference| match reference {
            Reference::NeedOutput { .. } => Some("True".to_owned()),
            Reference::Context("github.event_name") => Some("push".to_owned()),
            _ => None,
        };
        for (text, fine, failed, skipped) in [
            ("success()", true, false, false),
            ("${{ always() }}", true, true, true),
            (" failure() ", false, true, false),
            ("!cancelled()", true, true, true),
            ("success() || failure()", true, true, false),
            // Without a status function, `success()` is meant too.
            ("github.event_name == 'push'", true, false, false),
            ("github.event_name == 'push' && always()", true, true, true),
            ("always() && needs.a.outputs.x == 'true'", true, true, true),
            ("needs.a.outputs.x != 'true'", false, false, false),
            ("env.UNSET == ''", true, false, false),
            ("!(github.event_name == 'a' || github.event_name == 'PUSH')", false, false, false),
            ("always() && github.event_name == 'a' || failure()", false, true, false),
            ("'it''s' == 'IT''S'", true, false, false),
        ] {
            let condition = parse(text).unwrap();
            let held = [FINE, FAILED, SKIPPED].map(|standing| condition.holds(standing, value));
            assert_eq!(held, [fine, failed, skipped], "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_unsupported() {
        let deep = format!("{}always()", "!".repeat(100));
        for bad in [
            "true",
            "",
            "github.ref",
            "always() &&",
            "contains(github.ref, 'x')",
            "env.X == 1",
            "1.5 == '1'",
            "env.X > 'a'",
            "(always()",
            "always())",
            "always",
            "'a' == 'b",
            "github.event.commits[0].id == 'x'",
            "secrets.X == ''",
            "!env.X == 'a'",
            "(always()) == 'true'",
            deep.as_str(),
        ] {
            assert_eq!(parse(bad).unwrap_err().kind(), ErrorKind::Unsupported, "{bad}");
        }
        assert_eq!(parse("needs.b.result == 'success'").unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,80}|[a-z.'()!&|= ]{0,60}") {
            let _ = parse(&text);
        }
    }
}
