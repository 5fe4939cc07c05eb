//! The signing reverse proxy for OpenSearch: plain HTTP/1.1 in, HTTPS signed as an IAM role out.
//!
//! The path of one request:
//!
//! 1. [`serve`] accepts connections (`irsa_ops::http`), and `forward` gets each request;
//! 2. `host`, `web`, `client_auth` and `guard` decide by its header whether it may go on;
//! 3. `body` receives and hashes its body, in memory that all requests share, or in a file;
//! 4. `outbound` cleans its headers and signs it, `exchange` sends it, and again where that is safe:
//!    each attempt has a signature of its own;
//! 5. `response` streams the answer back, unchanged but for headers of the connection.
//!
//! Method, path and query go on byte for byte as the client sent them, but for a fragment, which no
//! target has. What hyper can't read as a request it answers itself, with 400, 414 or 431 and no
//! body, and no metric counts it; that includes a target with `<`, `>`, a quotation mark or a
//! backtick that is not encoded.
//!
//! No request is read in two ways. Where chunks and a length come together, hyper goes by the chunks,
//! drops the length and closes the connection behind the answer (RFC 9112, section 6.1): nothing of
//! what follows is taken for a request. What goes on is framed afresh, by the length of what came.
//!
//! `failure` makes the proxy's own answers; the domain's refusals are passed on, and `refusal` says
//! in log and metrics which link of the chain they mean.

#![warn(clippy::indexing_slicing, clippy::string_slice)]

mod body;
mod client_auth;
mod connections;
mod connector;
mod domain;
mod exchange;
mod failure;
mod forward;
mod guard;
mod headers;
mod host;
mod metrics;
mod outbound;
mod plain;
mod refusal;
mod response;
mod retry;
mod route;
mod server;
mod skew;
mod upstream;
mod upstream_error;
mod web;

pub use self::body::{BodyStore, BodyStoreOptions};
pub use self::client_auth::{ClientAuth, PasswordCheck};
pub use self::domain::{Domain, DomainError, DomainParts};
pub use self::guard::{Effect, Guards, PathPattern, PathPatternError, Route, routes};
pub use self::metrics::OpenSearchMetrics;
pub use self::refusal::Refusal;
pub use self::server::serve;
pub use self::upstream::{Limits, PayloadSigning, Upstream};
pub use self::web::{WebOrigin, WebOriginError};
