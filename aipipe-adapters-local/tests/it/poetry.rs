//! Poetry in local CI, for real: needs the network once, and Python 3.11.

use crate::ci_rig::{Rig, is_sandboxed, job, key, repository, selector};
use crate::packages::{POETRY, python};
use crate::support::{SystemClock, missing_rig};
use aipipe_adapters_local::HostEnvironment;
use aipipe_adapters_local::packages::{LocalPackageManager, LocalPackageOptions};
use aipipe_core::ErrorKind;
use aipipe_core::domain::{Conclusion, RunState};
use aipipe_core::ports::{ContinuousIntegration as _, PackageManager as _};
use std::fs;
use std::sync::Arc;

const SETUP: &str = "
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: { python-version: '3.11' }
      - run: python -m pip install --require-hashes -r tools/poetry.txt
      - name: Install
        run: |
          poetry check --lock
          poetry sync --no-root
      - run: poetry run python -c 'import idna, sys; assert sys.prefix.endswith(\".venv\"); print(idna.__version__)'
";

/// A project of one package with its lock; `None` without the tools.
async fn project(rig: &Rig) -> Option<()> {
    let request = python("\"idna==3.11\"");
    let options =
        LocalPackageOptions::new(rig.path().join("packages"), Arc::new(SystemClock), HostEnvironment::from_env());
    let lock = match LocalPackageManager::open(options).unwrap().lock(&request).await {
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            missing_rig("Python 3.11");
            return None;
        }
        lock => lock.unwrap(),
    };
    let source = rig.path().join("source");
    for (path, content) in request.manifests.iter().chain([(&lock.path, &lock.content)]) {
        let file = source.join(path.as_str());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }
    assert!(source.join("tools/poetry.txt").is_file() && POETRY.contains("poetry=="));
    Some(())
}

#[tokio::test]
async fn poetry_installs_from_the_lock_and_gets_no_network_for_what_a_checkout_would_run() {
    let rig = Rig::new(&format!("on: push\njobs:\n  one:{SETUP}  two:{SETUP}"));
    if project(&rig).await.is_none() {
        return;
    }
    let run = rig.run().await;
    assert!(run.state.is_success(), "{}", rig.log(&run, "one").await + &rig.log(&run, "two").await);
    assert!(rig.log(&run, "one").await.contains("\n3.11\n"));
    let install = job(&run, "two").steps.iter().find(|step| step.name == "Install").unwrap();
    assert_eq!(install.note.as_deref(), Some("reused from job one"));

    // A lock that is not the manifest's.
    let manifest = rig.path().join("source/pyproject.toml");
    let sound = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, sound.replace("idna==3.11", "idna==3.10")).unwrap();
    let ensure = async |name: &str| rig.ci().ensure_run(&repository(), &selector(), &key(name)).await.unwrap().unwrap();
    let run = ensure("other-manifest").await;
    assert_eq!(run.state, RunState::Completed(Conclusion::Failure));
    assert!(
        rig.log(&run, "one").await.contains("pyproject.toml changed significantly"),
        "{}",
        rig.log(&run, "one").await
    );
    fs::write(&manifest, sound).unwrap();

    // Code of the checkout that Poetry would load into itself.
    fs::create_dir_all(rig.path().join("source/.poetry/plugins")).unwrap();
    let run = ensure("plugins").await;
    let log = rig.log(&run, "one").await;
    assert!(log.contains("Poetry has no network here: the checkout has a .poetry of its own"), "{log}");
    if is_sandboxed(&rig) {
        assert_eq!(run.state, RunState::Completed(Conclusion::Failure), "{log}");
    }
}

#[tokio::test]
async fn a_poetry_that_the_job_did_not_install_is_not_used() {
    let setup = "\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - uses: actions/setup-python@v5\n        \
                 with: { python-version: '3.11' }\n      - run: poetry sync --no-root\n";
    let rig = Rig::new(&format!("on: push\njobs:\n  one:{setup}"));
    fs::write(rig.path().join("source/pyproject.toml"), "[project]\nname = \"demo\"\nversion = \"1\"\n").unwrap();
    let run = match rig.try_run().await {
        Err(error) if error.kind() == ErrorKind::Unsupported => return missing_rig("Python 3.11"),
        run => run.unwrap(),
    };
    let note = job(&run, "one").steps.iter().find_map(|step| step.note.clone().filter(|note| note.contains("Poetry")));
    assert_eq!(note.as_deref(), Some("Poetry is not installed in the job's environment"));
}
