//! Modules that import each other in a circle when they are loaded.

use super::findings::{Findings, Report};
use super::language::{Edge, Language, LoadTime, View};
use super::tree::FileId;
use crate::domain::{RepoPath, Rule, Severity, TextSpan};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Reports an import of every file that is part of a circle.
pub(super) fn check<L: Language>(view: &View<'_, L>, out: &mut Findings<'_>) {
    let loaded = circles(view, LoadTime::AtLoad);
    for circle in &loaded {
        out.push(circle.report("when it is loaded"));
    }
    let is_elided = |edge: &Edge| edge.when == LoadTime::Elided;
    if !view.modules.values().flat_map(|module| &module.links.edges).any(is_elided) {
        return;
    }
    // Closed by imports that compilers leave out, because they are only used as types.
    let files: BTreeSet<FileId> = loaded.iter().map(|circle| circle.file).collect();
    for circle in circles(view, LoadTime::Elided).iter().filter(|circle| !files.contains(&circle.file)) {
        out.push(circle.report("through types that are not marked as such").severity(Severity::Info));
    }
}

/// That a file is part of a circle.
struct Circle<'v> {
    file: FileId,
    path: &'v RepoPath,
    span: TextSpan,
    /// The way around, or how many modules there are when it is long.
    way: Result<String, usize>,
}

impl Circle<'_> {
    fn report(&self, how: &str) -> Report {
        let message = match &self.way {
            Ok(way) => format!("imports itself in a circle {how}: {way}"),
            Err(size) => format!("is one of {size} modules that import each other in circles {how}"),
        };
        Report::new(Rule::ImportCycle, self.path, message).at(self.span)
    }
}

/// The circles of imports that take effect no later than this.
fn circles<'v, L: Language>(view: &View<'v, L>, latest: LoadTime) -> Vec<Circle<'v>> {
    let counts = |when: LoadTime| when == LoadTime::AtLoad || when == latest;
    let graph: BTreeMap<FileId, Vec<FileId>> = view
        .modules
        .iter()
        .map(|(file, module)| {
            let edges = module.links.edges.iter().filter(|edge| counts(edge.when));
            (*file, edges.map(|edge| edge.to).collect())
        })
        .collect();
    let component = components(&graph);
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for number in component.values() {
        *sizes.entry(*number).or_default() += 1;
    }
    let mut circles = Vec::new();
    for (file, edges) in &graph {
        let Some(number) = component.get(file) else { continue };
        let size = sizes.get(number).copied().unwrap_or(0);
        let inside = |to: &&FileId| component.get(*to) == Some(number);
        let Some(next) = edges.iter().find(inside).filter(|next| size > 1 || *next == file) else { continue };
        let (Some(module), Some(path)) = (view.module(*file), view.shared.tree.path(*file)) else { continue };
        let Some(edge) = module.links.edges.iter().find(|edge| edge.to == *next && counts(edge.when)) else { continue };
        let way = way_back(&graph, &component, *next, *file).map_or(Err(size), |way| {
            let names = way.iter().filter_map(|file| view.shared.tree.path(*file)).map(|path| path.as_str());
            Ok(format!("{path} → {}", names.collect::<Vec<_>>().join(" → ")))
        });
        circles.push(Circle { file: *file, path, span: edge.span, way });
    }
    circles
}

/// The shortest way between two modules of a component, both included; none when it is long to search or to read.
fn way_back(
    graph: &BTreeMap<FileId, Vec<FileId>>,
    component: &BTreeMap<FileId, usize>,
    from: FileId,
    to: FileId,
) -> Option<Vec<FileId>> {
    const MOST_VISITS: usize = 64;
    let mut came_from: BTreeMap<FileId, FileId> = BTreeMap::new();
    let mut seen = BTreeSet::from([from]);
    let mut open = VecDeque::from([from]);
    while let Some(at) = open.pop_front() {
        if at == to {
            let mut way = vec![at];
            let mut at = at;
            while let Some(before) = came_from.get(&at) {
                way.push(*before);
                at = *before;
            }
            way.reverse();
            return Some(way);
        }
        for next in graph.get(&at).into_iter().flatten() {
            if component.get(next) == component.get(&from) && seen.len() < MOST_VISITS && seen.insert(*next) {
                came_from.insert(*next, at);
                open.push_back(*next);
            }
        }
    }
    None
}

/// The strongly connected component of each module (Tarjan's algorithm, without recursion).
fn components(graph: &BTreeMap<FileId, Vec<FileId>>) -> BTreeMap<FileId, usize> {
    #[derive(Clone, Copy)]
    struct Mark {
        index: usize,
        low: usize,
        on_stack: bool,
    }
    let mut marks: BTreeMap<FileId, Mark> = BTreeMap::new();
    let mut stack: Vec<FileId> = Vec::new();
    let mut component: BTreeMap<FileId, usize> = BTreeMap::new();
    let mut number = 0;
    let enter = |file: FileId, marks: &mut BTreeMap<FileId, Mark>, stack: &mut Vec<FileId>| {
        let index = marks.len();
        marks.insert(file, Mark { index, low: index, on_stack: true });
        stack.push(file);
    };
    for root in graph.keys() {
        if marks.contains_key(root) {
            continue;
        }
        enter(*root, &mut marks, &mut stack);
        let mut calls: Vec<(FileId, usize)> = vec![(*root, 0)];
        while let Some((file, at)) = calls.pop() {
            let next = graph.get(&file).and_then(|edges| edges.get(at)).copied();
            if let Some(next) = next {
                calls.push((file, at + 1));
                match marks.get(&next).copied() {
                    None if graph.contains_key(&next) => {
                        enter(next, &mut marks, &mut stack);
                        calls.push((next, 0));
                    }
                    Some(mark) if mark.on_stack => {
                        if let Some(own) = marks.get_mut(&file) {
                            own.low = own.low.min(mark.index);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            let Some(own) = marks.get(&file).copied() else { continue };
            if let Some((caller, _)) = calls.last()
                && let Some(caller) = marks.get_mut(caller)
            {
                caller.low = caller.low.min(own.low);
            }
            if own.low == own.index {
                while let Some(member) = stack.pop() {
                    if let Some(mark) = marks.get_mut(&member) {
                        mark.on_stack = false;
                    }
                    component.insert(member, number);
                    if member == file {
                        break;
                    }
                }
                number += 1;
            }
        }
    }
    component
}
