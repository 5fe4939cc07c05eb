//! The administrator of a cluster, and how to reach it.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use irsa_identity::{ExposeSecret as _, RdsSigner, RdsTarget, SecretString};
use irsa_net::connect::{ConnectOptions, connect};
use irsa_net::rustls::ClientConfig;
use irsa_net::rustls::pki_types::ServerName;
use irsa_net::tls::{Roots, client_config};
use tokio::time::timeout;
use tokio_postgres::{Client, Config};

use super::error::LoginError;
use super::password_login::PasswordLogin;
use super::tls::VerifiedTls;
use crate::ApplyError;

/// Time limit for connecting, TLS and authentication together.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(30);
/// `application_name`, by which others find the session.
const APPLICATION: &str = "irsa apply";

/// The administrator, and the cluster's endpoint.
pub struct Admin {
    user: String,
    password: AdminPassword,
    /// Reads the login again, where that can change.
    source: Option<LoginSource>,
    /// The password that replaced the first one.
    renewed: Mutex<Option<SecretString>>,
    endpoint: String,
    dial: (String, u16),
    tls: Arc<ClientConfig>,
    guard_delay: Duration,
    #[cfg(test)]
    pub(super) fuse: super::fuse::Fuse,
}

/// Reads the administrator's login from where it is kept.
pub type LoginSource = Box<
    dyn Fn() -> Pin<Box<dyn Future<Output = Result<PasswordLogin, ApplyError>> + Send>>
        + Send
        + Sync,
>;

/// The credential of the administrator.
pub enum AdminPassword {
    /// A password.
    Password(SecretString),
    /// A token for each login.
    Iam(RdsSigner, RdsTarget),
}

// === impl Admin ===

impl Admin {
    /// Creates an administrator who connects to `endpoint`, whose certificate must be valid for this name and be issued
    /// by one of `roots`.
    ///
    /// # Errors
    /// There are no roots.
    pub fn new(
        (user, password): (String, AdminPassword),
        (endpoint, port): (&str, u16),
        roots: &Roots,
    ) -> Result<Self, ApplyError> {
        let tls = client_config(roots, &[])
            .map_err(|error| ApplyError::new(error.to_string()).with_remedy(error.remedy()))?;
        Ok(Self {
            user,
            password,
            source: None,
            renewed: Mutex::new(None),
            endpoint: endpoint.to_owned(),
            dial: (endpoint.to_owned(), port),
            tls,
            guard_delay: super::guard::DELAY,
            #[cfg(test)]
            fuse: super::fuse::Fuse::default(),
        })
    }

    /// Connects to another address, such as a tunnel. The certificate must be the endpoint's all the same.
    #[must_use]
    pub fn with_dial(mut self, host: impl Into<String>, port: u16) -> Self {
        self.dial = (host.into(), port);
        self
    }

    /// Reads the login again if the server refuses the password: it may have been rotated since it was read.
    #[must_use]
    pub fn with_source(mut self, source: LoginSource) -> Self {
        self.source = Some(source);
        self
    }

    /// Returns the name of the database user.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Returns the name in the cluster's certificate.
    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Returns the time after which a grant that was not proven is taken back.
    pub(super) fn guard_delay(&self) -> Duration {
        self.guard_delay
    }

    #[cfg(test)]
    pub(super) fn set_guard_delay(&mut self, delay: Duration) {
        self.guard_delay = delay;
    }

    /// Returns what it authenticates with.
    pub(super) fn password(&self) -> &AdminPassword {
        &self.password
    }

    /// Logs in to a database. If the password was rotated, logs in with the new one.
    pub(super) async fn log_in(&self, database: &str) -> Result<Client, LoginError> {
        match self.log_in_once(database).await {
            Err(refusal) if refusal.is_refused => self.log_in_again(database, refusal).await,
            outcome => outcome,
        }
    }

    /// One attempt, so that a password that is wrong locks no one out.
    async fn log_in_again(
        &self,
        database: &str,
        refusal: LoginError,
    ) -> Result<Client, LoginError> {
        let Some(source) = &self.source else {
            return Err(refusal);
        };
        let login = source().await.map_err(|error| refusal.unread(error))?;
        if login.user == self.user && self.renew(login.password) {
            self.log_in_once(database).await
        } else {
            Err(refusal)
        }
    }

    /// Returns whether the password differs from the one that was refused.
    fn renew(&self, password: SecretString) -> bool {
        let AdminPassword::Password(first) = &self.password else {
            return false;
        };
        let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = renewed.as_ref().unwrap_or(first);
        let is_new = refused.expose_secret() != password.expose_secret();
        if is_new {
            *renewed = Some(password);
        }
        is_new
    }

    async fn log_in_once(&self, database: &str) -> Result<Client, LoginError> {
        let config = self.config(database).await?;
        let connected = timeout(LOGIN_TIMEOUT, self.connect(&config)).await;
        connected.map_err(|_| {
            let seconds = LOGIN_TIMEOUT.as_secs();
            LoginError::unreachable(format!(
                "`{}` did not complete the login within {seconds} s",
                self.endpoint
            ))
        })?
    }

    async fn connect(&self, config: &Config) -> Result<Client, LoginError> {
        let (host, port) = &self.dial;
        let stream = connect(host, *port, &ConnectOptions::default())
            .await
            .map_err(|error| LoginError::unreachable(error.to_string()))?;
        let name = ServerName::try_from(self.endpoint.clone()).map_err(|_| {
            LoginError::unreachable(format!("`{}` is not a host name", self.endpoint))
        })?;
        let tls = VerifiedTls::new(Arc::clone(&self.tls), name);
        let (client, connection) = config
            .connect_raw(stream, tls)
            .await
            .map_err(|error| LoginError::from_postgres(self, config.get_dbname(), &error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the administrator's connection ended");
            }
        });
        Ok(client)
    }

    async fn config(&self, database: &str) -> Result<Config, LoginError> {
        let mut config = Config::new();
        config
            .user(&self.user)
            .dbname(database)
            .application_name(APPLICATION)
            .ssl_mode(tokio_postgres::config::SslMode::Require);
        match &self.password {
            AdminPassword::Password(first) => {
                let renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
                config.password(renewed.as_ref().unwrap_or(first).expose_secret());
            }
            AdminPassword::Iam(signer, target) => {
                let token = signer.token(target).await.map_err(|error| {
                    LoginError::unreachable(error.to_string()).with_remedy(error.remedy())
                })?;
                config.password(token.expose());
            }
        }
        Ok(config)
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin")
            .field("user", &self.user)
            .field("password", &self.password)
            .field("endpoint", &self.endpoint)
            .field("dial", &self.dial)
            .finish_non_exhaustive()
    }
}

// === impl AdminPassword ===

impl fmt::Debug for AdminPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password(_) => "Password([redacted])",
            Self::Iam(..) => "Iam",
        })
    }
}
