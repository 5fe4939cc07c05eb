//! Tests of worlds with mistakes, and of the values derived for valid worlds.

use crate::World;
use crate::secret::Secret;

const SMALL: &str = include_str!("../../tests/data/small-world.yaml");

fn mistakes(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "`{from}` is not in the file");
    World::from_yaml(&SMALL.replace(from, to))
        .unwrap_err()
        .to_string()
}

#[test]
fn the_small_world_and_the_built_in_world_are_valid() {
    World::from_yaml(SMALL).unwrap();
    assert_eq!(World::camunda_8_3().workloads().len(), 11);
}

#[test]
fn reports_mistakes_with_their_lines() {
    for (from, to, expected) in [
        ("region: eu-central-1", "regoin: eu-central-1", "regoin"),
        ("region: eu-central-1", "region: nowhere", "nowhere"),
        ("dns_id:", "dns:", "dns"),
        (
            "node_role: arn:aws:iam::111122223333:role/node",
            "node_role: arn:aws:iam::111122223333:role/x",
            "there is no role",
        ),
        (
            "role: arn:aws:iam::111122223333:role/app",
            "role: arn:aws:iam::1:role/app",
            "arn:aws:iam::1:role/app",
        ),
        ("\"Effect\": \"Allow\"", "\"Effect\": \"allow\"", "policy"),
        (
            "max_session_seconds: 3600",
            "max_session_seconds: 900",
            "3600 to 43200",
        ),
        (
            "member_of: [rds_iam]",
            "member_of: [missing]",
            "there is no role `missing` in cluster `aurora`",
        ),
        ("member_of: [group]", "member_of: [app]", "member of itself"),
        (
            "        databases: [app]",
            "        databases: [nowhere]",
            "there is no database `nowhere`",
        ),
        (
            "cluster: aurora,",
            "cluster: nowhere,",
            "there is no cluster `nowhere`",
        ),
        ("dns_id: c9akciq32rgw", "dns_id: C9", "`C9`"),
        (
            "dns_id: c9akciq32rgw",
            "dns_id: c9akciq32rgw\n    master_user: {name: app, password: x}",
            "`app` is both the master user and one of `users`",
        ),
        (
            "dns_id: c9akciq32rgw",
            "dns_id: c9akciq32rgw\n    iam_membership: some",
            "some",
        ),
    ] {
        let error = mistakes(from, to);
        assert!(error.contains(expected), "{to}: {error}");
        assert!(error.contains("line"), "{to}: {error}");
    }
}

#[test]
fn reports_mistakes_about_domains_with_their_lines() {
    for (from, to, expected) in [
        ("dns_id: k3a7vnxq", "dns_id: K3", "`K3`"),
        ("    dns_id: k3a7vnxq\n", "", "needs `dns_id` or `endpoint`"),
        (
            "dns_id: k3a7vnxq",
            "endpoint: \"https://search\"",
            "not a host name",
        ),
        (
            "name: search\n    account",
            "name: 1search\n    account",
            "start with a letter",
        ),
        (
            "role: reader, backend",
            "role: readr, backend",
            "no security role `readr`",
        ),
        (
            "domain: {name: search}",
            "domain: {name: x}",
            "there is no domain `x`",
        ),
        (
            "    roles:\n",
            "    fine_grained: false\n    roles:\n",
            "`fine_grained` is off",
        ),
        (
            "\"Action\": \"es:*\"",
            "\"Action\": \"es\"",
            "access policy of `search`",
        ),
    ] {
        let error = mistakes(from, to);
        assert!(error.contains(expected), "{to}: {error}");
        assert!(error.contains("line"), "{to}: {error}");
    }
}

#[test]
fn reports_all_mistakes_together() {
    let text = SMALL
        .replace("max_session_seconds: 3600", "max_session_seconds: 1")
        .replace("rds_iam", "missing");
    assert_eq!(World::from_yaml(&text).unwrap_err().mistakes().len(), 2);
}

#[test]
fn domains_have_aws_endpoints_and_arns() {
    let world = World::from_yaml(SMALL).unwrap();
    let domain = &world.domains()[0];
    assert_eq!(
        domain.endpoint,
        "search-search-k3a7vnxq.eu-central-1.es.amazonaws.com"
    );
    assert_eq!(
        domain.arn(),
        "arn:aws:es:eu-central-1:111122223333:domain/search"
    );
    let vpc = SMALL.replace(
        "dns_id: k3a7vnxq",
        "dns_id: k3a7vnxq\n    vpc: true\n    region: cn-north-1",
    );
    let world = World::from_yaml(&vpc).unwrap();
    let domain = &world.domains()[0];
    assert_eq!(
        domain.endpoint,
        "vpc-search-k3a7vnxq.cn-north-1.es.amazonaws.com.cn"
    );
    assert_eq!(
        domain.arn(),
        "arn:aws-cn:es:cn-north-1:111122223333:domain/search"
    );
}

#[test]
fn reports_mistakes_about_the_master_users_secret() {
    for (master, expected) in [
        (
            "{name: boss, password: x, secret: {arn: \"arn:aws:secretsmanager:::secret:x\"}}",
            "both a `password` and a `secret`",
        ),
        (
            "{name: boss, secret: {arn: \"arn:aws:rds:::db:x\"}}",
            "not an ARN of the service secretsmanager",
        ),
    ] {
        let to = format!("dns_id: c9akciq32rgw\n    master_user: {master}");
        let error = mistakes("dns_id: c9akciq32rgw", &to);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_managed_password_is_generated_and_found_by_its_secret() {
    let arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!cluster-1-AbCdEf";
    let master = format!(
        "dns_id: c9akciq32rgw\n    master_user: {{name: boss, secret: {{arn: \"{arn}\"}}}}"
    );
    let text = SMALL.replace("dns_id: c9akciq32rgw", &master);
    let mut world = World::from_yaml(&text).unwrap();
    assert!(world.managed_secret(arn).unwrap().1.password.is_none());
    world.set_managed_passwords(|| Secret::new("generated"));
    let (secret, master) = world.managed_secret(arn).unwrap();
    assert_eq!((secret.arn.as_str(), &secret.kms_key), (arn, &None));
    assert!(master.password.as_ref().unwrap().matches("generated"));
    assert!(world.managed_secret("arn:aws:secretsmanager:::x").is_none());
}

#[test]
fn users_come_after_the_groups_they_are_in() {
    let world = World::from_yaml(SMALL).unwrap();
    let names: Vec<_> = world
        .cluster("aurora")
        .unwrap()
        .users
        .iter()
        .map(|user| user.name.as_str())
        .collect();
    assert_eq!(names, ["group", "app"]);
}
