//! The condition keys of a request: the value of a key is known, or the key is known to be absent, or neither is known.
//!
//! [`RequestContext`] is built for the kind of request and then filled in with what is known of this one. A decision
//! that differs over an unknown key is unsure.

mod absent;
mod caller;

use irsa_chain::{AccountId, Arn, OidcProviderArn};
use irsa_policy::Context;

pub use self::absent::{ABSENT, AbsentKey};
use crate::web_identity;

/// The condition keys of a request.
#[derive(Debug, Clone)]
pub struct RequestContext {
    kind: RequestKind,
    filled: Context,
    /// Keys in lower case, with the reason; a key that ends in `/` stands for all tags.
    absent: Vec<(String, &'static str)>,
    unknown: Vec<String>,
    is_complete: bool,
}

/// What kind of request it is: services fill in different keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestKind {
    /// Described in full by who asks: a key that is not given is absent.
    #[default]
    Described,
    /// A session of a role logs in to a database by `rds-db:connect`.
    DatabaseLogin,
    /// A session of a role sends a request to an OpenSearch domain.
    DomainRequest,
    /// A token is exchanged for a session of a role.
    TokenExchange,
    /// EKS Pod Identity assumes a role for a pod.
    PodIdentity,
    /// A session of a role calls anything else.
    SessionCall,
    /// Any other caller, such as a user or a service, calls anything.
    OtherCall,
    /// A request without a signature.
    Unsigned,
}

/// What is known of a condition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState<'a> {
    /// The request has the key, with these values.
    Filled(&'a [String]),
    /// The request does not have the key; where that is documented.
    Absent(&'a str),
    /// Neither is known.
    Unknown,
}

/// Why a key is absent of which the asker did not speak.
const NOT_GIVEN: &str = "the request is described in full, and has no such key";

// === impl RequestKind ===

impl RequestKind {
    /// The kind of a session's request for `action`.
    pub fn for_session(action: &str) -> Self {
        let action = action.to_ascii_lowercase();
        if action == "rds-db:connect" {
            Self::DatabaseLogin
        } else if action.starts_with("es:eshttp") {
            Self::DomainRequest
        } else {
            Self::SessionCall
        }
    }

    /// The page that documents that requests of this kind do not have `key`, a key in lower case.
    pub(crate) fn lacks(self, key: &str) -> Option<&'static str> {
        let mut entries = ABSENT.iter();
        let entry = entries.find(|entry| entry.kinds.contains(&self) && is_it(entry.key, key));
        entry.map(|entry| entry.page)
    }
}

// === impl RequestContext ===

impl Default for RequestContext {
    fn default() -> Self {
        Self::new(RequestKind::default())
    }
}

impl RequestContext {
    /// A request of which nothing is known but its kind.
    pub fn new(kind: RequestKind) -> Self {
        Self {
            kind,
            filled: Context::new(),
            absent: Vec::new(),
            unknown: Vec::new(),
            is_complete: false,
        }
    }

    /// The request of a session of a role for `action`.
    ///
    /// `resource`: the ARN, whose region is the one that is asked; `account`: that of the role; `provider`: whose token
    /// was exchanged for the session, if one was.
    pub fn for_session(
        action: &str,
        resource: Option<&str>,
        account: &str,
        provider: Option<&OidcProviderArn>,
    ) -> Self {
        let mut context = Self::new(RequestKind::for_session(action));
        context.fill("aws:PrincipalAccount", [account]);
        context.fill("aws:PrincipalType", ["AssumedRole"]);
        context.fill("aws:PrincipalIsAWSService", ["false"]);
        context.fill("aws:ViaAWSService", ["false"]);
        context.fill_transport();
        context.fill_resource(resource);
        if let Some(provider) = provider {
            context.fill("aws:FederatedProvider", [provider.as_str()]);
        }
        context
    }

    /// Fills in `aws:SecureTransport`, which OpenSearch Service does not support. All other requests that are asked
    /// about arrive over TLS: the endpoints of AWS's APIs and of databases with IAM authentication accept nothing else.
    fn fill_transport(&mut self) {
        if self.kind != RequestKind::DomainRequest {
            self.fill("aws:SecureTransport", ["true"]);
        }
    }

    /// Fills in what every request has of its resource: the region that is asked and the account that owns it, where
    /// the ARN has them.
    fn fill_resource(&mut self, resource: Option<&str>) {
        let Some(arn) = resource.and_then(|text| text.parse::<Arn>().ok()) else {
            return;
        };
        if !arn.region().is_empty() {
            self.fill("aws:RequestedRegion", [arn.region()]);
        }
        if arn.account().parse::<AccountId>().is_ok() {
            self.fill_resource_account(arn.account());
        }
    }

    /// Sets the account that owns the resource.
    pub fn fill_resource_account(&mut self, account: &str) {
        self.fill("aws:ResourceAccount", [account]);
    }

    /// Declares that the request has no keys but those that are set.
    pub fn complete(&mut self) {
        self.is_complete = true;
    }

    /// Sets a key to these values, whatever was known of it.
    pub fn fill<V: Into<String>>(&mut self, key: &str, values: impl IntoIterator<Item = V>) {
        self.filled.insert(key, values.into_iter().map(Into::into));
    }

    /// Whether the service knows the tags of the caller.
    pub fn takes_principal_tags(&self) -> bool {
        self.kind != RequestKind::DomainRequest
    }

    /// Sets all keys of a context.
    pub fn fill_all(&mut self, further: &Context) {
        for (key, values) in further.iter() {
            self.fill(key, values.iter().cloned());
        }
    }

    /// Sets the keys that every request has of its time, unless they are set: `current` in ISO 8601, and in seconds
    /// since 1970.
    pub fn fill_time(&mut self, current: &str, epoch_seconds: u64) {
        let seconds = epoch_seconds.to_string();
        for (key, value) in [("aws:CurrentTime", current), ("aws:EpochTime", &seconds)] {
            if self.filled.values(key).is_empty() {
                self.fill(key, [value]);
            }
        }
    }

    /// Makes a key unknown, unless it is set. One that ends in `/` stands for all tags.
    pub fn leave_unknown(&mut self, key: &str) {
        self.unknown.push(key.to_ascii_lowercase());
    }

    /// Makes a key known to be absent, unless it is set or unknown; `page` says why. One that ends in `/` stands for
    /// all tags.
    pub fn leave_out(&mut self, key: &str, page: &'static str) {
        self.absent.push((key.to_ascii_lowercase(), page));
    }

    /// The keys that are set.
    pub fn filled(&self) -> &Context {
        &self.filled
    }

    /// What is known of `key`.
    pub fn state(&self, key: &str) -> KeyState<'_> {
        let values = self.filled.values(key);
        if !values.is_empty() {
            return KeyState::Filled(values);
        }
        let key = key.to_ascii_lowercase();
        if self.is_complete {
            return KeyState::Absent(NOT_GIVEN);
        }
        if self.unknown.iter().any(|one| is_it(one, &key)) {
            return KeyState::Unknown;
        }
        let own = self.absent.iter().find(|(one, _)| is_it(one, &key));
        let page = own.map(|(_, page)| *page).or_else(|| self.documented(&key));
        page.map_or(KeyState::Unknown, KeyState::Absent)
    }

    /// Why requests of this kind lack the key, if that is documented.
    fn documented(&self, key: &str) -> Option<&'static str> {
        if self.kind == RequestKind::Described {
            return Some(NOT_GIVEN);
        }
        self.kind.lacks(key).or_else(|| self.of_service(key))
    }

    /// Keys that are not global: services list theirs, and a token has claims of its own issuer only.
    fn of_service(&self, key: &str) -> Option<&'static str> {
        let Some((prefix, _)) = key.split_once(':') else {
            return Some(absent::ALL_KEYS);
        };
        let is_global = matches!(prefix, "aws" | "sts");
        let is_claim = prefix.contains(['.', '/']) || key.contains("://") || prefix == "arn";
        match self.kind {
            _ if is_global => None,
            RequestKind::DatabaseLogin if !is_claim => Some(absent::KEYS_OF_RDS),
            RequestKind::DomainRequest if !is_claim => Some(absent::KEYS_OF_OPENSEARCH),
            RequestKind::TokenExchange if !self.is_of_issuer(key) => Some(absent::CLAIMS),
            _ => None,
        }
    }

    /// Whether a key is a claim of the token's own issuer.
    fn is_of_issuer(&self, key: &str) -> bool {
        let providers = self.filled.values("aws:FederatedProvider").iter();
        let issuer_of = |provider: &String| {
            let issuer = provider.split_once(":oidc-provider/");
            issuer
                .map_or(provider.as_str(), |(_, issuer)| issuer)
                .to_ascii_lowercase()
        };
        let prefix = key.rsplit_once(':').map(|(prefix, _)| prefix);
        providers
            .map(issuer_of)
            .any(|issuer| prefix == Some(&*issuer))
    }
}

impl From<&web_identity::OidcRequest> for RequestContext {
    fn from(request: &web_identity::OidcRequest) -> Self {
        let mut context = Self::new(RequestKind::TokenExchange);
        context.fill_all(request.request().context);
        context.fill_transport();
        context.fill_resource_account(request.account());
        context
    }
}

/// The request of which these are all keys.
impl From<Context> for RequestContext {
    fn from(filled: Context) -> Self {
        Self {
            filled,
            ..Self::default()
        }
    }
}

/// `pattern`: a key in lower case, or all tags where it ends in `/`.
fn is_it(pattern: &str, key: &str) -> bool {
    pattern == key || (pattern.ends_with('/') && key.starts_with(pattern))
}

#[cfg(test)]
mod tests;
