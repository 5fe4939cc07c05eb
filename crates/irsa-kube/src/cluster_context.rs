//! What a kubeconfig says about its cluster.

use kube_client::config::{AuthInfo, Kubeconfig};

/// The names that a kubeconfig has for a cluster; none if irsa runs in a pod without one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterContext {
    /// The name of the cluster's entry: `aws eks update-kubeconfig` writes the cluster's ARN, eksctl
    /// `NAME.REGION.eksctl.io`.
    pub cluster: Option<String>,
    /// The cluster that the credential plugin gets a token for: `--cluster-name` of `aws eks get-token`, or `-i` of
    /// `aws-iam-authenticator token`.
    pub token_cluster: Option<String>,
}

// === impl ClusterContext ===

impl ClusterContext {
    /// Reads the named context, or the current one.
    pub(crate) fn new(kubeconfig: &Kubeconfig, context: Option<&str>) -> Self {
        let context = context.or(kubeconfig.current_context.as_deref());
        let mut contexts = kubeconfig.contexts.iter();
        let found = contexts.find(|named| Some(named.name.as_str()) == context);
        let Some(context) = found.and_then(|named| named.context.as_ref()) else {
            return Self::default();
        };
        let mut users = kubeconfig.auth_infos.iter();
        let user = users.find(|named| Some(&named.name) == context.user.as_ref());
        Self {
            cluster: Some(context.cluster.clone()).filter(|name| !name.is_empty()),
            token_cluster: user.and_then(|named| token_cluster(named.auth_info.as_ref()?)),
        }
    }
}

fn token_cluster(user: &AuthInfo) -> Option<String> {
    let arguments = user.exec.as_ref()?.args.as_ref()?;
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.split_once('=') {
            Some(("--cluster-name" | "--cluster-id", name)) => return Some(name.to_owned()),
            _ if ["--cluster-name", "--cluster-id", "-i"].contains(&argument.as_str()) => {
                return arguments.next().cloned();
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(user: &str) -> ClusterContext {
        let text = format!(
            "clusters: [{{name: 'arn:aws:eks:eu-central-1:111122223333:cluster/prod', cluster: {{server: 'https://x'}}}}]\n\
             contexts: [{{name: a, context: {{cluster: 'arn:aws:eks:eu-central-1:111122223333:cluster/prod', user: u}}}}]\n\
             users: [{{name: u, user: {user}}}]\ncurrent-context: a\n"
        );
        ClusterContext::new(&Kubeconfig::from_yaml(&text).unwrap(), None)
    }

    #[test]
    fn reads_the_names_of_the_cluster() {
        for (arguments, expected) in [
            (
                "[--region, eu-central-1, eks, get-token, --cluster-name, prod]",
                Some("prod"),
            ),
            ("[eks, get-token, --cluster-name=prod]", Some("prod")),
            ("[token, -i, prod]", Some("prod")),
            ("[token, -i]", None),
            ("[]", None),
        ] {
            let context = context(&format!("{{exec: {{command: aws, args: {arguments}}}}}"));
            assert_eq!(context.token_cluster.as_deref(), expected, "{arguments}");
            assert!(context.cluster.unwrap().ends_with("cluster/prod"));
        }
        assert_eq!(context("{token: x}").token_cluster, None);
    }

    #[test]
    fn an_unknown_context_has_no_names() {
        let kubeconfig = Kubeconfig::from_yaml("contexts: []\ncurrent-context: a\n").unwrap();
        assert_eq!(
            ClusterContext::new(&kubeconfig, None),
            ClusterContext::default()
        );
    }
}
