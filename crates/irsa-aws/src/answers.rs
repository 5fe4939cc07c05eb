//! The answers that a reader keeps, so that checks of several workloads make each call once.

use std::fmt;
use std::sync::Arc;

use irsa_identity::{ApiAnswer, ApiCall, CallerIdentity};
use irsa_net::asked_once::AskedOnce;
use tokio::sync::OnceCell;

use crate::ReadError;

/// The answers by call.
#[derive(Clone, Default)]
pub(crate) struct Answers {
    caller: Arc<OnceCell<Result<CallerIdentity, ReadError>>>,
    calls: Arc<AskedOnce<CallKey, Result<ApiAnswer, ReadError>>>,
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

    /// The answer of this call, which `send` makes if it was not made before.
    pub(crate) async fn call(
        &self,
        call: &ApiCall,
        send: impl Future<Output = Result<ApiAnswer, ReadError>>,
    ) -> Result<ApiAnswer, ReadError> {
        let body = call.body.as_ref().map(|(_, body)| body.clone());
        let key = (call.url.clone(), call.region.to_string(), body);
        self.calls.get(key, send).await
    }
}

/// Shows only the number of calls.
impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.calls.fmt(f)
    }
}
