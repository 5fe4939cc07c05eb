//! OpenSearch: its clients through the proxy, and signers of today against the lab.

mod clients;
mod requests;
mod signers;
mod stage;
