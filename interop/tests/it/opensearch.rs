//! OpenSearch: its clients through the proxy, and signers of today against the lab.

mod clients;
mod grants;
mod requests;
mod signers;
mod stage;
