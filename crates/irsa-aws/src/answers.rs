//! The answers that a reader keeps, so that checks of several workloads make each call once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use irsa_identity::{ApiAnswer, ApiCall, CallerIdentity};
use tokio::sync::OnceCell;

use crate::ReadError;

/// An answer that is awaited or known.
type Answer<T> = Arc<OnceCell<Result<T, ReadError>>>;

/// The answers by call. Calls that are made at the same time wait for one answer.
#[derive(Clone, Default)]
pub(crate) struct Answers {
    caller: Answer<CallerIdentity>,
    calls: Arc<Mutex<HashMap<CallKey, Answer<ApiAnswer>>>>,
}

/// URL, region and body of a call.
type CallKey = (String, String, Option<String>);

impl Answers {
    pub(crate) async fn caller(
        &self,
        read: impl Future<Output = Result<CallerIdentity, ReadError>>,
    ) -> Result<CallerIdentity, ReadError> {
        self.caller.get_or_init(|| read).await.clone()
    }

    /// The answer of this call, which `send` makes if it was not made before. If `send` is cancelled, the next caller
    /// makes the call.
    pub(crate) async fn call(
        &self,
        call: &ApiCall,
        send: impl Future<Output = Result<ApiAnswer, ReadError>>,
    ) -> Result<ApiAnswer, ReadError> {
        let body = call.body.as_ref().map(|(_, body)| body.clone());
        let key = (call.url.clone(), call.region.to_string(), body);
        let answer = {
            let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(calls.entry(key).or_default())
        };
        answer.get_or_init(|| send).await.clone()
    }
}

/// Shows only their number: an answer can have megabytes.
impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_tuple("Answers").field(&calls.len()).finish()
    }
}
