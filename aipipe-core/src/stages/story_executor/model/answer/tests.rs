use super::*;
use proptest::prelude::*;

const LIMIT: usize = 1024 * 1024;

fn fence() -> Fence {
    Fence::of(&["a question"])
}

fn block(word: &str, path: &str, content: &str) -> String {
    let fence = fence();
    format!("{fence} {word} {path}\n{content}{fence} end\n")
}

fn edit(search: &str, replace: &str) -> Edit {
    Edit { search: search.to_owned(), replace: replace.to_owned() }
}

#[test]
fn files_and_edits_are_read_and_talk_is_not() {
    let fence = fence();
    let text = format!(
        "Here it is:\n{}And the edit:\n{}Done.\n",
        block("file", "src/a.ts", "const a = 1;\n"),
        block(
            "edit",
            "src/b.ts",
            &format!("{fence} search\nold\n{fence} replace\nnew\nmore\n{fence} search\nx\n{fence} replace\n")
        ),
    );
    let answer = parse(&text, &fence, LIMIT);
    assert_eq!(answer.faults, []);
    let contents: Vec<_> = answer.blocks.iter().map(|block| (block.path.as_str(), block.content.clone())).collect();
    let edits = vec![edit("old\n", "new\nmore\n"), edit("x\n", "")];
    let expected = [("src/a.ts", Content::Whole("const a = 1;\n".to_owned())), ("src/b.ts", Content::Edits(edits))];
    assert_eq!(contents, expected);
}

#[test]
fn a_file_can_be_taken_back() {
    let fence = fence();
    let answer = parse(&format!("{fence} remove src/a.ts\n{fence} remove ../x\n"), &fence, LIMIT);
    assert_eq!(answer.blocks, [Block { path: RepoPath::parse("src/a.ts").unwrap(), content: Content::Removed }]);
    assert!(matches!(answer.faults[..], [AnswerFault::BadPath { .. }]));
}

#[test]
fn packages_are_named_by_lines_of_their_own() {
    let fence = fence();
    let text = format!("{fence} package date-fns\n{fence} package @scope/name\n{fence} package a b\n{fence} package\n");
    let answer = parse(&text, &fence, LIMIT);
    assert_eq!(answer.packages, BTreeSet::from(["date-fns".to_owned(), "@scope/name".to_owned()]));
    assert!(matches!(answer.faults[..], [AnswerFault::Unexpected { .. }, AnswerFault::Unexpected { .. }]));
}

#[test]
fn content_that_looks_like_the_format_survives() {
    let other = Fence::of(&["another question"]);
    let content = format!("```ts\n{other} end\n@@ end\nFILE: x\n  {} end\n<<<<<<< SEARCH\n", fence());
    let answer = parse(&block("file", "src/a.ts", &content), &fence(), LIMIT);
    assert_eq!(answer.faults, []);
    assert_eq!(answer.blocks[0].content, Content::Whole(content));
    // The control: with the mark of this very question the content would end early.
    let own = format!("a\n{} end\nb\n", fence());
    assert_ne!(parse(&block("file", "src/a.ts", &own), &fence(), LIMIT).blocks[0].content, Content::Whole(own));
}

#[test]
fn a_code_fence_around_a_file_is_taken_off_but_not_one_in_a_document() {
    let fenced = "```ts\nconst a = 1;\n```\n";
    let of = |path| parse(&block("file", path, fenced), &fence(), LIMIT).blocks[0].content.clone();
    assert_eq!(of("src/a.ts"), Content::Whole("const a = 1;\n".to_owned()));
    assert_eq!(of("docs/a.md"), Content::Whole(fenced.to_owned()));
}

#[test]
fn a_cut_answer_keeps_its_whole_blocks_only() {
    let whole = block("file", "src/a.ts", "a\n");
    let cut = format!("{} file src/b.ts\nconst half = ", fence());
    let answer = parse(&format!("{whole}{cut}"), &fence(), LIMIT);
    assert_eq!(answer.blocks.len(), 1);
    assert_eq!(answer.faults, [AnswerFault::Unclosed { path: RepoPath::parse("src/b.ts").unwrap() }]);
}

#[test]
fn what_is_no_answer_is_told() {
    let fence = fence();
    assert_eq!(parse("I can't do that.", &fence, LIMIT).faults, [AnswerFault::NoBlocks]);
    assert_eq!(parse("", &fence, LIMIT).faults, [AnswerFault::NoBlocks]);
    let long = "x".repeat(LIMIT + 1);
    assert_eq!(parse(&long, &fence, LIMIT).faults, [AnswerFault::TooLarge { bytes: LIMIT + 1, limit: LIMIT }]);
    for path in ["../up.ts", "/etc/passwd", "a/.git/config", "C:\\x", ""] {
        let answer = parse(&block("file", path, "x\n"), &fence, LIMIT);
        assert!(matches!(&answer.faults[..], [AnswerFault::BadPath { .. }]), "{path}: {answer:?}");
        assert_eq!(answer.blocks, []);
    }
    let twice = format!("{}{}", block("file", "a.ts", "1\n"), block("file", "a.ts", "2\n"));
    let answer = parse(&twice, &fence, LIMIT);
    assert_eq!(answer.blocks.len(), 1);
    assert!(matches!(answer.faults[..], [AnswerFault::Twice { .. }]));
    let answer = parse(&format!("{fence} search\n{fence} end\n{fence} run rm\n"), &fence, LIMIT);
    assert_eq!(answer.faults.len(), 3);
    let empty = parse(&block("edit", "a.ts", &format!("{fence} search\n\n{fence} replace\nx\n")), &fence, LIMIT);
    assert!(empty.blocks.is_empty() && matches!(empty.faults[0], AnswerFault::EmptyEdit { .. }));
}

#[test]
fn twenty_megabytes_of_anything_are_one_pass() {
    let fence = fence();
    let line = format!("{fence} file ../x\n");
    let marks = line.repeat(20 * 1024 * 1024 / line.len());
    let noise: String = "garbage ``` { @@ } \u{202e}\n".repeat(800_000);
    for text in [marks.as_str(), noise.as_str()] {
        assert!(!parse(text, &fence, usize::MAX).faults.is_empty());
        let refused = parse(text, &fence, LIMIT);
        assert!(matches!(refused.faults[..], [AnswerFault::TooLarge { .. }]));
    }
}

#[test]
fn edits_are_exact_then_forgiving_about_white_space_and_never_guessed() {
    let text = "function a() {\n    return 1;\n}\nfunction b() {\n    return 2;\n}\n";
    assert_eq!(
        apply(text, &[edit("    return 1;\n", "    return 3;\n")]).unwrap(),
        "function a() {\n    return 3;\n}\nfunction b() {\n    return 2;\n}\n"
    );
    // The model saw two spaces where four are: its lines move along.
    assert_eq!(
        apply(text, &[edit("  return  2;\n", "  const two = 2;\n\n  return two;\n")]).unwrap(),
        "function a() {\n    return 1;\n}\nfunction b() {\n    const two = 2;\n\n    return two;\n}\n"
    );
    let deep = apply("a\n  b\n", &[edit("      b\n", "      c\n        d\n")]).unwrap();
    assert_eq!(deep, "a\n  c\n    d\n");
    assert_eq!(apply(text, &[edit("return 9;\n", "")]), Err(EditFault::NotFound { number: 1 }));
    assert_eq!(apply(text, &[edit("}\n", "")]), Err(EditFault::Ambiguous { number: 1 }));
    let second = [edit("    return 1;\n", "    return 2;\n"), edit("    return 2;\n", "")];
    assert_eq!(apply(text, &second), Err(EditFault::Ambiguous { number: 2 }));
}

#[test]
fn repeated_lines_take_linear_work() {
    let text = "a\n".repeat(200_000);
    let search = format!("{}b\n", "a\n".repeat(100_000));
    assert_eq!(apply(&text, &[edit(&search, "")]), Err(EditFault::NotFound { number: 1 }));
}

fn piece() -> impl Strategy<Value = String> {
    let fence = fence();
    let words = [
        "file a.ts",
        "file ../x",
        "edit a.ts",
        "search",
        "replace",
        "end",
        "",
        "odd",
        "file b/c.py",
        "remove d.ts",
        "remove",
    ];
    let marked = prop::sample::select(words.to_vec()).prop_map(move |word| format!("{fence} {word}"));
    prop_oneof![marked, "[ -~\\t\\r]{0,20}", ".{0,8}"]
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(lines in prop::collection::vec(piece(), 0..40)) {
        let text = lines.join("\n");
        let answer = parse(&text, &fence(), LIMIT);
        let mut paths = BTreeSet::new();
        for block in &answer.blocks {
            prop_assert!(paths.insert(block.path.clone()));
            if let Content::Edits(edits) = &block.content {
                prop_assert!(!edits.is_empty() && edits.iter().all(|edit| !edit.search.trim().is_empty()));
            }
        }
        prop_assert!(!answer.blocks.is_empty() || !answer.faults.is_empty());
    }

    #[test]
    fn any_content_comes_back_as_it_was(lines in prop::collection::vec("[^\\r\\n]{0,40}", 0..20)) {
        let content: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let answer = parse(&block("file", "notes.md", &content), &fence(), LIMIT);
        prop_assert_eq!(answer.faults.len(), 0);
        prop_assert_eq!(&answer.blocks[0].content, &Content::Whole(content));
    }

    #[test]
    fn an_edit_changes_the_lines_it_names_and_no_other(
        lines in prop::collection::vec("[a-c ]{0,3}", 1..20), from in any::<prop::sample::Index>(), count in 1_usize..4, new in "[d-f]{1,4}"
    ) {
        let from = from.index(lines.len());
        let searched = &lines[from..(from + count).min(lines.len())];
        let text = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        if let Ok(after) = apply(&text(&lines), &[edit(&text(searched), &format!("{new}\n"))]) {
            let mut expected = lines.clone();
            expected.splice(from..from + searched.len(), [new]);
            let shape = |text: &str| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>();
            prop_assert_eq!(shape(&after), shape(&text(&expected)));
        }
    }
}
