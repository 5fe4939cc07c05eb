//! The answers of APIs whose protocol is JSON: OpenSearch Service and EKS.

use irsa_identity::ApiAnswer;
use serde::de::DeserializeOwned;

use crate::{ReadError, error_response};

/// Reads the answer to a call that needs `action`.
///
/// # Errors
/// It is an error response, or its JSON is not as expected.
pub(crate) fn read<T: DeserializeOwned>(
    action: &'static str,
    answer: &ApiAnswer,
) -> Result<T, ReadError> {
    if answer.status < 300 {
        let read = serde_json::from_slice(&answer.body);
        return read.map_err(|error| ReadError::invalid(action, error));
    }
    Err(error_response::read(action, answer))
}
