//! The ten faults, in the order of the chain.

use irsa_chain::Cause;

use super::DatabaseFault;
use super::stage::Pod;
use crate::Error;
use crate::faults::Fault;

pub(super) const TEN: [DatabaseFault; 10] = [
    fault(
        Cause::NoIdentityGiven,
        "the service account has no annotation",
        |pod| {
            pod.unset("AWS_ROLE_ARN");
            pod.unset("AWS_WEB_IDENTITY_TOKEN_FILE");
            Ok(())
        },
    ),
    fault(
        Cause::HalfAnIdentity,
        "a chart sets one of the two variables, and the node's metadata is in reach",
        |pod| {
            pod.unset("AWS_ROLE_ARN");
            pod.plan.imds.hop_limit_one = false;
            Ok(())
        },
    ),
    fault(
        Cause::TokenExpired,
        "the token in the file has expired",
        |pod| pod.token(|token| (token.issued_in, token.expires_in) = (-7200, -3600)),
    ),
    fault(
        Cause::TokenAudienceWrong,
        "the token is for another audience",
        |pod| pod.token(|token| *token = token.clone().audience("https://kubernetes.default.svc")),
    ),
    fault(
        Cause::IssuerUnknown,
        "the role is of an account without the OIDC provider",
        |pod| {
            pod.role("444455556666", "APP-role");
            Ok(())
        },
    ),
    fault(
        Cause::TrustSubjectMismatch,
        "the role trusts another service account",
        |pod| {
            pod.role("111122223333", "neighbour-role");
            Ok(())
        },
    ),
    fault(
        Cause::StsUnreachable,
        "nothing answers where STS is",
        |pod| {
            pod.plan.sts_down = true;
            Ok(())
        },
    ),
    fault(
        Cause::ResourceIdMismatch,
        "the policy has the cluster's name where its resource id belongs",
        |pod| {
            pod.role("111122223333", "APP-by-name-role");
            Ok(())
        },
    ),
    fault(
        Cause::TlsCertificateInvalid,
        "the server's authority is not among the trusted ones",
        |pod| {
            pod.distrust_database()?;
            Ok(())
        },
    ),
    fault(
        Cause::RdsIamNotGranted,
        "the database user is no member of `rds_iam`",
        |pod| {
            pod.user.push_str("_plain");
            Ok(())
        },
    ),
];

const fn fault(
    cause: Cause,
    broken: &'static str,
    set: fn(&mut Pod<'_>) -> Result<(), Error>,
) -> DatabaseFault {
    let fault = Fault { cause, broken };
    DatabaseFault { fault, set }
}
