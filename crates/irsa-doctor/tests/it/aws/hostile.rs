//! Responses that AWS would never send.

use std::collections::BTreeMap;
use std::time::Duration;

use irsa_doctor::aws::{self, Aws};
use irsa_doctor::{Finding, Verdict};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::given::Changes;
use super::stage;

const NAMES: [(&str, &str); 2] = [
    (
        "CLUSTER",
        "orders.cluster-abc123.eu-central-1.rds.amazonaws.com",
    ),
    ("DOMAIN", "search-logs-abc123.eu-central-1.es.amazonaws.com"),
];

const LIMIT: Duration = Duration::from_secs(30);

/// A server that responds to each action with the result of `script`.
async fn server(script: fn(&str) -> String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, script));
        }
    });
    url
}

async fn serve(mut connection: TcpStream, script: fn(&str) -> String) -> Option<()> {
    let mut request = Vec::new();
    let mut piece = [0; 8192];
    while !is_whole(&request) {
        let read = connection
            .read(&mut piece)
            .await
            .ok()
            .filter(|read| *read > 0)?;
        request.extend_from_slice(&piece[..read]);
    }
    let text = String::from_utf8_lossy(&request);
    let action = text
        .split("Action=")
        .nth(1)
        .and_then(|rest| rest.split('&').next());
    let answer = script(action.unwrap_or_else(|| text.split(' ').nth(1).unwrap_or_default()));
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        answer.len()
    );
    connection.write_all(head.as_bytes()).await.ok()?;
    connection.write_all(answer.as_bytes()).await.ok()
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.lines().next());
    body.len()
        >= length
            .and_then(|length| length.trim().parse().ok())
            .unwrap_or(0)
}

async fn examine(script: fn(&str) -> String) -> Vec<Finding> {
    let names: BTreeMap<_, _> = NAMES
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let workload = stage::workload(&Changes::none().given().workload, &names);
    let state = Aws::new(workload, stage::reader(&server(script).await));
    aws::examine(state, LIMIT, &mut |_| ()).await.0
}

fn said<'f>(findings: &'f [Finding], check: &str) -> &'f Finding {
    findings
        .iter()
        .find(|finding| finding.check.id == check)
        .unwrap()
}

const CALLER: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/reader</Arn>\
    <UserId>AIDA</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";

fn role(trust: &str) -> String {
    format!(
        "<GetRoleResponse><GetRoleResult><Role><Arn>arn:aws:iam::123456789012:role/team/app</Arn><RoleId>AROA</RoleId>\
         <AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument></Role></GetRoleResult></GetRoleResponse>"
    )
}

fn inline(document: &str) -> String {
    format!(
        "<R><GetRolePolicyResult><PolicyDocument>{document}</PolicyDocument></GetRolePolicyResult></R>"
    )
}

#[tokio::test]
async fn an_invalid_trust_policy_is_reported_with_its_position() {
    let findings = examine(|action| match action {
        "GetCallerIdentity" => CALLER.to_owned(),
        "GetRole" => role("%7B%0A%20%20%22Version%22%3A%20%22%FF%22"),
        "ListRolePolicies" => {
            "<R><ListRolePoliciesResult><PolicyNames><member>db</member></PolicyNames>\
            </ListRolePoliciesResult></R>"
                .to_owned()
        }
        "GetRolePolicy" => {
            inline("%7B%22Version%22%3A%222012-10-17%22%2C%0A%22Statement%22%3A1%7D")
        }
        "ListAttachedRolePolicies" => "<R><ListAttachedRolePoliciesResult/></R>".to_owned(),
        _ => String::new(),
    })
    .await;
    let trust = said(&findings, "aws-trust-policy");
    assert_eq!(trust.verdict, Verdict::Unsure);
    assert!(
        trust.seen.starts_with("`the trust policy of app`:2:"),
        "{}",
        trust.seen
    );
}

#[tokio::test]
async fn an_invalid_inline_policy_is_reported_with_its_name_and_position() {
    let findings = examine(|action| match action {
        "GetCallerIdentity" => CALLER.to_owned(),
        "GetRole" => role("%7B%7D"),
        "ListRolePolicies" => "<R><ListRolePoliciesResult><PolicyNames><member>db</member></PolicyNames>\
            <Marker></Marker></ListRolePoliciesResult></R>"
            .to_owned(),
        "GetRolePolicy" => inline("%7B%22Version%22%3A%222012-10-17%22%2C%0A%22Statement%22%3A1%7D"),
        "ListAttachedRolePolicies" => {
            "<R><ListAttachedRolePoliciesResult><AttachedPolicies/></ListAttachedRolePoliciesResult></R>".to_owned()
        }
        _ => String::new(),
    })
    .await;
    let policies = said(&findings, "aws-role-policies");
    assert_eq!(policies.verdict, Verdict::Unsure);
    assert!(policies.seen.starts_with("`db`:2:"), "{}", policies.seen);
    assert_eq!(said(&findings, "aws-connect").verdict, Verdict::NotReached);
}

#[tokio::test]
async fn a_policy_of_a_megabyte_is_evaluated() {
    let findings = examine(|action| match action {
        "GetCallerIdentity" => CALLER.to_owned(),
        "GetRole" => {
            let wildcards = "*a".repeat(300_000);
            role(&format!(
                "{{\"Version\":\"2012-10-17\",\"Statement\":{{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\
                 \"sts:AssumeRoleWithWebIdentity\",\"Condition\":{{\"StringLike\":{{\"oidc.eks.eu-central-1.amazonaws.com/id/\
                 ABCDEF0123456789:sub\":\"{wildcards}\"}}}}}}}}"
            ))
        }
        _ => String::new(),
    })
    .await;
    let trust = said(&findings, "aws-trust-policy");
    // IAM never stores a policy of that size. Reading it is fine, but it must not admit anyone.
    let lets_in = matches!(trust.verdict, Verdict::Holds | Verdict::Warning);
    assert!(!lets_in, "{trust:?}");
    assert!(trust.seen.len() < 2_000, "{}", trust.seen.len());
}

#[tokio::test]
async fn invalid_responses_are_unsure() {
    for script in [
        (|_| String::new()) as fn(&str) -> String,
        |_| "<".repeat(100_000),
        |_| "{\"DomainNames\":[{\"DomainName\":1}]}".to_owned(),
        |_| "x".repeat(5 * 1024 * 1024),
    ] {
        let findings = examine(script).await;
        for finding in &findings {
            assert!(
                matches!(finding.verdict, Verdict::Unsure | Verdict::NotReached),
                "{finding:?}"
            );
            assert!(finding.seen.len() < 2_000);
        }
    }
}

#[tokio::test]
async fn an_endless_list_is_unsure() {
    let findings = examine(|action| match action {
        "GetCallerIdentity" => CALLER.to_owned(),
        "DescribeDBClusters" => {
            "<R><DescribeDBClustersResult><DBClusters/><Marker>m</Marker></DescribeDBClustersResult></R>".to_owned()
        }
        _ => String::new(),
    })
    .await;
    let database = said(&findings, "aws-database");
    assert_eq!(database.verdict, Verdict::Unsure);
    assert!(
        database.seen.contains("more than 50 pages"),
        "{}",
        database.seen
    );
}

#[tokio::test]
async fn an_api_that_never_responds_is_unsure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let names = NAMES
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let workload = stage::workload(&Changes::none().given().workload, &names);
    let limit = Duration::from_secs(3);
    let (findings, _) =
        aws::examine(Aws::new(workload, stage::reader(&url)), limit, &mut |_| ()).await;
    assert_eq!(said(&findings, "aws-credentials").verdict, Verdict::Unsure);
}
