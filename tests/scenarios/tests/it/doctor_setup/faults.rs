//! A fault of each link that the cluster and AWS show.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cluster::ISSUER;
use super::setup::{Setup, quoted};
use crate::moto::ACCOUNT;

/// A fault.
pub(super) struct Fault {
    pub(super) name: &'static str,
    /// The commands that cause it.
    pub(super) breaks: Vec<String>,
    /// The workloads that must be broken, and all others not.
    workloads: &'static [&'static str],
    /// The check that finds the break.
    check: &'static str,
    /// What the remedy advises, if it contains no commands.
    pub(super) by_hand: Vec<String>,
}

impl Fault {
    pub(super) fn expected(&self) -> BTreeMap<String, String> {
        let workloads = self.workloads.iter();
        workloads
            .map(|one| ((*one).to_owned(), self.check.to_owned()))
            .collect()
    }
}

const ROLE_ARN: &str = "eks.amazonaws.com/role-arn";

pub(super) fn faults(setup: &Setup) -> Vec<Fault> {
    let mut faults = in_the_cluster();
    faults.extend(in_iam(setup));
    faults.extend(in_the_stores(setup));
    faults
}

fn fault(
    name: &'static str,
    breaks: &[String],
    workloads: &'static [&'static str],
    check: &'static str,
) -> Fault {
    Fault {
        name,
        breaks: breaks.to_vec(),
        workloads,
        check,
        by_hand: Vec::new(),
    }
}

fn in_the_cluster() -> Vec<Fault> {
    let other = format!("arn:aws:iam::{ACCOUNT}:role/camunda-zeebe");
    let annotate = "kubectl -n camunda annotate --overwrite serviceaccount web-modeler";
    vec![
        fault(
            "the annotation names a different role",
            &[
                format!("{annotate} {ROLE_ARN}={other}"),
                "replace pod camunda/web-modeler".to_owned(),
            ],
            &["web-modeler"],
            "specified-identity",
        ),
        fault(
            "the annotation is missing",
            &[
                format!("{annotate} {ROLE_ARN}-"),
                "replace pod camunda/web-modeler".to_owned(),
            ],
            &["web-modeler"],
            "account-annotation",
        ),
        fault(
            "an annotation beside the association",
            &[
                format!("kubectl -n bi annotate serviceaccount reports {ROLE_ARN}={other}"),
                "replace pod bi/reports".to_owned(),
            ],
            &["reports"],
            "specified-identity",
        ),
        fault(
            "the service account is missing",
            &["kubectl -n camunda delete serviceaccount zeebe".to_owned()],
            &["zeebe"],
            "account-exists",
        ),
        fault(
            "an association beside IRSA",
            &[associate("camunda", "keycloak", &other)],
            &["keycloak"],
            "aws-association",
        ),
        fault(
            "the association is missing",
            &[
                "aws eks delete-pod-identity-association --cluster-name camunda --association-id a-00000000000000001"
                    .to_owned(),
            ],
            &["reports"],
            "aws-association",
        ),
    ]
}

fn associate(namespace: &str, account: &str, role: &str) -> String {
    format!(
        "aws eks create-pod-identity-association --cluster-name camunda --namespace {namespace} --service-account {account} \
         --role-arn {role}"
    )
}

fn in_iam(setup: &Setup) -> Vec<Fault> {
    let role = |name: &str| {
        let is_it = |role: &&Value| role["arn"].as_str().unwrap().ends_with(name);
        setup.roles.iter().find(is_it).unwrap()
    };
    let changed = |text: &Value, from: &str, to: &str| {
        let text = text.as_str().unwrap();
        assert!(text.contains(from), "{text}");
        quoted(&Value::from(text.replace(from, to)))
    };
    let trust = changed(
        &role("/camunda-operate")["trust_policy"],
        "camunda:operate",
        "camunda:other",
    );
    let policy = &role("/camunda-keycloak")["policies"][0];
    let connect = changed(&policy["document"], "/keycloak\"", "/other\"");
    let provider = ISSUER.strip_prefix("https://").unwrap();
    vec![
        fault(
            "the trust policy names a different service account",
            &[format!(
                "aws iam update-assume-role-policy --role-name camunda-operate --policy-document {trust}"
            )],
            &["operate"],
            "aws-trust-policy",
        ),
        fault(
            "the policy names a different database user",
            &[format!(
                "aws iam put-role-policy --role-name camunda-keycloak --policy-name {} --policy-document {connect}",
                policy["name"].as_str().unwrap()
            )],
            &["keycloak"],
            "aws-connect",
        ),
        fault(
            "the OIDC provider is missing",
            &[format!(
                "aws iam delete-open-id-connect-provider --open-id-connect-provider-arn \
                 arn:aws:iam::{ACCOUNT}:oidc-provider/{provider}"
            )],
            &["keycloak", "operate", "web-modeler", "zeebe"],
            "aws-oidc-provider",
        ),
    ]
}

fn in_the_stores(setup: &Setup) -> Vec<Fault> {
    let domain = setup.domain;
    let resource = format!("arn:aws:es:eu-central-1:{ACCOUNT}:domain/{domain}/*");
    let policy = |effect: &str| {
        let principal = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:role/camunda-zeebe")});
        let statement = json!({"Effect": effect, "Principal": principal, "Action": "es:ESHttp*", "Resource": resource});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
        format!(
            "aws opensearch update-domain-config --domain-name {domain} --access-policies '{policy}'"
        )
    };
    vec![
        Fault {
            by_hand: vec![policy("Allow")],
            ..fault(
                "the domain's access policy denies the role",
                &[policy("Deny")],
                &["zeebe"],
                "aws-requests",
            )
        },
        fault(
            "IAM authentication is off",
            &["aws rds modify-db-cluster --db-cluster-identifier aurora --no-enable-iam-database-authentication".to_owned()],
            &["keycloak", "reports", "web-modeler"],
            "aws-iam-authentication",
        ),
    ]
}
