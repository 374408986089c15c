//! What flows through the pipeline: ids, paths and the one type that crosses each arrow between stages.
//!
//! Every value that can come from outside (a document, a model, a host) is parsed into a type that can't hold a bad
//! one; there is no second constructor that skips the check.

mod anomaly;
mod architecture;
mod artifact;
mod build;
mod code;
mod document;
mod execution;
mod finding;
mod hash;
mod id;
mod money;
mod parse;
mod path;
mod review;
mod runtime;
mod story;
mod time;
mod trace;
mod usage;
mod validation;
mod work;
mod write_set;

pub use anomaly::*;
pub use architecture::*;
pub use artifact::*;
pub use build::*;
pub use code::*;
pub use document::*;
pub use execution::*;
pub use finding::*;
pub use hash::*;
pub use id::*;
pub use money::*;
pub(crate) use parse::check_key_part;
pub use parse::{ParseError, slugify};
pub(crate) use path::is_invisible;
pub use path::{ArtifactArea, ArtifactKey, ArtifactPrefix, ProjectRoot, RepoPath};
pub use review::*;
pub use runtime::*;
pub use story::*;
pub use time::*;
pub use trace::*;
pub use usage::*;
pub use validation::*;
pub use work::*;
pub use write_set::*;
