//! The claims of the projected token. The token itself is never shown.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use irsa_chain::timestamp::rfc3339;
use irsa_chain::untrusted::printable;
use irsa_identity::{ExposeSecret, Identity, read_token_file};
use serde::Deserialize;

/// The maximum number of characters of a claim that are shown.
const MAX_CLAIM: usize = 200;

/// The claims of the token file, as of the last exchange.
#[derive(Clone, Default)]
pub(super) struct TokenWatch(Arc<Mutex<Option<TokenFacts>>>);

/// The claims that are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TokenFacts {
    pub(super) issuer: Option<String>,
    subject: Option<String>,
    audience: Vec<String>,
    expires_at: Option<SystemTime>,
}

/// The registered claims of RFC 7519, section 4.1, that are used here.
#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    exp: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

// === impl TokenWatch ===

impl TokenWatch {
    /// Starts reading the token file after each exchange, successful or not, for as long as the identity exists.
    pub(super) fn start(identity: &Identity) -> Self {
        let watch = Self::default();
        if let Some(file) = identity.source().token_file() {
            tokio::spawn(watch.clone().follow(file.to_owned(), identity.watch()));
        }
        watch
    }

    pub(super) fn last(&self) -> Option<TokenFacts> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn follow<T>(self, file: PathBuf, mut exchanges: tokio::sync::watch::Receiver<T>) {
        loop {
            let token = read_token_file(&file).await.ok();
            let facts = token.and_then(|token| TokenFacts::read(token.expose_secret()));
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = facts;
            if exchanges.changed().await.is_err() {
                return;
            }
        }
    }
}

// === impl TokenFacts ===

impl TokenFacts {
    /// Decodes the claims of a JSON Web Token without verifying it; STS does that.
    fn read(token: &str) -> Option<Self> {
        let claims = token.split('.').nth(1)?;
        let claims = URL_SAFE_NO_PAD.decode(claims).ok()?;
        let claims: Claims = serde_json::from_slice(&claims).ok()?;
        let audience = match claims.aud {
            Some(Audience::One(one)) => vec![one],
            Some(Audience::Many(many)) => many,
            None => Vec::new(),
        };
        Some(Self {
            issuer: claims.iss.map(shown),
            subject: claims.sub.map(shown),
            audience: audience.into_iter().take(8).map(shown).collect(),
            expires_at: claims.exp.and_then(time),
        })
    }

    /// Returns the service account as `NAMESPACE/NAME`, or the subject unchanged.
    pub(super) fn account(&self) -> String {
        let subject = self.subject.as_deref().unwrap_or("the pod");
        match subject.strip_prefix("system:serviceaccount:") {
            Some(account) => account.replacen(':', "/", 1),
            None => subject.to_owned(),
        }
    }

    pub(super) fn sentence(&self) -> String {
        let subject = self.subject.as_deref().unwrap_or("none");
        let audience = match self.audience.as_slice() {
            [] => "none".to_owned(),
            some => some.join(", "),
        };
        let end = self.expires_at.map_or_else(
            || "no expiration".to_owned(),
            |end| format!("expires {}", rfc3339(end)),
        );
        format!("subject {subject}, audience {audience}, {end}")
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is mapped over owned claims"
)]
fn shown(claim: String) -> String {
    printable(&claim).longest(MAX_CLAIM).to_string()
}

/// Converts seconds since the epoch into a time, if it is in the range of the calendar.
fn time(seconds: u64) -> Option<SystemTime> {
    const LAST: u64 = 253_402_300_799;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds.min(LAST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(claims: &str) -> Option<TokenFacts> {
        let claims = URL_SAFE_NO_PAD.encode(claims);
        TokenFacts::read(&format!("eyJhbGciOiJSUzI1NiJ9.{claims}.signature"))
    }

    #[test]
    fn shows_the_subject_audience_and_expiration() {
        let facts = facts(
            r#"{"iss": "https://oidc.example", "sub": "system:serviceaccount:shop:keycloak",
                "aud": ["sts.amazonaws.com"], "exp": 1764000000}"#,
        )
        .unwrap();
        assert_eq!(facts.account(), "shop/keycloak");
        assert_eq!(
            facts.sentence(),
            "subject system:serviceaccount:shop:keycloak, audience sts.amazonaws.com, expires 2025-11-24T16:00:00Z"
        );
    }

    #[test]
    fn unusual_claims_are_not_an_error() {
        for token in ["", "a.b.c", "a..", "..."] {
            assert_eq!(TokenFacts::read(token), None, "{token}");
        }
        let bare = facts(r#"{"aud": "a", "exp": 18446744073709551615}"#).unwrap();
        assert_eq!(
            bare.sentence(),
            "subject none, audience a, expires 9999-12-31T23:59:59Z"
        );
        let long = facts(&format!(r#"{{"sub": "\u001b{}"}}"#, "x".repeat(10_000))).unwrap();
        let shown = format!("\\u{{1b}}{}…", "x".repeat(MAX_CLAIM - 1));
        assert_eq!(long.account(), shown);
    }
}
