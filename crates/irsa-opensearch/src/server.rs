//! Serves a listener.

use std::sync::Arc;

use irsa_net::drain::DrainWatch;
use irsa_net::listen::Listener;
use irsa_ops::http::{StreamingOptions, Tls, serve_streaming};

use crate::domain::Domain;
use crate::forward;

/// Serves clients of `listener` until `drain` is signaled, and after that the requests in progress until they complete
/// or `cut` is signaled. Each connection holds a guard of `drain`.
pub async fn serve(domain: Arc<Domain>, listener: Listener, drain: DrainWatch, cut: DrainWatch) {
    let options = StreamingOptions {
        tls: domain.client_tls.clone().map_or(Tls::Off, Tls::Offered),
        header_timeout: domain.limits.header_timeout,
        idle_timeout: domain.limits.client_idle_timeout,
        total_timeout: None,
        connections: domain.client_connections.clone(),
        malformed: domain.metrics.malformed.clone(),
    };
    let answer = move |request, client| forward::answer(Arc::clone(&domain), request, client);
    tokio::select! {
        () = serve_streaming(listener, options, answer, drain) => {}
        () = cut.signaled() => {}
    }
}
