//! Domain values can't hold what would hurt: paths, keys, names, money, times.

use aipipe_core::domain::{
    ArtifactKey, BranchName, CommitSha, Cost, DocumentId, DocumentName, Effort, ExecutionId, IdempotencyKey, PicoUsd,
    ProjectName, ProjectRoot, RepoPath, RepositoryName, Stack, Timestamp, slugify,
};
use proptest::prelude::*;
use std::path::{Component, Path};

const BAD_PATHS: &[&str] = &[
    "",
    "/",
    "/etc/passwd",
    "..",
    "../x",
    "a/../b",
    "a/..",
    "./a",
    "a/./b",
    "a//b",
    "a/",
    "\\\\server\\share",
    "C:\\x",
    "C:x",
    "a\\b",
    "a\0b",
    "a\nb",
    "a\u{7f}b",
    ".git",
    ".git/config",
    "a/.git/hooks/x",
    ".GIT/config",
    ".Git",
    "git~1",
    "GIT~1/config",
    ".git.",
    ".git ",
    ".gi\u{200c}t/config",
    ".git\u{200b}/x",
    "a\u{202e}b",
    "con",
    "CON.txt",
    "aux.c",
    "nul",
    "com1",
    "LPT9.log",
    "com\u{b9}",
    "a.",
    "a ",
    " a",
    "a/b.",
    "a:b",
    "a*b",
    "a?b",
    "a|b",
    "a<b",
    "a\"b",
    "%2e%2e/\u{2028}",
];

const GOOD_PATHS: &[&str] = &[
    "a",
    "src/index.ts",
    ".github/workflows/ci.yml",
    ".gitignore",
    ".gitattributes",
    "gitx/y",
    "a b/c d.txt",
    "ä/文書.md",
    "con-sole.ts",
    "company.ts",
    "com10",
    "...a",
    "a..b",
    "%2e%2e/x",
    "app/__init__.py",
    "@scope/x",
    "[id].tsx",
    "~x",
];

#[test]
fn hostile_paths_are_refused_and_ordinary_ones_are_not() {
    for path in BAD_PATHS {
        assert!(RepoPath::parse(*path).is_err(), "{path:?} was let in");
    }
    for path in GOOD_PATHS {
        assert!(RepoPath::parse(*path).is_ok(), "{path:?} was refused");
    }
    assert!(RepoPath::parse("a/".repeat(600) + "a").is_err(), "too long");
    assert!(RepoPath::parse("x".repeat(256)).is_err(), "a component too long");
    assert!(serde_json::from_str::<RepoPath>("\"../x\"").is_err(), "serde goes through parse");
    assert!(RepoPath::parse(".GitHub/workflows/x.yml").unwrap().is_reserved_for_ci());
}

#[test]
fn names_are_what_they_say() {
    for bad in ["", "a/b", "../a", "Ä", "A", "a_b", "-a", "a-", "a--b", "🚲", "a b", &"x".repeat(64)] {
        assert!(ProjectName::parse(bad).is_err(), "{bad:?}");
    }
    for bad in ["", ".", "..", "-x", ".x", "a/b", "x.git", "x.GIT", "a b"] {
        assert!(RepositoryName::parse(bad).is_err(), "{bad:?}");
    }
    for bad in
        ["", "-x", "a..b", "a//b", "/a", "a/", "a.lock", "a/.b", "x@{1}", "@", "HEAD", "a b", "a~1", "a^", "a:b", "ä"]
    {
        assert!(BranchName::parse(bad).is_err(), "{bad:?}");
    }
    for bad in ["", "abc", &"g".repeat(40), &"A".repeat(40), &"a".repeat(41)] {
        assert!(CommitSha::parse(bad).is_err(), "{bad:?}");
    }
    for bad in ["a/b", "..", "", "nul", "x\u{202e}fdp.exe", &"n".repeat(201)] {
        assert!(DocumentName::parse(bad).is_err(), "{bad:?}");
    }
    assert_eq!(slugify("Angebot für März: 2. Fassung!", 20), "angebot-f-r-m-rz-2");
    assert_eq!("node-api".parse::<Stack>().unwrap(), Stack::NodeApi);
    assert!(Effort::parse(4).is_err() && Effort::at_least(4).points() == 5 && Effort::at_least(99).points() == 13);
}

#[test]
fn a_project_root_is_a_name_and_a_day() {
    let root = ProjectRoot::parse("harbour-bikes-2026-03-09").unwrap();
    assert_eq!((root.project().as_str(), root.date()), ("harbour-bikes", "2026-03-09"));
    assert_eq!(ProjectRoot::parse(&root.to_string()).unwrap(), root);
    for bad in ["", "2026-03-09", "-2026-03-09", "x-2026-13-01", "x-2026-02-30", "x 2026-03-09", "é-2026-03-09"] {
        assert!(ProjectRoot::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn artifact_keys_have_the_layouts_users_know() {
    let root = ProjectRoot::parse("shop-2026-03-09").unwrap();
    let execution = ExecutionId::parse("run-1").unwrap();
    let name = DocumentName::parse("brief.pdf").unwrap();
    let document = DocumentId::for_name(&name);
    assert_eq!(ArtifactKey::raw(&root, &name).as_str(), "shop-2026-03-09/raw/brief.pdf");
    assert_eq!(
        ArtifactKey::processed(&root, &execution, &document).as_str(),
        format!("shop-2026-03-09/processed/run-1/{document}.txt")
    );
    let path = RepoPath::parse("src/app.ts").unwrap();
    assert_eq!(ArtifactKey::generated(&root, &execution, &path).as_str(), "shop-2026-03-09/generated/run-1/src/app.ts");
    assert_eq!(ArtifactKey::vectors(&root, "minilm").unwrap().as_str(), "shop-2026-03-09/vectors/minilm");
    for bad in
        ["shop-2026-03-09", "shop-2026-03-09/raw", "shop-2026-03-09/other/x", "shop/raw/x", "shop-2026-03-09/raw/../x"]
    {
        assert!(ArtifactKey::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn money_is_exact_and_unknown_prices_stay_unknown() {
    assert_eq!(PicoUsd::new(13_550_000_000).to_string(), "0.01355");
    assert_eq!(PicoUsd::new(2_000_000_000_000).to_string(), "2.00");
    let known = Cost::Known(PicoUsd::new(1));
    assert_eq!(known.plus(known), Cost::Known(PicoUsd::new(2)));
    assert_eq!(known.plus(Cost::AtLeast(PicoUsd::ZERO)), Cost::AtLeast(PicoUsd::new(1)));
    assert_eq!(Cost::Known(PicoUsd::new(u64::MAX)).plus(known), Cost::AtLeast(PicoUsd::new(u64::MAX)));
}

#[test]
fn executions_are_the_same_for_the_same_project_and_key_only() {
    let id = |project: &str, key: &str| {
        ExecutionId::for_key(&ProjectName::parse(project).unwrap(), &IdempotencyKey::parse(key).unwrap())
    };
    assert_eq!(id("a", "k"), id("a", "k"));
    assert_ne!(id("a", "k"), id("b", "k"));
    assert_ne!(id("a", "bk"), id("ab", "k"));
}

proptest! {
    #[test]
    fn no_text_becomes_a_path_that_leaves_its_root(text in any::<String>()) {
        if let Ok(path) = RepoPath::parse(text.clone()) {
            prop_assert_eq!(path.as_str(), text.as_str());
            prop_assert!(Path::new(path.as_str()).components().all(|part| matches!(part, Component::Normal(_))));
            prop_assert_eq!(RepoPath::parse(path.as_str()).unwrap(), path);
        }
    }

    #[test]
    fn paths_of_hostile_pieces_are_refused_when_a_piece_is(
        pieces in prop::collection::vec(prop::sample::select(vec!["a", "b c", "..", ".", "", ".git", "x.ts", "nul", "ü"]), 1..6)
    ) {
        let bad = pieces.iter().any(|piece| ["..", ".", "", ".git", "nul"].contains(piece));
        prop_assert_eq!(RepoPath::parse(pieces.join("/")).is_err(), bad);
    }

    #[test]
    fn artifact_keys_read_back(path in "[a-z]{1,8}(/[a-z .]{0,6}[a-z]){0,3}") {
        if let Ok(path) = RepoPath::parse(path) {
            let root = ProjectRoot::parse("p-2026-01-05").unwrap();
            let key = ArtifactKey::generated(&root, &ExecutionId::parse("e").unwrap(), &path);
            prop_assert_eq!(ArtifactKey::parse(key.as_str()).unwrap(), key);
        }
    }

    #[test]
    fn times_read_back_and_days_are_days(millis in -62_135_596_800_000_i64..253_402_207_200_000) {
        let time = Timestamp::from_unix_millis(millis);
        prop_assert_eq!(Timestamp::parse(&time.to_string()).unwrap(), time);
        prop_assert_eq!(time.date().len(), 10);
        prop_assert_eq!(Timestamp::parse(&time.sort_key()).unwrap(), time);
    }

    #[test]
    fn times_sort_by_their_sort_keys(millis in -62_135_596_800_000_i64..253_402_207_199_000, later in 1_i64..2_000) {
        let [first, second] = [millis, millis + later].map(Timestamp::from_unix_millis);
        prop_assert!(first.sort_key() < second.sort_key(), "{} {}", first.sort_key(), second.sort_key());
    }

    #[test]
    fn every_document_name_has_an_id(name in "\\PC{1,60}") {
        if let Ok(name) = DocumentName::parse(name) {
            let id = DocumentId::for_name(&name);
            prop_assert!(DocumentId::parse(id.as_str()).is_ok(), "{id}");
        }
    }

    #[test]
    fn slugs_are_slugs(text in any::<String>(), max in 1_usize..40) {
        let slug = slugify(&text, max);
        prop_assert!(slug.is_empty() || (slug.len() <= max && ExecutionId::parse(slug).is_ok()));
    }
}
