//! What a sidecar serves and as whom, and its container and volumes.

use irsa_chain::{Region, RoleArn};

use crate::container::{Container, Parts, Resources, Variable};
use crate::volume::{TOKEN_DIRECTORY, Volume};
use crate::{ADMIN_PORT, AUDIENCE, TOKEN_SECONDS};

/// The proxy of one pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sidecar {
    /// The image of irsa.
    pub image: String,
    /// When the kubelet pulls the image; by default, the rule of Kubernetes applies.
    pub pull_policy: Option<String>,
    /// How it runs in the pod.
    pub placement: Placement,
    /// The data stores, in the form of `IRSA_UPSTREAMS`.
    pub upstreams: Vec<String>,
    /// Whether a data store needs a directory for request bodies.
    pub spills: bool,
    /// The AWS Region.
    pub region: Option<Region>,
    /// The source of its credentials.
    pub identity: Identity,
    /// Its requests and limits.
    pub resources: Resources,
}

/// The way in which the sidecar runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// An init container with `restartPolicy: Always` (Kubernetes 1.29 or later), which starts before the application
    /// and stops after it.
    NativeSidecar,
    /// One of the pod's containers, which gets SIGTERM together with the application.
    Container {
        /// The time in seconds for which it keeps accepting connections, because the application still runs.
        drain_delay: u64,
        /// The time in seconds for open sessions and requests after that.
        drain_timeout: u64,
    },
}

/// The source of the sidecar's credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A projected token that STS exchanges.
    Web(WebIdentity),
    /// The agent of EKS Pod Identity; EKS adds its variables and the token.
    Pod,
}

/// A role, and the projected token for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebIdentity {
    /// The role.
    pub role: RoleArn,
    /// The audience of the token.
    pub audience: String,
    /// The lifetime of the token in seconds.
    pub token_seconds: u64,
}

impl WebIdentity {
    /// A role with the default token.
    pub fn new(role: RoleArn) -> Self {
        Self {
            role,
            audience: AUDIENCE.to_owned(),
            token_seconds: TOKEN_SECONDS,
        }
    }
}

impl Sidecar {
    /// The container.
    pub fn container(&self) -> Container {
        Container::new(Parts {
            image: self.image.clone(),
            pull_policy: self.pull_policy.clone(),
            is_native: self.placement == Placement::NativeSidecar,
            env: self.environment(),
            resources: self.resources.clone(),
            mounts: self.volumes().iter().map(Volume::mount).collect(),
        })
    }

    /// The volumes that the container mounts.
    pub fn volumes(&self) -> Vec<Volume> {
        let spill = self.spills.then(Volume::spill);
        self.identity.volume().into_iter().chain(spill).collect()
    }

    fn environment(&self) -> Vec<Variable> {
        let mut variables = vec![
            ("IRSA_UPSTREAMS", self.upstreams.join(" ")),
            ("IRSA_ADMIN_ADDRESS", format!("*:{ADMIN_PORT}")),
        ];
        if let Placement::Container {
            drain_delay,
            drain_timeout,
        } = self.placement
        {
            variables.push(("IRSA_DRAIN_DELAY", format!("{drain_delay}s")));
            variables.push(("IRSA_DRAIN_TIMEOUT", format!("{drain_timeout}s")));
        }
        if let Some(region) = &self.region {
            variables.push(("AWS_REGION", region.to_string()));
        }
        let variable = |(name, value)| Variable { name, value };
        let variables = variables.into_iter().map(variable);
        variables.chain(self.identity.variables()).collect()
    }
}

impl Identity {
    /// The environment variables by which irsa finds the credentials.
    pub fn variables(&self) -> Vec<Variable> {
        let variable = |name, value: &str| Variable {
            name,
            value: value.to_owned(),
        };
        match self {
            Self::Pod => vec![variable("IRSA_IDENTITY", "pod-identity")],
            Self::Web(identity) => vec![
                variable("IRSA_IDENTITY", "web-identity"),
                variable("AWS_ROLE_ARN", identity.role.as_str()),
                variable(
                    "AWS_WEB_IDENTITY_TOKEN_FILE",
                    &format!("{TOKEN_DIRECTORY}/token"),
                ),
            ],
        }
    }

    /// The volume with the token; none for EKS Pod Identity, which adds its own.
    pub fn volume(&self) -> Option<Volume> {
        match self {
            Self::Web(identity) => Some(Volume::token(identity)),
            Self::Pod => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sidecar() -> Sidecar {
        let role = "arn:aws:iam::111122223333:role/app".parse().unwrap();
        Sidecar {
            image: "irsa@sha256:0".to_owned(),
            pull_policy: None,
            placement: Placement::NativeSidecar,
            upstreams: vec!["postgres://db".to_owned()],
            spills: false,
            region: None,
            identity: Identity::Web(WebIdentity::new(role)),
            resources: Resources::default(),
        }
    }

    #[test]
    fn mounts_exactly_its_volumes() {
        for (spills, identity) in [(true, Identity::Pod), (false, sidecar().identity)] {
            let sidecar = Sidecar {
                spills,
                identity,
                ..sidecar()
            };
            let container = serde_json::to_value(sidecar.container()).unwrap();
            let mounts = container["volumeMounts"].as_array().unwrap().iter();
            let mounted: Vec<_> = mounts
                .map(|mount| mount["name"].as_str().unwrap())
                .collect();
            let volumes: Vec<_> = sidecar.volumes().iter().map(|one| one.name).collect();
            assert_eq!(mounted, volumes);
        }
    }

    #[test]
    fn one_of_the_containers_waits_for_the_application_to_stop() {
        let plain = Sidecar {
            placement: Placement::Container {
                drain_delay: 10,
                drain_timeout: 15,
            },
            ..sidecar()
        };
        let container = serde_json::to_string(&plain.container()).unwrap();
        assert!(!container.contains("restartPolicy"), "{container}");
        assert!(
            container.contains(r#"{"name":"IRSA_DRAIN_DELAY","value":"10s"}"#),
            "{container}"
        );
        let native = serde_json::to_string(&sidecar().container()).unwrap();
        assert!(native.contains(r#""restartPolicy":"Always""#), "{native}");
        assert!(!native.contains("IRSA_DRAIN"), "{native}");
    }
}
