//! Search and replace: exactly, then once with white space aside, and never a guess.

/// Lines to be replaced; both texts end in a line break or are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The lines that are there.
    pub search: String,
    /// The lines that shall be there.
    pub replace: String,
}

/// Why an edit can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditFault {
    /// The lines are not there.
    #[error("the lines of edit {number} are not in the file; send the whole file")]
    NotFound {
        /// Which edit, from 1.
        number: usize,
    },
    /// The lines are there more than once.
    #[error("the lines of edit {number} are there more than once; send the whole file")]
    Ambiguous {
        /// Which edit, from 1.
        number: usize,
    },
}

/// The text after the edits, one after the other.
///
/// # Errors
/// [`EditFault`] for the first edit whose lines are not there exactly once.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, EditFault> {
    let mut text = text.to_owned();
    for (number, edit) in (1..).zip(edits) {
        text = apply_one(&text, edit).map_err(|found| match found {
            Found::Nowhere => EditFault::NotFound { number },
            Found::Often => EditFault::Ambiguous { number },
        })?;
    }
    Ok(text)
}

enum Found {
    Nowhere,
    Often,
}

fn apply_one(text: &str, edit: &Edit) -> Result<String, Found> {
    let lines: Vec<&str> = text.lines().collect();
    let search: Vec<&str> = edit.search.lines().collect();
    let (at, is_exact) = match only(&places(&lines, &search)) {
        Ok(at) => (at, true),
        Err(Found::Often) => return Err(Found::Often),
        Err(Found::Nowhere) => {
            let plain = |lines: &[&str]| lines.iter().map(|line| words(line)).collect::<Vec<_>>();
            (only(&places(&plain(&lines), &plain(&search)))?, false)
        }
    };
    let found = lines.get(at..at + search.len()).unwrap_or_default();
    let shift = if is_exact { Shift::default() } else { Shift::between(&search, found) };
    let mut out = String::with_capacity(text.len() + edit.replace.len());
    let mut push = |line: &str| {
        out.push_str(line);
        out.push('\n');
    };
    lines.iter().take(at).for_each(|line| push(line));
    edit.replace.lines().for_each(|line| push(&shift.of(line)));
    lines.iter().skip(at + search.len()).for_each(|line| push(line));
    Ok(out)
}

fn only(places: &[usize]) -> Result<usize, Found> {
    match places {
        [] => Err(Found::Nowhere),
        [at] => Ok(*at),
        _ => Err(Found::Often),
    }
}

/// The words of a line with single spaces: what is left when white space does not count.
fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where `search` stands in `lines`, up to two places (Knuth, Morris, Pratt: linear also for repeated lines).
fn places<T: PartialEq>(lines: &[T], search: &[T]) -> Vec<usize> {
    let mut failure = vec![0_usize; search.len()];
    let mut matched = 0;
    for (number, line) in search.iter().enumerate().skip(1) {
        while matched > 0 && search.get(matched) != Some(line) {
            matched = failure.get(matched - 1).copied().unwrap_or(0);
        }
        matched += usize::from(search.get(matched) == Some(line));
        if let Some(slot) = failure.get_mut(number) {
            *slot = matched;
        }
    }
    let (mut found, mut matched) = (Vec::new(), 0);
    for (number, line) in lines.iter().enumerate() {
        while matched > 0 && search.get(matched) != Some(line) {
            matched = failure.get(matched - 1).copied().unwrap_or(0);
        }
        matched += usize::from(search.get(matched) == Some(line));
        if matched == search.len() && matched > 0 {
            found.push(number + 1 - matched);
            if found.len() == 2 {
                break;
            }
            matched = failure.get(matched - 1).copied().unwrap_or(0);
        }
    }
    found
}

/// How far the lines that were found stand from where the model thought them.
#[derive(Debug, Default)]
struct Shift {
    add: String,
    remove: usize,
}

impl Shift {
    fn between(search: &[&str], found: &[&str]) -> Self {
        let pair = search.iter().zip(found).find(|(line, _)| !line.trim().is_empty());
        let Some((searched, found)) = pair else { return Self::default() };
        let (searched, found) = (indent(searched), indent(found));
        match found.strip_prefix(searched) {
            Some(add) => Self { add: add.to_owned(), remove: 0 },
            None => Self { add: String::new(), remove: searched.len().saturating_sub(found.len()) },
        }
    }

    fn of(&self, line: &str) -> String {
        if line.trim().is_empty() {
            return String::new();
        }
        let spare = indent(line).len().min(self.remove);
        format!("{}{}", self.add, line.get(spare..).unwrap_or(line))
    }
}

fn indent(line: &str) -> &str {
    line.strip_suffix(line.trim_start_matches([' ', '\t'])).unwrap_or_default()
}
