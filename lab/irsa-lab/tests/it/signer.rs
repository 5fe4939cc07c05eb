//! Signs requests to STS and OpenSearch as SDKs do.

use std::time::{Duration, SystemTime};

use crate::client::{Answer, Call};
use crate::signing::{Key, ToSign, sha256, stamp};

/// Credentials from a response of STS, IMDS or the Pod Identity agent.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret: String,
    pub(crate) token: String,
}

impl Credentials {
    pub(crate) fn from_sts(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.body);
        Self {
            access_key_id: answer.xml("AccessKeyId"),
            secret: answer.xml("SecretAccessKey"),
            token: answer.xml("SessionToken"),
        }
    }

    pub(crate) fn from_json(answer: &Answer) -> Self {
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

/// The content of a signature; each part can be made invalid.
#[derive(Debug, Clone)]
pub(crate) struct Signing {
    pub(crate) credentials: Credentials,
    pub(crate) region: &'static str,
    pub(crate) service: &'static str,
    /// Seconds from the true time to the timestamp.
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
        let (stamp, token) = (self.stamp(), &self.credentials.token);
        let authorization = ToSign {
            method: "POST",
            path: "/",
            query: "",
            headers: vec![
                ("host", host),
                ("x-amz-date", &stamp),
                ("x-amz-security-token", token),
            ],
            payload: &sha256(form.as_bytes()),
        }
        .authorization(&self.key(&stamp));
        Call::post("/", form)
            .header("x-amz-date", stamp)
            .header("x-amz-security-token", token)
            .header("authorization", authorization)
    }

    /// Signs a request to an OpenSearch domain, including the body's hash.
    pub(crate) fn sign_search(&self, host: &str, call: Call) -> Call {
        let (stamp, token) = (self.stamp(), &self.credentials.token);
        let hash = sha256(call.body.as_bytes());
        let (path, query) = call.target.split_once('?').unwrap_or((&call.target, ""));
        let authorization = ToSign {
            method: call.method,
            path,
            query,
            headers: vec![
                ("host", host),
                ("x-amz-content-sha256", &hash),
                ("x-amz-date", &stamp),
                ("x-amz-security-token", token),
            ],
            payload: &hash,
        }
        .authorization(&self.key(&stamp));
        call.header("host", host)
            .header("x-amz-content-sha256", hash)
            .header("x-amz-date", stamp)
            .header("x-amz-security-token", token)
            .header("authorization", authorization)
    }

    /// Signs `GetCallerIdentity` at `host` in the query, with `host` as the only header, like a token for EKS.
    pub(crate) fn presign(&self, host: &str) -> Call {
        let stamp = self.stamp();
        let key = self.key(&stamp);
        let encoded = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        let query = format!(
            "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&\
             X-Amz-Credential={}&X-Amz-Date={stamp}&X-Amz-Expires=60&X-Amz-Security-Token={}&\
             X-Amz-SignedHeaders=host",
            encoded(&format!("{}/{}", key.id, key.scope())),
            encoded(&self.credentials.token)
        );
        let to_sign = ToSign {
            method: "GET",
            path: "/",
            query: &query,
            headers: vec![("host", host)],
            payload: &sha256(b""),
        };
        let signature = to_sign.signature(&key);
        Call::get(&format!("/?{query}&X-Amz-Signature={signature}"))
    }

    fn key<'a>(&'a self, stamp: &'a str) -> Key<'a> {
        Key {
            id: &self.credentials.access_key_id,
            secret: &self.credentials.secret,
            region: self.region,
            service: self.service,
            stamp,
        }
    }

    fn stamp(&self) -> String {
        #[expect(
            clippy::disallowed_methods,
            reason = "requests are signed with approximately the true time"
        )]
        let now = SystemTime::now();
        let shift = Duration::from_secs(self.ahead.unsigned_abs());
        stamp(if self.ahead < 0 {
            now - shift
        } else {
            now + shift
        })
    }
}
