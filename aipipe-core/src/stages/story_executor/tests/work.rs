//! What is planned for the model, and odd plans.

use super::builder::{PlanBuilder, list, operation, story_id, text};
use super::plans::tasks;
use super::*;
use crate::domain::{Author, PlannedChange, Rule, WorkPlan};
use crate::stages::story_executor::model::{job_of, plan_work};
use crate::stages::story_executor::schedule::{Limits, Schedule};

fn work(stack: Stack, (plan, stories): &Plan) -> WorkPlan {
    let project = whole(stack, &(plan.clone(), stories.clone()));
    let files = project.scaffold.iter().chain(project.stories.iter().flat_map(|story| &story.files));
    let tree = files.map(|file| file.path.clone()).collect();
    plan_work(plan, stories, &project.stories, &tree)
}

fn unserved(title: &str, needs: &[&str]) -> impl Fn(PlanBuilder) -> PlanBuilder {
    let (title, needs) = (title.to_owned(), needs.iter().map(|need| (*need).to_owned()).collect::<Vec<_>>());
    move |plan| {
        let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
        plan.story(&title, &needs, vec![], vec![]).needs_model("it names no kind of record")
    }
}

#[test]
fn templates_keep_what_they_cover_and_the_rest_goes_to_the_model_with_the_reason() {
    let work = work(Stack::NodeApi, &tasks(Stack::NodeApi));
    let asked: Vec<_> = work.tasks.iter().map(|task| (&task.story, task.is_completion)).collect();
    let (chart, mark) = (story_id("Draw a burn-down chart"), story_id("Mark a task as done"));
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked.contains(&(&chart, false)) && asked.contains(&(&mark, true)));
    let of = |id: &StoryId| work.tasks.iter().find(|task| task.story == *id).unwrap();
    assert_eq!(of(&mark).criteria.len(), 1, "only the criterion no test checks");
    assert!(of(&mark).reason.contains("a sound can't be heard over HTTP"), "{}", of(&mark).reason);
    assert!(of(&chart).reason.contains("it names no kind of record"));
    assert_eq!(of(&chart).test.as_str(), "tests/stories/draw-a-burn-down-chart.test.ts");
    let files = &work.files.iter().find(|files| files.story == chart).unwrap().files;
    let planned: Vec<_> = files.iter().map(|file| (file.path.as_str(), file.change, file.author)).collect();
    assert!(planned.contains(&("src/app.ts", PlannedChange::Change, Author::Model)), "{planned:?}");
    assert!(planned.contains(&("src/features/draw-a-burn-down-chart", PlannedChange::Create, Author::Model)));
    assert!(work.template_share() > 500 && work.template_share() < 1000, "{}", work.template_share());
}

#[test]
fn a_story_behind_one_of_the_model_is_the_models_too() {
    let plan = PlanBuilder::new(Stack::PythonApi).entity("tide", "tides", vec![text("harbour", 1, 50)]).story(
        "Add tides",
        &[],
        vec![operation("tide", OperationKind::Create)],
        vec![],
    );
    let plan = unserved("Predict tides", &[])(plan).story(
        "See tides",
        &["Predict tides"],
        vec![operation("tide", list(&[]))],
        vec![],
    );
    let work = work(Stack::PythonApi, &plan.build());
    let see = work.tasks.iter().find(|task| task.story == story_id("See tides")).unwrap();
    assert_eq!(see.needs, [story_id("Predict tides")]);
    assert_eq!(see.test.as_str(), "tests/stories/test_see_tides.py");
    assert!(see.reason.contains(story_id("Predict tides").as_str()));
    assert_eq!(work.tasks.len(), 2);
}

#[test]
fn odd_names_make_safe_files_and_two_owners_are_told() {
    let first = story_id("Über!");
    let titles = ["Über!", "über", "1984", "class", "../../etc/passwd", "con", "名前", ""];
    let mut plan = PlanBuilder::new(Stack::NodeApi);
    for title in titles {
        plan = unserved(title, &[])(plan);
    }
    // A title made to look like the file of another story.
    let lookalike = format!("ber {first}");
    let work = work(Stack::NodeApi, &unserved(&lookalike, &[])(plan).build());
    let twice: Vec<_> = work.findings.iter().filter(|finding| finding.rule == Rule::FileOwnedTwice).collect();
    assert!(!twice.is_empty(), "{:?}", work.tasks);
    for finding in twice {
        assert!(finding.message.contains(first.as_str()) && finding.message.contains(story_id(&lookalike).as_str()));
    }
    let folders: BTreeSet<&str> =
        work.tasks.iter().flat_map(|task| task.writes.folders()).map(RepoPath::as_str).collect();
    assert!(folders.iter().all(|folder| folder.starts_with("src/features/")), "{folders:?}");
    assert_eq!(folders.len(), titles.len(), "apart from the two they are all different: {folders:?}");
}

#[test]
fn a_component_no_story_needs_is_told() {
    let (mut plan, stories) = tasks(Stack::NodeApi);
    let path = RepoPath::parse("src/idle.ts").unwrap();
    plan.components.push(crate::domain::Component {
        id: ComponentId::parse("idle").unwrap(),
        kind: ComponentKind::Client,
        title: "Idle".into(),
        path: path.clone(),
        exports: vec![],
        depends_on: vec![],
        stories: vec![],
        entity: None,
    });
    let findings = work(Stack::NodeApi, &(plan, stories)).findings;
    let idle: Vec<_> = findings.iter().filter(|finding| finding.rule == Rule::ComponentWithoutStory).collect();
    assert!(idle.iter().any(|finding| finding.file == path && finding.message.contains("idle")), "{findings:?}");
}

#[test]
fn five_hundred_stories_for_the_model_are_planned_and_scheduled() {
    let mut plan = PlanBuilder::new(Stack::NodeApi);
    for number in 0..500_usize {
        let before = number.checked_sub(1).map(|before| format!("Story {before}"));
        let needs: Vec<&str> = before.iter().map(String::as_str).collect();
        plan = unserved(&format!("Story {number}"), &needs)(plan);
    }
    let (plan, stories) = plan.build();
    let rendered: Vec<GeneratedStory> = plan
        .story_plans
        .iter()
        .map(|planned| GeneratedStory {
            story: planned.story.clone(),
            status: StoryStatus::NeedsModel { reason: String::new() },
            files: vec![],
            tests: vec![],
        })
        .collect();
    let work = plan_work(&plan, &stories, &rendered, &BTreeSet::new());
    let jobs = work.tasks.iter().zip(&stories.stories).map(|(task, story)| job_of(task, Some(story))).collect();
    let schedule = Schedule::new(jobs, &Limits::default()).unwrap();
    assert_eq!(schedule.merge_order(), (0..500).collect::<Vec<_>>());
}
