//! The OIDC provider of the token's issuer.

use irsa_aws::{OidcProvider, ReadErrorKind};
use irsa_chain::{Cause, IssuerUrl, Link, OidcProviderArn};

use super::pod_identity;
use super::reading::{CREDENTIALS, unread};
use super::state::Aws;
use super::text::{listed, quoted};
use crate::audience::{STS, audience_remedy};
use crate::issuer::{PUBLIC_ISSUER, unreachable_issuer};
use crate::remedy::shell_word;
use crate::{Check, CheckOutcome, Commands, Place, Work};

pub(super) const EXISTS: Check = Check {
    id: "aws-oidc-provider",
    place: Place::Aws,
    link: Link::OidcProvider,
    question: "Does the role's account have an OIDC provider for the issuer?",
    description: "Reads the provider whose ARN consists of the role's account and the token's issuer \
               (`iam:GetOpenIDConnectProvider`). If it does not exist, lists the others \
               (`iam:ListOpenIDConnectProviders`) and reports one that is almost the same. IAM compares issuers byte for \
               byte.",
    causes: &[Cause::IssuerUnknown],
    needs: &[CREDENTIALS.id],
};

pub(super) const CLIENT_IDS: Check = Check {
    id: "aws-client-ids",
    place: Place::Aws,
    link: Link::OidcProvider,
    question: "Does the OIDC provider accept the token's audience?",
    description: "Compares the provider's client IDs with the token's audience (`sts.amazonaws.com` if that is unknown), \
               and reports the thumbprints, which AWS uses only if it does not trust the issuer's CA.",
    causes: &[Cause::TokenAudienceWrong],
    needs: &[EXISTS.id],
};

const NO_ISSUER: &str = "the token's issuer or the role is unknown: check from the pod or the cluster too, or set \
                         `--issuer` and `--workload-role`";

pub(super) fn exists<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    Box::pin(async {
        if aws.is_pod_identity() {
            return CheckOutcome::not_applicable(pod_identity::NO_PROVIDER);
        }
        let Some(arn) = aws.provider_arn() else {
            return CheckOutcome::unsure(NO_ISSUER);
        };
        match aws.reader.oidc_provider(&arn).await {
            Ok(provider) => {
                aws.facts.provider = Some(provider);
                CheckOutcome::holds(format!("`{arn}` exists"))
            }
            Err(error) if error.kind == ReadErrorKind::Absent => absent(aws, &arn).await,
            Err(error) => unread(aws, &error),
        }
    })
}

/// The outcome if the provider does not exist, even if the others cannot be listed.
async fn absent(aws: &Aws, arn: &OidcProviderArn) -> CheckOutcome {
    let others = aws.reader.oidc_providers(arn.partition()).await;
    let near = match others {
        Ok(others) => near_misses(arn, &others),
        Err(error) => format!("the other providers cannot be listed ({error})"),
    };
    let seen = format!(
        "account `{}` has no OIDC provider `{}`; {near}",
        arn.account(),
        arn.issuer_path()
    );
    let seen = CheckOutcome::broken(Cause::IssuerUnknown, seen);
    if let Some(why) = unreachable_issuer(arn.issuer()) {
        return seen.remedy(format!(
            "creating an OIDC provider would not help: {why}. {PUBLIC_ISSUER}"
        ));
    }
    let command = format!(
        "aws iam create-open-id-connect-provider --url {} --client-id-list {STS}",
        shell_word(arn.issuer().as_str())
    );
    let note = format!(
        "run it with credentials of account `{}`, or give the workload a role in an account that has the provider",
        arn.account()
    );
    seen.remedy(Commands::new([command]).with_note(note))
}

/// The most similar provider: one that a person could mistake for the same.
fn near_misses(arn: &OidcProviderArn, others: &[String]) -> String {
    let issuer = arn.issuer_path();
    let issuer_path = |other: &String| {
        other
            .split_once(":oidc-provider/")
            .map(|(_, path)| path.to_owned())
    };
    let paths: Vec<String> = others.iter().filter_map(issuer_path).collect();
    let bare = |path: &str| path.trim_end_matches('/').to_owned();
    let host = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
    let first = |is_near: &dyn Fn(&str) -> bool| {
        paths
            .iter()
            .find(|path| is_near(path))
            .map(|path| quoted(path))
    };
    if let Some(path) = first(&|path| bare(path) == bare(issuer)) {
        format!("it has {path}, which differs by a trailing slash")
    } else if let Some(path) = first(&|path| bare(path).eq_ignore_ascii_case(&bare(issuer))) {
        format!("it has {path}, which differs in case")
    } else if let Some(path) = first(&|path| host(path) == host(issuer)) {
        format!("it has {path}, for a different cluster")
    } else if paths.is_empty() {
        "it has no other OIDC providers".to_owned()
    } else {
        format!(
            "its OIDC providers: {}",
            listed(paths.iter().map(String::as_str))
        )
    }
}

pub(super) fn client_ids<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    let seen = match &aws.facts.provider {
        Some(provider) => accepts(provider, aws.audience(), aws.workload.issuer.as_ref()),
        None if aws.is_pod_identity() => CheckOutcome::not_applicable(pod_identity::NO_PROVIDER),
        None => CheckOutcome::unsure(NO_ISSUER),
    };
    Box::pin(std::future::ready(seen))
}

fn accepts(provider: &OidcProvider, audience: &str, issuer: Option<&IssuerUrl>) -> CheckOutcome {
    let ids = listed(provider.client_ids.iter().map(String::as_str));
    if !provider.client_ids.iter().any(|id| id == audience) {
        let seen = format!(
            "the token's audience is {}, but the client IDs are {ids}",
            quoted(audience)
        );
        let seen = CheckOutcome::broken(Cause::TokenAudienceWrong, seen);
        return seen.remedy(audience_remedy(provider.arn.as_str(), audience, issuer));
    }
    let thumbprints = listed(provider.thumbprints.iter().map(String::as_str));
    CheckOutcome::holds(format!(
        "{} is among the client IDs ({ids}); thumbprints: {thumbprints}",
        quoted(audience)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "oidc.eks.eu-central-1.amazonaws.com/id/ABC";

    fn near(other: &str) -> String {
        let arn: OidcProviderArn = format!("arn:aws:iam::111122223333:oidc-provider/{ISSUER}")
            .parse()
            .unwrap();
        near_misses(
            &arn,
            &[format!("arn:aws:iam::111122223333:oidc-provider/{other}")],
        )
    }

    #[test]
    fn an_account_without_providers_is_reported() {
        let arn = format!("arn:aws:iam::111122223333:oidc-provider/{ISSUER}");
        assert_eq!(
            near_misses(&arn.parse().unwrap(), &[]),
            "it has no other OIDC providers"
        );
    }

    #[test]
    fn near_misses_are_reported_with_the_difference() {
        for (other, how) in [
            (format!("{ISSUER}/"), "differs by a trailing slash"),
            (ISSUER.to_lowercase(), "differs in case"),
            (ISSUER.replace("ABC", "DEF"), "for a different cluster"),
            (
                "token.actions.githubusercontent.com".to_owned(),
                "its OIDC providers",
            ),
        ] {
            assert!(near(&other).contains(how), "{}", near(&other));
        }
    }
}
