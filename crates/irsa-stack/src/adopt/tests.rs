//! The files for typical and hostile namespaces.

mod facts;
mod hostile;

use self::facts::{AURORA, DOMAIN, account, config_map, facts, object};
use super::{Association, AwsFacts, Database, Domain, Survey};
use crate::stack::{AdminSecret, Stack};
use crate::{Document, Outputs, Source, check};

/// Resolves the files.
fn stack(specification: &str, outputs: &str) -> Result<Stack, String> {
    let source = |name: &str, text: &str| Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let document = Document::read(vec![source("irsa.yaml", specification)]);
    let document = document.map_err(|mistakes| mistakes.to_string())?;
    let outputs = Outputs::read(source("irsa.outputs.json", outputs), document.file_count());
    let outputs = outputs.map_err(|mistakes| mistakes.to_string())?;
    let stack = document.stack(Some(&outputs));
    stack.map_err(|mistakes| mistakes.to_string())
}

fn aws() -> AwsFacts {
    let database = Database {
        identifier: "aurora".to_owned(),
        account: "111122223333".to_owned(),
        resource_id: "cluster-2K7XQ4MZJ6T5W3YHCNBVRDAEFU".to_owned(),
        has_iam_authentication: false,
        engine_version: Some("15.10".to_owned()),
        master_user: Some("camunda_admin".to_owned()),
        admin_secret: None,
    };
    let domain = Domain {
        name: "camunda".to_owned(),
        account: "111122223333".to_owned(),
        is_fine_grained: true,
        engine_version: Some("OpenSearch_2.5".to_owned()),
    };
    AwsFacts {
        account: Some("111122223333".to_owned()),
        databases: [(AURORA.to_owned(), database)].into(),
        domains: [(DOMAIN.to_owned(), domain)].into(),
        ..AwsFacts::default()
    }
}

/// Camunda 8.3 with the settings of its chart: variables, and passwords for PostgreSQL.
fn camunda_8_3() -> Vec<super::Object> {
    let chart = "camunda-platform-8.3.26";
    vec![
        object("statefulset/camunda-keycloak", "keycloak")
            .label("app.kubernetes.io/component", "keycloak")
            .label("helm.sh/chart", "keycloak-16.1.7")
            .label("app.kubernetes.io/instance", "camunda")
            .source("configmap/camunda-keycloak-env-vars")
            .secret(
                "KEYCLOAK_DATABASE_PASSWORD",
                "camunda-keycloak",
                "db-password",
            ),
        object("deployment/camunda-web-modeler-restapi", "web-modeler")
            .camunda("restapi", chart)
            .env(
                "SPRING_DATASOURCE_URL",
                &format!("jdbc:postgresql://{AURORA}:5432/webmodeler"),
            )
            .env("SPRING_DATASOURCE_USERNAME", "webmodeler")
            .secret(
                "SPRING_DATASOURCE_PASSWORD",
                "camunda-web-modeler",
                "password",
            ),
        object("statefulset/camunda-zeebe", "zeebe")
            .camunda("zeebe-broker", chart)
            .env(
                "ZEEBE_BROKER_EXPORTERS_OPENSEARCH_ARGS_URL",
                &format!("https://{DOMAIN}"),
            ),
        object("deployment/camunda-operate", "operate")
            .camunda("operate", chart)
            .env(
                "CAMUNDA_OPERATE_ELASTICSEARCH_URL",
                &format!("https://{DOMAIN}:443"),
            )
            .env(
                "CAMUNDA_OPERATE_ZEEBEELASTICSEARCH_URL",
                &format!("https://{DOMAIN}"),
            ),
        object("deployment/camunda-tasklist", "tasklist")
            .camunda("tasklist", chart)
            .env(
                "CAMUNDA_TASKLIST_ELASTICSEARCH_URL",
                "http://camunda-elasticsearch:9200",
            ),
        object("deployment/camunda-connectors", "connectors").camunda("connectors", chart),
    ]
}

#[test]
fn camunda_8_3_with_passwords_and_aws() {
    let mut facts = facts(camunda_8_3());
    facts.kubeconfig_name = Some("arn:aws:eks:eu-central-1:111122223333:cluster/prod".to_owned());
    facts.issuer = Some("https://oidc.eks.eu-central-1.amazonaws.com/id/ABC".to_owned());
    config_map(
        &mut facts,
        "camunda-keycloak-env-vars",
        &[
            ("KEYCLOAK_DATABASE_HOST", AURORA),
            ("KEYCLOAK_DATABASE_PORT", "5432"),
            ("KEYCLOAK_DATABASE_NAME", "keycloak"),
            ("KEYCLOAK_DATABASE_USER", "keycloak"),
        ],
    );
    account(&mut facts, "zeebe", "arn:aws:iam::111122223333:role/zeebe");
    account(&mut facts, "operate", "arn:aws:iam::111122223333:role/gone");
    let mut aws = aws();
    aws.missing_roles = vec!["arn:aws:iam::111122223333:role/gone".to_owned()];
    aws.has_provider = Some(false);
    let adoption = Survey::new(facts).adopt(&aws);
    insta::assert_snapshot!("camunda-8.3", adoption.specification);
    insta::assert_snapshot!("camunda-8.3-outputs", adoption.outputs);
    insta::assert_debug_snapshot!(
        "camunda-8.3-summary",
        (&adoption.workloads, &adoption.left_out, &adoption.changes)
    );
    let stack = stack(&adoption.specification, &adoption.outputs).unwrap();
    assert!(stack.placeholders.is_empty(), "{:?}", stack.placeholders);
    assert!(check(&stack).is_right());
    let keycloak = stack
        .workloads
        .iter()
        .find(|one| one.key == "keycloak")
        .unwrap();
    let used = keycloak.postgres.as_ref().unwrap();
    assert_eq!(used.user, "keycloak_iam");
    assert_eq!(used.acts_as.as_deref(), Some("keycloak"));
}

#[test]
fn what_is_unknown_is_to_be_filled_in_at_its_line() {
    let facts = facts(vec![
        object("deployment/app", "")
            .secret("PGHOST", "db", "host")
            .env("PGDATABASE", "orders")
            .secret("PGUSER", "db", "user")
            .secret("PGPASSWORD", "db", "password")
            .env("OPENSEARCH_URL", &format!("https://{DOMAIN}")),
    ]);
    let adoption = Survey::new(facts).adopt(&AwsFacts::default());
    insta::assert_snapshot!("unknown", adoption.specification);
    let mistakes = stack(&adoption.specification, &adoption.outputs).unwrap_err();
    insta::assert_snapshot!("unknown-mistakes", mistakes);
    let lines: Vec<_> = adoption.specification.lines().collect();
    for mistake in mistakes.lines() {
        let line: usize = mistake.split(':').nth(1).unwrap().parse().unwrap();
        assert!(lines[line - 1].contains("CHANGE"), "{mistake}");
    }
    let filled = adoption
        .specification
        .replacen("account: \"\"", "account: \"111122223333\"", 1)
        .replacen("store: \"\"", "store: aurora", 1)
        .replacen("user: \"\"", "user: orders", 1)
        .replacen("# indices:", "indices:", 1)
        .replacen(
            "opensearch:\n",
            "postgres: {aurora: {existing: aurora, databases: {orders: {}}}}\nopensearch:\n",
            1,
        );
    assert!(
        check(&stack(&filled, &adoption.outputs).unwrap()).is_right(),
        "{filled}"
    );
}

#[test]
fn the_properties_in_config_maps_are_settings() {
    let mut facts = facts(vec![
        object("statefulset/camunda-zeebe", "orchestration")
            .camunda("zeebe-broker", "camunda-platform-13.12.7")
            .mount("camunda-zeebe-configuration"),
        object("deployment/camunda-zeebe-importer", "orchestration")
            .camunda("orchestration-importer", "camunda-platform-13.12.7")
            .env(
                "CAMUNDA_OPERATE_ZEEBEOPENSEARCH_URL",
                &format!("https://{DOMAIN}"),
            ),
        object("deployment/camunda-web-modeler-restapi", "modeler")
            .camunda("restapi", "camunda-platform-13.12.7")
            .mount("camunda-web-modeler-restapi-configuration"),
    ]);
    let orchestration = format!(
        "camunda:\n  data:\n    secondary-storage:\n      opensearch:\n        url: \"https://{DOMAIN}:443\"\n        \
         password: \"${{VALUES_OPENSEARCH_PASSWORD:}}\"\n"
    );
    config_map(
        &mut facts,
        "camunda-zeebe-configuration",
        &[("application.yaml", &orchestration)],
    );
    let modeler = format!(
        "spring:\n  datasource:\n    url: \"jdbc:aws-wrapper:postgresql://{AURORA}/modeler?wrapperPlugins=iam\"\n    \
         username: modeler\n"
    );
    config_map(
        &mut facts,
        "camunda-web-modeler-restapi-configuration",
        &[("application.yaml", &modeler)],
    );
    facts.kubeconfig_name = Some("arn:aws:eks:eu-central-1:111122223333:cluster/prod".to_owned());
    let adoption = Survey::new(facts).adopt(&AwsFacts::default());
    insta::assert_snapshot!("camunda-8.8", adoption.specification);
    let stack = stack(&adoption.specification, &adoption.outputs).unwrap();
    let keys: Vec<_> = stack.workloads.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(
        keys,
        ["orchestration", "web-modeler"],
        "the importer belongs to orchestration"
    );
    assert!(
        adoption.workloads.iter().all(|one| !one.has_password),
        "{:?}",
        adoption.workloads
    );
}

/// The sidecar is found by its port: in a URL, or in a variable beside the host.
#[test]
fn applications_behind_the_sidecar_use_its_upstreams() {
    let sidecar = |object: super::Object| {
        object
            .env(
                "IRSA_UPSTREAMS",
                &format!("postgres://{AURORA}:6432?listen=127.0.0.1:5433 opensearch://{DOMAIN}?listen=127.0.0.1:9201"),
            )
            .env("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/shop")
            .container()
    };
    let facts = facts(vec![
        sidecar(object("deployment/camunda-optimize", "shop"))
            .camunda("optimize", "camunda-platform-14.8.4")
            .env("CAMUNDA_OPTIMIZE_OPENSEARCH_HOST", "localhost")
            .env("CAMUNDA_OPTIMIZE_OPENSEARCH_HTTP_PORT", "9201"),
        sidecar(object("deployment/shop", "shop"))
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", "5433")
            .env("PGDATABASE", "shop")
            .env("PGUSER", "shop")
            .env("PGPASSWORD", "unused"),
        sidecar(object("deployment/other", "other")).env("OPENSEARCH_URL", "http://localhost:9200"),
    ]);
    let adoption = Survey::new(facts).adopt(&aws());
    let stack = stack(&adoption.specification, &adoption.outputs).unwrap();
    let [optimize, shop] = &stack.workloads[..] else {
        panic!("{}", adoption.specification);
    };
    assert_eq!(optimize.opensearch.as_ref().unwrap().listen, 9201);
    let used = shop.postgres.as_ref().unwrap();
    assert_eq!(
        (used.user.as_str(), &used.acts_as, used.listen),
        ("shop", &None, 5433)
    );
    assert_eq!(stack.postgres[0].port, 6432);
    assert_eq!(shop.role.name(), "shop");
    assert!(!shop.has_annotation, "only the sidecar has the role");
    let left_out =
        "deployment/other: `localhost` (the variable OPENSEARCH_URL of deployment/other)";
    assert!(
        adoption.left_out[0].starts_with(left_out),
        "{:?}",
        adoption.left_out
    );
}

#[test]
fn endpoints_of_one_cluster_are_one_store() {
    let reader = AURORA.replace(".cluster-", ".cluster-ro-");
    let url = |host: &str| format!("postgres://app@{host}/orders");
    let mut facts = facts(vec![
        object("deployment/reader", "a").env("DATABASE_URL", &url(&reader)),
        object("deployment/writer", "b").env("DATABASE_URL", &url(AURORA)),
        object("deployment/proxy", "c").env(
            "DATABASE_URL",
            &url("orders.proxy-c9akciq32rgw.eu-west-1.rds.amazonaws.com"),
        ),
    ]);
    facts.kubeconfig_name = Some("prod.eu-central-1.eksctl.io".to_owned());
    let survey = Survey::new(facts);
    let hosts: Vec<_> = survey
        .databases()
        .iter()
        .map(|one| one.host().to_owned())
        .collect();
    assert_eq!(
        hosts,
        [
            AURORA,
            "orders.proxy-c9akciq32rgw.eu-west-1.rds.amazonaws.com"
        ]
    );
    let text = survey.adopt(&aws()).specification;
    assert!(text.contains("    existing: aurora  # "), "{text}");
    let proxy = "    existing:  # from the variable DATABASE_URL of deployment/proxy\n      endpoint: \
                 orders.proxy-c9akciq32rgw.eu-west-1.rds.amazonaws.com\n      resource_id: \"\"  # CHANGE: ";
    assert!(text.contains(proxy), "{text}");
    assert!(text.contains("    region: eu-west-1\n"), "{text}");
    assert_eq!(text.matches("store: aurora").count(), 2, "{text}");
}

#[test]
fn workloads_with_one_service_account_get_one_role() {
    let url = |database: &str| format!("postgres://{database}@{AURORA}/{database}");
    let mut facts = facts(vec![
        object("deployment/api", "shop").env("DATABASE_URL", &url("api")),
        object("deployment/api-worker", "shop").env("DATABASE_URL", &url("api")),
        object("deployment/reports", "shop").env("DATABASE_URL", &url("reports")),
        object("deployment/agent", "agent").env("DATABASE_URL", &url("agent")),
    ]);
    account(&mut facts, "agent", "arn:aws:iam::111122223333:role/agent");
    facts.accounts.get_mut("agent").unwrap().uses_pod_identity = true;
    let adoption = Survey::new(facts).adopt(&aws());
    let stack = stack(&adoption.specification, &adoption.outputs).unwrap();
    let roles: Vec<_> = stack
        .workloads
        .iter()
        .map(|one| (one.key.as_str(), one.role.name()))
        .collect();
    assert_eq!(
        roles,
        [
            ("agent", "agent"),
            ("api", "shop-shop"),
            ("reports", "shop-shop")
        ]
    );
    assert!(stack.workloads[0].uses_pod_identity);
    assert_eq!(
        adoption.workloads[1].objects,
        ["deployment/api", "deployment/api-worker"]
    );
}

#[test]
fn an_instance_is_named_and_an_instance_of_a_cluster_is_not() {
    let host = |name: &str| format!("{name}.c9akciq32rgw.eu-central-1.rds.amazonaws.com");
    let object = |name: &str| {
        let url = format!("postgres://{name}@{}/{name}", host(name));
        object(&format!("deployment/{name}"), name).env("DATABASE_URL", &url)
    };
    let mut aws = aws();
    let cluster = aws.databases[AURORA].clone();
    let alone = Database {
        identifier: "alone".to_owned(),
        resource_id: "db-2K7XQ4MZJ6T5W3YHCNBVRDAEFU".to_owned(),
        ..cluster.clone()
    };
    aws.databases = [(host("alone"), alone), (host("member"), cluster)].into();
    let mut facts = facts(vec![object("alone"), object("member")]);
    facts.kubeconfig_name = Some("prod.eu-central-1.eksctl.io".to_owned());
    let adoption = Survey::new(facts).adopt(&aws);
    let text = &adoption.specification;
    assert!(text.contains("      instance: alone\n"), "{text}");
    let member = format!("      endpoint: {}\n", host("member"));
    assert!(text.contains(&member), "{text}");
    let stack = stack(text, &adoption.outputs).unwrap();
    let mut endpoints: Vec<_> = stack.postgres.iter().map(|one| &one.endpoint).collect();
    endpoints.sort();
    assert_eq!(endpoints, [&host("alone"), &host("member")], "{text}");
}

/// Gives a service account an association.
fn associate(aws: &mut AwsFacts, account: &str, role: &str, target: Option<&str>) {
    let association = Association {
        id: format!("a-{account}"),
        role: role.to_owned(),
        target_role: target.map(str::to_owned),
    };
    aws.associations.insert(account.to_owned(), association);
}

#[test]
fn an_association_gives_a_service_account_its_role() {
    let object = |name: &str| {
        let url = format!("postgres://{name}@{AURORA}/{name}");
        object(&format!("deployment/{name}"), name).env("DATABASE_URL", &url)
    };
    let mut facts = facts(vec![object("api"), object("both"), object("chained")]);
    account(
        &mut facts,
        "both",
        "arn:aws:iam::111122223333:role/annotated",
    );
    facts.kubeconfig_name = Some("prod.eu-central-1.eksctl.io".to_owned());
    let survey = Survey::new(facts);
    let accounts: Vec<_> = survey
        .service_accounts()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(accounts, ["shop/api", "shop/both", "shop/chained"]);
    let mut aws = aws();
    let role = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
    associate(&mut aws, "api", &role("api"), None);
    associate(&mut aws, "both", &role("associated"), None);
    associate(&mut aws, "chained", &role("first"), Some(&role("target")));
    associate(&mut aws, "not-in-the-namespace", &role("other"), None);
    let adoption = survey.adopt(&aws);
    // The target role has to be filled in.
    let filled =
        adoption
            .specification
            .replacen("arn: \"\"", &format!("arn: {}", role("target")), 1);
    let stack = stack(&filled, &adoption.outputs).unwrap();
    let roles: Vec<_> = stack
        .workloads
        .iter()
        .map(|one| (one.role.name(), one.uses_pod_identity, one.has_annotation))
        .collect();
    let expected = [
        ("api", true, false),
        ("associated", true, false),
        ("target", true, false),
    ];
    assert_eq!(roles, expected, "{}", adoption.specification);
    let comments = [
        "# from the EKS Pod Identity association a-api\n",
        "# from the EKS Pod Identity association a-both, which EKS uses instead of the annotation\n",
        "arn: \"\"  # CHANGE: the EKS Pod Identity association a-chained uses the role ",
    ];
    for comment in comments {
        let text = &adoption.specification;
        assert!(text.contains(comment), "{comment}: {text}");
    }
}

#[test]
fn the_master_user_is_the_administrator_if_rds_manages_its_password() {
    let url = |user: &str| format!("postgres://{user}:hunter2@{AURORA}/shop");
    let facts = || {
        facts(vec![
            object("deployment/api", "api").env("DATABASE_URL", &url("api")),
        ])
    };
    let text = Survey::new(facts()).adopt(&aws()).specification;
    let unmanaged = "# RDS does not manage the password of the master user camunda_admin: select a login with `irsa \
                     apply sql --admin`\n";
    assert!(text.contains(unmanaged), "{text}");
    let mut aws = aws();
    let arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!cluster-1-AbCdEf";
    let key = "arn:aws:kms:eu-central-1:111122223333:key/0a1b";
    let database = aws.databases.get_mut(AURORA).unwrap();
    database.admin_secret = Some(AdminSecret {
        arn: arn.parse().unwrap(),
        kms_key: key.parse().ok(),
    });
    let adoption = Survey::new(facts()).adopt(&aws);
    let managed = stack(&adoption.specification, &adoption.outputs).unwrap();
    let store = &managed.postgres[0];
    assert_eq!(store.admin.as_deref(), Some("camunda_admin"));
    assert_eq!(store.admin_secret.as_ref().unwrap().arn.as_str(), arn);
    assert!(check(&managed).is_right());
    // An application that logs in as the master user needs a different user.
    let own = url("camunda_admin");
    let mut facts = facts();
    facts.objects = vec![object("deployment/api", "api").env("DATABASE_URL", &own)];
    let adoption = Survey::new(facts).adopt(&aws);
    let mistakes = stack(&adoption.specification, &adoption.outputs).unwrap_err();
    let lines: Vec<_> = adoption.specification.lines().collect();
    let number: usize = mistakes.split(':').nth(1).unwrap().parse().unwrap();
    let expected = "user: \"\"  # CHANGE: create a user for it: camunda_admin is the master user";
    assert!(lines[number - 1].contains(expected), "{mistakes}");
}

#[test]
fn users_of_two_workloads_with_one_password_differ() {
    let object = |name: &str| {
        object(&format!("deployment/{name}"), name).env(
            "DATABASE_URL",
            &format!("postgres://shop:hunter2@{AURORA}/shop"),
        )
    };
    let facts = facts(vec![object("api"), object("worker")]);
    let adoption = Survey::new(facts).adopt(&aws());
    assert!(!adoption.specification.contains("hunter2"));
    let stack = stack(&adoption.specification, &adoption.outputs).unwrap();
    let users: Vec<_> = stack
        .workloads
        .iter()
        .map(|one| one.postgres.as_ref().unwrap().user.as_str())
        .collect();
    assert_eq!(users, ["shop_iam", "shop_worker_iam"]);
}
