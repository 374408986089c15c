//! What every template sees, and which of it one has looked at.

use minijinja::value::{Enumerator, Object, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The parts of a project that every template sees. A part that changes gets a new mark, so equal marks are equal parts.
#[derive(Debug, Default)]
pub(in crate::stages::story_executor) struct Shared {
    parts: Arc<BTreeMap<&'static str, Part>>,
    last: u64,
}

#[derive(Debug, Clone)]
struct Part {
    value: Value,
    mark: u64,
}

/// The parts a template has looked at, with their marks.
pub(in crate::stages::story_executor) type Seen = BTreeMap<&'static str, u64>;

impl Shared {
    /// Takes the parts as they are now.
    pub(super) fn put<const N: usize>(&mut self, parts: [(&'static str, Value); N]) {
        let mut next = BTreeMap::new();
        for (name, value) in parts {
            let known = self.parts.get(name).filter(|part| part.value == value).cloned();
            let part = known.unwrap_or_else(|| {
                self.last += 1;
                Part { value, mark: self.last }
            });
            next.insert(name, part);
        }
        self.parts = Arc::new(next);
    }

    /// The parts for one template; what it looks at is noted.
    pub(in crate::stages::story_executor) fn watched(&self) -> Arc<Watched> {
        Arc::new(Watched { parts: Arc::clone(&self.parts), seen: Mutex::default() })
    }

    /// Whether what a template has seen is still so.
    pub(in crate::stages::story_executor) fn holds(&self, seen: &Seen) -> bool {
        seen.iter().all(|(name, mark)| self.parts.get(name).is_some_and(|part| part.mark == *mark))
    }
}

/// The shared parts as the context of one template.
#[derive(Debug)]
pub(in crate::stages::story_executor) struct Watched {
    parts: Arc<BTreeMap<&'static str, Part>>,
    seen: Mutex<Seen>,
}

impl Watched {
    /// What the template has looked at so far.
    pub(in crate::stages::story_executor) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note<'a>(&self, looked_at: impl Iterator<Item = (&'a &'static str, &'a Part)>) {
        let looked_at = looked_at.map(|(name, part)| (*name, part.mark));
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).extend(looked_at);
    }
}

impl Object for Watched {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let (name, part) = self.parts.get_key_value(key.as_str()?)?;
        self.note(std::iter::once((name, part)));
        Some(part.value.clone())
    }

    /// Who lists the parts may show any of them.
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.note(self.parts.iter());
        Enumerator::Values(self.parts.keys().map(|name| Value::from(*name)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::Environment;
    use minijinja::value::merge_maps;
    use std::collections::BTreeSet;

    fn looked_at(shared: &Shared, template: &str) -> BTreeSet<&'static str> {
        let watched = shared.watched();
        let context = merge_maps([Value::from_dyn_object(Arc::clone(&watched)), minijinja::context! { own => 1 }]);
        Environment::new().render_str(template, context).unwrap();
        watched.seen().into_keys().collect()
    }

    #[test]
    fn what_a_template_looks_at_is_noted_however_it_does() {
        let mut shared = Shared::default();
        shared.put([("a", Value::from(1)), ("b", Value::from(vec![1, 2]))]);
        assert_eq!(looked_at(&shared, "{{ own }}"), BTreeSet::new());
        assert_eq!(looked_at(&shared, "{{ a }}"), BTreeSet::from(["a"]));
        assert_eq!(looked_at(&shared, "{% for x in b %}{{ x }}{% endfor %}"), BTreeSet::from(["b"]));
        assert_eq!(looked_at(&shared, "{% macro m() %}{{ a }}{% endmacro %}{{ m() }}"), BTreeSet::from(["a"]));
        assert_eq!(looked_at(&shared, "{{ debug() }}"), BTreeSet::from(["a", "b"]));
        assert_eq!(looked_at(&shared, "{% if own == 2 %}{{ a }}{% endif %}"), BTreeSet::new());
    }

    #[test]
    fn a_part_that_changed_is_no_longer_what_was_seen() {
        let mut shared = Shared::default();
        shared.put([("a", Value::from(1)), ("b", Value::from(1))]);
        let seen = Seen::from([("a", 1)]);
        assert!(shared.holds(&seen));
        shared.put([("a", Value::from(1)), ("b", Value::from(2))]);
        assert!(shared.holds(&seen), "another part changed");
        shared.put([("a", Value::from(2)), ("b", Value::from(2))]);
        assert!(!shared.holds(&seen));
        shared.put([("a", Value::from(1)), ("b", Value::from(2))]);
        assert!(!shared.holds(&seen), "a mark is never given twice");
    }
}
