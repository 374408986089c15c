//! Plans for tests.

use super::builder::*;
use crate::domain::*;

/// One entity, from making to removing.
pub(super) fn tasks(stack: Stack) -> (ArchitecturePlan, StorySet) {
    use CriterionCheck as Check;
    let of = || "task".to_owned();
    PlanBuilder::new(stack)
        .entity(
            "task",
            "tasks",
            vec![
                text("title", 1, 120),
                optional(text("notes", 0, 500)),
                optional(field("due_date", FieldKind::Date)),
                started(listed("status", &["open", "done"]), "open"),
            ],
        )
        .story(
            "Add a task",
            &[],
            vec![operation("task", OperationKind::Create)],
            vec![
                ("the task is kept and can be read", Check::CreateAndRead { entity: of() }),
                ("a task without a title is refused", Check::Required { entity: of(), field: "title".into() }),
                ("titles have at most 120 characters", Check::Limits { entity: of(), field: "title".into() }),
            ],
        )
        .story(
            "See my tasks",
            &["Add a task"],
            vec![operation("task", list(&["status"]))],
            vec![("every task is in the list", Check::Listed { entity: of() })],
        )
        .story(
            "Mark a task as done",
            &["Add a task"],
            vec![operation("task", transition("status", "done"))],
            vec![
                (
                    "the task's status is \"done\"",
                    Check::Transitioned { entity: of(), field: "status".into(), to: "done".into() },
                ),
                ("a sound is played", Check::Unmapped { reason: "a sound can't be heard over HTTP".into() }),
            ],
        )
        .story("Change a task", &["Add a task"], vec![operation("task", OperationKind::Update)], vec![])
        .story("Remove a task", &["Add a task"], vec![operation("task", OperationKind::Delete)], vec![])
        .story("Draw a burn-down chart", &[], vec![], vec![])
        .needs_model("it names no kind of record")
        .build()
}

/// Five entities with references, limits, unique fields and transitions; made in an order that needs care.
pub(super) fn rental(stack: Stack) -> (ArchitecturePlan, StorySet) {
    use CriterionCheck as Check;
    let crud = |entity: &str, filters: &[&str]| {
        vec![
            operation(entity, OperationKind::Create),
            operation(entity, OperationKind::View),
            operation(entity, list(filters)),
            operation(entity, OperationKind::Update),
            operation(entity, OperationKind::Delete),
        ]
    };
    PlanBuilder::new(stack)
        .entity(
            "booking",
            "bookings",
            vec![
                reference("customer", "customer"),
                reference("bike", "bike"),
                reference("pickup_station", "station"),
                optional(reference("return_station", "station")),
                field("bikes", FieldKind::Integer { min: Some(1), max: Some(5) }),
                field("starts_at", FieldKind::DateTime),
                field("price", FieldKind::Decimal { min: Some(1), max: Some(99_999) }),
                optional(listed("status", &["reserved", "picked_up", "returned", "cancelled"])),
            ],
        )
        .entity(
            "customer",
            "customers",
            vec![
                text("name", 2, 80),
                unique(field("email", FieldKind::Email)),
                optional(field("phone", FieldKind::Phone)),
                field("newsletter", FieldKind::Boolean),
                optional(reference("referred_by", "customer")),
            ],
        )
        .entity(
            "bike",
            "bikes",
            vec![
                unique(text("frame_number", 3, 12)),
                listed("size", &["s", "m", "l"]),
                field("gears", FieldKind::Integer { min: None, max: Some(30) }),
                reference("home_station", "station"),
                optional(unique(field("lock_code", FieldKind::Integer { min: Some(1000), max: Some(9999) }))),
            ],
        )
        .entity(
            "station",
            "stations",
            vec![
                unique(text("name", 1, 60)),
                field("opens_at", FieldKind::Time),
                field("opened_on", FieldKind::Date),
                optional(field("capacity", FieldKind::Integer { min: Some(0), max: None })),
            ],
        )
        .entity(
            "service_record",
            "service_records",
            vec![
                unique(reference("bike", "bike")),
                unique(field("day", FieldKind::Date)),
                text("work", 10, 2000),
                optional(field("cost", FieldKind::Decimal { min: None, max: None })),
            ],
        )
        .story(
            "Book a bike",
            &[],
            vec![operation("booking", OperationKind::Create)],
            vec![
                ("the booking is kept", Check::CreateAndRead { entity: "booking".into() }),
                ("at most five bikes", Check::Limits { entity: "booking".into(), field: "bikes".into() }),
                ("a price of a cent up to 999.99", Check::Limits { entity: "booking".into(), field: "price".into() }),
                ("a start is needed", Check::Required { entity: "booking".into(), field: "starts_at".into() }),
                ("a start is a moment", Check::Limits { entity: "booking".into(), field: "starts_at".into() }),
            ],
        )
        .story(
            "Register as a customer",
            &[],
            crud("customer", &["newsletter", "referred_by"]),
            vec![
                ("e-mail addresses are checked", Check::Limits { entity: "customer".into(), field: "email".into() }),
                ("phone numbers are checked", Check::Limits { entity: "customer".into(), field: "phone".into() }),
                ("yes or no", Check::Limits { entity: "customer".into(), field: "newsletter".into() }),
                ("one account an address", Check::Unique { entity: "customer".into(), field: "email".into() }),
            ],
        )
        .story(
            "Add stations",
            &[],
            crud("station", &["opened_on"]),
            vec![
                ("times are checked", Check::Limits { entity: "station".into(), field: "opens_at".into() }),
                ("days are checked", Check::Limits { entity: "station".into(), field: "opened_on".into() }),
                ("capacity from nought", Check::Limits { entity: "station".into(), field: "capacity".into() }),
            ],
        )
        .story(
            "Add bikes",
            &["Add stations"],
            crud("bike", &["size", "gears", "home_station"]),
            vec![
                ("sizes are checked", Check::Limits { entity: "bike".into(), field: "size".into() }),
                ("gears are checked", Check::Limits { entity: "bike".into(), field: "gears".into() }),
                ("lists by size", Check::Filtered { entity: "bike".into(), field: "size".into() }),
            ],
        )
        .story(
            "Cancel a booking",
            &["Book a bike"],
            vec![operation("booking", transition("status", "cancelled"))],
            vec![],
        )
        .story(
            "Follow bookings",
            &["Book a bike"],
            vec![
                operation("booking", list(&["customer", "status", "price", "starts_at", "return_station"])),
                operation("booking", transition("status", "picked_up")),
                operation("booking", transition("status", "returned")),
                operation("booking", OperationKind::Update),
            ],
            vec![],
        )
        .story("Service a bike", &["Add bikes"], crud("service_record", &["bike", "day", "cost"]), vec![])
        .build()
}

/// Forty stories over six kinds of records, with plurals that are no `s` and titles of many scripts, two of them alike.
pub(super) fn many(stack: Stack) -> (ArchitecturePlan, StorySet) {
    use CriterionCheck as Check;
    const KINDS: [(&str, &str); 6] = [
        ("person", "people"),
        ("category", "categories"),
        ("mouse", "mice"),
        ("species", "species_entries"),
        ("e_mail", "e_mails"),
        ("box_2", "boxes_2"),
    ];
    const TITLES: [&str; 6] = ["Prüfe Straße Nº", "予約を管理する", "Добавить", "Réserver l'été", "إضافة", "🚲 ride"];
    let mut builder = PlanBuilder::new(stack);
    for (position, (name, plural)) in KINDS.into_iter().enumerate() {
        let mut fields = vec![
            text("label", 1, 40),
            optional(field("count", FieldKind::Integer { min: Some(0), max: Some(99) })),
            started(listed("state", &["gone", "new", "in_use"]), "new"),
        ];
        if position > 0 {
            fields.push(optional(reference("belongs_to", KINDS[position - 1].0)));
        }
        builder = builder.entity(name, plural, fields);
    }
    for (position, (name, _)) in KINDS.into_iter().enumerate() {
        let of = || name.to_owned();
        let title = |what: &str| format!("{what} {} {name}", TITLES[position]);
        let criterion = |check: Check| vec![("it is so", check)];
        let plain = |kind| vec![operation(name, kind)];
        builder = builder
            .story(&title("Add"), &[], plain(OperationKind::Create), criterion(Check::CreateAndRead { entity: of() }))
            .story(&title("See"), &[], plain(list(&["state"])), criterion(Check::Listed { entity: of() }))
            .story(&title("Look at"), &[], plain(OperationKind::View), vec![])
            .story(&title("Change"), &[], plain(OperationKind::Update), vec![])
            .story(&title("Remove"), &[], plain(OperationKind::Delete), criterion(Check::Deleted { entity: of() }))
            .story(&title("Use"), &[], plain(transition("state", "in_use")), vec![]);
    }
    for title in ["«Ça»", "«Ça»!", "予", "約"] {
        let limits = Check::Limits { entity: "person".into(), field: "count".into() };
        let required = Check::Required { entity: "person".into(), field: "label".into() };
        let checks = vec![("counts are checked", limits), ("a label is needed", required)];
        builder = builder.story(title, &[], vec![operation("person", OperationKind::Create)], checks);
    }
    builder.build()
}

/// Names that collide with words of the languages and texts that try to break out.
pub(super) fn odd(stack: Stack) -> (ArchitecturePlan, StorySet) {
    use CriterionCheck as Check;
    let nasty = HOSTILE;
    // Nobody can choose a value without text.
    let is_form = crate::stacks::definition(stack).surface == crate::stacks::Surface::Browser;
    let blank = if is_form { "-" } else { "" };
    PlanBuilder::new(stack)
        .entity(
            "class",
            "classes",
            vec![
                text("copy", 1, 3),
                text("schema", 0, 40),
                optional(field("limit", FieldKind::Integer { min: Some(5), max: Some(5) })),
                unique(field("page", FieldKind::Boolean)),
                field("constructor", FieldKind::Boolean),
                unique(text("n", 1, 2)),
                listed(
                    "kind",
                    &["it's \"quoted\"", "back\\slash", "${x}", "*/ end", "a\u{2028}b", "\u{202e}gnp", blank],
                ),
            ],
        )
        .entity(
            "request",
            "requests",
            vec![
                optional(reference("parent", "request")),
                reference("map", "map"),
                optional(unique(field("slot", FieldKind::Time))),
                unique(field("moment", FieldKind::DateTime)),
                unique(field("rate", FieldKind::Decimal { min: Some(-50), max: Some(50) })),
            ],
        )
        .entity(
            "map",
            "maps",
            vec![optional(reference("request", "request")), unique(field("phone", FieldKind::Phone))],
        )
        .entity("error", "errors", vec![reference("none_such", "missing"), reference("index", "index")])
        .entity("index", "indices", vec![reference("error", "error"), unique(listed("code", &["a", "b", "c"]))])
        .entity(
            "equipment",
            "equipment",
            vec![
                text("very_long_description_of_a_thing", 1, 2000),
                optional(unique(text("internationally_unique_code", 4, 64))),
                listed(
                    "current_condition_of_the_thing",
                    &["as good as new", "slightly worn", "broken beyond all repair", "lost somewhere in the harbour"],
                ),
            ],
        )
        .story(
            nasty,
            &[],
            vec![
                operation("class", OperationKind::Create),
                operation("class", OperationKind::Update),
                operation("class", list(&["limit", "page", "kind", "copy"])),
                operation("class", transition("kind", "back\\slash")),
                operation("class", transition("kind", blank)),
            ],
            vec![
                (nasty, Check::CreateAndRead { entity: "class".into() }),
                ("kinds", Check::Limits { entity: "class".into(), field: "kind".into() }),
                ("kinds", Check::Limits { entity: "class".into(), field: "copy".into() }),
                ("five", Check::Limits { entity: "class".into(), field: "limit".into() }),
                ("five \\", Check::Updated { entity: "class".into(), field: None }),
                ("\"", Check::Filtered { entity: "class".into(), field: "page".into() }),
            ],
        )
        .story(
            "Work on requests",
            &[],
            vec![
                operation("request", OperationKind::Create),
                operation("request", list(&["parent", "map", "rate"])),
                operation("request", OperationKind::Update),
                operation("request", OperationKind::Delete),
            ],
            vec![("rates", Check::Limits { entity: "request".into(), field: "rate".into() })],
        )
        .story(
            "Work on maps",
            &[],
            vec![operation("map", OperationKind::Create), operation("map", list(&["request", "phone"]))],
            vec![],
        )
        .story(
            "Report errors",
            &[],
            vec![
                operation("error", OperationKind::Create),
                operation("error", list(&["none_such"])),
                operation("index", OperationKind::Create),
                operation("index", OperationKind::Update),
            ],
            vec![("references", Check::Limits { entity: "error".into(), field: "none_such".into() })],
        )
        .story(
            "Keep equipment",
            &[],
            vec![
                operation("equipment", OperationKind::Create),
                operation("equipment", list(&["current_condition_of_the_thing", "internationally_unique_code"])),
                operation("equipment", OperationKind::Update),
                operation("equipment", transition("current_condition_of_the_thing", "lost somewhere in the harbour")),
            ],
            vec![("codes", Check::Limits { entity: "equipment".into(), field: "internationally_unique_code".into() })],
        )
        .build()
}

pub(super) const HOSTILE: &str =
    "it's \"a\" `b` \\ ${process.exit(1)} */ -- \"\"\" ''' \n\r\n# h\u{2028}x\u{202e}y | <b> {{ z }} @all";
