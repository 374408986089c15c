//! The served entities from state to state: their views are made anew only when something of theirs has changed.

use super::super::served::{Links, References, Served, ServedEntity};
use super::super::view::{EntityView, Views};
use super::endpoints::{Endpoint, endpoints};
use crate::Result;
use crate::domain::ArchitecturePlan;
use crate::stacks::{Scope, StackDefinition};
use minijinja::value::{Serde, Value};
use std::collections::{BTreeMap, BTreeSet};

/// An entity as it is in one state. Equal marks are equal entities.
#[derive(Debug)]
pub(in crate::stages::story_executor) struct EntityState<'a> {
    pub(in crate::stages::story_executor) served: ServedEntity<'a>,
    links: Links<'a>,
    pub(in crate::stages::story_executor) view: EntityView,
    /// The view for the templates.
    pub(in crate::stages::story_executor) value: Value,
    pub(in crate::stages::story_executor) mark: u64,
    /// The view for the tests of stories, and its mark.
    pub(super) narrow: EntityView,
    pub(super) narrow_mark: u64,
    /// What of it is served over HTTP, for the templates.
    pub(super) endpoints: Vec<Value>,
    /// Its files by the place of their rule in the stack's table; empty for other rules and for components.
    pub(in crate::stages::story_executor) paths: Vec<String>,
}

/// All served entities.
#[derive(Debug)]
pub(super) struct Entities<'a> {
    definition: &'static StackDefinition,
    views: Views<'a>,
    known: BTreeMap<&'a str, EntityState<'a>>,
    last: u64,
}

impl<'a> Entities<'a> {
    pub(super) fn of(plan: &'a ArchitecturePlan, definition: &'static StackDefinition) -> Result<Self> {
        Ok(Self { definition, views: Views::of(plan, definition)?, known: BTreeMap::new(), last: 0 })
    }

    /// Takes over what is served now.
    pub(super) fn put(&mut self, served: &Served<'a>, references: &References<'a>) {
        self.known.retain(|name, _| served.entity(name).is_some());
        for entity in &served.entities {
            let links = references.links(entity.entity);
            let name = entity.entity.name.as_str();
            let known = self.known.remove(name);
            let state = match known {
                Some(known) if known.links == links && known.served.is_like(entity) => known,
                known => self.changed(entity, links, known),
            };
            self.known.insert(name, state);
        }
    }

    /// Takes over whose records property tests draw. Only what looks at all entities depends on that, no component.
    pub(super) fn draw(&mut self, drawn: &BTreeSet<&str>) {
        for (name, state) in &mut self.known {
            let is_drawn = drawn.contains(name);
            if state.view.is_drawn != is_drawn {
                state.view.is_drawn = is_drawn;
                state.value = Value::from(Serde(&state.view));
            }
        }
    }

    fn changed(
        &mut self,
        served: &ServedEntity<'a>,
        links: Links<'a>,
        known: Option<EntityState<'a>>,
    ) -> EntityState<'a> {
        self.last += 1;
        let mark = self.last;
        let view = self.views.view(served, &links);
        let narrow = view.narrowed();
        let narrow_mark = known.as_ref().filter(|known| known.narrow == narrow).map_or(mark, |known| known.narrow_mark);
        let of_endpoints = |endpoint: Endpoint| Value::from(Serde(endpoint));
        EntityState {
            served: served.clone(),
            links,
            value: Value::from(Serde(&view)),
            mark,
            narrow,
            narrow_mark,
            endpoints: endpoints(&view, self.definition.language).into_iter().map(of_endpoints).collect(),
            paths: known.map_or_else(|| self.paths(&view), |known| known.paths),
            view,
        }
    }

    fn paths(&self, view: &EntityView) -> Vec<String> {
        let names = view.names(self.definition.layout.file_names);
        let rules = self.definition.files.iter();
        rules
            .map(|rule| match (rule.scope, &rule.component) {
                (Scope::Entity, Some(component)) => view.path_of(&component.role).to_owned(),
                (Scope::Entity, None) => rule.path.fill(|blank| names.fill(blank)),
                _ => String::new(),
            })
            .collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<&EntityState<'a>> {
        self.known.get(name)
    }

    /// The entities in the order in which they are served.
    pub(super) fn in_order<'b>(&'b self, served: &'b Served<'a>) -> Vec<&'b EntityState<'a>> {
        served.entities.iter().filter_map(|entity| self.get(&entity.entity.name)).collect()
    }
}

/// Repositories in an order in which each is made after those it looks records up in, where there is one.
pub(super) fn looked_up_first<'b, 'a>(states: &[&'b EntityState<'a>]) -> Vec<&'b EntityState<'a>> {
    let mut waiting = states.to_vec();
    let mut order: Vec<&EntityState<'_>> = Vec::with_capacity(states.len());
    let mut placed = BTreeSet::new();
    while !waiting.is_empty() {
        let ready =
            |entity: &&EntityState<'_>| entity.view.lookups.iter().all(|lookup| placed.contains(lookup.name.as_str()));
        let next = waiting.iter().position(ready).unwrap_or(0);
        let next = waiting.remove(next);
        placed.insert(next.view.name.as_str());
        order.push(next);
    }
    order
}
