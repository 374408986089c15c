//! The known actions, told by owner and name whatever version is pinned, and what a local run makes of each.

use super::expression::{Site, Template};
use super::yaml::{Fields, Node, invalid, unsupported};
use crate::process::Wanted;
use aipipe_core::Result;

/// A known action with its inputs.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    /// A clean checkout of the run's commit.
    Checkout,
    /// A check of the local Node.
    SetupNode {
        /// What is wanted; `None` takes whatever there is.
        version: Option<Wanted>,
    },
    /// A check of the local Python, and an environment of its own for the job.
    SetupPython {
        /// What is wanted; `None` takes whatever there is.
        version: Option<Wanted>,
    },
    /// Nothing: local runs keep their own package cache.
    Cache,
    /// Copies files to the run's folder.
    UploadArtifact(Upload),
}

/// The inputs of `actions/upload-artifact`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Upload {
    pub(super) name: Template,
    /// One file or folder a line.
    pub(super) paths: Template,
    pub(super) when_missing: WhenMissing,
}

/// What happens when there is nothing to upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenMissing {
    Warn,
    Fail,
    Ignore,
}

impl Action {
    /// Reads `uses` and `with` of a step at `place`.
    pub(super) fn parse(uses: &str, with: Option<Node>, site: &Site<'_>) -> Result<Self> {
        let place = site.place;
        let shown: String = uses.chars().take(120).collect();
        let (action, _) = uses
            .split_once('@')
            .filter(|(_, version)| !version.is_empty())
            .ok_or_else(|| unsupported(format!("action {shown} in {place}")))?;
        let with = with.filter(|with| *with != Node::Null).unwrap_or(Node::Map(Vec::new()));
        let mut with = Fields::of(with, format!("with of {place}"))?;
        let parsed = match action.to_ascii_lowercase().as_str() {
            "actions/checkout" => {
                for ignored in ["persist-credentials", "fetch-depth", "clean", "show-progress", "fetch-tags"] {
                    with.take(ignored);
                }
                Self::Checkout
            }
            "actions/setup-node" => {
                for ignored in ["cache", "cache-dependency-path", "check-latest", "package-manager-cache"] {
                    with.take(ignored);
                }
                Self::SetupNode { version: wanted(&mut with, "node-version", site)? }
            }
            "actions/setup-python" => {
                for ignored in ["cache", "cache-dependency-path", "check-latest", "update-environment"] {
                    with.take(ignored);
                }
                Self::SetupPython { version: wanted(&mut with, "python-version", site)? }
            }
            "actions/cache" => {
                for ignored in ["path", "key", "restore-keys", "enableCrossOsArchive", "save-always"] {
                    with.take(ignored);
                }
                Self::Cache
            }
            "actions/upload-artifact" => Self::UploadArtifact(upload(&mut with, site)?),
            _ => return Err(unsupported(format!("action {shown} in {place}"))),
        };
        // Inputs change what an action does: one that isn't known here must not be dropped.
        let place = with.place().to_owned();
        match with.rest().first() {
            Some((input, _)) => Err(unsupported(format!("input {input} in {place} ({shown})"))),
            None => Ok(parsed),
        }
    }
}

fn wanted(with: &mut Fields, key: &str, site: &Site<'_>) -> Result<Option<Wanted>> {
    let text = with.take_text(key)?;
    text.map(|text| {
        // What the tools are is decided before the run, so it may depend on the variant only.
        let known = Template::parse(&text, site)?.literal();
        known.as_deref().and_then(Wanted::parse).ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            unsupported(format!("{key} {shown} in {}", with.place()))
        })
    })
    .transpose()
}

fn upload(with: &mut Fields, site: &Site<'_>) -> Result<Upload> {
    let place = with.place().to_owned();
    let name = with.take_text("name")?.unwrap_or_else(|| "artifact".to_owned());
    let paths = with.take_text("path")?.ok_or_else(|| invalid(format!("{place} has no path")))?;
    for ignored in ["retention-days", "compression-level", "overwrite", "include-hidden-files"] {
        with.take(ignored);
    }
    if paths.contains(['*', '?', '[', '!']) {
        return Err(unsupported(format!("pattern in path of {place}")));
    }
    let when_missing = match with.take_text("if-no-files-found")?.as_deref() {
        None | Some("warn") => WhenMissing::Warn,
        Some("error") => WhenMissing::Fail,
        Some("ignore") => WhenMissing::Ignore,
        Some(_) => return Err(invalid(format!("if-no-files-found of {place} must be warn, error or ignore"))),
    };
    Ok(Upload { name: Template::parse(&name, site)?, paths: Template::parse(&paths, site)?, when_missing })
}

#[cfg(test)]
mod tests {
    use super::super::expression::Level;
    use super::*;
    use aipipe_core::ErrorKind;

    #[test]
    fn unknown_actions_and_inputs_are_named() {
        for (uses, with, wanted) in [
            ("docker/build-push-action@v6", None, "docker/build-push-action@v6"),
            ("./local", None, "./local"),
            ("docker://alpine:3", None, "docker://alpine:3"),
            ("actions/checkout@v4", Some(("ref", "main")), "input ref"),
            ("actions/setup-node@v4", Some(("registry-url", "x")), "input registry-url"),
            ("actions/setup-node@v4", Some(("node-version", "lts/*")), "node-version lts/*"),
        ] {
            let with = with.map(|(k, v)| Node::Map(vec![(k.to_owned(), Node::Text(v.to_owned()))]));
            let site = Site::workflow("step 1 of job x", "push").at(Level::Step, "step 1 of job x");
            let error = Action::parse(uses, with, &site).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.message().contains(wanted), "{error}");
        }
    }
}
