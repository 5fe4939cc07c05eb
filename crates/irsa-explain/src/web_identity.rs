//! The request that STS evaluates against a trust policy in `AssumeRoleWithWebIdentity`.

use irsa_chain::{AccountId, IssuerUrl, OidcProviderArn, Partition, Region, SessionName};
use irsa_policy::{Context, Principal, Request};

/// A claim of the token that is a condition key, `ISSUER:sub` or `ISSUER:aud`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    Subject,
    Audience,
}

/// The action that the trust policy must allow.
pub const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

/// Returns whether this is a built-in provider, which has a name instead of an ARN.
pub(crate) fn is_built_in(name: &str) -> bool {
    !name.starts_with("arn:") && matches!(Principal::parse(name), Some(Principal::Federated(_)))
}

/// Returns whether an action exchanges a token for a session.
pub(crate) fn is_exchange(action: &str) -> bool {
    action.eq_ignore_ascii_case(ACTION)
}

/// A request for a role with a verified token.
///
/// Its condition keys are those of the IAM User Guide, "IAM and AWS STS condition context keys", "Available keys for
/// AWS OIDC federation": the claims, under the host and path of the issuer.
#[derive(Clone, Debug)]
pub struct OidcRequest {
    provider: String,
    account: String,
    context: Context,
}

impl OidcRequest {
    /// Creates a request from the subject and audiences of a token that the provider's issuer issued.
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
            account: provider.account().as_str().to_owned(),
            context,
        }
    }

    /// Sets an additional condition key, such as `aws:SourceIp` or a different claim.
    #[must_use]
    pub fn with(mut self, key: impl AsRef<str>, value: impl Into<String>) -> Self {
        self.context = self.context.with(key, value);
        self
    }

    /// The account of the provider, which is also that of the role.
    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// The request to decide. It has no resource: a trust policy applies to its role.
    pub fn request(&self) -> Request<'_> {
        Request {
            principal: Principal::Federated(&self.provider),
            action: ACTION,
            resource: None,
            context: &self.context,
        }
    }
}

/// The provider of `issuer` in the account of a role.
///
/// `home` is the partition and account of the role, if known. Otherwise the role is assumed to be in the account whose
/// providers its trust policies (`trust`) name. If they name no provider, the account is all zeros, as such policies do
/// not trust any token. Returns `None` if there is no trust policy either.
pub fn provider_for<'t>(
    issuer: &IssuerUrl,
    home: Option<(Partition, AccountId)>,
    trust: impl IntoIterator<Item = &'t str>,
) -> Option<OidcProviderArn> {
    if let Some((partition, account)) = home {
        return Some(OidcProviderArn::new(partition, &account, issuer));
    }
    let texts: Vec<&str> = trust.into_iter().collect();
    let mut strings = texts.iter().flat_map(|text| text.split('"'));
    let named = strings.find_map(provider_home);
    let (partition, account) = match (named, texts.is_empty()) {
        (Some(named), _) => named,
        (None, false) => (Partition::Aws, "000000000000".parse().ok()?),
        (None, true) => return None,
    };
    let partition = partition_of(issuer).unwrap_or(partition);
    Some(OidcProviderArn::new(partition, &account, issuer))
}

/// The partition and account in the ARN of a provider, even if the rest of the ARN is invalid.
fn provider_home(arn: &str) -> Option<(Partition, AccountId)> {
    let (home, _) = arn.split_once(":oidc-provider/")?;
    let mut parts = home.strip_prefix("arn:")?.split(':');
    let partition = parts.next()?.parse().ok()?;
    Some((partition, parts.nth(2)?.parse().ok()?))
}

/// The region of the EKS cluster with this issuer.
pub(crate) fn region_of(issuer: &IssuerUrl) -> Option<Region> {
    let rest = issuer.host_and_path().strip_prefix("oidc.eks.")?;
    rest.split('.').next()?.parse().ok()
}

/// The partition of the EKS cluster with this issuer.
fn partition_of(issuer: &IssuerUrl) -> Option<Partition> {
    region_of(issuer).map(|region| region.partition())
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
