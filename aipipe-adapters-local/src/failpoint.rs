//! A point in the middle of an effect at which a crash test may end the process; nothing without `failpoints`.

macro_rules! failpoint {
    ($name:literal) => {
        #[cfg(feature = "failpoints")]
        aipipe_core::failpoint::hit($name);
    };
}
pub(crate) use failpoint;
