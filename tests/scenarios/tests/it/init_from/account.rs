//! A third-party simulation of an AWS account (moto).

use serde_json::json;

use crate::moto::Moto;

/// The role of an association, which IAM does not have.
pub(super) const KEYCLOAK_ROLE: &str = "arn:aws:iam::123456789012:role/keycloak";

/// An account with a database, a domain, an EKS cluster with associations, and the role of Zeebe.
pub(super) struct Account {
    moto: Moto,
    pub(super) database: String,
    pub(super) resource_id: String,
    pub(super) domain: String,
}

impl Account {
    /// Starts the simulation. If it is missing, prints why the test is skipped.
    pub(super) fn start() -> Option<Self> {
        let mut moto = Moto::start()?;
        let role = json!({"name": "app", "path": "/team/", "max_session": 3600, "trust": {}, "boundary": null,
                          "inline": {}, "attached": {}});
        let names = moto.set(&json!({
            "providers": [],
            "role": role,
            "cluster": {"name": "orders", "iam": false, "stopped": false, "managed": true},
            "domain": {"name": "logs", "access_policy": null, "fine_grained": true, "https": true, "deleted": false},
            "associations": {"camunda": [
                {"namespace": "shop", "serviceAccount": "keycloak", "roleArn": KEYCLOAK_ROLE},
                {"namespace": "other", "serviceAccount": "web-modeler", "roleArn": KEYCLOAK_ROLE},
            ]},
            "denied": [],
        }));
        let name = |key: &str| {
            names[key]
                .as_str()
                .unwrap_or_else(|| panic!("{names}"))
                .to_owned()
        };
        let (database, resource_id, domain) =
            (name("CLUSTER"), name("RESOURCE_ID"), name("DOMAIN"));
        Some(Self {
            moto,
            database,
            resource_id,
            domain,
        })
    }

    /// The environment of a program that reads the account.
    pub(super) fn environment(&self) -> [(&'static str, &str); 5] {
        [
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            (
                "AWS_SECRET_ACCESS_KEY",
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            ),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ENDPOINT_URL", &self.moto.url),
            ("AWS_ENDPOINT_URL_STS", &self.moto.url),
        ]
    }
}
