//! Pipelines: stages in an order the compiler has checked.

use super::stage::{ErasedStage, Stage};
use crate::domain::{ContentHash, StageName};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// One place in a pipeline: a stage, or several that take the same input side by side.
#[derive(Debug, Clone)]
pub(crate) enum Node<'a> {
    One(&'a dyn ErasedStage),
    Join(Vec<&'a dyn ErasedStage>),
}

impl<'a> Node<'a> {
    pub(crate) fn stages(&self) -> Vec<&'a dyn ErasedStage> {
        match self {
            Node::One(stage) => vec![*stage],
            Node::Join(stages) => stages.clone(),
        }
    }
}

/// What an execution is bound to: the names and revisions of its stages, in order.
pub(crate) fn definition(name: &str, nodes: &[Node<'_>]) -> Vec<String> {
    let of_stage = |stage: &&dyn ErasedStage| {
        format!("{}@{}", stage.stage_name(), ContentHash::of_parts(&[&stage.stage_revision()]).short(12))
    };
    let of_node = |node: &Node<'_>| node.stages().iter().map(of_stage).collect::<Vec<_>>().join(" | ");
    std::iter::once(format!("pipeline {name}")).chain(nodes.iter().map(of_node)).collect()
}

type OwnedNode = Vec<Arc<dyn ErasedStage>>;

/// A composed pipeline from `In` to `Out`.
///
/// ```compile_fail
/// # use aipipe_core::pipeline::{Pipeline, Stage};
/// # fn wrong<A: Stage<Output = String>, B: Stage<Input = u64>>(a: A, b: B) {
/// let _ = Pipeline::builder("x").then(a).then(b); // a makes text, b takes a number
/// # }
/// ```
pub struct Pipeline<In, Out> {
    name: String,
    nodes: Vec<OwnedNode>,
    types: PhantomData<fn(In) -> Out>,
}

impl<In, Out> Clone for Pipeline<In, Out> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), nodes: self.nodes.clone(), types: PhantomData }
    }
}

impl<In, Out> fmt::Debug for Pipeline<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("name", &self.name).field("stages", &self.stage_names()).finish()
    }
}

impl Pipeline<(), ()> {
    /// Begins a pipeline; its name is part of what its executions are bound to.
    #[must_use]
    pub fn builder(name: impl Into<String>) -> EmptyPipeline {
        EmptyPipeline { name: name.into() }
    }
}

impl<In, Out> Pipeline<In, Out> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of its stages, in order.
    #[must_use]
    pub fn stage_names(&self) -> Vec<StageName> {
        self.nodes.iter().flatten().map(|stage| stage.stage_name()).collect()
    }

    pub(crate) fn nodes(&self) -> Vec<Node<'_>> {
        self.nodes
            .iter()
            .map(|node| match node.as_slice() {
                [one] => Node::One(one.as_ref()),
                several => Node::Join(several.iter().map(AsRef::as_ref).collect()),
            })
            .collect()
    }
}

/// A pipeline without stages yet.
#[derive(Debug)]
pub struct EmptyPipeline {
    name: String,
}

impl EmptyPipeline {
    /// The first stage.
    #[must_use]
    pub fn then<S: Stage>(self, stage: S) -> PipelineBuilder<S::Input, S::Output> {
        PipelineBuilder { name: self.name, nodes: vec![vec![Arc::new(stage)]], types: PhantomData }
    }
}

/// A pipeline from `In` that has come as far as `Out`.
pub struct PipelineBuilder<In, Out> {
    name: String,
    nodes: Vec<OwnedNode>,
    types: PhantomData<fn(In) -> Out>,
}

impl<In, Out> fmt::Debug for PipelineBuilder<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineBuilder").field("name", &self.name).field("nodes", &self.nodes.len()).finish()
    }
}

impl<In, Out> PipelineBuilder<In, Out> {
    fn push<Next>(mut self, node: OwnedNode) -> PipelineBuilder<In, Next> {
        self.nodes.push(node);
        PipelineBuilder { name: self.name, nodes: self.nodes, types: PhantomData }
    }

    /// The next stage; it takes what the last one makes.
    #[must_use]
    pub fn then<S: Stage<Input = Out>>(self, stage: S) -> PipelineBuilder<In, S::Output> {
        self.push(vec![Arc::new(stage)])
    }

    /// Two stages side by side on the same input; the next stage takes both results.
    #[must_use]
    pub fn join<A: Stage<Input = Out>, B: Stage<Input = Out>>(
        self,
        first: A,
        second: B,
    ) -> PipelineBuilder<In, (A::Output, B::Output)> {
        self.push(vec![Arc::new(first), Arc::new(second)])
    }

    /// The finished pipeline.
    #[must_use]
    pub fn build(self) -> Pipeline<In, Out> {
        Pipeline { name: self.name, nodes: self.nodes, types: PhantomData }
    }
}
