//! Runs that are cut, and runs that race.

use std::time::{Duration, Instant};

use super::stage::{Kind, on_each};
use super::{Options, objects, options, run, run_with, state};
use crate::{Mode, StepState};

#[test]
fn a_run_that_was_cut_anywhere_is_completed_by_the_next() {
    on_each(&[Kind::Old, Kind::Inherited], async |stage| {
        let objects = objects();
        run(stage, &objects).await.succeeded();
        let whole = stage.state().await;
        for statements in 1.. {
            stage.reset().await;
            stage.cut_after = Some(statements);
            let cut = run(stage, &objects).await;
            stage.cut_after = None;
            if cut.outcome.is_ok() {
                assert!(statements > 10, "only {statements} statements");
                return;
            }
            assert_eq!(
                state::open_databases(stage).await,
                "",
                "after {}",
                cut.text()
            );
            stage.check_admin().await;
            run(stage, &objects).await.succeeded();
            assert_eq!(stage.state().await, whole, "after {}", cut.text());
        }
    });
}

/// After the grant, the administrator is locked out, and the process that should take it back is gone.
#[test]
fn a_run_that_was_cut_after_the_grant_locks_no_administrator_out() {
    on_each(&[Kind::Any], async |stage| {
        for statements in 1..=2 {
            stage.reset().await;
            stage.cut_after = Some(statements);
            let cut = run(stage, &objects()).await.failed_with("cut by the test");
            stage.cut_after = None;
            let deadline = Instant::now() + Duration::from_mins(1);
            let mut was_locked_out = false;
            while stage.admin().log_in("postgres").await.is_err() {
                was_locked_out = true;
                assert!(Instant::now() < deadline, "after {}", cut.text());
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            assert_eq!(was_locked_out, statements == 2, "after {}", cut.text());
            run(stage, &objects())
                .await
                .failed_with("could no longer log in");
            stage.check_admin().await;
        }
    });
}

#[test]
fn of_two_runs_one_changes_everything() {
    on_each(&[Kind::Inherited], async |stage| {
        let objects = objects();
        for _ in 0..3 {
            stage.reset().await;
            let stage = &*stage;
            let (one, other) = tokio::join!(run(stage, &objects), run(stage, &objects));
            let (one, other) = (one.succeeded(), other.succeeded());
            let changed = [one.totals.changed, other.totals.changed];
            assert_eq!(
                changed.iter().filter(|count| **count == 0).count(),
                1,
                "{changed:?}"
            );
            assert_eq!(one.totals.held + other.totals.held, changed[0] + changed[1]);
        }
    });
}

#[test]
fn the_wait_for_another_run_is_bounded_and_names_it() {
    on_each(&[Kind::Inherited], async |stage| {
        let other = stage.session("postgres").await;
        other
            .execute(
                "SELECT pg_advisory_lock($1)",
                &[&super::super::run_lock::KEY],
            )
            .await
            .unwrap();
        let options = Options {
            lock_timeout: Duration::from_millis(100),
            ..options()
        };
        let ran = run_with(stage, &objects(), Mode::Apply, &options).await;
        let ran = ran.failed_with("user `camunda_admin` with PID");
        assert_eq!(ran.steps[0].state, StepState::Note, "{}", ran.text());
        drop(other);
        run(stage, &objects()).await.succeeded();
    });
}
