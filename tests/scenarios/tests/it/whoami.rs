//! The identity of a pod, for each source of identity.

use crate::pod::Pod;
use crate::stage::shared;

const PARTNER_ROLE: &str = "arn:aws:iam::444455556666:role/partner-role";

#[test]
fn a_web_identity_is_printed_as_text_and_as_json() {
    let stage = shared();
    let pod = Pod::new(&stage).with("HOSTNAME", "keycloak-0");
    let token_file = stage.workload("keycloak").token_file.display().to_string();
    let arn = "arn:aws:sts::111122223333:assumed-role/keycloak-role/keycloak-0";

    let json = pod.irsa(&["whoami", "--output", "json"]).json();
    assert_eq!(json["arn"], arn);
    assert_eq!(json["account"], "111122223333");
    assert_eq!(json["source"], "web-identity");
    assert_eq!(
        json["role_arn"],
        "arn:aws:iam::111122223333:role/camunda/keycloak-role"
    );
    assert_eq!(json["token_file"], token_file.as_str());
    assert!(
        json["user_id"].as_str().unwrap().ends_with(":keycloak-0"),
        "{json}"
    );
    assert!(
        json["expires_at"].as_str().unwrap().ends_with('Z'),
        "{json}"
    );
    assert_eq!(json["warnings"], serde_json::json!([]));

    let finished = pod.irsa(&["whoami"]);
    let lines: Vec<_> = finished.printed().lines().collect();
    assert_eq!(lines[0], format!("arn       {arn}"));
    assert!(lines.contains(&"source    web-identity"), "{lines:?}");
    assert!(
        lines.contains(&format!("token     {token_file}").as_str()),
        "{lines:?}"
    );
}

#[test]
fn a_pod_identity_comes_from_the_agent() {
    let stage = shared();
    let json = Pod::for_workload(&stage, "keycloak-pod-identity")
        .irsa(&["whoami", "--output", "json"])
        .json();
    assert_eq!(json["source"], "pod-identity");
    let arn = json["arn"].as_str().unwrap();
    assert!(
        arn.starts_with("arn:aws:sts::111122223333:assumed-role/pod-identity-role/"),
        "{arn}"
    );
}

#[test]
fn a_pod_with_both_identities_causes_a_warning() {
    let stage = shared();
    let agent = &stage.workload("keycloak-pod-identity").environment;
    let pod = [
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ]
    .iter()
    .fold(Pod::new(&stage), |pod, name| pod.with(name, &agent[*name]));
    let json = pod.irsa(&["whoami", "--output", "json"]).json();
    assert_eq!(json["source"], "web-identity");
    assert!(
        json["warnings"][0]
            .as_str()
            .unwrap()
            .contains("Pod Identity"),
        "{json}"
    );
    let json = pod
        .irsa(&["whoami", "--identity", "pod-identity", "--output", "json"])
        .json();
    assert_eq!(json["source"], "pod-identity");
}

#[test]
fn a_chained_role_needs_its_external_id() {
    let stage = shared();
    let pod = Pod::for_workload(&stage, "partner-gateway").with("IRSA_ROLE", PARTNER_ROLE);
    let json = pod
        .irsa(&["whoami", "--output", "json", "--external-id", "camunda"])
        .json();
    assert_eq!(json["source"], "assume-role");
    assert_eq!(json["role_arn"], PARTNER_ROLE);
    let arn = json["arn"].as_str().unwrap();
    assert!(
        arn.starts_with("arn:aws:sts::444455556666:assumed-role/partner-role/"),
        "{arn}"
    );

    for arguments in [&["whoami"][..], &["whoami", "--external-id", "other"]] {
        let finished = pod.irsa(arguments);
        finished.check_broken("sts-session");
        assert!(
            finished.stderr.contains("AccessDenied"),
            "{}",
            finished.stderr
        );
        assert!(!finished.stderr.contains("other"), "{}", finished.stderr);
    }
}

#[test]
fn unknown_keys_in_the_environment_are_rejected() {
    let stage = shared();
    let pod = Pod::new(&stage)
        .with("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", irsa_testing::secrets::GIVEN);
    let finished = pod.irsa(&["whoami", "--identity", "env"]);
    finished.check_broken("sts-session");
    assert!(
        finished.stderr.contains("InvalidClientTokenId"),
        "{}",
        finished.stderr
    );
}

#[test]
fn an_upstream_can_have_its_own_role() {
    let stage = shared();
    let upstream = format!(
        "{}&role={PARTNER_ROLE}&external-id=camunda",
        stage.upstream()
    );
    let proxy = Pod::for_workload(&stage, "partner-gateway")
        .with("IRSA_UPSTREAMS", upstream)
        .proxy(&[]);
    // The partner has no permission here, so that the refusal shows whose login it was.
    let refused = crate::sql::refusal(&proxy.connect("keycloak", "keycloak").err().unwrap());
    assert_eq!(refused.code().code(), "28000", "{refused:?}");
    assert!(
        refused
            .detail()
            .unwrap()
            .contains(&format!("role {PARTNER_ROLE}")),
        "{refused:?}"
    );
    let refusals = stage.lab().ledger().refusals;
    let partner = |message: &str| message.contains(":assumed-role/partner-role/");
    assert!(
        refusals.iter().any(|refusal| partner(&refusal.message)),
        "{refusals:#?}"
    );
}
