//! OpenSearch: its clients through the proxy, and existing signers against the lab.

mod clients;
mod curl;
mod grants;
mod large;
mod requests;
mod signers;
pub(crate) mod stage;
