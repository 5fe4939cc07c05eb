//! Spans of logins, named by the semantic conventions for databases.

use std::borrow::Cow;

use irsa_chain::Link;
use irsa_identity::IdentityError;
use irsa_ops::trace::{Span, SpanKind};
use irsa_pgwire::startup::Startup;

use crate::database::Database;
use crate::login::LoginError;

/// Starts the span of a login.
pub(crate) fn login(database: &Database, startup: &Startup) -> Option<Span> {
    let tracer = database.tracer.as_ref()?;
    let mut span = tracer.start("login", SpanKind::Client, None)?;
    let upstream = &database.upstream;
    let user = startup.user().unwrap_or_default();
    span.set("db.system.name", "postgresql");
    span.set(
        "db.namespace",
        startup.database().unwrap_or(user).to_owned(),
    );
    span.set("irsa.database_user", user.to_owned());
    span.set("server.address", upstream.sign_host.clone());
    span.set("server.port", upstream.sign_port);
    Some(span)
}

/// Ends the span of a login.
pub(crate) fn end_login<T>(mut span: Span, outcome: &Result<T, LoginError>) {
    if let Err(error) = outcome {
        span.set("db.response.status_code", error.sqlstate().to_string());
        if let Some(link) = error.link() {
            span.set("irsa.link", Link::id(link));
        }
        span.fail(error_type(error));
    }
    span.end();
}

/// Returns the name of an error: its cause, if known.
pub(crate) fn error_type(error: &LoginError) -> Cow<'static, str> {
    error.log_kind().into()
}

/// Returns the name of an error of the identity.
pub(crate) fn identity_error_type(error: &IdentityError) -> Cow<'static, str> {
    let link = error.link().id();
    error.cause().map_or(link, irsa_chain::Cause::id).into()
}
