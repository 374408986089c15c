//! Where the model's files of a story go, by the stack's own table of files.

use crate::domain::{ArchitecturePlan, Component, ComponentKind, RepoPath, Stack, StoryId};
use crate::stacks::naming::is_python_keyword;
use crate::stacks::{FileNames, Language, Scope, StackDefinition, definition};
use std::collections::BTreeSet;

/// The places of one story.
pub(super) struct Places {
    /// Files that are there and that the story may change.
    pub(super) changes: BTreeSet<RepoPath>,
    /// Files that several stories may edit.
    pub(super) shared: BTreeSet<RepoPath>,
    /// Folders of its own: one in every part of the product.
    pub(super) folders: BTreeSet<RepoPath>,
    /// Its test file.
    pub(super) test: Option<RepoPath>,
}

/// The folders of the project as its stack lays them out.
pub(super) struct Layout<'a> {
    tree: &'a BTreeSet<RepoPath>,
    definition: &'static StackDefinition,
    entries: BTreeSet<RepoPath>,
}

/// The files where a product of the stack is tied together, such as `src/app.ts`: one in every part of it.
pub(super) fn entries(definition: &StackDefinition) -> BTreeSet<RepoPath> {
    let entries = definition.components().filter(|(_, component)| component.kind == ComponentKind::Application);
    entries.filter_map(|(rule, _)| RepoPath::parse(rule.path.to_string()).ok()).collect()
}

/// The folders around what single stories add, such as `src/features`: one in every part of the product.
pub(in crate::stages::story_executor) fn feature_folders(stack: Stack) -> BTreeSet<RepoPath> {
    let entries = entries(definition(stack));
    entries.iter().filter_map(|entry| RepoPath::parse(format!("{}/features", entry.parent())).ok()).collect()
}

impl<'a> Layout<'a> {
    pub(super) fn of(plan: &ArchitecturePlan, tree: &'a BTreeSet<RepoPath>) -> Self {
        let definition = definition(plan.decision.stack);
        Self { tree, definition, entries: entries(definition) }
    }

    /// The places of a story whose files are named `slug`.
    pub(super) fn places(&self, plan: &ArchitecturePlan, story: &StoryId, slug: &str, is_completion: bool) -> Places {
        let snake = self.definition.layout.file_names == FileNames::Snake;
        let name = if snake { slug.replace('-', "_") } else { slug.to_owned() };
        // `from app.features.class import …` is no Python.
        let is_taken = self.definition.language == Language::Python && is_python_keyword(&name);
        let name = if is_taken { format!("{name}_") } else { name };
        let further = match (is_completion, snake) {
            (false, _) => "",
            (true, true) => "_further",
            (true, false) => "-further",
        };
        let rule = self.definition.files.iter().find(|rule| rule.scope == Scope::Story);
        let test = rule.map(|rule| rule.path.fill(|_| format!("{name}{further}")));
        let folders = feature_folders(self.definition.stack);
        let planned = plan.story_plans.iter().find(|planned| planned.story == *story);
        let entities: BTreeSet<&str> =
            planned.into_iter().flat_map(|planned| &planned.operations).map(|o| o.entity.as_str()).collect();
        let of_entity =
            |component: &&Component| component.entity.as_deref().is_some_and(|entity| entities.contains(entity));
        let components = plan.components.iter().filter(of_entity).map(|component| component.path.clone());
        let entries = self.entries.iter().filter(|_| !is_completion).cloned();
        Places {
            changes: components.filter(|path| self.tree.contains(path)).collect(),
            shared: entries.filter(|path| self.tree.contains(path)).collect(),
            folders: folders.iter().filter_map(|folder| RepoPath::parse(format!("{folder}/{name}")).ok()).collect(),
            test: test.and_then(|test| RepoPath::parse(test).ok()),
        }
    }
}
