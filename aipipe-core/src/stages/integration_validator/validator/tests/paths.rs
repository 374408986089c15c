use super::*;

#[test]
fn names_and_places_clash() {
    assert_eq!(errors(&[("a.txt", ""), ("A.txt", "")]), ["path-case-collision a.txt"]);
    assert_eq!(errors(&[("a", ""), ("a/b", "")]), ["path-conflict a"]);
    let path = RepoPath::parse("a.txt").unwrap();
    let file = SourceFile { path: &path, content: "" };
    let found = check_files(&[file, file], ValidatorOptions::default());
    assert_eq!(found.iter().map(|finding| finding.rule).collect::<Vec<_>>(), [Rule::DuplicatePath]);
    assert_eq!(found[0].severity, Severity::Error);
}

#[test]
fn a_rule_can_be_turned_off_and_down() {
    let files = [("a.txt", ""), ("A.txt", "")];
    let with = |level| found_with(ValidatorOptions::default().with_level(Rule::PathCaseCollision, level), &files);
    assert_eq!(with(Level::Off), [""; 0]);
    assert_eq!(with(Level::At(Severity::Warning)), ["warning path-case-collision a.txt"]);
}

#[cfg(not(all(feature = "js", feature = "python")))]
#[test]
fn files_without_a_parser_are_said_to_be_unchecked() {
    let found =
        found(&[("a.ts", "const = 3"), ("b.ts", "")]).concat() + &found(&[("a.py", "def"), ("b.py", "")]).concat();
    assert_eq!(found.contains("not-checked a.ts"), !cfg!(feature = "js"));
    assert_eq!(found.contains("not-checked a.py"), !cfg!(feature = "python"));
    assert!(!found.contains("b."));
}

#[cfg(all(feature = "js", feature = "python"))]
#[test]
fn what_cannot_be_read_is_an_error_in_what_was_generated() {
    let deep = "[".repeat(5_000);
    let files = [("a.ts", &*deep), ("b.py", &*deep)];
    let by = |origin| found_with(ValidatorOptions::default().with_origin(origin), &files);
    let unread = |found: Vec<String>| -> Vec<String> {
        found.into_iter().filter(|finding| finding.contains("not-checked")).collect()
    };
    assert_eq!(unread(by(Origin::Generated)), ["error not-checked a.ts", "error not-checked b.py"]);
    // Of what stands there already it is told as information, which this list leaves out.
    assert_eq!(unread(by(Origin::Existing)), [""; 0]);
}
