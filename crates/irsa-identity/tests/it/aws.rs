//! Shared parts of the tests: a pod, a clock, and responses of STS.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use irsa_identity::{
    Environment, Identity, IdentityError, IdentitySettings, ManualClock, SourceChoice,
};

use crate::server::Reply;

pub(crate) const ROLE: &str = "arn:aws:iam::123456789012:role/team/app";
pub(crate) const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const SESSION_TOKEN: &str = "FwoGZXIvYXdzEXAMPLETOKEN//////////wEaDH+mtHQ==";

/// One hour after the time of the clock.
pub(crate) const IN_AN_HOUR: &str = "2025-11-24T17:00:00Z";

/// 2025-11-24, 16:00:00 UTC.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(490_000)
}

/// A pod with web identity: its token file and its environment.
pub(crate) struct Pod {
    dir: tempfile::TempDir,
    pub(crate) token: String,
    pub(crate) clock: ManualClock,
    pub(crate) environment: Vec<(String, String)>,
}

impl Pod {
    /// Returns a pod whose STS is at `url`.
    pub(crate) fn with_sts(url: &str) -> Self {
        let mut pod = Self::bare();
        let token_file = pod.token_file().display().to_string();
        for (name, value) in [
            ("AWS_ROLE_ARN", ROLE),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", &token_file),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL_STS", url),
            ("HOSTNAME", "keycloak-0"),
        ] {
            pod.set(name, value);
        }
        pod
    }

    /// Returns a pod with a token file and without environment variables.
    pub(crate) fn bare() -> Self {
        let pod = Self {
            dir: tempfile::tempdir().unwrap(),
            token: jwt("system:serviceaccount:camunda:keycloak"),
            clock: ManualClock::new(now()),
            environment: Vec::new(),
        };
        pod.write_token(&format!("{}\n", pod.token));
        pod
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn token_file(&self) -> PathBuf {
        self.file("token")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write_token(&self, content: &str) {
        std::fs::write(self.token_file(), content).unwrap();
    }

    pub(crate) fn settings(&self, choice: SourceChoice) -> IdentitySettings {
        let environment = Environment::from_pairs(self.environment.clone());
        let mut settings = IdentitySettings::new(choice, environment);
        settings.timeouts.exchange = Duration::from_secs(5);
        settings
    }

    pub(crate) fn start(&self, choice: SourceChoice) -> Result<Identity, IdentityError> {
        self.start_with(self.settings(choice))
    }

    pub(crate) fn start_with(&self, settings: IdentitySettings) -> Result<Identity, IdentityError> {
        Identity::start(settings, Arc::new(self.clock.clone()))
    }
}

/// Returns a token in the right form without a valid signature.
pub(crate) fn jwt(subject: &str) -> String {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let claims = format!(r#"{{"sub":"{subject}","aud":["sts.amazonaws.com"]}}"#);
    format!(
        "{}.{}.{}",
        part(r#"{"alg":"RS256"}"#),
        part(&claims),
        part(&"signature".repeat(20))
    )
}

/// Returns STS's response to `AssumeRoleWithWebIdentity` or `AssumeRole`.
pub(crate) fn session(operation: &str, key: &str, expiration: &str) -> Reply {
    Reply::Answer(
        200,
        format!(
            r#"<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <{operation}Result>
    <AssumedRoleUser>
      <AssumedRoleId>AROAEXAMPLE:keycloak-0</AssumedRoleId>
      <Arn>arn:aws:sts::123456789012:assumed-role/app/keycloak-0</Arn>
    </AssumedRoleUser>
    <Credentials>
      <AccessKeyId>{key}</AccessKeyId>
      <SecretAccessKey>{SECRET_KEY}</SecretAccessKey>
      <SessionToken>{SESSION_TOKEN}</SessionToken>
      <Expiration>{expiration}</Expiration>
    </Credentials>
  </{operation}Result>
  <ResponseMetadata><RequestId>11111111-2222-3333-4444-555555555555</RequestId></ResponseMetadata>
</{operation}Response>"#
        ),
    )
}

/// Returns an error response of STS.
pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Reply {
    Reply::Answer(
        status,
        format!(
            r#"<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>
  <RequestId>11111111-2222-3333-4444-555555555555</RequestId>
</ErrorResponse>"#
        ),
    )
}
