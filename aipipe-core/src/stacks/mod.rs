//! The five stacks as data: runtime, exact versions, commands and the checks that must succeed before a merge.
//!
//! One JSON file a stack, compiled in. The versions of each file were seen installing, linting, type checking, testing
//! and building together; they move together or not at all.

use crate::domain::{BuildConfiguration, CheckName, PinnedDependency, RuntimeVersion, Stack};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What is known about a stack, whatever is built with it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StackDefinition {
    /// The stack.
    pub stack: Stack,
    /// The language's tool, such as `node`.
    pub runtime: String,
    /// The version of that tool that CI checks products on.
    pub runtime_version: RuntimeVersion,
    /// The oldest version of it that all dependencies support.
    pub oldest_runtime_version: RuntimeVersion,
    /// Exact dependencies.
    pub dependencies: Vec<PinnedDependency>,
    /// Commands by purpose.
    pub commands: BTreeMap<String, String>,
    /// The checks that must succeed before a merge.
    pub required_checks: Vec<CheckName>,
}

impl StackDefinition {
    /// The build configuration of a product on this stack.
    #[must_use]
    pub fn build_configuration(&self) -> BuildConfiguration {
        BuildConfiguration {
            runtime: self.runtime.clone(),
            runtime_version: self.runtime_version.clone(),
            oldest_runtime_version: self.oldest_runtime_version.clone(),
            dependencies: self.dependencies.clone(),
            commands: self.commands.clone(),
            required_checks: self.required_checks.clone(),
        }
    }
}

/// The definition of `stack`.
#[must_use]
pub fn definition(stack: Stack) -> &'static StackDefinition {
    match stack {
        Stack::ReactSpa => &REACT_SPA,
        Stack::ReactFullstack => &REACT_FULLSTACK,
        Stack::NodeApi => &NODE_API,
        Stack::PythonApi => &PYTHON_API,
        Stack::VueSpa => &VUE_SPA,
    }
}

static REACT_SPA: LazyLock<StackDefinition> = LazyLock::new(|| read(include_str!("react-spa.json")));
static REACT_FULLSTACK: LazyLock<StackDefinition> = LazyLock::new(|| read(include_str!("react-fullstack.json")));
static NODE_API: LazyLock<StackDefinition> = LazyLock::new(|| read(include_str!("node-api.json")));
static PYTHON_API: LazyLock<StackDefinition> = LazyLock::new(|| read(include_str!("python-api.json")));
static VUE_SPA: LazyLock<StackDefinition> = LazyLock::new(|| read(include_str!("vue-spa.json")));

#[expect(clippy::expect_used, reason = "the text is part of this crate and a test reads all five")]
fn read(json: &str) -> StackDefinition {
    serde_json::from_str(json).expect("a stack definition of this crate is valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_five_parse_and_are_pinned_exactly() {
        for stack in Stack::ALL {
            let definition = definition(stack);
            assert_eq!(definition.stack, stack);
            assert!(definition.dependencies.iter().any(|d| !d.development), "{stack}");
            for dependency in &definition.dependencies {
                let exact = dependency.version.split('.').count() == 3
                    && dependency.version.split('.').all(|part| part.parse::<u32>().is_ok());
                assert!(exact, "{stack}: {} {}", dependency.name, dependency.version);
            }
            assert!(definition.oldest_runtime_version <= definition.runtime_version, "{stack}");
            for purpose in ["install", "lint", "typecheck", "test", "start"] {
                assert!(definition.commands.contains_key(purpose), "{stack}: {purpose}");
            }
            for check in &definition.required_checks {
                assert!(definition.commands.contains_key(check.as_str()), "{stack}: {check} has no command");
            }
        }
    }

    #[test]
    fn the_node_stacks_share_their_tools() {
        let version = |stack: Stack, name: &str| {
            definition(stack).dependencies.iter().find(|d| d.name == name).map(|d| d.version.clone())
        };
        for stack in [Stack::ReactSpa, Stack::ReactFullstack, Stack::VueSpa] {
            for tool in ["typescript", "vitest", "eslint"] {
                assert_eq!(version(stack, tool), version(Stack::NodeApi, tool), "{stack}: {tool}");
            }
        }
        assert_eq!(version(Stack::NodeApi, "@types/node").as_deref(), Some("20.19.43"));
        assert_eq!(version(Stack::PythonApi, "fastapi").as_deref(), Some("0.165.0"));
    }
}
