//! What `stack.json` holds, parsed into types that can't hold a file rule that makes no sense.

use super::pattern::{Blank, Pattern};
use crate::domain::{
    BuildConfiguration, CheckName, ComponentKind, PinnedDependency, RuntimeVersion, Stack, TestRunner,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known about a stack, whatever is built with it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StackDefinition {
    /// The stack.
    pub stack: Stack,
    /// What is built with it, with its article: `An HTTP API`.
    pub product: String,
    /// The language of its code.
    pub language: Language,
    /// Where its product meets whoever uses it.
    pub surface: Surface,
    /// Whether records are listed as soon as they are made, asked for or not: where every page leads to others, people
    /// look for records in lists and choose among them.
    #[serde(default)]
    pub always_lists: bool,
    /// Whether the pages come with the server that keeps their records, in one project; elsewhere there are only pages, or
    /// only a server.
    #[serde(default)]
    pub pages_with_server: bool,
    /// The language's tool, such as `node`.
    pub runtime: String,
    /// The version of that tool that CI checks products on.
    pub runtime_version: RuntimeVersion,
    /// The oldest version of it that all dependencies support.
    pub oldest_runtime_version: RuntimeVersion,
    /// Exact versions of what the product runs with; the templates use all of them.
    pub dependencies: BTreeMap<String, String>,
    /// Exact versions of what builds and checks it; the templates use all of them.
    pub development_dependencies: BTreeMap<String, String>,
    /// Exact versions of packages that may be added, and no others: names a model makes up are not among them.
    pub further_packages: BTreeMap<String, String>,
    /// What other test runners than Vitest need; none where there is no choice.
    #[serde(default)]
    pub test_runners: BTreeMap<TestRunner, TestRunnerRule>,
    /// The test runner this definition is for, where there is a choice.
    #[serde(skip)]
    pub test_runner: Option<TestRunner>,
    /// Commands by purpose.
    pub commands: BTreeMap<String, String>,
    /// The checks that must succeed before a merge.
    pub required_checks: Vec<CheckName>,
    /// Where things go.
    pub layout: FolderRules,
    /// The table of its files.
    pub files: Vec<FileRule>,
}

impl StackDefinition {
    /// The build configuration of a product on this stack.
    #[must_use]
    pub fn build_configuration(&self) -> BuildConfiguration {
        BuildConfiguration {
            runtime: self.runtime.clone(),
            runtime_version: self.runtime_version.clone(),
            oldest_runtime_version: self.oldest_runtime_version.clone(),
            dependencies: self.pinned().collect(),
            overrides: self.runner_rule().map(|rule| rule.overrides.clone()).unwrap_or_default(),
            test_runner: self.test_runner,
            commands: self.commands.clone(),
            required_checks: self.required_checks.clone(),
        }
    }

    /// The same with this test runner: with its packages and files, and without those of Vitest.
    pub(super) fn with_test_runner(mut self, runner: TestRunner) -> Self {
        self.test_runner = Some(runner);
        if let Some(rule) = self.runner_rule().cloned() {
            self.development_dependencies.retain(|name, _| !rule.leaves_out.contains(name));
            self.development_dependencies.extend(rule.development_dependencies);
        }
        self.files.retain(|file| file.test_runner.is_none_or(|needed| needed == runner));
        self
    }

    /// What the test runner needs that is not Vitest.
    fn runner_rule(&self) -> Option<&TestRunnerRule> {
        self.test_runners.get(&self.test_runner?)
    }

    /// Every package with its exact version, first those the product runs with.
    pub fn pinned(&self) -> impl Iterator<Item = PinnedDependency> {
        let pin = |development: bool| {
            move |(name, version): (&String, &String)| PinnedDependency {
                name: name.clone(),
                version: version.clone(),
                development,
            }
        };
        self.dependencies.iter().map(pin(false)).chain(self.development_dependencies.iter().map(pin(true)))
    }

    /// Where the tests of its products find records, by the template of the repositories.
    pub(crate) fn keeping(&self) -> Keeping {
        let repository = self.components().find(|(_, component)| component.role == "repository");
        match repository.map(|(rule, _)| rule.template.as_str()) {
            Some("shared/browser/repository.ts") => Keeping::Browser,
            _ => Keeping::InMemory,
        }
    }

    /// The rows of the table that are parts of the architecture, in its order.
    pub fn components(&self) -> impl Iterator<Item = (&FileRule, &ComponentRule)> {
        self.files.iter().filter_map(|rule| Some((rule, rule.component.as_ref()?)))
    }
}

/// What a test runner needs in the place of Vitest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TestRunnerRule {
    /// Packages for development that only Vitest needs.
    pub leaves_out: Vec<String>,
    /// Exact versions of those it needs instead.
    pub development_dependencies: BTreeMap<String, String>,
    /// Exact versions of packages these bring along and that have to be held.
    #[serde(default)]
    pub overrides: BTreeMap<String, String>,
}

/// A language code is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Language {
    /// TypeScript.
    #[serde(rename = "typescript")]
    TypeScript,
    /// Python.
    Python,
}

impl Language {
    /// The ending of its files that can be imported, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::TypeScript => "ts",
            Self::Python => "py",
        }
    }
}

/// Where a product meets whoever uses it: how its validation speaks and what its tests drive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Surface {
    /// Programs send requests.
    Http,
    /// People fill in forms.
    Browser,
}

/// Where the tests of a product find its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Keeping {
    /// In repositories of their own, which are told what other records there are.
    InMemory,
    /// In the storage of the browser, all kinds together.
    Browser,
}

/// Where things go and how files are named.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FolderRules {
    /// How file names are written.
    pub file_names: FileNames,
    /// What an import of a TypeScript file ends in: `.js` where Node resolves it, nothing where a bundler does.
    pub import_suffix: String,
    /// The folders code goes into, each with a sentence on what it is for.
    pub folders: BTreeMap<String, String>,
}

/// How file names are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FileNames {
    /// `service-booking`
    Kebab,
    /// `service_booking`; a keyword of Python gets an underscore appended, as `class` can't be imported.
    Snake,
}

/// A row of the table of files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenRule")]
#[non_exhaustive]
pub struct FileRule {
    /// Where the file lies.
    pub path: Pattern,
    /// Its template.
    pub template: String,
    /// How often there is such a file, and since when.
    pub scope: Scope,
    /// When it is there; with none, always.
    pub when: Vec<Condition>,
    /// The test runner it belongs to, if it belongs to one.
    pub test_runner: Option<TestRunner>,
    /// Why it is there.
    pub reason: Pattern,
    /// The part of the architecture it is, if it is one.
    pub component: Option<ComponentRule>,
}

/// How often there is a file of a rule, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scope {
    /// Once, before any story, and no story changes it.
    Scaffold,
    /// Once, before any story; stories add to it.
    Growing,
    /// Once, as soon as a kind of record is served.
    Shared,
    /// Once for each kind of record that is served.
    Entity,
    /// Once for each story that is served.
    Story,
    /// Once for each story that is served and has a criterion that states a rule over values.
    Property,
    /// Once for each folder that holds files of the language.
    Folder,
}

/// Something a file can depend on: what stories do with records, or what records are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Condition {
    /// Records are made.
    Creates,
    /// One record is read.
    Views,
    /// Records are listed.
    Lists,
    /// Records are changed.
    Updates,
    /// Records are removed.
    Deletes,
    /// A field is set to a value.
    Transitions,
    /// A record may be refused for what other records are: a field is unique, or refers to another record.
    Refuses,
    /// A field refers to another record.
    Refers,
    /// A list can be narrowed by a field's value.
    Filters,
    /// A field's value is chosen from several.
    Chooses,
    /// Property tests draw its records: a criterion states a rule over their values.
    Drawn,
}

/// A part of the architecture.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ComponentRule {
    /// What templates and other rows call it; one name for each row.
    pub role: String,
    /// What kind of component it is.
    pub kind: ComponentKind,
    /// Its name for people.
    pub title: Pattern,
    /// What the file exports.
    pub exports: Vec<ExportRule>,
    /// What it needs.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// The operations whose stories it serves; with none, every story about its records.
    #[serde(default)]
    pub serves: Vec<OperationName>,
}

/// Something a file exports.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WrittenExport")]
#[non_exhaustive]
pub struct ExportRule {
    /// Its name.
    pub name: Pattern,
    /// When it is there; with none, always.
    pub when: Vec<Condition>,
}

/// What a component needs: the one with this role, of its own kind of record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
#[non_exhaustive]
pub enum Need {
    /// `model`: of the same kind of record, or of all where the component belongs to none.
    Own(String),
    /// `referred:repository`: of every kind of record its fields refer to.
    Referred(String),
}

impl From<String> for Need {
    fn from(text: String) -> Self {
        match text.strip_prefix("referred:") {
            Some(role) => Self::Referred(role.to_owned()),
            None => Self::Own(text),
        }
    }
}

/// An operation on records, whatever its details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OperationName {
    /// Make a record.
    Create,
    /// List records.
    List,
    /// Read one record.
    View,
    /// Change a record.
    Update,
    /// Remove a record.
    Delete,
    /// Set a field to a value.
    Transition,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    path: Pattern,
    template: String,
    scope: Scope,
    #[serde(default)]
    when: Vec<Condition>,
    test_runner: Option<TestRunner>,
    reason: Pattern,
    component: Option<ComponentRule>,
}

impl TryFrom<WrittenRule> for FileRule {
    type Error = String;

    fn try_from(written: WrittenRule) -> Result<Self, String> {
        let WrittenRule { path, template, scope, when, test_runner, reason, component } = written;
        let in_name = match scope {
            Scope::Scaffold | Scope::Growing | Scope::Shared => |_: Blank| false,
            Scope::Entity => Blank::is_of_entity,
            Scope::Story | Scope::Property => |blank: Blank| blank == Blank::Story,
            Scope::Folder => |blank: Blank| blank == Blank::Folder,
        };
        let in_reason = match scope {
            Scope::Entity => |blank: Blank| blank.is_of_entity() || blank == Blank::Unchecked,
            Scope::Story => |blank: Blank| matches!(blank, Blank::CriterionTests | Blank::UsualTests),
            Scope::Property => |blank: Blank| blank == Blank::CriterionTests,
            _ => |_: Blank| false,
        };
        let needs_one = !matches!(scope, Scope::Scaffold | Scope::Growing | Scope::Shared);
        if !path.blanks().all(in_name) || (needs_one && path.blanks().next().is_none()) {
            return Err(format!("the path {path} has not the blanks of a {scope:?} file"));
        }
        if !reason.blanks().all(in_reason) {
            return Err(format!("the reason of {path} has a blank nothing can fill"));
        }
        if !when.is_empty() && !matches!(scope, Scope::Entity | Scope::Shared) {
            return Err(format!("{path} is {scope:?}, so nothing can decide on it"));
        }
        if let Some(component) = &component {
            let named = component.exports.iter().map(|export| &export.name).chain([&component.title]);
            if when.contains(&Condition::Drawn)
                || !matches!(scope, Scope::Entity | Scope::Growing)
                || !named.flat_map(Pattern::blanks).all(|blank| scope == Scope::Entity && blank.is_of_entity())
            {
                return Err(format!("the component {} can't be named", component.role));
            }
        }
        Ok(Self { path, template, scope, when, test_runner, reason, component })
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenExport {
    Always(Pattern),
    Sometimes { name: Pattern, when: Vec<Condition> },
}

impl From<WrittenExport> for ExportRule {
    fn from(written: WrittenExport) -> Self {
        match written {
            WrittenExport::Always(name) => Self { name, when: Vec::new() },
            WrittenExport::Sometimes { name, when } => Self { name, when },
        }
    }
}
