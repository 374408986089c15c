//! Which way a run takes through the pipeline.

/// The ways that are killed and resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Course {
    /// The stack's own workflow: installs, lints, type-checks, tests, builds. Merged without a person.
    Full,
    /// The same with a workflow that installs nothing, as all that follow.
    WithoutInstall,
    /// Waits for a person, who approves.
    Approved,
    /// CI is red, and green when a signal has it run again.
    RunAgain,
    /// The first execution of a project, with a requirement that the second one has no more.
    First,
    /// The second execution, which removes files. It begins in the workspace that the first one leaves.
    Second,
    /// Every stage alone, handing on its result.
    Alone,
    /// The last stage has another one beside it.
    Join,
}

impl Course {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Full,
        Self::WithoutInstall,
        Self::Approved,
        Self::RunAgain,
        Self::First,
        Self::Second,
        Self::Alone,
        Self::Join,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::WithoutInstall => "without-install",
            Self::Approved => "approved",
            Self::RunAgain => "run-again",
            Self::First => "first",
            Self::Second => "second",
            Self::Alone => "alone",
            Self::Join => "join",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    /// Whether CI installs packages.
    #[must_use]
    pub const fn installs(self) -> bool {
        matches!(self, Self::Full)
    }
}
