//! Steps that prepare the job's folder, or the next step's variables, so that the host does what they can't.
//!
//! Each of these runs with bubblewrap: without it a step is the user, and needs no host to do anything for it.

use crate::ci_rig::{Rig, ended, is_sandboxed, job, key, one_job, selector};
use crate::support::missing_rig;
use aipipe_core::ErrorKind;
use aipipe_core::domain::Conclusion;
use aipipe_core::ports::{ContinuousIntegration as _, RunSelector, SourceControl as _};
use std::fs;
use std::path::PathBuf;

/// A folder outside the sandbox that stands for the user's home, with something private in it.
fn home(rig: &Rig) -> PathBuf {
    let home = rig.path().canonicalize().unwrap().join("home");
    fs::create_dir_all(home.join(".ssh")).unwrap();
    fs::write(home.join(".ssh/authorized_keys"), "the user's own key\n").unwrap();
    home
}

/// A rig whose steps are made with the place of that home.
fn rig(steps: impl Fn(&str) -> String) -> Option<(Rig, PathBuf)> {
    let rig = Rig::new("");
    if !is_sandboxed(&rig) {
        return None;
    }
    let home = home(&rig);
    let workflow = one_job(&steps(&home.display().to_string()));
    fs::write(rig.path().join("source/.github/workflows/ci.yml"), workflow).unwrap();
    Some((rig, home))
}

#[tokio::test]
async fn links_planted_for_the_next_steps_files_lead_nowhere() {
    let steps = |home: &str| {
        format!(
            "\
- run: |
    keys={home}/.ssh/authorized_keys
    for n in 1 2 3 4; do
      for name in env path output summary; do ln -s $keys \"$RUNNER_TEMP/step-$n-$name\"; done
      ln -s $keys \"$RUNNER_TEMP/step-$n.sh\"
    done
    own=$(dirname \"$GITHUB_ENV\")
    steps=$(dirname \"$own\")
    for n in 2 3 4; do mkdir -p $steps/$n && ln -s $keys $steps/$n/env && ln -s $keys $steps/$n/script.sh; done || :
    echo PLANTED=1 > $steps/later || :
- run: |
    test ! -e $(dirname $(dirname \"$GITHUB_ENV\"))/later
    test ! -e $(dirname $(dirname \"$GITHUB_ENV\"))/1
    echo A=1 >> \"$GITHUB_ENV\"
- run: test \"$A\" = 1
"
        )
    };
    let Some((rig, home)) = rig(steps) else { return };
    let run = rig.run().await;
    assert!(run.state.is_success(), "{}", rig.log(&run, "test").await);
    assert_eq!(fs::read_to_string(home.join(".ssh/authorized_keys")).unwrap(), "the user's own key\n");
    assert!(!PathBuf::from(&run.location).join("steps").exists());
}

#[tokio::test]
async fn a_step_that_links_its_own_files_away_says_nothing() {
    for kind in ["$GITHUB_ENV", "$GITHUB_OUTPUT", "$GITHUB_PATH"] {
        let steps = |home: &str| {
            format!(
                "- run: |\n    rm \"{kind}\"\n    ln -s {home}/.ssh/authorized_keys \"{kind}\"\n- run: echo never\n"
            )
        };
        let Some((rig, _)) = rig(steps) else { return };
        let run = rig.run().await;
        assert_eq!(ended(run.state), Conclusion::Failure);
        let note = job(&run, "test").steps[1].note.clone().unwrap();
        assert!(note.contains("not a plain file"), "{note}");
    }
}

#[tokio::test]
async fn variables_for_the_next_step_do_not_reach_the_program_that_isolates_it() {
    // The loader of a program that sees these variables writes a file; steps can't reach that folder.
    let steps = |home: &str| {
        format!(
            "- run: |\n    echo LD_DEBUG=libs >> \"$GITHUB_ENV\"\n    echo LD_DEBUG_OUTPUT={home}/trace >> \"$GITHUB_ENV\"\n\
             - run: test \"$LD_DEBUG\" = libs\n"
        )
    };
    let Some((mut rig, home)) = rig(steps) else { return };
    let traces =
        || fs::read_dir(&home).unwrap().flatten().filter(|e| e.file_name().to_string_lossy().contains("trace"));
    let run = rig.run().await;
    assert!(run.state.is_success(), "{}", rig.log(&run, "test").await);
    assert_eq!(traces().count(), 0);

    rig = rig.plain();
    fs::remove_dir_all(rig.path().join("ci")).unwrap();
    assert!(rig.run().await.state.is_success());
    assert!(traces().count() > 0, "the control");
}

#[tokio::test]
async fn a_replaced_folder_of_the_job_ends_it() {
    for (name, next) in [
        ("work", "uses: actions/upload-artifact@v4\n  with: { name: x, path: .ssh }"),
        ("work", "uses: actions/checkout@v4"),
        ("work", "run: echo reached"),
        ("tools", "run: echo reached"),
        ("home", "run: echo reached"),
        ("temp", "run: echo reached"),
    ] {
        let steps = |home: &str| {
            format!(
                "- run: |\n    cd ..\n    rm -rf {name}\n    ln -s {home} {name}\n- {next}\n- if: always()\n  {next}\n"
            )
        };
        let Some((rig, home)) = rig(steps) else { return };
        let run = rig.run().await;
        assert_eq!(ended(run.state), Conclusion::Failure, "{name} {next}");
        for step in job(&run, "test").steps.iter().skip(2) {
            assert_eq!(
                step.note.as_deref(),
                Some(format!("a step removed or replaced the job's folder {name}").as_str())
            );
        }
        assert!(!rig.log(&run, "test").await.contains("\nreached\n"));
        assert!(!PathBuf::from(&run.location).join("artifacts").exists());
        assert_eq!(fs::read_dir(&home).unwrap().count(), 1, "the home folder is as it was");
    }
}

#[tokio::test]
async fn endless_and_linked_manifests_hold_nobody_up() {
    let steps = |home: &str| {
        format!(
            "- run: ln -s /dev/zero package.json && ln -s {home} node_modules\n- run: npm ci\n  timeout-minutes: 1\n"
        )
    };
    let Some((rig, home)) = rig(steps) else { return };
    match rig.try_run().await {
        Err(error) if error.kind() == ErrorKind::Unsupported => return missing_rig("node with npm"),
        run => assert_ne!(ended(run.unwrap().state), Conclusion::Success),
    }
    assert!(home.join(".ssh/authorized_keys").is_file());
}

#[tokio::test]
async fn no_variable_of_the_workflow_brings_programs_into_the_install_phase() {
    let steps = "- run: npm ci\n  env: { BASH_ENV: ./evil.sh, LD_PRELOAD: ./evil.so, PATH: /evil, NODE_OPTIONS: -r=./evil, npm_config_git: ./evil, NODE_ENV: test }\n";
    let rig = Rig::new(&one_job(steps)).with_npm("env; echo \"arguments: $*\"");
    let run = rig.run().await;
    let log = rig.log(&run, "test").await;
    assert!(run.state.is_success() && log.contains("NODE_ENV=test") && log.contains("arguments: ci"), "{log}");
    assert!(!log.contains("evil"), "{log}");
}

/// Outside `/tmp`, of which a sandbox shows nothing anyhow.
fn elsewhere() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("aipipe-hidden-").tempdir_in("/var/tmp").unwrap()
}

#[tokio::test]
async fn a_step_sees_nothing_of_the_workspace_but_its_job() {
    for hidden in [true, false] {
        let mut rig = Rig::at(elsewhere(), "");
        if !is_sandboxed(&rig) {
            return;
        }
        let root = rig.path().canonicalize().unwrap();
        fs::create_dir(root.join("artifacts")).unwrap();
        fs::write(root.join("artifacts/brief.md"), "what another client wants").unwrap();
        let look = format!(
            "- run: |\n    cat {0}/artifacts/brief.md || :\n    ls {0}\n    touch {0}/mine || :\n    echo y > $HOME/own\n",
            root.display()
        );
        fs::write(rig.path().join("source/.github/workflows/ci.yml"), one_job(&look)).unwrap();
        if hidden {
            rig.options = rig.options.with_hidden(&root);
        }
        let run = rig.run().await;
        assert!(run.state.is_success(), "{run:#?}");
        let log = rig.log(&run, "test").await;
        // The control: without being hidden it is there to be read.
        assert_eq!(log.contains("what another client wants"), !hidden, "{log}");
        assert_eq!(log.contains("artifacts\n"), !hidden, "{log}");
        assert!(!root.join("mine").exists());
    }
}

#[tokio::test]
async fn tools_in_a_hidden_folder_are_there_and_nothing_else_of_it() {
    let mut rig = Rig::at(elsewhere(), "").with_npm("cat \"$(dirname \"$0\")\"/../../private; echo npm ran");
    if !is_sandboxed(&rig) {
        return;
    }
    let root = rig.path().canonicalize().unwrap();
    fs::write(root.join("private"), "what another client wants").unwrap();
    fs::write(rig.path().join("source/.github/workflows/ci.yml"), one_job("- run: npm test")).unwrap();
    rig.options = rig.options.with_hidden(&root);
    let run = rig.run().await;
    let log = rig.log(&run, "test").await;
    assert!(run.state.is_success() && log.contains("npm ran"), "{log}");
    assert!(!log.contains("another client"), "{log}");
}

#[tokio::test]
async fn a_workspace_hides_itself_from_the_steps_of_its_ci() {
    let folder = elsewhere();
    let workspace = aipipe_adapters_local::LocalWorkspace::open(&folder.path().join("w")).unwrap();
    let root = workspace.root().to_owned();
    let text = one_job(&format!("- run: |\n    ls -A {0}\n    test ! -e {0}/records.redb", root.display()));
    let request = |parent: &aipipe_core::domain::CommitSha| {
        crate::fixture::request("main", parent, vec![crate::fixture::put(".github/workflows/ci.yml", &text)])
    };
    let git = &workspace.git;
    let repository = git.ensure_repository(&crate::fixture::spec("bikes"), &key("repository")).await.unwrap();
    let base = git.branch_head(&repository, &crate::fixture::branch("main")).await.unwrap().unwrap();
    let head_sha = git.commit(&repository, &request(&base), &key("commit")).await.unwrap();
    let selector = RunSelector::new(selector().workflow, head_sha, crate::fixture::branch("main"));
    let run = workspace.ci.ensure_run(&repository, &selector, &key("run")).await.unwrap().unwrap();
    if workspace.ci.capabilities().isolation.is_none() {
        return missing_rig("bubblewrap");
    }
    assert!(run.state.is_success(), "{run:#?}");
    assert!(root.join("records.redb").exists());
}
