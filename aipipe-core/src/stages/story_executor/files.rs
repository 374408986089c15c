//! The files of a project, row by row of the stack's table.

use super::GeneratedFile;
use super::python::PythonImports;
use super::templates::Templates;
use super::view::EntityView;
use crate::domain::{RepoPath, StoryId};
use crate::stacks::{Blank, FileRule, Language, Scope, StackDefinition};
use crate::{Error, ErrorKind, Result};
use minijinja::context;
use minijinja::value::{Serde, Value, merge_maps};
use std::collections::{BTreeMap, BTreeSet};

/// Writes a project's files one after the other.
pub(super) struct Files<'a> {
    templates: &'a Templates,
    definition: &'a StackDefinition,
    /// What every template sees.
    shared: Value,
    files: BTreeMap<RepoPath, GeneratedFile>,
}

impl<'a> Files<'a> {
    pub(super) fn new(templates: &'a Templates, definition: &'a StackDefinition, shared: Value) -> Self {
        Self { templates, definition, shared, files: BTreeMap::new() }
    }

    /// Everything but the files of stories; `stories` are all that are served, in their order.
    pub(super) fn of_project(&mut self, views: &[EntityView], stories: &[StoryId]) -> Result<()> {
        for rule in &self.definition.files {
            let once = |stories: &[StoryId]| (rule.path.to_string(), rule.reason.to_string(), stories.to_vec());
            let (path, reason, stories) = match rule.scope {
                Scope::Scaffold => once(&[]),
                Scope::Growing => once(stories),
                Scope::Shared if views.iter().any(|entity| entity.meets(&rule.when)) => once(stories),
                Scope::Entity => {
                    for entity in views.iter().filter(|entity| entity.meets(&rule.when)) {
                        self.of_entity(rule, entity, stories)?;
                    }
                    continue;
                }
                Scope::Shared | Scope::Story | Scope::Property | Scope::Folder => continue,
            };
            self.write(&path, rule, context! {}, reason, stories)?;
        }
        Ok(())
    }

    fn of_entity(&mut self, rule: &FileRule, entity: &EntityView, stories: &[StoryId]) -> Result<()> {
        let names = entity.names(self.definition.layout.file_names);
        let path = match &rule.component {
            Some(component) => entity.path_of(&component.role).to_owned(),
            None => rule.path.fill(|blank| names.fill(blank)),
        };
        let reason = rule.reason.fill(|blank| match blank {
            Blank::Unchecked => entity.unchecked_note(),
            blank => names.fill(blank),
        });
        let imports = (self.definition.language == Language::Python).then(|| Serde(PythonImports::of(entity)));
        let of_entity = stories.iter().filter(|id| entity.all_stories.contains(id)).cloned().collect();
        self.write(&path, rule, context! { entity => Serde(entity), imports }, reason, of_entity)
    }

    /// The tests of one story.
    pub(super) fn of_story(
        &mut self,
        path: &RepoPath,
        story: &StoryId,
        extra: &Value,
        criterion_tests: usize,
        usual_tests: usize,
    ) -> Result<()> {
        for rule in self.definition.files.iter().filter(|rule| rule.scope == Scope::Story) {
            let reason = rule.reason.fill(|blank| match blank {
                Blank::CriterionTests => criterion_tests.to_string(),
                _ => usual_tests.to_string(),
            });
            self.write(path.as_str(), rule, extra.clone(), reason, vec![story.clone()])?;
        }
        Ok(())
    }

    /// The property tests of one story: how many there are.
    pub(super) fn of_properties(
        &mut self,
        path: &RepoPath,
        story: &StoryId,
        extra: &Value,
        count: usize,
    ) -> Result<()> {
        for rule in self.definition.files.iter().filter(|rule| rule.scope == Scope::Property) {
            let reason = rule.reason.fill(|_| count.to_string());
            self.write(path.as_str(), rule, extra.clone(), reason, vec![story.clone()])?;
        }
        Ok(())
    }

    /// What stands in every folder with files of the language, once these are written.
    pub(super) fn of_folders(&mut self, stories: &[StoryId]) -> Result<()> {
        let extension = self.definition.language.extension();
        for rule in self.definition.files.iter().filter(|rule| rule.scope == Scope::Folder) {
            let mut folders = BTreeSet::new();
            for path in self.files.keys().filter(|path| path.extension() == Some(extension)) {
                let mut folder = path.parent();
                while !folder.is_empty() {
                    folders.insert(folder.to_owned());
                    folder = folder.rsplit_once('/').map_or("", |(parent, _)| parent);
                }
            }
            for folder in folders {
                let purpose =
                    self.definition.layout.folders.get(&folder).map_or("A part of the product.", String::as_str);
                // The outermost folders are there before any story.
                let of: &[StoryId] = if folder.contains('/') { stories } else { &[] };
                let path = rule.path.fill(|_| folder.clone());
                self.write(&path, rule, context! { purpose }, rule.reason.to_string(), of.to_vec())?;
            }
        }
        Ok(())
    }

    pub(super) fn all(self) -> BTreeMap<RepoPath, GeneratedFile> {
        self.files
    }

    fn write(
        &mut self,
        path: &str,
        rule: &FileRule,
        extra: Value,
        reason: String,
        stories: Vec<StoryId>,
    ) -> Result<()> {
        let path = RepoPath::parse(path)?;
        let context = merge_maps([context! { path => path.as_str() }, extra, self.shared.clone()]);
        let content = self.templates.render(&rule.template, context)?;
        let file = GeneratedFile { path: path.clone(), content, template: rule.template.clone(), reason, stories };
        match self.files.insert(path.clone(), file) {
            None => Ok(()),
            Some(_) => {
                Err(Error::new(ErrorKind::InvalidInput, "story-executor.write", "two templates write the same file")
                    .with("path", path))
            }
        }
    }
}
