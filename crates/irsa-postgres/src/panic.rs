//! A defect of irsa's ends the session it occurs in, with an error that the client can read, and no
//! other session.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;
use prometheus_client::metrics::counter::Counter;

/// Runs `work`; a panic in it is counted and becomes the error for its client. What `work` borrows
/// is not used again but to say goodbye.
///
/// Not an `async fn`, which would hold `work` twice: a waiting session's memory counts.
pub(crate) fn caught<T>(
    panics: &Counter,
    work: impl Future<Output = T>,
) -> impl Future<Output = Result<T, ErrorResponse>> {
    let outcome = AssertUnwindSafe(work).catch_unwind();
    outcome.map(|outcome| {
        outcome.map_err(|_| {
            panics.inc();
            internal_error()
        })
    })
}

/// The message of the panic is not repeated: it can hold data from outside.
fn internal_error() -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::INTERNAL_ERROR,
        "irsa: an internal error ended this session",
    )
    .hint("report the location that irsa has logged with this error, and connect again")
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use irsa_net::listen::Stream;
    use tokio::io::AsyncReadExt;
    use tokio::net::UnixStream;

    use super::*;
    use crate::relay::{Relay, RelayCounters};
    use crate::transport::Transport;

    #[tokio::test]
    async fn a_client_whose_relay_panics_is_told_so() {
        let (near, mut client) = UnixStream::pair().unwrap();
        let (towards, mut server) = UnixStream::pair().unwrap();
        let counters = RelayCounters {
            to_server: Counter::default(),
            to_client: Counter::default(),
        };
        let mut relay = Relay::new(
            Transport::new(Stream::Unix(near)),
            Transport::new(Stream::Unix(towards)),
            counters,
            poll_fn(|_| panic!("a value from outside")),
            None,
        );
        let panics = Counter::default();
        let Err(error) = caught(&panics, &mut relay).await else {
            panic!("it does not panic")
        };
        relay.finish(Some(error), Duration::from_secs(10)).await;

        assert_eq!(panics.get(), 1);
        let mut farewell = Vec::new();
        client.read_to_end(&mut farewell).await.unwrap();
        assert_eq!(farewell[0], b'E');
        let error = ErrorResponse::parse(&farewell[5..]).unwrap();
        assert_eq!(error.code, SqlState::INTERNAL_ERROR);
        assert!(!format!("{error:?}").contains("a value from outside"));
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
    }
}
