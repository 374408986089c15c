//! The programs under `examples/` do what their users are told, and what they make holds up to git.

use crate::program::{example, program, root, run};
use aipipe_tests::figures;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const NOTES: &str = "# Requirements\n\n- Clerks must be able to add a book with a title and an author.\n\
    - Clerks must be able to list all books.\n\nWe build a REST API in Node.\n";

fn samples() -> Vec<PathBuf> {
    let names = ["brief.pdf", "kickoff-meeting.json", "client-thread.eml", "team-chat.txt"];
    names.map(|name| root().join("examples/data").join(name)).into()
}

#[test]
fn documents_tells_text_places_and_refusals() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.md");
    fs::write(&empty, "").unwrap();
    let ran = run(program(example("documents")).args(samples()).arg(&empty)).exits(0).says("empty.md was not read");
    for words in ["brief.pdf: pdf, ", "[page 1, Heading]", "[00:00:25, Paragraph]", "client-thread.eml: email, "] {
        assert!(ran.stdout.contains(words), "{words}\n{ran}");
    }
    let json = run(program(example("documents")).arg("--json").args(samples()).arg(&empty)).exits(0).json();
    assert_eq!(json["documents"].as_array().unwrap().len(), 4);
    assert_eq!(json["refused"], json!([{"name": "empty.md", "reason": "empty", "detail": "has no bytes"}]));
    for segment in json["documents"][0]["segments"].as_array().unwrap() {
        let text = segment["text"].as_str().unwrap();
        assert!(json["documents"][0]["text"].as_str().unwrap().contains(text), "{segment}");
    }
    let nothing = run(program(example("documents")).arg(&empty));
    assert_eq!(nothing.code, Some(1), "{nothing}");
}

#[test]
fn stories_quotes_what_each_requirement_rests_on() {
    let ran = run(program(example("stories")).args(samples())).exits(0);
    for words in ["As a customer, I want to cancel a booking", "(brief.pdf, page 1)", "open questions", "Given "] {
        assert!(ran.stdout.contains(words), "{words}\n{ran}");
    }
    let json = run(program(example("stories")).arg("--json").args(samples())).exits(0).json();
    let cited = |requirement: &Value| !requirement["citations"].as_array().unwrap().is_empty();
    assert!(json["requirements"].as_array().unwrap().iter().all(cited), "{json}");
    assert!(json["stories"].as_array().unwrap().len() >= 8, "{json}");
}

#[test]
fn plan_chooses_a_stack_and_says_why() {
    let ran = run(program(example("plan")).args(samples())).exits(0);
    for words in ["Node API: ", "“Express” (kickoff-meeting.json, 00:02:15", "\nEntities\n", "\nComponents\n"] {
        assert!(ran.stdout.contains(words), "{words}\n{ran}");
    }
    let json = run(program(example("plan")).arg("--json").args(samples())).exits(0).json();
    assert_eq!(
        (&json["decision"]["stack"], &json["decision"]["scores"][0]["stack"]),
        (&json!("node-api"), &json!("node-api"))
    );
}

#[test]
fn plan_shows_scores_and_evidence_where_no_stack_fits() {
    let folder = tempfile::tempdir().unwrap();
    let notes = folder.path().join("tool.md");
    fs::write(
        &notes,
        "Clerks must be able to add a book. The tool must be written in C++ and run from the command line.\n",
    )
    .unwrap();
    let ran = run(program(example("plan")).arg(&notes)).exits(1).says("none of the five stacks fits");
    for words in ["None of the five stacks fits: ", "Node API", "“C++” (tool.md, line 1; technology outside the five"]
    {
        assert!(ran.stdout.contains(words), "{words}\n{ran}");
    }
    let json = run(program(example("plan")).arg("--json").arg(&notes)).exits(1).json();
    assert_eq!((&json["verdict"], json["scores"].as_array().unwrap().len()), (&json!("none_fits"), 5), "{json}");
    assert!(!json["evidence"].as_array().unwrap().is_empty(), "{json}");
    let workspace = folder.path().join("workspace");
    let json = run(quickstart(&workspace, &["--json"]).arg(&notes)).exits(2).json();
    assert_eq!((&json["stack"]["id"], json["stack"]["scores"].as_array().unwrap().len()), (&Value::Null, 5), "{json}");
}

#[test]
fn a_pipeline_of_ones_own_and_a_stage_alone() {
    let ran = run(&mut program(example("custom_pipeline"))).exits(0);
    assert_eq!(ran.stdout, "2 on the Python API\n1 document read by stage 1 alone\n");
}

#[test]
fn the_same_pipeline_on_other_adapters() {
    let ran = run(&mut program(example("swap_adapters"))).exits(0);
    let lines: Vec<_> = ran.stdout.lines().collect();
    let [in_memory, failed, resumed, local] = lines[..] else { panic!("{ran}") };
    assert!(in_memory.starts_with("in memory: merged: all 5 required checks"), "{ran}");
    assert!(failed.contains("unavailable in packages.lock: the registry can't be reached"), "{ran}");
    assert!(resumed.starts_with("and resumed: merged"), "{ran}");
    assert!(local.starts_with("on this machine: merged: all 5 required checks"), "{ran}");
}

pub(crate) fn quickstart(workspace: &Path, arguments: &[&str]) -> Command {
    let mut command = program(example("quickstart"));
    command.args(arguments).arg("--workspace").arg(workspace);
    command
}

fn git(arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A clone of what was merged.
pub(crate) fn clone(json: &Value, into: &Path) {
    git(&["clone", "--quiet", json["repository"].as_str().unwrap(), into.to_str().unwrap()]);
}

fn with_status<'j>(json: &'j Value, wanted: &[&str]) -> Vec<&'j Value> {
    let stories = json["stories"].as_array().unwrap().iter();
    stories.filter(|story| wanted.contains(&story["status"].as_str().unwrap())).collect()
}

#[test]
fn quickstart_merges_the_sample_project() {
    let folder = tempfile::tempdir().unwrap();
    let workspace = folder.path().join("workspace");
    let ran = run(&mut quickstart(&workspace, &["--json"])).exits(0);
    let json = ran.json();

    has_every_field(&json);
    assert_eq!(json["pull_request"]["state"], "merged", "{ran}");
    assert_eq!((&json["cost_usd"], &json["model_calls"]), (&json!("0.00"), &json!(0)));
    let refused_or_read = (&json["documents"]["refused"], json["documents"]["read"].as_array().unwrap().len());
    assert_eq!(refused_or_read, (&json!([]), 4));
    let served = with_status(&json, &["done", "partial"]);
    assert!(served.len() >= 5, "{ran}");
    for story in &served {
        assert!(
            story["route"] == "template" && story["files"].as_array().is_some_and(|files| !files.is_empty()),
            "{story}"
        );
    }
    for story in with_status(&json, &["needs_model", "blocked", "needs model"]) {
        assert_eq!(story["files"], json!([]), "{story}");
    }
    the_clone_holds_up(&json, &served, &folder.path().join("clone"));
    the_page_is_whole(&json);

    figures::record("quickstart.stories_done", with_status(&json, &["done"]).len(), "stories").unwrap();
    figures::record("quickstart.stories_total", json["stories"].as_array().unwrap().len(), "stories").unwrap();

    // Again: nothing is left to do, and nothing is done.
    let before = git(&["-C", json["repository"].as_str().unwrap(), "for-each-ref"]);
    let again = run(&mut quickstart(&workspace, &["--json"])).exits(0).json();
    assert_eq!(git(&["-C", json["repository"].as_str().unwrap(), "for-each-ref"]), before);
    // What the stages took is what they took when they ran.
    let of = |json: &Value| {
        let mut json = json.clone();
        for stage in json["stages"].as_array_mut().unwrap() {
            stage.as_object_mut().unwrap().remove("replayed");
        }
        json
    };
    assert_eq!(of(&again), of(&json));
    assert!(json["stages"].as_array().unwrap().iter().all(|stage| stage["replayed"] == false), "{json}");
    assert!(again["stages"].as_array().unwrap().iter().all(|stage| stage["replayed"] == true), "{again}");
    assert!(json["stages"][5]["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{json}");
    let text = run(&mut quickstart(&workspace, &[])).exits(0).stdout;
    for words in ["stack       Node API", "CI          success: lint", "merged as", "git clone --branch main", "npm ci"]
    {
        assert!(text.contains(words), "{words}\n{text}");
    }
}

/// What a script may rely on.
fn has_every_field(json: &Value) {
    let fields = [
        "/execution",
        "/status",
        "/project_root",
        "/repository",
        "/branch",
        "/pull_request/path",
        "/pull_request/state",
        "/head_sha",
        "/merge_sha",
        "/stack/id",
        "/stack/scores/0/points",
        "/stack/evidence/0/citation/quote",
        "/stories/0/id",
        "/stories/0/status",
        "/stories/0/route",
        "/documents/read/0/name",
        "/documents/refused",
        "/checks/0/name",
        "/checks/0/state",
        "/cost_usd",
        "/stages/0/stage",
        "/stages/6/seconds",
    ];
    let missing: Vec<_> = fields.iter().filter(|field| json.pointer(field).is_none_or(Value::is_null)).collect();
    assert!(missing.is_empty(), "{missing:?} are not in {json}");
}

fn the_clone_holds_up(json: &Value, served: &[&Value], into: &Path) {
    clone(json, into);
    for file in [".github/workflows/ci.yml", "package.json", "package-lock.json", "README.md", "src/app.ts"] {
        assert!(into.join(file).is_file(), "{file} is missing");
    }
    let at = into.to_str().unwrap();
    assert_eq!(git(&["-C", at, "rev-parse", "HEAD"]).trim(), json["merge_sha"].as_str().unwrap());
    let parents = git(&["-C", at, "show", "--no-patch", "--format=%P", "HEAD"]);
    assert_eq!(parents.split_whitespace().nth(1), json["head_sha"].as_str(), "the merge is of another head");
    assert_eq!(parents.split_whitespace().count(), 2, "no merge commit");
    // Oldest first: the scaffold, then one commit a served story, in the order they are listed.
    let commits = git(&["-C", at, "log", "--reverse", "--format=%s", "HEAD^1..HEAD^2"]);
    let mut titles: Vec<_> = commits.lines().skip(1).map(str::to_owned).collect();
    assert_eq!(commits.lines().next(), Some("Scaffold the Node API"));
    let mut stories: Vec<_> = served.iter().map(|story| story["title"].as_str().unwrap().to_owned()).collect();
    titles.sort();
    stories.sort();
    assert_eq!(titles, stories);
    git(&["-C", at, "fsck", "--strict"]);
}

fn the_page_is_whole(json: &Value) {
    let page = fs::read_to_string(json["pull_request"]["path"].as_str().unwrap()).unwrap();
    for words in ["Stories", "Traceability", "```mermaid", "Open questions", "Cost", "brief.pdf"] {
        assert!(page.contains(words), "the pull request has no {words}:\n{page}");
    }
    for story in json["stories"].as_array().unwrap() {
        assert!(page.contains(story["title"].as_str().unwrap()), "{story} is not in the pull request");
    }
}

#[test]
fn a_person_reviews_and_documents_change() {
    let folder = tempfile::tempdir().unwrap();
    let (workspace, notes) = (folder.path().join("workspace"), folder.path().join("notes.md"));
    let notes_arg = notes.to_str().unwrap();
    fs::write(&notes, NOTES).unwrap();
    let start = ["--json", "--project", "library", "--review", "human", notes_arg];

    let waiting = run(&mut quickstart(&workspace, &start)).exits(0).json();
    assert_eq!((&waiting["status"], &waiting["pull_request"]["state"]), (&json!("waiting"), &json!("open")));
    assert_eq!(run(&mut quickstart(&workspace, &["resume", "--json"])).exits(0).json()["status"], "waiting");
    let status = run(&mut quickstart(&workspace, &["status"])).exits(0);
    assert!(status.stdout.contains("Waiting: waiting for 1 approval of"), "{status}");
    assert!(run(&mut quickstart(&workspace, &["rerun"])).exits(1).stderr.contains("is green"));

    // What a person pushes is checked like what was generated, red or green, and a red run can be run again.
    let work = folder.path().join("work");
    let at = work.to_str().unwrap();
    let (repository, branch) = (waiting["repository"].as_str().unwrap(), waiting["branch"].as_str().unwrap());
    git(&["clone", "--quiet", "--branch", branch, repository, at]);
    let push = |content: &str| {
        fs::write(work.join("src/extra.ts"), content).unwrap();
        git(&["-C", at, "add", "src/extra.ts"]);
        let who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"];
        git(&[&["-C", at], &who[..], &["commit", "--quiet", "--message", "Add a file"]].concat());
        git(&["-C", at, "push", "--quiet"]);
        git(&["-C", at, "rev-parse", "HEAD"]).trim().to_owned()
    };
    push("export const extra: number = \"no number\";\n");
    let red = run(&mut quickstart(&workspace, &["resume", "--json"])).exits(2).json();
    assert!(red["waiting_for"]["reason"].as_str().unwrap().contains("ended in Failure"), "{red}");
    let again = run(&mut quickstart(&workspace, &["rerun", "--json"])).exits(2).json();
    assert_eq!(again["waiting_for"]["reason"], red["waiting_for"]["reason"]);
    let page = fs::read_to_string(again["pull_request"]["path"].as_str().unwrap()).unwrap();
    assert!(page.contains("attempt 1: **failure**") && page.contains("attempt 2: **failure**"), "{page}");
    let fixed = push("export const extra = 1;\n");
    assert_eq!(run(&mut quickstart(&workspace, &["resume", "--json"])).exits(0).json()["status"], "waiting");

    // Who approves what was pushed since has to say that they read it.
    let approve = ["approve", "--json", "--reviewer", "lead", "--comment", "fine"];
    let unread = run(&mut quickstart(&workspace, &approve)).exits(1).stderr;
    assert!(unread.contains(&format!("approve with --head {fixed}")), "{unread}");
    let read = [&approve[..], &["--head", &fixed]].concat();
    let first = run(&mut quickstart(&workspace, &read)).exits(0).json();
    assert_eq!(first["pull_request"]["state"], "merged", "{first}");
    assert_eq!(first["pull_request"]["reviews"][0]["reviewer"], "lead");
    let parents = git(&["-C", repository, "show", "--no-patch", "--format=%P", "main"]);
    assert_eq!(parents.split_whitespace().nth(1), Some(fixed.as_str()), "what was pushed is what was merged");
    let known = ["execution", "built_sha", "repository", "branch"];
    assert!(known.iter().all(|field| first[field] == waiting[field]), "{first}");
    assert_eq!((&first["head_sha"], &waiting["head_sha"]), (&json!(fixed), &waiting["built_sha"]));
    assert_eq!(first["build_failure"], Value::Null, "the head that was merged is green: {first}");

    // The same command once more is the same execution, approved long ago.
    assert_eq!(run(&mut quickstart(&workspace, &start)).exits(0).json()["merge_sha"], first["merge_sha"]);

    // Other documents are another execution in the same repository.
    fs::write(
        &notes,
        NOTES.replace("list all books", "list all books sorted by title")
            + "\n- Clerks must be able to delete a book.\n",
    )
    .unwrap();
    let auto = ["--json", "--project", "library", notes_arg];
    // The test of the story in its old words goes, and no check judges that.
    let second = run(&mut quickstart(&workspace, &auto)).exits(2).json();
    assert_eq!((&second["pull_request"]["state"], second["removed"].is_array()), (&json!("open"), true), "{second}");
    let told = run(&mut quickstart(&workspace, &["status"])).exits(2);
    assert!(told.stdout.contains("  removed     ") && told.stdout.contains("Approve: "), "{told}");
    let second = run(&mut quickstart(&workspace, &approve)).exits(0).json();
    assert_eq!((&second["pull_request"]["state"], &second["pull_request"]["number"]), (&json!("merged"), &json!(2)));
    assert_ne!(second["execution"], first["execution"]);
    assert_eq!(second["repository"], first["repository"]);
    let repository = first["repository"].as_str().unwrap();
    let parents = git(&["-C", repository, "show", "--no-patch", "--format=%P", "main"]);
    assert_eq!(parents.split_whitespace().next(), first["merge_sha"].as_str(), "it is not built on the first");
    // No commit takes back what was merged before.
    let changes = git(&["-C", repository, "log", "--no-merges", "--format=%s", "--numstat", "main^1..main"]);
    assert!(changes.contains("Delete a book") && !changes.contains("Scaffold"), "{changes}");

    // What the documents no longer ask for goes; what a person wrote stays.
    let person = folder.path().join("person");
    clone(&second, &person);
    let at = person.to_str().unwrap();
    let tests_before = files_below(&person.join("tests/stories"));
    assert!(tests_before.iter().any(|name| name.contains("delete-a-book")), "{tests_before:?}");
    fs::write(person.join("NOTES.md"), "kept\n").unwrap();
    let identity = ["-c", "user.name=A person", "-c", "user.email=person@example.org"];
    git(&["-C", at, "add", "NOTES.md"]);
    git(&[&["-C", at], &identity[..], &["commit", "--quiet", "--message", "Add notes"]].concat());
    git(&["-C", at, "push", "--quiet", "origin", "main"]);
    fs::write(&notes, NOTES).unwrap();
    let third = run(&mut quickstart(&workspace, &auto)).exits(2).json();
    let removed = third["removed"].as_array().unwrap();
    assert!(removed.iter().any(|file| file["path"].as_str().unwrap().contains("delete-a-book")), "{third}");
    let third = run(&mut quickstart(&workspace, &approve)).exits(0).json();
    assert_eq!(third["pull_request"]["state"], "merged", "{third}");
    let merged = folder.path().join("merged");
    clone(&third, &merged);
    let tests_after = files_below(&merged.join("tests/stories"));
    assert!(!tests_after.iter().any(|name| name.contains("delete-a-book")), "{tests_after:?}");
    assert!(merged.join("NOTES.md").is_file());

    // Nothing new: said, not published as an empty change.
    fs::write(&notes, NOTES.replace("We build", "We shall build")).unwrap();
    let nothing = run(&mut quickstart(&workspace, &auto)).says("there is nothing to publish").exits(0).json();
    assert_eq!((&nothing["status"], &nothing["pull_request"]), (&json!("unchanged"), &json!(null)));

    let runs = run(&mut quickstart(&workspace, &["runs", "--json"])).exits(0).json();
    let states: Vec<_> = runs["executions"].as_array().unwrap().iter().map(|run| run["status"].clone()).collect();
    assert_eq!(states, ["completed", "completed", "completed", "completed"]);
    let lines = run(&mut quickstart(&workspace, &["runs"])).exits(0).stdout;
    assert_eq!(lines.lines().filter(|line| line.contains("  library  ")).count(), 4, "{lines}");

    // What no longer helps is refused before it leaves a trace.
    let choose = run(&mut quickstart(&workspace, &["choose", "node-api"])).exits(1);
    assert!(choose.stderr.contains("does not wait for a stack"), "{choose}");
    fs::write(&notes, NOTES.replace("author", "writer")).unwrap();
    run(&mut quickstart(&workspace, &start)).says("CI steps run ");
    let cancelled = run(&mut quickstart(&workspace, &["cancel", "--json"])).exits(0).json();
    assert_eq!(cancelled["pull_request"]["state"], "closed", "{cancelled}");
    run(&mut quickstart(&workspace, &approve)).exits(1).says("was cancelled");
    let status = run(&mut quickstart(&workspace, &["status"])).exits(1);
    assert!(!status.stdout.contains("resume"), "{status}");
    let json = run(&mut quickstart(&workspace, &["status", "--json"])).exits(1).json();
    assert_eq!(json["pull_request"]["reviews"], json!([]), "{json}");
}

fn files_below(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
