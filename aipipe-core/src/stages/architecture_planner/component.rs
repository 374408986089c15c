//! The parts of the product by the layout of its stack: each with its file, exports and what it needs.

use super::naming::pascal;
use crate::domain::{
    Component, ComponentId, ComponentKind, Entity, FieldKind, Operation, OperationKind, ParseError, RepoPath, Stack,
    StoryId, slugify,
};
use std::collections::{BTreeMap, BTreeSet};

/// The components, and which of them each operation of an entity needs.
#[derive(Debug)]
pub(super) struct Layout {
    /// All components; what a component needs stands before it.
    pub(super) components: Vec<Component>,
    pages: BTreeMap<(String, Page), ComponentId>,
    shared: BTreeMap<String, Vec<ComponentId>>,
    applications: Vec<ComponentId>,
}

/// The pages a person needs for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Page {
    List,
    Detail,
    Form,
}

impl Page {
    fn of(kind: &OperationKind) -> Self {
        match kind {
            OperationKind::Create | OperationKind::Update => Self::Form,
            OperationKind::List { .. } => Self::List,
            _ => Self::Detail,
        }
    }
}

impl Layout {
    /// The components a story with these operations needs; the application when there are none.
    pub(super) fn needed(&self, operations: &[Operation]) -> Vec<ComponentId> {
        let mut needed: Vec<ComponentId> = Vec::new();
        for operation in operations {
            let shared = self.shared.get(&operation.entity).into_iter().flatten();
            let page = self.pages.get(&(operation.entity.clone(), Page::of(&operation.kind)));
            for id in shared.chain(page) {
                if !needed.contains(id) {
                    needed.push(id.clone());
                }
            }
        }
        if needed.is_empty() { self.applications.clone() } else { needed }
    }
}

/// Plans the components of `entities` on `stack`.
pub(super) fn layout(
    stack: Stack,
    entities: &[Entity],
    stories: &[(StoryId, Vec<Operation>)],
) -> Result<Layout, ParseError> {
    let mut builder = Builder {
        stack,
        components: Vec::new(),
        ids: BTreeSet::new(),
        pages: BTreeMap::new(),
        shared: BTreeMap::new(),
    };
    for entity in entities {
        let changes = |o: &Operation| o.entity == entity.name && o.kind == OperationKind::Update;
        builder.records(entity, stories.iter().flat_map(|(_, operations)| operations).any(changes))?;
    }
    for entity in entities {
        builder.routes(entity)?;
    }
    for entity in entities {
        builder.interface(entity, stories)?;
    }
    let applications = builder.applications()?;
    let mut layout =
        Layout { components: builder.components, pages: builder.pages, shared: builder.shared, applications };
    let mut served: BTreeMap<ComponentId, Vec<StoryId>> = BTreeMap::new();
    for (story, operations) in stories {
        for id in layout.needed(operations) {
            served.entry(id).or_default().push(story.clone());
        }
    }
    for component in &mut layout.components {
        component.stories = served.remove(&component.id).unwrap_or_default();
    }
    Ok(layout)
}

struct Builder {
    stack: Stack,
    components: Vec<Component>,
    ids: BTreeSet<String>,
    pages: BTreeMap<(String, Page), ComponentId>,
    shared: BTreeMap<String, Vec<ComponentId>>,
}

struct Part<'a> {
    kind: ComponentKind,
    title: String,
    path: String,
    exports: Vec<String>,
    depends_on: Vec<ComponentId>,
    entity: Option<&'a Entity>,
}

impl Builder {
    fn push(&mut self, part: Part<'_>) -> Result<ComponentId, ParseError> {
        let slug = slugify(&part.title, 60);
        let slug = if slug.is_empty() { "component".to_owned() } else { slug };
        let mut id = slug.clone();
        let mut count = 2_u32;
        while !self.ids.insert(id.clone()) {
            id = format!("{slug}-{count}");
            count = count.saturating_add(1);
        }
        let id = ComponentId::parse(id)?;
        self.components.push(Component {
            id: id.clone(),
            kind: part.kind,
            title: part.title,
            path: RepoPath::parse(part.path)?,
            exports: part.exports,
            depends_on: part.depends_on,
            stories: Vec::new(),
            entity: part.entity.map(|e| e.name.clone()),
        });
        if let Some(entity) = part.entity
            && part.kind != ComponentKind::View
        {
            self.shared.entry(entity.name.clone()).or_default().push(id.clone());
        }
        Ok(id)
    }

    fn of(&self, entity: &str, kind: ComponentKind) -> Option<ComponentId> {
        self.components.iter().find(|c| c.kind == kind && c.entity.as_deref() == Some(entity)).map(|c| c.id.clone())
    }

    /// Types with their validation, and where the records are kept.
    /// Only records that a story changes have a type for changes.
    fn records(&mut self, entity: &Entity, is_changed: bool) -> Result<(), ParseError> {
        let (snake, kebab, name) = (&entity.name, entity.name.replace('_', "-"), pascal(&entity.name));
        let model = match self.stack {
            Stack::NodeApi => format!("src/models/{kebab}.ts"),
            Stack::PythonApi => format!("app/models/{snake}.py"),
            Stack::ReactFullstack => format!("shared/{kebab}.ts"),
            _ => format!("src/models/{kebab}.ts"),
        };
        let suffix = if self.stack == Stack::PythonApi { "" } else { "Schema" };
        let mut exports = vec![name.clone(), format!("Create{name}{suffix}")];
        if is_changed {
            exports.push(format!("Update{name}{suffix}"));
        }
        let title = format!("{} model", words(snake));
        let model = self.push(Part {
            kind: ComponentKind::Model,
            title,
            path: model,
            exports,
            depends_on: vec![],
            entity: Some(entity),
        })?;
        let (path, export) = match self.stack {
            Stack::NodeApi => (format!("src/repositories/{kebab}.ts"), format!("{name}Repository")),
            Stack::PythonApi => (format!("app/repositories/{snake}.py"), format!("{name}Repository")),
            Stack::ReactFullstack => (format!("server/src/repositories/{kebab}.ts"), format!("{name}Repository")),
            Stack::VueSpa => (format!("src/stores/{kebab}.ts"), format!("use{name}Store")),
            Stack::ReactSpa => (format!("src/stores/{kebab}.ts"), format!("{name}Repository")),
        };
        let title = format!("{} repository", words(snake));
        let depends_on = vec![model];
        self.push(Part {
            kind: ComponentKind::Repository,
            title,
            path,
            exports: vec![export],
            depends_on,
            entity: Some(entity),
        })?;
        Ok(())
    }

    /// The HTTP side, where the stack has one.
    fn routes(&mut self, entity: &Entity) -> Result<(), ParseError> {
        let kebab = entity.plural.replace('_', "-");
        let router = format!("create{}Router", pascal(&entity.plural));
        let (path, export) = match self.stack {
            Stack::NodeApi => (format!("src/routes/{kebab}.ts"), router),
            Stack::ReactFullstack => (format!("server/src/routes/{kebab}.ts"), router),
            Stack::PythonApi => (format!("app/api/{}.py", entity.plural), format!("create_{}_router", entity.plural)),
            Stack::ReactSpa | Stack::VueSpa => return Ok(()),
        };
        let mut depends_on: Vec<ComponentId> = [ComponentKind::Model, ComponentKind::Repository]
            .into_iter()
            .filter_map(|kind| self.of(&entity.name, kind))
            .collect();
        // A reference is refused when the record it names does not exist, so the routes read that repository too.
        for field in &entity.fields {
            if let FieldKind::Reference { entity: other } = &field.kind
                && let Some(id) = self.of(other, ComponentKind::Repository)
                && !depends_on.contains(&id)
            {
                depends_on.push(id);
            }
        }
        let title = format!("{} routes", words(&entity.name));
        let route =
            Part { kind: ComponentKind::Route, title, path, exports: vec![export], depends_on, entity: Some(entity) };
        self.push(route)?;
        Ok(())
    }

    /// What people see, where the stack has a browser side: a client, a form and the pages that stories need.
    fn interface(&mut self, entity: &Entity, stories: &[(StoryId, Vec<Operation>)]) -> Result<(), ParseError> {
        let (root, extension) = match self.stack {
            Stack::ReactSpa => ("src", "tsx"),
            Stack::ReactFullstack => ("client/src", "tsx"),
            Stack::VueSpa => ("src", "vue"),
            Stack::NodeApi | Stack::PythonApi => return Ok(()),
        };
        let (name, title) = (pascal(&entity.name), words(&entity.name));
        let model = self.of(&entity.name, ComponentKind::Model);
        let data = if self.stack == Stack::ReactFullstack {
            Some(self.push(Part {
                kind: ComponentKind::Client,
                title: format!("{title} client"),
                path: format!("{root}/api/{}.ts", entity.name.replace('_', "-")),
                exports: vec![format!("{name}Client")],
                depends_on: model.iter().cloned().collect(),
                entity: Some(entity),
            })?)
        } else {
            self.of(&entity.name, ComponentKind::Repository)
        };
        let operations = stories.iter().flat_map(|(_, operations)| operations).filter(|o| o.entity == entity.name);
        let pages: BTreeSet<Page> = operations.map(|o| Page::of(&o.kind)).collect();
        let (pages_folder, suffix) = if self.stack == Stack::VueSpa { ("views", "View") } else { ("pages", "Page") };
        for page in pages {
            let kind = match page {
                Page::List => "List",
                Page::Detail => "Detail",
                Page::Form => "Form",
            };
            let mut depends_on: Vec<ComponentId> = data.iter().chain(&model).cloned().collect();
            if page != Page::Detail {
                let widget = if page == Page::List { "Table" } else { "Fields" };
                let id = self.push(Part {
                    kind: ComponentKind::Widget,
                    title: format!("{title} {}", widget.to_lowercase()),
                    path: format!("{root}/components/{name}{widget}.{extension}"),
                    exports: vec![export(self.stack, &format!("{name}{widget}"))],
                    depends_on: model.iter().cloned().collect(),
                    entity: Some(entity),
                })?;
                depends_on.push(id);
            }
            let component = format!("{name}{kind}{suffix}");
            let id = self.push(Part {
                kind: ComponentKind::View,
                title: format!("{title} {} page", kind.to_lowercase()),
                path: format!("{root}/{pages_folder}/{component}.{extension}"),
                exports: vec![export(self.stack, &component)],
                depends_on,
                entity: Some(entity),
            })?;
            self.pages.insert((entity.name.clone(), page), id);
        }
        Ok(())
    }

    /// What ties it all together.
    fn applications(&mut self) -> Result<Vec<ComponentId>, ParseError> {
        let of = |kinds: &[ComponentKind], components: &[Component]| -> Vec<ComponentId> {
            components.iter().filter(|c| kinds.contains(&c.kind)).map(|c| c.id.clone()).collect()
        };
        let parts: &[(&str, &str, &str, &[ComponentKind])] = match self.stack {
            Stack::NodeApi => {
                &[("Application", "src/app.ts", "createApp", &[ComponentKind::Route, ComponentKind::Repository])]
            }
            Stack::PythonApi => {
                &[("Application", "app/main.py", "create_app", &[ComponentKind::Route, ComponentKind::Repository])]
            }
            Stack::ReactSpa => &[("Application", "src/App.tsx", "App", &[ComponentKind::View])],
            Stack::VueSpa => &[("Application", "src/App.vue", "default", &[ComponentKind::View])],
            Stack::ReactFullstack => &[
                (
                    "Server application",
                    "server/src/app.ts",
                    "createApp",
                    &[ComponentKind::Route, ComponentKind::Repository],
                ),
                ("Browser application", "client/src/App.tsx", "App", &[ComponentKind::View]),
            ],
        };
        parts
            .iter()
            .map(|(title, path, export, kinds)| {
                let depends_on = of(kinds, &self.components);
                let exports = vec![(*export).to_owned()];
                let (title, path) = ((*title).to_owned(), (*path).to_owned());
                self.push(Part { kind: ComponentKind::Application, title, path, exports, depends_on, entity: None })
            })
            .collect()
    }
}

/// A single-file component of Vue is its default export.
fn export(stack: Stack, name: &str) -> String {
    if stack == Stack::VueSpa { "default".to_owned() } else { name.to_owned() }
}

/// A snake-case name for people: `Service record`.
fn words(name: &str) -> String {
    let spaced = name.replace('_', " ");
    let mut chars = spaced.chars();
    chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect()
}
