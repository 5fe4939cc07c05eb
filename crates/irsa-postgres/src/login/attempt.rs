//! A login attempt of the proxy: a connection, the client's startup message, and a token of the pod's role.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use irsa_identity::{ClockOffset, RdsTarget};
use irsa_ops::trace::{Span, step};
use irsa_pgwire::startup::{Startup, Version};

use super::server_login::{AuthenticationRequest, Greeting, ServerLogin};
use super::{LoggedIn, LoginError, open_tls};
use crate::database::Database;
use crate::traces;

/// The clock offset that AWS tolerates in signatures ("Troubleshoot Signature Version 4", IAM user guide).
const AWS_TOLERANCE: Duration = Duration::from_mins(5);

/// A login attempt in progress.
pub(super) struct Attempt<'a> {
    database: &'a Database,
    startup: &'a Startup,
    login: ServerLogin,
    address: SocketAddr,
    trace: Option<&'a Span>,
}

// === impl Attempt ===

impl<'a> Attempt<'a> {
    pub(super) async fn connect(
        database: &'a Database,
        startup: &'a Startup,
        version: Version,
        trace: Option<&'a Span>,
    ) -> Result<Self, LoginError> {
        let (server, address) = open_tls(database, None, trace).await?;
        Ok(Self {
            database,
            startup,
            login: ServerLogin::new(server, version),
            address,
            trace,
        })
    }

    pub(super) async fn log_in(&mut self) -> Result<Greeting, LoginError> {
        let greeting = step(
            self.trace,
            "authenticate",
            traces::error_type,
            self.exchange(),
        );
        let greeting = greeting.await;
        greeting.map_err(|error| error.with_clock_offset(self.wrong_clock()))
    }

    async fn exchange(&mut self) -> Result<Greeting, LoginError> {
        self.login.start(self.startup).await?;
        while self.login.next_request().await? == AuthenticationRequest::Token {
            let target = self.target()?;
            let signing = self.database.signer.token(&target);
            let token = step(self.trace, "token", traces::identity_error_type, signing).await?;
            self.login.send_token(token).await?;
        }
        self.login.read_greeting().await
    }

    pub(super) fn finish(self, greeting: Greeting) -> LoggedIn {
        LoggedIn {
            server: self.login.server,
            address: self.address,
            version: self.login.version,
            key: greeting.key,
            greeting: greeting.messages,
            ready: greeting.ready,
        }
    }

    /// Returns whether the token was signed at least one second before `begun`. Tokens have timestamps in whole
    /// seconds, so a token signed within the same second would be identical.
    pub(super) fn used_a_token_signed_before(&self, begun: SystemTime) -> bool {
        self.login
            .token()
            .is_some_and(|token| token.age(begun) >= Duration::from_secs(1))
    }

    pub(super) fn reject_token(&self) {
        if let (Some(token), Ok(target)) = (self.login.token(), self.target()) {
            self.database.signer.reject(&target, token);
        }
    }

    /// Returns the clock offset if the token's timestamp is outside the range that AWS accepts. Tokens use AWS's time
    /// once it is known.
    fn wrong_clock(&self) -> Option<ClockOffset> {
        let Database {
            identity, clock, ..
        } = self.database;
        let offset = identity.clock_offset()?;
        let (aws, token) = (identity.aws_time(clock.now()), self.login.token()?);
        let has_wrong_time = token.usable_until() < aws || token.signed_at() > aws + AWS_TOLERANCE;
        (has_wrong_time && offset.amount() >= AWS_TOLERANCE).then_some(offset)
    }

    fn target(&self) -> Result<RdsTarget, LoginError> {
        let upstream = &self.database.upstream;
        Ok(RdsTarget {
            sign_host: upstream.sign_host.clone(),
            port: upstream.sign_port,
            user: self
                .startup
                .user()
                .ok_or(LoginError::UserNotUtf8)?
                .to_owned(),
            region: upstream.region.clone(),
        })
    }
}
