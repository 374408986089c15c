//! User stories out of merged requirements: role, action, criteria and priority; `title`, `size`, and in `attach` the rules
//! that become criteria.

mod attach;
mod size;
mod title;

use super::ask::Ask;
use super::conflicts::{Conflict, is_function, one_line};
use super::finding::{Finding, Scenario};
use super::merge::Group;
use super::normal::normal;
use super::scenario::{event, with_article};
use crate::domain::{
    AcceptanceCriterion, Basis, CriterionId, Effort, Obligation, Priority, RequirementId, StoryId, UserStory,
};
use std::collections::{BTreeMap, BTreeSet};

/// A story with what is needed to find its neighbours.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) story: UserStory,
    pub(super) class: String,
    pub(super) head: Option<String>,
    /// Content words of the action.
    pub(super) words: Vec<String>,
    pub(super) labels: BTreeSet<String>,
    pub(super) after: BTreeSet<String>,
    pub(super) first: usize,
}

impl Draft {
    /// The thing that exists once the story is done: of "book a bike" a booking, of "create a bike" a bike.
    pub(super) fn makes(&self) -> Option<&str> {
        let occasion = self.head.as_deref().filter(|noun| crate::stages::occasions::is_occasion(noun));
        match self.class.as_str() {
            "book" | "order" | "rent" if occasion.is_some() => occasion,
            "create" | "store" | "request" | "plan" | "log" | "write" => self.head.as_deref(),
            "book" => Some("booking"),
            "order" => Some("order"),
            "rent" => Some("rental"),
            "pay" => Some("payment"),
            _ => None,
        }
    }
}

/// One story a function; rules over the same thing become its criteria. `set_aside` are the losers of contradictions.
pub(super) fn drafts(groups: &[Group], disputes: &[Conflict]) -> (Vec<Draft>, BTreeMap<RequirementId, StoryId>) {
    let mut disputed: BTreeMap<&RequirementId, Vec<&Conflict>> = BTreeMap::new();
    for dispute in disputes {
        disputed.entry(&dispute.kept).or_default().push(dispute);
        disputed.entry(&dispute.set_aside).or_default().push(dispute);
    }
    let by_id: BTreeMap<&RequirementId, &Group> = groups.iter().map(|g| (&g.id, g)).collect();
    let mut drafts: BTreeMap<StoryId, Draft> = BTreeMap::new();
    for group in groups.iter().filter(|g| is_function(g)) {
        let own = disputed.get(&group.id).map_or(&[][..], Vec::as_slice);
        let Some(ask) = undisputed(group, own, &by_id) else { continue };
        let (ask, group) =
            (&ask, &Group { leader: Finding { ask: Some(ask.clone()), ..group.leader.clone() }, ..group.clone() });
        let id = StoryId::for_content(&ask.role.to_lowercase(), &normal(&ask.action.text));
        let draft = drafts.entry(id.clone()).or_insert_with(|| draft(id, ask, group));
        serve(draft, group);
    }
    let mut drafts: Vec<Draft> = drafts.into_values().collect();
    drafts.sort_by_key(|draft| draft.first);
    let attached = attach::rules(&mut drafts, groups, disputes);
    for draft in &mut drafts {
        size::size(draft, &by_id);
    }
    title::give_titles(&mut drafts);
    (drafts, attached)
}

/// What the group asks for once the contradictions are put aside: a loser against a rule keeps its verb and object but not
/// the disputed rest; a loser against another function is left to that one; a winner takes over the role the loser names.
fn undisputed(group: &Group, disputes: &[&Conflict], by_id: &BTreeMap<&RequirementId, &Group>) -> Option<Ask> {
    let mut ask = group.leader.ask.clone()?;
    for dispute in disputes {
        if dispute.set_aside == group.id {
            let kept = by_id.get(&dispute.kept)?;
            if is_function(kept) || kept.leader.negated || kept.obligation == Obligation::Wont {
                return None;
            }
            let verb = ask.action.text.split(' ').next().unwrap_or_default();
            ask.action.text = format!("{verb} {}", ask.action.object.as_deref()?);
        } else if dispute.kept == group.id && ask.role == "user" {
            let loser = by_id.get(&dispute.set_aside).and_then(|g| g.leader.ask.as_ref());
            if let Some(other) =
                loser.filter(|other| other.action.class == ask.action.class && other.action.head == ask.action.head)
            {
                ask.role.clone_from(&other.role);
            }
        }
    }
    Some(ask)
}

fn draft(id: StoryId, ask: &Ask, group: &Group) -> Draft {
    let (priority, priority_basis) = priority(group);
    Draft {
        story: UserStory {
            id,
            title: String::new(),
            role: ask.role.clone(),
            action: ask.action.text.clone(),
            benefit: None,
            criteria: Vec::new(),
            priority,
            priority_basis,
            effort: Effort::at_least(1),
            effort_basis: Basis::Default { reason: String::new() },
            depends_on: Vec::new(),
            requirements: Vec::new(),
        },
        class: ask.action.class.clone(),
        head: ask.action.head.clone(),
        words: super::normal::content_words(&ask.action.text),
        labels: BTreeSet::new(),
        after: BTreeSet::new(),
        first: group.first,
    }
}

fn serve(draft: &mut Draft, group: &Group) {
    draft.story.requirements.push(group.id.clone());
    let (priority, basis) = priority(group);
    if priority < draft.story.priority {
        (draft.story.priority, draft.story.priority_basis) = (priority, basis);
    }
    for member in &group.members {
        draft.labels.extend(member.attributes.label.clone());
        draft.after.extend(member.attributes.after.iter().cloned());
        if let Some(ask) = &member.ask
            && draft.story.benefit.is_none()
        {
            draft.story.benefit.clone_from(&ask.benefit);
        }
        for scenario in &member.scenarios {
            add(&mut draft.story, scenario.clone());
        }
    }
    let plain = group.leader.ask.as_ref().and_then(|ask| plain_scenario(ask, &group.leader));
    if let Some(scenario) = plain {
        add(&mut draft.story, scenario);
    }
    for member in group.members.iter().filter(|m| m.exclusive) {
        if let Some(ask) = &member.ask {
            add(&mut draft.story, others_are_refused(ask, member));
        }
    }
}

/// "Only managers can delete a book" says of all others that they can't.
fn others_are_refused(ask: &Ask, finding: &Finding) -> Scenario {
    let role = &ask.role;
    Scenario {
        given: format!("somebody other than {}", with_article(role)),
        when: format!("they try to {}", ask.action.text),
        then: format!("it is refused, because only {} may do it", with_article(role)),
        citation: finding.citation.clone(),
    }
}

fn add(story: &mut UserStory, scenario: Scenario) {
    let Scenario { given, when, then, citation } = scenario;
    let id = CriterionId::for_content(&story.id, &normal(&given), &normal(&when), &normal(&then));
    if !story.criteria.iter().any(|c| c.id == id) {
        story.criteria.push(AcceptanceCriterion { id, given, when, then, citation });
    }
}

/// The statement itself as a criterion: who does it, what it is done to, that it is done. None where the verb is unknown.
fn plain_scenario(ask: &Ask, finding: &Finding) -> Option<Scenario> {
    let citation = finding.citation.clone();
    let given = with_article(&ask.role);
    let condition = finding
        .condition
        .as_deref()
        .filter(|_| !finding.occasion)
        .map(|c| c.split_once(' ').map_or(c, |(_, rest)| rest).to_owned());
    let then = if ask.action.text.starts_with("be ") {
        let rest = ask.action.text.strip_prefix("be ")?;
        condition.as_ref()?;
        format!("the {} is {rest}", ask.role)
    } else if condition.is_some() {
        let verb = if ask.role == "system" {
            event(&ask.role, &ask.action.text)
        } else {
            format!("the {} can {}", ask.role, ask.action.text)
        };
        return Some(Scenario { given, when: condition?, then: verb, citation });
    } else {
        // "uses a calendar … is used" would say nothing
        if matches!(
            ask.action.class.as_str(),
            "use"
                | "get"
                | "work"
                | "manage"
                | "support"
                | "handle"
                | "give"
                | "take"
                | "ensure"
                | "provide"
                | "process"
                | "receive"
                | "offer"
                | "implement"
        ) {
            return None;
        }
        let object = ask.action.object.as_deref()?;
        let (first, rest) = object.split_once(' ').unwrap_or(("", object));
        let determined = super::lexicon::DETERMINERS.contains(&first.to_lowercase().as_str());
        let bare = if determined { rest } else { object };
        let counted = bare.split(" of ").next().unwrap_or(bare);
        let last = counted.rsplit(' ').next().unwrap_or(counted).to_lowercase();
        let many = super::lexicon::singular(&last) != last || bare.contains(" and ");
        let be = if many { "are" } else { "is" };
        let result = if ask.action.class == "mark" {
            ask.action.text.split_once(" as ").map(|(_, as_what)| as_what)
        } else {
            None
        };
        let filtered = if ask.action.class == "filter" {
            ask.action.text.split_once(" by ").map(|(_, field)| field)
        } else {
            None
        };
        match (result, filtered) {
            (Some(result), _) => format!("the {bare} {be} {} as {result}", ask.action.participle?),
            (_, Some(field)) => format!("the {bare} {be} {} by {field}", ask.action.participle?),
            _ => format!("the {bare} {be} {}", ask.action.participle?),
        }
    };
    let when = condition.unwrap_or_else(|| event(&ask.role, &ask.action.text));
    Some(Scenario { given, when, then, citation })
}

fn priority(group: &Group) -> (Priority, Basis) {
    let stated =
        group.members.iter().filter_map(|m| m.attributes.priority.clone()).min_by_key(|(priority, _)| *priority);
    if let Some((priority, quote)) = stated {
        return (priority, Basis::Stated { quote });
    }
    let of = |obligation| match obligation {
        Obligation::Must => Priority::P0,
        Obligation::Should => Priority::P1,
        Obligation::Could => Priority::P2,
        Obligation::Wont => Priority::P3,
    };
    let headed = group
        .members
        .iter()
        .filter_map(|m| m.asked_by_heading.clone().map(|heading| (m.obligation, heading)))
        .min_by_key(|(o, _)| *o);
    if let Some((obligation, quote)) = headed {
        return (of(obligation), Basis::Stated { quote: one_line(&quote) });
    }
    let words = match group.obligation {
        Obligation::Must => "no priority is stated; the text says it must be so",
        Obligation::Should => "no priority is stated; the text asks for it without calling it indispensable",
        Obligation::Could => "no priority is stated; the text calls it welcome, not needed",
        Obligation::Wont => "no priority is stated; the text excludes it for now",
    };
    (of(group.obligation), Basis::Default { reason: words.to_owned() })
}
