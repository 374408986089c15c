//! Bad input, a bad machine, bad timing: each ends in a typed error or a reported document, with nothing lost.
//!
//! One table names every case. Those that need a run to its end share the package cache of the first one.

use crate::program::{Ran, Running, example, program, root, run};
use aipipe_tests::figures;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use tempfile::TempDir;

const NOTES: &str = "# Requirements\n\n- Clerks must be able to add a book with a title and an author.\n\
    - Clerks must be able to list all books.\n\nWe build a REST API in Node.\n";

type Case = (&'static str, fn(&Rig));

const CASES: &[Case] = &[
    ("no git identity", no_git_identity),
    ("an empty file", |rig| refused(rig, "empty.md", b"", "empty", "has no bytes")),
    ("a file of white space", |rig| refused(rig, "blank.txt", b" \n\t\n", "empty", "white space")),
    ("text of 100 MB", text_of_100_mb),
    ("text that is not UTF-8", |rig| {
        refused(
            rig,
            "latin.txt",
            b"All books \xff\xfe\xc3( must be listed\n\x80\x81\x8d",
            "unsupported_format",
            "UTF-8",
        );
    }),
    ("bytes that are no text", |rig| refused(rig, "bytes.txt", &[0, 1, 2, 3, 255], "unsupported_format", "binary")),
    ("an encrypted PDF", |rig| refused(rig, "secret.pdf", &encrypted_pdf(), "encrypted", "password")),
    ("a truncated PDF", |rig| refused(rig, "cut.pdf", &sample_pdf()[..700], "damaged", "ends early")),
    ("a PDF that is a head alone", |rig| refused(rig, "head.pdf", b"%PDF-1.7\n", "damaged", "")),
    ("JSON of the wrong shape", |rig| {
        refused(rig, "wrong.json", br#"{"rows": [1, {"x": true}]}"#, "unknown_shape", "rows");
    }),
    ("broken JSON", |rig| refused(rig, "broken.json", b"[[[", "damaged", "broken JSON")),
    ("bad documents among good ones", bad_among_good),
    ("nothing anybody could build", nothing_to_build),
    ("a missing file", |rig| no_document(rig, "missing.md", "not found in document.open")),
    ("a directory", |rig| no_document(rig, "", "a directory is no document")),
    ("a device", |rig| no_document(rig, "/dev/zero", "it is no regular file")),
    ("a project name with slashes", |rig| bad_name(rig, "clients/library")),
    ("a project name with emoji", |rig| bad_name(rig, "library-📚")),
    ("a project name that climbs", |rig| bad_name(rig, "../library")),
    ("an unknown stack", unknown_stack),
    ("a workspace that is a file", workspace_is_a_file),
    ("a read-only workspace", read_only_workspace),
    ("a full disk", full_disk),
    ("node missing", node_missing),
    ("CI that hangs", ci_that_hangs),
    ("CI that prints 1 GB", ci_that_prints),
    ("two processes on one workspace", two_processes),
    ("Ctrl-C in the middle", interrupted),
    ("a damaged note of the latest run", damaged_recipe),
    ("a damaged record store", damaged_records),
    ("a run nobody started", no_such_run),
    ("a reader that leaves", reader_leaves),
    ("standard output on a full disk", full_standard_output),
];

#[test]
fn every_bad_input_ends_in_a_typed_error_or_a_reported_document() {
    let rig = Rig::new();
    // A case under work is run alone with `AIPIPE_CASE=part-of-its-name`.
    let wanted = std::env::var_os("AIPIPE_CASE").map(|wanted| wanted.into_string().unwrap());
    let is_wanted = |(name, _): &&Case| wanted.as_ref().is_none_or(|wanted| name.contains(wanted.as_str()));
    let cases = Mutex::new(CASES.iter().filter(is_wanted));
    let next = || cases.lock().unwrap().next();
    // The first fills the caches that the others copy; then two at a time, which mostly wait for other programs.
    if let Some(first) = next() {
        try_case(&rig, first);
    }
    std::thread::scope(|scope| {
        let work = || {
            while let Some(case) = next() {
                try_case(&rig, case);
            }
        };
        scope.spawn(work);
        work();
    });
    if wanted.is_none() {
        figures::record("bad_input.cases", CASES.len(), "cases").unwrap();
    }
}

fn try_case(rig: &Rig, (name, check): &Case) {
    println!("{name}");
    check(rig);
}

/// A folder for everything, with the package cache that the first full run filled.
struct Rig {
    folder: TempDir,
    warm: OnceLock<PathBuf>,
}

impl Rig {
    fn new() -> Self {
        let rig = Self { folder: tempfile::tempdir().unwrap(), warm: OnceLock::new() };
        rig.file("notes.md", NOTES.as_bytes());
        rig
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A workspace in which the notes were merged, with caches to copy; made by the first case that needs it.
    fn warm(&self) -> &Path {
        self.warm.get_or_init(|| {
            let workspace = self.path("warm");
            merged(&run(&mut self.quickstart(&workspace, &[])).exits(0));
            workspace
        })
    }

    /// A new workspace with the package caches of an earlier run.
    fn workspace(&self, name: &str) -> PathBuf {
        let (warm, workspace) = (self.warm(), self.path(name));
        fs::create_dir_all(workspace.join("ci")).unwrap();
        for cache in ["packages", "ci/cache"] {
            let copied = Command::new("cp").arg("-a").arg(warm.join(cache)).arg(workspace.join(cache)).status();
            assert!(copied.unwrap().success());
        }
        workspace
    }

    /// The quickstart on the notes and `more`, with JSON.
    fn quickstart(&self, workspace: &Path, more: &[&Path]) -> Command {
        let mut command = quickstart(workspace);
        command.args(["--project", "library"]).arg(self.path("notes.md")).args(more);
        command
    }
}

/// The quickstart with JSON in this workspace.
fn quickstart(workspace: &Path) -> Command {
    let mut command = program(example("quickstart"));
    command.arg("--json").arg("--workspace").arg(workspace);
    command
}

/// A subcommand of the quickstart, on the latest run.
fn subcommand(name: &str, workspace: &Path) -> Command {
    let mut command = program(example("quickstart"));
    command.args([name, "--json", "--workspace"]).arg(workspace);
    command
}

/// Demands a completed execution whose pull request was merged, in a sound repository.
#[track_caller]
fn merged(ran: &Ran) -> Value {
    let json = ran.json();
    assert_eq!((&json["status"], &json["pull_request"]["state"]), (&"completed".into(), &"merged".into()), "{ran}");
    let repository = json["repository"].as_str().unwrap();
    let sound = Command::new("git").args(["-C", repository, "fsck", "--strict"]).output().unwrap();
    assert!(sound.status.success(), "{sound:?}");
    json
}

/// Demands a failure that says so in JSON.
#[track_caller]
fn failed(ran: Ran, words: &str) -> Value {
    let ran = ran.exits(1).says(words);
    let json = ran.json();
    assert_eq!(json["status"], "failed", "{ran}");
    assert!(json["failure"].as_str().is_some_and(|failure| failure.contains(words)), "{ran}");
    json
}

fn no_git_identity(rig: &Rig) {
    let home = rig.path("home");
    fs::create_dir(&home).unwrap();
    // The settings by which a host reaches its package mirror stay; nothing of git does.
    if let Some(own) = std::env::home_dir() {
        for file in [".npmrc", ".config/pip/pip.conf", ".pip/pip.conf"].iter().filter(|file| own.join(file).is_file()) {
            fs::create_dir_all(home.join(file).parent().unwrap()).unwrap();
            fs::copy(own.join(file), home.join(file)).unwrap();
        }
    }
    let workspace = rig.path("warm");
    let mut command = rig.quickstart(&workspace, &[]);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(|name| name.starts_with("GIT_")))
    {
        command.env_remove(name);
    }
    command.env("HOME", &home).env_remove("XDG_CONFIG_HOME").env_remove("EMAIL").env("GIT_CONFIG_NOSYSTEM", "1");
    merged(&run(&mut command).exits(0));
    rig.warm.set(workspace).unwrap();
}

/// A document that can't be read, alone: there is nothing to go on with.
#[track_caller]
fn refused(rig: &Rig, name: &str, content: &[u8], reason: &str, detail: &str) {
    let file = rig.file(name, content);
    let workspace = rig.path(&format!("refused-{name}"));
    let ran = run(quickstart(&workspace).arg(&file)).says(&format!("{name} was not read"));
    let json = failed(ran, "no readable document in documents.read");
    let refusals = json["documents"]["refused"].as_array().unwrap();
    assert_eq!(refusals.len(), 1, "{json}");
    assert_eq!((&refusals[0]["name"], &refusals[0]["reason"]), (&name.into(), &reason.into()), "{json}");
    assert!(refusals[0]["detail"].as_str().unwrap().contains(detail), "{json}");
    // What was handed in is kept as it was.
    let root = json["project_root"].as_str().unwrap();
    assert_eq!(fs::read(workspace.join("artifacts").join(root).join("raw").join(name)).unwrap(), content);
}

fn text_of_100_mb(rig: &Rig) {
    let line = b"The clerk must be able to add a book with a title.\n";
    let text: Vec<u8> = line.iter().copied().cycle().take(100_000_000).collect();
    refused(rig, "huge.txt", &text, "too_large", "100000000 bytes");
}

fn sample_pdf() -> Vec<u8> {
    fs::read(root().join("examples/data/brief.pdf")).unwrap()
}

fn encrypted_pdf() -> Vec<u8> {
    use lopdf::{Document, EncryptionState, EncryptionVersion, Object, Permissions, StringFormat};
    let mut document = Document::load_mem(&sample_pdf()).unwrap();
    let id = Object::String(b"0123456789abcdef".to_vec(), StringFormat::Hexadecimal);
    document.trailer.set("ID", vec![id.clone(), id]);
    let version = EncryptionVersion::V2 {
        document: &document,
        owner_password: "owner",
        user_password: "user",
        key_length: 128,
        permissions: Permissions::all(),
    };
    let state = EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn bad_among_good(rig: &Rig) {
    let workspace = rig.workspace("among-good");
    let bad: [(&str, Vec<u8>); 4] = [
        ("nothing.md", Vec::new()),
        ("locked.pdf", encrypted_pdf()),
        ("half.pdf", sample_pdf()[..700].to_vec()),
        ("shape 📚.json", br#"{"rows": 3}"#.to_vec()),
    ];
    let files: Vec<_> = bad.iter().map(|(name, content)| rig.file(name, content)).collect();
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let json =
        merged(&run(&mut rig.quickstart(&workspace, &files)).exits(0).says("locked.pdf was not read: encrypted"));
    let names = |list: &Value| list.as_array().unwrap().iter().map(|of| of["name"].clone()).collect::<Vec<_>>();
    assert_eq!(names(&json["documents"]["read"]), ["notes.md"]);
    assert_eq!(names(&json["documents"]["refused"]), ["nothing.md", "locked.pdf", "half.pdf", "shape 📚.json"]);
    assert!(json["stories"].as_array().unwrap().iter().all(|story| story["status"] == "done"), "{json}");
}

fn nothing_to_build(rig: &Rig) {
    let file = rig.file("weather.txt", b"The weather was fine on Monday. We had lunch outside.\n");
    failed(run(quickstart(&rig.path("nothing")).arg(file)), "the documents ask for nothing a story could be made of");
}

#[track_caller]
fn no_document(rig: &Rig, name: &str, words: &str) {
    let (path, workspace) = (rig.path(name), rig.path(words));
    let json = failed(run(&mut rig.quickstart(&workspace, &[&path])), words);
    assert!(json["failure"].as_str().unwrap().contains(&path.display().to_string()), "{json}");
    // A slip of the pen starts nothing.
    let runs = run(&mut subcommand("runs", &workspace)).exits(0).json();
    assert_eq!(runs["executions"], serde_json::json!([]));
}

#[track_caller]
fn bad_name(rig: &Rig, name: &str) {
    let workspace = rig.path("bad-name");
    let ran = run(quickstart(&workspace).args(["--project", name]).arg(rig.path("notes.md")));
    let json = failed(ran, "invalid project name");
    assert!(json["failure"].as_str().unwrap().contains(name), "{json}");
    assert!(!workspace.exists(), "a workspace was made all the same");
}

fn unknown_stack(rig: &Rig) {
    let ran = run(quickstart(&rig.path("bad-stack")).args(["--stack", "cobol"]).arg(rig.path("notes.md")));
    failed(ran, "is not one of react-spa, react-fullstack, node-api, python-api, vue-spa");
}

fn workspace_is_a_file(rig: &Rig) {
    let file = rig.file("file", b"not yours\n");
    let json = failed(run(&mut rig.quickstart(&file, &[])), "in workspace.open");
    assert!(json["failure"].as_str().unwrap().contains(file.to_str().unwrap()), "{json}");
    assert_eq!(fs::read(file).unwrap(), b"not yours\n");
}

/// A script in a mount namespace of its own, as root or as the root of a user namespace; `None` where neither may.
fn in_namespace(script: &str, variables: &[(&str, &Path)]) -> Option<Ran> {
    let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    let unshare = |way: &[&str]| {
        let mut command = program("unshare");
        command.args(way).arg("bash");
        command
    };
    let may = |way: &&&[&str]| {
        let tried = unshare(way).args(["-c", "mount -t tmpfs -o size=300k tmpfs /mnt"]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let way = ways.iter().find(may)?;
    Some(run(unshare(way).args(["-euc", script]).envs(variables.iter().copied())))
}

fn read_only_workspace(rig: &Rig) {
    let workspace = rig.workspace("read-only");
    let (program, notes) = (example("quickstart"), rig.path("notes.md"));
    merged(&run(&mut rig.quickstart(&workspace, &[])).exits(0));
    let (out, variables) = (rig.path("read-only-out"), [("P", program), ("W", workspace.as_path()), ("N", &notes)]);
    fs::create_dir(&out).unwrap();
    let script = r#"mount --bind "$W" "$W"; mount -o remount,ro,bind "$W"; cd "$O"
        for new in "" /new; do
            "$P" --json --workspace "$W$new" --project library "$N" >> out 2>> err && echo "exit 0" >> err
        done; :"#;
    let ran = in_namespace(script, &[&variables[..], &[("O", out.as_path())]].concat());
    let (stdout, stderr) = if let Some(ran) = ran {
        let _ = ran.exits(0);
        (fs::read_to_string(out.join("out")).unwrap(), fs::read_to_string(out.join("err")).unwrap())
    } else {
        // Nobody but root ignores modes, and root may mount.
        let closed = Command::new("chmod").args(["-R", "a-w"]).arg(&workspace).status().unwrap();
        let ran = [workspace.clone(), workspace.join("new")].map(|at| run(&mut rig.quickstart(&at, &[])).exits(1));
        let opened = Command::new("chmod").args(["-R", "u+w"]).arg(&workspace).status().unwrap();
        assert!(closed.success() && opened.success());
        let [first, second] = ran;
        (first.stdout + &second.stdout, first.stderr + &second.stderr)
    };
    assert!(!stderr.contains("panicked at") && !stderr.contains("exit 0"), "{stderr}");
    assert!(stderr.contains("permission denied in workspace.open"), "{stderr}");
    assert!(stderr.contains("permission denied in record.open"), "{stderr}");
    assert_eq!(stdout.lines().filter(|line| line.contains(r#""status":"failed""#)).count(), 2, "{stdout}");
    merged(&run(&mut subcommand("status", &workspace)).exits(0));
}

fn full_disk(rig: &Rig) {
    let (program, notes, out) = (example("quickstart"), rig.path("notes.md"), rig.path("full-disk-out"));
    let disk = rig.path("full-disk");
    fs::create_dir_all(&out).unwrap();
    fs::create_dir_all(&disk).unwrap();
    rig.warm();
    let warm = rig.path("warm");
    let variables = [("P", program), ("W", disk.as_path()), ("N", &notes), ("O", out.as_path()), ("C", warm.as_path())];
    // Four sizes stop it in different stages; with more room the same command goes on.
    let script = r#"try() { "$P" --json --workspace "$W/w" --project library "$N" > "$O/$1.out" 2> "$O/$1.err" && echo 0 > "$O/$1.code" || echo $? > "$O/$1.code"; }
        for size in 200 300 1500 8000; do
            mount -t tmpfs -o size=${size}k tmpfs "$W"
            try $size
            mount -o remount,size=900m tmpfs "$W"
            if [ $size = 300 ] || [ $size = 8000 ]; then
                mkdir -p "$W/w/ci"; cp -an "$C/packages" "$W/w/"; cp -an "$C/ci/cache" "$W/w/ci/"
                try $size-more
            fi
            umount "$W"
        done"#;
    let Some(ran) = in_namespace(script, &variables) else { return full_disk_by_limit(rig) };
    let _ = ran.exits(0);
    let ran = |name: &str| Ran {
        code: fs::read_to_string(out.join(format!("{name}.code"))).unwrap().trim().parse().ok(),
        stdout: fs::read_to_string(out.join(format!("{name}.out"))).unwrap(),
        stderr: fs::read_to_string(out.join(format!("{name}.err"))).unwrap(),
    };
    for size in ["200", "300", "1500", "8000"] {
        let ran = ran(size);
        assert!(!ran.stderr.contains("panicked at"), "{ran}");
        failed(ran, "storage full in ");
    }
    for more in ["300-more", "8000-more"] {
        let ran = ran(more).exits(0).says("goes on");
        let json = ran.json();
        assert_eq!(json["pull_request"]["state"], "merged", "{ran}");
    }
}

/// Where nothing can be mounted: files may not grow, which a process feels as on a full disk.
fn full_disk_by_limit(rig: &Rig) {
    let workspace = rig.path("full-disk/w");
    let mut limited = program("bash");
    limited.args(["-c", r#"trap "" XFSZ; ulimit -f 64; exec "$0" "$@""#]).arg(example("quickstart"));
    limited.args(["--json", "--project", "library", "--workspace"]).arg(&workspace).arg(rig.path("notes.md"));
    failed(run(&mut limited), "storage full in ");
    merged(&run(&mut rig.quickstart(&workspace, &[])).exits(0));
}

fn node_missing(rig: &Rig) {
    let workspace = rig.workspace("no-node");
    let tools = rig.path("tools");
    fs::create_dir(&tools).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    for entry in std::env::split_paths(&path).filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten() {
        let name = entry.file_name();
        let is_node = ["node", "nodejs", "npm", "npx", "corepack"].iter().any(|node| name == *node);
        if !is_node && fs::symlink_metadata(tools.join(&name)).is_err() {
            std::os::unix::fs::symlink(entry.path(), tools.join(name)).unwrap();
        }
    }
    let json = failed(run(rig.quickstart(&workspace, &[]).env("PATH", &tools)), "node not found");
    assert!(json["failure"].as_str().unwrap().contains("unsupported in "), "{json}");
    assert_eq!(json["stories"][0]["status"], "done", "what was written before is lost: {json}");
    let json = merged(&run(&mut subcommand("resume", &workspace)).exits(0));
    let replayed = json["stages"].as_array().unwrap().iter().filter(|stage| stage["replayed"] == true).count();
    assert_eq!(replayed, 4, "{json}");
}

/// A person pushes a workflow of one step in the place of the generated one, and the program goes on: it is to run.
///
/// Returns the workspace and the command that goes on.
fn pushed_step(rig: &Rig, name: &str, step: &str) -> (PathBuf, Command) {
    let workspace = rig.workspace(name);
    let waiting = run(rig.quickstart(&workspace, &[]).args(["--review", "human"])).exits(0).json();
    let (repository, branch) = (waiting["repository"].as_str().unwrap(), waiting["branch"].as_str().unwrap());
    let work = rig.path(&format!("{name}-work"));
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"];
        let mut command = program("git");
        let ran = run(command.args(who).args(arguments).env("GIT_CONFIG_NOSYSTEM", "1"));
        ran.exits(0);
    };
    let at = work.to_str().unwrap();
    git(&["clone", "--quiet", "--branch", branch, repository, at]);
    let workflow = format!(
        "name: CI\non: push\npermissions:\n  contents: read\njobs:\n  test:\n    name: test\n    runs-on: ubuntu-24.04\n    \
         timeout-minutes: 1\n    steps:\n      - name: The step\n        run: |\n          {step}\n"
    );
    fs::write(work.join(".github/workflows/ci.yml"), workflow).unwrap();
    git(&["-C", at, "commit", "--quiet", "--all", "--message", "Change the workflow"]);
    git(&["-C", at, "push", "--quiet"]);
    let resume = subcommand("resume", &workspace);
    (workspace, resume)
}

/// What the pull request's page says of a run that was red.
#[track_caller]
fn red_page(ran: Ran) -> String {
    let json = ran.exits(2).json();
    assert_eq!(json["status"], "waiting", "{json}");
    let page = fs::read_to_string(json["pull_request"]["path"].as_str().unwrap()).unwrap();
    assert!(page.contains("job `test`, step `The step`"), "nothing tells where it failed:\n{page}");
    page
}

/// How many processes of this machine have this argument.
fn running(argument: &str) -> usize {
    let lines =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines.filter(|line| line.split(|byte| *byte == 0).any(|part| part == argument.as_bytes())).count()
}

#[expect(clippy::disallowed_methods, reason = "waits for other programs, on a thread of the test's own")]
fn moment_passes() -> bool {
    std::thread::sleep(Duration::from_millis(50));
    false
}

fn ci_that_hangs(rig: &Rig) {
    // What it leaves in the background must go too.
    let (_, mut resume) = pushed_step(rig, "hangs", "echo before; sleep 918273 & sleep 918273");
    let program = Running::start(&mut resume);
    let began = (0..2400).any(|_| running("918273") == 2 || moment_passes());
    assert!(began, "the step never began");
    let page = red_page(program.end());
    assert!(page.contains("attempt 1: **timedout**") && page.contains("before"), "{page}");
    assert_eq!(running("918273"), 0, "a process of the step is still there");
}

fn ci_that_prints(rig: &Rig) {
    let (workspace, mut resume) = pushed_step(rig, "prints", "head -c 1000000000 /dev/zero | tr '\\0' x");
    let page = red_page(run(&mut resume));
    assert!(page.contains("attempt 1: **failure**") && page.contains("output limit"), "{page}");
    assert!(page.len() < 256 << 10, "{} bytes", page.len());
    let used = Command::new("du").args(["-sk"]).arg(workspace.join("ci/runs")).output().unwrap();
    let used = String::from_utf8(used.stdout).unwrap();
    let used: u64 = used.split_whitespace().next().unwrap().parse().unwrap();
    assert!(used < 20 << 10, "the runs take {used} KiB of disk");
}

fn two_processes(rig: &Rig) {
    let workspace = rig.workspace("two");
    let mut first = Running::start(&mut rig.quickstart(&workspace, &[]));
    first.wait_for("… integration-validator");
    let second = failed(run(&mut rig.quickstart(&workspace, &[])), "busy in record.open");
    assert!(second["failure"].as_str().unwrap().contains("records.redb"), "{second}");
    merged(&first.end().exits(0));
}

fn interrupted(rig: &Rig) {
    let workspace = rig.workspace("interrupted");
    let mut first = Running::start(&mut rig.quickstart(&workspace, &[]));
    first.wait_for("github-orchestrator 3/");
    first.interrupt();
    let first = first.end().exits(130).says("interrupted; the same command goes on from here");
    assert_eq!(first.json()["status"], "interrupted");
    let json =
        merged(&run(&mut rig.quickstart(&workspace, &[])).exits(0).says("✓ integration-validator (done before)"));
    let repository = json["repository"].as_str().unwrap();
    let commits = Command::new("git").args(["-C", repository, "rev-list", "--count", "main"]).output().unwrap();
    // The repository's first commit, the scaffold, two stories, the merge: nothing was made twice.
    assert_eq!(String::from_utf8(commits.stdout).unwrap().trim(), "5");
}

/// A workspace in which one execution failed.
fn with_a_failed_run(rig: &Rig, name: &str) -> PathBuf {
    let workspace = rig.path(name);
    let empty = rig.file(&format!("{name}.md"), b"");
    failed(run(quickstart(&workspace).arg(&empty)), "no readable document");
    workspace
}

fn damaged_recipe(rig: &Rig) {
    let workspace = with_a_failed_run(rig, "damaged-recipe");
    let recipe = fs::read_dir(workspace.join("runs")).unwrap().next().unwrap().unwrap().path();
    fs::write(&recipe, b"{\"execution\": ").unwrap();
    failed(run(&mut subcommand("status", &workspace)), ".json is damaged");
}

fn damaged_records(rig: &Rig) {
    let workspace = with_a_failed_run(rig, "damaged-records");
    let file = workspace.join("records.redb");
    let length = fs::metadata(&file).unwrap().len();
    fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(length / 3).unwrap();
    let before = fs::read(&file).unwrap();
    failed(run(&mut subcommand("runs", &workspace)), "corrupt in record.open");
    assert_eq!(fs::read(&file).unwrap(), before, "what is left of it was overwritten");
}

fn no_such_run(rig: &Rig) {
    let workspace = rig.path("no-run");
    for command in ["status", "resume", "approve", "cancel"] {
        failed(run(&mut subcommand(command, &workspace)), "there is no run in");
        assert!(!workspace.exists(), "{command} made a workspace");
    }
}

fn reader_leaves(rig: &Rig) {
    for name in ["documents", "stories", "plan"] {
        let mut child = program(example(name)).arg(rig.path("notes.md")).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{name}");
    }
    let mut command = subcommand("runs", &with_a_failed_run(rig, "reader-leaves"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

fn full_standard_output(rig: &Rig) {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for name in ["documents", "stories", "plan"] {
        let ran = program(example(name)).arg(rig.path("notes.md")).stdout(full()).output().unwrap();
        let said = String::from_utf8(ran.stderr).unwrap();
        assert!(ran.status.code() == Some(1) && !said.contains("panicked at"), "{name}: {said}");
        assert!(said.contains("No space left"), "{name}: {said}");
    }
    let ran = subcommand("runs", &with_a_failed_run(rig, "full-output")).stdout(full()).output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.code() == Some(1) && said.contains("No space left"), "{said}");
}
