//! Profiles of the AWS configuration files.

use irsa_chain::Link;
use irsa_identity::SourceChoice;

use crate::aws::{IN_AN_HOUR, Pod, session};
use crate::server::Server;

const CONFIG: &str = "
[default]
region = eu-west-1
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = secret-of-default

[profile dev]
region = eu-north-1
aws_access_key_id = AKIADEV
aws_secret_access_key = secret-of-dev
";

fn laptop(config: &str) -> Pod {
    let mut laptop = Pod::bare();
    let (path, none) = (laptop.file("config"), laptop.file("credentials"));
    std::fs::write(&path, config).unwrap();
    std::fs::write(&none, "").unwrap();
    laptop.set("AWS_CONFIG_FILE", path.to_str().unwrap());
    laptop.set("AWS_SHARED_CREDENTIALS_FILE", none.to_str().unwrap());
    laptop
}

#[tokio::test]
async fn a_named_profile_takes_precedence() {
    let mut laptop = laptop(CONFIG);
    let named = SourceChoice::Profile(Some("dev".to_owned()));
    for (choice, key) in [
        (SourceChoice::Profile(None), "AKIADEFAULT"),
        (named.clone(), "AKIADEV"),
    ] {
        let credentials = laptop.start(choice).unwrap().credentials().await.unwrap();
        assert_eq!(credentials.access_key_id(), key);
        assert_eq!(credentials.expires_at(), None);
    }
    laptop.set("AWS_PROFILE", "dev");
    let credentials = laptop
        .start(SourceChoice::Profile(None))
        .unwrap()
        .credentials()
        .await;
    assert_eq!(credentials.unwrap().access_key_id(), "AKIADEV");
}

#[tokio::test]
async fn sts_is_called_in_the_region_of_the_profile() {
    let sts = Server::start(|_, _| session("AssumeRole", "CHILD", IN_AN_HOUR)).await;
    let mut laptop = laptop(CONFIG);
    laptop.set("AWS_ENDPOINT_URL_STS", &sts.url);
    let profile = laptop
        .start(SourceChoice::Profile(Some("dev".to_owned())))
        .unwrap();
    let step = irsa_identity::RoleStep {
        role: "arn:aws:iam::210987654321:role/database".parse().unwrap(),
        external_id: None,
        session_name: None,
    };
    profile.chained(step).unwrap().credentials().await.unwrap();
    let signed = sts.requests()[0]
        .header("authorization")
        .unwrap()
        .to_owned();
    assert!(
        signed.contains("Credential=AKIADEV/20251124/eu-north-1/sts/"),
        "{signed}"
    );
}

#[tokio::test]
async fn an_unknown_profile_is_named() {
    let laptop = laptop(CONFIG);
    let choice = SourceChoice::Profile(Some("prod".to_owned()));
    let error = laptop
        .start(choice)
        .unwrap()
        .credentials()
        .await
        .unwrap_err();
    assert_eq!(error.link(), Link::StsSession);
    assert!(error.to_string().contains("`prod`"), "{error}");
    assert!(
        error.remedy().contains("--profile prod"),
        "{}",
        error.remedy()
    );
}

#[tokio::test]
async fn a_profile_without_credentials_is_reported() {
    let laptop = laptop("[profile dev]\nrole_arn = arn:aws:iam::123456789012:role/x\n");
    let choice = SourceChoice::Profile(Some("dev".to_owned()));
    let error = laptop
        .start(choice)
        .unwrap()
        .credentials()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("source"), "{error}");
}

#[tokio::test]
async fn an_sso_profile_without_a_login_has_a_remedy() {
    let laptop = laptop(
        "[profile dev]
sso_session = a-missing-session
sso_account_id = 123456789012
sso_role_name = developer
region = eu-central-1
[sso-session a-missing-session]
sso_region = eu-central-1
sso_start_url = https://example.awsapps.com/start
",
    );
    let choice = SourceChoice::Profile(Some("dev".to_owned()));
    let error = laptop
        .start(choice)
        .unwrap()
        .credentials()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("SSO"), "{error}");
    assert!(
        error.remedy().contains("aws sso login --profile dev"),
        "{}",
        error.remedy()
    );
}
