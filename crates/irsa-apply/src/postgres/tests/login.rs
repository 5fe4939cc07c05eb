//! Logins that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use irsa_net::tls::Roots;
use irsa_stack::sql::UserObject;

use super::super::login_proof;
use super::super::session::Session;
use super::super::{Admin, PasswordLogin};
use super::stage::{ADMIN, Kind, PASSWORD, Stage, on_each};
use super::{objects, options, state};
use crate::{ApplyError, Mode, Steps};

#[test]
fn a_certificate_of_an_unknown_authority_ends_the_run_before_the_password_is_sent() {
    on_each(&[Kind::Inherited], async |stage| {
        let before = stage.state().await;
        let admin = stage.admin_who_trusts(&Roots::rds());
        let mut sink = |_: &_| panic!("a step before the login");
        let mut steps = Steps::new(Mode::Apply, &mut sink);
        let outcome = super::apply(&objects(), &admin, &options(), &mut steps).await;
        let error = outcome.unwrap_err();
        let text = "administrator `camunda_admin` cannot log in to \
                    `orders.cluster-c9akciq32rgw.eu-central-1.rds.amazonaws.com`: ";
        assert!(error.message.starts_with(text), "{error}");
        assert!(
            error.message.contains("not signed by a trusted CA"),
            "{error}"
        );
        assert_eq!(stage.state().await, before);
    });
}

/// Changes the password of the administrator.
async fn rotate(stage: &Stage, password: &str) {
    let sql = format!("ALTER ROLE {ADMIN} PASSWORD '{password}'");
    stage.execute("postgres", &sql).await;
}

/// The administrator with the first password, a source with this login, and the number of times that it was read.
fn rotating(
    stage: &Stage,
    user: &'static str,
    password: &'static str,
) -> (Admin, Arc<AtomicUsize>) {
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&reads);
    let admin = stage.admin().with_source(Box::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        let login = PasswordLogin::from_basic_auth(user, password);
        Box::pin(async move { Ok(login) })
    }));
    (admin, reads)
}

/// RDS replaces the password after the run has logged in, and before it logs in again to prove that it still can.
#[test]
fn a_password_that_is_rotated_during_a_run_is_not_a_lockout() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let (admin, reads) = rotating(stage, ADMIN, "rotated");
        let opened = Session::open(&admin, "postgres").await;
        let session = opened.map_err(|error| error.reason().to_owned()).unwrap();
        rotate(stage, "rotated").await;
        let create = ["CREATE ROLE api LOGIN", "GRANT rds_iam TO api"].map(str::to_owned);
        session.run_all(&create).await.unwrap();
        let user = UserObject {
            name: "api".to_owned(),
            acts_as: None,
        };
        let proof = login_proof::prove(&admin, &session, &user).await;
        let again = admin.log_in("postgres").await.map(drop);
        rotate(stage, PASSWORD).await;
        proof.unwrap();
        again.map_err(|error| error.reason().to_owned()).unwrap();
        assert_eq!(reads.load(Ordering::Relaxed), 1, "the new password is kept");
        let granted = "SELECT count(*) FROM pg_auth_members WHERE member = 'api'::regrole";
        assert_eq!(state::rows(stage, "postgres", granted).await, "1\n");
    });
}

/// A password that has not changed, one of someone else, and a source that fails.
#[test]
fn a_refused_password_is_read_again_once() {
    on_each(&[Kind::Inherited], async |stage| {
        rotate(stage, "unknown").await;
        let mut reasons = Vec::new();
        for (user, password) in [(ADMIN, PASSWORD), ("boss", "unknown"), (ADMIN, "wrong")] {
            let (admin, reads) = rotating(stage, user, password);
            let error = admin.log_in("postgres").await.err().unwrap();
            assert_eq!(reads.load(Ordering::Relaxed), 1);
            reasons.push((error.is_refused, error.reason().to_owned()));
        }
        let failing = stage.admin().with_source(Box::new(|| {
            Box::pin(async { Err(ApplyError::new("the secret is gone")) })
        }));
        let unread = failing.log_in("postgres").await.err().unwrap();
        rotate(stage, PASSWORD).await;
        for (is_refused, reason) in reasons {
            assert!(is_refused, "{reason}");
            assert!(
                reason.contains("password authentication failed"),
                "{reason}"
            );
        }
        assert!(!unread.is_refused);
        let text = "whether the password has changed is unknown: the secret is gone";
        assert!(unread.reason().ends_with(text), "{}", unread.reason());
    });
}

/// The administrator is locked out, and has lost the right to revoke.
#[test]
fn a_grant_that_cannot_be_taken_back_is_reported_with_the_statement() {
    on_each(&[Kind::Any], async |stage| {
        let admin = stage.admin();
        let opened = Session::open(&admin, "postgres").await;
        let session = opened.map_err(|error| error.reason().to_owned()).unwrap();
        session
            .run_all(&["CREATE ROLE api LOGIN".to_owned()])
            .await
            .unwrap();
        for sql in [
            "GRANT rds_iam TO api",
            "REVOKE ADMIN OPTION FOR rds_iam FROM camunda_admin",
        ] {
            stage.execute("postgres", sql).await;
        }
        let user = UserObject {
            name: "api".to_owned(),
            acts_as: None,
        };
        let proof = login_proof::prove(&admin, &session, &user).await;
        for sql in [
            "GRANT rds_iam TO camunda_admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
            "REVOKE rds_iam FROM api",
        ] {
            stage.execute("postgres", sql).await;
        }
        let error = proof.unwrap_err();
        let parts = [
            "after `api` was given rds_iam, administrator `camunda_admin` cannot log in",
            "`REVOKE rds_iam FROM \"api\"` failed: permission denied to revoke role \"rds_iam\" (SQLSTATE 42501)",
        ];
        for part in parts {
            assert!(error.message.contains(part), "{error}");
        }
        let remedy = error.remedy.unwrap();
        assert!(
            remedy.contains("by IAM") && remedy.contains("REVOKE rds_iam FROM \"api\""),
            "{remedy}"
        );
        stage.check_admin().await;
        assert_eq!(
            state::rows(
                stage,
                "postgres",
                "SELECT count(*) FROM pg_roles WHERE rolname = 'api'"
            )
            .await,
            "1\n"
        );
    });
}
