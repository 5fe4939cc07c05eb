//! Answers that are asked for once, by the first who needs them.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// The answers to questions, known or awaited. Those who ask the same at the same time wait for one answer.
pub struct AskedOnce<K, V>(Mutex<HashMap<K, Arc<OnceCell<V>>>>);

// === impl AskedOnce ===

impl<K, V> Default for AskedOnce<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> AskedOnce<K, V> {
    /// Returns the answer to `question`, which `ask` gets if it was not asked before. If `ask` is cancelled, the next
    /// caller asks.
    pub async fn get(&self, question: K, ask: impl Future<Output = V>) -> V {
        let answer = {
            let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(answers.entry(question).or_default())
        };
        answer.get_or_init(|| ask).await.clone()
    }
}

/// Shows only the number of questions: an answer can have megabytes.
impl<K, V> fmt::Debug for AskedOnce<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_tuple("AskedOnce").field(&answers.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn, ready};
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn not_asked() -> impl Future<Output = u8> {
        poll_fn(|_| panic!("the answer is known"))
    }

    #[tokio::test]
    async fn each_question_has_one_answer() {
        let answers = AskedOnce::default();
        assert_eq!(answers.get("a", ready(1)).await, 1);
        assert_eq!(answers.get("b", ready(2)).await, 2);
        assert_eq!(answers.get("a", not_asked()).await, 1);
        assert_eq!(format!("{answers:?}"), "AskedOnce(2)");
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_question_is_asked_again() {
        let answers = AskedOnce::default();
        let cancelled = timeout(Duration::from_secs(1), answers.get("a", pending())).await;
        cancelled.unwrap_err();
        assert_eq!(answers.get("a", ready(1)).await, 1);
    }
}
