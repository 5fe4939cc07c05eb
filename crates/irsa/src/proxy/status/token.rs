//! What the projected token says of itself, never the token.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use irsa_chain::untrusted::printable;
use irsa_identity::{ExposeSecret, Identity, read_token_file};
use irsa_ops::status::rfc3339;
use serde::Deserialize;

/// So many characters of a claim are shown.
const MAX_CLAIM: usize = 200;

/// The claims of the token in the file, as of the last exchange.
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

/// The registered claims of RFC 7519, section 4.1, as far as they are of use.
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
    /// Reads the token's file after each exchange, whatever came of it, for as long as the identity lives.
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
    /// The claims of a JSON Web Token, unverified: STS verifies.
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

    /// The service account as `NAMESPACE/NAME`, or the subject as it is.
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
            || "has no end".to_owned(),
            |end| format!("ends {}", rfc3339(end)),
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

/// Seconds since the epoch, unless no calendar has them.
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
    fn tells_whose_token_it_is_and_for_how_long() {
        let facts = facts(
            r#"{"iss": "https://oidc.example", "sub": "system:serviceaccount:shop:keycloak",
                "aud": ["sts.amazonaws.com"], "exp": 1764000000}"#,
        )
        .unwrap();
        assert_eq!(facts.account(), "shop/keycloak");
        assert_eq!(
            facts.sentence(),
            "subject system:serviceaccount:shop:keycloak, audience sts.amazonaws.com, ends 2025-11-24T16:00:00Z"
        );
    }

    #[test]
    fn a_strange_token_is_no_reason_to_fail() {
        for token in ["", "a.b.c", "a..", "..."] {
            assert_eq!(TokenFacts::read(token), None, "{token}");
        }
        let bare = facts(r#"{"aud": "a", "exp": 18446744073709551615}"#).unwrap();
        assert_eq!(
            bare.sentence(),
            "subject none, audience a, ends 9999-12-31T23:59:59Z"
        );
        let long = facts(&format!(r#"{{"sub": "\u001b{}"}}"#, "x".repeat(10_000))).unwrap();
        let shown = format!("\\u{{1b}}{}…", "x".repeat(MAX_CLAIM - 1));
        assert_eq!(long.account(), shown);
    }
}
