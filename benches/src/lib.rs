//! Benchmarks of aipipe.
