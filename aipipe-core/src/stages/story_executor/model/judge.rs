//! Whether a model's files may stay: who may write what, what the validator says of the whole, whether tests are there.

use super::feedback::{Feedback, Refusal};
use super::inspect::{Identity, Inspector};
use super::packages::{Names, Packages};
use crate::domain::{CriterionId, CriterionTest, Finding, ModelTask, RepoPath, Rule, StoryId};
use crate::stages::integration_validator::{TestCase, scan, test_cases};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The text of every file of a project, by path.
pub type Tree = BTreeMap<RepoPath, Arc<str>>;

/// Why the model may not write `path` for a story, or `None` when it may.
///
/// The write-set is an allow-list: what it does not name is refused. The kinds come first, so that no write-set can
/// open them and the reason is the real one.
#[must_use]
pub fn refusal(path: &RepoPath, task: &ModelTask, owners: &BTreeMap<RepoPath, StoryId>) -> Option<Refusal> {
    let name = path.file_name().to_ascii_lowercase();
    if path.is_reserved_for_ci() || path.components().any(|part| part.eq_ignore_ascii_case("workflows")) {
        return Some(Refusal::Workflow);
    }
    if is_lock_file(&name) {
        return Some(Refusal::LockFile);
    }
    if is_manifest(&name) {
        return Some(Refusal::Manifest);
    }
    if is_configuration(path, &name) {
        return Some(Refusal::Configuration);
    }
    if task.writes.covers(path) || task.shared.contains(path) {
        return None;
    }
    match owner(path, owners) {
        Some(owner) if *owner != task.story => Some(Refusal::OtherStory(owner.clone())),
        _ => Some(Refusal::NotPlanned),
    }
}

/// The story that has the file, or a folder around it, to itself.
fn owner<'a>(path: &RepoPath, owners: &'a BTreeMap<RepoPath, StoryId>) -> Option<&'a StoryId> {
    let mut known = Some(path.clone());
    while let Some(path) = known {
        if let Some(owner) = owners.get(&path) {
            return Some(owner);
        }
        known = RepoPath::parse(path.parent()).ok();
    }
    None
}

fn is_lock_file(name: &str) -> bool {
    matches!(
        name,
        "package-lock.json"
            | "npm-shrinkwrap.json"
            | "yarn.lock"
            | "pnpm-lock.yaml"
            | "poetry.lock"
            | "uv.lock"
            | "bun.lock"
            | "bun.lockb"
    ) || (name.starts_with("requirements") && name.ends_with(".txt"))
}

fn is_manifest(name: &str) -> bool {
    matches!(name, "package.json" | "pyproject.toml" | "setup.py" | "setup.cfg" | "pipfile" | "pnpm-workspace.yaml")
        || (name.starts_with("requirements") && name.ends_with(".in"))
}

fn is_configuration(path: &RepoPath, name: &str) -> bool {
    let stem_is_config = ["js", "cjs", "mjs", "ts", "cts", "mts", "json"]
        .iter()
        .filter_map(|extension| name.strip_suffix(&format!(".{extension}")))
        .any(|stem| stem.ends_with(".config") || stem.starts_with("tsconfig") || stem.starts_with("jsconfig"));
    stem_is_config
        || path.components().any(|part| part.starts_with('.'))
        || matches!(
            name,
            "makefile"
                | "dockerfile"
                | "justfile"
                | "tox.ini"
                | "pytest.ini"
                | "mypy.ini"
                | "conftest.py"
                | "sitecustomize.py"
                | "usercustomize.py"
        )
        || matches!(
            path.extension(),
            Some("toml" | "ini" | "yml" | "yaml" | "sh" | "bash" | "ps1" | "bat" | "cmd" | "pth")
        )
}

/// A story's tests as far as they are there, and what is missing or wrong with its files.
pub(super) fn judge(
    inspector: &Inspector,
    task: &ModelTask,
    base: &Tree,
    (draft, names): (&BTreeMap<RepoPath, String>, &Names),
    packages: &Packages,
    known: &BTreeSet<Identity>,
) -> (Vec<CriterionTest>, Vec<Feedback>) {
    let mut feedback: Vec<Feedback> =
        draft.iter().flat_map(|(path, text)| scan(path, text)).map(Feedback::Found).collect();
    let mut tree = base.clone();
    tree.extend(draft.iter().map(|(path, text)| (path.clone(), Arc::from(text.as_str()))));
    if !packages.declare(&mut tree, names) {
        let message = "the manifest has no list of dependencies to which a package could be added";
        feedback.push(Feedback::Found(Finding::new(Rule::UndeclaredDependency, packages.manifest(), message)));
    }
    feedback.extend(inspector.new_errors(&tree, known).into_iter().map(Feedback::Found));
    feedback.extend(without_package(task, &tree, draft));
    let test = draft.get(&task.test).map_or("", String::as_str);
    let cases = test_cases(&task.test, test);
    let mut tests = Vec::new();
    for criterion in &task.criteria {
        match case_of(&cases, criterion) {
            Ok(name) => {
                tests.push(CriterionTest {
                    criterion: criterion.clone(),
                    file: task.test.clone(),
                    name: name.to_owned(),
                });
            }
            Err(reason) => {
                feedback.push(Feedback::Untested { criterion: criterion.clone(), file: task.test.clone(), reason });
            }
        }
    }
    // A story without criteria still has to show that it works.
    if task.criteria.is_empty() && !cases.iter().any(|case| case.runs && case.checks) {
        let message = "the story has no test that checks something";
        feedback.push(Feedback::Found(Finding::new(Rule::StoryUntested, &task.test, message)));
    }
    (tests, feedback)
}

/// Python folders of the draft that are no packages.
fn without_package(task: &ModelTask, tree: &Tree, draft: &BTreeMap<RepoPath, String>) -> Vec<Feedback> {
    let folders: BTreeSet<&str> = draft
        .keys()
        .filter(|path| path.extension() == Some("py") && **path != task.test)
        .map(RepoPath::parent)
        .filter(|folder| !folder.is_empty())
        .collect();
    let missing = folders.into_iter().filter_map(|folder| RepoPath::parse(format!("{folder}/__init__.py")).ok());
    let missing = missing.filter(|file| !tree.contains_key(file) && task.writes.covers(file));
    missing
        .map(|file| {
            let message = "the folder needs this file to be a package";
            Feedback::Found(Finding::new(Rule::MissingPackageFile, &file, message))
        })
        .collect()
}

/// The name of the test that shows a criterion, or why there is none.
fn case_of<'a>(cases: &'a [TestCase], criterion: &CriterionId) -> Result<&'a str, &'static str> {
    let named: Vec<&TestCase> = cases.iter().filter(|case| case.head.contains(criterion.as_str())).collect();
    match named.iter().find(|case| case.runs && case.checks) {
        Some(case) => Ok(&case.name),
        None if named.is_empty() => Err("no test names it in its title (or in its docstring in Python)"),
        None if named.iter().all(|case| !case.runs) => Err("its test is skipped"),
        None => Err("its test checks nothing that depends on the code, in no condition, loop, try or callback"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::WriteSet;

    fn path(text: &str) -> RepoPath {
        RepoPath::parse(text).unwrap()
    }

    fn task() -> ModelTask {
        ModelTask {
            story: StoryId::parse("us-1").unwrap(),
            criteria: vec![CriterionId::parse("us-1-ac-1").unwrap()],
            is_completion: false,
            reason: String::new(),
            needs: Vec::new(),
            writes: WriteSet::of_files([path("tests/stories/a.test.ts")]).with_folder(path("src/features/a")),
            shared: BTreeSet::from([path("src/app.ts")]),
            test: path("tests/stories/a.test.ts"),
        }
    }

    #[test]
    fn only_the_storys_own_files_are_open_and_some_kinds_never_are() {
        let owners = BTreeMap::from([(path("src/features/b"), StoryId::parse("us-2").unwrap())]);
        // Even a write-set that names them does not open these.
        let mut wide = task();
        wide.writes = wide.writes.with_folder(path("src")).with_folder(path(".github"));
        for (name, expected) in [
            ("src/app.ts", None),
            ("src/features/a/label.ts", None),
            ("tests/stories/a.test.ts", None),
            (".github/workflows/ci.yml", Some(Refusal::Workflow)),
            (".GitHub/workflows/x.yml", Some(Refusal::Workflow)),
            ("src/features/a/workflows/x.ts", Some(Refusal::Workflow)),
            ("src/features/a/package.json", Some(Refusal::Manifest)),
            ("src/features/a/requirements.in", Some(Refusal::Manifest)),
            ("package-lock.json", Some(Refusal::LockFile)),
            ("requirements-dev.txt", Some(Refusal::LockFile)),
            ("vitest.config.ts", Some(Refusal::Configuration)),
            ("src/features/a/tsconfig.json", Some(Refusal::Configuration)),
            (".npmrc", Some(Refusal::Configuration)),
            ("src/features/a/.env", Some(Refusal::Configuration)),
            ("src/features/a/conftest.py", Some(Refusal::Configuration)),
            ("src/features/a/run.sh", Some(Refusal::Configuration)),
        ] {
            assert_eq!(refusal(&path(name), &wide, &owners), expected, "{name}");
        }
        let other = StoryId::parse("us-2").unwrap();
        assert_eq!(refusal(&path("src/features/b/b.ts"), &task(), &owners), Some(Refusal::OtherStory(other)));
        assert_eq!(refusal(&path("src/server.ts"), &task(), &owners), Some(Refusal::NotPlanned));
    }

    /// What is said of a test for the criterion.
    fn of(file: &str, text: &str) -> Result<String, &'static str> {
        let id = CriterionId::parse("us-1-ac-1").unwrap();
        case_of(&test_cases(&path(file), text), &id).map(str::to_owned)
    }

    const EMPTY: &str = "its test checks nothing that depends on the code, in no condition, loop, try or callback";
    const SKIPPED: &str = "its test is skipped";

    #[test]
    fn a_criterion_is_tested_by_a_test_that_names_it_and_checks_something() {
        let good = Ok("prints (us-1-ac-1)".to_owned());
        for (text, expected) in [
            ("it('prints (us-1-ac-1)', async () => { expect(run()).toBe(1); });", good.clone()),
            ("describe('a', () => { test(`prints (us-1-ac-1)`, () => { assert.equal(run(), 1); }); });", good.clone()),
            ("it.each([1, 2])('prints (us-1-ac-1)', (n) => { expect(n).not.toBe(3); });", good.clone()),
            ("function check(x) { expect(x).toBe(1); }\nit('prints (us-1-ac-1)', () => check(run()));", good.clone()),
            ("it('prints (us-1-ac-1)', () => { fc.assert(fc.property(fc.nat(), (n) => run(n) > 0)); });", good),
            ("it('prints (us-1-ac-1)', () => { expect(true).toBe(true); });", Err(EMPTY)),
            ("it('prints (us-1-ac-1)', () => { expect(1 + 1).toBe(2); });", Err(EMPTY)),
            ("it('prints (us-1-ac-1)', () => { expect(run()); });", Err(EMPTY)),
            ("it('prints (us-1-ac-1)', () => { expect.assertions(0); });", Err(EMPTY)),
            (
                "it('prints (us-1-ac-1)', () => { // expect(run()).toBe(1)\n });\nit('b', () => { expect(run()).toBe(1); });",
                Err(EMPTY),
            ),
            ("it('prints (us-1-ac-1)', () => { const told = 'expect(run()).toBe(1)'; });", Err(EMPTY)),
            ("it.skip('prints (us-1-ac-1)', () => { expect(run()).toBe(1); });", Err(SKIPPED)),
            ("it('prints (us-1-ac-1)', { skip: true }, () => { expect(run()).toBe(1); });", Err(SKIPPED)),
            (
                "it('prints (us-1-ac-1)', async () => { await waitFor(() => { expect(run()).toBe(1); }); });",
                Ok("prints (us-1-ac-1)".to_owned()),
            ),
            ("it('prints (us-1-ac-1)', ({ skip }) => { skip(); expect(run()).toBe(1); });", Err(SKIPPED)),
            ("it('prints (us-1-ac-1)', (context) => { context.skip(); expect(run()).toBe(1); });", Err(SKIPPED)),
            ("it('prints (us-1-ac-1)', () => { try { expect(run()).toBe(1); } catch {} });", Err(EMPTY)),
            ("it('prints (us-1-ac-1)', () => { [].forEach(() => expect(run()).toBe(1)); });", Err(EMPTY)),
            ("it('prints (us-1-ac-1)', () => { for (const x of []) { expect(x).toBe(1); } });", Err(EMPTY)),
            ("it('prints (us-1-ac-1)', () => { if (false) { expect(run()).toBe(1); } });", Err(EMPTY)),
            ("it('prints (us-1-ac-1)', () => { return; expect(run()).toBe(1); });", Err(EMPTY)),
            ("it('prints (us-1-ac-1)', () => { expect(run() || true).toBe(true); });", Err(EMPTY)),
            ("it('prints (us-1-ac-1)', () => { const never = () => expect(run()).toBe(1); });", Err(EMPTY)),
            ("it.fails('prints (us-1-ac-1)', () => { expect(run()).toBe(1); });", Err(SKIPPED)),
            (
                "describe.skip('a', () => { it('prints (us-1-ac-1)', () => { expect(run()).toBe(1); }); });",
                Err(SKIPPED),
            ),
            ("it('prints (us-1-ac-1)', () => { expect(run()).toBe(1); });\nit.only('b', () => {});", Err(SKIPPED)),
        ] {
            assert_eq!(of("a.test.ts", text), expected, "{text}");
        }
        let untold = "// us-1-ac-1\nit('prints', () => {\n  expect(run()).toBe(1);\n});\n";
        assert!(of("a.test.ts", untold).unwrap_err().contains("no test names it"));
        assert!(of("a.test.ts", "it('prints (us-1-ac-1)', () => {").is_err());
    }

    #[test]
    fn so_is_one_in_python() {
        let head = "def test_prints() -> None:\n    \"\"\"It prints (us-1-ac-1).\"\"\"\n";
        let good = Ok("test_prints".to_owned());
        for (before, body, expected) in [
            ("", "    assert run() == 1\n", good.clone()),
            ("", "    with pytest.raises(ValueError):\n        run()\n", good.clone()),
            ("def check(x):\n    assert x\n\n\n", "    check(run())\n", good),
            ("", "    assert True\n", Err(EMPTY)),
            ("", "    assert 1 == 1\n", Err(EMPTY)),
            ("", "    told = 'assert run()'\n", Err(EMPTY)),
            ("", "    pass\n", Err(EMPTY)),
            ("", "    assert run() or True\n", Err(EMPTY)),
            ("", "    for x in []:\n        assert x\n", Err(EMPTY)),
            ("", "    try:\n        assert run()\n    except AssertionError:\n        pass\n", Err(EMPTY)),
            ("", "    with suppress(AssertionError):\n        assert run()\n", Err(EMPTY)),
            ("", "    return\n    assert run()\n", Err(EMPTY)),
            ("", "    with TestClient(app) as client:\n        assert run(client)\n", Ok("test_prints".to_owned())),
            ("from pytest import skip\n\n\n", "    skip('later')\n    assert run()\n", Err(SKIPPED)),
            ("", "    pytest.skip('later')\n    assert run()\n", Err(SKIPPED)),
            ("@pytest.mark.skip(reason='later')\n", "    assert run()\n", Err(SKIPPED)),
            ("@pytest.mark.xfail\n", "    assert run()\n", Err(SKIPPED)),
            ("pytestmark = pytest.mark.skip\n\n\n", "    assert run()\n", Err(SKIPPED)),
        ] {
            assert_eq!(of("test_a.py", &format!("{before}{head}{body}")), expected, "{before}{body}");
        }
        let late = "def test_prints() -> None:\n    x = \"\"\"us-1-ac-1\"\"\"\n    assert x\n";
        assert!(of("test_a.py", late).unwrap_err().contains("no test names it"));
        let nested = "def helper() -> None:\n    def test_prints() -> None:\n        \"\"\"us-1-ac-1\"\"\"\n        assert run()\n";
        assert!(of("test_a.py", nested).is_err());
    }
}
