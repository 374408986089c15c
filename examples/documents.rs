//! Stage 1 alone: what each document says, where, and what was refused.
//!
//! ```sh
//! cargo run --example documents -- FILE… [--json]
//! ```

#![expect(clippy::print_stderr, reason = "a program prints")]

#[path = "common/stdout.rs"]
mod stdout;

use aipipe::domain::Refusal;
use aipipe::local::read_document_file;
use aipipe::stages::document_processor::{ReadDocument, ReadLimits, read_document};
use clap::Parser;
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
struct Arguments {
    /// The documents.
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let (mut read, mut refused) = (Vec::new(), Vec::new());
    for path in &arguments.files {
        let (name, bytes) = read_document_file(path)?;
        match read_document(&name, &bytes, &ReadLimits::default()) {
            Ok(document) => read.push((name, document)),
            Err(why) => refused.push(Refusal { name, reason: why.reason, detail: why.detail }),
        }
    }
    if arguments.json {
        let documents: Vec<_> = read.iter().map(|(name, document)| as_json(name.as_str(), document)).collect();
        stdout::to_stdout(|out| writeln!(out, "{}", json!({"documents": documents, "refused": refused})))?;
    } else {
        stdout::to_stdout(|out| {
            read.iter().try_for_each(|(name, document)| print_document(out, name.as_str(), document))
        })?;
        for refusal in &refused {
            eprintln!("{} was not read: {} ({})", refusal.name, refusal.reason.as_str(), refusal.detail);
        }
    }
    Ok(if read.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn as_json(name: &str, document: &ReadDocument) -> serde_json::Value {
    let segments: Vec<_> = document
        .segments
        .iter()
        .map(|segment| json!({"segment": segment, "place": segment.place.to_string(), "text": segment.span.of(&document.text)}))
        .collect();
    json!({
        "name": name,
        "format": document.format,
        "metadata": document.metadata,
        "text": document.text,
        "segments": segments,
        "warnings": document.warnings,
    })
}

fn print_document(out: &mut impl Write, name: &str, document: &ReadDocument) -> io::Result<()> {
    writeln!(out, "{name}: {}, {} segments", document.format, document.segments.len())?;
    for warning in &document.warnings {
        writeln!(out, "  warning: {warning}")?;
    }
    for segment in &document.segments {
        let speaker = segment.speaker.as_deref().map_or_else(String::new, |who| format!(" {who}:"));
        let text = segment.span.of(&document.text).unwrap_or_default().replace('\n', " ");
        writeln!(out, "  [{}, {:?}]{speaker} {text}", segment.place, segment.kind)?;
    }
    Ok(())
}
