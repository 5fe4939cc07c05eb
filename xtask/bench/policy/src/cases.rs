//! The policies, in the language of each engine, and the requests.

use serde_json::{Value, json};

const ISSUER: &str = "oidc.eks.eu-central-1.amazonaws.com/id/9F2C5D41A7E84B06B3D1E0F8C6A5B472";
const CLUSTER: &str =
    "arn:aws:rds-db:eu-central-1:111122223333:dbuser:cluster-2K7XQ4MZJ6T5W3YHCNBVRDAEFU";
const DOMAINS: &str = "arn:aws:es:eu-central-1:111122223333:domain";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/aurora-role/keycloak-0";
const METHODS: [&str; 5] = ["Get", "Head", "Post", "Put", "Delete"];

pub struct Case {
    pub name: &'static str,
    /// Whether the policy is a trust policy, which has a principal but no resource.
    pub is_trust: bool,
    pub iam: String,
    pub cedar: String,
    pub requests: Vec<Request>,
}

#[derive(Debug)]
pub struct Request {
    /// The ARN of the caller.
    pub principal: String,
    pub action: &'static str,
    pub resource: Option<String>,
    /// The subject and the audience of a token.
    pub claims: Option<(String, &'static str)>,
    pub is_allowed: bool,
}

/// Returns the policies of the reference (the lab's world `camunda-8.3.yaml`), and a policy of the maximum size.
pub fn all() -> Vec<Case> {
    vec![trust(), connect(), search(), large()]
}

pub fn issuer_key(claim: &str) -> String {
    format!("{ISSUER}:{claim}")
}

fn provider() -> String {
    format!("arn:aws:iam::111122223333:oidc-provider/{ISSUER}")
}

fn trust() -> Case {
    let (provider, subject) = (
        provider(),
        "system:serviceaccount:aurora-namespace:aurora-serviceaccount",
    );
    let iam = document(&json!([{
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {issuer_key("aud"): "sts.amazonaws.com", issuer_key("sub"): subject}},
    }]));
    let cedar = format!(
        r#"permit(principal == Caller::"{provider}", action == Action::"sts:AssumeRoleWithWebIdentity", resource)
           when {{ context.aud == "sts.amazonaws.com" && context.sub == "{subject}" }};"#
    );
    let request = |subject: &str, is_allowed| Request {
        principal: provider.clone(),
        action: "sts:AssumeRoleWithWebIdentity",
        resource: None,
        claims: Some((subject.to_owned(), "sts.amazonaws.com")),
        is_allowed,
    };
    let requests = vec![
        request(subject, true),
        request("system:serviceaccount:camunda:neighbour", false),
    ];
    Case {
        name: "reference, trust policy",
        is_trust: true,
        iam,
        cedar,
        requests,
    }
}

fn connect() -> Case {
    let users =
        ["keycloak", "webmodeler", "reports", "legacy"].map(|user| format!("{CLUSTER}/{user}"));
    let iam =
        document(&json!([{"Effect": "Allow", "Action": "rds-db:connect", "Resource": users}]));
    let entities = users
        .each_ref()
        .map(|user| format!("Resource::\"{user}\""))
        .join(", ");
    let cedar = format!(
        r#"permit(principal, action == Action::"rds-db:connect", resource) when {{ resource in [{entities}] }};"#
    );
    let requests = vec![
        session("rds-db:connect", format!("{CLUSTER}/webmodeler"), true),
        session("rds-db:connect", format!("{CLUSTER}/admin"), false),
    ];
    Case {
        name: "reference, rds-db:connect",
        is_trust: false,
        iam,
        cedar,
        requests,
    }
}

fn search() -> Case {
    let actions = METHODS.map(|method| format!("es:ESHttp{method}"));
    let domain = format!("{DOMAINS}/test-domain/*");
    let iam = document(&json!([{"Effect": "Allow", "Action": actions, "Resource": domain}]));
    let cedar = like(&actions, &domain);
    let requests = vec![
        session(
            "es:ESHttpPost",
            format!("{DOMAINS}/test-domain/zeebe-record/_search"),
            true,
        ),
        session(
            "es:ESHttpPost",
            format!("{DOMAINS}/other-domain/zeebe-record/_search"),
            false,
        ),
    ];
    Case {
        name: "reference, es:ESHttp*",
        is_trust: false,
        iam,
        cedar,
        requests,
    }
}

/// Returns a policy with 50 statements, as a role for many components would have.
fn large() -> Case {
    let (mut statements, mut cedar) = (Vec::new(), String::new());
    for number in 0..50 {
        let (action, resource) = match number % 5 {
            0 | 3 => ("rds-db:connect", format!("{CLUSTER}/u{number:02}")),
            1 => ("es:ESHttp*", format!("{DOMAINS}/d{number:02}/*")),
            2 => ("es:ESHttpGet", format!("{DOMAINS}/d{number:02}/_cat/*")),
            _ => ("s3:GetObject", format!("arn:aws:s3:::backup-{number:02}/*")),
        };
        statements.push(json!({"Effect": "Allow", "Action": action, "Resource": resource}));
        cedar += &match action {
            "rds-db:connect" => format!(
                "permit(principal, action == Action::\"{action}\", resource == Resource::\"{resource}\");\n"
            ),
            "es:ESHttp*" => like(
                &METHODS.map(|method| format!("es:ESHttp{method}")),
                &resource,
            ),
            _ => like(&[action.to_owned()], &resource),
        };
    }
    let requests = vec![
        session("rds-db:connect", format!("{CLUSTER}/u48"), true),
        session(
            "es:ESHttpPost",
            format!("{DOMAINS}/d46/operate-1/_search"),
            true,
        ),
        session(
            "es:ESHttpPost",
            format!("{DOMAINS}/d47/operate-1/_search"),
            false,
        ),
        session(
            "s3:GetObject",
            "arn:aws:s3:::backup-49/2026/11/25.dump".to_owned(),
            true,
        ),
        session("rds-db:connect", format!("{CLUSTER}/admin"), false),
    ];
    let iam = document(&Value::Array(statements));
    Case {
        name: "50 statements of 6 KB",
        is_trust: false,
        iam,
        cedar,
        requests,
    }
}

fn session(action: &'static str, resource: String, is_allowed: bool) -> Request {
    let principal = SESSION.to_owned();
    Request {
        principal,
        action,
        resource: Some(resource),
        claims: None,
        is_allowed,
    }
}

fn document(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// Returns a Cedar policy that matches the resource by its name: Cedar supports wildcards only in strings.
fn like(actions: &[String], resource: &str) -> String {
    let actions: Vec<_> = actions
        .iter()
        .map(|action| format!("Action::\"{action}\""))
        .collect();
    format!(
        "permit(principal, action in [{}], resource) when {{ context.resource like \"{resource}\" }};\n",
        actions.join(", ")
    )
}
