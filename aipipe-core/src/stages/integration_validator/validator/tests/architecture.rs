use super::*;
use crate::domain::{ComponentKind, StoryId};

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

#[cfg(feature = "python")]
#[test]
fn python_keeps_the_plan_as_well() {
    let mut facts = ArchitectureFacts::default();
    facts.components.insert(path("app/services.py"), ["Rooms".to_owned(), "book".to_owned()].into());
    facts.layers = vec![
        LayerRule { folder: path("app/api"), may_import: [path("app/models")].into() },
        LayerRule { folder: path("app/models"), may_import: [].into() },
    ];
    let check = |services: &'static str, models: &'static str| {
        let files = [
            ("app/__init__.py", ""),
            ("app/services.py", services),
            ("app/api/__init__.py", ""),
            ("app/api/rooms.py", "from app.models.room import Room\n\n\ndef rooms(): return [Room()]\n"),
            ("app/models/__init__.py", ""),
            ("app/models/room.py", models),
            ("app/main.py", "from app.api import rooms\nfrom app.services import Rooms\nprint(rooms, Rooms)\n"),
        ];
        found_with(ValidatorOptions::default().with_architecture(facts.clone()), &files)
    };
    let (services, room) = ("class Rooms: pass\ndef book(): return Rooms()\n", "class Room: pass\n");
    assert_eq!(check(services, room), [""; 0]);
    assert_eq!(check("class Rooms: pass\n", room), ["error missing-component-export app/services.py"]);
    let found = check(services, "def f():\n    from app.api.rooms import rooms\n    return rooms\nclass Room: pass\n");
    assert_eq!(found, ["error layer-violation app/models/room.py"]);
    let types = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.api.rooms import rooms\nclass Room:\n    all: 'rooms'\n";
    assert_eq!(check(services, types), [""; 0]);
}

#[cfg(feature = "python")]
#[test]
fn components_import_only_what_lies_below_them() {
    let check = |kinds: &[(&str, ComponentKind)]| {
        let kinds = kinds.iter().map(|(file, kind)| (path(file), *kind)).collect();
        let facts = ArchitectureFacts { kinds, ..ArchitectureFacts::default() };
        let files = [
            ("app/__init__.py", ""),
            ("app/room.py", "from app.rooms import rooms\n\n\ndef room(): return rooms\n"),
            ("app/rooms.py", "rooms = 1\n"),
            ("main.py", "from app.room import room\nroom()\n"),
        ];
        found_with(ValidatorOptions::default().with_architecture(facts), &files)
    };
    use ComponentKind::{Application, Client, Model, Repository, Route, View, Widget};
    let upwards =
        [(Model, Repository), (Model, View), (Repository, Route), (Client, View), (Widget, View), (View, Application)];
    for (lower, upper) in upwards {
        let wrong = check(&[("app/room.py", lower), ("app/rooms.py", upper)]);
        assert_eq!(wrong, ["error layer-violation app/room.py"], "{lower:?} {upper:?}");
        assert_eq!(check(&[("app/room.py", upper), ("app/rooms.py", lower)]), [""; 0], "{upper:?} {lower:?}");
    }
    assert_eq!(check(&[("app/room.py", Model), ("app/rooms.py", Model)]), [""; 0]);
    assert_eq!(check(&[("app/room.py", Model)]), [""; 0]);
}
