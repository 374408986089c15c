//! Who waits for whom, and how urgent each is.

use super::{Job, ScheduleError};
use crate::domain::{RepoPath, StoryId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

/// The jobs with their edges. Two kinds: a job *needs* another, or only comes after it because both write a file.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) jobs: Vec<Job>,
    pub(super) needs: Vec<BTreeSet<usize>>,
    pub(super) predecessors: Vec<Vec<usize>>,
    pub(super) successors: Vec<Vec<usize>>,
    /// Topological, the most urgent first.
    pub(super) order: Vec<usize>,
    places: Vec<usize>,
    urgency: Vec<u64>,
}

impl Graph {
    pub(super) fn of(jobs: Vec<Job>) -> Result<Self, ScheduleError> {
        let needs = needs(&jobs)?;
        let order = topological(&jobs, &needs)?;
        let mut before = needs.clone();
        add_writers(&jobs, &order, &mut before);
        let predecessors: Vec<Vec<usize>> = before.into_iter().map(|set| set.into_iter().collect()).collect();
        let successors = reversed(&predecessors);
        let urgency = urgency(&jobs, &order, &successors);
        let mut places = vec![0; jobs.len()];
        for (place, job) in order.iter().enumerate() {
            if let Some(known) = places.get_mut(*job) {
                *known = place;
            }
        }
        Ok(Self { jobs, needs, predecessors, successors, order, places, urgency })
    }

    /// How urgent a job is, and its place in the merge order.
    pub(super) fn rank(&self, job: usize) -> (u64, usize) {
        (self.urgency.get(job).copied().unwrap_or(0), self.places.get(job).copied().unwrap_or(usize::MAX))
    }

    /// Everything that ends before `job` begins, in the merge order.
    pub(super) fn before(&self, job: usize) -> Vec<usize> {
        let mut seen = BTreeSet::new();
        let mut open = vec![job];
        while let Some(job) = open.pop() {
            for earlier in self.predecessors.get(job).into_iter().flatten() {
                if seen.insert(*earlier) {
                    open.push(*earlier);
                }
            }
        }
        let mut before: Vec<usize> = seen.into_iter().collect();
        before.sort_by_key(|job| self.rank(*job).1);
        before
    }
}

fn needs(jobs: &[Job]) -> Result<Vec<BTreeSet<usize>>, ScheduleError> {
    let mut numbers: BTreeMap<&StoryId, usize> = BTreeMap::new();
    for (number, job) in jobs.iter().enumerate() {
        if numbers.insert(&job.story, number).is_some() {
            return Err(ScheduleError::Twice { story: job.story.clone() });
        }
    }
    let of_job = |job: &Job| {
        job.needs
            .iter()
            .map(|needed| {
                numbers
                    .get(needed)
                    .copied()
                    .ok_or_else(|| ScheduleError::Unknown { story: job.story.clone(), needs: needed.clone() })
            })
            .collect::<Result<BTreeSet<usize>, _>>()
    };
    jobs.iter().map(of_job).collect()
}

fn reversed(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut reversed = vec![Vec::new(); edges.len()];
    for (to, from) in edges.iter().enumerate() {
        for from in from {
            if let Some(list) = reversed.get_mut(*from) {
                list.push(to);
            }
        }
    }
    reversed
}

/// What comes first comes first; of those that could be next, the one with the longest way to the end.
fn topological(jobs: &[Job], needs: &[BTreeSet<usize>]) -> Result<Vec<usize>, ScheduleError> {
    let lists: Vec<Vec<usize>> = needs.iter().map(|set| set.iter().copied().collect()).collect();
    let successors = reversed(&lists);
    let plain = sorted(needs, &successors, |_| 0);
    if plain.len() < jobs.len() {
        return Err(ScheduleError::Cycle { stories: circle(jobs, needs, &plain) });
    }
    let urgency = urgency(jobs, &plain, &successors);
    Ok(sorted(needs, &successors, |job| urgency.get(job).copied().unwrap_or(0)))
}

/// Kahn's order, by `rank` and then by number; jobs of a circle and those behind one are left out.
fn sorted(needs: &[BTreeSet<usize>], successors: &[Vec<usize>], rank: impl Fn(usize) -> u64) -> Vec<usize> {
    let mut open: Vec<usize> = needs.iter().map(BTreeSet::len).collect();
    let mut ready: BinaryHeap<(u64, Reverse<usize>)> =
        (0..open.len()).filter(|job| open.get(*job) == Some(&0)).map(|job| (rank(job), Reverse(job))).collect();
    let mut order = Vec::with_capacity(open.len());
    while let Some((_, Reverse(job))) = ready.pop() {
        order.push(job);
        for next in successors.get(job).into_iter().flatten() {
            if let Some(count) = open.get_mut(*next) {
                *count -= 1;
                if *count == 0 {
                    ready.push((rank(*next), Reverse(*next)));
                }
            }
        }
    }
    order
}

/// One circle: from any job left over, its needs are followed until one comes again.
fn circle(jobs: &[Job], needs: &[BTreeSet<usize>], sorted: &[usize]) -> Vec<StoryId> {
    let sorted: BTreeSet<usize> = sorted.iter().copied().collect();
    let mut way: Vec<usize> = Vec::new();
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    let mut next = (0..jobs.len()).find(|job| !sorted.contains(job));
    while let Some(job) = next {
        if let Some(first) = places.get(&job) {
            way.drain(..*first);
            break;
        }
        places.insert(job, way.len());
        way.push(job);
        next = needs.get(job).into_iter().flatten().find(|needed| !sorted.contains(needed)).copied();
    }
    way.into_iter().filter_map(|job| jobs.get(job)).map(|job| job.story.clone()).collect()
}

/// Who writes a file waits for the one before it in `order` that does.
fn add_writers(jobs: &[Job], order: &[usize], before: &mut [BTreeSet<usize>]) {
    // A folder is found by the files below it and by the folders around it, so both are looked up by name.
    let mut of_file: BTreeMap<&RepoPath, usize> = BTreeMap::new();
    let mut of_folder: BTreeMap<&RepoPath, usize> = BTreeMap::new();
    for number in order {
        let Some(job) = jobs.get(*number) else { continue };
        let mut earlier = BTreeSet::new();
        for file in job.writes.files() {
            earlier.extend(of_file.get(file).copied());
            earlier.extend(around(&of_folder, file));
        }
        for folder in job.writes.folders() {
            earlier.extend(around(&of_folder, folder));
            earlier.extend(of_folder.get(folder).copied());
            earlier.extend(below(&of_file, folder));
            earlier.extend(below(&of_folder, folder));
        }
        of_file.extend(job.writes.files().map(|file| (file, *number)));
        of_folder.extend(job.writes.folders().map(|folder| (folder, *number)));
        if let Some(set) = before.get_mut(*number) {
            set.extend(earlier.into_iter().filter(|other| other != number));
        }
    }
}

fn around(folders: &BTreeMap<&RepoPath, usize>, path: &RepoPath) -> Vec<usize> {
    let mut found = Vec::new();
    let mut parent = path.parent();
    while !parent.is_empty() {
        found.extend(RepoPath::parse(parent).ok().and_then(|folder| folders.get(&folder).copied()));
        parent = parent.rsplit_once('/').map_or("", |(parent, _)| parent);
    }
    found
}

fn below(paths: &BTreeMap<&RepoPath, usize>, folder: &RepoPath) -> Vec<usize> {
    let prefix = format!("{folder}/");
    // `a/b-c` sorts between `a/b` and `a/b/d`.
    let near = |path: &str| path < prefix.as_str() || path.starts_with(&prefix);
    let from = paths.range::<&RepoPath, _>(folder..).take_while(|(path, _)| near(path.as_str()));
    from.filter(|(path, _)| path.as_str().starts_with(&prefix)).map(|(_, job)| *job).collect()
}

/// The longest way from the beginning of a job to the end of all.
fn urgency(jobs: &[Job], order: &[usize], successors: &[Vec<usize>]) -> Vec<u64> {
    let mut urgency = vec![0_u64; jobs.len()];
    for job in order.iter().rev() {
        let rest = successors.get(*job).into_iter().flatten().filter_map(|next| urgency.get(*next)).max();
        let own = jobs.get(*job).map_or(0, |job| job.estimate.millis.max(1));
        let total = own.saturating_add(rest.copied().unwrap_or(0));
        if let Some(known) = urgency.get_mut(*job) {
            *known = total;
        }
    }
    urgency
}
