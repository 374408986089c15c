//! Runs the sample project in a folder, until it is done or the point comes at which it was ordered to die:
//! `crash-child WORKSPACE COURSE`.

#![expect(clippy::print_stderr, reason = "a program prints")]

use aipipe_tests::crash::{Course, Orders, run};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let workspace = arguments.next().map(PathBuf::from);
    let course = arguments.next().and_then(|name| Course::parse(name.to_str()?));
    let (Some(workspace), Some(course)) = (workspace, course) else {
        eprintln!("usage: crash-child WORKSPACE {}", Course::ALL.map(Course::as_str).join("|"));
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
    match runtime.block_on(Box::pin(run(&workspace, course, &Orders::from_env()))) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", error.chain());
            ExitCode::FAILURE
        }
    }
}
