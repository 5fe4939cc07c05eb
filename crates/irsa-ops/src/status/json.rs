//! The status as JSON.

use irsa_chain::Link;
use serde::Serialize;

use super::{LinkState, Status};

#[derive(Serialize)]
struct Document<'a> {
    /// Increased when a field that programs may read is removed or changes its meaning.
    schema: u32,
    overall: LinkState,
    first_broken: Option<Link>,
    #[serde(flatten)]
    status: &'a Status,
}

/// Returns the status as a JSON document.
///
/// # Errors
/// Errors of serde, which this type does not cause.
pub fn json(status: &Status) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&Document {
        schema: 1,
        overall: status.overall(),
        first_broken: status.first_broken().map(|link| link.link),
        status,
    })
}
