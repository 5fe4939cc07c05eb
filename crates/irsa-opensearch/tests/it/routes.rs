//! The table of routes against OpenSearch: its specification, and a real node.

mod bodies;
mod specification;
mod state;
mod walk;
