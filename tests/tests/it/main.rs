//! aipipe from the outside: whole runs in processes of their own.

#![cfg(test)]

mod crash;
