//! Every problem of the projected token's file, and pods without an identity or with half of one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::pod::{Pod, USER};
use crate::sql::check_refused;
use crate::stage::shared;
use irsa_testing::program::finish;

/// A user ID that owns none of the tests' files.
const NOBODY_ID: u32 = 65534;

fn file(content: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    fs::write(&path, content).unwrap();
    (folder, path)
}

fn check(pod: &Pod, file: &Path, problem: &str) {
    let finished = pod.clone().with_token_file(file).irsa(&["whoami"]);
    finished.check_broken("projected-token");
    let expected = problem.replace("FILE", &format!("the token file `{}`", file.display()));
    let expected = format!("error: {expected}");
    assert!(finished.stderr.contains(&expected), "{}", finished.stderr);
}

#[test]
fn a_file_without_a_token_is_reported_with_its_problem() {
    let stage = shared();
    let pod = Pod::new(&stage);
    let (_folder, empty) = file(" \n");
    let (_folder2, malformed) = file("sesame");
    check(&pod, Path::new("/nowhere/token"), "FILE does not exist");
    check(&pod, &empty, "FILE is empty");
    check(&pod, &malformed, "FILE does not contain a JSON Web Token");
    check(&pod, malformed.parent().unwrap(), "FILE is a directory");
}

#[test]
fn a_file_of_a_different_user_is_unreadable() {
    let stage = shared();
    let (folder, path) = file("sesame");
    // Only its owner can enter the lab's own directory.
    let authority = folder.path().join("ca.pem");
    fs::copy(&stage.lab().facts().ca_file, &authority).unwrap();
    let pod = ["IRSA_CA_FILE", "AWS_CA_BUNDLE"]
        .iter()
        .fold(Pod::new(&stage).with_token_file(&path), |pod, name| {
            pod.with(name, authority.display().to_string())
        });
    let mut command = pod.command(&["whoami"]);
    if rustix::process::geteuid().is_root() {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        command.uid(NOBODY_ID).gid(NOBODY_ID);
    } else {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    }
    let finished = finish(&mut command);
    finished.check_broken("projected-token");
    assert!(
        finished.stderr.contains("this user cannot read"),
        "{}",
        finished.stderr
    );
    assert!(finished.stderr.contains("fsGroup"), "{}", finished.stderr);
}

#[test]
fn the_proxy_starts_without_a_token_and_reports_that_to_clients() {
    let stage = shared();
    let proxy = Pod::new(&stage)
        .with_token_file(Path::new("/nowhere/token"))
        .proxy(&[]);
    assert_eq!(proxy.get("/startupz").status, 200);
    let answer = check_refused(proxy.connect(USER, USER), "28000", "projected-token");
    assert!(answer.message().contains("`/nowhere/token`"), "{answer:?}");
    assert!(
        answer.message().contains("token-file-missing"),
        "{answer:?}"
    );
    let link = proxy.link("projected-token");
    assert_eq!(
        (&link["state"], &link["cause"]),
        (&"broken".into(), &"token-file-missing".into())
    );
    assert_eq!(proxy.link("sts-session")["state"], "unknown");
}

#[test]
fn a_pod_without_an_identity_does_not_get_one() {
    let stage = shared();
    let none = Pod::new(&stage)
        .without("AWS_ROLE_ARN")
        .without("AWS_WEB_IDENTITY_TOKEN_FILE");
    let half = Pod::new(&stage).without("AWS_ROLE_ARN");
    for (pod, cause) in [(none, "neither"), (half, "`AWS_ROLE_ARN`")] {
        for arguments in [
            &["whoami"][..],
            &["credentials"],
            &["proxy"],
            &["exec", "--", "true"],
        ] {
            let finished = pod.irsa(arguments);
            finished.check_broken("service-account");
            assert!(
                finished.stderr.contains(cause),
                "{arguments:?}: {}",
                finished.stderr
            );
        }
    }
}

#[test]
fn sts_rejects_a_token_of_an_unknown_issuer() {
    let stage = shared();
    let mut spec = irsa_lab::oidc::TokenSpec::new("camunda/keycloak".parse().unwrap());
    spec.issuer = Some("https://oidc.elsewhere.example/id/1".to_owned());
    let (_folder, path) = file(&stage.lab().mint_token(&spec).unwrap());
    let finished = Pod::new(&stage).with_token_file(&path).irsa(&["whoami"]);
    finished.check_broken("oidc-provider");
    assert!(
        finished.stderr.contains("InvalidIdentityToken"),
        "{}",
        finished.stderr
    );
}
