//! Logins that fail.

use irsa_net::tls::Roots;
use irsa_stack::sql::UserObject;

use super::super::login_proof;
use super::super::session::Session;
use super::stage::{Kind, on_each};
use super::{objects, options, state};
use crate::{Mode, Steps};

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
