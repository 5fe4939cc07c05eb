//! A user's login through an application: a token by the password grant (RFC 6749, 4.3).

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use rustls::{ClientConfig, RootCertStore};

use super::Keycloak;
use crate::reference_apps::AppError;

/// Time limit for a login. It takes milliseconds, or seconds if Keycloak opens new connections to the database.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const DOING: &str = "logging in at Keycloak";

/// A user, with realm and client.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// The realm.
    pub realm: &'a str,
    /// A public client that may use the password grant.
    pub client: &'a str,
    /// The user.
    pub user: &'a str,
    /// Its password.
    pub password: &'a str,
}

/// The user in the realm that every Keycloak here imports.
pub const ADA: Login<'static> = Login {
    realm: "shop",
    client: "till",
    user: "ada",
    password: "not-a-secret",
};

impl Keycloak {
    /// Logs a user in and returns the access token.
    ///
    /// # Errors
    /// Keycloak did not answer; or the status is not 200, and the error has status and body.
    pub async fn token(&self, login: &Login<'_>) -> Result<String, AppError> {
        let failed = |error| AppError::failed(DOING, without_url(error));
        let url = format!(
            "{}/realms/{}/protocol/openid-connect/token",
            self.url(),
            login.realm
        );
        let request = client()?.post(url).body(login.form());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status();
        let text = answer.text().await.map_err(failed)?;
        if !status.is_success() {
            return Err(AppError::failed(DOING, format!("{status}: {text}")));
        }
        token(&text).ok_or_else(|| AppError::failed(DOING, "no token in the answer"))
    }
}

impl Login<'_> {
    /// Returns the form. All values consist of letters, digits and `-`, which need no encoding.
    fn form(&self) -> String {
        let Self {
            client,
            user,
            password,
            ..
        } = self;
        format!("grant_type=password&client_id={client}&username={user}&password={password}")
    }
}

fn token(answer: &str) -> Option<String> {
    let answer: serde_json::Value = serde_json::from_str(answer).ok()?;
    answer["access_token"].as_str().map(str::to_owned)
}

/// Returns a client for loopback: without TLS, and without the proxy of the environment.
fn client() -> Result<Client, AppError> {
    let tls =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| AppError::failed("setting up TLS", error))?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
    Client::builder()
        .no_proxy()
        .timeout(ANSWER_TIMEOUT)
        .tls_backend_preconfigured(tls)
        .build()
        .map_err(|error| AppError::failed("setting up the HTTP client", error))
}

/// Returns the reason that reqwest wraps into `error sending request`.
fn without_url(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(reason) = source {
        text = format!("{text}: {reason}");
        source = reason.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_a_token_is_rejected() {
        assert_eq!(
            token(r#"{"access_token":"a.b.c"}"#),
            Some("a.b.c".to_owned())
        );
        assert_eq!(token(r#"{"error":"invalid_grant"}"#), None);
        assert_eq!(token("<html>"), None);
    }
}
