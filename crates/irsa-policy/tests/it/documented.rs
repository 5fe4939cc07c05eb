//! Whole examples of AWS's documentation, each named by its page.

use irsa_policy::{Context, Decision, Policy, Request, decide};
use serde_json::{Value, json};

use crate::world::allow;
use crate::{ROLE_SESSION, identity};
use Decision::{Allowed, ExplicitlyDenied, ImplicitlyDenied};

fn ask(policies: &[&Policy], action: &str, keys: &[(&str, &[&str])]) -> Decision {
    let mut context = Context::new();
    for (key, values) in keys {
        context.insert(key, values.iter().map(ToString::to_string));
    }
    let request = Request {
        principal: ROLE_SESSION,
        action,
        resource: Some("arn:aws:dynamodb:eu-central-1:111122223333:table/Thread"),
        context: &context,
    };
    decide(policies, &request).decision
}

fn with_condition(effect: &str, action: &str, condition: &Value) -> Policy {
    identity(&json!({"Effect": effect, "Action": action, "Resource": "*", "Condition": condition}))
}

// IAM User Guide, "Numeric condition operators".
#[test]
fn up_to_ten_keys_at_a_time() {
    let policy = with_condition(
        "Allow",
        "s3:ListBucket",
        &json!({"NumericLessThanEquals": {"s3:max-keys": "10"}}),
    );
    let list = |keys: &[(&str, &[&str])]| ask(&[&policy], "s3:ListBucket", keys);
    assert_eq!(list(&[("s3:max-keys", &["10"])]), Allowed);
    assert_eq!(list(&[("s3:max-keys", &["9"])]), Allowed);
    assert_eq!(list(&[("s3:max-keys", &["11"])]), ImplicitlyDenied);
    assert_eq!(list(&[]), ImplicitlyDenied);
}

// IAM User Guide, "Date condition operators".
#[test]
fn credentials_issued_since_2020() {
    let condition = json!({"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:01Z"}});
    let policy = with_condition("Allow", "iam:*AccessKey*", &condition);
    let issued = |at| {
        ask(
            &[&policy],
            "iam:ListAccessKeys",
            &[("aws:TokenIssueTime", &[at])],
        )
    };
    assert_eq!(issued("2020-06-01T00:00:00Z"), Allowed);
    assert_eq!(issued("1600000000"), Allowed);
    assert_eq!(issued("2020-01-01T00:00:01Z"), ImplicitlyDenied);
    assert_eq!(ask(&[&policy], "iam:ListAccessKeys", &[]), ImplicitlyDenied);
}

// IAM User Guide, "AWS: Allows access based on date and time".
#[test]
fn between_two_dates() {
    let policy = with_condition(
        "Allow",
        "s3:*",
        &json!({
            "DateGreaterThan": {"aws:CurrentTime": "2020-04-01T00:00:00Z"},
            "DateLessThan": {"aws:CurrentTime": "2020-06-30T23:59:59Z"},
        }),
    );
    for (now, expected) in [
        ("2020-05-01T12:00:00+02:00", Allowed),
        ("2020-03-31T23:59:59Z", ImplicitlyDenied),
        ("2020-07-01T00:00:00Z", ImplicitlyDenied),
    ] {
        assert_eq!(
            ask(&[&policy], "s3:Get", &[("aws:CurrentTime", &[now])]),
            expected
        );
    }
}

// IAM User Guide, "Boolean condition operators".
#[test]
fn no_bucket_without_encryption() {
    let deny = with_condition(
        "Deny",
        "s3:*",
        &json!({"Bool": {"aws:SecureTransport": "false"}}),
    );
    let all = identity(&allow("*"));
    let get = |secure| {
        ask(
            &[&all, &deny],
            "s3:GetObject",
            &[("aws:SecureTransport", &[secure])],
        )
    };
    assert_eq!(get("true"), Allowed);
    assert_eq!(get("false"), ExplicitlyDenied);
}

// IAM User Guide, "Binary condition operators".
#[test]
fn bytes_are_compared_in_base_64() {
    let condition = json!({"BinaryEquals": {"a:key": "QmluYXJ5VmFsdWVJbkJhc2U2NA=="}});
    let policy = with_condition("Allow", "*", &condition);
    let get = |value| ask(&[&policy], "s3:Get", &[("a:key", &[value])]);
    assert_eq!(get("QmluYXJ5VmFsdWVJbkJhc2U2NA=="), Allowed);
    assert_eq!(get("qmluYXJ5VmFsdWVJbkJhc2U2NA=="), ImplicitlyDenied);
    assert_eq!(ask(&[&policy], "s3:Get", &[]), ImplicitlyDenied);
}

// IAM User Guide, "IP address condition operators".
#[test]
fn addresses_of_both_versions_together() {
    let condition =
        json!({"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:DB8:1234:5678::/64"]}});
    let policy = with_condition("Allow", "someservice:*", &condition);
    for (address, expected) in [
        ("203.0.113.200", Allowed),
        ("2001:db8:1234:5678::1", Allowed),
        ("203.0.114.1", ImplicitlyDenied),
        ("2001:db8:1234:5679::1", ImplicitlyDenied),
        ("localhost", ImplicitlyDenied),
    ] {
        let from = |address| {
            ask(
                &[&policy],
                "someservice:Do",
                &[("aws:SourceIp", &[address])],
            )
        };
        assert_eq!(from(address), expected, "{address}");
    }
    assert_eq!(ask(&[&policy], "someservice:Do", &[]), ImplicitlyDenied);
}

// IAM User Guide, "AWS: Denies access to AWS based on the source IP".
#[test]
fn outside_the_company_only_services_may_call() {
    let deny = with_condition(
        "Deny",
        "*",
        &json!({
            "NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]},
            "Bool": {"aws:ViaAWSService": "false"},
        }),
    );
    let all = identity(&allow("*"));
    let call = |address, via| {
        let keys: [(&str, &[&str]); 2] =
            [("aws:SourceIp", &[address]), ("aws:ViaAWSService", &[via])];
        ask(&[&all, &deny], "ec2:Run", &keys)
    };
    assert_eq!(call("192.0.2.7", "false"), Allowed);
    assert_eq!(call("198.51.100.7", "false"), ExplicitlyDenied);
    assert_eq!(call("198.51.100.7", "true"), Allowed);
    // Through a VPC endpoint there is no such key, and a negated operator holds.
    let no_address: [(&str, &[&str]); 1] = [("aws:ViaAWSService", &["false"])];
    assert_eq!(
        ask(&[&all, &deny], "ec2:Run", &no_address),
        ExplicitlyDenied
    );
}

// IAM User Guide, "AWS: Denies access to AWS based on the requested Region".
#[test]
fn regions_other_than_two_are_denied_but_for_global_services() {
    let deny = identity(&json!({
        "Sid": "DenyAllOutsideRequestedRegions", "Effect": "Deny",
        "NotAction": ["cloudfront:*", "iam:*", "route53:*", "support:*"], "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}},
    }));
    let all = identity(&allow("*"));
    for (action, region, expected) in [
        ("ec2:Run", "eu-west-1", Allowed),
        ("ec2:Run", "us-east-1", ExplicitlyDenied),
        ("iam:ListUsers", "us-east-1", Allowed),
    ] {
        let decision = ask(
            &[&all, &deny],
            action,
            &[("aws:RequestedRegion", &[region])],
        );
        assert_eq!(decision, expected, "{action} {region}");
    }
}

// IAM User Guide, "...IfExists condition operators".
#[test]
fn instances_of_small_types_and_whatever_has_no_type() {
    let types = json!({"ec2:InstanceType": ["t1.*", "t2.*", "m3.*"]});
    let does_not_work = with_condition("Allow", "ec2:RunInstances", &json!({"StringLike": types}));
    let works = with_condition(
        "Allow",
        "ec2:RunInstances",
        &json!({"StringLikeIfExists": types}),
    );
    let run = |policy: &Policy, keys: &[(&str, &[&str])]| ask(&[policy], "ec2:RunInstances", keys);
    assert_eq!(run(&does_not_work, &[]), ImplicitlyDenied);
    assert_eq!(run(&works, &[]), Allowed);
    assert_eq!(run(&works, &[("ec2:InstanceType", &["t2.micro"])]), Allowed);
    assert_eq!(
        run(&works, &[("ec2:InstanceType", &["c5.large"])]),
        ImplicitlyDenied
    );
}

// IAM User Guide, "Condition operator to check existence of condition keys".
#[test]
fn only_without_temporary_credentials() {
    let policy = with_condition(
        "Allow",
        "ec2:*",
        &json!({"Null": {"aws:TokenIssueTime": "true"}}),
    );
    assert_eq!(ask(&[&policy], "ec2:Run", &[]), Allowed);
    let temporary: [(&str, &[&str]); 1] = [("aws:TokenIssueTime", &["2020-01-01T00:00:00Z"])];
    assert_eq!(ask(&[&policy], "ec2:Run", &temporary), ImplicitlyDenied);
}

// IAM User Guide, "Creating a condition that tests multiple key values (set operations)".
#[test]
fn attributes_that_may_be_asked_for() {
    let condition = json!({"ForAllValues:StringLike": {"dynamodb:requestedAttributes": ["PostDateTime", "Message", "Tags"]}});
    let policy = with_condition("Allow", "dynamodb:GetItem", &condition);
    let get = |values: &[&str]| {
        ask(
            &[&policy],
            "dynamodb:GetItem",
            &[("dynamodb:requestedAttributes", values)],
        )
    };
    assert_eq!(get(&["PostDateTime", "Message"]), Allowed);
    assert_eq!(get(&["PostDateTime", "UserName"]), ImplicitlyDenied);
    assert_eq!(get(&["ID"]), ImplicitlyDenied);
    assert_eq!(get(&[""]), Allowed);
    assert_eq!(get(&[]), Allowed);
}

// The same page, the example with `ForAnyValue`.
#[test]
fn attributes_that_must_not_be_written() {
    let condition =
        json!({"ForAnyValue:StringLike": {"dynamodb:requestedAttributes": ["ID", "PostDateTime"]}});
    let deny = with_condition("Deny", "dynamodb:PutItem", &condition);
    let all = identity(&allow("*"));
    let put = |values: &[&str]| {
        ask(
            &[&all, &deny],
            "dynamodb:PutItem",
            &[("dynamodb:requestedAttributes", values)],
        )
    };
    assert_eq!(put(&["PostDateTime", "Message"]), ExplicitlyDenied);
    assert_eq!(
        put(&["UserName", "Message", "PostDateTime"]),
        ExplicitlyDenied
    );
    assert_eq!(put(&["UserName"]), Allowed);
    assert_eq!(put(&[""]), Allowed);
}
