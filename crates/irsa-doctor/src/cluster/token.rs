//! The projected token of a container.

use std::path::{Path, PathBuf};

use irsa_chain::{Cause, Link};
use irsa_kube::{Container, Mount, Pod, TokenProjection};

use super::Cluster;
use super::containers::{AGENT_TOKEN_FILE, TOKEN_FILE, found, has_web_identity};
use crate::{Check, CheckOutcome, Place};
use irsa_chain::untrusted::quoted;

/// The audience of tokens for STS.
pub(super) const STS: &str = "sts.amazonaws.com";
/// The audience of tokens for the EKS Pod Identity agent.
pub(super) const PODS: &str = "pods.eks.amazonaws.com";

pub(super) static VOLUME: Check = Check {
    id: "container-token-volume",
    place: Place::Cluster,
    link: Link::ProjectedToken,
    question: "Is a token projected to the path where the container expects it?",
    description: "Finds the mount that contains the token file's path (the deepest one above it), and looks for a \
               `serviceAccountToken` in its volume. `automountServiceAccountToken: false` has no effect on this token: it \
               applies to the one for the Kubernetes API.",
    causes: &[Cause::TokenVolumeMissing],
    needs: &["container-identity"],
};

/// A container's token file, and the token that is projected there.
pub(super) struct Token<'a> {
    pub(super) pod: &'a Pod,
    pub(super) file: &'a str,
    pub(super) is_for_sts: bool,
    pub(super) projection: Result<&'a TokenProjection, String>,
}

pub(super) fn token<'a>(cluster: &'a Cluster, name: &str) -> Result<Token<'a>, CheckOutcome> {
    let (pod, container) =
        found(cluster, name).ok_or_else(|| CheckOutcome::not_reached("cluster-pod"))?;
    let is_for_sts = has_web_identity(container);
    let variable = if is_for_sts {
        TOKEN_FILE
    } else {
        AGENT_TOKEN_FILE
    };
    let Some(found) = container.variable(variable) else {
        return Err(CheckOutcome::not_applicable(
            "the container has no identity",
        ));
    };
    let Some(file) = found.value.as_deref() else {
        return Err(CheckOutcome::unsure(format!(
            "{variable} comes from a Secret or ConfigMap, which is not read"
        )));
    };
    Ok(Token {
        pod,
        file,
        is_for_sts,
        projection: projection(pod, container, Path::new(file)),
    })
}

/// The token that is projected to `file`.
///
/// # Errors
/// A description of the content at that path.
fn projection<'a>(
    pod: &'a Pod,
    container: &Container,
    file: &Path,
) -> Result<&'a TokenProjection, String> {
    let above = container.volume_mounts.iter();
    let above = above.filter(|mount| file.starts_with(&mount.mount_path));
    let Some(mount) = above.max_by_key(|mount| Path::new(&mount.mount_path).components().count())
    else {
        return Err("no volume is mounted at any folder above it".to_owned());
    };
    let Some(volume) = pod.volume(&mount.name) else {
        return Err(format!("the volume `{}` does not exist", mount.name));
    };
    let in_volume = within(mount, file);
    let token = volume
        .tokens
        .iter()
        .find(|token| Path::new(&token.path) == in_volume);
    token.ok_or_else(|| {
        let (kind, name, path) = (&volume.kind, &volume.name, &mount.mount_path);
        if volume.tokens.is_empty() {
            format!("`{path}` is the {kind} volume `{name}`, which contains no token")
        } else {
            format!("the volume `{name}` at `{path}` has no token with this path")
        }
    })
}

/// The path of the file within the volume.
fn within(mount: &Mount, file: &Path) -> PathBuf {
    let rest = file.strip_prefix(&mount.mount_path).unwrap_or(file);
    if rest.as_os_str().is_empty() {
        PathBuf::from(&mount.sub_path)
    } else {
        Path::new(&mount.sub_path).join(rest)
    }
}

pub(super) fn is_mounted(cluster: &mut Cluster, name: &str) -> CheckOutcome {
    let token = match token(cluster, name) {
        Ok(token) => token,
        Err(seen) => return seen,
    };
    let file = quoted(token.file);
    match token.projection {
        Ok(_) => CheckOutcome::holds(format!("{file} is a projected token")),
        Err(instead) => CheckOutcome::broken(
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
        "remove from the pod template any volume that is mounted over the path, and delete pod {name} so that the webhook \
         adds the volume and the mount; if the template sets the variables itself, add the volume `projected: {{sources: \
         [{{serviceAccountToken: {{audience: {audience}, path: token}}}}]}}` and mount it at {folder}",
        name = pod.metadata.name
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
