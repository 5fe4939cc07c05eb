//! Panic isolation: a panic ends only the session in which it occurs, with an error for the client.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::sqlstate::SqlState;
use prometheus_client::metrics::counter::Counter;

/// Runs `work`. A panic is counted and becomes the error for the client. After a panic, callers use the values that
/// `work` borrows only to close the session.
///
/// This is not an `async fn`, which would store `work` twice: the memory of idle sessions matters.
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

/// Returns the error for the client. It does not contain the panic message, which may include external data.
fn internal_error() -> ErrorResponse {
    ErrorResponse::fatal(
        SqlState::INTERNAL_ERROR,
        "irsa: an internal error ended this session",
    )
    .hint("connect again, and report the location of the error from the log of irsa")
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
    async fn a_client_whose_relay_panics_gets_an_error() {
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
            panic!("the relay did not panic")
        };
        relay.finish(Some(error), Duration::from_secs(10)).await;

        assert_eq!(panics.get(), 1);
        let mut notice = Vec::new();
        client.read_to_end(&mut notice).await.unwrap();
        assert_eq!(notice[0], b'E');
        let error = ErrorResponse::parse(&notice[5..]).unwrap();
        assert_eq!(error.code, SqlState::INTERNAL_ERROR);
        assert!(!format!("{error:?}").contains("a value from outside"));
        assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
    }
}
