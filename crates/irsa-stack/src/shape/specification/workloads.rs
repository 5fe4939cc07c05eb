//! Workloads.

use super::PORTS;
use crate::shape::rules::{
    CLUSTER_NAME, DATABASE, DATABASE_USER, DB_IDENTIFIER, DOMAIN_NAME, INDEX_PATTERN, POLICY_NAME,
    ROLE_ARN, ROLE_NAME, SECURITY_ROLE, SERVICE_ACCOUNT,
};
use crate::shape::{Field, Shape, Word};

const CLUSTER_REFERENCE: &Shape = &Shape::Text(&CLUSTER_NAME);

pub(super) const WORKLOAD: &[Field] = &[
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
            Word {
                name: "orchestration",
                doc: "Zeebe, Operate and Tasklist in one, from Camunda 8.8 on: writes `zeebe-record*`, `operate-*`, \
                      `tasklist-*` and `camunda-*`.",
            },
            Word {
                name: "identity",
                doc: "Identity.",
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
    Field::optional(
        "import",
        Shape::Choice(&[
            Word {
                name: "role",
                doc: "The role.",
            },
            Word {
                name: "role-and-policy",
                doc: "The role and its managed policy.",
            },
        ]),
        "What exists already and becomes Terraform's: it replaces the trust policy and the text of the policy.",
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
        "acts_as",
        Shape::Text(&DATABASE_USER),
        "User that the application logs in as by password today. It keeps its password, and `user` becomes a member that \
         works with its objects.",
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
        "Built-in role of the security plugin to map, such as `all_access`, in place of a role for this workload.",
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
