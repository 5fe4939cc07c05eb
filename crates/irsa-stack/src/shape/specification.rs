//! The keys of `irsa.yaml`, version 1.

use super::rules::{
    ACCOUNT, ANY, CLUSTER_NAME, DATABASE, DATABASE_USER, DB_IDENTIFIER, DB_RESOURCE_ID,
    DOMAIN_NAME, IAM_PATH, IMAGE, INDEX_PATTERN, LABEL, NAMESPACE, OPENSEARCH_ENDPOINT, POLICY_ARN,
    POLICY_NAME, RDS_ENDPOINT, REGION, ROLE_ARN, ROLE_NAME, SECURITY_ROLE, SERVICE_ACCOUNT,
    VERSION,
};
use super::{Field, Shape, Word};

const PORTS: Shape = Shape::Integer {
    min: 1,
    max: 65_535,
};

const SUBNET: &Shape = &Shape::Text(&VERSION);
const CLUSTER_REFERENCE: &Shape = &Shape::Text(&CLUSTER_NAME);

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
        "Name of the set-up: the prefix of role names in IAM and of roles in OpenSearch.",
    ),
    Field::required("aws", Shape::Record(AWS), "Account and region."),
    Field::optional(
        "tags",
        Shape::Map {
            key: &ANY,
            value: &Shape::Text(&ANY),
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
        "Kubernetes version, in quotes.",
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

const VIA: &[Field] = &[
    Field::required(
        "role",
        Shape::Text(&ROLE_ARN),
        "Role to assume in the other account.",
    ),
    Field::optional("external_id", Shape::Text(&ANY), "External ID."),
];

const POSTGRES: &[Field] = &[
    Field::optional(
        "create",
        Shape::Record(CREATE_POSTGRES),
        "Create an Aurora PostgreSQL cluster.",
    ),
    Field::optional(
        "existing",
        Shape::TextOrRecord(&DB_IDENTIFIER, EXISTING_POSTGRES),
        "Use a cluster that exists: its identifier, or its endpoint and resource ID.",
    ),
    Field::optional("port", PORTS, "Port of the cluster. Default: 5432."),
    Field::optional(
        "account",
        Shape::Text(&ACCOUNT),
        "Account of the cluster, if it is not `aws.account`.",
    ),
    Field::optional(
        "region",
        Shape::Text(&REGION),
        "Region of the cluster, if it is not `aws.region`.",
    ),
    Field::optional(
        "via",
        Shape::Record(VIA),
        "How Terraform reaches that account.",
    ),
    Field::optional(
        "admin",
        Shape::Record(ADMIN),
        "Administrator of the databases.",
    ),
    Field::required(
        "databases",
        Shape::Map {
            key: &DATABASE,
            value: &Shape::Record(DATABASE_FIELDS),
        },
        "Databases by name.",
    ),
];

const CREATE_POSTGRES: &[Field] = &[
    Field::required(
        "engine_version",
        Shape::Text(&VERSION),
        "Engine version, in quotes.",
    ),
    Field::optional(
        "instances",
        Shape::Integer { min: 1, max: 16 },
        "Number of instances. Default: 2.",
    ),
    Field::optional(
        "serverless",
        Shape::Record(SERVERLESS),
        "Capacity of Aurora Serverless v2.",
    ),
    Field::optional(
        "instance",
        Shape::Text(&VERSION),
        "Instance class, such as db.r6g.large, unless `serverless` is given.",
    ),
];

const SERVERLESS: &[Field] = &[
    Field::required(
        "min",
        Shape::Number {
            min: 0.0,
            max: 256.0,
        },
        "Minimum Aurora capacity units.",
    ),
    Field::required(
        "max",
        Shape::Number {
            min: 1.0,
            max: 256.0,
        },
        "Maximum Aurora capacity units.",
    ),
];

const EXISTING_POSTGRES: &[Field] = &[
    Field::required("endpoint", Shape::Text(&RDS_ENDPOINT), "Writer endpoint."),
    Field::required(
        "resource_id",
        Shape::Text(&DB_RESOURCE_ID),
        "Resource ID: `DbClusterResourceId` in the AWS CLI's output.",
    ),
];

const ADMIN: &[Field] = &[
    Field::required("user", Shape::Text(&DATABASE), "Name of the administrator."),
    Field::required(
        "password",
        Shape::Choice(&[Word {
            name: "managed",
            doc: "AWS keeps it in Secrets Manager and rotates it.",
        }]),
        "Where the password is. The password itself must not be in this file.",
    ),
];

const DATABASE_FIELDS: &[Field] = &[Field::optional(
    "owner",
    Shape::Text(&DATABASE_USER),
    "User with all privileges on the database. Default: the name of the workload that uses it.",
)];

const OPENSEARCH: &[Field] = &[
    Field::optional(
        "create",
        Shape::Record(CREATE_OPENSEARCH),
        "Create a domain.",
    ),
    Field::optional(
        "existing",
        Shape::TextOrRecord(&DOMAIN_NAME, EXISTING_OPENSEARCH),
        "Use a domain that exists: its name, or its endpoint.",
    ),
    Field::optional(
        "access",
        Shape::Choice(&[
            Word {
                name: "fine-grained",
                doc: "Fine-grained access control: each workload reaches its own indices. The default.",
            },
            Word {
                name: "domain-policy",
                doc: "The domain's access policy alone: every workload reaches all indices.",
            },
        ]),
        "Who decides about indices.",
    ),
    Field::optional(
        "admin",
        Shape::Text(&ADMIN_ROLE),
        "Master user: `setup` for the role of the set-up Job (the default), or a role ARN.",
    ),
    Field::optional(
        "account",
        Shape::Text(&ACCOUNT),
        "Account of the domain, if it is not `aws.account`.",
    ),
    Field::optional(
        "region",
        Shape::Text(&REGION),
        "Region of the domain, if it is not `aws.region`.",
    ),
    Field::optional(
        "via",
        Shape::Record(VIA),
        "How Terraform reaches that account.",
    ),
];

static ADMIN_ROLE: super::Rule = super::Rule {
    noun: "an administrator",
    pattern: Some("^(setup|arn:[a-z-]+:iam::[0-9]{12}:role/.+)$"),
    check: |text| match text {
        "setup" => Ok(()),
        _ => {
            (ROLE_ARN.check)(text).map_err(|expected| format!("`setup`, or a role ARN: {expected}"))
        }
    },
};

const CREATE_OPENSEARCH: &[Field] = &[
    Field::required(
        "engine_version",
        Shape::Text(&VERSION),
        "Engine version, such as OpenSearch_2.5.",
    ),
    Field::required(
        "instance",
        Shape::Text(&VERSION),
        "Instance type, such as r6g.large.search.",
    ),
    Field::optional(
        "instances",
        Shape::Integer { min: 1, max: 200 },
        "Number of data nodes. Default: 3.",
    ),
    Field::optional(
        "volume",
        Shape::Text(&VERSION),
        "EBS volume of each node, such as 100GiB.",
    ),
];

const EXISTING_OPENSEARCH: &[Field] = &[Field::required(
    "endpoint",
    Shape::Text(&OPENSEARCH_ENDPOINT),
    "Endpoint of the domain.",
)];

const WORKLOAD: &[Field] = &[
    Field::optional(
        "component",
        Shape::Choice(&[
            Word {
                name: "keycloak",
                doc: "Keycloak.",
            },
            Word {
                name: "web-modeler",
                doc: "Web Modeler (restapi).",
            },
            Word {
                name: "zeebe",
                doc: "Zeebe: writes `zeebe-record*`.",
            },
            Word {
                name: "operate",
                doc: "Operate: writes `operate-*`, reads `zeebe-record*`.",
            },
            Word {
                name: "tasklist",
                doc: "Tasklist: writes `tasklist-*`, reads `zeebe-record*`.",
            },
            Word {
                name: "optimize",
                doc: "Optimize: writes `optimize-*`, reads `zeebe-record*`.",
            },
        ]),
        "Component of Camunda, which decides about the indices.",
    ),
    Field::required(
        "service_account",
        Shape::Text(&SERVICE_ACCOUNT),
        "Service account as NAMESPACE/NAME.",
    ),
    Field::optional(
        "identity",
        Shape::Choice(&[
            Word {
                name: "web-identity",
                doc: "IAM roles for service accounts (IRSA). The default.",
            },
            Word {
                name: "pod-identity",
                doc: "EKS Pod Identity.",
            },
        ]),
        "How pods prove who they are.",
    ),
    Field::optional(
        "application_identity",
        Shape::Choice(&[
            Word {
                name: "none",
                doc: "Only the sidecar has the role. The default.",
            },
            Word {
                name: "keep",
                doc: "The service account has the annotation of EKS, which gives the role to every container.",
            },
        ]),
        "Whether the application's containers have the role, too. With EKS Pod Identity they always have.",
    ),
    Field::optional(
        "clusters",
        Shape::List(CLUSTER_REFERENCE),
        "Clusters that the workload runs in. Default: all.",
    ),
    Field::optional(
        "role",
        Shape::Record(ROLE),
        "IAM role. Default: NAME-WORKLOAD.",
    ),
    Field::optional(
        "postgres",
        Shape::Record(USE_POSTGRES),
        "Database that it uses.",
    ),
    Field::optional(
        "opensearch",
        Shape::Record(USE_OPENSEARCH),
        "Domain that it uses.",
    ),
];

const ROLE: &[Field] = &[
    Field::optional("name", Shape::Text(&ROLE_NAME), "Name of the role."),
    Field::optional(
        "arn",
        Shape::Text(&ROLE_ARN),
        "ARN of a role that exists. Its policies are not changed, and not checked.",
    ),
    Field::optional(
        "policy",
        Shape::Text(&POLICY_NAME),
        "Name of the role's managed policy. Default: the role's name.",
    ),
];

const USE_POSTGRES: &[Field] = &[
    Field::required("store", Shape::Text(&DB_IDENTIFIER), "Key of the cluster."),
    Field::required("database", Shape::Text(&DATABASE), "Name of the database."),
    Field::optional(
        "user",
        Shape::Text(&DATABASE_USER),
        "Database user. Default: the database's owner, or else the workload's name.",
    ),
    Field::optional(
        "privileges",
        Shape::Choice(&[
            Word {
                name: "all",
                doc: "All privileges on the database and its schema `public`. The default.",
            },
            Word {
                name: "read",
                doc: "SELECT on the tables of the owner.",
            },
        ]),
        "Privileges of the user.",
    ),
    Field::optional(
        "listen",
        PORTS,
        "Port of the proxy in the pod. Default: 5432.",
    ),
];

const USE_OPENSEARCH: &[Field] = &[
    Field::required("store", Shape::Text(&DOMAIN_NAME), "Key of the domain."),
    Field::optional(
        "indices",
        Shape::Map {
            key: &INDEX_PATTERN,
            value: &Shape::Choice(&[
                Word {
                    name: "read",
                    doc: "Read documents.",
                },
                Word {
                    name: "write",
                    doc: "Read and write documents, create indices.",
                },
                Word {
                    name: "manage",
                    doc: "Also change and delete indices.",
                },
            ]),
        },
        "Privileges by index pattern. Default: those of the component.",
    ),
    Field::optional(
        "role",
        Shape::Text(&SECURITY_ROLE),
        "Built-in role of the security plugin to map, such as `all_access`, in place of a role of its own.",
    ),
    Field::optional(
        "actions",
        Shape::Choice(&[
            Word {
                name: "http",
                doc: "The HTTP methods that clients use. The default.",
            },
            Word {
                name: "documented",
                doc: "The list of the Camunda 8.3 documentation, with actions of the OpenSearch Service API.",
            },
        ]),
        "Actions of the IAM policy.",
    ),
    Field::optional(
        "listen",
        PORTS,
        "Port of the proxy in the pod. Default: 9200.",
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
        Shape::Choice(&[Word {
            name: "sidecar",
            doc: "A native sidecar in the manifests.",
        }]),
        "How the proxy gets into the pods.",
    ),
];

const SETUP: &[Field] = &[Field::required(
    "namespace",
    Shape::Text(&NAMESPACE),
    "Namespace of the set-up Job.",
)];
