//! What a requirement is about: qualities and givens of the solution are told from functions by their words.

use super::words::{Token, TokenKind, has_phrase, lower};
use crate::domain::RequirementKind;

const QUALITIES: &[&str] = &[
    "secure",
    "fast",
    "scalable",
    "responsive",
    "reliable",
    "accessible",
    "available",
    "maintainable",
    "performant",
    "intuitive",
    "user-friendly",
    "easy",
    "simple",
    "usable",
    "robust",
    "stable",
    "quick",
    "efficient",
    "modern",
    "clean",
    "attractive",
    "extensible",
    "portable",
    "testable",
    "consistent",
    "safe",
    "resilient",
    "highly",
    "lightweight",
    "user friendly",
];

const QUALITY_PHRASES: &[&str] = &[
    "response time",
    "response times",
    "load time",
    "load times",
    "uptime",
    "concurrent users",
    "simultaneous users",
    "requests per second",
    "performance",
    "usability",
    "scalability",
    "accessibility",
    "reliability",
    "wcag",
    "encrypted",
    "hashed",
    "high availability",
    "per second",
    "test coverage",
    "penetration test",
    "screen reader",
    "screen readers",
    "two-factor",
    "tls",
    "https",
];

const TECHNOLOGIES: &[&str] = &[
    "python",
    "java",
    "javascript",
    "typescript",
    "react",
    "vue",
    "vue.js",
    "vuejs",
    "angular",
    "node",
    "node.js",
    "nodejs",
    "express",
    "fastapi",
    "flask",
    "django",
    "spring",
    "kotlin",
    "swift",
    "php",
    "laravel",
    "ruby",
    "rails",
    "rust",
    "golang",
    "postgresql",
    "postgres",
    "mysql",
    "mariadb",
    "sqlite",
    "mongodb",
    "redis",
    "docker",
    "kubernetes",
    "aws",
    "azure",
    "gcp",
    "linux",
    "windows",
    "ios",
    "android",
    "html5",
    "css3",
    "c++",
    "c++17",
    "graphql",
    "nextjs",
    "next.js",
    "svelte",
    "vite",
    "pandas",
    "numpy",
    "pytest",
    "maven",
    "gradle",
    "npm",
    "tensorflow",
    "pytorch",
    "elasticsearch",
    "kafka",
    "rabbitmq",
    "s3",
    "nginx",
    "terraform",
    "heroku",
    "netlify",
    "vercel",
    "oracle",
    ".net",
    "c#",
    "wordpress",
    "tailwind",
    "bootstrap",
    "build.gradle",
    "pom.xml",
    "makefile",
    "package.json",
    "fastify",
    "nestjs",
    "koa",
    "nuxt",
    "pinia",
    "starlette",
    "uvicorn",
    "vue3",
];

/// Names of technologies that are everyday words too: they count with a capital letter, or after "in", "with" and "use".
const EVERYDAY: &[&str] = &[
    "react",
    "express",
    "node",
    "spring",
    "swift",
    "ruby",
    "rust",
    "rails",
    "oracle",
    "windows",
    "bootstrap",
    "maven",
    "flask",
];

fn is_technology(words: &[Token], at: usize) -> bool {
    let Some(token) = words.get(at).filter(|t| t.is_any(TECHNOLOGIES)) else { return false };
    let before = at.checked_sub(1).map_or("", |i| lower(words, i));
    !token.is_any(EVERYDAY)
        || token.capital
        || matches!(before, "use" | "using" | "in" | "with" | "on" | "want" | "plus")
}

pub(super) fn has_technology(words: &[Token]) -> bool {
    (0..words.len()).any(|at| is_technology(words, at))
}

/// What a sentence may speak of besides technologies and still ask for nothing one does: "a Python service with FastAPI".
const MADE_OF: &str = "\
    a an the and or with in on of for as our it this that all everything any service services server servers api apis rest \
    backend back end front frontend stack application app web site website product system software solution project language \
    framework library libraries database store storage database's runtime version platform code codebase tool tools technology \
    technologies environment container containers cloud hosting please preferably ideally also only just simply basically \
    definitely currently mostly then so because plus latest lts current modern recent \
    we i you they we'll we'd we're we've i'd i'll it's it'll let's company team everyone developers engineers \
    want wants need needs would like love prefer prefers use uses using used build builds built write written develop developed \
    implement implemented run runs running host hosted deploy deployed make made go stay stick rely based standardised \
    standardized is are be will shall must should can could to have has do does here at by from via through under not no";

/// Whether the sentence only names what the product is to be made with: evidence for a stack, nothing one does.
pub(super) fn names_only_technology(sentence: &[Token]) -> bool {
    let plain = |(at, token): (usize, &Token)| {
        token.is_mark()
            || token.kind == TokenKind::Number
            || is_technology(sentence, at)
            || MADE_OF.split_ascii_whitespace().any(|word| word == token.lower)
    };
    // "… for our bookings" says what it is good for
    let purpose = sentence.iter().position(|t| t.is("for")).filter(|at| sentence.len() - at <= 5);
    let end = purpose.unwrap_or(sentence.len());
    sentence.len() > 1
        && has_technology(sentence.get(..end).unwrap_or_default())
        && sentence.iter().enumerate().take(end).all(plain)
        && !sentence.iter().skip(end).any(|t| t.is_any(&["to", "that", "which", "who", "can", "must", "should"]))
}

const GIVENS: &[&str] = &[
    "gdpr",
    "hipaa",
    "pci",
    "data protection law",
    "budget",
    "deadline",
    "go live",
    "go-live",
    "be hosted",
    "be deployed",
    "be written in",
    "be built with",
    "be built on",
    "be implemented in",
    "be implemented with",
    "be developed in",
    "be developed with",
    "be developed using",
    "be implemented using",
    "be based on",
    "be open source",
    "on premise",
    "on-premise",
    "data centre",
    "data center",
    "be compatible with",
    "be delivered by",
    "be ready by",
    "be finished by",
    "be live by",
    "be launched",
    "licence",
    "comply with",
    "be compliant",
    "adhere to",
    "within the eu",
    "in the eu",
    "european union",
    "data residency",
    "data protection",
    "iso 27001",
    "soc 2",
    "by law",
    "legally required",
];

/// Months and the like, after which a day or year makes a deadline.
const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sep",
    "sept",
    "oct",
    "nov",
    "dec",
    "q1",
    "q2",
    "q3",
    "q4",
    "spring",
    "summer",
    "autumn",
    "winter",
    "christmas",
    "easter",
];

/// Whether the whole is to be there by a day of the calendar: "in use by 1 May 2026", "go live before the end of June".
fn is_deadline(words: &[Token], verb: &Token) -> bool {
    let moved = verb.is_any(&[
        "be", "go", "launch", "finish", "deliver", "start", "complete", "open", "ship", "release", "replace", "have",
        "end", "migrate", "switch",
    ]);
    let by = |i: usize| {
        matches!(lower(words, i), "by" | "before" | "until" | "in" | "from" | "on")
            && (i + 1..i + 6).any(|k| words.get(k).is_some_and(|t| t.capital && t.is_any(MONTHS)))
    };
    moved && (0..words.len()).any(by)
}

const MEANS: &[&str] = &[
    "use",
    "be",
    "run",
    "build",
    "host",
    "deploy",
    "write",
    "implement",
    "develop",
    "support",
    "rely",
    "install",
    "work",
    "have",
    "adhere",
    "target",
    "require",
    "using",
    "utilize",
    "leverage",
];

/// The kind of a clause that is a quality or a given as a whole; nothing when it is a function or a rule.
pub(super) fn of_whole(words: &[Token], verb: &Token) -> Option<RequirementKind> {
    let technology = has_technology(words);
    if (technology && verb.is_any(MEANS))
        || has_phrase(words, GIVENS)
        || is_deadline(words, verb)
        || protects(words, verb)
    {
        return Some(RequirementKind::Constraint);
    }
    is_quality_of(words, verb).then_some(RequirementKind::Quality)
}

/// Whether the whole is about how personal data are kept.
fn protects(words: &[Token], verb: &Token) -> bool {
    has_phrase(words, &["personal data", "patient data", "health data", "customer data"])
        && verb.is_any(&["keep", "stay", "remain", "protect", "leave", "process", "reside", "handle"])
}

/// Whether a quality is stated with a number and a unit of time, as no small talk is.
pub(super) fn is_measured(words: &[Token]) -> bool {
    words.windows(2).any(|w| {
        let [a, b] = w else { return false };
        a.kind == TokenKind::Number && b.is_any(&["ms", "milliseconds", "millisecond", "seconds", "second"])
    })
}

fn is_quality_of(words: &[Token], verb: &Token) -> bool {
    if is_quality(words) {
        return true;
    }
    let timed = words.windows(3).any(|w| {
        let [a, b, c] = w else { return false };
        (a.is_any(&["within", "under", "than", "below", "in"]) || a.is("most"))
            && b.kind == TokenKind::Number
            && c.is_any(&["ms", "milliseconds", "millisecond", "seconds", "second", "s", "sec"])
    });
    let fast = verb.is_any(&[
        "respond", "answer", "load", "return", "start", "complete", "be", "take", "open", "react", "process", "handle",
        "render", "display", "show", "run", "finish", "appear", "convert", "come",
    ]);
    let load = verb.is_any(&["handle", "support", "scale", "serve", "withstand", "cope"])
        && has_phrase(words, &["users", "requests", "load", "concurrent", "transactions", "visitors"])
        && (words.iter().any(|t| t.kind == TokenKind::Number) || has_phrase(words, &["load", "concurrent"]));
    (timed && fast) || load
}

/// Whether the words speak of a quality of the whole.
pub(super) fn is_quality(words: &[Token]) -> bool {
    if has_phrase(words, QUALITY_PHRASES) {
        return true;
    }
    (0..words.len()).any(|i| {
        matches!(lower(words, i), "be" | "is" | "are" | "feel" | "look") && {
            let mut next = i + 1;
            while matches!(
                lower(words, next),
                "very"
                    | "as"
                    | "more"
                    | "highly"
                    | "fully"
                    | "always"
                    | "really"
                    | "both"
                    | "also"
                    | "so"
                    | "extremely"
            ) {
                next += 1;
            }
            let alone = words
                .get(next + 1)
                .is_none_or(|t| t.is_mark() || t.is_any(&["and", "to", "enough", "on", "for", "at", "in", "as"]));
            words.get(next).is_some_and(|t| t.is_any(QUALITIES))
                && alone
                && !(lower(words, next) == "available"
                    && matches!(lower(words, next + 1), "for" | "to" | "in" | "as" | "on"))
        }
    })
}

/// The kind of a list item that is no clause, where its words tell.
pub(super) fn of_statement(words: &[Token]) -> Option<RequirementKind> {
    if has_technology(words) || has_phrase(words, GIVENS) {
        return Some(RequirementKind::Constraint);
    }
    is_quality(words).then_some(RequirementKind::Quality)
}
