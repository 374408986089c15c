//! What the validator says of one tree after the other, for the work of what differs between them.

use super::judge::Tree;
use crate::domain::{ArchitecturePlan, Finding, RepoPath, Rule, Severity};
use crate::stages::integration_validator::{Change, Origin, Validator, ValidatorOptions};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// What makes a finding the same although lines have moved.
pub(super) type Identity = (Rule, RepoPath, String);

/// A validator that is led from tree to tree.
pub struct Inspector(Mutex<State>);

struct State {
    validator: Validator,
    tree: Tree,
}

impl fmt::Debug for Inspector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inspector").finish_non_exhaustive()
    }
}

impl Inspector {
    /// For the project of a plan: other packages than the plan's and those its stack may be given are errors.
    #[must_use]
    pub fn of(plan: &ArchitecturePlan) -> Self {
        Self::with(ValidatorOptions::default().with_origin(Origin::Generated).with_packages_of(plan))
    }

    fn with(options: ValidatorOptions) -> Self {
        Self(Mutex::new(State { validator: Validator::new(options, []), tree: Tree::new() }))
    }

    /// What the validator says of a whole tree.
    #[must_use]
    pub fn findings(&self, tree: &Tree) -> Vec<Finding> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = state.tree.keys().filter(|path| !tree.contains_key(*path)).cloned().map(Change::Remove);
        let changed = tree.iter().filter(|(path, text)| state.tree.get(*path) != Some(*text));
        let put = changed.map(|(path, text)| Change::Put(path.clone(), Arc::clone(text)));
        let changes: Vec<Change> = gone.chain(put).collect();
        state.validator.update(changes);
        state.tree.clone_from(tree);
        state.validator.findings()
    }

    /// What is wrong before a story touches anything: not the story's fault, and not the model's task.
    pub(super) fn known_faults(&self, tree: &Tree) -> BTreeSet<Identity> {
        self.findings(tree).into_iter().map(identity).collect()
    }

    /// The errors of `tree` that are not among the `known` ones; left-out code counts as one, and so does whatever the
    /// validator can't tell: of code that was just written, unknown is not good.
    pub(super) fn new_errors(&self, tree: &Tree, known: &BTreeSet<Identity>) -> Vec<Finding> {
        let counts = |finding: &Finding| {
            finding.severity == Severity::Error
                || matches!(finding.rule, Rule::Placeholder | Rule::NotChecked)
                || finding.severity == Severity::Warning && must_be_certain(finding.rule)
        };
        let is_new = |finding: &Finding| !known.contains(&identity(finding.clone()));
        self.findings(tree).into_iter().filter(|finding| counts(finding) && is_new(finding)).collect()
    }
}

/// Rules whose warnings say that something may be missing, not that something is too much.
fn must_be_certain(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::UnknownImport
            | Rule::UnresolvedImport
            | Rule::WrongCase
            | Rule::ImportOutsideProject
            | Rule::MissingExport
            | Rule::DefaultNamedMixup
            | Rule::UndefinedName
            | Rule::TypeUsedAsValue
            | Rule::SyntaxError
            | Rule::DuplicateDeclaration
            | Rule::DuplicateExport
            | Rule::UndeclaredDependency
            | Rule::PackageNotAllowed
    )
}

fn identity(finding: Finding) -> Identity {
    (finding.rule, finding.file, finding.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stages::integration_validator::{SourceFile, check_files};

    fn tree(files: &[(&str, &str)]) -> Tree {
        files.iter().map(|(path, text)| (RepoPath::parse(*path).unwrap(), Arc::from(*text))).collect()
    }

    #[test]
    fn led_from_tree_to_tree_it_finds_what_a_fresh_look_finds() {
        let trees = [
            tree(&[("src/a.ts", "import { b } from './b.js';\nb();\n")]),
            tree(&[("src/a.ts", "import { b } from './b.js';\nb();\n"), ("src/b.ts", "export const b = () => 1;\n")]),
            tree(&[("src/b.ts", "export const c = () => 1;\n"), ("src/a.ts", "import { b } from './b.js';\nb();\n")]),
            tree(&[("src/c.ts", "import x from 'left-pad-deluxe';\nx();\n")]),
        ];
        let inspector = Inspector::with(ValidatorOptions::default().with_origin(Origin::Generated));
        for tree in trees.iter().chain(trees.iter().rev()) {
            let files: Vec<SourceFile<'_>> = tree.iter().map(|(path, content)| SourceFile { path, content }).collect();
            let fresh = check_files(&files, ValidatorOptions::default().with_origin(Origin::Generated));
            assert_eq!(inspector.findings(tree), fresh);
        }
    }

    #[test]
    fn what_can_not_be_told_of_new_code_is_no_good() {
        let mut base = tree(&[("package.json", "{\"dependencies\": {\"zod\": \"4.0.0\"}}")]);
        base.insert(
            RepoPath::parse("src/good.ts").unwrap(),
            Arc::from("import { z } from 'zod';\nexport const a = z;\n"),
        );
        let options = ValidatorOptions::default().with_origin(Origin::Generated);
        let inspector = Inspector::with(options.with_allowed_packages(["zod".to_owned()]));
        let known = inspector.known_faults(&base);
        let deep = format!("export const a = {}1{};\n", "[".repeat(4_000), "]".repeat(4_000));
        for text in [
            "import x from 'npm:left-pad';\nexport const a = x;\n",
            "import x from 'https://example.org/x.js';\nexport const a = x;\n",
            "import x from 'Lodash';\nexport const a = x;\n",
            "import x from 'electron';\nexport const a = x;\n",
            "import x from './build/x.js';\nexport const a = x;\n",
            "import x from '../lib/x.js';\nexport const a = x;\n",
            "import x from './generated-x.js';\nexport const a = x;\n",
            "// @flow\nexport const a = x;\n",
            "// {{#x}}\nexport const a = ;\n",
            "// @ts-nocheck\nexport const a = missing;\n",
            "// @ts-ignore\nexport const a = missing;\n",
            deep.as_str(),
        ] {
            let mut drafted = base.clone();
            drafted.insert(RepoPath::parse("src/draft.ts").unwrap(), Arc::from(text));
            assert_ne!(inspector.new_errors(&drafted, &known), [], "{text:.60}");
        }
        // control: what is known to be there
        let mut drafted = base.clone();
        let text = "import { readFile } from 'node:fs/promises';\nimport path from 'path';\nimport { a } from './good.js';\nexport const b = [a, readFile, path];\n";
        drafted.insert(RepoPath::parse("src/draft.ts").unwrap(), Arc::from(text));
        let found = inspector.new_errors(&drafted, &known);
        assert_eq!(found, [], "{found:?}");
    }
}
