//! Named points at which a test may end the process, and a switch that turns protections off for control runs.
//!
//! Compiled only with the feature `failpoints`; never enable it in production.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

static HOOK: OnceLock<fn(&'static str)> = OnceLock::new();
static FIND_BEFORE_CREATE: AtomicBool = AtomicBool::new(true);

/// Installs the hook that is called at every point; the first one installed stays.
pub fn install(hook: fn(&'static str)) {
    let _ = HOOK.set(hook);
}

/// Calls the hook at the point `name`.
pub fn hit(name: &'static str) {
    if let Some(hook) = HOOK.get() {
        hook(name);
    }
}

/// Turns "look before you create" off (or on again): the control of the crash tests.
pub fn set_find_before_create(on: bool) {
    FIND_BEFORE_CREATE.store(on, Ordering::SeqCst);
}

/// Whether effects look before they create.
#[must_use]
pub fn find_before_create() -> bool {
    FIND_BEFORE_CREATE.load(Ordering::SeqCst)
}
