//! The same requirement said twice becomes one, with all its places.
//!
//! Two findings are the same when their normal forms are equal, or when they have the same verb class and object (for
//! rules: speak of the same thing), the same numbers, and share at least [`SAME`] percent of their words. A bare "create a
//! booking" also joins the one fuller statement with that verb and object, if there is exactly one.

use super::finding::Finding;
use super::normal::{content_words, similarity};
use super::value::{What, said};
use crate::domain::{Obligation, RequirementId, RequirementKind};
use std::collections::BTreeMap;

/// Percent of shared words from which two statements with the same verb and object are one.
const SAME: usize = 67;
/// Largest bucket that is compared pair by pair; larger ones merge equal normal forms only.
const BUCKET: usize = 128;

/// One requirement with everything that was found of it.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) id: RequirementId,
    /// In order of appearance; never empty.
    pub(super) members: Vec<Finding>,
    /// The member that says most: its words are the requirement's.
    pub(super) leader: Finding,
    pub(super) obligation: Obligation,
    /// Position of the first member among all findings.
    pub(super) first: usize,
    /// Sorted content words of the leader.
    pub(super) words: Vec<String>,
}

struct Node {
    key: String,
    members: Vec<usize>,
    words: Vec<String>,
    numbers: Vec<String>,
    /// Whether a value must be given and which values there are: what differs here is not the same rule.
    said: Vec<What>,
    role: String,
    bucket: String,
}

/// Groups findings; the result does not depend on their order but for the order of groups and members.
pub(super) fn groups(findings: Vec<Finding>) -> Vec<Group> {
    let mut exact: BTreeMap<String, Node> = BTreeMap::new();
    for (index, finding) in findings.iter().enumerate() {
        let node = node(finding);
        exact.entry(node.key.clone()).or_insert(node).members.push(index);
    }
    let nodes: Vec<Node> = exact.into_values().collect();
    let mut buckets: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        buckets.entry(&node.bucket).or_default().push(index);
    }
    let mut parent: Vec<usize> = (0..nodes.len()).collect();
    for bucket in buckets.values().filter(|b| b.len() > 1 && b.len() <= BUCKET) {
        unite_similar(&nodes, bucket, &mut parent);
    }
    let mut clusters: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for index in 0..nodes.len() {
        let root = root(&mut parent, index);
        clusters.entry(root).or_default().push(index);
    }
    let mut findings: Vec<Option<Finding>> = findings.into_iter().map(Some).collect();
    let mut groups: Vec<Group> =
        clusters.values().filter_map(|cluster| group(&nodes, cluster, &mut findings)).collect();
    groups.sort_by_key(|group| group.first);
    groups
}

fn node(finding: &Finding) -> Node {
    let wont = if finding.obligation == Obligation::Wont { "wont" } else { "" };
    let (role, bucket, ordered) = match &finding.ask {
        Some(ask) => {
            let mut words = content_words(&ask.action.text);
            if let Some(condition) = &finding.condition {
                words.extend(content_words(condition));
            }
            let bucket = format!("ask {wont} {} {}", ask.action.class, ask.action.head.as_deref().unwrap_or("-"));
            (ask.role.to_lowercase(), bucket, words)
        }
        None => {
            let bucket =
                format!("{:?} {wont} {} {}", finding.kind, finding.negated, finding.about.as_deref().unwrap_or("-"));
            (String::new(), bucket, content_words(&finding.statement))
        }
    };
    let kind = if finding.ask.is_some() { "ask" } else { "rule" };
    let key = format!("{kind}|{wont}|{role}|{}", ordered.join(" "));
    let mut words = ordered;
    words.sort_unstable();
    words.dedup();
    let numbers = words.iter().filter(|w| w.starts_with(|c: char| c.is_ascii_digit())).cloned().collect();
    let said = match finding.ask {
        Some(_) => Vec::new(),
        None => said(&finding.statement).into_iter().map(|said| said.what).collect(),
    };
    Node { key, members: Vec::new(), words, numbers, said, role, bucket }
}

fn general(role: &str) -> bool {
    matches!(role, "user" | "" | "system")
}

fn unite_similar(nodes: &[Node], bucket: &[usize], parent: &mut [usize]) {
    let get = |index: &usize| nodes.get(*index);
    for (position, left) in bucket.iter().enumerate() {
        for right in bucket.iter().skip(position + 1) {
            let (Some(a), Some(b)) = (get(left), get(right)) else { continue };
            if a.role == b.role && a.numbers == b.numbers && a.said == b.said && similarity(&a.words, &b.words) >= SAME
            {
                unite(parent, *left, *right);
            }
        }
    }
    // the bare statement joins the only fuller one
    for bare in bucket {
        let Some(a) = get(bare).filter(|n| n.words.len() <= 2 && !n.role.is_empty()) else { continue };
        let fuller: Vec<usize> = bucket
            .iter()
            .filter(|other| {
                get(other).is_some_and(|b| {
                    b.words.len() > a.words.len() && b.role == a.role && a.words.iter().all(|w| b.words.contains(w))
                })
            })
            .copied()
            .collect();
        unite_if_one(parent, *bare, &fuller);
    }
    // a statement that names nobody in particular joins the only one that does
    for open in bucket {
        let Some(a) = get(open).filter(|n| n.role == "user") else { continue };
        let named: Vec<usize> = bucket
            .iter()
            .filter(|other| {
                get(other).is_some_and(|b| {
                    let same = a.numbers == b.numbers && similarity(&a.words, &b.words) >= SAME;
                    !general(&b.role) && (same || (a.words.len() <= 2 && a.words.iter().all(|w| b.words.contains(w))))
                })
            })
            .copied()
            .collect();
        unite_if_one(parent, *open, &named);
    }
}

fn unite_if_one(parent: &mut [usize], node: usize, others: &[usize]) {
    let mut roots: Vec<usize> = others.iter().map(|other| root(parent, *other)).collect();
    roots.sort_unstable();
    roots.dedup();
    if let [only] = roots.as_slice() {
        unite(parent, node, *only);
    }
}

fn root(parent: &mut [usize], mut index: usize) -> usize {
    while let Some(up) = parent.get(index).copied().filter(|up| *up != index) {
        let grand = parent.get(up).copied().unwrap_or(up);
        if let Some(slot) = parent.get_mut(index) {
            *slot = grand;
        }
        index = up;
    }
    index
}

fn unite(parent: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parent, a), root(parent, b));
    if let Some(slot) = parent.get_mut(a.max(b)) {
        *slot = a.min(b);
    }
}

fn group(nodes: &[Node], cluster: &[usize], findings: &mut [Option<Finding>]) -> Option<Group> {
    // the member that says most leads: a named role, then the most words, then the order of the normal form
    let leader = cluster.iter().filter_map(|index| nodes.get(*index)).min_by(|a, b| {
        (general(&a.role), std::cmp::Reverse(a.words.len()), &a.key).cmp(&(
            general(&b.role),
            std::cmp::Reverse(b.words.len()),
            &b.key,
        ))
    })?;
    let mut order: Vec<usize> =
        cluster.iter().filter_map(|index| nodes.get(*index)).flat_map(|n| n.members.iter().copied()).collect();
    order.sort_unstable();
    let first = *order.first()?;
    // of equal ones the same, wherever they stand: its words appear in questions, and questions have ids
    let wording = |index: &usize| {
        let finding = findings.get(*index).and_then(Option::as_ref);
        finding.map(|f| (f.statement.len(), f.statement.clone(), f.citation.quote.clone()))
    };
    let leading = leader.members.iter().copied().min_by_key(wording)?;
    let lead = findings.get(leading)?.clone()?;
    let members: Vec<Finding> = order.iter().filter_map(|index| findings.get_mut(*index)?.take()).collect();
    let obligation = members.iter().map(|m| m.obligation).min()?;
    Some(Group {
        id: RequirementId::for_statement(&leader.key),
        members,
        leader: lead,
        obligation,
        first,
        words: leader.words.clone(),
    })
}

impl Group {
    pub(super) fn kind(&self) -> RequirementKind {
        self.leader.kind
    }

    /// Whether every place counts only together with a story.
    pub(super) fn weak(&self) -> bool {
        self.members.iter().all(|m| m.weak)
    }
}
