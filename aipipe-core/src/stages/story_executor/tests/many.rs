//! Large projects: every state costs what it changes.

use super::builder::{PlanBuilder, list, listed, operation, story_id, text, transition};
use super::*;

/// Five stories for each of so many kinds of record, one after the other.
fn kinds(stack: Stack, count: usize) -> Plan {
    let mut plan = PlanBuilder::new(stack);
    for number in 0..count {
        let name = format!("kind_{number}");
        let of = |kind| vec![operation(&name, kind)];
        let made = || CriterionCheck::CreateAndRead { entity: name.clone() };
        let fields = vec![text("title", 1, 80), listed("state", &["open", "closed"])];
        let add = format!("Add {name}");
        plan = plan
            .entity(&name, &format!("{name}s"), fields)
            .story(&add, &[], of(OperationKind::Create), vec![("it is there", made())])
            .story(&format!("See {name}"), &[&add], of(list(&["state"])), vec![])
            .story(&format!("Change {name}"), &[&add], of(OperationKind::Update), vec![])
            .story(&format!("Close {name}"), &[&add], of(transition("state", "closed")), vec![])
            .story(&format!("Remove {name}"), &[&add], of(OperationKind::Delete), vec![]);
    }
    plan.build()
}

/// As many stories that all make records of one kind.
fn of_one_kind(stack: Stack, count: usize) -> Plan {
    let mut plan = PlanBuilder::new(stack).entity("task", "tasks", vec![text("title", 1, 80)]);
    for number in 0..count {
        let create = vec![operation("task", OperationKind::Create)];
        plan = plan.story(&format!("Add a task, way {number}"), &[], create, vec![]);
    }
    plan.build()
}

/// How many files are rendered for the whole project, and how many of them are not those of all stories together.
fn rendered(stack: Stack, (plan, stories): &Plan) -> usize {
    let generator = Generator::new(stack).unwrap();
    let mut projector = generator.projector(plan, stories).unwrap();
    let project = generator.whole_by(&mut projector, plan, stories).unwrap();
    let done = project.stories.iter().filter(|story| matches!(story.status, StoryStatus::Done)).count();
    assert_eq!(done, stories.stories.len());
    projector.rendered()
}

#[test]
fn the_work_for_a_story_does_not_grow_with_the_project() {
    for stack in STACKS {
        for (what, plan) in [("kinds", kinds as fn(Stack, usize) -> Plan), ("of one kind", of_one_kind)] {
            let (few, many) = (rendered(stack, &plan(stack, 8)), rendered(stack, &plan(stack, 24)));
            // Three times the stories are three times the work, and what each renders is a small part of the project.
            assert!(many * 10 <= few * 33, "{stack}, {what}: {few} files for 8, {many} for 24");
        }
    }
}

#[test]
fn a_state_is_the_same_whatever_was_rendered_before() {
    for stack in STACKS {
        for plan in PLANS.into_iter().chain([(|stack| kinds(stack, 2)) as fn(Stack) -> Plan]) {
            let (plan, stories) = plan(stack);
            let generator = Generator::new(stack).unwrap();
            let order = Generator::order(&plan, &stories);
            let mut led = generator.projector(&plan, &stories).unwrap();
            // To the end, back to the beginning, and every second story.
            let half: Vec<StoryId> = order.iter().step_by(2).cloned().collect();
            let ways = (0..=order.len()).map(|end| order[..end].to_vec()).chain([vec![], half, order.clone()]);
            for done in ways {
                let fresh = generator.projector(&plan, &stories).unwrap().state(&done).unwrap();
                let led = led.state(&done).unwrap();
                let contents = |project: &project::Project| {
                    project.files().map(|file| (file.path.clone(), file.content.clone())).collect::<Vec<_>>()
                };
                assert_eq!(contents(&led), contents(&fresh), "{stack}, {} stories", done.len());
            }
        }
    }
}

#[test]
fn a_story_named_like_a_device_has_tests_that_can_lie_anywhere() {
    let plan = PlanBuilder::new(Stack::NodeApi).entity("task", "tasks", vec![text("title", 1, 80)]);
    let (plan, stories) = plan.story("con", &[], vec![operation("task", OperationKind::Create)], vec![]).build();
    let project = whole(Stack::NodeApi, &(plan, stories));
    let test = format!("tests/stories/con-{}.test.ts", story_id("con"));
    assert!(project.stories[0].files.iter().any(|file| file.path.as_str() == test), "{:?}", project.stories[0].files);
}
