//! The files of a project, row by row of the stack's table.

use super::GeneratedFile;
use super::project::{EntityState, Seen, Shared, StoryState};
use super::python::PythonImports;
use super::templates::Templates;
use crate::domain::{RepoPath, StoryId};
use crate::stacks::{Blank, FileRule, Language, Scope, StackDefinition};
use crate::{Error, ErrorKind, Result};
use minijinja::context;
use minijinja::value::{Serde, Value, merge_maps};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A file with what it was made from.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) file: GeneratedFile,
    /// The mark of what only its template sees.
    own: u64,
    /// What its template has looked at of what all see.
    seen: Seen,
}

/// Writes a project's files one after the other; those that would come out as they were are not rendered again.
pub(super) struct Files<'a> {
    templates: &'a Templates,
    definition: &'a StackDefinition,
    /// What every template sees.
    shared: &'a Shared,
    before: &'a BTreeMap<String, Arc<Written>>,
    files: BTreeMap<String, Arc<Written>>,
    rendered: usize,
}

/// What is told of a file once it is written.
struct Note {
    reason: String,
    stories: Vec<StoryId>,
}

fn owned(stories: &[&StoryId]) -> Vec<StoryId> {
    stories.iter().map(|story| (*story).clone()).collect()
}

impl<'a> Files<'a> {
    pub(super) fn new(
        templates: &'a Templates,
        definition: &'a StackDefinition,
        shared: &'a Shared,
        before: &'a BTreeMap<String, Arc<Written>>,
    ) -> Self {
        Self { templates, definition, shared, before, files: BTreeMap::new(), rendered: 0 }
    }

    /// Everything but the files of stories; `stories` are all that are served, in their order.
    pub(super) fn of_project(&mut self, entities: &[&EntityState<'_>], stories: &[&StoryId]) -> Result<()> {
        for (place, rule) in self.definition.files.iter().enumerate() {
            let stories: &[&StoryId] = match rule.scope {
                Scope::Scaffold => &[],
                Scope::Growing => stories,
                Scope::Shared if entities.iter().any(|entity| entity.view.meets(&rule.when)) => stories,
                Scope::Entity => {
                    for entity in entities.iter().filter(|entity| entity.view.meets(&rule.when)) {
                        self.of_entity(place, rule, entity, stories)?;
                    }
                    continue;
                }
                Scope::Shared | Scope::Story | Scope::Property | Scope::Folder => continue,
            };
            let note = || Note { reason: rule.reason.to_string(), stories: owned(stories) };
            self.write(&rule.path.to_string(), rule, 0, || context! {}, note)?;
        }
        Ok(())
    }

    fn of_entity(
        &mut self,
        place: usize,
        rule: &FileRule,
        entity: &EntityState<'_>,
        stories: &[&StoryId],
    ) -> Result<()> {
        let path = entity.paths.get(place).map_or("", String::as_str);
        let is_python = self.definition.language == Language::Python;
        let extra = || {
            let imports = is_python.then(|| Serde(PythonImports::of(&entity.view)));
            context! { entity => entity.value.clone(), imports }
        };
        let names = entity.view.names(self.definition.layout.file_names);
        let note = || Note {
            reason: rule.reason.fill(|blank| match blank {
                Blank::Unchecked => entity.view.unchecked_note(),
                blank => names.fill(blank),
            }),
            stories: owned(stories).into_iter().filter(|id| entity.served.stories.contains(&id)).collect(),
        };
        self.write(path, rule, entity.mark, extra, note)
    }

    /// The tests of one story.
    pub(super) fn of_story(&mut self, id: &StoryId, story: &StoryState) -> Result<()> {
        for rule in self.definition.files.iter().filter(|rule| rule.scope == Scope::Story) {
            let reason = || {
                rule.reason.fill(|blank| match blank {
                    Blank::CriterionTests => story.checked.to_string(),
                    _ => story.usual.to_string(),
                })
            };
            let note = || Note { reason: reason(), stories: vec![id.clone()] };
            self.write(story.path.as_str(), rule, story.mark, || story.extra.clone(), note)?;
        }
        self.of_properties(id, story)
    }

    fn of_properties(&mut self, id: &StoryId, story: &StoryState) -> Result<()> {
        let Some(properties) = &story.properties else { return Ok(()) };
        for rule in self.definition.files.iter().filter(|rule| rule.scope == Scope::Property) {
            let reason = || rule.reason.fill(|_| properties.count.to_string());
            let note = || Note { reason: reason(), stories: vec![id.clone()] };
            self.write(properties.path.as_str(), rule, story.mark, || properties.extra.clone(), note)?;
        }
        Ok(())
    }

    /// What stands in every folder with files of the language, once these are written.
    pub(super) fn of_folders(&mut self, stories: &[&StoryId]) -> Result<()> {
        let end = format!(".{}", self.definition.language.extension());
        for rule in self.definition.files.iter().filter(|rule| rule.scope == Scope::Folder) {
            let mut folders: BTreeSet<&str> = BTreeSet::new();
            for path in self.files.keys().filter(|path| path.ends_with(&end)) {
                let mut folder = path.as_str();
                while let Some((parent, _)) = folder.rsplit_once('/') {
                    if !folders.insert(parent) {
                        break;
                    }
                    folder = parent;
                }
            }
            let folders: Vec<String> = folders.into_iter().map(str::to_owned).collect();
            for folder in folders {
                let purpose =
                    self.definition.layout.folders.get(&folder).map_or("A part of the product.", String::as_str);
                // The outermost folders are there before any story.
                let of: &[&StoryId] = if folder.contains('/') { stories } else { &[] };
                let path = rule.path.fill(|_| folder.clone());
                let note = || Note { reason: rule.reason.to_string(), stories: owned(of) };
                self.write(&path, rule, 0, || context! { purpose }, note)?;
            }
        }
        Ok(())
    }

    /// The files, and how many of them were rendered.
    pub(super) fn all(self) -> (BTreeMap<String, Arc<Written>>, usize) {
        (self.files, self.rendered)
    }

    fn write(
        &mut self,
        path: &str,
        rule: &FileRule,
        own: u64,
        extra: impl FnOnce() -> Value,
        note: impl FnOnce() -> Note,
    ) -> Result<()> {
        let as_before = |known: &&Arc<Written>| {
            known.own == own && known.file.template == rule.template && self.shared.holds(&known.seen)
        };
        let written = match self.before.get(path).filter(as_before) {
            Some(known) => Arc::clone(known),
            None => Arc::new(self.render(path, rule, own, extra(), note())?),
        };
        match self.files.insert(path.to_owned(), written) {
            None => Ok(()),
            Some(_) => {
                Err(Error::new(ErrorKind::InvalidInput, "story-executor.write", "two templates write the same file")
                    .with("path", path))
            }
        }
    }

    fn render(&mut self, path: &str, rule: &FileRule, own: u64, extra: Value, note: Note) -> Result<Written> {
        let Note { reason, stories } = note;
        let path = RepoPath::parse(path)?;
        let watched = self.shared.watched();
        let shared = Value::from_dyn_object(Arc::clone(&watched));
        // Of two things with one name the later counts: what belongs to the file alone.
        let context = merge_maps([shared, extra, context! { path => path.as_str() }]);
        let content = self.templates.render(&rule.template, context)?;
        self.rendered += 1;
        let file = GeneratedFile { path, content, template: rule.template.clone(), reason, stories };
        Ok(Written { file, own, seen: watched.seen() })
    }
}
