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
    description: "Reads the provider whose ARN is made of the role's account and the token's issuer \
               (`iam:GetOpenIDConnectProvider`); if there is none, lists the others \
               (`iam:ListOpenIDConnectProviders`) and names those that are nearly the same. IAM compares issuers byte \
               for byte.",
    causes: &[Cause::IssuerUnknown],
    needs: &[CREDENTIALS.id],
};

pub(super) const CLIENT_IDS: Check = Check {
    id: "aws-client-ids",
    place: Place::Aws,
    link: Link::OidcProvider,
    question: "Does the OIDC provider take the token's audience?",
    description: "Compares the provider's client IDs with the token's audience, `sts.amazonaws.com` where that is not \
               known, and names the thumbprints, which count only for certificates of authorities that AWS does not \
               trust anyway.",
    causes: &[Cause::TokenAudienceWrong],
    needs: &[EXISTS.id],
};

const NO_ISSUER: &str = "the token's issuer or the role is not known here: look from the pod or the cluster as well, or \
                         give `--issuer` and `--workload-role`";

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

/// That others can't be listed does not change the verdict.
async fn absent(aws: &Aws, arn: &OidcProviderArn) -> CheckOutcome {
    let others = aws.reader.oidc_providers(arn.partition()).await;
    let near = match others {
        Ok(others) => near_misses(arn, &others),
        Err(error) => format!("the others can't be listed ({error})"),
    };
    let seen = format!(
        "the account `{}` has no provider `{}`; {near}",
        arn.account(),
        arn.issuer_path()
    );
    let seen = CheckOutcome::broken(Cause::IssuerUnknown, seen);
    if let Some(why) = unreachable_issuer(arn.issuer()) {
        return seen.remedy(format!(
            "no OIDC provider would help: {why}. {PUBLIC_ISSUER}"
        ));
    }
    let command = format!(
        "aws iam create-open-id-connect-provider --url {} --client-id-list {STS}",
        shell_word(arn.issuer().as_str())
    );
    let note = format!(
        "run it with credentials of the account `{}`, or let the workload use a role of an account that has the \
         provider",
        arn.account()
    );
    seen.remedy(Commands::new([command]).with_note(note))
}

/// The near misses by name: what a person takes for the same, IAM does not.
fn near_misses(arn: &OidcProviderArn, others: &[String]) -> String {
    let issuer = arn.issuer_path();
    let of = |other: &String| {
        other
            .split_once(":oidc-provider/")
            .map(|(_, path)| path.to_owned())
    };
    let paths: Vec<String> = others.iter().filter_map(of).collect();
    let bare = |path: &str| path.trim_end_matches('/').to_owned();
    let host = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
    let first = |is_near: &dyn Fn(&str) -> bool| {
        paths
            .iter()
            .find(|path| is_near(path))
            .map(|path| quoted(path))
    };
    if let Some(path) = first(&|path| bare(path) == bare(issuer)) {
        format!("there is {path}, which differs by a slash at the end")
    } else if let Some(path) = first(&|path| bare(path).eq_ignore_ascii_case(&bare(issuer))) {
        format!("there is {path}, which differs in upper and lower case")
    } else if let Some(path) = first(&|path| host(path) == host(issuer)) {
        format!("there is {path}, which is of another cluster")
    } else if paths.is_empty() {
        "it has none at all".to_owned()
    } else {
        format!(
            "there are others: {}",
            listed(paths.iter().map(String::as_str))
        )
    }
}

pub(super) fn client_ids<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    let seen = match &aws.facts.provider {
        Some(provider) => takes(provider, aws.audience(), aws.workload.issuer.as_ref()),
        None if aws.is_pod_identity() => CheckOutcome::not_applicable(pod_identity::NO_PROVIDER),
        None => CheckOutcome::unsure(NO_ISSUER),
    };
    Box::pin(std::future::ready(seen))
}

fn takes(provider: &OidcProvider, audience: &str, issuer: Option<&IssuerUrl>) -> CheckOutcome {
    let ids = listed(provider.client_ids.iter().map(String::as_str));
    if !provider.client_ids.iter().any(|id| id == audience) {
        let seen = format!(
            "the token's audience is {}, the client IDs are {ids}",
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
    fn an_account_without_providers_is_said_to_have_none() {
        let arn = format!("arn:aws:iam::111122223333:oidc-provider/{ISSUER}");
        assert_eq!(
            near_misses(&arn.parse().unwrap(), &[]),
            "it has none at all"
        );
    }

    #[test]
    fn near_misses_are_told_by_how_they_differ() {
        for (other, how) in [
            (format!("{ISSUER}/"), "differs by a slash at the end"),
            (ISSUER.to_lowercase(), "differs in upper and lower case"),
            (ISSUER.replace("ABC", "DEF"), "is of another cluster"),
            (
                "token.actions.githubusercontent.com".to_owned(),
                "there are others",
            ),
        ] {
            assert!(near(&other).contains(how), "{}", near(&other));
        }
    }
}
