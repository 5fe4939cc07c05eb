//! What STS asks of a trust policy in `AssumeRoleWithWebIdentity`.

use irsa_chain::{OidcProviderArn, SessionName};
use irsa_policy::{Context, Principal, Request};

/// A claim of the token as a condition key, `ISSUER:sub` or `ISSUER:aud`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    Subject,
    Audience,
}

/// The action that the trust policy must allow.
pub const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

/// Whether an action is the exchange of a token.
pub(crate) fn is_exchange(action: &str) -> bool {
    action.eq_ignore_ascii_case(ACTION)
}

/// A request of a verified token for a role.
///
/// Its condition keys are those of the IAM User Guide, "IAM and AWS STS condition context keys",
/// "Available keys for AWS OIDC federation": the claims, under the host and path of the issuer.
#[derive(Clone, Debug)]
pub struct OidcRequest {
    provider: String,
    context: Context,
}

impl OidcRequest {
    /// A request with a token's subject and audiences, whose issuer is that of the provider.
    pub fn new(
        provider: &OidcProviderArn,
        subject: &str,
        audiences: impl IntoIterator<Item = impl Into<String>>,
        session: &SessionName,
    ) -> Self {
        let issuer = provider.issuer_path();
        let mut context = Context::new()
            .with(format!("{issuer}:sub"), subject)
            .with("sts:RoleSessionName", session.as_str())
            .with("aws:FederatedProvider", provider.as_str());
        context.insert(
            format!("{issuer}:aud"),
            audiences.into_iter().map(Into::into),
        );
        Self {
            provider: provider.as_str().to_owned(),
            context,
        }
    }

    /// Sets a further condition key, such as `aws:SourceIp` or another claim.
    #[must_use]
    pub fn with(mut self, key: impl AsRef<str>, value: impl Into<String>) -> Self {
        self.context = self.context.with(key, value);
        self
    }

    /// The request to be decided; there is no resource, as a trust policy belongs to its role.
    pub fn request(&self) -> Request<'_> {
        Request {
            principal: Principal::Federated(&self.provider),
            action: ACTION,
            resource: None,
            context: &self.context,
        }
    }
}

impl Claim {
    pub(crate) fn from_key(key: &str) -> Option<Self> {
        match key.rsplit_once(':')?.1 {
            name if name.eq_ignore_ascii_case("sub") => Some(Self::Subject),
            name if name.eq_ignore_ascii_case("aud") => Some(Self::Audience),
            _ => None,
        }
    }
}
