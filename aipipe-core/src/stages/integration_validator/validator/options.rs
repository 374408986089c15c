//! What a host can say about the files: what is allowed, where execution begins, what the plan promised.

use super::architecture::is_above;
use crate::domain::{ArchitecturePlan, ComponentKind, RepoPath, Rule, Severity, StoryId};
use crate::stacks::definition;
use std::collections::{BTreeMap, BTreeSet};

/// Options of the validator.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValidatorOptions {
    /// The packages that may be used, by their registry names; `None` allows all.
    pub allowed_packages: Option<BTreeSet<String>>,
    /// The versions of allowed packages, for a fix that adds one to a manifest.
    pub package_versions: BTreeMap<String, String>,
    /// Files that are reached from outside, besides those that names and configurations tell.
    pub entry_points: BTreeSet<RepoPath>,
    /// Rules whose severity differs from the usual one.
    pub levels: BTreeMap<Rule, Level>,
    /// Who wrote the files.
    pub origin: Origin,
    /// What the plan promised.
    pub architecture: ArchitectureFacts,
}

impl ValidatorOptions {
    /// Allows these packages only.
    #[must_use]
    pub fn with_allowed_packages(mut self, packages: impl IntoIterator<Item = String>) -> Self {
        self.allowed_packages = Some(packages.into_iter().collect());
        self
    }

    /// Allows the packages of a plan and those its stack may be given, at their versions, and no others.
    #[must_use]
    pub fn with_packages_of(mut self, plan: &ArchitecturePlan) -> Self {
        let further = definition(plan.decision.stack).further_packages.clone();
        let planned = plan.build.dependencies.iter().map(|pin| (pin.name.clone(), pin.version.clone()));
        self.package_versions.extend(further.into_iter().chain(planned));
        self.allowed_packages = Some(self.package_versions.keys().cloned().collect());
        self
    }

    /// Allows these packages too, where not all are allowed anyway.
    #[must_use]
    pub fn with_further_packages(mut self, packages: impl IntoIterator<Item = String>) -> Self {
        if let Some(allowed) = &mut self.allowed_packages {
            allowed.extend(packages);
        }
        self
    }

    /// Takes these files as reached from outside.
    #[must_use]
    pub fn with_entry_points(mut self, files: impl IntoIterator<Item = RepoPath>) -> Self {
        self.entry_points.extend(files);
        self
    }

    /// Sets a rule's level.
    #[must_use]
    pub fn with_level(mut self, rule: Rule, level: Level) -> Self {
        self.levels.insert(rule, level);
        self
    }

    /// Says who wrote the files.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Checks the files against what a plan promised.
    #[must_use]
    pub fn with_architecture(mut self, architecture: ArchitectureFacts) -> Self {
        self.architecture = architecture;
        self
    }

    /// The severity of a finding, or `None` when its rule is off.
    ///
    /// What the validator is less certain of than the rule asks is never raised by an option.
    pub(super) fn severity(&self, rule: Rule, found: Severity) -> Option<Severity> {
        match self.levels.get(&rule) {
            None => Some(found),
            Some(Level::Off) => None,
            Some(Level::At(level)) if found <= rule.default_severity() => Some(*level),
            Some(Level::At(level)) => Some(found.max(*level)),
        }
    }
}

/// How a rule is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Not at all.
    Off,
    /// With this severity where the validator is certain.
    At(Severity),
}

/// Who wrote the files; code that was just generated has no excuse for a placeholder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Origin {
    /// A template or a model, in this run.
    Generated,
    /// Anybody, at any time.
    #[default]
    Existing,
}

/// What the plan says the files must be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArchitectureFacts {
    /// Files that must be there, with the names they must export.
    pub components: BTreeMap<RepoPath, BTreeSet<String>>,
    /// What the component in a file is: none may import one that lies above its kind.
    pub kinds: BTreeMap<RepoPath, ComponentKind>,
    /// Which folder may import from which.
    pub layers: Vec<LayerRule>,
    /// The files of each story.
    pub story_files: BTreeMap<StoryId, BTreeSet<RepoPath>>,
}

impl ArchitectureFacts {
    /// What a plan says of its components, their kinds and their stories; it has no layers of folders.
    #[must_use]
    pub fn of(plan: &ArchitecturePlan) -> Self {
        let mut facts = Self::default();
        for component in &plan.components {
            facts.components.entry(component.path.clone()).or_default().extend(component.exports.iter().cloned());
            // Of two components in one file the upper one says what the file may do.
            let kind = facts.kinds.entry(component.path.clone()).or_insert(component.kind);
            if is_above(component.kind, *kind) {
                *kind = component.kind;
            }
            for story in &component.stories {
                facts.story_files.entry(story.clone()).or_default().insert(component.path.clone());
            }
        }
        facts
    }

    /// Adds a layer's rule.
    #[must_use]
    pub fn with_layer(mut self, rule: LayerRule) -> Self {
        self.layers.push(rule);
        self
    }
}

/// What the files of a folder may import of the project's other layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerRule {
    /// The layer's folder, from the root.
    pub folder: RepoPath,
    /// Folders of other layers it may import from; files outside all layers may always be imported.
    pub may_import: BTreeSet<RepoPath>,
}

impl LayerRule {
    /// Whether its files may import from another layer.
    pub(super) fn may_import(&self, other: &Self) -> bool {
        self.folder == other.folder || self.may_import.contains(&other.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_does_not_raise_what_is_uncertain() {
        let rule = Rule::UnresolvedImport;
        let at = |severity| ValidatorOptions::default().with_level(rule, Level::At(severity));
        assert_eq!(at(Severity::Info).severity(rule, Severity::Error), Some(Severity::Info));
        assert_eq!(at(Severity::Error).severity(rule, Severity::Warning), Some(Severity::Warning));
        assert_eq!(at(Severity::Error).severity(Rule::ImportCycle, Severity::Warning), Some(Severity::Warning));
        let raised = ValidatorOptions::default().with_level(Rule::ImportCycle, Level::At(Severity::Error));
        assert_eq!(raised.severity(Rule::ImportCycle, Severity::Warning), Some(Severity::Error));
        let off = ValidatorOptions::default().with_level(rule, Level::Off);
        assert_eq!(off.severity(rule, Severity::Error), None);
    }
}
