//! What a scripted model is asked, read from its question as a model would read it, and answers that fit.

use aipipe::ports::ModelRequest;

pub(crate) const BRIEF: &str = "# Library\n\n## Requirements\n\n- Clerks must be able to add a book with a title and an author.\n\
    - Clerks must be able to list all books.\n\
    - The system must print a label for a new book.\n\n\
    ## Stories\n\nAs a clerk, I want to export the shelf plan, so that I can put books in their place.\n\n\
    Acceptance criteria:\n- Given two shelves, when I export the shelf plan, then the export names both shelves.\n\n\
    We will build a REST API.\n";

/// What the model is asked, read from the question.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) model: String,
    pub(crate) text: String,
    pub(crate) mark: String,
    pub(crate) story: String,
    pub(crate) criteria: Vec<String>,
    pub(crate) test: String,
    pub(crate) folder: String,
    pub(crate) is_python: bool,
}

impl Asked {
    pub(crate) fn of(request: &ModelRequest) -> Self {
        let text: String =
            request.messages.iter().flat_map(|message| &message.parts).map(|part| part.text.as_str()).collect();
        let after = |start: &str| {
            text.lines().filter_map(|line| line.strip_prefix(start)).map(str::to_owned).collect::<Vec<_>>()
        };
        let files = after("- ");
        let test =
            files.iter().find_map(|line| line.strip_suffix(" (its tests)")).expect("the question names the test file");
        let folder = files.iter().find_map(|line| line.strip_prefix("any file below ")).expect("and the folder");
        let criteria = files.iter().filter_map(|line| line.split_once(": given ")).map(|(id, _)| id.to_owned());
        Self {
            model: request.model.clone(),
            mark: after("The mark of this request is ").pop().expect("and the mark"),
            story: after("Story ").remove(0),
            criteria: criteria.collect(),
            test: test.to_owned(),
            folder: folder.trim_end_matches('/').to_owned(),
            is_python: test.ends_with(".py"),
            text,
        }
    }

    pub(crate) fn file(&self, path: &str, content: &str) -> String {
        format!("{} file {path}\n{content}{} end\n", self.mark, self.mark)
    }

    pub(crate) fn edit(&self, path: &str, search: &str, replace: &str) -> String {
        let mark = &self.mark;
        format!("{mark} edit {path}\n{mark} search\n{search}{mark} replace\n{replace}{mark} end\n")
    }

    pub(crate) fn source(&self) -> String {
        format!("{}/{}", self.folder, if self.is_python { "text.py" } else { "text.ts" })
    }

    /// What makes the story's folder a package, where that takes a file.
    pub(crate) fn package(&self) -> String {
        let file = || self.file(&format!("{}/__init__.py", self.folder), "\"\"\"The story.\"\"\"\n");
        if self.is_python { file() } else { String::new() }
    }

    /// A module of the story that is as it should be.
    pub(crate) fn code(&self) -> String {
        if self.is_python {
            let source = "\"\"\"What is printed.\"\"\"\n\n\ndef joined(parts: list[str]) -> str:\n    \"\"\"The parts on one line.\"\"\"\n    return \", \".join(parts)\n";
            return format!("{}{}", self.package(), self.file(&self.source(), source));
        }
        let source = "/** The parts on one line. */\nexport function joined(parts: string[]): string {\n  return parts.join(\", \");\n}\n";
        self.file(&self.source(), source)
    }

    /// Tests that name every criterion of the question and import `joined` from the module of that name.
    pub(crate) fn tests(&self, module: &str) -> String {
        let ids = if self.criteria.is_empty() { vec![String::from("no criterion")] } else { self.criteria.clone() };
        if self.is_python {
            let import = format!("from {}.{module} import joined\n", self.folder.replace('/', "."));
            let case = |(number, id): (usize, &String)| {
                format!(
                    "\n\ndef test_joined_{number}() -> None:\n    \"\"\"Names both ({id}).\"\"\"\n    assert joined([\"a\", \"b\"]) == \"a, b\"\n"
                )
            };
            return self.file(&self.test, &format!("{import}{}", ids.iter().enumerate().map(case).collect::<String>()));
        }
        let head = format!(
            "import {{ expect, it }} from \"vitest\";\nimport {{ joined }} from \"../../{}/{module}.js\";\n",
            self.folder
        );
        let case = |id: &String| {
            format!("\nit(\"names both ({id})\", () => {{\n  expect(joined([\"a\", \"b\"])).toBe(\"a, b\");\n}});\n")
        };
        self.file(&self.test, &format!("{head}{}", ids.iter().map(case).collect::<String>()))
    }

    pub(crate) fn good(&self) -> String {
        format!("Here it is.\n{}{}", self.code(), self.tests("text"))
    }

    pub(crate) fn may_edit(&self, path: &str) -> bool {
        self.text.lines().any(|line| line.starts_with(&format!("- {path} (is there; edits only")))
    }

    /// Whether the question tells of findings of this rule.
    pub(crate) fn told(&self, rule: &str) -> bool {
        self.text.lines().any(|line| line.starts_with(&format!("- {rule}: ")))
    }
}
