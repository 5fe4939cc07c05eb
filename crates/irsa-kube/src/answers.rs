//! The answers that a reader keeps, so that checks of several workloads make each request once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::ReadError;
use crate::reader::ApiResponse;

/// An answer that is awaited or known.
type Answer = Arc<OnceCell<Result<Arc<ApiResponse>, ReadError>>>;

/// The answers to GET requests by path. Requests that are made at the same time wait for one answer.
#[derive(Clone, Default)]
pub(crate) struct Answers(Arc<Mutex<HashMap<String, Answer>>>);

impl Answers {
    /// The answer of this path, which `send` requests if it was not requested before. If `send` is cancelled, the next
    /// caller sends the request.
    pub(crate) async fn get(
        &self,
        path: &str,
        send: impl Future<Output = Result<ApiResponse, ReadError>>,
    ) -> Result<Arc<ApiResponse>, ReadError> {
        let answer = {
            let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(answers.entry(path.to_owned()).or_default())
        };
        let send = async { send.await.map(Arc::new) };
        answer.get_or_init(|| send).await.clone()
    }
}
