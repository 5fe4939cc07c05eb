//! The EKS cluster, by what the kubeconfig and the issuer say.

use irsa_chain::{Arn, Region};

use super::connections::Clue;
use super::facts::ClusterFacts;

/// Name, region and account of the cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FoundCluster {
    pub(super) name: Clue,
    pub(super) region: Clue,
    pub(super) account: Clue,
}

// === impl FoundCluster ===

impl FoundCluster {
    pub(super) fn new(facts: &ClusterFacts) -> Self {
        let mut found = Self::default();
        let entry = facts.kubeconfig_name.as_deref().unwrap_or_default();
        if let Some(arn) = entry
            .parse::<Arn>()
            .ok()
            .filter(|arn| arn.service() == "eks")
        {
            let place = "from the ARN in the kubeconfig";
            found.name = clue(arn.resource().strip_prefix("cluster/"), place);
            found.region = clue(region(arn.region()), place);
            found.account = clue(Some(arn.account()), place);
        } else if let Some((name, in_name)) = eksctl(entry) {
            let place = "from eksctl's name in the kubeconfig";
            found.name = clue(Some(name), place);
            found.region = clue(region(in_name), place);
        }
        if found.name.value.is_none() {
            let place = "from the credential plugin in the kubeconfig";
            found.name = clue(facts.token_name.as_deref(), place);
        }
        if found.region.value.is_none() {
            let issuer = facts.issuer.as_deref().unwrap_or_default();
            let host = issuer.strip_prefix("https://oidc.eks.");
            let host = host.and_then(|rest| rest.split('.').next());
            found.region = clue(host.and_then(region), "from the cluster's OIDC issuer");
        }
        found
    }
}

/// `prod.eu-central-1.eksctl.io`.
fn eksctl(name: &str) -> Option<(&str, &str)> {
    name.strip_suffix(".eksctl.io")?.rsplit_once('.')
}

fn region(text: &str) -> Option<&str> {
    text.parse::<Region>().ok().map(|_| text)
}

fn clue(value: Option<&str>, comment: &str) -> Clue {
    Clue {
        value: value.map(str::to_owned),
        comment: value.map(|_| comment.to_owned()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, issuer: &str) -> [Option<String>; 3] {
        let facts = ClusterFacts {
            kubeconfig_name: Some(name.to_owned()),
            token_name: Some("plugin".to_owned()),
            issuer: Some(issuer.to_owned()),
            ..ClusterFacts::default()
        };
        let FoundCluster {
            name,
            region,
            account,
        } = FoundCluster::new(&facts);
        [name.value, region.value, account.value]
    }

    #[test]
    fn the_kubeconfig_names_the_cluster() {
        let issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/A";
        for (name, issuer, expected) in [
            (
                "arn:aws:eks:eu-central-1:111122223333:cluster/prod",
                issuer,
                [Some("prod"), Some("eu-central-1"), Some("111122223333")],
            ),
            (
                "prod.eu-north-1.eksctl.io",
                issuer,
                [Some("prod"), Some("eu-north-1"), None],
            ),
            (
                "kind-kind",
                issuer,
                [Some("plugin"), Some("eu-west-1"), None],
            ),
            (
                "",
                "https://kubernetes.default.svc",
                [Some("plugin"), None, None],
            ),
        ] {
            assert_eq!(
                found(name, issuer),
                expected.map(|one| one.map(str::to_owned)),
                "{name}"
            );
        }
    }
}
