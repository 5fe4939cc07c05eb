//! A login as an application does it for its user: a token by the password grant (RFC 6749, 4.3).

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use rustls::{ClientConfig, RootCertStore};

use super::Keycloak;
use crate::reference_apps::AppError;

/// A login answers in milliseconds, and in seconds where new connections to the database are made for it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const DOING: &str = "logging in at Keycloak";

/// Who logs in, and where.
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

/// The user of the realm that every Keycloak here starts with.
pub const ADA: Login<'static> = Login {
    realm: "shop",
    client: "till",
    user: "ada",
    password: "not-a-secret",
};

impl Keycloak {
    /// Logs a user in; the answer is the access token.
    ///
    /// # Errors
    /// There was no answer, or another status than 200: then the error carries it and what Keycloak said.
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
    /// All of it is letters, digits, `-`, which need no encoding.
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

/// For loopback: no TLS, and no proxy in between, whatever the environment says.
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

/// The reason behind `error sending request`.
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
    fn an_answer_without_a_token_is_none() {
        assert_eq!(
            token(r#"{"access_token":"a.b.c"}"#),
            Some("a.b.c".to_owned())
        );
        assert_eq!(token(r#"{"error":"invalid_grant"}"#), None);
        assert_eq!(token("<html>"), None);
    }
}
