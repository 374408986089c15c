//! Templates a host puts in the place of this crate's own.

use super::{FOLDERS, templates};
use crate::domain::{ArtifactPrefix, ContentHash, Stack};
use crate::ports::{ArtifactStore, GetOptions};
use crate::{Error, ErrorKind, Result};
use futures::StreamExt as _;
use std::collections::BTreeMap;

const OPERATION: &str = "stacks.override";
/// Far more than any template needs.
const MAX_BYTES: u64 = 1 << 20;

/// Single templates in the place of this crate's own, by `{stack}/{template}` or `shared/{template}`.
///
/// Each is checked when it is put in: the name has to be that of a template, the text has to be one. What only shows
/// when it is rendered (a name that is not defined) is an error then, before any file is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateOverrides(BTreeMap<String, String>);

impl TemplateOverrides {
    /// The same with `source` in the place of the template `name`, such as `node-api/README.md` or
    /// `shared/node/npmrc`; a `.j2` at the end of the name is left out.
    ///
    /// # Errors
    /// `NotFound` when there is no such template, `InvalidInput` naming template and line when `source` is none.
    pub fn with(mut self, name: &str, source: impl Into<String>) -> Result<Self> {
        let name = name.strip_suffix(".j2").unwrap_or(name);
        if !is_template(name) {
            return Err(Error::new(ErrorKind::NotFound, OPERATION, "there is no such template to override")
                .with("template", name.escape_debug()));
        }
        let source = source.into();
        let mut environment = minijinja::Environment::new();
        environment
            .add_template_owned(name.to_owned(), source.clone())
            .map_err(|error| template_error(ErrorKind::InvalidInput, name, error))?;
        self.0.insert(name.to_owned(), source);
        Ok(self)
    }

    /// Every artifact below `prefix` as an override, by what follows the prefix: `node-api/README.md.j2`.
    ///
    /// # Errors
    /// As [`TemplateOverrides::with`] and [`ArtifactStore::get`]; `InvalidInput` for what is too long or no text.
    pub async fn from_store(store: &dyn ArtifactStore, prefix: &ArtifactPrefix) -> Result<Self> {
        let mut overrides = Self::default();
        let mut listed = store.list(prefix.clone());
        while let Some(found) = listed.next().await {
            let found = found?;
            let refuse = |message| Error::new(ErrorKind::InvalidInput, OPERATION, message).with("key", &found.key);
            let name = found.key.as_str().strip_prefix(prefix.as_str()).unwrap_or_default().trim_start_matches('/');
            if found.bytes > MAX_BYTES {
                return Err(refuse("a template is longer than any needs to be"));
            }
            let content = store.get(&found.key, GetOptions::default()).await?.content;
            let text = String::from_utf8(content.to_vec()).map_err(|_| refuse("a template is no UTF-8 text"))?;
            overrides = overrides.with(name, text)?;
        }
        Ok(overrides)
    }

    /// Whether nothing is overridden.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A hash of all names and texts: two sets of overrides with one hash make the same files.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        let parts: Vec<&str> = self.0.iter().flat_map(|(name, source)| [name.as_str(), source.as_str()]).collect();
        ContentHash::of_parts(&parts)
    }

    /// What stands in the place of the template that the stack calls `template`.
    pub(crate) fn of(&self, stack: Stack, template: &str) -> Option<&str> {
        self.0.get(&full_name(stack, template)).map(String::as_str)
    }
}

/// What tells the template from those of other stacks.
pub(crate) fn full_name(stack: Stack, template: &str) -> String {
    if template.starts_with("shared/") { template.to_owned() } else { format!("{stack}/{template}") }
}

fn is_template(name: &str) -> bool {
    match name.split_once('/') {
        Some(("shared", _)) => FOLDERS
            .iter()
            .any(|folder| folder.name == "shared" && folder.templates.iter().any(|(known, _)| *known == name)),
        Some((stack, template)) => {
            stack.parse::<Stack>().is_ok_and(|stack| templates(stack).any(|(known, _)| known == template))
        }
        None => false,
    }
}

/// What is wrong with a template, and where.
pub(crate) fn template_error(kind: ErrorKind, name: &str, error: minijinja::Error) -> Error {
    let message = if error.kind() == minijinja::ErrorKind::UndefinedError {
        "a template uses a name that is not defined"
    } else {
        "a template does not render"
    };
    let line = error.line().map_or_else(|| "unknown".to_owned(), |line| line.to_string());
    Error::new(kind, "story-executor.render", message).with("template", name).with("line", line).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_templates_that_exist_and_compile_are_taken() {
        let overrides = TemplateOverrides::default().with("node-api/README.md.j2", "# {{ project.name }}").unwrap();
        assert_eq!(overrides.of(Stack::NodeApi, "README.md"), Some("# {{ project.name }}"));
        assert_eq!(overrides.of(Stack::PythonApi, "README.md"), None);
        let shared = TemplateOverrides::default().with("shared/node/npmrc", "save-exact=true").unwrap();
        assert_eq!(shared.of(Stack::NodeApi, "shared/node/npmrc"), Some("save-exact=true"));
        for unknown in ["README.md", "node-api/none", "cobol/README.md", "shared/none", "", "../node-api/README.md"] {
            let error = TemplateOverrides::default().with(unknown, "").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{unknown}");
        }
        let error = TemplateOverrides::default().with("node-api/app.ts", "fine\n{% if %}").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!((error.context("template"), error.context("line")), (Some("node-api/app.ts"), Some("2")));
    }

    #[tokio::test]
    async fn a_store_holds_overrides_below_a_prefix() {
        use crate::domain::{ArtifactArea, ArtifactKey, ExecutionId, ProjectRoot, RepoPath};
        use crate::ports::PutOptions;
        use crate::testing::MemoryArtifacts;

        let store = MemoryArtifacts::default();
        let (root, host) = (ProjectRoot::parse("ours-2026-11-22").unwrap(), ExecutionId::parse("templates").unwrap());
        let prefix = ArtifactPrefix::execution(&root, ArtifactArea::Code, &host);
        let put = async |path: &str, text: &'static [u8]| {
            let key = ArtifactKey::generated(&root, &host, &RepoPath::parse(path).unwrap());
            store.put(&key, text.into(), PutOptions::default()).await.unwrap();
        };
        assert!(TemplateOverrides::from_store(&store, &prefix).await.unwrap().is_empty());
        put("node-api/README.md.j2", b"# Ours").await;
        put("shared/node/npmrc.j2", b"save-exact=true").await;
        let overrides = TemplateOverrides::from_store(&store, &prefix).await.unwrap();
        assert_eq!(overrides.of(Stack::NodeApi, "README.md"), Some("# Ours"));
        assert_eq!(overrides.of(Stack::VueSpa, "shared/node/npmrc"), Some("save-exact=true"));
        put("node-api/app.ts.j2", b"\xff").await;
        let error = TemplateOverrides::from_store(&store, &prefix).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.context("key").unwrap().ends_with("node-api/app.ts.j2"));
    }

    #[test]
    fn another_text_is_another_hash() {
        let with = |text: &str| TemplateOverrides::default().with("node-api/app.ts", text).unwrap().hash();
        assert_eq!(with("a"), with("a"));
        assert_ne!(with("a"), with("b"));
    }
}
