//! YAML as an ordered tree, so that jobs and variables keep the order of the file and no key is lost.

use aipipe_core::{Error, ErrorKind, Result};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// No workflow of ours comes near; keeps hostile files from costing anything.
const MAX_BYTES: usize = 512 * 1024;

/// A value of a YAML file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Reads one document.
    pub(super) fn parse(text: &str, file: &str) -> Result<Self> {
        let refuse = |reason: String| Error::new(ErrorKind::InvalidInput, "ci.workflow", reason).with("file", file);
        if text.len() > MAX_BYTES {
            return Err(refuse(format!("the workflow is larger than {MAX_BYTES} bytes")));
        }
        // GitHub reads YAML 1.2, in which `yes` and `on` are texts.
        serde_saphyr::from_str_with_options(text, serde_saphyr::options! { strict_booleans: true }).map_err(|error| {
            let reason = error.to_string();
            refuse(format!("the workflow is not YAML: {}", reason.lines().next().unwrap_or("unreadable").trim()))
        })
    }

    /// What kind of value it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "true or false",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }

    /// A scalar as text, as it would be put into a variable.
    pub(super) fn scalar(&self) -> Option<String> {
        match self {
            Self::Null => Some(String::new()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Integer(value) => Some(value.to_string()),
            Self::Float(value) => Some(value.to_string()),
            Self::Text(value) => Some(value.clone()),
            Self::List(_) | Self::Map(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> std::result::Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> std::result::Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Node, E> {
        Ok(Node::Integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> std::result::Result<Node, E> {
        i64::try_from(value).map(Node::Integer).map_err(|_| E::custom("a number is too large"))
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<Node, A::Error> {
        let mut map = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        while let Some((key, value)) = entries.next_entry::<Node, Node>()? {
            let key = key.scalar().ok_or_else(|| de::Error::custom("a key is not a scalar"))?;
            if !seen.insert(key.clone()) {
                return Err(de::Error::custom(format!("the key {key:?} occurs twice")));
            }
            map.push((key, value));
        }
        Ok(Node::Map(map))
    }
}

/// The entries of a mapping, taken one by one; what is left at the end is unknown.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    place: String,
    entries: Vec<(String, Node)>,
}

impl Fields {
    /// The entries of `node`, which is at `place` of the file.
    pub(super) fn of(node: Node, place: impl Into<String>) -> Result<Self> {
        let place = place.into();
        match node {
            Node::Map(entries) => Ok(Self { place, entries }),
            other => Err(invalid(format!("{place} must be a mapping, not {}", other.kind()))),
        }
    }

    /// Where in the file this is, for messages.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Whether a key is (still) there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name == key)
    }

    /// The value of a key, taken out.
    pub(super) fn take(&mut self, key: &str) -> Option<Node> {
        let index = self.entries.iter().position(|(name, _)| name == key)?;
        Some(self.entries.remove(index).1)
    }

    /// A scalar's text, taken out.
    pub(super) fn take_text(&mut self, key: &str) -> Result<Option<String>> {
        self.take(key)
            .map(|node| {
                node.scalar()
                    .ok_or_else(|| invalid(format!("{key} of {} must be a scalar, not {}", self.place, node.kind())))
            })
            .transpose()
    }

    /// All that is left, in the order of the file.
    pub(super) fn rest(self) -> Vec<(String, Node)> {
        self.entries
    }

    /// Refuses what is left: `known` keys as unsupported, others as invalid.
    pub(super) fn finish(self, known: &[&str]) -> Result<()> {
        match self.entries.first() {
            None => Ok(()),
            Some((key, _)) if known.contains(&key.as_str()) => Err(unsupported(format!("{key} in {}", self.place))),
            Some((key, _)) => Err(invalid(format!("unknown key {key:?} in {}", self.place))),
        }
    }
}

/// The workflow is not one.
pub(super) fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, "ci.workflow", message)
}

/// The workflow is one, but this runner can't run it.
pub(super) fn unsupported(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, "ci.workflow", message)
}
