//! Tests of findings that depend on where policies are attached, and of findings about several policies.

use irsa_policy::Attachment;

use super::{Level, Report, TRUST, identity, inspect, output};
use crate::inventory::{Inventory, PolicySource, Role};

// "IAM and AWS STS quotas": 6,144 characters for a managed policy, 10,240 for the inline policies of a role together.
#[test]
fn the_quota_is_that_of_where_the_policy_is_attached() {
    let long = |size: usize| {
        identity(
            "es:ESHttpGet",
            &format!("arn:aws:es:*:*:domain/logs/{}", "x".repeat(size)),
        )
    };
    let report = |attachment| Report::attached("p.json".to_owned(), long(8_300), None, attachment);
    let levels = |report: &Report| -> Vec<_> {
        report
            .findings
            .iter()
            .map(|one| (one.id, one.level))
            .collect()
    };
    assert_eq!(levels(&report(Some(Attachment::Role))), []);
    assert_eq!(
        levels(&report(Some(Attachment::Managed))),
        [("over-quota", Level::Error)]
    );
    assert_eq!(levels(&report(None)), [("over-quota", Level::Warning)]);
}

/// A role with these inline policies, and a trust policy for these subjects.
fn role(inline: &[String], subjects: &str) -> Inventory {
    let source = |text: &String| {
        let label = format!("inline {}", text.len());
        PolicySource::new(&label, Some(text.clone())).attached(Attachment::Role)
    };
    let trust = TRUST.replace("\"system:serviceaccount:shop:api\"", subjects);
    Inventory {
        roles: vec![Role {
            label: "app".to_owned(),
            trust: vec![PolicySource::new("trust", Some(trust))],
            permissions: inline.iter().map(source).collect(),
            ..Role::default()
        }],
        ..Inventory::default()
    }
}

fn inspected(inventory: &Inventory) -> Vec<(String, &'static str)> {
    let reports = inspect(inventory).reports.into_iter();
    let found = reports.flat_map(|report| {
        let file = report.file.clone();
        let ids: Vec<_> = report
            .findings
            .iter()
            .map(|one| (file.clone(), one.id))
            .collect();
        ids
    });
    found.collect()
}

#[test]
fn inline_policies_count_together() {
    let policy = |size: usize| {
        identity(
            "es:ESHttpGet",
            &format!("arn:aws:es:*:*:domain/logs/{}", "x".repeat(size)),
        )
    };
    let subject = "\"system:serviceaccount:shop:api\"";
    assert_eq!(inspected(&role(&[policy(8_000)], subject)), []);
    let found = inspected(&role(&[policy(8_000), policy(4_000)], subject));
    assert_eq!(found, [("app".to_owned(), "over-quota")]);
}

#[test]
fn a_role_that_several_service_accounts_share_is_reported() {
    let one = "[\"system:serviceaccount:shop:api\"]";
    assert_eq!(inspected(&role(&[], one)), []);
    let two = "[\"system:serviceaccount:shop:api\", \"system:serviceaccount:shop:web\"]";
    let expected = [("app".to_owned(), "role-for-several-accounts")];
    assert_eq!(inspected(&role(&[], two)), expected);
    let shown = output::text(&inspect(&role(&[], two)).reports);
    let shown = anstream::adapter::strip_str(&shown).to_string();
    let location = " --> app\n help: create a separate role for each service account\n";
    assert!(shown.contains(location), "{shown}");
}
