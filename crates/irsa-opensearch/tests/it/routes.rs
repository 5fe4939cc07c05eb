//! The table of routes, compared with OpenSearch's specification and with a real node.

mod bodies;
mod specification;
mod state;
mod walk;
