//! Signs requests to STS and OpenSearch as SDKs do. The tests' own: the lab only verifies.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::client::{Answer, Call};

/// Credentials out of a response of STS, IMDS or the Pod Identity agent.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    pub(crate) token: String,
}

impl Credentials {
    pub(crate) fn of_sts(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.body);
        Self {
            access_key_id: answer.xml("AccessKeyId"),
            secret: answer.xml("SecretAccessKey"),
            token: answer.xml("SessionToken"),
        }
    }

    pub(crate) fn of_json(answer: &Answer) -> Self {
        let document = answer.json();
        let text = |name: &str| {
            document[name]
                .as_str()
                .unwrap_or_else(|| panic!("{}", answer.body))
                .to_owned()
        };
        Self {
            access_key_id: text("AccessKeyId"),
            secret: text("SecretAccessKey"),
            token: text("Token"),
        }
    }
}

/// What a signature says; each part can be made wrong.
#[derive(Debug, Clone)]
pub(crate) struct Signing {
    pub(crate) credentials: Credentials,
    pub(crate) region: &'static str,
    pub(crate) service: &'static str,
    /// Seconds between the true time and the stamp.
    pub(crate) ahead: i64,
}

impl Signing {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            region: "eu-central-1",
            service: "sts",
            ahead: 0,
        }
    }

    /// Signs a form that is posted to `host`.
    pub(crate) fn sign(&self, host: &str, form: &str) -> Call {
        let stamp = self.stamp();
        let (date, token) = (&stamp[..8], &self.credentials.token);
        let signed_headers = "host;x-amz-date;x-amz-security-token";
        let canonical = format!(
            "POST\n/\n\nhost:{host}\nx-amz-date:{stamp}\nx-amz-security-token:{token}\n\n\
             {signed_headers}\n{}",
            hex(&Sha256::digest(form))
        );
        let authorization = self.authorization(&stamp, date, signed_headers, &canonical);
        Call::post("/", form)
            .header("x-amz-date", stamp)
            .header("x-amz-security-token", token)
            .header("authorization", authorization)
    }

    /// Signs a request to an OpenSearch domain, body hash included.
    pub(crate) fn sign_search(&self, host: &str, call: Call) -> Call {
        let stamp = self.stamp();
        let (date, token) = (&stamp[..8], &self.credentials.token);
        let hash = hex(&Sha256::digest(&call.body));
        let signed_headers = "host;x-amz-content-sha256;x-amz-date;x-amz-security-token";
        let (path, query) = call.target.split_once('?').unwrap_or((&call.target, ""));
        let canonical = format!(
            "{}\n{path}\n{query}\nhost:{host}\nx-amz-content-sha256:{hash}\nx-amz-date:{stamp}\n\
             x-amz-security-token:{token}\n\n{signed_headers}\n{hash}",
            call.method
        );
        let authorization = self.authorization(&stamp, date, signed_headers, &canonical);
        call.header("host", host)
            .header("x-amz-content-sha256", hash)
            .header("x-amz-date", stamp.clone())
            .header("x-amz-security-token", token)
            .header("authorization", authorization)
    }

    fn authorization(
        &self,
        stamp: &str,
        date: &str,
        signed_headers: &str,
        canonical: &str,
    ) -> String {
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}",
            hex(&Sha256::digest(canonical))
        );
        let start = format!("AWS4{}", self.credentials.secret).into_bytes();
        let key = scope.split('/').fold(start, |key, part| hmac(&key, part));
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={signed_headers}, \
             Signature={}",
            self.credentials.access_key_id,
            hex(&hmac(&key, &to_sign))
        )
    }

    fn stamp(&self) -> String {
        #[expect(
            clippy::disallowed_methods,
            reason = "requests are signed with the true time, give or take"
        )]
        let now = SystemTime::now();
        let shift = Duration::from_secs(self.ahead.unsigned_abs());
        let at = if self.ahead < 0 {
            now - shift
        } else {
            now + shift
        };
        let seconds = at.duration_since(UNIX_EPOCH).unwrap().as_secs();
        let time =
            time::OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).unwrap()).unwrap();
        let (date, clock) = (time.date(), time.time());
        format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            clock.hour(),
            clock.minute(),
            clock.second()
        )
    }
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
