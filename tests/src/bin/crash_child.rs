//! Runs the sample project in a folder, until it is done or the point comes at which it was ordered to die:
//! `crash-child WORKSPACE full|without-install`.

#![expect(clippy::print_stderr, reason = "a program prints")]

use aipipe_tests::crash::{Orders, Workflow, run};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let workspace = arguments.next().map(PathBuf::from);
    let workflow = arguments.next().and_then(|name| Workflow::parse(name.to_str()?));
    let (Some(workspace), Some(workflow)) = (workspace, workflow) else {
        eprintln!("usage: crash-child WORKSPACE full|without-install");
        return ExitCode::from(64);
    };
    // One thread: the points come in the same order in every run.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(71);
        }
    };
    match runtime.block_on(Box::pin(run(&workspace, workflow, &Orders::from_env()))) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", error.chain());
            ExitCode::FAILURE
        }
    }
}
