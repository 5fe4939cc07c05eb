//! ARNs of IAM OIDC providers.

use std::str::FromStr;

use super::Arn;
use crate::text::str_type;
use crate::{AccountId, IssuerUrl, ParseError, Partition};

/// An IAM OIDC provider: `arn:PARTITION:iam::ACCOUNT:oidc-provider/HOST[/PATH]`.
///
/// The part after `oidc-provider/` is the issuer's URL without `https://`, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OidcProviderArn {
    text: String,
    partition: Partition,
    account: AccountId,
    issuer: IssuerUrl,
}

impl OidcProviderArn {
    /// The provider for `issuer` in `account`.
    pub fn new(partition: Partition, account: &AccountId, issuer: &IssuerUrl) -> Self {
        let path = issuer.host_and_path();
        Self {
            text: format!("arn:{partition}:iam::{account}:oidc-provider/{path}"),
            partition,
            account: account.clone(),
            issuer: issuer.clone(),
        }
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The partition.
    pub fn partition(&self) -> Partition {
        self.partition
    }

    /// The account of the provider, which must be the role's account.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The issuer whose tokens AWS accepts.
    pub fn issuer(&self) -> &IssuerUrl {
        &self.issuer
    }

    /// The issuer's host and path: the prefix of the condition keys `…:sub` and `…:aud` in trust policies.
    pub fn issuer_path(&self) -> &str {
        self.issuer.host_and_path()
    }
}

impl FromStr for OidcProviderArn {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).ok_or_else(|| {
            let expected = "arn:PARTITION:iam::ACCOUNT:oidc-provider/HOST[/PATH] without https://";
            ParseError::new("the ARN of an OIDC provider", text, expected)
        })
    }
}

str_type!(OidcProviderArn);

fn parse(text: &str) -> Option<OidcProviderArn> {
    let arn: Arn = text.parse().ok()?;
    if arn.service() != "iam" || !arn.region().is_empty() {
        return None;
    }
    let issuer_path = arn.resource().strip_prefix("oidc-provider/")?;
    let issuer = format!("https://{issuer_path}").parse().ok()?;
    let partition = arn.partition().parse().ok()?;
    Some(OidcProviderArn::new(
        partition,
        &arn.account().parse().ok()?,
        &issuer,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://oidc.eks.eu-central-1.amazonaws.com/id/9F2C5D41A7E84B06";

    #[test]
    fn is_the_issuer_without_its_scheme() {
        let account: AccountId = "111122223333".parse().unwrap();
        let arn = OidcProviderArn::new(Partition::Aws, &account, &ISSUER.parse().unwrap());
        let path = "oidc.eks.eu-central-1.amazonaws.com/id/9F2C5D41A7E84B06";
        assert_eq!(arn.issuer_path(), path);
        assert_eq!(
            arn.to_string(),
            format!("arn:aws:iam::111122223333:oidc-provider/{path}")
        );
        assert_eq!(arn.to_string().parse(), Ok(arn));
    }

    #[test]
    fn splits_into_its_parts() {
        let arn: OidcProviderArn = "arn:aws-cn:iam::111122223333:oidc-provider/issuer.example/"
            .parse()
            .unwrap();
        assert_eq!(arn.partition(), Partition::AwsCn);
        assert_eq!(arn.account().as_str(), "111122223333");
        assert_eq!(arn.issuer().as_str(), "https://issuer.example/");
    }

    #[test]
    fn rejects_near_misses() {
        let near_misses = [
            "arn:aws:iam::111122223333:oidc-provider/",
            "arn:aws:iam::111122223333:oidc-provider/https://issuer.example",
            "arn:aws:iam::111122223333:oidc-provider/issuer.example?x",
            "arn:aws:iam::111122223333:saml-provider/issuer.example",
            "arn:aws:iam:::oidc-provider/issuer.example",
            "arn:aws:sts::111122223333:oidc-provider/issuer.example",
        ];
        for arn in near_misses {
            assert!(arn.parse::<OidcProviderArn>().is_err(), "{arn}");
        }
    }
}
