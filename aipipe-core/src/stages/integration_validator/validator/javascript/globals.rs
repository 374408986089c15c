//! Names that exist without an import: those of the language, of its type library and of the usual run times.
//!
//! The two lists are made of the packages `globals` 17.14.0, `typescript` 6.0.3 (`lib.*.d.ts`), `@types/node` 20, `@types/jest`
//! and `@types/react`. They hold more than any one file has: a name too many hides an error, a name too few invents one.

use foldhash::HashSet;
use std::sync::LazyLock;

static VALUES: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("global_values.txt").lines().collect());
static TYPES: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("global_types.txt").lines().collect());

/// Whether the global object has the name as every object has: programs without types may use that.
pub(super) fn is_of_every_object(name: &str) -> bool {
    matches!(
        name,
        "hasOwnProperty"
            | "isPrototypeOf"
            | "propertyIsEnumerable"
            | "valueOf"
            | "toString"
            | "toLocaleString"
            | "constructor"
    )
}

/// Macros of Vue's compiler.
const VUE: &[&str] = &[
    "defineProps",
    "defineEmits",
    "defineExpose",
    "defineOptions",
    "defineSlots",
    "defineModel",
    "withDefaults",
    "$ref",
    "$computed",
    "$shallowRef",
    "$customRef",
    "$toRef",
    "$$",
    "$",
    "useSlots",
    "useAttrs",
];

/// What the languages themselves say with a name, and loaders put there.
const SYNTAX: &[&str] = &[
    "arguments",
    "const",
    "this",
    "React",
    "JSX",
    "ReactDOM",
    "Deno",
    "Bun",
    "Express",
    "google",
    "Stripe",
    "grecaptcha",
    "gtag",
    "ga",
    "dataLayer",
    "Electron",
    "MonacoEnvironment",
    "EdgeRuntime",
    "WebdriverIO",
    "browser",
    "element",
    "by",
    "device",
    "waitFor",
    "cy",
    "Cypress",
    "Vue",
];

/// Whether a value of this name may exist everywhere.
pub(super) fn is_value(name: &str) -> bool {
    VALUES.contains(name) || SYNTAX.contains(&name)
}

/// Whether a type of this name may exist everywhere.
pub(super) fn is_type(name: &str) -> bool {
    is_value(name) || TYPES.contains(name)
}

/// Whether components have a value of this name.
pub(super) fn is_vue(name: &str) -> bool {
    VUE.contains(&name)
}
