use super::*;
use std::collections::BTreeSet;

#[test]
fn all_five_parse_and_are_pinned_exactly() {
    for stack in Stack::ALL {
        let definition = definition(stack);
        assert_eq!(definition.stack, stack);
        assert!(!definition.dependencies.is_empty(), "{stack}");
        let versions = [&definition.dependencies, &definition.development_dependencies, &definition.further_packages];
        let runners = definition.test_runners.values();
        let of_runners = runners.flat_map(|rule| [&rule.development_dependencies, &rule.overrides]);
        for (name, version) in versions.into_iter().chain(of_runners).flatten() {
            let exact = version.split('.').count() == 3 && version.split('.').all(|part| part.parse::<u32>().is_ok());
            assert!(exact, "{stack}: {name} {version}");
        }
        assert!(!definition.further_packages.is_empty(), "{stack}");
        for purpose in ["install", "lint", "typecheck", "test", "start"] {
            assert!(definition.commands.contains_key(purpose), "{stack}: {purpose}");
        }
        for check in &definition.required_checks {
            assert!(definition.commands.contains_key(check.as_str()), "{stack}: {check} has no command");
        }
    }
}

#[test]
fn a_package_stands_in_one_list_only() {
    for stack in Stack::ALL {
        let definition = definition(stack);
        let lists = [&definition.dependencies, &definition.development_dependencies, &definition.further_packages];
        let mut seen = BTreeSet::new();
        for name in lists.into_iter().flat_map(BTreeMap::keys) {
            assert!(seen.insert(name), "{stack}: {name}");
        }
    }
}

#[test]
fn another_test_runner_takes_the_place_of_all_that_only_vitest_needs() {
    for stack in [Stack::ReactSpa, Stack::NodeApi] {
        let [vitest, jest] = TestRunner::ALL.map(|runner| definition_with(stack, Some(runner)).unwrap());
        assert_eq!((vitest.test_runner, jest.test_runner), (Some(TestRunner::Vitest), Some(TestRunner::Jest)));
        let names = |definition: &StackDefinition| definition.pinned().map(|d| d.name).collect::<BTreeSet<_>>();
        for left_out in &vitest.test_runners[&TestRunner::Jest].leaves_out {
            assert!(names(vitest).contains(left_out) && !names(jest).contains(left_out), "{stack}: {left_out}");
        }
        assert!(!names(jest).iter().any(|name| name.contains("vitest")), "{stack}");
        assert!(names(jest).contains("jest") && !names(vitest).contains("jest"), "{stack}");
        let files = |definition: &StackDefinition| {
            definition.files.iter().map(|rule| rule.path.to_string()).collect::<BTreeSet<_>>()
        };
        assert!(files(jest).contains("jest.config.js") && !files(vitest).contains("jest.config.js"), "{stack}");
    }
}

#[test]
fn the_node_stacks_share_their_tools() {
    let version = |stack: Stack, name: &str| {
        definition(stack).pinned().find(|dependency| dependency.name == name).map(|dependency| dependency.version)
    };
    for stack in [Stack::ReactSpa, Stack::ReactFullstack, Stack::VueSpa] {
        for tool in ["typescript", "vitest", "fast-check", "eslint"] {
            assert_eq!(version(stack, tool), version(Stack::NodeApi, tool), "{stack}: {tool}");
        }
    }
    assert_eq!(version(Stack::NodeApi, "@types/node").as_deref(), Some("20.19.43"));
    assert_eq!(version(Stack::PythonApi, "fastapi").as_deref(), Some("0.165.0"));
}

#[test]
fn every_template_a_table_names_is_there_and_every_own_one_is_named() {
    for stack in Stack::ALL {
        let known: BTreeSet<&str> = templates(stack).map(|(name, _)| name).collect();
        if known.is_empty() {
            continue;
        }
        let variants = TestRunner::ALL.into_iter().filter_map(|runner| definition_with(stack, Some(runner)).ok());
        let rules = variants.chain([definition(stack)]).flat_map(|definition| &definition.files);
        let named: BTreeSet<&str> = rules.map(|rule| rule.template.as_str()).collect();
        assert!(named.is_subset(&known), "{stack}: {:?}", named.difference(&known));
        let sources: Vec<&str> = templates(stack).map(|(_, source)| source).collect();
        let included = |name: &str| sources.iter().any(|source| source.contains(&format!("\"{name}\"")));
        for own in known.iter().filter(|name| !name.starts_with("shared/")) {
            assert!(named.contains(own) || included(own), "{stack}: nothing uses {own}");
        }
    }
}

#[test]
fn files_lie_in_the_folders_of_the_layout_and_components_stand_after_what_they_need() {
    for stack in Stack::ALL {
        let definition = definition(stack);
        let mut roles = BTreeSet::new();
        for rule in &definition.files {
            let path = rule.path.to_string();
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            // Folders with a dot are for tools; the layout is about the code.
            let known = folder.is_empty()
                || folder.starts_with('.')
                || folder == "{folder}"
                || definition.layout.folders.contains_key(folder);
            assert!(known, "{stack}: {path} lies in no folder of the layout");
            let Some(component) = &rule.component else { continue };
            for need in &component.needs {
                let (Need::Own(role) | Need::Referred(role)) = need;
                assert!(roles.contains(role), "{stack}: {path} needs {role}, which does not stand before it");
            }
            assert!(roles.insert(component.role.clone()), "{stack}: {} stands twice", component.role);
        }
    }
}

#[test]
fn a_rule_that_makes_no_sense_is_refused() {
    let rule = |json: &str| serde_json::from_str::<FileRule>(json).map_err(|error| error.to_string());
    let good = r#"{"path": "src/{entity}.ts", "template": "a", "scope": "entity", "reason": "keeps {entities_words}"}"#;
    assert!(rule(good).is_ok());
    for bad in [
        good.replace("src/{entity}.ts", "src/entity.ts"),
        good.replace("\"entity\"", "\"shared\""),
        good.replace("\"entity\"", "\"often\""),
        good.replace("{entities_words}", "{story}"),
        good.replace("{entities_words}", "{unknown}"),
        good.replace("\"reason\"", "\"when\": [\"sometimes\"], \"reason\""),
        good.replace("\"template\"", "\"other\""),
    ] {
        assert!(rule(&bad).is_err(), "{bad}");
    }
}
