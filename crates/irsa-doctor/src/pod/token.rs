//! The projected token: its file, its form, its time, whom it is for and whose it is.

mod mount;
mod time;

use std::path::{Path, PathBuf};

use irsa_chain::{Cause, Link, ServiceAccount};
use irsa_identity::{IdentityError, read_token_file};

use super::issuer;
use super::jwt::Jwt;
use super::state::{Pod, at_once, refused};
use super::text::{clean, quoted};
use crate::{Check, Place, Seen, Step};

/// A token that could be read.
pub(super) type Token = Jwt;

pub(super) use time::{EXPIRY, LIFETIME, NOT_BEFORE};

pub(super) const FILE: Step<Pod> = Step::once(
    &Check {
        id: "token-file",
        place: Place::Pod,
        link: Link::ProjectedToken,
        question: "Can the token file be read?",
        looks_at: "The file that AWS_WEB_IDENTITY_TOKEN_FILE or AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names: that it \
                   is there, readable by this user and not empty, and on which mount.",
        causes: &[
            Cause::TokenFileMissing,
            Cause::TokenFileUnreadable,
            Cause::TokenFileEmpty,
        ],
        needs: &["identity-given"],
    },
    |pod, _| Box::pin(file(pod)),
);

pub(super) const FORM: Step<Pod> = Step::once(
    &Check {
        id: "token-form",
        place: Place::Pod,
        link: Link::ProjectedToken,
        question: "Does it hold a JSON Web Token?",
        looks_at: "The bare token: three parts joined by dots, header and claims JSON objects, no more than the 20,000 \
                   characters that STS takes.",
        causes: &[Cause::TokenMalformed],
        needs: &["token-file"],
    },
    |pod, _| Box::pin(form(pod)),
);

pub(super) const AUDIENCE: Step<Pod> = Step::once(
    &Check {
        id: "token-audience",
        place: Place::Pod,
        link: Link::ProjectedToken,
        question: "Is it for somebody?",
        looks_at: "The claim `aud`. Whether that audience is the right one is for the OIDC provider to say: see \
                   `sts-audience`.",
        causes: &[Cause::TokenAudienceMissing],
        needs: &["token-form"],
    },
    |pod, _| at_once(audience(pod)),
);

pub(super) const SUBJECT: Step<Pod> = Step::once(
    &Check {
        id: "token-subject",
        place: Place::Pod,
        link: Link::ProjectedToken,
        question: "Is it the token of this pod's service account?",
        looks_at: "The claim `sub`, which must be a service account's (`system:serviceaccount:NAMESPACE:NAME`), and the \
                   one expected, where one is; and the pod that the token is bound to, beside HOSTNAME.",
        causes: &[Cause::TokenOfAnotherAccount],
        needs: &["token-form"],
    },
    |pod, _| at_once(subject(pod)),
);

/// The file that the source reads; `None` where it reads none.
fn path(pod: &Pod) -> Option<PathBuf> {
    let name = match pod.source_name() {
        "web-identity" => "AWS_WEB_IDENTITY_TOKEN_FILE",
        "pod-identity" => "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        _ => return None,
    };
    pod.variable(name).map(PathBuf::from)
}

/// What a source without a token says to all that is asked of one.
fn no_token(pod: &Pod) -> Seen {
    Seen::not_applicable(format!(
        "the source `{}` needs no projected token",
        pod.source_name()
    ))
}

async fn file(pod: &mut Pod) -> Seen {
    let Some(path) = path(pod) else {
        return no_token(pod);
    };
    match read_token_file(&path).await {
        Err(error) if error.cause() != Some(Cause::TokenMalformed) => unreadable(&path, &error),
        _ => Seen::holds(format!("`{}`{}", path.display(), mount::of(&path))),
    }
}

fn unreadable(path: &Path, error: &IdentityError) -> Seen {
    let said = clean(&error.to_string());
    let seen = format!("{said}{}", mount::around(path));
    match error.cause() {
        Some(cause) => Seen::broken(cause, seen),
        None => Seen::unsure(seen),
    }
}

async fn form(pod: &mut Pod) -> Seen {
    let Some(path) = path(pod) else {
        return no_token(pod);
    };
    let raw = match read_token_file(&path).await {
        Ok(raw) => raw,
        Err(error) => return refused(&error),
    };
    match Jwt::parse(raw) {
        Err(what) => Seen::broken(
            Cause::TokenMalformed,
            format!("the token in `{}` {what}", path.display()),
        ),
        Ok(token) => {
            let seen = Seen::holds(format!(
                "a token of {}, signed by {}",
                quoted(&token.claims.iss),
                quoted(&token.header.alg)
            ));
            learn(pod, token);
            seen
        }
    }
}

/// Keeps the token and what it says of the workload, and begins to look at its issuer.
fn learn(pod: &mut Pod, token: Jwt) {
    let claims = &token.claims;
    pod.workload.issuer = claims.iss.parse().ok();
    pod.workload.audience = claims.audiences().first().map(|audience| clean(audience));
    if let Ok(account) = ServiceAccount::from_subject(&claims.sub) {
        pod.workload.service_account.get_or_insert(account);
    }
    if pod.is_web_identity() {
        pod.issuer = Some(issuer::look(pod, &claims.iss));
    }
    pod.token = Some(token);
}

fn audience(pod: &Pod) -> Seen {
    let Some(token) = &pod.token else {
        return no_token(pod);
    };
    match token.claims.audiences() {
        [] => Seen::broken(Cause::TokenAudienceMissing, "it has no claim `aud`"),
        audiences => {
            let audiences: Vec<_> = audiences.iter().map(|audience| quoted(audience)).collect();
            Seen::holds(clean(&audiences.join(", ")))
        }
    }
}

fn subject(pod: &Pod) -> Seen {
    let Some(token) = &pod.token else {
        return no_token(pod);
    };
    let said = quoted(&token.claims.sub);
    let Ok(account) = ServiceAccount::from_subject(&token.claims.sub) else {
        let seen = format!("its subject {said} is no service account");
        return Seen::broken(Cause::TokenOfAnotherAccount, seen);
    };
    match &pod.options.service_account {
        Some(expected) if *expected != account => Seen::broken(
            Cause::TokenOfAnotherAccount,
            format!("it is the token of `{account}`, and `{expected}` is expected"),
        ),
        _ => of_this_pod(pod, token, &account),
    }
}

fn of_this_pod(pod: &Pod, token: &Jwt, account: &ServiceAccount) -> Seen {
    let kubernetes = &token.claims.kubernetes;
    let node = kubernetes.node.as_ref();
    let node = node.map_or_else(String::new, |node| format!(" on {}", quoted(&node.name)));
    match (&kubernetes.pod, pod.variable("HOSTNAME")) {
        // With hostNetwork it is the node's name.
        (Some(bound), Some(here)) if bound.name != here && !is_node(token, here) => Seen::warning(
            Cause::TokenOfAnotherAccount,
            format!(
                "it is bound to the pod {}, and this is {}",
                quoted(&bound.name),
                quoted(here)
            ),
        ),
        (Some(bound), _) => Seen::holds(format!("`{account}`, pod {}{node}", quoted(&bound.name))),
        (None, _) => Seen::holds(format!("`{account}`, bound to no pod")),
    }
}

fn is_node(token: &Jwt, host: &str) -> bool {
    let node = token.claims.kubernetes.node.as_ref();
    node.is_some_and(|node| node.name.split('.').next() == host.split('.').next())
}
