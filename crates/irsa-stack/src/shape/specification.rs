//! The keys of `irsa.yaml`, version 1.

mod stores;
mod workloads;

use self::stores::{OPENSEARCH, POSTGRES};
use self::workloads::WORKLOAD;
use super::rules::{
    ACCOUNT, CLUSTER_NAME, DB_IDENTIFIER, DOMAIN_NAME, IAM_PATH, IMAGE, LABEL, NAMESPACE,
    POLICY_ARN, REGION, TAG_KEY, TAG_VALUE, VERSION,
};
use super::{Field, Shape, Word};

const PORTS: Shape = Shape::Integer {
    min: 1,
    max: 65_535,
};

const SUBNET: &Shape = &Shape::Text(&VERSION);

/// The whole file.
pub(crate) static SPECIFICATION: Shape = Shape::Record(&[
    Field::required(
        "version",
        Shape::Integer { min: 1, max: 1 },
        "Version of this file format.",
    ),
    Field::required(
        "name",
        Shape::Text(&LABEL),
        "Name of the setup: the prefix of role names in IAM and of roles in OpenSearch.",
    ),
    Field::required("aws", Shape::Record(AWS), "Account and region."),
    Field::optional(
        "tags",
        Shape::Map {
            key: &TAG_KEY,
            value: &Shape::Text(&TAG_VALUE),
        },
        "Tags of everything that is created in AWS.",
    ),
    Field::optional("iam", Shape::Record(IAM), "Settings of all IAM roles."),
    Field::optional(
        "network",
        Shape::Record(NETWORK),
        "The network of the data stores. It is given, never created.",
    ),
    Field::required(
        "clusters",
        Shape::Map {
            key: &CLUSTER_NAME,
            value: &Shape::Record(CLUSTER),
        },
        "EKS clusters by name. A workload is trusted from all of them unless it names some.",
    ),
    Field::optional(
        "camunda",
        Shape::Record(CAMUNDA),
        "The Camunda Platform release that the components belong to.",
    ),
    Field::optional(
        "keycloak",
        Shape::Record(KEYCLOAK),
        "The Helm release of Keycloak, if Keycloak does not come with Camunda's chart.",
    ),
    Field::optional(
        "postgres",
        Shape::Map {
            key: &DB_IDENTIFIER,
            value: &Shape::Record(POSTGRES),
        },
        "PostgreSQL clusters. The key of one that is created is its identifier in AWS.",
    ),
    Field::optional(
        "opensearch",
        Shape::Map {
            key: &DOMAIN_NAME,
            value: &Shape::Record(OPENSEARCH),
        },
        "OpenSearch domains. The key of one that is created is its name in AWS.",
    ),
    Field::required(
        "workloads",
        Shape::Map {
            key: &LABEL,
            value: &Shape::Record(WORKLOAD),
        },
        "Workloads: who reaches what.",
    ),
    Field::optional("irsa", Shape::Record(IRSA), "How the proxy gets into pods."),
    Field::optional(
        "setup",
        Shape::Record(SETUP),
        "The Job that sets up the data stores from inside the cluster.",
    ),
]);

const AWS: &[Field] = &[
    Field::required("account", Shape::Text(&ACCOUNT), "Account ID, in quotes."),
    Field::required("region", Shape::Text(&REGION), "Region."),
];

const IAM: &[Field] = &[
    Field::optional("path", Shape::Text(&IAM_PATH), "Path of all roles."),
    Field::optional(
        "permissions_boundary",
        Shape::Text(&POLICY_ARN),
        "Permissions boundary of all roles.",
    ),
];

const NETWORK: &[Field] = &[
    Field::required("vpc", Shape::Text(&VERSION), "VPC ID."),
    Field::required(
        "subnets",
        Shape::List(SUBNET),
        "Subnet IDs, in at least two Availability Zones.",
    ),
];

const CLUSTER: &[Field] = &[
    Field::optional(
        "existing",
        Shape::Flag,
        "The cluster exists: what has to change in it is rendered as a snippet to paste.",
    ),
    Field::optional(
        "kubernetes",
        Shape::Text(&VERSION),
        "Kubernetes version, in quotes. Native sidecars need 1.29 or later.",
    ),
    Field::optional(
        "node_groups",
        Shape::Record(NODE_GROUPS),
        "Settings of the managed node groups.",
    ),
];

const NODE_GROUPS: &[Field] = &[Field::optional(
    "hop_limit",
    Shape::Integer { min: 1, max: 64 },
    "Hop limit of the instance metadata service. 1 keeps pods from the node's role.",
)];

const CAMUNDA: &[Field] = &[
    Field::required(
        "version",
        Shape::Text(&VERSION),
        "Version, such as 8.3, in quotes.",
    ),
    Field::optional("release", Shape::Text(&LABEL), "Name of the Helm release."),
    Field::optional(
        "namespace",
        Shape::Text(&NAMESPACE),
        "Namespace of the release.",
    ),
];

const KEYCLOAK: &[Field] = &[
    Field::required(
        "chart",
        Shape::Choice(&[
            Word {
                name: "bitnami",
                doc: "`bitnami/keycloak`.",
            },
            Word {
                name: "codecentric",
                doc: "`codecentric/keycloakx`.",
            },
        ]),
        "The chart.",
    ),
    Field::required(
        "version",
        Shape::Text(&VERSION),
        "Version of the chart, such as 24, in quotes.",
    ),
    Field::optional("release", Shape::Text(&LABEL), "Name of the Helm release."),
    Field::optional(
        "namespace",
        Shape::Text(&NAMESPACE),
        "Namespace of the release.",
    ),
];

const IRSA: &[Field] = &[
    Field::optional(
        "image",
        Shape::Text(&IMAGE),
        "Image of irsa, if possible with its digest.",
    ),
    Field::optional(
        "inject",
        Shape::Choice(&[
            Word {
                name: "sidecar",
                doc: "A native sidecar in the manifests.",
            },
            Word {
                name: "webhook",
                doc: "Annotations in the manifests, by which `irsa webhook` adds the sidecar.",
            },
        ]),
        "How the proxy gets into the pods.",
    ),
];

const SETUP: &[Field] = &[Field::required(
    "namespace",
    Shape::Text(&NAMESPACE),
    "Namespace of the setup Job.",
)];
