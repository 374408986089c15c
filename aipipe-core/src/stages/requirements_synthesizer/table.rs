//! Tables of stories and requirements: what the columns mean is told by their header.

use super::ask::{Ask, roles_of, wanted};
use super::attributes::{self, Attributes};
use super::words::{Token, TokenKind, phrase_at, trim_marks, words_of};

/// Which cell holds what.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    role: Option<usize>,
    action: Option<usize>,
    benefit: Option<usize>,
    priority: Option<usize>,
    points: Option<usize>,
    label: Option<usize>,
}

/// What a row says.
pub(super) struct Row<'t> {
    pub(super) asks: Vec<Ask>,
    /// Cells to be read as sentences, when the table has no column of roles.
    pub(super) statements: Vec<&'t [Token]>,
    pub(super) attributes: Attributes,
}

/// The cells of a row, separated by ` | `.
pub(super) fn cells(tokens: &[Token]) -> Vec<&[Token]> {
    let mut cells: Vec<&[Token]> = tokens.split(|t| t.is("|")).collect();
    if cells.first().is_some_and(|c| c.is_empty()) {
        cells.remove(0);
    }
    if cells.last().is_some_and(|c| c.is_empty()) {
        cells.pop();
    }
    cells
}

impl Columns {
    /// The meaning of the columns when these cells are a header that has a column of actions.
    pub(super) fn from_header(cells: &[&[Token]]) -> Option<Self> {
        if cells.len() < 2 || cells.iter().any(|cell| cell.len() > 5) {
            return None;
        }
        let mut columns = Self::default();
        for (index, cell) in cells.iter().enumerate() {
            let cell = trim_marks(cell);
            let named = |names: &[&str]| {
                names.iter().any(|name| {
                    name.split(' ').count() == cell.iter().filter(|t| t.kind != TokenKind::Mark).count()
                        && phrase_at(cell, 0, name)
                })
            };
            let slot =
                if named(&["as a", "as an", "as", "role", "user", "actor", "user role", "persona", "user type", "who"])
                {
                    &mut columns.role
                } else if named(&[
                    "i want",
                    "i want to",
                    "want",
                    "want to",
                    "requirement",
                    "requirements",
                    "feature",
                    "user story",
                    "story",
                    "need",
                    "function",
                    "what",
                    "description",
                    "functionality",
                ]) {
                    &mut columns.action
                } else if named(&["so that", "benefit", "reason", "why", "goal"]) {
                    &mut columns.benefit
                } else if named(&["priority", "prio", "moscow", "importance"]) {
                    &mut columns.priority
                } else if named(&["points", "effort", "story points", "estimate"]) {
                    &mut columns.points
                } else if named(&["id", "no", "nr", "story id", "us", "req id"]) {
                    &mut columns.label
                } else {
                    continue;
                };
            slot.get_or_insert(index);
        }
        columns.action.is_some().then_some(columns)
    }

    /// What a row under this header says; nothing for a row of dashes.
    pub(super) fn read<'t>(&self, text: &str, cells: &[&'t [Token]]) -> Option<Row<'t>> {
        let cell =
            |column: Option<usize>| column.and_then(|c| cells.get(c)).map(|c| trim_marks(c)).filter(|c| !c.is_empty());
        let action = cell(self.action)?;
        let mut attributes = Attributes::default();
        if let Some(words) = cell(self.priority) {
            let count = words.iter().filter(|t| !t.is_mark()).count();
            attributes.priority = attributes::priority(words, count).map(|p| (p, words_of(text, words)));
        }
        if let Some(words) = cell(self.points) {
            let points = words.iter().find_map(|t| t.lower.parse::<u32>().ok()).filter(|n| *n > 0);
            attributes.effort = points.map(|p| (crate::domain::Effort::at_least(p), words_of(text, words)));
        }
        if let Some(words) = cell(self.label) {
            attributes.label = attributes::label(words)
                .0
                .or_else(|| words.first().filter(|t| t.kind == TokenKind::Number).map(|t| format!("us-{}", t.lower)));
        }
        let benefit = cell(self.benefit).map(|words| words_of(text, words));
        let asks = match cell(self.role) {
            Some(role) => roles_of(text, role)
                .into_iter()
                .flat_map(|role| wanted(text, action).into_iter().map(move |a| (role.clone(), a)))
                .map(|(role, action)| Ask { role, role_stated: true, action, benefit: benefit.clone() })
                .collect(),
            None => Vec::new(),
        };
        Some(Row { asks, statements: vec![action], attributes })
    }
}
