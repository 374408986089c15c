//! Names of the plan (lower snake case) in the shapes the languages use.

/// Type names that the templates or the languages use themselves; an entity of that name gets `Record` appended.
const TAKEN_TYPES: &[&str] = &[
    "APIRouter",
    "Annotated",
    "Any",
    "App",
    "Array",
    "AsyncContent",
    "AwareDatetime",
    "BaseModel",
    "Body",
    "Boolean",
    "Callable",
    "Choice",
    "Collection",
    "Component",
    "ConfigDict",
    "Date",
    "Decimal",
    "DeleteButton",
    "Error",
    "Exception",
    "Express",
    "Fact",
    "False",
    "FastAPI",
    "Field",
    "FieldError",
    "FieldsRefused",
    "FormField",
    "FormFrame",
    "Function",
    "Generic",
    "HTTPException",
    "HttpClient",
    "Input",
    "Iterable",
    "Json",
    "Link",
    "ListFilters",
    "Literal",
    "Lock",
    "Map",
    "Mapping",
    "NextFunction",
    "None",
    "Notice",
    "Number",
    "Object",
    "Page",
    "PageHeading",
    "PageNavigation",
    "PageQuery",
    "Partial",
    "Path",
    "PlainSerializer",
    "Problem",
    "Promise",
    "Protocol",
    "Proxy",
    "Query",
    "ReactNode",
    "Record",
    "RecordNotFound",
    "Reflect",
    "Repositories",
    "RepositoriesContext",
    "Repository",
    "Request",
    "Required",
    "Response",
    "Route",
    "Router",
    "Routes",
    "SearchText",
    "SelectField",
    "Sequence",
    "Server",
    "Set",
    "StillReferredTo",
    "Storage",
    "String",
    "StringConstraints",
    "Symbol",
    "TestClient",
    "True",
    "TypeVar",
    "URLSearchParams",
    "UniqueViolation",
    "UnknownReference",
    "ZodError",
];

const PYTHON_KEYWORDS: &[&str] = &[
    "and", "as", "assert", "async", "await", "break", "case", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "match", "nonlocal", "not",
    "or", "pass", "raise", "return", "try", "type", "while", "with", "yield",
];

/// Attributes every pydantic model has; a field of that name keeps it in JSON only.
const PYDANTIC_ATTRIBUTES: &[&str] = &["construct", "copy", "dict", "json", "schema", "validate"];

/// Whether `name` is lower snake case: words of letters and digits, the first beginning with a letter, at most 60 bytes.
#[must_use]
pub(crate) fn is_snake_case(name: &str) -> bool {
    name.len() <= 60
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .split('_')
            .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

/// `service_booking` as `ServiceBooking`.
#[must_use]
pub(crate) fn pascal(name: &str) -> String {
    name.split('_')
        .flat_map(|word| {
            let mut chars = word.chars();
            chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars)
        })
        .collect()
}

/// `service_booking` as `serviceBooking`.
#[must_use]
pub(crate) fn camel(name: &str) -> String {
    let pascal = pascal(name);
    let mut chars = pascal.chars();
    chars.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

/// A field's name as a property in JSON on Node: camel case, with `Value` appended to the names every object has.
pub(crate) fn property(name: &str) -> String {
    const OF_EVERY_OBJECT: &[&str] = &[
        "constructor",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "toLocaleString",
        "toString",
        "valueOf",
    ];
    let key = camel(name);
    if OF_EVERY_OBJECT.contains(&key.as_str()) { format!("{key}Value") } else { key }
}

/// `service_booking` as `service-booking`.
#[must_use]
pub(crate) fn kebab(name: &str) -> String {
    name.replace('_', "-")
}

/// `service_booking` as `service booking`.
#[must_use]
pub(crate) fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// The words with `a` or `an` before them, by the first letter.
#[must_use]
pub(crate) fn with_article(name: &str) -> String {
    let words = words(name);
    let article = if words.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {words}")
}

/// The name of the type generated for an entity: Pascal case, with `Record` appended where the name is taken by the
/// language or by the generated code (`request`, `error`, `map`).
///
/// A plan that lists what a model file exports should use it.
#[must_use]
pub fn type_name(entity: &str) -> String {
    let name = pascal(entity);
    if TAKEN_TYPES.contains(&name.as_str()) { format!("{name}Record") } else { name }
}

/// A Python identifier for `name`: an underscore is appended to a keyword.
#[must_use]
pub(crate) fn python_identifier(name: &str) -> String {
    if PYTHON_KEYWORDS.contains(&name) { format!("{name}_") } else { name.to_owned() }
}

/// The attribute of a pydantic model that holds the field `name`.
#[must_use]
pub(crate) fn python_attribute(name: &str) -> String {
    if PYDANTIC_ATTRIBUTES.contains(&name) || name.starts_with("model_") {
        format!("{name}_")
    } else {
        python_identifier(name)
    }
}

/// Whether `word` can't name a Python module.
#[must_use]
pub(crate) fn is_python_keyword(word: &str) -> bool {
    PYTHON_KEYWORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_the_shape_of_the_language() {
        assert_eq!(pascal("service_booking_2"), "ServiceBooking2");
        assert_eq!(camel("due_date"), "dueDate");
        assert_eq!(kebab("service_booking"), "service-booking");
        assert_eq!(with_article("invoice_line"), "an invoice line");
        assert_eq!(with_article("booking"), "a booking");
    }

    #[test]
    fn names_of_the_language_are_left_alone() {
        assert_eq!(type_name("request"), "RequestRecord");
        assert_eq!(type_name("booking"), "Booking");
        assert_eq!(python_attribute("copy"), "copy_");
        assert_eq!(python_attribute("title"), "title");
    }

    #[test]
    fn only_snake_case_becomes_code() {
        for good in ["a", "due_date", "line_2", "a1"] {
            assert!(is_snake_case(good), "{good}");
        }
        for bad in ["", "_a", "a_", "a__b", "A", "1a", "a-b", "a b", "é", "a;b", "a\n"] {
            assert!(!is_snake_case(bad), "{bad:?}");
        }
    }
}
