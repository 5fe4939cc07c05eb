//! The checks of the projected token.

mod time;

use std::path::PathBuf;

use irsa_chain::{Cause, Link, ServiceAccount};
use irsa_identity::IdentityError;

use super::mount::Mount;
use super::probe::{self, TokenFile};
use crate::pod::background::Background;
use crate::pod::issuer;
use crate::pod::jwt::Jwt;
use crate::pod::outcome::{from_error, ready};
use crate::pod::state::Pod;
use crate::pod::text::{clean, quoted};
use crate::{Check, CheckOutcome, Place, Step};

pub(in crate::pod) use time::{EXPIRY, LIFETIME, NOT_BEFORE};

pub(in crate::pod) const FILE: Step<Pod> = Step::once(
    &Check {
        id: "token-file",
        place: Place::Pod,
        link: Link::ProjectedToken,
        question: "Can the token file be read?",
        description: "Reads the file that AWS_WEB_IDENTITY_TOKEN_FILE or AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names: it \
                   must exist, be readable by this user and not be empty. Reports the mount that it is on.",
        causes: &[
            Cause::TokenFileMissing,
            Cause::TokenFileUnreadable,
            Cause::TokenFileEmpty,
        ],
        needs: &["identity-given"],
    },
    |pod, _| Box::pin(file(pod)),
);

pub(in crate::pod) const FORM: Step<Pod> = Step::once(
    &Check {
        id: "token-form",
        place: Place::Pod,
        link: Link::ProjectedToken,
        question: "Does the file contain a JSON Web Token?",
        description: "Decodes the token: three parts joined by dots, of which header and claims are JSON objects, with at \
                   most the 20,000 characters that STS accepts.",
        causes: &[Cause::TokenMalformed],
        needs: &["token-file"],
    },
    |pod, _| Box::pin(form(pod)),
);

pub(in crate::pod) const AUDIENCE: Step<Pod> = Step::once(
    &Check {
        id: "token-audience",
        place: Place::Pod,
        link: Link::ProjectedToken,
        question: "Does the token have an audience?",
        description: "Reads the claim `aud`. The OIDC provider decides whether the audience is correct: see `sts-audience`.",
        causes: &[Cause::TokenAudienceMissing],
        needs: &["token-form"],
    },
    |pod, _| ready(audience(pod)),
);

pub(in crate::pod) const SUBJECT: Step<Pod> = Step::once(
    &Check {
        id: "token-subject",
        place: Place::Pod,
        link: Link::ProjectedToken,
        question: "Does the token belong to this pod's service account?",
        description: "Reads the claim `sub`, which must name a service account (`system:serviceaccount:NAMESPACE:NAME`): the \
                   expected one, if `--service-account` is set. Compares the pod that the token is bound to with HOSTNAME.",
        causes: &[Cause::TokenOfAnotherAccount],
        needs: &["token-form"],
    },
    |pod, _| ready(subject(pod)),
);

fn path(pod: &Pod) -> Option<PathBuf> {
    probe::path(pod.source_name(), &pod.options.identity.environment)
}

/// The outcome of all token checks if the source does not use a token.
pub(super) fn no_token(pod: &Pod) -> CheckOutcome {
    CheckOutcome::not_applicable(format!(
        "the source `{}` does not use a projected token",
        pod.source_name()
    ))
}

async fn file(pod: &mut Pod) -> CheckOutcome {
    let Some(path) = path(pod) else {
        return no_token(pod);
    };
    let file = probe::read(&path).await;
    match &file.content {
        Err(error) if error.cause() != Some(Cause::TokenMalformed) => unreadable(pod, error, &file),
        _ => CheckOutcome::holds(format!(
            "`{}`{}",
            path.display(),
            mounted(file.mount.as_ref())
        )),
    }
}

fn unreadable(pod: &Pod, error: &IdentityError, file: &TokenFile) -> CheckOutcome {
    let said = clean(&error.to_string());
    let folder = file.folder.as_ref().map(|(folder, mount)| {
        format!(
            "; the folder `{}` exists{}",
            folder.display(),
            mounted(mount.as_ref())
        )
    });
    let seen = format!("{said}{}", folder.unwrap_or_default());
    match error.cause() {
        Some(cause @ Cause::TokenFileMissing) if !pod.is_web_identity() => {
            CheckOutcome::broken(cause, seen).remedy(
                "delete the pod, because the EKS Pod Identity webhook mounts the file when the pod is created; then check \
                 in `kubectl get pod POD -o yaml` that this container mounts the volume `eks-pod-identity-token`",
            )
        }
        Some(cause) => CheckOutcome::broken(cause, seen).remedy(error.remedy()),
        None => CheckOutcome::unsure(seen),
    }
}

/// The outcome for a file that is not a token. The remedy names the projected file of the same identity type.
fn malformed(pod: &Pod, seen: String) -> CheckOutcome {
    let (variable, path) = if pod.is_web_identity() {
        (
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
        )
    } else {
        (
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
        )
    };
    CheckOutcome::broken(Cause::TokenMalformed, seen).remedy(format!(
        "set {variable} to the projected file itself, `{path}`, which contains only the token: three parts joined by dots, \
         without `Bearer`"
    ))
}

fn mounted(mount: Option<&Mount>) -> String {
    mount.map_or_else(String::new, |Mount { point, kind }| {
        format!(", on the {kind} mount at `{}`", point.display())
    })
}

async fn form(pod: &mut Pod) -> CheckOutcome {
    let Some(path) = path(pod) else {
        return no_token(pod);
    };
    let raw = match probe::read(&path).await.content {
        Ok(raw) => raw,
        Err(error) if error.cause() == Some(Cause::TokenMalformed) => {
            return malformed(pod, clean(&error.to_string()));
        }
        Err(error) => return from_error(&error),
    };
    match Jwt::parse(raw) {
        Err(what) => malformed(pod, format!("the token in `{}` {what}", path.display())),
        Ok(token) => {
            let seen = CheckOutcome::holds(format!(
                "issued by {}, signed with {}",
                quoted(&token.claims.iss),
                quoted(&token.header.alg)
            ));
            learn(pod, token);
            seen
        }
    }
}

/// Keeps the token and its facts about the workload, and starts the probe of its issuer.
fn learn(pod: &mut Pod, token: Jwt) {
    let claims = &token.claims;
    pod.workload.issuer = claims.iss.parse().ok();
    pod.workload.audience = claims.audiences().first().map(|audience| clean(audience));
    if let Ok(account) = ServiceAccount::from_subject(&claims.sub) {
        pod.workload.service_account.get_or_insert(account);
    }
    if pod.is_web_identity() {
        pod.issuer = Some(Background::start(issuer::probe::read(
            claims.iss.clone(),
            pod.issuer_settings(),
        )));
    }
    pod.token = Some(token);
}

fn audience(pod: &Pod) -> CheckOutcome {
    let Some(token) = &pod.token else {
        return no_token(pod);
    };
    match token.claims.audiences() {
        [] => CheckOutcome::broken(Cause::TokenAudienceMissing, "the token has no claim `aud`"),
        audiences => {
            let audiences: Vec<_> = audiences.iter().map(|audience| quoted(audience)).collect();
            CheckOutcome::holds(clean(&audiences.join(", ")))
        }
    }
}

fn subject(pod: &Pod) -> CheckOutcome {
    let Some(token) = &pod.token else {
        return no_token(pod);
    };
    let said = quoted(&token.claims.sub);
    let Ok(account) = ServiceAccount::from_subject(&token.claims.sub) else {
        let seen = format!("the token's subject {said} is not a service account");
        return CheckOutcome::broken(Cause::TokenOfAnotherAccount, seen);
    };
    match &pod.options.service_account {
        Some(expected) if *expected != account => CheckOutcome::broken(
            Cause::TokenOfAnotherAccount,
            format!("the token belongs to `{account}`, but `{expected}` is expected"),
        ),
        _ => compare_pod(pod, token, &account),
    }
}

/// Compares the pod that the token is bound to with this one.
fn compare_pod(pod: &Pod, token: &Jwt, account: &ServiceAccount) -> CheckOutcome {
    let kubernetes = &token.claims.kubernetes;
    let node = kubernetes.node.as_ref();
    let node = node.map_or_else(String::new, |node| format!(" on {}", quoted(&node.name)));
    match (&kubernetes.pod, pod.variable("HOSTNAME")) {
        // With hostNetwork, HOSTNAME is the node's name.
        (Some(bound), Some(here)) if bound.name != here && !is_node(token, here) => {
            CheckOutcome::warning(
                Cause::TokenOfAnotherAccount,
                format!(
                    "the token is bound to pod {}, but this pod is {}",
                    quoted(&bound.name),
                    quoted(here)
                ),
            )
        }
        (Some(bound), _) => {
            CheckOutcome::holds(format!("`{account}`, pod {}{node}", quoted(&bound.name)))
        }
        (None, _) => CheckOutcome::holds(format!("`{account}`, not bound to a pod")),
    }
}

fn is_node(token: &Jwt, host: &str) -> bool {
    let node = token.claims.kubernetes.node.as_ref();
    node.is_some_and(|node| node.name.split('.').next() == host.split('.').next())
}
