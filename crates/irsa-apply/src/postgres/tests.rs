//! Runs against the lab, on PostgreSQL 15 and 17, with either way of counting memberships in `rds_iam`.

mod acting;
mod administrator;
mod interrupted;
mod login;
mod neighbors;
mod prune;
mod stage;
mod state;
mod surplus;
mod upgraded;

use std::collections::BTreeSet;

use irsa_stack::sql::{DatabaseObject, PostgresObjects, UserObject};

use super::{Options, apply};
use crate::{ApplyError, Mode, Step, StepState, Steps, Totals};

use self::stage::{Kind, Stage, on_each};

/// Names that must be quoted.
const HOSTILE_USER: &str = "o'neil\"; --";
const HOSTILE_DATABASE: &str = "it's a \"name\"; x=\\";

/// A user with a database, and a user and a database with hostile names, which also has a reader.
fn objects() -> PostgresObjects {
    let user = |name: &str| UserObject {
        name: name.to_owned(),
        acts_as: None,
    };
    let database = |name: &str, writer: &str, readers: &[&str]| DatabaseObject {
        name: name.to_owned(),
        writers: vec![writer.to_owned()],
        readers: readers.iter().map(|&name| name.to_owned()).collect(),
        is_exclusive: false,
    };
    PostgresObjects {
        mark: "irsa: shop (111122223333)".to_owned(),
        users: vec![user("api"), user(HOSTILE_USER), user("reader")],
        databases: vec![
            database("orders", "api", &[]),
            database(HOSTILE_DATABASE, HOSTILE_USER, &["reader"]),
        ],
        users_of_other_stores: BTreeSet::new(),
        databases_of_other_stores: BTreeSet::new(),
    }
}

/// The outcome of a run, with its steps.
struct Ran {
    outcome: Result<(), ApplyError>,
    totals: Totals,
    steps: Vec<Step>,
}

impl Ran {
    fn succeeded(self) -> Self {
        if let Err(error) = &self.outcome {
            panic!("{error}\n{}", self.text());
        }
        self
    }

    fn failed_with(self, text: &str) -> Self {
        let Err(error) = &self.outcome else {
            panic!("succeeded\n{}", self.text());
        };
        assert!(error.message.contains(text), "{error}");
        self
    }

    fn text(&self) -> String {
        let lines: Vec<_> = self.steps.iter().map(Step::text).collect();
        lines.join("\n")
    }

    fn notes(&self) -> Vec<&Step> {
        let is_note = |step: &&Step| step.state == StepState::Note;
        self.steps.iter().filter(is_note).collect()
    }
}

async fn run_with(stage: &Stage, objects: &PostgresObjects, mode: Mode, options: &Options) -> Ran {
    let mut steps = Vec::new();
    let mut sink = |step: &Step| steps.push(step.clone());
    let mut reported = Steps::new(mode, &mut sink);
    reported.enter_store("orders");
    let outcome = apply(objects, &stage.admin(), options, &mut reported).await;
    let totals = reported.totals();
    Ran {
        outcome,
        totals,
        steps,
    }
}

async fn run(stage: &Stage, objects: &PostgresObjects) -> Ran {
    run_with(stage, objects, Mode::Apply, &options()).await
}

fn options() -> Options {
    Options {
        prune: false,
        lock_timeout: std::time::Duration::from_secs(30),
    }
}

#[test]
fn the_second_run_changes_nothing() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let objects = objects();
        let first = run(stage, &objects).await.succeeded();
        assert!(
            first.totals.changed > 0 && first.totals.held == 0,
            "{}",
            first.text()
        );
        let state = stage.state().await;
        let second = run(stage, &objects).await.succeeded();
        assert_eq!(second.totals.changed, 0, "{}", second.text());
        assert_eq!(
            second.totals.held,
            first.totals.changed,
            "{}",
            second.text()
        );
        assert_eq!(stage.state().await, state);
        stage.check_admin().await;
    });
}

#[test]
fn a_dry_run_prints_the_statements_and_changes_nothing() {
    on_each(&[Kind::Inherited], async |stage| {
        let before = stage.state().await;
        let dry = run_with(stage, &objects(), Mode::DryRun, &options())
            .await
            .succeeded();
        assert!(dry.totals.has_differences());
        assert_eq!(dry.totals.changed, 0);
        assert_eq!(stage.state().await, before);
        let statements: Vec<_> = dry.steps.iter().flat_map(|step| &step.details).collect();
        for statement in [
            "CREATE ROLE \"o'neil\"\"; --\" LOGIN",
            "GRANT rds_iam TO \"api\"",
            "GRANT ALL ON SCHEMA public TO \"api\"",
        ] {
            assert!(
                statements.iter().any(|one| *one == statement),
                "{statement}"
            );
        }
        let real = run(stage, &objects()).await.succeeded();
        assert_eq!(
            real.totals.changed,
            dry.totals.would_change,
            "{}",
            real.text()
        );
        let dry = run_with(stage, &objects(), Mode::DryRun, &options())
            .await
            .succeeded();
        assert!(!dry.totals.has_differences(), "{}", dry.text());
    });
}

#[test]
fn what_was_undone_by_hand_is_put_back() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let objects = objects();
        run(stage, &objects).await.succeeded();
        let whole = stage.state().await;
        for undo in [
            "REVOKE rds_iam FROM api",
            "ALTER ROLE api NOLOGIN",
            "REVOKE CREATE ON DATABASE orders FROM api",
            "REVOKE ALL ON DATABASE orders FROM api",
            "GRANT CONNECT, TEMPORARY ON DATABASE orders TO PUBLIC",
        ] {
            // As the administrator: from 16 on, a grant is taken back by who made it.
            let session = stage.session("postgres").await;
            session.batch_execute(undo).await.unwrap();
            assert_ne!(stage.state().await, whole, "{undo}");
            let again = run(stage, &objects).await.succeeded();
            assert_eq!(again.totals.changed, 1, "{undo}\n{}", again.text());
            assert_eq!(stage.state().await, whole, "{undo}");
        }
        stage
            .execute("orders", "REVOKE ALL ON SCHEMA public FROM api")
            .await;
        let again = run(stage, &objects).await.succeeded();
        assert_eq!(again.totals.changed, 1, "{}", again.text());
        assert_eq!(stage.state().await, whole);
    });
}

#[test]
fn a_grant_that_the_server_ignores_is_an_error() {
    on_each(&[Kind::Inherited], async |stage| {
        stage.execute("postgres", "CREATE ROLE boss").await;
        stage
            .execute("postgres", "CREATE DATABASE orders OWNER boss")
            .await;
        let ran = run(stage, &objects()).await;
        let ran = ran.failed_with("the server ignored the GRANT");
        assert_eq!(ran.totals.failed, 1);
        let last = ran.steps.last().unwrap();
        assert_eq!(last.state, StepState::Failed);
        assert_eq!(
            last.details,
            ["GRANT ALL PRIVILEGES ON DATABASE \"orders\" TO \"api\""]
        );
    });
}
