//! The five stacks as data: a folder each, compiled in by the build script.
//!
//! ```text
//! node-api/stack.json          what the stack is, and the table of its files
//! node-api/templates/*.j2      what its files are made from
//! shared/node/npmrc.j2         a template several stacks use, named `shared/node/npmrc`
//! shared/browser/              what pages need whatever shows them: models, records, forms' values, tests of stories
//! shared/react/                pages and their parts in React
//! shared/server/               an HTTP API on Express
//! ```
//!
//! `stack.json` has the versions (seen installing, linting, type checking, testing and building together; they move
//! together or not at all), the packages that may be added, the commands, the required checks, the layout and the files.
//!
//! **A row of `files`** is a [`FileRule`]:
//!
//! | key | |
//! |---|---|
//! | `path` | where the file lies; may have blanks, such as `src/models/{entity}.ts` |
//! | `template` | its template: a name of the stack's own folder, or one that begins with `shared/` |
//! | `scope` | how often there is such a file, and since when: see [`Scope`] |
//! | `test_runner` | of the whole only with this test runner |
//! | `when` | of the whole only once one of these [`Condition`]s holds: of the entity, or of any for `shared` |
//! | `reason` | why it is there; may have blanks |
//! | `component` | a [`ComponentRule`]: the file is a part of the architecture. The planner plans it from here, the generator writes it from here, so the two can't disagree |
//!
//! `test_runners` has, for each test runner one can choose in the place of Vitest, what packages it needs and leaves out.
//! Templates see `test_runner`, `test_api` (what tests import from) and `mocks` (what replaces functions in them).
//!
//! The rows of components stand so that what a component needs comes before it.
//!
//! **Blanks**, in paths, reasons, titles and exports: `{entity}` and `{entities}` in the stack's style of file names,
//! `{snake_entities}`, `{Entity}` and `{Entities}` in Pascal case, `{Record}` (the type; `RequestRecord` where the name is
//! taken), `{entity_words}`, `{Entity_words}`, `{entities_words}`, `{an_entity}`; in reasons of entities `{unchecked}`
//! (which references are plain text so far); of stories `{story}` (the file name), `{criterion_tests}` and
//! `{usual_tests}` (how many); of folders `{folder}`.
//!
//! **A template** sees `path` (its file's own), `project`, `entities`, `stories` and what `story_executor/project.rs` lists
//! besides; of an entity `entity` with `entity.paths.ROLE` for each component's role; of a story `story`, `cases` and
//! `helpers`; of a folder `purpose`. `import_from("errors.ts")` is how its file imports the one made from that template,
//! wherever the stack puts it; `code | mentions(names)` are those of the names the code uses, for its imports. A name that is not defined is an error. Hosts replace single templates with
//! [`TemplateOverrides`].
//!
//! A stack whose folder has no templates can be planned and not generated. All five have some.

mod definition;
pub(crate) mod naming;
mod overrides;
mod pattern;
#[cfg(test)]
mod tests;

pub(crate) use definition::Keeping;
pub use definition::{
    ComponentRule, Condition, ExportRule, FileNames, FileRule, FolderRules, Language, Need, OperationName, Scope,
    StackDefinition, Surface, TestRunnerRule,
};
pub use overrides::TemplateOverrides;
pub(crate) use overrides::{full_name, template_error};
pub use pattern::Pattern;
pub(crate) use pattern::{Blank, EntityNames, capital};

use crate::domain::{Stack, TestRunner};
use crate::{Error, ErrorKind, Result};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A folder under `src/stacks`.
struct Folder {
    name: &'static str,
    definition: Option<&'static str>,
    templates: &'static [(&'static str, &'static str)],
}

include!(concat!(env!("OUT_DIR"), "/stacks.rs"));

/// The definition of `stack`, with Vitest where there is a choice of test runners.
#[must_use]
#[expect(clippy::expect_used, reason = "the texts are part of this crate and a test reads all five")]
pub fn definition(stack: Stack) -> &'static StackDefinition {
    DEFINITIONS.get(&(stack, None)).expect("all stacks are read")
}

/// The definition of `stack` with this test runner, or with its usual one.
///
/// # Errors
/// `Unsupported`, naming stack and test runner, where the stack can't have it.
pub fn definition_with(stack: Stack, test_runner: Option<TestRunner>) -> Result<&'static StackDefinition> {
    let usual = definition(stack);
    match test_runner {
        None => Ok(usual),
        Some(TestRunner::Vitest) if usual.development_dependencies.contains_key("vitest") => Ok(usual),
        Some(runner) => DEFINITIONS.get(&(stack, Some(runner))).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "stacks.definition", "the stack can't have this test runner")
                .with("stack", stack)
                .with("test_runner", runner)
        }),
    }
}

#[expect(clippy::expect_used, reason = "the texts are part of this crate and a test reads all five")]
static DEFINITIONS: LazyLock<BTreeMap<(Stack, Option<TestRunner>), StackDefinition>> = LazyLock::new(|| {
    let mut definitions = BTreeMap::new();
    for stack in Stack::ALL {
        let json = folder(stack.as_str()).and_then(|folder| folder.definition).expect("every stack has a folder");
        let read: StackDefinition = serde_json::from_str(json).expect("a stack definition of this crate is valid");
        for runner in read.test_runners.keys() {
            definitions.insert((stack, Some(*runner)), read.clone().with_test_runner(*runner));
        }
        let usual = if read.test_runners.is_empty() { read } else { read.with_test_runner(TestRunner::Vitest) };
        definitions.insert((stack, None), usual);
    }
    definitions
});

/// The templates `stack` can use, with their names: its own and the shared ones. Empty when it has none of its own.
pub(crate) fn templates(stack: Stack) -> impl Iterator<Item = (&'static str, &'static str)> {
    let own = folder(stack.as_str()).map(|folder| folder.templates).unwrap_or_default();
    let shared = folder("shared").map(|folder| folder.templates).filter(|_| !own.is_empty()).unwrap_or_default();
    own.iter().chain(shared).copied()
}

fn folder(name: &str) -> Option<&'static Folder> {
    FOLDERS.iter().find(|folder| folder.name == name)
}
