//! User stories out of merged requirements: title, role, action, criteria, priority and size.

use super::ask::Ask;
use super::conflicts::{Conflict, is_function, one_line};
use super::finding::{Finding, Scenario};
use super::lexicon::upper_first;
use super::merge::Group;
use super::normal::normal;
use super::scenario::{event, from_statement, with_article};
use super::words::{Token, tokenize};
use crate::domain::{
    AcceptanceCriterion, Basis, CriterionId, Effort, Obligation, Priority, RequirementId, RequirementKind, StoryId,
    TextSpan, UserStory,
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
        match self.class.as_str() {
            "create" => self.head.as_deref(),
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
    let set_aside: BTreeSet<RequirementId> = disputes.iter().map(|c| c.set_aside.clone()).collect();
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
    let attached = attach_rules(&mut drafts, groups, &set_aside);
    for draft in &mut drafts {
        size(draft, &by_id);
    }
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
            title: title(&ask.action.text),
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

/// The action with a capital letter, cut at a word after 72 characters.
fn title(action: &str) -> String {
    let mut title = String::new();
    for word in action.split_whitespace() {
        if !title.is_empty() && title.chars().count() + word.chars().count() > 72 {
            title.push('…');
            break;
        }
        if !title.is_empty() {
            title.push(' ');
        }
        title.extend(word.chars().take(72));
    }
    upper_first(title.trim_end_matches([',', ';', ':']))
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

/// The stories about a thing: the best one for a rule in general, and the best one for each verb class.
#[derive(Debug, Default)]
struct About {
    general: Option<(u8, StoryId, usize)>,
    by_class: BTreeMap<String, (StoryId, usize)>,
}

/// The stories by what they are about and by what they make.
fn by_thing(drafts: &[Draft]) -> BTreeMap<String, About> {
    let mut things: BTreeMap<String, About> = BTreeMap::new();
    for (index, draft) in drafts.iter().enumerate() {
        let made = draft.makes();
        for noun in draft.head.as_deref().into_iter().chain(made).collect::<BTreeSet<_>>() {
            let rank = match draft.class.as_str() {
                _ if made == Some(noun) => 0,
                "update" | "manage" => 1,
                _ => 2,
            };
            let about = things.entry(noun.to_owned()).or_default();
            let own = (rank, draft.story.id.clone(), index);
            if about.general.as_ref().is_none_or(|best| own < *best) {
                about.general = Some(own);
            }
            let own = (draft.story.id.clone(), index);
            let best = about.by_class.entry(draft.class.clone()).or_insert_with(|| own.clone());
            if own < *best {
                *best = own;
            }
        }
    }
    things
}

/// The story a rule over `about` belongs to: the one that does what the rule speaks of, else the best for the thing.
fn best_story(about: &About, words: &[String]) -> Option<usize> {
    let same_verb = words.iter().filter(|word| *word != "create").filter_map(|word| about.by_class.get(word)).min();
    same_verb.map(|(_, index)| *index).or_else(|| about.general.as_ref().map(|(_, _, index)| *index))
}

/// Gives each rule to the story about the same thing: the one that does what the rule forbids or limits, else the one
/// that makes the thing, else the one that changes it, else the first by id.
fn attach_rules(
    drafts: &mut [Draft],
    groups: &[Group],
    set_aside: &BTreeSet<RequirementId>,
) -> BTreeMap<RequirementId, StoryId> {
    let things = by_thing(drafts);
    let fields = fields(groups);
    let mut attached = BTreeMap::new();
    let rules = groups.iter().filter(|g| g.kind() == RequirementKind::Rule && g.obligation != Obligation::Wont);
    for group in rules.filter(|g| !set_aside.contains(&g.id)) {
        let owner = group.leader.about.as_ref().and_then(|noun| fields.get(noun)).and_then(Option::as_ref);
        let nouns = [group.leader.about.as_ref(), owner, group.leader.under.as_ref()];
        let mut best =
            nouns.into_iter().flatten().find_map(|noun| Some((noun, things.get(noun)?))).and_then(|(noun, about)| {
                // a noun is no verb: "the ISBN of a book" does not speak of booking
                let words: Vec<String> = group.words.iter().filter(|word| *word != noun).cloned().collect();
                best_story(about, if lists_values(&group.leader) { &[] } else { &words })
            });
        if best.is_none() && !group.leader.scenarios.is_empty() {
            // a scenario speaks of several things; the story whose verb it uses comes first
            let spoken_of = || group.words.iter().filter_map(|noun| things.get(noun));
            best = spoken_of()
                .flat_map(|about| group.words.iter().filter_map(|word| about.by_class.get(word)))
                .min()
                .map(|(_, index)| *index)
                .or_else(|| spoken_of().find_map(|about| best_story(about, &group.words)));
        }
        let about = group.leader.about.as_ref();
        let names_thing = |word: &&String| Some(*word) != about && things.contains_key(word.as_str());
        if group.leader.refers && (owner.is_none() || !group.words.iter().any(|word| names_thing(&word))) {
            continue;
        }
        let Some(draft) = best.and_then(|index| drafts.get_mut(index)) else { continue };
        // a field without the thing it belongs to is said to be one of the thing that led here
        let of = [about, owner, group.leader.under.as_ref()].into_iter().flatten().find(|n| things.contains_key(*n));
        let mut scenarios: Vec<Scenario> = group.members.iter().flat_map(|m| m.scenarios.iter().cloned()).collect();
        if scenarios.is_empty() {
            scenarios = rule_scenarios(&group.leader, &draft.story, of.map(String::as_str));
        }
        for scenario in scenarios {
            add(&mut draft.story, scenario);
        }
        draft.story.requirements.push(group.id.clone());
        attached.insert(group.id.clone(), draft.story.id.clone());
    }
    attached
}

/// Whether the rule lists values, which are words like "cancelled" but nothing that is done.
fn lists_values(rule: &Finding) -> bool {
    let text = rule.statement.as_str();
    let tokens = tokenize(text, TextSpan { start: 0, end: text.len() });
    super::words::has_phrase(&tokens, &["one of", "either"])
}

/// A rule as criteria: one for each field it speaks of.
fn rule_scenarios(rule: &Finding, story: &UserStory, owner: Option<&str>) -> Vec<Scenario> {
    let text = rule.statement.as_str();
    let tokens = tokenize(text, TextSpan { start: 0, end: text.len() });
    let whole = |text: &str| {
        let tokens = tokenize(text, TextSpan { start: 0, end: text.len() });
        from_statement(text, &tokens, &story.role, &story.action, rule.citation.clone())
    };
    let statements = super::statement::statements(&tokens);
    // "What we really need: an article must have …"
    if let Some(colon) =
        tokens.iter().take(8).position(|t| t.is(":")).filter(|at| statements.is_empty() && at + 4 < tokens.len())
        && let Some(rest) = tokens.get(colon + 1).and_then(|t| text.get(t.span.start..))
    {
        return vec![whole(&upper_first(rest))];
    }
    if statements.is_empty() {
        let said = if rule.refers { owner.and_then(|owner| referring(text, &tokens, owner)) } else { None };
        return vec![whole(said.as_deref().unwrap_or(text))];
    }
    statements.iter().map(|statement| whole(&statement.sentence(text, owner))).collect()
}

/// "The owner is a customer" of a bike: "The owner of a bike is a customer".
fn referring(text: &str, tokens: &[Token], owner: &str) -> Option<String> {
    let at = tokens.iter().position(|t| t.is("is"))?;
    let (subject, predicate) = tokens.split_at_checked(at)?;
    let statement = super::statement::Statement { subject, predicate: super::words::trim_marks(predicate) };
    Some(statement.sentence(text, Some(owner)))
}

/// The things whose rules list a field: of "a booking has a date and a bike" the booking, for `date` and `bike`. A field of
/// several things belongs to none.
fn fields(groups: &[Group]) -> BTreeMap<String, Option<String>> {
    let mut fields: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut note = |word: String, about: &String| {
        let owner = fields.entry(word).or_insert_with(|| Some(about.clone()));
        if owner.as_ref() != Some(about) {
            *owner = None;
        }
    };
    for group in groups.iter().filter(|g| g.kind() == RequirementKind::Rule && !g.leader.negated && !g.leader.refers) {
        let Some(about) = &group.leader.about else { continue };
        for word in group.words.iter().filter(|word| *word != about) {
            note(word.clone(), about);
        }
    }
    // "create a booking with a date and a bike" lists fields too
    for action in groups.iter().filter_map(|g| Some(&g.leader.ask.as_ref()?.action)).filter(|a| a.class == "create") {
        let list = action.text.split_once(" with ").or_else(|| action.text.split_once('('));
        let (Some(about), Some((_, list))) = (&action.head, list) else { continue };
        for word in super::normal::content_words(list).into_iter().filter(|word| word != about) {
            note(word, about);
        }
    }
    fields
}

/// Words of systems outside the product: to speak to one costs more.
const OUTSIDE: &[&str] = &[
    "email", "mail", "sms", "payment", "paypal", "stripe", "api", "sync", "import", "export", "pdf", "csv", "map",
    "login", "push",
];

/// Size: 1 for looking, 2 for changing, 3 for anything else; 1 more for every two criteria beyond the first; 2 more when a
/// system outside the product takes part; rounded up on the scale. Stated points come first.
fn size(draft: &mut Draft, groups: &BTreeMap<&RequirementId, &Group>) {
    let served = draft.story.requirements.first().and_then(|id| groups.get(id));
    let stated = served.and_then(|group| group.members.iter().find_map(|m| m.attributes.effort.clone()));
    if let Some((effort, quote)) = stated {
        draft.story.effort = effort;
        draft.story.effort_basis = Basis::Stated { quote };
        return;
    }
    let (base, what) = match draft.class.as_str() {
        "view" | "list" | "search" | "sort" | "filter" => (1, "looking something up (1)"),
        "create" | "update" | "delete" | "cancel" | "store" | "assign" | "approve" | "reject" | "receive" | "tag" => {
            (2, "changing records (2)")
        }
        _ => (3, "an operation of its own (3)"),
    };
    let criteria = u32::try_from(draft.story.criteria.len().saturating_sub(1) / 2).unwrap_or(13);
    let outside = if draft.words.iter().any(|w| OUTSIDE.contains(&w.as_str())) { 2 } else { 0 };
    let mut reason = format!("no size is stated; {what}");
    if criteria > 0 {
        reason.push_str(&format!(", {} criteria (+{criteria})", draft.story.criteria.len()));
    }
    if outside > 0 {
        reason.push_str(", something outside the product takes part (+2)");
    }
    draft.story.effort = Effort::at_least(base + criteria + outside);
    draft.story.effort_basis = Basis::Default { reason };
}
