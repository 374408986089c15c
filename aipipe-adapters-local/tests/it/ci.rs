//! Workflows run for real: steps are shell scripts, so that no test needs the network.

use crate::support::{SystemClock, missing_rig};
use aipipe_adapters_local::HostEnvironment;
use aipipe_adapters_local::ci::{CheckSink, CheckoutSource, LocalCi, LocalCiLimits, LocalCiOptions, SandboxChoice};
use aipipe_core::domain::*;
use aipipe_core::ports::{ContinuousIntegration, RunSelector};
use aipipe_core::{Error, ErrorKind, Result};
use async_trait::async_trait;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const WORKFLOW: &str = ".github/workflows/ci.yml";

/// Checkouts are copies of a folder.
#[derive(Debug)]
struct Folder(PathBuf);

#[async_trait]
impl CheckoutSource for Folder {
    async fn find(&self, _: &RepositoryRef) -> Result<()> {
        Ok(())
    }

    async fn checkout(&self, _: &RepositoryRef, _: &CommitSha, into: &Path) -> Result<()> {
        let copied = Command::new("cp").arg("-a").arg(self.0.join(".")).arg(into).status();
        if copied.is_ok_and(|status| status.success()) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::NotFound, "test.checkout", "no such folder"))
    }
}

#[derive(Debug, Default)]
struct Checks(Mutex<Vec<Vec<CheckRun>>>);

impl CheckSink for Checks {
    fn record(&self, _: &RepositoryRef, checks: Vec<CheckRun>) -> Result<()> {
        self.0.lock().unwrap().push(checks);
        Ok(())
    }
}

pub(crate) struct Rig {
    folder: PathBuf,
    /// Removes the folder in the end, unless that is another process's.
    _owned: Option<tempfile::TempDir>,
    checks: Arc<Checks>,
    pub(crate) options: LocalCiOptions,
}

impl Rig {
    pub(crate) fn new(workflow: &str) -> Self {
        Self::at(tempfile::tempdir().unwrap(), workflow)
    }

    pub(crate) fn at(folder: tempfile::TempDir, workflow: &str) -> Self {
        let rig = Self::below(folder.path(), workflow);
        Self { _owned: Some(folder), ..rig }
    }

    pub(crate) fn below(folder: &Path, workflow: &str) -> Self {
        let source = folder.join("source");
        fs::create_dir_all(source.join(".github/workflows")).unwrap();
        fs::write(source.join(WORKFLOW), workflow).unwrap();
        fs::write(source.join("hello.txt"), "hello from the repository\n").unwrap();
        let checks = Arc::new(Checks::default());
        let options = LocalCiOptions::new(
            folder.join("ci"),
            Arc::new(Folder(source)),
            Arc::clone(&checks) as Arc<dyn CheckSink>,
            Arc::new(SystemClock),
            HostEnvironment::from_env(),
        );
        Self { folder: folder.to_path_buf(), _owned: None, checks, options }
    }

    pub(crate) fn plain(mut self) -> Self {
        self.options = self.options.with_sandbox(SandboxChoice::Off);
        self
    }

    fn limits(mut self, limits: LocalCiLimits) -> Self {
        self.options = self.options.with_limits(limits);
        self
    }

    /// Puts an npm into the search path that is this shell script; steps that run `npm ci` show the install phase.
    pub(crate) fn with_npm(mut self, script: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let home = self.path().canonicalize().unwrap().join("tools-home");
        let bin = home.join("bin");
        fs::create_dir_all(&bin).unwrap();
        for (name, text) in [("npm", script), ("node", "echo v20.20.2")] {
            fs::write(bin.join(name), format!("#!/bin/bash\n{text}\n")).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let folders = [bin].into_iter().chain(std::env::split_paths(&self.options.host.path));
        self.options.host.path = std::env::join_paths(folders).unwrap();
        // Below the home folder the sandbox shows the tools of the search path.
        self.options.host.home = Some(home);
        self
    }

    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn ci(&self) -> LocalCi {
        LocalCi::open(self.options.clone()).unwrap()
    }

    pub(crate) async fn run(&self) -> WorkflowRun {
        self.ci().ensure_run(&repository(), &selector(), &key("one")).await.unwrap().unwrap()
    }

    pub(crate) async fn try_run(&self) -> Result<WorkflowRun> {
        Ok(self.ci().ensure_run(&repository(), &selector(), &key("one")).await?.unwrap())
    }

    async fn refused(&self) -> Error {
        self.ci().ensure_run(&repository(), &selector(), &key("one")).await.unwrap_err()
    }

    pub(crate) async fn log(&self, run: &WorkflowRun, job: &str) -> String {
        self.ci().log_tail(&repository(), &run.id, &job.parse().unwrap(), 1 << 20).await.unwrap()
    }
}

pub(crate) fn repository() -> RepositoryRef {
    RepositoryRef { owner: String::new(), name: RepositoryName::parse("demo").unwrap(), location: "demo".to_owned() }
}

pub(crate) fn selector() -> RunSelector {
    RunSelector::new(
        RepoPath::parse(WORKFLOW).unwrap(),
        CommitSha::parse("0123456789012345678901234567890123456789").unwrap(),
        BranchName::parse("aipipe/run-1").unwrap(),
    )
}

pub(crate) fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey::parse(name).unwrap()
}

/// A workflow with one job whose steps are `steps`.
pub(crate) fn one_job(steps: &str) -> String {
    let indented: String = steps.lines().map(|line| format!("      {line}\n")).collect();
    format!("on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n{indented}")
}

/// A workflow with one job and one script.
pub(crate) fn script(lines: &str) -> String {
    let indented: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    one_job(&format!("- run: |\n{indented}"))
}

pub(crate) fn job<'a>(run: &'a WorkflowRun, id: &str) -> &'a JobResult {
    run.jobs.iter().find(|job| job.id.as_str() == id).unwrap()
}

pub(crate) fn ended(state: RunState) -> Conclusion {
    match state {
        RunState::Completed(conclusion) => conclusion,
        other => panic!("not ended: {other:?}"),
    }
}

pub(crate) fn is_sandboxed(rig: &Rig) -> bool {
    let sandboxed = rig.ci().capabilities().isolation.is_some();
    if !sandboxed {
        missing_rig("bubblewrap");
    }
    sandboxed
}

#[tokio::test]
async fn jobs_run_in_the_order_of_their_needs_and_share_nothing() {
    let rig = Rig::new(
        "\
name: Order
on: { push: {} }
env: { COLOUR: red, SHAPE: square }
jobs:
  last:
    name: The last
    needs: [first, second]
    runs-on: ubuntu-latest
    env: { SHAPE: round }
    steps:
      - uses: actions/checkout@v4
      - name: See
        env: { SIZE: big }
        run: |
          test ! -e left-behind
          cat hello.txt
          echo \"$COLOUR $SHAPE $SIZE ${{ env.SHAPE }}\"
          echo \"${{ github.sha }} ${{ github.ref }} $GITHUB_REPOSITORY\"
      - run: pwd
        working-directory: sub
  second: { needs: first, runs-on: ubuntu-latest, steps: [{ run: 'test ! -e hello.txt' }] }
  first: { runs-on: ubuntu-latest, steps: [{ run: 'touch left-behind' }] }
",
    );
    fs::create_dir(rig.path().join("source/sub")).unwrap();
    fs::write(rig.path().join("source/sub/file"), "").unwrap();
    let run = rig.run().await;
    assert_eq!(run.state, RunState::Completed(Conclusion::Success), "{run:#?}");
    let order: Vec<&str> = run.jobs.iter().map(|job| job.id.as_str()).collect();
    assert_eq!(order, ["first", "second", "last"]);
    let log = rig.log(&run, "last").await;
    for wanted in ["hello from the repository", "red round big round", "refs/heads/aipipe/run-1 demo", "/job/work/sub"]
    {
        assert!(log.contains(wanted), "{log} lacks {wanted}");
    }
    let checks = rig.checks.0.lock().unwrap();
    assert_eq!(checks.len(), 2);
    assert!(checks[0].iter().all(|check| check.state == RunState::Pending));
    assert!(checks[1].iter().all(|check| check.state.is_success()));
    assert_eq!(checks[1][2].name.as_str(), "The last");
    assert!(!PathBuf::from(&run.location).join("job").exists(), "the job's folder is removed");
}

#[tokio::test]
async fn a_failed_step_is_red_and_skips_what_needs_it() {
    let rig = Rig::new(
        "\
on: [pull_request]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: echo fine
      - name: Break
        run: |
          printf '\\033[31mthe reason\\033[0m\\n'
          exit 3
          echo not reached
      - run: echo skipped
      - run: echo cleaned up
        if: always()
      - run: echo sorry
        if: failure()
  after: { needs: build, runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  later: { needs: after, runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  report: { needs: build, if: always(), runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
  alone: { runs-on: ubuntu-latest, steps: [{ run: 'true' }] }
",
    );
    let run = rig.run().await;
    assert_eq!(ended(run.state), Conclusion::Failure);
    let states: Vec<Conclusion> = run.jobs.iter().map(|job| ended(job.state)).collect();
    let wanted =
        [Conclusion::Failure, Conclusion::Skipped, Conclusion::Skipped, Conclusion::Success, Conclusion::Success];
    assert_eq!(states, wanted);
    let steps: Vec<Conclusion> = job(&run, "build").steps.iter().map(|step| ended(step.state)).collect();
    let wanted = [
        Conclusion::Success,
        Conclusion::Success,
        Conclusion::Failure,
        Conclusion::Skipped,
        Conclusion::Success,
        Conclusion::Success,
    ];
    assert_eq!(steps, wanted);
    let (failed, step) = run.first_failure().unwrap();
    assert_eq!((failed.id.as_str(), step.unwrap().name.as_str()), ("build", "Break"));
    assert_eq!(step.unwrap().note.as_deref(), Some("exit code 3"));
    let log = rig.log(&run, "build").await;
    assert!(log.contains("\nthe reason\n") && !log.contains("not reached") && log.contains("cleaned up"), "{log}");
}

#[tokio::test]
async fn a_failure_that_may_happen_does_not_count() {
    let rig = Rig::new(&one_job("- run: exit 9\n  continue-on-error: true\n- run: echo on"));
    let run = rig.run().await;
    assert_eq!(ended(run.state), Conclusion::Success);
    assert!(job(&run, "test").steps[1].note.as_deref().unwrap().contains("exit code 9; tolerated"));
}

#[tokio::test]
async fn the_shell_is_the_one_github_would_use() {
    let unnamed = Rig::new(&one_job("- run: false | true"));
    assert_eq!(ended(unnamed.run().await.state), Conclusion::Success);
    let named = Rig::new(&one_job("- run: false | true\n  shell: bash"));
    assert_eq!(ended(named.run().await.state), Conclusion::Failure);
    let stops = Rig::new(&script("false\ntrue"));
    assert_eq!(ended(stops.run().await.state), Conclusion::Failure);
}

#[tokio::test]
async fn steps_speak_to_later_steps() {
    let rig = Rig::new(&one_job(
        "\
- id: say
  run: |
    mkdir -p tools && printf '#!/bin/sh\\necho my tool\\n' > tools/mine && chmod +x tools/mine
    echo 'WORD=one two' >> \"$GITHUB_ENV\"
    printf 'BLOCK<<END\\na\\nb\\nEND\\n' >> \"$GITHUB_ENV\"
    echo \"$PWD/tools\" >> \"$GITHUB_PATH\"
    echo 'number=7' >> \"$GITHUB_OUTPUT\"
    echo '# done' >> \"$GITHUB_STEP_SUMMARY\"
- run: |
    test \"$WORD\" = 'one two' && test \"$BLOCK\" = $'a\\nb'
    mine
    echo 'got ${{ steps.say.outputs.number }} and ${{ env.WORD }}'",
    ));
    let run = rig.run().await;
    let log = rig.log(&run, "test").await;
    assert!(run.state.is_success(), "{log}");
    assert!(log.contains("my tool\ngot 7 and one two"), "{log}");
    let bad = Rig::new(&script("echo 'GITHUB_SHA=x' >> \"$GITHUB_ENV\""));
    assert_eq!(ended(bad.run().await.state), Conclusion::Failure);
}

/// Starts children and grandchildren that ignore the polite signal and one that leaves the group, and notes their pids.
const STUBBORN: &str = "\
trap '' TERM
(trap '' TERM; sleep 987654 & echo $! >> pids; wait) &
echo $! >> pids
setsid sleep 987654 & echo $! >> pids
echo started
sleep 987654";

async fn nothing_survives(rig: Rig, sandboxed: bool) {
    let before = sleepers();
    let rig = rig.limits(LocalCiLimits::default().with_step_timeout(Duration::from_secs(2)));
    let run = rig.run().await;
    assert_eq!(ended(run.state), Conclusion::Failure, "{run:#?}");
    assert_eq!(ended(job(&run, "test").steps[1].state), Conclusion::Failure);
    assert!(rig.log(&run, "test").await.contains("started"));
    assert_eq!(sleepers(), before, "sandboxed: {sandboxed}");
}

/// How many of the test's sleeping processes there are.
fn sleepers() -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
        .filter(|line| line.windows(6).any(|part| part == b"987654"))
        .count()
}

#[tokio::test]
async fn a_timeout_ends_everything_a_step_started() {
    nothing_survives(Rig::new(&script(STUBBORN)).plain(), false).await;
    let rig = Rig::new(&script(STUBBORN));
    if is_sandboxed(&rig) {
        nothing_survives(rig, true).await;
    }
}

#[tokio::test]
async fn what_a_step_leaves_in_the_background_ends_with_it() {
    let rig = Rig::new(&script("setsid sleep 876543 &\nsleep 876543 &\necho done")).plain();
    assert!(rig.run().await.state.is_success());
    let left = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    assert_eq!(left.filter(|line| line.windows(6).any(|part| part == b"876543")).count(), 0);
}

#[tokio::test]
async fn a_gigabyte_of_output_is_cut_and_ended() {
    let workflow = script("echo first\nhead -c 1000000000 /dev/zero | tr '\\0' 'x' | fold -w 100\necho last");
    let rig = Rig::new(&workflow);
    let run = rig.run().await;
    assert_eq!(ended(run.state), Conclusion::Failure);
    let step = &job(&run, "test").steps[1];
    assert!(step.note.as_deref().unwrap().starts_with("output limit"), "{step:?}");
    let log = PathBuf::from(&run.location).join("logs/test.log");
    assert!(fs::metadata(&log).unwrap().len() < 10 << 20);

    let patient = Rig::new(&script("echo first\nhead -c 30000000 /dev/zero | tr '\\0' 'x' | fold -w 100\necho last"))
        .limits(LocalCiLimits::default().with_output(100_000, 64 << 20));
    let run = patient.run().await;
    assert!(run.state.is_success());
    let log = patient.log(&run, "test").await;
    assert!(log.contains("first") && log.contains("bytes of output left out") && log.contains("last\n"));
    assert!(log.len() < 500_000);
}

#[tokio::test]
async fn what_cannot_run_here_is_unsupported_before_anything_runs() {
    let marker = tempfile::tempdir().unwrap();
    let touched = marker.path().join("touched");
    for (step, wanted) in [
        ("- uses: docker/build-push-action@v6".to_owned(), "docker/build-push-action@v6"),
        ("- run: echo ${{ secrets.KEY }}".to_owned(), "secrets.KEY"),
        ("- uses: actions/setup-node@v4\n  with: { node-version: 99 }".to_owned(), "node 99 not found (have"),
        ("- uses: actions/setup-python@v5\n  with: { python-version: '9.9' }".to_owned(), "python9.9 not found"),
    ] {
        let rig = Rig::new(&one_job(&format!("- run: touch {}\n{step}", touched.display()))).plain();
        let error = rig.refused().await;
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.message().contains(wanted), "{error}");
        assert!(!touched.exists() && rig.checks.0.lock().unwrap().is_empty());
        assert_eq!(rig.ci().runs(&repository(), &selector()).await.unwrap(), []);
    }
}

#[tokio::test]
async fn missing_node_is_no_red_run() {
    let tools = tempfile::tempdir().unwrap();
    for tool in ["bash", "cp", "true"] {
        let real = ["/bin", "/usr/bin"].iter().map(|f| Path::new(f).join(tool)).find(|file| file.exists()).unwrap();
        std::os::unix::fs::symlink(real, tools.path().join(tool)).unwrap();
    }
    for workflow in [one_job("- uses: actions/setup-node@v4"), script("npm ci"), script("echo a\nnode x.js")] {
        let mut rig = Rig::new(&workflow);
        rig.options.host = HostEnvironment::new(tools.path());
        let error = rig.refused().await;
        assert_eq!((error.kind(), error.message()), (ErrorKind::Unsupported, "node not found"));
    }
    let mut rig = Rig::new(&one_job("- uses: actions/setup-python@v5\n  with: { python-version: '3.11' }"));
    rig.options.host = HostEnvironment::new(tools.path());
    assert_eq!(rig.refused().await.message(), "python3.11 not found");
    let mut rig = Rig::new(&script("true"));
    rig.options.host = HostEnvironment::new("");
    assert_eq!(rig.refused().await.message(), "bash not found");
}

const SECRETS: [&str; 3] = ["AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "ANTHROPIC_API_KEY"];

/// Runs in a process of its own, whose environment holds secrets.
#[tokio::test]
async fn child_with_secrets() {
    if std::env::var_os("AIPIPE_TEST_CHILD").is_none() {
        return;
    }
    // A step of the same user can read its parent's environment in /proc; only the sandbox takes that away.
    let workflow = |look: &str| one_job(&format!("- run: npm ci\n- name: Install\n  run: {look}"));
    let configured = "cat \"$npm_config_userconfig\" \"$PIP_CONFIG_FILE\"; env | sort";
    let plain = Rig::new(&workflow("env | sort")).with_npm(configured).plain();
    let look = "cat $npm_config_userconfig $PIP_CONFIG_FILE; env; cat /proc/*/environ | tr '\\0' '\\n'";
    let sandboxed = Rig::new(&workflow(look)).with_npm(look);
    let rigs = if is_sandboxed(&sandboxed) { vec![plain, sandboxed] } else { vec![plain] };
    for rig in rigs {
        let home = rig.options.host.home.clone().unwrap();
        let npmrc =
            "//registry.example/:_authToken=planted-secret\nregistry=https://me:planted-secret@registry.example/\n";
        fs::write(home.join(".npmrc"), npmrc).unwrap();
        fs::create_dir(home.join(".pip")).unwrap();
        let pip = "[global]\nindex-url = https://me:planted-secret@index.example/simple\n";
        fs::write(home.join(".pip/pip.conf"), pip).unwrap();
        let run = rig.run().await;
        let log = rig.log(&run, "test").await;
        assert!(run.state.is_success() && log.contains("GITHUB_SHA=0123"), "{log}");
        println!("{log}");
    }
}

#[test]
fn no_step_sees_a_secret() {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "ci::child_with_secrets", "--nocapture"]).env("AIPIPE_TEST_CHILD", "1");
    child.env("HTTPS_PROXY", "http://me:planted-secret@proxy.example:1");
    child.env("npm_config__auth", "planted-secret");
    child.env_remove("PIP_CONFIG_FILE").env_remove("npm_config_userconfig");
    for name in SECRETS {
        child.env(name, "planted-secret");
    }
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let steps: Vec<&str> = text.split("── step ").skip(1).collect();
    assert!(matches!(steps.len(), 2 | 4), "{text}");
    for step in steps {
        for kept in [
            "HTTPS_PROXY=http://proxy.example:1",
            "registry=https://registry.example/",
            "index-url = https://index.example/simple",
        ] {
            assert_eq!(step.starts_with('1'), step.contains(kept), "{kept}: {step}");
        }
    }
    for name in SECRETS {
        assert!(!text.contains(name), "{text}");
    }
    assert!(!text.contains("planted-secret"), "{text}");
}

#[tokio::test]
async fn the_network_is_there_in_the_install_phase_only() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let steps = format!(
        "- run: npm ci\n\
         - name: Install\n  run: if (echo > /dev/tcp/127.0.0.1/{port}); then echo test connected; fi\n\
         - name: Too late\n  continue-on-error: true\n  run: npm ci --ignore-scripts"
    );
    let npm = format!("(echo > /dev/tcp/127.0.0.1/{port}) && echo install connected");
    let rig = Rig::new(&one_job(&steps)).with_npm(&npm);
    if is_sandboxed(&rig) {
        let run = rig.run().await;
        let log = rig.log(&run, "test").await;
        assert_eq!(log.matches("install connected").count(), 1, "{log}");
        assert!(!log.contains("test connected") && log.contains("it has no network"), "{log}");
        assert!(matches!(&run.isolation, Isolation::By(what) if what.contains("bubblewrap")), "{}", run.isolation);
    }
    let plain = Rig::new(&one_job(&steps)).with_npm(&npm).plain();
    let run = plain.run().await;
    assert!(plain.log(&run, "test").await.contains("test connected"), "the control");
    assert!(job(&run, "test").steps[0].note.as_deref().unwrap().contains("not isolated"));
    assert_eq!(run.isolation, Isolation::None("bubblewrap is switched off".to_owned()));
}

#[tokio::test]
async fn the_sandbox_shows_the_tools_and_hides_the_rest() {
    let rig = Rig::new("").with_npm("test -e \"$npm_config_userconfig\"");
    let home = rig.options.host.home.clone().unwrap();
    fs::create_dir_all(home.join(".ssh")).unwrap();
    fs::write(home.join(".ssh/id"), "private key").unwrap();
    fs::write(home.join(".npmrc"), "fund=false\n").unwrap();
    let steps = format!(
        "\
- run: npm ci
- run: |
    test ! -e {0}/.ssh/id
    test ! -e {0}/.npmrc
    ! touch /usr/planted 2>/dev/null
    ! touch {0}/../planted-outside 2>/dev/null || test ! -e /run/dbus
    echo ok > \"$GITHUB_WORKSPACE/inside\"
    test \"$HOME\" != {0}
- name: Install
  run: test -z \"$npm_config_userconfig\"
- run: test ! -e ../../run.json",
        home.display()
    );
    fs::write(rig.path().join("source").join(WORKFLOW), one_job(&steps)).unwrap();
    if is_sandboxed(&rig) {
        let run = rig.run().await;
        assert!(run.state.is_success(), "{}", rig.log(&run, "test").await);
    }
}

#[tokio::test]
async fn artifacts_are_kept_and_none_leaves_the_workspace() {
    let steps = "- run: mkdir -p out/deep && echo a > out/deep/a.txt\n\
                 - uses: actions/upload-artifact@v4\n  with: { name: result, path: out }";
    let rig = Rig::new(&one_job(steps));
    let run = rig.run().await;
    assert!(run.state.is_success(), "{run:#?}");
    let kept = PathBuf::from(&run.location).join("artifacts/result/out/deep/a.txt");
    assert_eq!(fs::read_to_string(kept).unwrap(), "a\n");
    for (path, name) in
        [("../../run.json", "x"), ("/etc/hostname", "x"), ("link/run.json", "x"), ("out", "../../../up")]
    {
        let steps = format!(
            "- run: mkdir -p out && echo a > out/a && ln -s ../.. link\n\
             - uses: actions/upload-artifact@v4\n  with: {{ name: '{name}', path: '{path}' }}"
        );
        let rig = Rig::new(&one_job(&steps));
        let run = rig.run().await;
        assert_eq!(ended(run.state), Conclusion::Failure, "{path} {name}");
        assert!(!rig.path().join("up").exists());
        assert!(!PathBuf::from(&run.location).join("artifacts").exists());
    }
}

#[tokio::test]
async fn a_working_directory_stays_in_the_workspace() {
    for directory in ["..", "/etc", "missing", "link"] {
        let steps = format!("- run: ln -s / link\n- run: pwd\n  working-directory: {directory}");
        let run = Rig::new(&one_job(&steps)).run().await;
        assert_eq!(ended(run.state), Conclusion::Failure, "{directory}");
    }
}

#[tokio::test]
async fn a_run_is_cancelled_from_elsewhere() {
    let rig = Rig::new(&one_job("- run: sleep 765432\n- run: echo never\n  if: always()"));
    let (ci, other) = (rig.ci(), rig.ci());
    let (repository, selector, one) = (repository(), selector(), key("one"));
    let running = ci.ensure_run(&repository, &selector, &one);
    let cancel = async {
        loop {
            let runs = other.runs(&repository, &selector).await.unwrap();
            match runs.first() {
                Some(run) if run.state == RunState::InProgress => {
                    other.cancel(&repository, &run.id).await.unwrap();
                    return;
                }
                _ => aipipe_core::ports::Clock::sleep(&SystemClock, Duration::from_millis(20)).await,
            }
        }
    };
    let (run, ()) = tokio::join!(running, cancel);
    let run = run.unwrap().unwrap();
    assert_eq!(ended(run.state), Conclusion::Cancelled, "{run:#?}");
    assert!(!rig.log(&run, "test").await.contains("never"));
    other.cancel(&repository, &run.id).await.unwrap();
    let missing = other.cancel(&repository, &"run-0000".parse().unwrap()).await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert_eq!(other.cancel(&repository, &"../run-1".parse().unwrap()).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_run_is_found_before_it_is_made_again() {
    let count = tempfile::tempdir().unwrap();
    let file = count.path().join("count");
    let rig = Rig::new(&script(&format!("echo x >> {}", file.display()))).plain();
    let first = rig.run().await;
    let again = rig.run().await;
    assert_eq!(first, again);
    assert_eq!(fs::read_to_string(&file).unwrap(), "x\n");
    assert_eq!(rig.checks.0.lock().unwrap().len(), 2, "checks are not handed on twice");

    let mut other = selector();
    other.head_sha = CommitSha::parse("1".repeat(40)).unwrap();
    let error = rig.ci().ensure_run(&repository(), &other, &key("one")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(rig.ci().runs(&repository(), &other).await.unwrap(), []);

    let rerun = rig.ci().rerun(&repository(), &first.id, 2).await.unwrap();
    assert_eq!((rerun.id.as_str(), rerun.attempt), (first.id.as_str(), 2));
    let same = rig.ci().rerun(&repository(), &first.id, 2).await.unwrap();
    assert_eq!(same, rerun);
    assert_eq!(fs::read_to_string(&file).unwrap(), "x\nx\n");
    assert!(PathBuf::from(&rerun.location).join("attempts/1/logs/test.log").is_file());
}

#[tokio::test]
async fn a_run_that_a_crash_cut_off_is_started_again() {
    let rig = Rig::new(&script("echo hello")).plain();
    let run = rig.run().await;
    let file = PathBuf::from(&run.location).join("run.json");
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    record["run"]["state"] = serde_json::json!({"state": "in_progress"});
    record["run"]["jobs"][0]["state"] = serde_json::json!({"state": "in_progress"});
    fs::write(&file, serde_json::to_vec(&record).unwrap()).unwrap();
    fs::create_dir_all(PathBuf::from(&run.location).join("job/work/rubbish")).unwrap();

    let again = rig.run().await;
    // The same run and attempt: nobody saw a result of what was cut off.
    assert_eq!((again.id.as_str(), again.attempt), (run.id.as_str(), 1));
    assert!(again.state.is_success());
    assert!(!PathBuf::from(&run.location).join("attempts").exists());

    fs::write(&file, serde_json::to_vec(&record).unwrap()).unwrap();
    rig.ci().cancel(&repository(), &run.id).await.unwrap();
    assert_eq!(ended(rig.run().await.state), Conclusion::Cancelled, "a cut-off run can be cancelled");

    fs::write(&file, &serde_json::to_vec(&record).unwrap()[..40]).unwrap();
    assert_eq!(rig.refused().await.kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn a_cut_off_rerun_is_the_same_attempt_again() {
    let rig = Rig::new(&script("echo hello")).plain();
    let run = rig.run().await;
    let folder = PathBuf::from(&run.location);
    let second = rig.ci().rerun(&repository(), &run.id, 2).await.unwrap();
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("run.json")).unwrap()).unwrap();
    record["run"]["state"] = serde_json::json!({"state": "in_progress"});
    for asks_the_same_rerun in [true, false] {
        fs::write(folder.join("run.json"), serde_json::to_vec(&record).unwrap()).unwrap();
        fs::write(folder.join("logs/test.log"), "cut off").unwrap();
        let again = match asks_the_same_rerun {
            true => rig.ci().rerun(&repository(), &run.id, 2).await.unwrap(),
            false => rig.run().await,
        };
        assert_eq!((again.attempt, again.state.is_success()), (second.attempt, true));
        let log = |path: &str| fs::read_to_string(folder.join(path)).unwrap();
        assert!(log("logs/test.log").contains("hello") && !log("logs/test.log").contains("cut off"));
        assert!(log("attempts/1/logs/test.log").contains("hello"), "the first attempt stays as it was");
        assert!(!folder.join("attempts/2").exists());
    }
}

#[tokio::test]
async fn a_dropped_run_leaves_no_process_and_can_be_run_again() {
    let rig = Rig::new(&script("test -e \"$MARK\" && exit 0\nsleep 654321 & setsid sleep 654321 & wait")).plain();
    let ci = rig.ci();
    let (repository, selector, one) = (repository(), selector(), key("one"));
    let limit = Duration::from_secs(3);
    let cut = tokio::time::timeout(limit, ci.ensure_run(&repository, &selector, &one)).await;
    assert!(cut.is_err());
    let left = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    assert_eq!(left.filter(|line| line.windows(6).any(|part| part == b"654321")).count(), 0);
    let source = rig.path().join("source").join(WORKFLOW);
    fs::write(source, script("echo fine")).unwrap();
    let run = rig.run().await;
    assert_eq!((run.attempt, run.state.is_success()), (1, true));
}

#[tokio::test]
async fn one_key_is_one_run_however_many_ask() {
    let count = tempfile::tempdir().unwrap();
    let file = count.path().join("count");
    let rig = Rig::new(&script(&format!("echo x >> {}\nsleep 1", file.display()))).plain();
    let (repository, selector, one) = (repository(), selector(), key("one"));
    let runners: Vec<LocalCi> = (0..6).map(|_| rig.ci()).collect();
    let asked = runners.iter().map(|ci| ci.ensure_run(&repository, &selector, &one));
    let answers = futures::future::join_all(asked).await;
    let ended = answers.iter().flatten().flatten().filter(|run| run.state.is_completed()).count();
    assert_eq!(ended, 1, "one ran it, the others saw it run: {answers:#?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "x\n");
}

#[tokio::test]
async fn a_workflow_that_is_none_is_invalid() {
    for workflow in ["", "on: push", "on: schedule\njobs: { x: { runs-on: ubuntu-latest, steps: [{ run: x }] } }"] {
        assert_eq!(Rig::new(workflow).refused().await.kind(), ErrorKind::InvalidInput, "{workflow:?}");
    }
    let rig = Rig::new("on: push");
    fs::remove_file(rig.path().join("source").join(WORKFLOW)).unwrap();
    assert_eq!(rig.refused().await.kind(), ErrorKind::InvalidInput);
    std::os::unix::fs::symlink("/etc/passwd", rig.path().join("source").join(WORKFLOW)).unwrap();
    let error = rig.refused().await;
    assert!(error.kind() == ErrorKind::InvalidInput && error.message().contains("link"), "{error}");
}

#[tokio::test]
async fn python_gets_an_environment_of_its_own() {
    let steps = "- uses: actions/setup-python@v5\n  with: { python-version: '3.11' }\n\
                 - run: python -c 'import sys; assert sys.prefix != sys.base_prefix; print(sys.prefix)'; python -m pip --version";
    let two = format!("{}  again:\n    runs-on: ubuntu-latest\n    steps:\n{}", one_job(steps), {
        let indented: String = steps.lines().map(|line| format!("      {line}\n")).collect();
        indented
    });
    let rig = Rig::new(&two);
    match rig.ci().ensure_run(&repository(), &selector(), &key("one")).await {
        Err(error) if error.kind() == ErrorKind::Unsupported => missing_rig("Python 3.11"),
        run => {
            let run = run.unwrap().unwrap();
            assert!(run.state.is_success(), "{}", rig.log(&run, "test").await + &rig.log(&run, "again").await);
        }
    }
}

/// A project whose only dependency is a folder of its own, so that npm needs no network.
pub(crate) fn npm_project(rig: &Rig) {
    let source = rig.path().join("source");
    fs::create_dir_all(source.join("dep")).unwrap();
    fs::write(source.join("dep/package.json"), r#"{"name":"dep","version":"1.0.0"}"#).unwrap();
    let manifest = r#"{"name":"demo","version":"1.0.0","dependencies":{"dep":"file:dep"}}"#;
    fs::write(source.join("package.json"), manifest).unwrap();
    let lock = r#"{"name":"demo","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{
        "":{"name":"demo","version":"1.0.0","dependencies":{"dep":"file:dep"}},
        "dep":{"version":"1.0.0"},"node_modules/dep":{"resolved":"dep","link":true}}}"#;
    fs::write(source.join("package-lock.json"), lock).unwrap();
}

#[tokio::test]
async fn the_same_installation_is_made_once_unless_a_job_changed_it() {
    let install = "      - uses: actions/checkout@v4\n      - uses: actions/setup-node@v4\n      - name: Install\n        run: npm ci\n";
    for (last_step, wanted) in [
        ("test -d node_modules/dep && echo x > node_modules/new", "reused from job one"),
        ("echo changed >> node_modules/.package-lock.json", ""),
    ] {
        let job = |id: &str| {
            format!(
                "  {id}:\n    runs-on: ubuntu-latest\n    steps:\n{install}      - run: test ! -e node_modules/new\n      - run: {last_step}\n"
            )
        };
        let rig = Rig::new(&format!("on: push\njobs:\n{}{}{}", job("one"), job("two"), job("three")));
        npm_project(&rig);
        let run = match rig.ci().ensure_run(&repository(), &selector(), &key("one")).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => return missing_rig("node with npm"),
            run => run.unwrap().unwrap(),
        };
        assert!(run.state.is_success(), "{}", rig.log(&run, "one").await + &rig.log(&run, "two").await);
        let note = |id: &str| job_note(&run, id);
        assert_eq!((note("one").as_str(), note("two").as_str()), ("", wanted));
        assert!(note("three").is_empty() == wanted.is_empty());
    }
}

fn job_note(run: &WorkflowRun, id: &str) -> String {
    job(run, id).steps.iter().find(|step| step.name == "Install").unwrap().note.clone().unwrap_or_default()
}
