//! `figures`: prints the list of figures; `figures NAME VALUE UNIT`: appends one, for scripts.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people and scripts")]

use aipipe_benches::figures;
use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("figures: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> io::Result<()> {
    match arguments {
        [] => print!("{}", figures::table(&figures::latest()?)),
        [name, value, unit] => {
            let value = value.parse().map_err(|_| refuse(format!("{value} is no number")))?;
            figures::record(name, value, unit)?;
        }
        _ => return Err(refuse("usage: figures [NAME VALUE UNIT]".to_owned())),
    }
    Ok(())
}

fn refuse(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
