//! The headings above the line that is being read.

use super::super::clean::shortened;

/// A heading is repeated on every block under it, so only this much of it.
const LABEL_CHARS: usize = 160;

/// Open headings by level, and the lines that lead in the open lists by indent.
#[derive(Debug, Default)]
pub(super) struct Trail {
    above: Vec<String>,
    headings: Vec<(u8, String)>,
    leads: Vec<(usize, String)>,
    in_list: bool,
}

impl Trail {
    pub(super) fn new(above: &[String]) -> Self {
        Self { above: above.to_vec(), ..Self::default() }
    }

    /// The headings above, outermost first.
    pub(super) fn headings(&self) -> Vec<String> {
        let own = self.headings.iter().map(|(_, text)| text);
        let leads = self.leads.iter().filter(|_| self.in_list).map(|(_, text)| text);
        self.above.iter().chain(own).chain(leads).cloned().collect()
    }

    /// Opens a heading; returns those above it.
    pub(super) fn enter(&mut self, level: u8, text: &str) -> Vec<String> {
        self.headings.retain(|(open, _)| *open < level);
        let above = self.headings();
        self.headings.push((level, shortened(text, LABEL_CHARS)));
        above
    }

    /// A line that leads in a list whose items are indented by at least `indent`.
    pub(super) fn lead(&mut self, indent: usize, text: &str) {
        self.leads.retain(|(open, _)| *open < indent);
        if self.leads.len() < 6 {
            self.leads.push((indent, shortened(text, LABEL_CHARS)));
        }
    }

    /// An item starts at `indent`: deeper lead-ins are over.
    pub(super) fn item(&mut self, indent: usize) {
        self.leads.retain(|(open, _)| *open <= indent);
        self.in_list = true;
    }

    /// The list is over.
    pub(super) fn leave_list(&mut self) {
        if std::mem::take(&mut self.in_list) {
            self.leads.clear();
            // A label such as "Must have:" is over with the list it introduced.
            self.headings.retain(|(level, text)| *level < 7 || !text.ends_with([':', '：']));
        }
    }

    pub(super) fn in_list(&self) -> bool {
        self.in_list
    }
}
