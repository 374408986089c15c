//! Scopes of a file: which names each binds, which it looks up.
//!
//! Without regard to order: a name that a scope binds anywhere counts as bound everywhere in it, so what is reported as free
//! is bound nowhere.

use crate::domain::TextSpan;
use foldhash::{HashMap, HashSet};
use std::collections::{BTreeMap, BTreeSet};

/// A scope's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ScopeId(usize);

/// A name's number in the file: scopes are asked for names far more often than there are new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct NameId(usize);

/// What a scope belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Class,
    /// A function or lambda.
    Function,
    Comprehension,
    /// Parameters in brackets: `def f[T]`.
    TypeParameters,
}

/// Where a name is bound.
#[derive(Debug, Default)]
struct Binding {
    used: bool,
    /// The imports that bind it.
    imports: Vec<TextSpan>,
    /// Whether anything else binds it too.
    otherwise: bool,
}

/// A name that is looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use<'a> {
    pub(super) name: &'a str,
    pub(super) span: TextSpan,
    /// Whether an unknown name fails here and is not caught.
    pub(super) certain: bool,
    /// Whether nothing may be said when it is not bound.
    pub(super) guarded: bool,
    id: NameId,
    scope: ScopeId,
}

#[derive(Debug)]
struct Scope {
    kind: ScopeKind,
    parent: Option<ScopeId>,
    bindings: BTreeMap<NameId, Binding>,
    /// Names of outer scopes that it binds itself.
    outer: BTreeMap<NameId, Outer>,
}

impl Scope {
    fn new(kind: ScopeKind, parent: Option<ScopeId>) -> Self {
        Self { kind, parent, bindings: BTreeMap::new(), outer: BTreeMap::new() }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outer {
    Global,
    Nonlocal,
}

/// All scopes of a file.
#[derive(Debug)]
pub(super) struct Scopes<'a> {
    all: Vec<Scope>,
    ids: HashMap<&'a str, NameId>,
    /// The names in the order of their numbers.
    names: Vec<&'a str>,
    current: ScopeId,
    pub(super) uses: Vec<Use<'a>>,
}

impl<'a> Scopes<'a> {
    pub(super) const MODULE: ScopeId = ScopeId(0);

    pub(super) fn new() -> Self {
        let module = Scope::new(ScopeKind::Module, None);
        Self { all: vec![module], ids: HashMap::default(), names: Vec::new(), current: Self::MODULE, uses: Vec::new() }
    }

    pub(super) fn enter(&mut self, kind: ScopeKind) {
        let scope = Scope::new(kind, Some(self.current));
        self.current = ScopeId(self.all.len());
        self.all.push(scope);
    }

    pub(super) fn leave(&mut self) {
        self.current = self.get(self.current).and_then(|scope| scope.parent).unwrap_or(Self::MODULE);
    }

    pub(super) fn kind(&self) -> ScopeKind {
        self.get(self.current).map_or(ScopeKind::Module, |scope| scope.kind)
    }

    fn id(&mut self, name: &'a str) -> NameId {
        let next = NameId(self.names.len());
        let id = *self.ids.entry(name).or_insert(next);
        if id == next {
            self.names.push(name);
        }
        id
    }

    fn name(&self, id: NameId) -> &'a str {
        self.names.get(id.0).copied().unwrap_or_default()
    }

    fn get(&self, scope: ScopeId) -> Option<&Scope> {
        self.all.get(scope.0)
    }

    pub(super) fn bind(&mut self, name: &'a str) {
        self.bind_in(self.current, name, None);
    }

    pub(super) fn bind_import(&mut self, name: &'a str, span: TextSpan) {
        self.bind_in(self.current, name, Some(span));
    }

    /// Binds the name of a `:=`, which comprehensions leave to the scope around them.
    pub(super) fn bind_outside_comprehensions(&mut self, name: &'a str) {
        let mut at = self.current;
        while let Some(scope) = self.get(at).filter(|scope| scope.kind == ScopeKind::Comprehension) {
            let Some(parent) = scope.parent else { break };
            at = parent;
        }
        self.bind_in(at, name, None);
    }

    fn bind_in(&mut self, scope: ScopeId, name: &'a str, import: Option<TextSpan>) {
        let name = self.id(name);
        let scope = match self.get(scope).and_then(|scope| scope.outer.get(&name)) {
            Some(Outer::Global) => Self::MODULE,
            Some(Outer::Nonlocal) => return,
            None => scope,
        };
        let Some(scope) = self.all.get_mut(scope.0) else { return };
        let binding = scope.bindings.entry(name).or_default();
        match import {
            Some(span) => binding.imports.push(span),
            None => binding.otherwise = true,
        }
    }

    /// `global name`: the module has it once the function ran.
    pub(super) fn global(&mut self, name: &'a str) {
        self.bind_in(Self::MODULE, name, None);
        let name = self.id(name);
        if let Some(scope) = self.all.get_mut(self.current.0).filter(|scope| scope.kind != ScopeKind::Module) {
            scope.outer.insert(name, Outer::Global);
        }
    }

    pub(super) fn nonlocal(&mut self, name: &'a str) {
        let name = self.id(name);
        if let Some(scope) = self.all.get_mut(self.current.0) {
            scope.outer.insert(name, Outer::Nonlocal);
        }
    }

    pub(super) fn look_up(&mut self, name: &'a str, span: TextSpan, certain: bool, guarded: bool) {
        let id = self.id(name);
        self.uses.push(Use { name, span, certain, guarded, id, scope: self.current });
    }

    /// Marks what is used; returns the uses that no scope binds, in the order of the text.
    pub(super) fn resolve(&mut self) -> Vec<Use<'a>> {
        let uses = std::mem::take(&mut self.uses);
        let mut free: Vec<Use<'a>> = uses.iter().filter(|used| !self.mark(used)).copied().collect();
        free.sort_by_key(|used| used.span);
        self.uses = uses;
        free
    }

    fn mark(&mut self, used: &Use<'a>) -> bool {
        let mut at = Some(used.scope);
        let mut inside = true;
        while let Some(id) = at {
            let Some(scope) = self.all.get_mut(id.0) else { return false };
            let global = scope.outer.get(&used.id) == Some(&Outer::Global);
            // Functions in a class don't see its names; comprehensions may, in their first part.
            let visible = inside || scope.kind != ScopeKind::Class;
            if let Some(binding) = scope.bindings.get_mut(&used.id).filter(|_| visible) {
                binding.used = true;
                // A class's own name may be bound outside until the class binds it.
                if scope.kind != ScopeKind::Class {
                    return true;
                }
                self.mark_outside(scope_parent(&self.all, id), used.id);
                return true;
            }
            inside &= matches!(scope.kind, ScopeKind::Comprehension | ScopeKind::TypeParameters);
            at = if global { Some(Self::MODULE).filter(|module| *module != id) } else { scope.parent };
        }
        false
    }

    fn mark_outside(&mut self, from: Option<ScopeId>, name: NameId) {
        let mut at = from;
        while let Some(id) = at {
            let Some(scope) = self.all.get_mut(id.0) else { return };
            if let Some(binding) = scope.bindings.get_mut(&name) {
                binding.used = true;
            }
            at = scope.parent;
        }
    }

    /// Counts names in strings that hold code as used, wherever they are bound.
    pub(super) fn mark_named(&mut self, names: &HashSet<&str>) {
        let ids: BTreeSet<NameId> = names.iter().filter_map(|name| self.ids.get(name)).copied().collect();
        if ids.is_empty() {
            return;
        }
        for (name, binding) in self.all.iter_mut().flat_map(|scope| &mut scope.bindings) {
            binding.used |= ids.contains(name);
        }
    }

    /// The names that the module binds.
    pub(super) fn module_names(&self) -> impl Iterator<Item = &'a str> {
        self.get(Self::MODULE).into_iter().flat_map(|scope| scope.bindings.keys()).map(|id| self.name(*id))
    }

    /// Imports whose names nothing uses, where nothing else binds them; those of classes are attributes.
    pub(super) fn unused_imports(&self) -> Vec<(&'a str, TextSpan)> {
        let mut unused = Vec::new();
        for scope in self.all.iter().filter(|scope| scope.kind != ScopeKind::Class) {
            for (id, binding) in scope.bindings.iter().filter(|(_, binding)| !binding.used && !binding.otherwise) {
                unused.extend(binding.imports.iter().map(|span| (self.name(*id), *span)));
            }
        }
        unused.sort_by_key(|(name, span)| (*span, *name));
        unused
    }
}

fn scope_parent(all: &[Scope], id: ScopeId) -> Option<ScopeId> {
    all.get(id.0).and_then(|scope| scope.parent)
}
