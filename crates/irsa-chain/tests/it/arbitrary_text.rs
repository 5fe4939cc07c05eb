//! Random texts, and valid texts with a few characters changed. None may cause a panic, accepted texts must round-trip, and
//! the error for a rejected text must have one line.

use irsa_chain::endpoint::{OpenSearchEndpoint, RdsEndpoint};
use irsa_chain::{
    AccountId, Arn, AssumedRoleArn, Cause, DbResourceId, DbUserArn, IssuerUrl, Link,
    OidcProviderArn, Partition, Region, RoleArn, ServiceAccount, SessionName,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::{TextType, assert_reads_what_it_prints};

const VALID: [&str; 21] = [
    "aws-us-gov",
    "eu-central-1",
    "111122223333",
    "arn:aws:s3:::bucket/key",
    "arn:aws:iam::111122223333:role/team/x/app",
    "arn:aws:sts::111122223333:assumed-role/app/pod-1",
    "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC",
    "arn:aws:rds-db:eu-west-1:111122223333:dbuser:cluster-ABC/app",
    "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC",
    "cluster-ABC123",
    "camunda/keycloak",
    "system:serviceaccount:camunda:keycloak",
    "keycloak-7d9f6c5b8-x2x4z",
    "orders.cluster-ro-abc123.eu-west-1.rds.amazonaws.com",
    "orders.abc123.rds.cn-north-1.amazonaws.com.cn",
    "pool.endpoint.proxy-abc123.eu-west-1.rds.amazonaws.com",
    "orders.global-abc123.global.rds.amazonaws.com",
    "vpc-orders-abc.eu-west-1.es.amazonaws.com",
    "search-orders-abc.aos.eu-west-1.on.aws",
    "trust-policy",
    "trust-subject-mismatch",
];

/// Characters that have a meaning in one of the grammars, and a few that do not.
const MUTATIONS: &str = "[-.:/a0A*?@ \\x00\\n`é\u{202e}]";

/// A valid text in which up to three characters are replaced, inserted or removed.
fn nearly_valid() -> impl Strategy<Value = String> {
    let edit = (any::<Index>(), MUTATIONS, 0..3_u8);
    (select(&VALID[..]), prop::collection::vec(edit, 0..4)).prop_map(|(valid, edits)| {
        let mut chars: Vec<char> = valid.chars().collect();
        for (index, text, edit) in edits {
            let at = index.index(chars.len().max(1));
            let new = text.chars().filter(|_| edit < 2);
            let removed = usize::from(edit != 1).min(chars.len() - at.min(chars.len()));
            chars.splice(at..at + removed, new);
        }
        chars.into_iter().collect()
    })
}

fn assert_handled<T: TextType>(text: &str) {
    match text.parse::<T>() {
        Ok(value) => assert_reads_what_it_prints(&value),
        Err(error) => {
            let error = error.to_string();
            assert!(!error.chars().any(char::is_control), "{error:?}");
            assert!(error.len() < 2_000, "{error}");
        }
    }
}

/// Calls a generic function for every text type.
macro_rules! for_every_type {
    ($check:ident($($text:expr)?)) => {
        $check::<AccountId>($($text)?);
        $check::<Arn>($($text)?);
        $check::<AssumedRoleArn>($($text)?);
        $check::<Cause>($($text)?);
        $check::<DbResourceId>($($text)?);
        $check::<DbUserArn>($($text)?);
        $check::<IssuerUrl>($($text)?);
        $check::<Link>($($text)?);
        $check::<OidcProviderArn>($($text)?);
        $check::<OpenSearchEndpoint>($($text)?);
        $check::<Partition>($($text)?);
        $check::<RdsEndpoint>($($text)?);
        $check::<Region>($($text)?);
        $check::<RoleArn>($($text)?);
        $check::<ServiceAccount>($($text)?);
        $check::<SessionName>($($text)?);
    };
}

fn assert_is_among_the_valid<T: TextType>() {
    let is_read = VALID.iter().any(|text| text.parse::<T>().is_ok());
    assert!(is_read, "no valid text for {}", std::any::type_name::<T>());
}

/// Without valid texts, the texts near them would test only rejections.
#[test]
fn every_type_has_a_valid_text() {
    for_every_type!(assert_is_among_the_valid());
}

proptest! {
    #[test]
    fn is_handled_if_random(text in any::<String>()) {
        for_every_type!(assert_handled(&text));
        _ = ServiceAccount::from_subject(&text);
    }

    #[test]
    fn is_handled_if_nearly_valid(text in nearly_valid()) {
        for_every_type!(assert_handled(&text));
        _ = ServiceAccount::from_subject(&text);
    }

    #[test]
    fn is_handled_as_the_parts_of_an_arn(parts in any::<[String; 5]>()) {
        let [partition, service, region, account, resource] = &parts;
        if let Ok(arn) = Arn::from_parts(partition, service, region, account, resource) {
            assert_reads_what_it_prints(&arn);
            prop_assert_eq!(arn.resource(), resource);
        }
    }

    #[test]
    fn is_handled_as_namespace_and_name(namespace in any::<String>(), name in any::<String>()) {
        if let Ok(account) = ServiceAccount::new(&namespace, &name) {
            assert_reads_what_it_prints(&account);
        }
    }

    #[test]
    fn is_handled_as_a_database_user(user in any::<String>()) {
        let id = "cluster-ABC".parse().unwrap();
        let account = "111122223333".parse().unwrap();
        let arn = DbUserArn::new(&"eu-west-1".parse().unwrap(), &account, &id, &user);
        if let Ok(read) = arn.as_str().parse::<DbUserArn>() {
            prop_assert_eq!(read, arn);
        }
    }

    #[test]
    fn is_handled_as_an_instance_of_a_cluster(name in any::<String>()) {
        let cluster: RdsEndpoint =
            "orders.cluster-abc.eu-west-1.rds.amazonaws.com".parse().unwrap();
        if let Some(instance) = cluster.instance(&name) {
            assert_reads_what_it_prints(&instance);
            prop_assert!(instance.host().ends_with(".abc.eu-west-1.rds.amazonaws.com"));
        }
    }
}
