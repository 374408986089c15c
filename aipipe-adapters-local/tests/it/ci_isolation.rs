//! What a step can see, and what is left of it when it ends.

use crate::ci_rig::{Rig, WORKFLOW, ended, is_sandboxed, job, one_job, script};
use aipipe_adapters_local::ci::LocalCiLimits;
use aipipe_core::domain::*;
use std::fs;
use std::process::Command;
use std::time::Duration;

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
    child.args(["--exact", "ci_isolation::child_with_secrets", "--nocapture"]).env("AIPIPE_TEST_CHILD", "1");
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
