use super::*;
use crate::domain::Stack;
use crate::stages::integration_validator::{WorkflowOptions, ci};
use proptest::prelude::{Just, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as Generator;

/// A workflow without a fault.
fn sound() -> Workflow {
    ci::stack_workflow(Stack::NodeApi, &WorkflowOptions::default()).unwrap()
}

fn text() -> impl Generator<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9 -]{0,12}",
        "\\PC{0,12}",
        "[ \\n\\t:#'\"\\[\\]{}&*!|>%@`,?-]{0,8}",
        Just("true".to_owned()),
        Just("3.10".to_owned()),
        Just("on".to_owned()),
        Just("~".to_owned()),
        Just("0x1F".to_owned()),
        Just("${{ github.ref }}".to_owned()),
        Just("- a\n  b: c # d\n".to_owned()),
    ]
}

fn script() -> impl Generator<Value = String> {
    prop_oneof![
        text(),
        "([a-z][a-z :#'-]{0,10}\\n){1,4}",
        "( ?[a-z]{0,3} ?\\n){0,4}[a-z]{0,2}",
        Just("uses: actions/checkout@v1 # v9\necho\n".to_owned()),
    ]
}

fn identifier() -> impl Generator<Value = Identifier> {
    prop_oneof!["[A-Za-z_][A-Za-z0-9_-]{0,8}", Just("on".to_owned()), Just("null".to_owned())]
        .prop_map(|id| Identifier::parse(id).unwrap())
}

fn scalar() -> impl Generator<Value = Scalar> {
    prop_oneof![
        text().prop_map(Scalar::Text),
        any::<bool>().prop_map(Scalar::Boolean),
        any::<i64>().prop_map(Scalar::Integer)
    ]
}

fn values() -> impl Generator<Value = BTreeMap<String, Scalar>> {
    proptest::collection::btree_map(prop_oneof!["[A-Za-z_][A-Za-z0-9_-]{0,6}".boxed(), text().boxed()], scalar(), 0..3)
}

fn permissions() -> impl Generator<Value = Permissions> {
    let access = prop_oneof![Just(Access::Read), Just(Access::Write), Just(Access::None)];
    prop_oneof![
        Just(Permissions::ReadAll),
        Just(Permissions::WriteAll),
        proptest::collection::btree_map("[a-z]{1,8}(-[a-z]{1,4})?", access, 0..3).prop_map(Permissions::Scopes)
    ]
}

fn action() -> impl Generator<Value = ActionRef> {
    let version = proptest::option::of("v[0-9]{1,2}\\.[0-9]{1,2}");
    let name = "[a-z]{1,6}/[a-z]{1,6}(-[a-z]{1,3})?@([0-9a-f]{40}|v[0-9]{1,2}|main)";
    (name, version).prop_map(|(uses, version)| ActionRef::parse(&uses, version.as_deref()).unwrap())
}

fn step() -> impl Generator<Value = Step> {
    let work = prop_oneof![
        (action(), values()).prop_map(|(action, with)| Work::Uses { action, with }),
        (script(), proptest::option::of(text()), proptest::option::of(text()))
            .prop_map(|(script, shell, working_directory)| Work::Run { script, shell, working_directory })
    ];
    let head = (proptest::option::of(text()), proptest::option::of(identifier()), proptest::option::of(text()));
    (head, work, values(), any::<bool>()).prop_map(|((name, id, condition), work, env, continue_on_error)| Step {
        name,
        id,
        condition,
        work,
        env,
        continue_on_error,
    })
}

fn job() -> impl Generator<Value = Job> {
    let strategy =
        (any::<bool>(), proptest::collection::btree_map(text(), proptest::collection::vec(scalar(), 0..3), 0..3))
            .prop_map(|(fail_fast, matrix)| Strategy { fail_fast, matrix });
    let head = (proptest::option::of(text()), text(), proptest::option::of(any::<u32>()), proptest::option::of(text()));
    let outputs = proptest::collection::btree_map(text(), text(), 0..3);
    let rest = (proptest::option::of(permissions()), outputs, values(), proptest::option::of(strategy), any::<bool>());
    let lists = (proptest::collection::vec(identifier(), 0..3), proptest::collection::vec(step(), 0..4));
    (head, rest, lists).prop_map(
        |(
            (name, runs_on, timeout_minutes, condition),
            (permissions, outputs, env, strategy, continue_on_error),
            (needs, steps),
        )| {
            let id = Identifier::parse("placeholder").unwrap();
            Job {
                id,
                name,
                runs_on,
                timeout_minutes,
                needs,
                condition,
                permissions,
                outputs,
                env,
                strategy,
                continue_on_error,
                steps,
            }
        },
    )
}

fn workflow() -> impl Generator<Value = Workflow> {
    let list = || proptest::collection::vec(text(), 0..3);
    let triggers =
        proptest::collection::btree_map("[a-z_]{1,10}", (list(), list(), list()), 0..3).prop_map(|triggers| {
            let trigger = |(event, (branches, paths, types))| Trigger {
                event: EventName::parse(event).unwrap(),
                branches,
                paths,
                types,
            };
            triggers.into_iter().map(trigger).collect::<Vec<_>>()
        });
    let concurrency = proptest::option::of(
        (text(), any::<bool>()).prop_map(|(group, cancel_in_progress)| Concurrency { group, cancel_in_progress }),
    );
    let jobs = proptest::collection::btree_map(identifier(), job(), 0..3)
        .prop_map(|jobs| jobs.into_iter().map(|(id, job)| Job { id, ..job }).collect::<Vec<_>>());
    (text(), triggers, proptest::option::of(permissions()), concurrency, values(), jobs).prop_map(
        |(name, on, permissions, concurrency, env, jobs)| Workflow { name, on, permissions, concurrency, env, jobs },
    )
}

proptest! {
    #[test]
    fn a_rendered_workflow_reads_back_the_same(workflow in workflow()) {
        let yaml = render(&workflow);
        match parse(&yaml) {
            Ok(read) => prop_assert_eq!(read, workflow, "{}", yaml),
            Err(error) => prop_assert!(false, "{}\n{}", error, yaml),
        }
    }

    #[test]
    fn any_text_is_a_workflow_or_an_error(yaml in "\\PC{0,200}|([a-z -]{0,6}:? ?[&*a-z\\[{!|>'\"]{0,4}\\n){0,20}") {
        let _ = parse(&yaml);
    }

    #[test]
    fn damaged_workflows_are_a_workflow_or_an_error(cut in 0usize..4000, insert in "\\PC{0,3}") {
        let yaml = render(&sound());
        let at = yaml.char_indices().map(|(i, _)| i).take(cut).last().unwrap_or(0);
        let (head, tail) = yaml.split_at(at);
        let _ = parse(&format!("{head}{insert}{tail}"));
        let _ = parse(head);
    }
}

#[test]
fn an_alias_bomb_is_an_error() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..12 {
        let previous = format!("*a{}, ", i - 1).repeat(10);
        bomb.push_str(&format!("a{i}: &a{i} [{}]\n", previous.trim_end_matches(", ")));
    }
    let yaml = format!("{bomb}on: push\njobs: *a11\n");
    assert_eq!(parse(&yaml).unwrap_err().kind(), crate::ErrorKind::InvalidInput);
    assert!(parse(&"[".repeat(100_000)).is_err());
    assert!(parse(&"a: ".repeat(1_000)).is_err());
    assert!(parse(&"x".repeat(600 * 1024)).is_err());
}

#[test]
fn what_the_type_cannot_express_is_refused() {
    let base = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: y\n";
    parse(base).unwrap();
    let more = [
        "on: push\njobs:\n  a:\n    runs-on: x\n    container: evil\n    steps: []\n",
        "on: push\njobs:\n  a:\n    runs-on: [self-hosted, x]\n    steps: []\n",
        "on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/x.yml@main\n",
        "on: push\ndefaults: {run: {shell: x}}\njobs: {}\n",
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: y\n        uses: a/b@v1\n",
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - name: nothing\n",
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: docker://alpine\n",
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: a/b@v1\n        with: {python-version: 3.10}\n",
        "on: push\njobs:\n  a: {runs-on: x, steps: []}\n  a: {runs-on: x, steps: []}\n",
    ];
    for yaml in more {
        assert!(parse(yaml).is_err(), "{yaml}");
    }
}

#[test]
fn the_short_forms_of_on_and_needs_are_read() {
    let yaml =
        "on: [push, pull_request]\njobs:\n  a: {runs-on: x, steps: []}\n  b: {runs-on: x, needs: a, steps: []}\n";
    let workflow = parse(yaml).unwrap();
    assert_eq!(workflow.on.len(), 2);
    assert_eq!(workflow.jobs[1].needs, [Identifier::parse("a").unwrap()]);
}

/// Each rule of the audit with a change to a sound workflow that must set it off, and it alone.
#[test]
fn each_audit_rule_has_a_control() {
    fn script(workflow: &mut Workflow, text: &str) {
        workflow.jobs[0].steps.push(Step::run("Added", text));
    }
    type Change = fn(&mut Workflow);
    let controls: &[(&str, Change)] = &[
        ("workflow-dangerous-trigger", |w| w.on[1].event = EventName::parse("pull_request_target").unwrap()),
        ("workflow-missing-permissions", |w| w.permissions = None),
        ("workflow-write-permission", |w| w.permissions = Some(Permissions::WriteAll)),
        ("workflow-write-permission", |w| {
            w.jobs[0].permissions = Some(Permissions::Scopes([("contents".to_owned(), Access::Write)].into()));
        }),
        ("workflow-broad-permissions", |w| w.permissions = Some(Permissions::ReadAll)),
        ("workflow-missing-concurrency", |w| w.concurrency = None),
        ("workflow-no-jobs", |w| w.jobs.clear()),
        ("workflow-duplicate-check", |w| w.jobs[1].name = Some("lint".to_owned())),
        ("workflow-unknown-need", |w| w.jobs[0].needs.push(Identifier::parse("nobody").unwrap())),
        ("workflow-cyclic-needs", |w| {
            w.jobs[0].needs.push(Identifier::parse("build").unwrap());
            w.jobs[3].needs.push(Identifier::parse("lint").unwrap());
        }),
        ("workflow-missing-timeout", |w| w.jobs[0].timeout_minutes = None),
        ("workflow-moving-runner", |w| w.jobs[0].runs_on = "ubuntu-latest".to_owned()),
        ("workflow-self-hosted-runner", |w| w.jobs[0].runs_on = "self-hosted".to_owned()),
        ("workflow-ignored-failure", |w| w.jobs[0].continue_on_error = true),
        ("workflow-ignored-failure", |w| w.jobs[0].steps[3].continue_on_error = true),
        ("workflow-ignored-failure", |w| script(w, "npm test || true")),
        ("workflow-ignored-failure", |w| script(w, "npx jest --passWithNoTests")),
        ("workflow-unpinned-action", |w| {
            let action = ActionRef::parse("actions/setup-node@v7", None).unwrap();
            w.jobs[0].steps.push(Step::uses("Added", action, &[]));
        }),
        ("workflow-action-not-allowed", |w| {
            let action = ActionRef::parse(&format!("someone/else@{}", "a".repeat(40)), Some("v1.0.0")).unwrap();
            w.jobs[0].steps.push(Step::uses("Added", action, &[]));
        }),
        ("workflow-action-not-allowed", |w| {
            // The right commit under a comment that lies about its version.
            let pin = AllowedAction::SETUP_NODE;
            let action = ActionRef::parse(&format!("{}@{}", pin.action, pin.sha), Some("v9.9.9")).unwrap();
            w.jobs[0].steps.push(Step::uses("Added", action, &[]));
        }),
        ("workflow-persisted-credentials", |w| {
            w.jobs[0].steps.push(Step::uses("Added", AllowedAction::CHECKOUT.reference(), &[]));
        }),
        ("workflow-script-injection", |w| script(w, "echo ${{ github.event.pull_request.title }}")),
        ("workflow-script-injection", |w| script(w, "echo ${{github.head_ref}}")),
        ("workflow-script-injection", |w| script(w, "echo ${{ matrix.node }} ${{ format('{0}', github.event.x) }}")),
        ("workflow-download-into-shell", |w| script(w, "curl -sSf https://example.org/i | sh")),
        ("workflow-download-into-shell", |w| script(w, "wget -qO- https://example.org/i |\n  sudo /bin/bash -s")),
        ("workflow-download-into-shell", |w| script(w, "curl https://example.org/i \\\n  | python3 -")),
        ("workflow-download-into-shell", |w| script(w, "bash <(curl -s https://example.org/i)")),
        ("workflow-download-into-shell", |w| script(w, "sh -c \"$(curl -s https://example.org/i)\"")),
        ("workflow-unlocked-install", |w| script(w, "npm install")),
        ("workflow-unlocked-install", |w| script(w, "python -m pip install ruff")),
        ("workflow-unlocked-install", |w| script(w, "poetry update")),
        ("workflow-unlocked-install", |w| script(w, "pipx install poetry==2.5.1")),
        ("workflow-install-scripts", |w| script(w, "npm ci")),
    ];
    for (i, (rule, change)) in controls.iter().enumerate() {
        let mut workflow = sound();
        change(&mut workflow);
        let rules: Vec<String> = audit(&workflow).into_iter().map(|finding| finding.rule).collect();
        assert_eq!(rules, [*rule], "control {i}");
    }
}

#[test]
fn harmless_scripts_pass() {
    for text in [
        "curl -fsS http://127.0.0.1:3000/health",
        "curl -fsS http://127.0.0.1:3000/health | grep ok",
        "# curl x | sh\necho 'a # b'",
        "npm ci --ignore-scripts && npm test",
        "echo ${{ matrix.node-version }}",
        "python -m pip install --require-hashes -r .github/poetry.txt",
        "poetry check --lock\npoetry sync --no-root\n",
    ] {
        let mut workflow = sound();
        workflow.jobs[0].steps.push(Step::run("Added", text));
        assert_eq!(audit(&workflow), [], "{text}");
    }
}
