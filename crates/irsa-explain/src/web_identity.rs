//! What STS asks of a trust policy in `AssumeRoleWithWebIdentity`.

use irsa_chain::{AccountId, IssuerUrl, OidcProviderArn, Partition, Region, SessionName};
use irsa_policy::{Context, Principal, Request};

/// A claim of the token as a condition key, `ISSUER:sub` or `ISSUER:aud`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    Subject,
    Audience,
}

/// The action that the trust policy must allow.
pub const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

/// Whether this is a provider that has a name in place of an ARN.
pub(crate) fn is_built_in(name: &str) -> bool {
    !name.starts_with("arn:") && matches!(Principal::parse(name), Some(Principal::Federated(_)))
}

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
    account: String,
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
            account: provider.account().as_str().to_owned(),
            context,
        }
    }

    /// Sets a further condition key, such as `aws:SourceIp` or another claim.
    #[must_use]
    pub fn with(mut self, key: impl AsRef<str>, value: impl Into<String>) -> Self {
        self.context = self.context.with(key, value);
        self
    }

    /// The account of the provider, and so of the role.
    pub(crate) fn account(&self) -> &str {
        &self.account
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

/// The provider of `issuer` in the account of a role.
///
/// `home`: where the role is, if that is known. Otherwise it is taken to be in the account whose providers its trust
/// policy (`trust`) names, or, if that names none, in an account of zeros: such a policy does not trust any token.
/// `None` if there is no trust policy either.
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

/// The partition and the account in the ARN of a provider, whatever else is wrong with it.
fn provider_home(arn: &str) -> Option<(Partition, AccountId)> {
    let (home, _) = arn.split_once(":oidc-provider/")?;
    let mut parts = home.strip_prefix("arn:")?.split(':');
    let partition = parts.next()?.parse().ok()?;
    Some((partition, parts.nth(2)?.parse().ok()?))
}

/// The region of the EKS cluster whose issuer this is.
pub(crate) fn region_of(issuer: &IssuerUrl) -> Option<Region> {
    let rest = issuer.host_and_path().strip_prefix("oidc.eks.")?;
    rest.split('.').next()?.parse().ok()
}

/// The partition of the EKS cluster whose issuer this is.
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
