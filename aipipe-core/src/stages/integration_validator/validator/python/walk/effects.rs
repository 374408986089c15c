//! What a file does to modules while it is loaded, besides what it defines: names that it makes, modules that it adds.

use super::super::packages;
use super::super::scopes::ScopeKind;
use super::super::summary::Attached;
use super::Walker;
use foldhash::HashMap;
use ruff_python_ast::{Expr, ExprAttribute, ExprCall, ExprSubscript, Stmt};
use ruff_text_size::Ranged;

/// Calls that import modules whose names are worked out.
const LOADERS: &[&str] = &[
    "import_module",
    "__import__",
    "iter_modules",
    "walk_packages",
    "import_string",
    "load_module",
    "find_modules",
    "autodiscover_tasks",
    "exec_module",
];

impl<'a> Walker<'a, '_> {
    fn is_at_load(&self) -> bool {
        self.scopes.kind() == ScopeKind::Module
    }

    /// `builtins.x = …`, `module.x = …`, `globals()['x'] = …`, `sys.modules['x'] = …`, `__path__ = …`.
    pub(super) fn assigned(&mut self, target: &'a Expr) {
        match target {
            Expr::Attribute(attribute) => {
                let of = self.source(attribute.value.range());
                let name = attribute.attr.as_str();
                if matches!(of, "builtins" | "__builtin__" | "__builtins__") {
                    self.summary.installs.insert(name.to_owned());
                } else if self.is_at_load() {
                    self.attributes.push((of, name));
                }
            }
            Expr::Subscript(subscript) => self.assigned_in(subscript),
            Expr::Name(name) => self.summary.names.makes_modules |= name.id.as_str() == "__path__",
            _ => {}
        }
    }

    fn assigned_in(&mut self, subscript: &ExprSubscript) {
        match self.source(subscript.value.range()) {
            "globals()" | "vars()" | "locals()" => self.summary.makes_names |= self.is_at_load(),
            // A module that puts something in its own place adds none.
            "sys.modules" => {
                self.summary.names.makes_modules |= self.source(subscript.slice.range()) != "__name__";
            }
            _ => {}
        }
    }

    pub(super) fn called(&mut self, call: &'a ExprCall) {
        let called = self.source(call.func.range());
        let name = called.rsplit('.').next().unwrap_or(called);
        let is_at_load = self.is_at_load();
        self.summary.loads_by_name |= LOADERS.contains(&name);
        self.summary.names.open |= match called {
            "globals" | "exec" | "execfile" | "setattr" => true,
            "locals" | "vars" => is_at_load,
            _ => false,
        };
        self.summary.names.makes_modules |= called.starts_with("__path__.")
            || matches!(called, "sys.modules.update" | "sys.modules.setdefault")
            || name == "declare_namespace";
        if is_at_load {
            let executes = matches!(called, "exec" | "execfile") && call.arguments.args.len() == 1;
            let updates = matches!(called, "globals().update" | "vars().update" | "locals().update");
            self.summary.makes_names |= executes || updates;
            // Of what is builtin only these change what they are given.
            let may_change = matches!(called, "exec" | "eval" | "setattr") || !packages::is_builtin(called);
            let mut given = call.arguments.iter_source_order().map(|argument| argument.value());
            if may_change && given.any(|argument| self.is_own_module(argument)) {
                self.summary.names.open = true;
                self.summary.makes_names = true;
            }
        }
    }

    /// Whether an expression is this module, or its names: what is called with it may add some.
    fn is_own_module(&self, argument: &Expr) -> bool {
        match argument {
            Expr::Call(call) if call.arguments.is_empty() => {
                let called = self.source(call.func.range());
                matches!(called, "globals" | "vars" | "locals")
                    || matches!(
                        called.rsplit('.').next(),
                        Some("find_current_module" | "current_module" | "this_module")
                    )
            }
            Expr::Subscript(subscript) => self.source(subscript.range) == "sys.modules[__name__]",
            _ => false,
        }
    }

    /// `load_lazily(__name__, …)` as a statement of its own hands the module over to be changed.
    pub(super) fn handed_over(&mut self, statement: &Expr) {
        let is_own_name = |argument: &Expr| matches!(argument, Expr::Name(name) if name.id.as_str() == "__name__");
        self.summary.names.open |=
            self.is_at_load() && matches!(statement, Expr::Call(call) if call.arguments.args.iter().any(is_own_name));
    }

    /// `sys.modules` and `sys.meta_path`: which modules there are, and how they are found.
    pub(super) fn mentioned(&mut self, attribute: &ExprAttribute) {
        match attribute.attr.as_str() {
            "modules" if self.source(attribute.range) == "sys.modules" => self.summary.names.open = true,
            "meta_path" if self.source(attribute.range) == "sys.meta_path" => self.summary.names.makes_modules = true,
            _ => {}
        }
    }

    /// Finds the modules among what attributes are set on: those that an import at the top binds.
    pub(super) fn attach(&mut self, body: &'a [Stmt]) {
        let attributes = std::mem::take(&mut self.attributes);
        if attributes.is_empty() {
            return;
        }
        let imported: HashMap<&str, (usize, String)> = body.iter().flat_map(bound_modules).collect();
        for (of, name) in attributes {
            let (first, rest) = of.split_once('.').unwrap_or((of, ""));
            let Some((level, module)) = imported.get(first) else { continue };
            let module = if rest.is_empty() { module.clone() } else { format!("{module}.{rest}") };
            self.summary.attached.insert(Attached { level: *level, module, name: name.to_owned() });
        }
    }
}

/// The names that an import binds, each with the module, and the dots before it: `from a import b` may bind `a.b`.
fn bound_modules(statement: &Stmt) -> Vec<(&str, (usize, String))> {
    match statement {
        Stmt::Import(import) => {
            let bound = import.names.iter().map(|alias| match &alias.asname {
                Some(local) => (local.as_str(), alias.name.as_str()),
                None => alias.name.split('.').next().map_or(("", ""), |first| (first, first)),
            });
            bound.map(|(local, module)| (local, (0, module.to_owned()))).collect()
        }
        Stmt::ImportFrom(import) => {
            let level = usize::try_from(import.level).unwrap_or(usize::MAX);
            let bound = import.names.iter().map(|alias| {
                let module = match &import.module {
                    Some(module) => format!("{module}.{}", alias.name),
                    None => alias.name.as_str().to_owned(),
                };
                (alias.asname.as_ref().unwrap_or(&alias.name).as_str(), (level, module))
            });
            bound.collect()
        }
        _ => Vec::new(),
    }
}
