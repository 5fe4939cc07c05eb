//! A reverse proxy for OpenSearch that accepts HTTP/1.1 requests and forwards them over HTTPS, signed as an IAM role.
//!
//! A request passes these modules:
//!
//! 1. [`serve`] accepts connections (`irsa_ops::http`), and `forward` handles each request.
//! 2. `host`, `web`, `client_auth` and `guard` decide from its headers whether it is allowed.
//! 3. `body` receives and hashes its body, in memory that all requests share or in a file.
//! 4. `outbound` cleans its headers and signs it. `exchange` sends it, and retries it with a new signature if that is
//!    safe.
//! 5. `response` streams the response back, unchanged except for hop-by-hop headers.
//!
//! Method, path and query are forwarded byte for byte, without a fragment, which a request target must not have. hyper
//! responds to malformed requests itself, with 400, 414 or 431 and an empty body, and no metric counts them. Targets
//! with an unencoded `<`, `>`, quotation mark or backtick are malformed, too.
//!
//! No request can be interpreted in two ways (request smuggling). If a request has both chunked encoding and a length,
//! hyper uses the chunks, drops the length and closes the connection after the response (RFC 9112, section 6.1), so
//! nothing that follows is taken for a request. The forwarded request always has the length of the received body.
//!
//! `failure` creates irsa's own error responses. Rejections by the domain are forwarded, and `refusal` determines the
//! link of the chain for log and metrics.
//!
//! `traces` records a span of each request and of each attempt, if traces are on.

#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod body;
mod call;
mod client_auth;
mod connections;
mod connector;
mod decoded;
mod domain;
mod exchange;
mod failure;
mod forward;
mod guard;
mod headers;
mod host;
mod metrics;
mod outbound;
mod refusal;
mod response;
mod retry;
mod route;
mod server;
mod skew;
mod traces;
mod upstream;
mod upstream_error;
mod web;

pub use self::body::{BodyStore, BodyStoreOptions};
pub use self::call::{CallError, CallResponse};
pub use self::client_auth::{ClientAuth, PasswordCheck};
pub use self::domain::{Domain, DomainError, DomainParts};
pub use self::guard::{Effect, Guards, PathPattern, PathPatternError, Route, routes};
pub use self::metrics::OpenSearchMetrics;
pub use self::refusal::RequestRefusal;
pub use self::server::serve;
pub use self::upstream::{Limits, PayloadSigning, Upstream};
pub use self::web::{WebOrigin, WebOriginError};
