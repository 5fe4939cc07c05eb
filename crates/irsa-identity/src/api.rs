//! Signed calls to AWS APIs other than STS, for reading the settings of an account.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SigningParams, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use irsa_chain::{Link, Region};
use secrecy::ExposeSecret;
use tracing::subscriber::{NoSubscriber, with_default};

use crate::error::redact::redact;
use crate::http::{Answer, Http, HttpUrl};
use crate::sts::sdk_credentials;
use crate::{IdentityError, SessionCredentials};

/// A call to sign and send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiCall {
    /// The URL: `https`, or `http` on this machine. Its path and query are signed unchanged.
    pub url: String,
    /// The name of the service in the credential scope: `iam`, `rds`, `es`.
    pub service: &'static str,
    /// The region in the credential scope.
    pub region: Region,
    /// The body of a `POST`, with its media type; `None` for a `GET`.
    pub body: Option<(&'static str, String)>,
    /// The `X-Amz-Target` header of the JSON protocols: `secretsmanager.GetSecretValue`.
    pub target: Option<&'static str>,
}

/// The response of an API, including error responses. `Debug` does not show the body, which may contain a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body, at most 4 MiB. Credentials in an error response are redacted.
    pub body: Vec<u8>,
}

/// The reason why there is no response.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// There are no credentials to sign with.
    #[error(transparent)]
    Credentials(IdentityError),
    /// The call could not be sent, or the response was late or too large.
    #[error("{0}")]
    Unreachable(String),
}

// === impl ApiAnswer ===

impl fmt::Debug for ApiAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiAnswer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The maximum size of a body: a page of a hundred clusters has about 500 kB.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// Signs `call` with `credentials` for the time `now`, sends it, and returns the response if it arrives within `limit`.
pub(crate) async fn send(
    http: &Http,
    call: &ApiCall,
    credentials: &SessionCredentials,
    now: SystemTime,
    limit: Duration,
) -> Result<ApiAnswer, ApiError> {
    let url = HttpUrl::parse(&call.url).map_err(ApiError::Unreachable)?;
    if !url.is_https() && !url.is_loopback() {
        let text = format!(
            "`http` would send the session token in clear text to `{}`; use `https`",
            url.host()
        );
        return Err(ApiError::Unreachable(text));
    }
    // At trace level, the signer logs the signed text, including the session token.
    let request = with_default(NoSubscriber::new(), || signed(call, credentials, now));
    let request = request.map_err(|_| {
        let text = "cannot sign the call with these credentials";
        ApiError::Credentials(IdentityError::at(Link::Signature, text))
    })?;
    let answer = http.ask(request, url.is_loopback(), limit, MAX_BODY).await;
    let Answer { status, body, .. } = answer.map_err(ApiError::Unreachable)?;
    let body = if status < 300 {
        body
    } else {
        redacted(&body, credentials)
    };
    Ok(ApiAnswer { status, body })
}

fn signed(
    call: &ApiCall,
    credentials: &SessionCredentials,
    now: SystemTime,
) -> Result<HttpRequest, Box<dyn std::error::Error + Send + Sync>> {
    let (method, media_type, body) = match &call.body {
        Some((media_type, body)) => ("POST", Some(*media_type), body.as_str()),
        None => ("GET", None, ""),
    };
    let identity = sdk_credentials(credentials).into();
    let params: SigningParams<'_> = v4::SigningParams::builder()
        .identity(&identity)
        .region(call.region.as_str())
        .name(call.service)
        .time(now)
        .settings(SigningSettings::default())
        .build()?
        .into();
    let headers = [("content-type", media_type), ("x-amz-target", call.target)];
    let headers = headers.into_iter();
    let headers = headers.filter_map(|(name, value)| Some((name, value?)));
    let signable = SignableRequest::new(
        method,
        &call.url,
        headers.clone(),
        SignableBody::Bytes(body.as_bytes()),
    )?;
    let (instructions, _) = sign(signable, &params)?.into_parts();
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method(method)?;
    request.set_uri(call.url.as_str())?;
    let all = headers.chain(instructions.headers());
    for (name, value) in all {
        request
            .headers_mut()
            .try_insert(name.to_owned(), value.to_owned())?;
    }
    Ok(request)
}

/// Removes the credentials from a response: AWS responds to a wrong signature with the signed text.
fn redacted(body: &[u8], credentials: &SessionCredentials) -> Vec<u8> {
    let secrets = [
        Some(credentials.secret_access_key()),
        credentials.session_token(),
    ];
    let secrets = secrets.into_iter().flatten();
    let secrets: Vec<&str> = secrets.map(ExposeSecret::expose_secret).collect();
    redact(&String::from_utf8_lossy(body), &secrets).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Environment, IdentitySettings, SourceChoice};

    fn credentials() -> SessionCredentials {
        SessionCredentials::new("AKIAIOSFODNN7EXAMPLE", "hush", Some("token".into()), None)
    }

    fn call(url: &str) -> ApiCall {
        ApiCall {
            url: url.to_owned(),
            service: "iam",
            region: "us-east-1".parse().unwrap(),
            body: Some(("text/plain", "Action=GetRole".to_owned())),
            target: None,
        }
    }

    #[test]
    fn calls_are_signed_with_media_type_and_session_token() {
        let request = signed(
            &call("https://iam.amazonaws.com/"),
            &credentials(),
            SystemTime::UNIX_EPOCH,
        )
        .unwrap();
        let header = |name| request.headers().get(name).unwrap_or_default();
        assert_eq!(request.method(), "POST");
        assert_eq!(header("x-amz-security-token"), "token");
        let authorization = header("authorization");
        assert!(
            authorization.contains("/19700101/us-east-1/iam/aws4_request"),
            "{authorization}"
        );
        assert!(
            authorization
                .contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"),
            "{authorization}"
        );
    }

    #[test]
    fn the_target_of_the_json_protocols_is_sent_and_signed() {
        let call = ApiCall {
            target: Some("secretsmanager.GetSecretValue"),
            ..call("https://secretsmanager.eu-central-1.amazonaws.com/")
        };
        let request = signed(&call, &credentials(), SystemTime::UNIX_EPOCH).unwrap();
        let header = |name| request.headers().get(name).unwrap_or_default();
        assert_eq!(header("x-amz-target"), "secretsmanager.GetSecretValue");
        let authorization = header("authorization");
        assert!(
            authorization.contains("x-amz-security-token;x-amz-target,"),
            "{authorization}"
        );
    }

    #[test]
    fn a_response_is_not_shown_in_debug_output() {
        let answer = ApiAnswer {
            status: 200,
            body: b"hush".to_vec(),
        };
        assert_eq!(format!("{answer:?}"), "ApiAnswer { status: 200, .. }");
    }

    #[test]
    fn an_error_response_contains_no_secret() {
        let body = redacted(
            b"<Message>x-amz-security-token:token hush</Message>",
            &credentials(),
        );
        let body = String::from_utf8(body).unwrap();
        assert_eq!(
            body,
            "<Message>x-amz-security-[redacted]:[redacted] [redacted]</Message>"
        );
    }

    #[tokio::test]
    async fn nothing_is_sent_in_clear_text_to_a_remote_host() {
        let http = Http::new(&IdentitySettings::new(
            SourceChoice::Env,
            Environment::default(),
        ))
        .unwrap();
        let (call, limit) = (call("http://iam.example/"), Duration::from_secs(1));
        let answer = send(&http, &call, &credentials(), SystemTime::UNIX_EPOCH, limit).await;
        assert!(answer.unwrap_err().to_string().contains("clear text"));
    }
}
