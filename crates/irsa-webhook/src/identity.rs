//! As whom the sidecar acts, and who else gets its role.

use irsa_chain::RoleArn;
use irsa_chain::untrusted::quoted;
use irsa_sidecar::names::{APPLICATION_IDENTITY, IDENTITY, On, ROLE_ARN, eks};
use irsa_sidecar::{AUDIENCE, Identity, TOKEN_SECONDS, WebIdentity};

use crate::reason::{Reason, Refusal};
use crate::skip_containers;
use crate::sources::Sources;
use crate::warnings::Warnings;

/// The shortest and the longest lifetime of a token, in seconds, that EKS gives.
const TOKEN_LIMITS: std::ops::RangeInclusive<u64> = 600..=TOKEN_SECONDS;

/// Whether the application's containers get the role that EKS gives to the pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ApplicationIdentity {
    /// It is not set, which is the same as `Keep`, but warned about.
    Unset,
    Keep,
    None,
}

/// The role's ARN: that of irsa's annotation, otherwise that of EKS.
pub(crate) fn role<'s>(sources: &Sources<'s>) -> Option<(&'static str, &'s str)> {
    let ours = sources.value(ROLE_ARN).map(|arn| (ROLE_ARN, arn));
    ours.or_else(|| eks_role(sources).map(|arn| (eks::ROLE_ARN, arn.trim())))
}

pub(crate) fn eks_role<'s>(sources: &Sources<'s>) -> Option<&'s str> {
    sources.on(On::ServiceAccount, eks::ROLE_ARN)
}

/// Returns whether the pod has a role, so that the data stores of its namespace apply to it.
pub(crate) fn is_known(sources: &Sources<'_>) -> bool {
    let identity = sources.find(IDENTITY);
    let uses_association =
        identity.is_some_and(|found| found.value == "pod-identity" && found.on != On::Namespace);
    role(sources).is_some() || uses_association
}

/// The credentials of the sidecar.
pub(crate) fn resolve(
    sources: &Sources<'_>,
    application: ApplicationIdentity,
    warnings: &mut Warnings,
) -> Result<Identity, Refusal> {
    match sources.value(IDENTITY) {
        None | Some("web-identity") => web_identity(sources, warnings).map(Identity::Web),
        Some("pod-identity") => pod_identity(sources, application, warnings),
        Some(other) => {
            let value = quoted(other).longest(40);
            Err(Refusal::new(
                Reason::AnnotationInvalid,
                format!("`{IDENTITY}`: {value} is not `web-identity` or `pod-identity`"),
            ))
        }
    }
}

fn web_identity(sources: &Sources<'_>, warnings: &mut Warnings) -> Result<WebIdentity, Refusal> {
    let Some((key, text)) = role(sources) else {
        return Err(Refusal::new(
            Reason::NoRole,
            format!(
                "annotate the service account {} with `{ROLE_ARN}`, or the pod with `{IDENTITY}: pod-identity`",
                quoted(sources.pod.service_account()).longest(63)
            ),
        ));
    };
    let role: RoleArn = text.parse().map_err(|_| {
        let text = quoted(text).longest(100);
        let form = "arn:PARTITION:iam::ACCOUNT:role/NAME";
        Refusal::new(
            Reason::RoleArnInvalid,
            format!("`{key}`: {text} is not a role ARN (`{form}`)"),
        )
    })?;
    let audience = sources.on(On::ServiceAccount, eks::AUDIENCE);
    Ok(WebIdentity {
        role,
        audience: audience.unwrap_or(AUDIENCE).to_owned(),
        token_seconds: token_seconds(sources, warnings),
    })
}

/// The lifetime of the token: that of the pod, then that of the service account, within EKS's limits.
fn token_seconds(sources: &Sources<'_>, warnings: &mut Warnings) -> u64 {
    let on = |on| sources.on(on, eks::TOKEN_EXPIRATION);
    let Some(text) = on(On::Pod).or_else(|| on(On::ServiceAccount)) else {
        return TOKEN_SECONDS;
    };
    let seconds = text.trim().parse().unwrap_or(TOKEN_SECONDS);
    let allowed = seconds.clamp(*TOKEN_LIMITS.start(), *TOKEN_LIMITS.end());
    if allowed.to_string() != text.trim() {
        warnings.add(format!(
            "`{}`: {} is not a number from {} to {}; the token is valid for {allowed} s",
            eks::TOKEN_EXPIRATION,
            quoted(text).longest(20),
            TOKEN_LIMITS.start(),
            TOKEN_LIMITS.end()
        ));
    }
    allowed
}

/// EKS adds the variables and the token of Pod Identity to the sidecar, unless the pod says otherwise.
fn pod_identity(
    sources: &Sources<'_>,
    application: ApplicationIdentity,
    warnings: &mut Warnings,
) -> Result<Identity, Refusal> {
    let no_credentials = |name: &str| {
        let detail = format!(
            "`{name}` keeps EKS from giving credentials to the sidecar, which needs them for `{IDENTITY}: pod-identity`"
        );
        Refusal::new(Reason::NoCredentials, detail)
    };
    if sources.pod.has_label(eks::SKIP_WEBHOOK) {
        return Err(no_credentials(eks::SKIP_WEBHOOK));
    }
    // `none` writes the list again, without the sidecar.
    if application != ApplicationIdentity::None && skip_containers::has_sidecar(sources.pod) {
        return Err(no_credentials(eks::SKIP_CONTAINERS));
    }
    if sources.value(ROLE_ARN).is_some() {
        warnings.add(format!(
            "`{ROLE_ARN}` has no effect with `{IDENTITY}: pod-identity`: the role is that of the association"
        ));
    }
    Ok(Identity::Pod)
}

// === impl ApplicationIdentity ===

impl ApplicationIdentity {
    pub(crate) fn read(sources: &Sources<'_>) -> Result<Self, Refusal> {
        match sources.value(APPLICATION_IDENTITY) {
            None => Ok(Self::Unset),
            Some("keep") => Ok(Self::Keep),
            Some("none") => Ok(Self::None),
            Some(other) => Err(Refusal::new(
                Reason::AnnotationInvalid,
                format!(
                    "`{APPLICATION_IDENTITY}`: {} is not `keep` or `none`",
                    quoted(other).longest(40)
                ),
            )),
        }
    }
}
