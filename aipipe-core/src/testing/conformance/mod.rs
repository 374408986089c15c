//! The suites that check each port's contract.
