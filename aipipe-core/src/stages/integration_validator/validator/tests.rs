use super::*;
use crate::domain::{Rule, Severity};

fn check(files: &[(&str, &str)]) -> Vec<Finding> {
    let files = files.iter().map(|(path, text)| (RepoPath::parse(*path).unwrap(), Arc::from(*text)));
    Validator::new(ValidatorOptions::default(), files).findings()
}

fn rules(files: &[(&str, &str)]) -> Vec<String> {
    check(files).into_iter().map(|finding| format!("{} {}", finding.rule, finding.file)).collect()
}

#[test]
fn names_and_places_clash() {
    assert_eq!(rules(&[("a.txt", ""), ("A.txt", "")]), ["path-case-collision a.txt"]);
    assert_eq!(rules(&[("a", ""), ("a/b", "")]), ["path-conflict a"]);
    let path = RepoPath::parse("a.txt").unwrap();
    let file = SourceFile { path: &path, content: "" };
    let found = check_files(&[file, file], ValidatorOptions::default());
    assert_eq!(found.iter().map(|finding| finding.rule).collect::<Vec<_>>(), [Rule::DuplicatePath]);
    assert_eq!(found[0].severity, Severity::Error);
}
