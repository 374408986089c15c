//! Finding the passages of documents and code that speak of something, each cited.
//!
//! ```text
//! documents table ─▶ latest readings ─▶ text + segments ─┐
//!                                                        ├─▶ passages ─▶ Bm25 ────────────┬─▶ SearchIndex ─▶ hits
//! code bundle ─────▶ last version of each file ──────────┘       └─▶ Embedder ─▶ vectors ─┘   (fused by rank)
//!                                                                     kept below vectors/{embedding type}
//! ```
//!
//! - [`Searcher`] is what a host asks: it reads what a project has through the ports and keeps the index until the project
//!   has something new.
//! - [`SearchIndex`] is the index alone, over [`Passage`]s from anywhere. Without an embedder it is [`Bm25`] alone: words,
//!   by how rare they are. With one, the places in both rankings are put together (reciprocal rank fusion).
//! - [`LexicalEmbedder`] makes vectors without a model; a better one plugs in through the port
//!   [`Embedder`](crate::ports::Embedder).
//!
//! ```
//! use aipipe_core::domain::RepoPath;
//! use aipipe_core::search::{Passage, Query, SearchIndex};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let path = RepoPath::parse("src/bookings.ts")?;
//! let code = "export function cancelBooking(id: string) {\n  return remove(id);\n}\n";
//! let index = SearchIndex::of(Passage::of_file(&path, code));
//! let hits = index.search(&Query::new("Who may cancel a booking?")).await?;
//! assert_eq!(hits[0].cited.to_string(), "src/bookings.ts, lines 1–3");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bm25;
mod embedder;
mod index;
mod passage;
mod searcher;
mod stem;
mod terms;
#[cfg(test)]
mod tests;
mod vectors;

pub use bm25::Bm25;
pub use embedder::LexicalEmbedder;
pub use index::{Hit, Query, SearchIndex};
pub use passage::{Cited, CodeCitation, Passage};
pub use searcher::{Found, LeftOut, Searcher};
pub use terms::terms;
