use super::*;
use crate::stages::document_processor::ReadLimits;
use crate::stages::document_processor::decode::Lines;

fn blocks(text: &str, rules: Rules) -> Vec<Block> {
    let lines = Lines::of_text(text, &ReadLimits::default()).unwrap();
    let mut out = Vec::new();
    read_blocks(&lines.lines(), rules, &[], &mut |block| {
        out.push(block);
        Ok(())
    })
    .unwrap();
    out
}

fn shown(text: &str, rules: Rules) -> Vec<(SegmentKind, String)> {
    blocks(text, rules).into_iter().map(|block| (block.kind, block.text)).collect()
}

use SegmentKind::{Code, Heading, ListItem, Paragraph, Quoted, TableRow};

#[test]
fn markdown_is_cut_into_its_blocks() {
    let text = "# Shop\nA **small** shop\nfor tea.\n\n## Features\n\n- search\n  by name\n- [ ] cart:\n  1. add\n  2. remove\n\n\
                | a | b |\n|---|---|\n| 1 | 2 \\| 3 |\n\n> a wish\n\n```js\nlet x\n\nlet y\n```\nOld\n===\n";
    assert_eq!(
        shown(text, Rules::MARKDOWN),
        [
            (Heading, "Shop".to_owned()),
            (Paragraph, "A small shop for tea.".to_owned()),
            (Heading, "Features".to_owned()),
            (ListItem, "search by name".to_owned()),
            (ListItem, "cart:".to_owned()),
            (ListItem, "add".to_owned()),
            (ListItem, "remove".to_owned()),
            (TableRow, "a | b".to_owned()),
            (TableRow, "1 | 2 | 3".to_owned()),
            (Quoted, "a wish".to_owned()),
            (Code, "let x\n\nlet y\n".to_owned()),
            (Heading, "Old".to_owned()),
        ]
    );
}

#[test]
fn the_trail_names_headings_and_lead_ins() {
    let text = "# A\n## B\nUsers can:\n\n- log in\n- pay:\n  - by card\n- leave\n\nMore text.\n## C\nend";
    let trails: Vec<(String, Vec<String>)> =
        blocks(text, Rules::MARKDOWN).into_iter().map(|block| (block.text, block.headings)).collect();
    let find = |text: &str| trails.iter().find(|(t, _)| t == text).unwrap().1.clone();
    assert_eq!(find("log in"), ["A", "B", "Users can:"]);
    assert_eq!(find("by card"), ["A", "B", "Users can:", "pay:"]);
    assert_eq!(find("leave"), ["A", "B", "Users can:"]);
    assert_eq!(find("More text."), ["A", "B"]);
    assert_eq!(find("end"), ["A", "C"]);
}

#[test]
fn plain_text_headings_need_no_markup() {
    let text = "PROJECT BRIEF\n\n1. Scope\n\nWe sell tea.\n\n1.2 Feature list\n1.2.1 The system shall list teas.\n\n\
                Must have:\n- search\n\nThe end.";
    let found = blocks(text, Rules::TEXT);
    let shown: Vec<(SegmentKind, &str)> = found.iter().map(|b| (b.kind, b.text.as_str())).collect();
    assert_eq!(
        shown,
        [
            (Heading, "PROJECT BRIEF"),
            (Heading, "1. Scope"),
            (Paragraph, "We sell tea."),
            (Heading, "1.2 Feature list"),
            (ListItem, "1.2.1 The system shall list teas."),
            (Heading, "Must have:"),
            (ListItem, "search"),
            (Paragraph, "The end."),
        ]
    );
    assert_eq!(found[6].headings, ["1. Scope", "1.2 Feature list", "Must have:"]);
    assert_eq!(found[7].headings, ["1. Scope", "1.2 Feature list"]);
}

#[test]
fn lines_of_a_block_are_the_lines_it_came_from() {
    let found = blocks("one\ntwo\n\n- a\n  b\n\n```\nx\n```\n", Rules::MARKDOWN);
    let places: Vec<(usize, usize)> = found.iter().map(|b| (b.first, b.last)).collect();
    assert_eq!(places, [(0, 1), (3, 4), (6, 8)]);
}

#[test]
fn a_year_inside_a_paragraph_starts_no_list() {
    assert_eq!(
        shown("We open in\n2026. Then we grow.", Rules::TEXT),
        [(Paragraph, "We open in 2026. Then we grow.".to_owned())]
    );
}

#[test]
fn words_divided_at_the_line_end_are_put_together_in_pdf_only() {
    assert_eq!(
        shown("require-\nments of well-\nKnown", Rules { hyphenated: true, ..Rules::TEXT })[0].1,
        "requirements of well- Known"
    );
    assert_eq!(shown("require-\nments", Rules::TEXT)[0].1, "require- ments");
}

#[test]
fn captions_keep_their_times_apart_from_what_is_said() {
    let found =
        shown("1\n00:00:01,000 --> 00:00:02,000\nHello\nthere\n\n2\n00:00:03,000 --> 00:00:04,000\nBye", Rules::TEXT);
    let said: Vec<&str> = found.iter().filter(|b| b.0 == Paragraph).map(|b| b.1.as_str()).collect();
    assert_eq!(said, ["Hello there", "Bye"]);
}

#[test]
fn nested_quotes_do_not_nest_without_end() {
    let text = format!("{} deep", ">".repeat(5000));
    assert_eq!(shown(&text, Rules::MARKDOWN).len(), 1);
}
