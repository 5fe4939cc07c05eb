//! The condition keys of a request. A key is filled (its value is known), known to be absent, or unknown.
//!
//! [`RequestContext`] starts with what is documented for the kind of request and is then filled in with what is known
//! about the specific request. A decision that depends on an unknown key is unsure.

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
    /// Keys in lower case, with the page that documents their absence. A key that ends with `/` stands for all tags.
    absent: Vec<(String, &'static str)>,
    unknown: Vec<String>,
    is_complete: bool,
}

/// The kind of a request, which determines the keys that the service fills in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RequestKind {
    /// A request that is fully described: keys that are not given are absent.
    #[default]
    Described,
    /// A role session logs in to a database (`rds-db:connect`).
    DatabaseLogin,
    /// A role session sends a request to an OpenSearch domain.
    DomainRequest,
    /// A token is exchanged for a role session.
    TokenExchange,
    /// EKS Pod Identity assumes a role for a pod.
    PodIdentity,
    /// A role session performs any other action.
    SessionCall,
    /// Any other caller, such as a user or a service, performs any action.
    OtherCall,
    /// A request without a signature.
    Unsigned,
}

/// The state of a condition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState<'a> {
    /// The request has the key, with these values.
    Filled(&'a [String]),
    /// The request does not have the key; the text says where this is documented.
    Absent(&'a str),
    /// It is unknown whether the request has the key.
    Unknown,
}

/// The reason why a key is absent that was not given for a complete request.
const NOT_GIVEN: &str = "the request is fully described and does not have this key";

// === impl RequestKind ===

impl RequestKind {
    /// The kind of a role session's request for `action`.
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

    /// The page that documents that requests of this kind lack `key` (in lower case).
    pub(crate) fn lacks(self, key: &str) -> Option<&'static str> {
        let mut entries = ABSENT.iter();
        let entry = entries.find(|entry| entry.kinds.contains(&self) && covers_key(entry.key, key));
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
    /// Creates the context of a request about which only the kind is known.
    pub fn new(kind: RequestKind) -> Self {
        Self {
            kind,
            filled: Context::new(),
            absent: Vec::new(),
            unknown: Vec::new(),
            is_complete: false,
        }
    }

    /// Creates the context of a role session's request for `action`.
    ///
    /// `resource` is the ARN, whose region the request is sent to. `account` is the account of the role. `provider` is
    /// the OIDC provider of the token that was exchanged for the session, if any.
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

    /// Fills in `aws:SecureTransport`, except for domains, as OpenSearch Service does not support it. All other
    /// requests use TLS: the endpoints of AWS APIs and of databases with IAM authentication accept nothing else.
    fn fill_transport(&mut self) {
        if self.kind != RequestKind::DomainRequest {
            self.fill("aws:SecureTransport", ["true"]);
        }
    }

    /// Fills in the requested region and the account that owns the resource, if the ARN contains them.
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

    /// Declares that the request has only the keys that are set.
    pub fn complete(&mut self) {
        self.is_complete = true;
    }

    /// Sets a key to these values, replacing its state.
    pub fn fill<V: Into<String>>(&mut self, key: &str, values: impl IntoIterator<Item = V>) {
        self.filled.insert(key, values.into_iter().map(Into::into));
    }

    /// Returns whether the service supports `aws:PrincipalTag`.
    pub fn supports_principal_tags(&self) -> bool {
        self.kind != RequestKind::DomainRequest
    }

    /// Sets all keys of a context.
    pub fn fill_all(&mut self, further: &Context) {
        for (key, values) in further.iter() {
            self.fill(key, values.iter().cloned());
        }
    }

    /// Sets the time of the request, unless it is set: `current` in ISO 8601, and `epoch_seconds` since 1970.
    pub fn fill_time(&mut self, current: &str, epoch_seconds: u64) {
        let seconds = epoch_seconds.to_string();
        for (key, value) in [("aws:CurrentTime", current), ("aws:EpochTime", &seconds)] {
            if self.filled.values(key).is_empty() {
                self.fill(key, [value]);
            }
        }
    }

    /// Marks a key as unknown, unless it is set. A key that ends with `/` stands for all tags.
    pub fn leave_unknown(&mut self, key: &str) {
        self.unknown.push(key.to_ascii_lowercase());
    }

    /// Marks a key as absent, unless it is set or unknown; `page` documents this. A key that ends with `/` stands for
    /// all tags.
    pub fn leave_out(&mut self, key: &str, page: &'static str) {
        self.absent.push((key.to_ascii_lowercase(), page));
    }

    /// The keys that are set.
    pub fn filled(&self) -> &Context {
        &self.filled
    }

    /// The state of `key`.
    pub fn state(&self, key: &str) -> KeyState<'_> {
        let values = self.filled.values(key);
        if !values.is_empty() {
            return KeyState::Filled(values);
        }
        let key = key.to_ascii_lowercase();
        if self.is_complete {
            return KeyState::Absent(NOT_GIVEN);
        }
        if self.unknown.iter().any(|one| covers_key(one, &key)) {
            return KeyState::Unknown;
        }
        let own = self.absent.iter().find(|(one, _)| covers_key(one, &key));
        let page = own.map(|(_, page)| *page).or_else(|| self.documented(&key));
        page.map_or(KeyState::Unknown, KeyState::Absent)
    }

    /// The page that documents that requests of this kind lack the key, if any.
    fn documented(&self, key: &str) -> Option<&'static str> {
        if self.kind == RequestKind::Described {
            return Some(NOT_GIVEN);
        }
        self.kind
            .lacks(key)
            .or_else(|| self.absent_for_service(key))
    }

    /// The page for a service-specific key that is absent: each service lists its keys, and a token has claims only
    /// under its issuer.
    fn absent_for_service(&self, key: &str) -> Option<&'static str> {
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

    /// Returns whether a key is a claim of the token's issuer.
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

/// Creates the context of a request that has exactly these keys.
impl From<Context> for RequestContext {
    fn from(filled: Context) -> Self {
        Self {
            filled,
            ..Self::default()
        }
    }
}

/// Returns whether `key` matches `pattern`: a key in lower case, or a prefix that ends with `/` for all tags.
fn covers_key(pattern: &str, key: &str) -> bool {
    pattern == key || (pattern.ends_with('/') && key.starts_with(pattern))
}

#[cfg(test)]
mod tests;
