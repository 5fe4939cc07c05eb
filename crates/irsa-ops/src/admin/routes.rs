//! The routes of the admin listeners.

use std::sync::Arc;

use bytes::Bytes;
use irsa_chain::Link;
use irsa_net::listen::Peer;

use super::host::{is_from_a_web_page, is_local};
use super::recent::RecentMetrics;
use crate::health::{Health, Liveness, Readiness};
use crate::http::header::{self, HeaderName, HeaderValue};
use crate::http::{Method, Request, Response, StatusCode, text};
use crate::metrics::{self, Metrics};
use crate::status::{LinkState, LinkStatus, STYLE, Status, StatusSource, render, render_causes};

/// The clients that can connect to a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Clients that can connect to the pod.
    Public,
    /// Clients in the pod itself.
    Private,
}

/// The sources of the responses.
pub(super) struct Admin {
    pub(super) health: Health,
    pub(super) metrics: Metrics,
    pub(super) status: Arc<dyn StatusSource>,
    pub(super) quit: Box<dyn Fn() + Send + Sync>,
    pub(super) recent: RecentMetrics,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    Live,
    Ready,
    Started,
    Metrics,
    Status,
    Causes,
    Style,
    Quit,
}

impl Admin {
    pub(super) fn respond<B>(
        &self,
        access: Access,
        request: &Request<B>,
        peer: Peer,
    ) -> Response<Bytes> {
        // Web pages cannot connect to Unix sockets, and clients of Unix sockets send an arbitrary `Host`.
        let is_checked = access == Access::Private && matches!(peer, Peer::Tcp(_));
        let mut response = if is_checked && !is_local(request) {
            text(
                StatusCode::MISDIRECTED_REQUEST,
                "use localhost or 127.0.0.1 in the URL",
            )
        } else {
            self.route(access, request)
        };
        for (name, value) in ALWAYS {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        response
    }

    fn route<B>(&self, access: Access, request: &Request<B>) -> Response<Bytes> {
        let Some(route) = Route::find(request.uri().path(), access) else {
            return text(StatusCode::NOT_FOUND, "not found");
        };
        if !route.allows(request.method()) {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
            let allowed = HeaderValue::from_static(route.allowed());
            response.headers_mut().insert(header::ALLOW, allowed);
            return response;
        }
        match route {
            Route::Live => self.live(),
            Route::Ready if parameter(request, "identity").is_some() => self.identity_ready(),
            Route::Ready => self.ready(),
            Route::Started if self.health.is_started() => text(StatusCode::OK, "started"),
            Route::Started => text(StatusCode::SERVICE_UNAVAILABLE, "not started yet"),
            Route::Metrics if access == Access::Public => {
                typed(metrics::CONTENT_TYPE, self.recent.encode(&self.metrics))
            }
            Route::Metrics => typed(metrics::CONTENT_TYPE, self.metrics.encode()),
            Route::Status => status_page(&self.status.status(), request),
            Route::Causes => typed("text/html; charset=utf-8", render_causes()),
            Route::Style => typed("text/css; charset=utf-8", STYLE),
            Route::Quit => self.quit(request),
        }
    }

    fn live(&self) -> Response<Bytes> {
        match self.health.liveness() {
            Liveness::Alive => text(StatusCode::OK, "alive"),
            Liveness::Failed(reason) => text(StatusCode::SERVICE_UNAVAILABLE, reason),
        }
    }

    fn ready(&self) -> Response<Bytes> {
        match self.health.readiness() {
            Readiness::Ready => text(StatusCode::OK, "ready"),
            Readiness::NotReady(reason) => text(StatusCode::SERVICE_UNAVAILABLE, reason),
        }
    }

    /// Returns whether the process is ready and has a valid session. The public listener must not reveal more than link
    /// and cause.
    fn identity_ready(&self) -> Response<Bytes> {
        let is_usable = |link: &&LinkStatus| {
            use LinkState::{Degraded, NotApplicable, Ok};
            matches!(link.state, NotApplicable | Ok | Degraded)
        };
        let status = self.status.status();
        let mut up_to_session = status
            .links
            .iter()
            .filter(|link| link.link <= Link::StsSession);
        match (
            self.health.readiness(),
            up_to_session.find(|link| !is_usable(link)),
        ) {
            (Readiness::Ready, Some(link)) if link.state == LinkState::Broken => {
                let reference = link.link.reference(link.cause);
                let reason = format!("no valid credentials ({reference})");
                text(StatusCode::SERVICE_UNAVAILABLE, reason)
            }
            (Readiness::Ready, Some(_)) => {
                text(StatusCode::SERVICE_UNAVAILABLE, "waiting for credentials")
            }
            _ => self.ready(),
        }
    }

    fn quit<B>(&self, request: &Request<B>) -> Response<Bytes> {
        if is_from_a_web_page(request) {
            return text(
                StatusCode::FORBIDDEN,
                "this request must not come from a web page",
            );
        }
        tracing::info!("stop requested through /quitquitquit");
        (self.quit)();
        text(StatusCode::ACCEPTED, "ending")
    }
}

impl Route {
    fn find(path: &str, access: Access) -> Option<Self> {
        match path {
            "/livez" => Some(Self::Live),
            "/readyz" => Some(Self::Ready),
            "/startupz" => Some(Self::Started),
            "/metrics" => Some(Self::Metrics),
            _ if access == Access::Public => None,
            "/" | "/status" => Some(Self::Status),
            "/causes" => Some(Self::Causes),
            "/status.css" => Some(Self::Style),
            "/quitquitquit" => Some(Self::Quit),
            _ => None,
        }
    }

    fn allows(self, method: &Method) -> bool {
        match self {
            Self::Quit => method == Method::POST,
            _ => method == Method::GET || method == Method::HEAD,
        }
    }

    fn allowed(self) -> &'static str {
        match self {
            Self::Quit => "POST",
            _ => "GET, HEAD",
        }
    }
}

/// Returns HTML to browsers and JSON to other clients, unless `format` selects one.
fn status_page<B>(status: &Status, request: &Request<B>) -> Response<Bytes> {
    let accept = request.headers().get(header::ACCEPT);
    let is_browser = accept
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    match (parameter(request, "format"), is_browser) {
        (Some("html"), _) | (None, true) => {
            let page = render(status, refresh(request));
            typed("text/html; charset=utf-8", page)
        }
        (Some("json"), _) | (None, false) => json(status),
        (Some(_), _) => text(
            StatusCode::BAD_REQUEST,
            "expected `format=html` or `format=json`",
        ),
    }
}

/// Returns the value of a query parameter, which may be empty.
fn parameter<'a, B>(request: &'a Request<B>, name: &str) -> Option<&'a str> {
    let mut pairs = request.uri().query()?.split('&');
    pairs.find_map(|pair| match pair.split_once('=') {
        Some((key, value)) => (key == name).then_some(value),
        None => (pair == name).then_some(""),
    })
}

/// Returns the number of seconds after which the browser reloads the page, if requested.
fn refresh<B>(request: &Request<B>) -> Option<u32> {
    let seconds: u32 = parameter(request, "refresh")?.parse().ok()?;
    Some(seconds.clamp(2, 3_600))
}

fn json(status: &Status) -> Response<Bytes> {
    match crate::status::json(status) {
        Ok(body) => typed("application/json", body),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, error),
    }
}

fn typed(kind: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Adds headers that forbid caching, framing, content sniffing, and loading anything except the style sheet.
const ALWAYS: [(HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
];

#[cfg(test)]
mod tests;
