//! Words that tell how firmly a technology is named, and whether at all.

use super::super::words::vocabulary;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Words that deny what follows.
pub(super) static NEGATORS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    vocabulary(
        "no not without never don't doesn't won't can't cannot isn't aren't shouldn't mustn't wouldn't neither nor avoid
    avoiding against drop dropping dropped abandon abandoning replace replaces replacing leave leaving forget reject
    rejected excluding except",
    )
});

/// Words that may stand between a negator and what it denies.
pub(super) static BETWEEN: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    vocabulary(
        "a an any the use used using want wants need needs to be been build built write written it this in on with more
    choose go going for have has having like another yet new version of our old existing legacy current plan
    planning consider considering think that should must work by there is are will we do support separate own real
    graphical fancy full require requires include building stack app code anything at all longer interested as
    create develop provide native",
    )
});

/// Words of considering.
pub(super) static HEDGES: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    vocabulary(
        "might maybe perhaps could e.g eg example considered considering mentioned heard alternatively alternative
    alternatives possibly option options optional someday later wonder whether if similar compare compared unlike
    imagine instance nice experiment",
    )
});

/// Words for somebody else.
pub(super) static OTHERS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    vocabulary("competitor competitor's competitors competing rival rivals rival's elsewhere vendor vendor's")
});

/// Words of requiring and of using oneself.
pub(super) static FIRM: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    vocabulary(
        "must shall will use uses using built build building written write developed develop implemented implement stack
    technology technologies required requires require want wants need needs based should language languages
    framework frameworks runs run powered we our version create platform only standardised standardized environment",
    )
});

/// Words of a decision.
pub(super) static DECIDED: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    vocabulary("decided decision agreed settled chosen chose final finally definitely mandatory picked")
});

/// Neighbours that make an everyday word a technology.
pub(super) static CONTEXT: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    vocabulary(
        "in using use with want wants on server servers app apps api apis backend frontend back front application router
    component components js hooks stack framework spa project client library developers developer code codebase
    engine prefer chose choose like written learn no not from of website site ui middleware service services and or
    over than avoid drop native plus v18 v20 runtime version only typescript rest mean",
    )
});
