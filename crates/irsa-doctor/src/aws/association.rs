//! The EKS Pod Identity association of the service account.

use irsa_aws::{PodIdentityAssociation, ReadErrorKind};
use irsa_chain::untrusted::quoted;
use irsa_chain::{Cause, Link, ServiceAccount};

use super::reading::{CREDENTIALS, unread};
use super::state::Aws;
use crate::cluster::NO_FILE;
use crate::remedy::shell_word;
use crate::{Check, CheckOutcome, Commands, IdentityKind, Place, Specified, Work};

pub(super) const MATCHES: Check = Check {
    id: "aws-association",
    place: Place::Aws,
    link: Link::ServiceAccount,
    question: "Does the Pod Identity association match irsa.yaml?",
    description: "With `--file`: reads the EKS Pod Identity association of the service account \
               (`eks:ListPodIdentityAssociations`, `eks:DescribePodIdentityAssociation`). With `identity: pod-identity`, it \
               must exist and name the role in `irsa.yaml`; with IRSA, there must be none.",
    causes: &[Cause::NoIdentityGiven, Cause::IdentityNotAsSpecified],
    needs: &[CREDENTIALS.id],
};

pub(super) fn matches<'a>(aws: &'a mut Aws, _: &'a str) -> Work<'a> {
    Box::pin(async {
        let Some(specified) = &aws.specified else {
            return CheckOutcome::not_applicable(NO_FILE);
        };
        let Some(account) = &aws.workload.service_account else {
            return CheckOutcome::unsure("the service account is unknown");
        };
        let cluster = &specified.cluster;
        let reader = &aws.reader;
        let read = reader.pod_identity_association(&cluster.region, &cluster.name, account);
        match read.await {
            Ok(found) => compared(specified, account, found.as_ref()),
            Err(error) if error.kind == ReadErrorKind::Absent => CheckOutcome::unsure(format!(
                "region {} of this account has no EKS cluster {}",
                cluster.region,
                quoted(&cluster.name)
            ))
            .remedy(format!(
                "correct the name under `clusters` in irsa.yaml: `aws eks list-clusters --region {}` lists the clusters",
                cluster.region
            )),
            Err(error) => unread(aws, &error),
        }
    })
}

fn compared(
    specified: &Specified,
    account: &ServiceAccount,
    found: Option<&PodIdentityAssociation>,
) -> CheckOutcome {
    let cluster = &specified.cluster;
    let cluster_name = &cluster.name;
    let lines = &specified.lines;
    match (specified.identity, found) {
        (IdentityKind::WebIdentity, None) => CheckOutcome::holds(format!(
            "cluster {cluster_name} has no association for {account}"
        )),
        (
            IdentityKind::PodIdentity,
            Some(PodIdentityAssociation {
                id,
                target_role: Some(target),
                ..
            }),
        ) => CheckOutcome::unsure(format!(
            "the association {id} gives {account} the target role {}, which irsa.yaml cannot specify",
            quoted(target)
        ))
        .remedy("check the policies of the target role: `irsa doctor` does not read them"),
        (IdentityKind::PodIdentity, Some(found)) if found.role == specified.role.as_str() => {
            CheckOutcome::holds(format!("{} names `{}`", found.id, specified.role))
        }
        (IdentityKind::PodIdentity, None) => {
            let seen = format!(
                "cluster {cluster_name} has no association for {account}, but {} says EKS Pod Identity",
                lines.identity
            );
            let create = format!(
                "aws eks create-pod-identity-association --cluster-name {} --namespace {} --service-account {} --role-arn {} \
                 --region {}",
                shell_word(cluster_name),
                account.namespace(),
                account.name(),
                shell_word(specified.role.as_str()),
                cluster.region
            );
            CheckOutcome::broken(Cause::NoIdentityGiven, seen)
                .remedy(Commands::new([create]).with_note(RECREATE))
        }
        (IdentityKind::PodIdentity, Some(found)) => different_role(specified, account, found),
        (IdentityKind::WebIdentity, Some(found)) => {
            let seen = format!(
                "the association {} gives {account} the role {} by EKS Pod Identity, but {} says IRSA",
                found.id,
                quoted(&found.role),
                lines.identity
            );
            CheckOutcome::broken(Cause::IdentityNotAsSpecified, seen).remedy(
                Commands::new([changing(specified, "delete", found, "")]).with_note(RECREATE),
            )
        }
    }
}

/// The outcome for an association with a different role than the file specifies.
fn different_role(
    specified: &Specified,
    account: &ServiceAccount,
    found: &PodIdentityAssociation,
) -> CheckOutcome {
    let lines = &specified.lines;
    let seen = format!(
        "the association {} of {account} names {}, but {} specifies `{}`",
        found.id,
        quoted(&found.role),
        lines.role,
        specified.role
    );
    let role = shell_word(specified.role.as_str());
    let update = changing(specified, "update", found, &format!(" --role-arn {role}"));
    CheckOutcome::broken(Cause::IdentityNotAsSpecified, seen).remedy(
        Commands::new([update]).with_note(format!(
            "or, if the association is right, correct {}",
            lines.role
        )),
    )
}

/// The note of a command after which pods must be created again.
const RECREATE: &str = "then delete the pods: EKS sets the variables when it creates a pod";

fn changing(
    specified: &Specified,
    verb: &str,
    found: &PodIdentityAssociation,
    options: &str,
) -> String {
    let cluster = &specified.cluster;
    format!(
        "aws eks {verb}-pod-identity-association --cluster-name {} --association-id {}{options} --region {}",
        shell_word(&cluster.name),
        shell_word(&found.id),
        cluster.region
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EksCluster, SpecifiedLines, Verdict};

    const ROLE: &str = "arn:aws:iam::111122223333:role/app";

    fn given(
        identity: IdentityKind,
        role: Option<&str>,
    ) -> (Specified, Option<PodIdentityAssociation>) {
        let line = || "irsa.yaml:7".to_owned();
        let specified = Specified {
            role: ROLE.parse().unwrap(),
            identity,
            is_annotated: false,
            cluster: EksCluster {
                name: "shop".to_owned(),
                region: "eu-central-1".parse().unwrap(),
                arn: "arn:aws:eks:eu-central-1:111122223333:cluster/shop"
                    .parse()
                    .unwrap(),
            },
            lines: SpecifiedLines {
                service_account: line(),
                role: line(),
                identity: line(),
            },
        };
        let found = role.map(|role| PodIdentityAssociation {
            id: "a-1".to_owned(),
            role: role.to_owned(),
            target_role: None,
        });
        (specified, found)
    }

    fn outcome(identity: IdentityKind, role: Option<&str>) -> CheckOutcome {
        let (specified, found) = given(identity, role);
        compared(&specified, &"shop/api".parse().unwrap(), found.as_ref())
    }

    #[test]
    fn a_target_role_is_reported_as_unchecked() {
        let (specified, found) = given(IdentityKind::PodIdentity, Some(ROLE));
        let found = found.map(|found| PodIdentityAssociation {
            target_role: Some("arn:aws:iam::444455556666:role/target".to_owned()),
            ..found
        });
        let seen = compared(&specified, &"shop/api".parse().unwrap(), found.as_ref());
        assert_eq!(seen.verdict, Verdict::Unsure);
        assert!(seen.what.contains("role/target"), "{}", seen.what);
    }

    #[test]
    fn an_association_must_be_as_specified() {
        use IdentityKind::{PodIdentity, WebIdentity};
        let other = "arn:aws:iam::111122223333:role/other";
        for (identity, role, command) in [
            (PodIdentity, Some(ROLE), ""),
            (WebIdentity, None, ""),
            (
                PodIdentity,
                None,
                "create-pod-identity-association --cluster-name shop",
            ),
            (
                PodIdentity,
                Some(other),
                "update-pod-identity-association --cluster-name shop",
            ),
            (
                WebIdentity,
                Some(ROLE),
                "delete-pod-identity-association --cluster-name shop",
            ),
        ] {
            let seen = outcome(identity, role);
            let expected = if command.is_empty() {
                Verdict::Holds
            } else {
                Verdict::Broken
            };
            assert_eq!(seen.verdict, expected, "{seen:?}");
            let remedy = seen
                .remedy
                .map_or_else(String::new, |remedy| remedy.to_string());
            assert!(remedy.contains(command), "{remedy}");
            assert!(
                command.is_empty() || seen.what.contains("irsa.yaml:7"),
                "{}",
                seen.what
            );
        }
    }
}
