//! Generated workflows before judges that are not ours: linters, a schema, and a runner of GitHub's workflows.

mod agreement;
mod audit;
mod linters;

use crate::program::root;
use std::path::PathBuf;

/// A tool of `tests/rigs/workflow-tools`; `None` when it is not installed, which is a failure in a full run.
fn tool(name: &str) -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty());
    let target = root().join(target.map_or_else(|| PathBuf::from("target"), PathBuf::from));
    let file = target.join("rigs/workflow-tools/bin").join(name);
    if file.is_file() {
        return Some(file);
    }
    assert!(!is_full(), "{name} is missing and this is a full run: run tests/rigs/workflow-tools");
    eprintln!("NOT TESTED: {name} is missing (tests/rigs/workflow-tools installs it)");
    None
}

fn is_full() -> bool {
    std::env::var_os("AIPIPE_FULL").is_some_and(|value| value == "1")
}
