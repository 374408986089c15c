//! Compiles the folders under `src/stacks` in: each stack's definition and templates, and the templates they share.
//!
//! A stack is data, so adding a template is adding a file. What a stack needs is checked by the tests of `src/stacks`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const STACKS: &str = "src/stacks";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={STACKS}");
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join(STACKS);
    let mut table = String::from("const FOLDERS: &[Folder] = &[\n");
    for folder in sorted(&root)?.into_iter().filter(|path| path.is_dir()) {
        let name = file_name(&folder);
        let definition = folder.join("stack.json");
        let definition = if definition.is_file() { format!("Some({})", include(&definition)) } else { "None".into() };
        let _ = writeln!(table, "Folder {{ name: {name:?}, definition: {definition}, templates: &[");
        let (below, prefix) = if name == "shared" {
            (folder, String::from("shared/"))
        } else {
            (folder.join("templates"), String::new())
        };
        templates(&below, &prefix, &mut table)?;
        table.push_str("] },\n");
    }
    table.push_str("];\n");
    fs::write(PathBuf::from(variable("OUT_DIR")?).join("stacks.rs"), table)
}

/// Every `NAME.j2` below `folder`, under its name without the ending.
fn templates(folder: &Path, prefix: &str, table: &mut String) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for path in sorted(folder)? {
        let name = file_name(&path);
        if path.is_dir() {
            templates(&path, &format!("{prefix}{name}/"), table)?;
        } else if let Some(name) = name.strip_suffix(".j2") {
            let _ = writeln!(table, "({:?}, {}),", format!("{prefix}{name}"), include(&path));
        }
    }
    Ok(())
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn include(path: &Path) -> String {
    format!("include_str!({:?})", path.display().to_string())
}

fn variable(name: &str) -> io::Result<std::ffi::OsString> {
    env::var_os(name).ok_or_else(|| io::Error::other(format!("cargo sets no {name}")))
}
