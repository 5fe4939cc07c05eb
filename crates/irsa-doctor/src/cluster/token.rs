//! The projected token of a container.

use std::path::{Path, PathBuf};

use irsa_chain::{Cause, Link};
use irsa_kube::{Container, Mount, Pod, TokenProjection};

use super::Cluster;
use super::containers::{AGENT_TOKEN_FILE, TOKEN_FILE, has_web_identity};
use super::identity::found;
use super::spelling::nearest;
use super::text::quoted;
use crate::{Check, Place, Seen};

const AUDIENCE_ANNOTATION: &str = "eks.amazonaws.com/audience";
const EXPIRATION_ANNOTATION: &str = "eks.amazonaws.com/token-expiration";
/// What STS is called by those who ask for a token.
const STS: &str = "sts.amazonaws.com";
/// The audience of tokens for EKS Pod Identity's agent.
const PODS: &str = "pods.eks.amazonaws.com";
/// Seconds that a token can live: the API server's least, and EKS's most (constants of amazon-eks-pod-identity-webhook).
const LIFETIMES: std::ops::RangeInclusive<i64> = 600..=86_400;

pub(super) static VOLUME: Check = Check {
    id: "container-token-volume",
    place: Place::Cluster,
    link: Link::ProjectedToken,
    question: "Is there a projected token where the container looks for it?",
    looks_at: "Finds the mount that the token file's path leads into, which is the deepest one of those above it, and \
               looks for a `serviceAccountToken` in its volume.",
    causes: &[Cause::TokenVolumeMissing],
    needs: &["container-identity"],
};

pub(super) static AUDIENCE: Check = Check {
    id: "container-token-audience",
    place: Place::Cluster,
    link: Link::ProjectedToken,
    question: "Is the token made out to AWS?",
    looks_at: "Compares the projection's `audience` with the service account's annotation `eks.amazonaws.com/audience`, or \
               with `sts.amazonaws.com` where there is none.",
    causes: &[Cause::TokenAudienceWrong],
    needs: &["container-token-volume"],
};

pub(super) static LIFETIME: Check = Check {
    id: "container-token-lifetime",
    place: Place::Cluster,
    link: Link::ProjectedToken,
    question: "Does the token live as long as was asked for?",
    looks_at: "Looks at the projection's `expirationSeconds` and at the annotation `eks.amazonaws.com/token-expiration` of \
               pod and service account: 600 to 86400 seconds can be had on EKS.",
    causes: &[Cause::TokenLifetimeRefused],
    needs: &["container-token-volume"],
};

/// A container's token file, and what is projected there.
struct Token<'a> {
    pod: &'a Pod,
    file: &'a str,
    is_for_sts: bool,
    projection: Result<&'a TokenProjection, String>,
}

fn token<'a>(cluster: &'a Cluster, name: &str) -> Result<Token<'a>, Seen> {
    let (pod, container) = found(cluster, name).ok_or_else(|| Seen::not_reached("cluster-pod"))?;
    let is_for_sts = has_web_identity(container);
    let variable = if is_for_sts {
        TOKEN_FILE
    } else {
        AGENT_TOKEN_FILE
    };
    let Some(found) = container.variable(variable) else {
        return Err(Seen::not_applicable("the container has no identity"));
    };
    let Some(file) = found.value.as_deref() else {
        return Err(Seen::unsure(format!(
            "{variable} comes from another object, which is not read"
        )));
    };
    Ok(Token {
        pod,
        file,
        is_for_sts,
        projection: projection(pod, container, Path::new(file)),
    })
}

/// The token that is projected to `file`, or what is there instead.
fn projection<'a>(
    pod: &'a Pod,
    container: &Container,
    file: &Path,
) -> Result<&'a TokenProjection, String> {
    let above = container.volume_mounts.iter();
    let above = above.filter(|mount| file.starts_with(&mount.mount_path));
    let Some(mount) = above.max_by_key(|mount| Path::new(&mount.mount_path).components().count())
    else {
        return Err("no volume is mounted above it".to_owned());
    };
    let Some(volume) = pod.volume(&mount.name) else {
        return Err(format!("its volume `{}` does not exist", mount.name));
    };
    let in_volume = within(mount, file);
    let token = volume
        .tokens
        .iter()
        .find(|token| Path::new(&token.path) == in_volume);
    token.ok_or_else(|| {
        let (kind, name, path) = (&volume.kind, &volume.name, &mount.mount_path);
        if volume.tokens.is_empty() {
            format!("`{path}` is the {kind} volume `{name}`, which has no token")
        } else {
            format!("volume `{name}` at `{path}` has no token of that name")
        }
    })
}

/// Where in the volume the file is.
fn within(mount: &Mount, file: &Path) -> PathBuf {
    let rest = file.strip_prefix(&mount.mount_path).unwrap_or(file);
    if rest.as_os_str().is_empty() {
        PathBuf::from(&mount.sub_path)
    } else {
        Path::new(&mount.sub_path).join(rest)
    }
}

pub(super) fn is_mounted(cluster: &mut Cluster, name: &str) -> Seen {
    let token = match token(cluster, name) {
        Ok(token) => token,
        Err(seen) => return seen,
    };
    let file = quoted(token.file);
    match token.projection {
        Ok(_) => Seen::holds(format!("{file} is a projected token")),
        Err(instead) => Seen::broken(
            Cause::TokenVolumeMissing,
            format!("no token is projected to {file}: {instead}"),
        )
        .remedy(remedy(token.pod, token.file, token.is_for_sts)),
    }
}

fn remedy(pod: &Pod, file: &str, is_for_sts: bool) -> String {
    let audience = if is_for_sts { STS } else { PODS };
    let folder = Path::new(file).parent().unwrap_or(Path::new("/")).display();
    format!(
        "delete pod {} so that the webhook adds volume and mount, and take out of its template what is mounted over it; \
         where the template has the variables itself, add the volume `projected: {{sources: [{{serviceAccountToken: \
         {{audience: {audience}, path: token}}}}]}}` and mount it at {folder}",
        pod.metadata.name
    )
}

pub(super) fn is_for_aws(cluster: &mut Cluster, name: &str) -> Seen {
    let (is_for_sts, audience) = match token(cluster, name) {
        Ok(Token {
            projection: Ok(projection),
            is_for_sts,
            ..
        }) => (is_for_sts, projection.audience.clone()),
        Ok(_) => return Seen::not_reached(VOLUME.id),
        Err(seen) => return seen,
    };
    let expected = expected(cluster, is_for_sts);
    let Some(audience) = audience.filter(|audience| !audience.is_empty()) else {
        return wrong(
            format!("the token is made out to the API server, not to `{expected}`"),
            &expected,
        );
    };
    if is_for_sts {
        cluster.workload.audience = Some(audience.clone());
    }
    let differs = format!(
        "the token is made out to {}, not to `{expected}`",
        quoted(&audience)
    );
    if audience == expected {
        Seen::holds(format!("`{audience}`"))
    } else if !is_for_sts
        || expected != STS
        || nearest(STS, [audience.as_str()].into_iter()).is_some()
    {
        wrong(differs, &expected)
    } else {
        Seen::warning(Cause::TokenAudienceWrong, differs).remedy(format!(
            "`aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn PROVIDER_ARN --client-id \
             '{audience}'` unless the provider has it, or set `audience: {expected}` in the volume"
        ))
    }
}

fn expected(cluster: &Cluster, is_for_sts: bool) -> String {
    let account = cluster.learned.account.as_ref();
    let annotated =
        account.and_then(|account| account.metadata.annotations.get(AUDIENCE_ANNOTATION));
    match annotated {
        _ if !is_for_sts => PODS.to_owned(),
        Some(audience) => audience.clone(),
        None => STS.to_owned(),
    }
}

fn wrong(seen: String, expected: &str) -> Seen {
    Seen::broken(Cause::TokenAudienceWrong, seen).remedy(format!(
        "set `audience: {expected}` in the pod's `serviceAccountToken` volume; if the webhook added it, see the annotation \
         {AUDIENCE_ANNOTATION} of the service account, and delete the pod"
    ))
}

pub(super) fn lives_as_asked(cluster: &mut Cluster, name: &str) -> Seen {
    let (pod, given) = match token(cluster, name) {
        Ok(Token {
            projection: Ok(projection),
            pod,
            ..
        }) => (pod, projection.expiration_seconds),
        Ok(_) => return Seen::not_reached(VOLUME.id),
        Err(seen) => return seen,
    };
    let given = given.unwrap_or(3600);
    let account = cluster.learned.account.as_ref();
    let of_account =
        account.and_then(|account| account.metadata.annotations.get(EXPIRATION_ANNOTATION));
    let asked = pod
        .metadata
        .annotations
        .get(EXPIRATION_ANNOTATION)
        .or(of_account);
    let is_had = |text: &String| {
        text.parse()
            .is_ok_and(|seconds: i64| LIFETIMES.contains(&seconds))
    };
    match asked {
        Some(text) if !is_had(text) => refused(&format!(
            "{EXPIRATION_ANNOTATION} is {}, the token lives {given} s",
            quoted(text)
        )),
        _ if !LIFETIMES.contains(&given) => refused(&format!("`expirationSeconds` is {given}")),
        _ => Seen::holds(format!("{given} s; the kubelet renews it at 80 % of that")),
    }
}

/// It works all the same: the webhook, the API server and EKS each cut it to what can be had.
fn refused(seen: &str) -> Seen {
    let (least, most) = (LIFETIMES.start(), LIFETIMES.end());
    Seen::warning(
        Cause::TokenLifetimeRefused,
        format!("{seen}; {least} to {most} s can be had"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(mounts: &str) -> Pod {
        let text = format!(
            r#"{{"metadata": {{}}, "spec": {{
                "containers": [{{"name": "app", "volumeMounts": {mounts}}}],
                "volumes": [{{"name": "tmp", "emptyDir": {{}}}},
                            {{"name": "t", "projected": {{"sources": [{{"serviceAccountToken": {{"path": "token"}}}}]}}}}]}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_deepest_mount_counts() {
        let file = Path::new("/run/secrets/aws/token");
        for (mounts, is_there) in [
            (r#"[{"name": "t", "mountPath": "/run/secrets/aws"}]"#, true),
            (
                r#"[{"name": "t", "mountPath": "/run/secrets/aws/"}, {"name": "tmp", "mountPath": "/run"}]"#,
                true,
            ),
            (
                r#"[{"name": "t", "mountPath": "/run/secrets/aws/token", "subPath": "token"}]"#,
                true,
            ),
            (
                r#"[{"name": "t", "mountPath": "/run/secrets"}, {"name": "tmp", "mountPath": "/run/secrets/aws"}]"#,
                false,
            ),
            (r#"[{"name": "t", "mountPath": "/run/secrets/aw"}]"#, false),
            (
                r#"[{"name": "gone", "mountPath": "/run/secrets/aws"}]"#,
                false,
            ),
            ("[]", false),
        ] {
            let pod = pod(mounts);
            let found = projection(&pod, &pod.spec.containers[0], file);
            assert_eq!(found.is_ok(), is_there, "{mounts}: {found:?}");
        }
    }
}
