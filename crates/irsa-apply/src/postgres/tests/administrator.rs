//! The administrator stays able to log in.

use irsa_stack::sql::UserObject;

use super::super::session::Session;
use super::stage::{ADMIN, Kind, on_each};
use super::{objects, options, run, run_with, state};
use crate::{Mode, StepState};

/// Whether a user is a member of `rds_iam`.
const HAS_IAM: &str = "SELECT count(*) FROM pg_auth_members m WHERE m.roleid = 'rds_iam'::regrole
    AND m.member = 'api'::regrole";

#[test]
fn an_administrator_who_is_a_member_of_a_user_is_refused() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        stage.execute("postgres", "CREATE ROLE api LOGIN").await;
        stage
            .execute(
                "postgres",
                "COMMENT ON ROLE api IS 'irsa: shop (111122223333)'",
            )
            .await;
        stage.execute("postgres", "CREATE ROLE team").await;
        stage.execute("postgres", "GRANT api TO team").await;
        stage
            .execute("postgres", &format!("GRANT team TO {ADMIN}"))
            .await;
        let ran = run(stage, &objects()).await;
        ran.failed_with("administrator `camunda_admin` is a member of `api`");
        stage.check_admin().await;
        assert_eq!(state::rows(stage, "postgres", HAS_IAM).await, "0\n");
        stage
            .execute("postgres", &format!("REVOKE team FROM {ADMIN}"))
            .await;
        if stage.kind == Kind::Inherited {
            // From 16 on, a membership that does not inherit does not count.
            let grant = format!("GRANT team TO {ADMIN} WITH INHERIT FALSE");
            stage.execute("postgres", &grant).await;
        }
        run(stage, &objects()).await.succeeded();
        stage.check_admin().await;
    });
}

#[test]
fn members_of_a_user_who_log_in_by_password_are_not_locked_out() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        for sql in [
            "CREATE ROLE api LOGIN",
            "COMMENT ON ROLE api IS 'irsa: shop (111122223333)'",
            "CREATE ROLE team",
            "GRANT api TO team",
            "CREATE ROLE joe LOGIN PASSWORD 'x' IN ROLE team",
            "CREATE ROLE ann LOGIN IN ROLE rds_iam, api",
        ] {
            stage.execute("postgres", sql).await;
        }
        for mode in [Mode::DryRun, Mode::Apply] {
            let ran = run_with(stage, &objects(), mode, &options()).await;
            ran.failed_with(
                "with rds_iam for `api`, these members of it could no longer log in with a password: `joe`",
            );
        }
        assert_eq!(state::rows(stage, "postgres", HAS_IAM).await, "0\n");
        let logged_in = stage.user("joe", "x").log_in("postgres").await;
        logged_in
            .map_err(|error| error.reason().to_owned())
            .unwrap();
        stage.execute("postgres", "REVOKE team FROM joe").await;
        if stage.kind == Kind::Inherited {
            let grant = "GRANT team TO joe WITH INHERIT FALSE";
            stage.execute("postgres", grant).await;
        }
        run(stage, &objects()).await.succeeded();
    });
}

#[test]
fn a_grant_after_which_the_administrator_is_locked_out_is_taken_back() {
    on_each(&[Kind::Any], async |stage| {
        let ran = run(stage, &objects()).await;
        let ran = ran.failed_with("administrator `camunda_admin` could no longer log in");
        let error = ran.outcome.as_ref().unwrap_err();
        assert!(
            error
                .message
                .ends_with("the administrator can log in again"),
            "{error}"
        );
        let last = ran.steps.last().unwrap();
        assert_eq!(
            (last.what.as_str(), last.state),
            ("user `api` logs in by IAM", StepState::Failed)
        );
        assert_eq!(state::rows(stage, "postgres", HAS_IAM).await, "0\n");
        // The second run comes to the same end.
        run(stage, &objects())
            .await
            .failed_with("could no longer log in");
        stage.check_admin().await;
    });
}

#[test]
fn a_user_who_logs_in_by_password_keeps_doing_so() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let session = stage.session("postgres").await;
        session
            .batch_execute("CREATE ROLE api LOGIN PASSWORD 'today'")
            .await
            .unwrap();
        drop(session);
        let ran = run(stage, &objects()).await;
        let ran = ran.failed_with("user `api` exists already");
        let remedy = ran.outcome.unwrap_err().remedy.unwrap();
        assert!(
            remedy.contains("`user: api_iam`, `acts_as: api`"),
            "{remedy}"
        );
        // The way out: a second user.
        let mut objects = objects();
        objects.users[0] = UserObject {
            name: "api_iam".to_owned(),
            acts_as: Some("api".to_owned()),
        };
        run(stage, &objects).await.succeeded();
        let again = run(stage, &objects).await.succeeded();
        assert_eq!(again.totals.changed, 0, "{}", again.text());
        // The first user still logs in by its password; the second one has its role.
        let first = stage.user("api", "today");
        let logged_in = first.log_in("postgres").await;
        logged_in
            .map_err(|error| error.reason().to_owned())
            .unwrap();
        let setting = "SELECT setconfig FROM pg_db_role_setting WHERE setrole = 'api_iam'::regrole";
        assert_eq!(
            state::rows(stage, "postgres", setting).await,
            "{role=api}\n"
        );
    });
}

#[test]
fn a_group_of_others_does_not_become_a_user() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        stage.execute("postgres", "CREATE ROLE api").await;
        stage.execute("postgres", "GRANT rds_iam TO api").await;
        let ran = run(stage, &objects()).await;
        ran.failed_with("role `api` exists already and cannot log in");
        let can_log_in = "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'api'";
        assert_eq!(state::rows(stage, "postgres", can_log_in).await, "f\n");
    });
}

#[test]
fn a_grant_that_does_not_count_is_an_error() {
    on_each(&[Kind::Inherited], async |stage| {
        run(stage, &objects()).await.succeeded();
        for sql in ["REVOKE rds_iam FROM api", "ALTER ROLE api NOINHERIT"] {
            let session = stage.session("postgres").await;
            session.batch_execute(sql).await.unwrap();
        }
        let ran = run(stage, &objects()).await;
        ran.failed_with("`api` is not a member of rds_iam that inherits");
    });
}

/// Settings of the server or the user that would end a session, or make the administrator a member of each user.
#[test]
fn settings_of_the_administrator_do_not_count() {
    on_each(&[Kind::Inherited], async |stage| {
        let settings = [
            ("idle_session_timeout", "60s"),
            ("createrole_self_grant", "set, inherit"),
        ];
        for (name, value) in settings {
            let set = format!("ALTER ROLE {ADMIN} SET {name} = '{value}'");
            stage.execute("postgres", &set).await;
        }
        let admin = stage.admin();
        let session = Session::open(&admin, "postgres").await;
        let ran = run(stage, &objects()).await;
        for (name, _) in settings {
            stage
                .execute("postgres", &format!("ALTER ROLE {ADMIN} RESET {name}"))
                .await;
        }
        ran.succeeded();
        let session = session.map_err(|error| error.reason().to_owned()).unwrap();
        let timeout = "SELECT current_setting('idle_session_timeout')";
        let row = session.first(timeout, &[]).await.unwrap().unwrap();
        assert_eq!(row.get::<_, String>(0), "0");
    });
}

#[test]
fn no_application_acts_as_the_administrator() {
    on_each(&[Kind::Inherited], async |stage| {
        let mut objects = objects();
        objects.users[0].acts_as = Some(ADMIN.to_owned());
        run(stage, &objects)
            .await
            .failed_with("has the rights of the administrator");
        objects.users[0].acts_as = Some("nobody_there".to_owned());
        run(stage, &objects)
            .await
            .failed_with("user `nobody_there` does not exist");
        stage.check_admin().await;
    });
}

#[test]
fn the_right_to_grant_rds_iam_is_not_a_login_by_iam() {
    on_each(&[Kind::Inherited], async |stage| {
        stage
            .execute("postgres", "CREATE ROLE api LOGIN PASSWORD 'x'")
            .await;
        let grant = "GRANT rds_iam TO api WITH ADMIN TRUE, INHERIT FALSE, SET FALSE";
        stage.execute("postgres", grant).await;
        let ran = run(stage, &objects()).await;
        ran.failed_with("user `api` exists already");
    });
}
