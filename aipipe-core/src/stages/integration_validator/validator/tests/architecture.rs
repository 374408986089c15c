use super::*;
use crate::domain::StoryId;

fn path(text: &str) -> RepoPath {
    RepoPath::parse(text).unwrap()
}

#[test]
fn what_the_plan_promised_must_be_there() {
    let mut facts = ArchitectureFacts::default();
    facts.components.insert(path("src/gone.txt"), ["a".to_owned()].into());
    facts.story_files.insert(StoryId::parse("us-001").unwrap(), [path("src/there.txt"), path("src/late.txt")].into());
    let options = ValidatorOptions::default().with_architecture(facts);
    let found = found_with(options, &[("src/there.txt", "")]);
    assert_eq!(found, ["error missing-component src/gone.txt", "error missing-story-file src/late.txt"]);
}

#[cfg(feature = "js")]
#[test]
fn components_export_what_was_promised_and_layers_keep_apart() {
    let mut facts = ArchitectureFacts::default();
    facts.components.insert(path("src/services/rooms.ts"), ["list".to_owned(), "book".to_owned()].into());
    facts.layers = vec![
        LayerRule { folder: path("src/services"), may_import: [path("src/models")].into() },
        LayerRule { folder: path("src/models"), may_import: [].into() },
        LayerRule { folder: path("src/views"), may_import: [path("src/services")].into() },
    ];
    let options = ValidatorOptions::default().with_architecture(facts);
    let files = [
        ("src/index.ts", "import { view } from './views/rooms'\nview()\n"),
        ("src/views/rooms.ts", "import { list } from '../services/rooms'\nexport const view = () => list()\n"),
        (
            "src/services/rooms.ts",
            "import { rooms } from '../models/rooms'\nexport { book } from './book'\nexport const list = () => rooms\n",
        ),
        ("src/services/book.ts", "export const book = () => 1\n"),
        (
            "src/models/rooms.ts",
            "import type { view } from '../views/rooms'\nexport const rooms: (typeof view)[] = []\n",
        ),
    ];
    let unused = ["warning unused-export src/services/book.ts", "warning unused-export src/services/rooms.ts"];
    assert_eq!(found_with(options.clone(), &files), unused);
    let mut wrong = files;
    wrong[2].1 = "import { rooms } from '../models/rooms'\nimport { view } from '../views/rooms'\nexport const list = () => [rooms, view]\n";
    let found = found_with(options, &wrong);
    assert!(found.contains(&"error missing-component-export src/services/rooms.ts".to_owned()), "{found:?}");
    assert!(found.contains(&"error layer-violation src/services/rooms.ts".to_owned()), "{found:?}");
}
