//! What files import is what other files offer.

use super::*;

/// Relative imports of a TypeScript file, as `(path, names)`.
fn typescript_imports(path: &str, text: &str) -> Vec<(String, Vec<String>)> {
    let mut imports = Vec::new();
    for statement in text.split("\nimport ").flat_map(|part| part.split_once(" from \"")) {
        let (names, rest) = statement;
        let target = rest.split('"').next().unwrap();
        if !target.starts_with('.') {
            continue;
        }
        let mut folders: Vec<&str> = path.split('/').collect();
        folders.pop();
        for part in target.split('/') {
            match part {
                "." => {}
                ".." => drop(folders.pop()),
                part => folders.push(part),
            }
        }
        let names = names.split_once('{').unwrap().1.split('}').next().unwrap();
        let names = names.split(',').map(|name| name.trim().trim_start_matches("type ").to_owned());
        imports.push((folders.join("/").replace(".js", ".ts"), names.filter(|name| !name.is_empty()).collect()));
    }
    imports
}

#[test]
fn typescript_imports_name_what_the_files_export() {
    for (stack, plan) in [Stack::NodeApi, Stack::ReactSpa].into_iter().flat_map(|s| PLANS.map(|plan| (s, plan))) {
        for state in states(&whole(stack, &plan(stack))) {
            let mut seen = 0;
            for (path, text) in state.iter().filter(|(path, _)| path.ends_with(".ts") || path.ends_with(".tsx")) {
                for (target, names) in typescript_imports(path, &format!("\n{text}")) {
                    let exporter = ["", ".ts", ".tsx"]
                        .iter()
                        .find_map(|extension| state.get(&format!("{target}{extension}")))
                        .unwrap_or_else(|| panic!("{path} imports {target}"));
                    for name in names {
                        let exported =
                            ["const", "function", "async function", "class", "interface", "type"].iter().any(|kind| {
                                ["(", " ", "<", ":"]
                                    .iter()
                                    .any(|end| exporter.contains(&format!("export {kind} {name}{end}")))
                            });
                        assert!(exported, "{path} imports {name} from {target}");
                        seen += 1;
                    }
                }
            }
            assert!(seen > 2);
        }
    }
}

#[test]
fn python_imports_name_what_the_files_define() {
    for plan in PLANS {
        for state in states(&whole(Stack::PythonApi, &plan(Stack::PythonApi))) {
            for (path, text) in state.iter().filter(|(path, _)| path.ends_with(".py")) {
                for line in text.lines().filter(|line| line.starts_with("from app.") || line.starts_with("from tests."))
                {
                    let (module, names) = line.trim_start_matches("from ").split_once(" import ").unwrap();
                    let target = format!("{}.py", module.replace('.', "/"));
                    let defines = state.get(&target).unwrap_or_else(|| panic!("{path} imports {target}"));
                    for name in names.trim_matches(['(', ')']).split(", ").filter(|name| !name.is_empty()) {
                        let defined = [
                            format!("\nclass {name}("),
                            format!("\nclass {name}:"),
                            format!("\ndef {name}("),
                            format!("\n{name} = "),
                            format!("\n{name}: "),
                        ]
                        .iter()
                        .any(|definition| defines.contains(definition));
                        assert!(defined, "{path} imports {name} from {target}");
                    }
                }
                let mut folder = RepoPath::parse(path.as_str()).unwrap().parent().to_owned();
                while !folder.is_empty() {
                    assert!(state.contains_key(&format!("{folder}/__init__.py")), "{folder} is no package");
                    folder = folder.rsplit_once('/').map_or(String::new(), |(parent, _)| parent.to_owned());
                }
            }
        }
    }
}
