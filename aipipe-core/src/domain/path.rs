//! Where things lie: paths in a repository and keys in the artifact store.
//!
//! Both come from documents, models and hosts, so neither type can hold a value that leaves its root,
//! reaches git's own folder or means different files on different systems.

use super::hash::ContentHash;
use super::id::{DocumentId, ExecutionId, ProjectName};
use super::parse::{ParseError, string_type};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

string_type!(
    /// A file in a repository: relative, `/`-separated, safe on every system git runs on.
    ///
    /// Refused: absolute and parent paths, empty, `.` and `..` components, backslashes, colons and other
    /// characters Windows forbids, control and invisible formatting characters, trailing dots and spaces,
    /// Windows device names, and every spelling of `.git` (case, NTFS short name, HFS+ ignorable characters).
    ///
    /// ```
    /// use aipipe_core::domain::RepoPath;
    /// assert!(RepoPath::parse("src/routes/bookings.ts").is_ok());
    /// for bad in ["../up", "/etc/passwd", "a/.git/config", "C:\\x", "a//b", "con.txt"] {
    ///     assert!(RepoPath::parse(bad).is_err(), "{bad}");
    /// }
    /// ```
    RepoPath, "a repository path", check_repo_path
);

impl RepoPath {
    /// The components, outermost first.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.as_str().split('/')
    }

    /// The last component.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.as_str().rsplit('/').next().unwrap_or_default()
    }

    /// Everything before the last component, or an empty string at the root.
    #[must_use]
    pub fn parent(&self) -> &str {
        self.as_str().rsplit_once('/').map_or("", |(parent, _)| parent)
    }

    /// The text after the last dot of the file name, if there is one that is not the first character.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        self.file_name().rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, extension)| extension)
    }

    /// Whether the path is inside `.github/`, in any case: only our own generators write there.
    #[must_use]
    pub fn is_reserved_for_ci(&self) -> bool {
        self.components().next().is_some_and(|first| first.eq_ignore_ascii_case(".github"))
    }
}

fn check_repo_path(value: &str) -> Result<(), ParseError> {
    const WHAT: &str = "repository path";
    let refuse = |reason| Err(ParseError::new(WHAT, value, reason));
    if value.len() > 1024 {
        return refuse("is longer than 1024 bytes");
    }
    if value.starts_with('/') {
        return refuse("is absolute");
    }
    value.split('/').try_for_each(|component| match component_fault(component) {
        Some(reason) => refuse(reason),
        None => Ok(()),
    })
}

/// Why a path component is refused, or `None` when it is fine.
pub(crate) fn component_fault(component: &str) -> Option<&'static str> {
    if component.is_empty() {
        return Some("has an empty component");
    }
    if component == "." || component == ".." {
        return Some("has a . or .. component");
    }
    if component.len() > 255 {
        return Some("has a component longer than 255 bytes");
    }
    if component.chars().any(|c| matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') || c.is_control()) {
        return Some("has a character that some systems do not allow in file names");
    }
    if component.chars().any(is_invisible) {
        return Some("has an invisible or direction-changing character");
    }
    if component.ends_with(['.', ' ']) || component.starts_with(' ') {
        return Some("has a component with a leading space or a trailing dot or space");
    }
    let lower = component.to_lowercase();
    if lower == ".git" || lower.starts_with("git~") || lower.starts_with(".git ") || lower.starts_with(".git.") {
        return Some("reaches git's own folder");
    }
    let stem = lower.split('.').next().unwrap_or_default().trim_end();
    let device = matches!(stem, "con" | "prn" | "aux" | "nul" | "conin$" | "conout$")
        || ["com", "lpt"].iter().any(|prefix| {
            stem.strip_prefix(prefix).is_some_and(|rest| {
                let mut digits = rest.chars();
                matches!((digits.next(), digits.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
            })
        });
    device.then_some("is a device name on Windows")
}

/// Zero-width, bidirectional and other format characters: they make two paths look alike (and HFS+ ignores some).
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// The folder of one project's run day: `{project-name}-{YYYY-MM-DD}`, the first part of every artifact key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectRoot {
    project: ProjectName,
    date: String,
}

impl ProjectRoot {
    /// The root of `project` on the day of `at` (UTC).
    #[must_use]
    pub fn new(project: ProjectName, at: Timestamp) -> Self {
        Self { project, date: at.date() }
    }

    /// Parses `{project-name}-{YYYY-MM-DD}`.
    ///
    /// # Errors
    /// [`ParseError`] when the name or the date is not one.
    pub fn parse(value: &str) -> Result<Self, ParseError> {
        let refuse = |reason| ParseError::new("project root", value, reason);
        let split = value.len().checked_sub(11).ok_or_else(|| refuse("is too short"))?;
        let (name, rest) = value.split_at_checked(split).ok_or_else(|| refuse("is not name-date"))?;
        let date = rest.strip_prefix('-').ok_or_else(|| refuse("is not name-date"))?;
        let date: jiff::civil::Date = date.parse().map_err(|_| refuse("does not end in a date YYYY-MM-DD"))?;
        Ok(Self { project: ProjectName::parse(name)?, date: date.to_string() })
    }

    /// The project.
    #[must_use]
    pub fn project(&self) -> &ProjectName {
        &self.project
    }

    /// The day as `YYYY-MM-DD`.
    #[must_use]
    pub fn date(&self) -> &str {
        &self.date
    }
}

impl fmt::Display for ProjectRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.project, self.date)
    }
}

impl std::str::FromStr for ProjectRoot {
    type Err = ParseError;
    fn from_str(value: &str) -> Result<Self, ParseError> {
        Self::parse(value)
    }
}

impl TryFrom<String> for ProjectRoot {
    type Error = ParseError;
    fn try_from(value: String) -> Result<Self, ParseError> {
        Self::parse(&value)
    }
}

impl From<ProjectRoot> for String {
    fn from(value: ProjectRoot) -> Self {
        value.to_string()
    }
}

/// The four areas of the artifact store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactArea {
    /// Documents as they came in: `{project}-{date}/raw/{filename}`.
    Raw,
    /// Text and hand-overs: `{project}-{date}/processed/{execution-id}/{doc-id}.txt`.
    Processed,
    /// Generated code: `{project}-{date}/generated/{execution-id}/{file-path}`.
    Code,
    /// Embeddings: `{project}-{date}/vectors/{embedding-type}`.
    Vectors,
}

impl ArtifactArea {
    /// All areas.
    pub const ALL: [Self; 4] = [Self::Raw, Self::Processed, Self::Code, Self::Vectors];

    /// The key's second component: `raw`, `processed`, `generated` or `vectors`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Processed => "processed",
            Self::Code => "generated",
            Self::Vectors => "vectors",
        }
    }
}

/// The name of one artifact: `{project}-{date}/{area}/{rest}`, parsed by the rules of [`RepoPath`] for `rest`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ArtifactKey {
    text: String,
    area: ArtifactArea,
}

impl ArtifactKey {
    fn new(root: &ProjectRoot, area: ArtifactArea, rest: &str) -> Self {
        Self { text: format!("{root}/{}/{rest}", area.as_str()), area }
    }

    /// A raw document: `{root}/raw/{filename}`.
    #[must_use]
    pub fn raw(root: &ProjectRoot, name: &super::document::DocumentName) -> Self {
        Self::new(root, ArtifactArea::Raw, name.as_str())
    }

    /// A document's text: `{root}/processed/{execution}/{document}.txt`.
    #[must_use]
    pub fn processed(root: &ProjectRoot, execution: &ExecutionId, document: &DocumentId) -> Self {
        Self::new(root, ArtifactArea::Processed, &format!("{execution}/{document}.txt"))
    }

    /// A generated file: `{root}/generated/{execution}/{path}`.
    #[must_use]
    pub fn generated(root: &ProjectRoot, execution: &ExecutionId, path: &RepoPath) -> Self {
        Self::new(root, ArtifactArea::Code, &format!("{execution}/{path}"))
    }

    /// Content stored under its own hash: `{root}/processed/{execution}/values/{64 hex}`.
    ///
    /// Stage hand-overs, large step results and every version of a generated file lie here.
    #[must_use]
    pub fn value(root: &ProjectRoot, execution: &ExecutionId, hash: &ContentHash) -> Self {
        Self::new(root, ArtifactArea::Processed, &format!("{execution}/values/{}", hash.to_hex()))
    }

    /// Embeddings of one type: `{root}/vectors/{embedding-type}`.
    ///
    /// # Errors
    /// [`ParseError`] when `embedding_type` is not a safe path component.
    pub fn vectors(root: &ProjectRoot, embedding_type: &str) -> Result<Self, ParseError> {
        let path = RepoPath::parse(embedding_type)?;
        Ok(Self::new(root, ArtifactArea::Vectors, path.as_str()))
    }

    /// A file of embeddings of one type, under the hash of its content: `{root}/vectors/{embedding-type}/{64 hex}`.
    ///
    /// # Errors
    /// [`ParseError`] when `embedding_type` is not one safe path component.
    pub fn vector_file(root: &ProjectRoot, embedding_type: &str, hash: &ContentHash) -> Result<Self, ParseError> {
        let folder = embedding_folder(embedding_type)?;
        Ok(Self::new(root, ArtifactArea::Vectors, &format!("{folder}/{}", hash.to_hex())))
    }

    /// Parses a whole key.
    ///
    /// # Errors
    /// [`ParseError`] when the root, the area or a component is not valid.
    pub fn parse(value: &str) -> Result<Self, ParseError> {
        let refuse = |reason| ParseError::new("artifact key", value, reason);
        let mut parts = value.splitn(3, '/');
        let (Some(root), Some(area), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(refuse("is not project-date/area/name"));
        };
        let root = ProjectRoot::parse(root)?;
        let area = ArtifactArea::ALL
            .into_iter()
            .find(|a| a.as_str() == area)
            .ok_or_else(|| refuse("names no area (raw, processed, generated, vectors)"))?;
        if rest.len() > 1024 {
            return Err(refuse("is too long"));
        }
        if let Some(reason) = rest.split('/').find_map(component_fault) {
            return Err(refuse(reason));
        }
        Ok(Self::new(&root, area, rest))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The area the artifact lies in.
    #[must_use]
    pub fn area(&self) -> ArtifactArea {
        self.area
    }

    /// The components, outermost first.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.text.split('/')
    }
}

impl fmt::Display for ArtifactKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for ArtifactKey {
    type Err = ParseError;
    fn from_str(value: &str) -> Result<Self, ParseError> {
        Self::parse(value)
    }
}

impl TryFrom<String> for ArtifactKey {
    type Error = ParseError;
    fn try_from(value: String) -> Result<Self, ParseError> {
        Self::parse(&value)
    }
}

impl From<ArtifactKey> for String {
    fn from(value: ArtifactKey) -> Self {
        value.text
    }
}

/// An embedding type as the one path component that it has to be.
fn embedding_folder(embedding_type: &str) -> Result<&str, ParseError> {
    let fault = if embedding_type.contains('/') { Some("has a /") } else { component_fault(embedding_type) };
    fault.map_or(Ok(embedding_type), |reason| Err(ParseError::new("embedding type", embedding_type, reason)))
}

/// The beginning of artifact keys, cut at a component: a root, a root and an area, or deeper.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArtifactPrefix(String);

impl ArtifactPrefix {
    /// Everything of one project root.
    #[must_use]
    pub fn root(root: &ProjectRoot) -> Self {
        Self(root.to_string())
    }

    /// Everything in one area of a project root.
    #[must_use]
    pub fn area(root: &ProjectRoot, area: ArtifactArea) -> Self {
        Self(format!("{root}/{}", area.as_str()))
    }

    /// Everything of one execution in an area.
    #[must_use]
    pub fn execution(root: &ProjectRoot, area: ArtifactArea, execution: &ExecutionId) -> Self {
        Self(format!("{root}/{}/{execution}", area.as_str()))
    }

    /// The files of embeddings of one type.
    ///
    /// # Errors
    /// [`ParseError`] when `embedding_type` is not one safe path component.
    pub fn vectors(root: &ProjectRoot, embedding_type: &str) -> Result<Self, ParseError> {
        Ok(Self(format!("{root}/{}/{}", ArtifactArea::Vectors.as_str(), embedding_folder(embedding_type)?)))
    }

    /// The prefix without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `key` lies below this prefix.
    #[must_use]
    pub fn contains(&self, key: &ArtifactKey) -> bool {
        key.as_str().strip_prefix(&self.0).is_some_and(|rest| rest.starts_with('/'))
    }
}
