//! `irsa apply opensearch` on a real OpenSearch with its security plugin.
//!
//! Needs Java; without it the test is skipped, unless `IRSA_REQUIRE_CLIENTS=1`.

mod domain;

use std::time::Duration;

use irsa_apply::opensearch::{Options, apply};
use irsa_apply::{ApplyError, Mode, Step, StepState, Steps, Totals};
use irsa_stack::{Document, Source, Stack};
use serde_json::{Value, json};

use self::domain::{Api, Cut, Domain};

/// A setup with a separate role for each of two workloads, and a built-in one for a third.
fn file(name: &str) -> String {
    format!(
        r#"
version: 1
name: {name}
aws: {{account: "111122223333", region: eu-central-1}}
iam: {{path: "/;(id)|&<>#!{{}}[]~/"}}
clusters: {{shop: {{}}}}
opensearch:
  search: {{existing: search}}
workloads:
  api: {{service_account: shop/api, opensearch: {{store: search, indices: {{"{name}-*": write}}}}}}
  reports: {{service_account: bi/reports, opensearch: {{store: search, indices: {{"{name}-*": read}}}}}}
  viewer: {{service_account: bi/viewer, opensearch: {{store: search, role: readall}}}}
"#
    )
}

fn stack(text: &str) -> Stack {
    let source = Source {
        name: "irsa.yaml".to_owned(),
        text: text.to_owned(),
    };
    let document = Document::read(vec![source]).unwrap();
    document.stack(None).unwrap()
}

/// The result of a run.
struct Run {
    outcome: Result<(), ApplyError>,
    steps: Vec<Step>,
    totals: Totals,
}

impl Run {
    /// No other client changes the domain, so nothing has to settle.
    async fn new(api: &Api<'_>, stack: &Stack, mode: Mode, prune: bool) -> Self {
        let settle = Duration::ZERO;
        Self::with_options(api, stack, mode, Options { prune, settle }).await
    }

    async fn with_options(api: &Api<'_>, stack: &Stack, mode: Mode, options: Options) -> Self {
        let mut seen = Vec::new();
        let mut sink = |step: &Step| seen.push(step.clone());
        let mut steps = Steps::new(mode, &mut sink);
        let outcome = apply(api, stack, &stack.opensearch[0], options, &mut steps).await;
        let totals = steps.totals();
        Self {
            outcome,
            totals,
            steps: seen,
        }
    }

    async fn apply(domain: &Domain, stack: &Stack) -> Self {
        let run = Self::new(&Api::new(domain), stack, Mode::Apply, false).await;
        run.outcome.clone().unwrap();
        run
    }

    fn notes(&self) -> Vec<&str> {
        let notes = self.steps.iter();
        let notes = notes.filter(|step| step.state == StepState::Note);
        notes.map(|step| step.what.as_str()).collect()
    }
}

/// All checks share one server, because it starts slowly.
#[tokio::test]
async fn a_set_up_is_applied_to_a_real_domain() {
    let Some(domain) = Domain::start_unless_without_java().await else {
        return;
    };
    let shop = stack(&file("shop"));
    a_dry_run_writes_nothing(&domain, &shop).await;
    a_second_run_changes_nothing(&domain, &shop).await;
    what_was_undone_is_put_back(&domain, &shop).await;
    a_run_that_was_cut_is_completed(&domain, &shop).await;
    others_in_a_mapping_stay(&domain, &shop).await;
    a_foreign_role_stops_the_run(&domain, &shop).await;
    only_its_own_is_pruned(&domain, &shop).await;
    two_runs_at_once_lose_nothing(&domain, &shop, ROUNDS).await;
}

/// As many rounds as `IRSA_RACES` says, for `cargo xtask suites races`.
#[tokio::test]
#[ignore = "takes an hour: `cargo xtask suites races` runs it"]
async fn many_runs_at_once_lose_nothing() {
    let rounds = std::env::var("IRSA_RACES").expect("IRSA_RACES is the number of rounds");
    let rounds = rounds.parse().expect("IRSA_RACES is a number");
    let Some(domain) = Domain::start_unless_without_java().await else {
        return;
    };
    two_runs_at_once_lose_nothing(&domain, &stack(&file("shop")), rounds).await;
}

async fn a_dry_run_writes_nothing(domain: &Domain, stack: &Stack) {
    let before = domain.state().await;
    let api = Api::new(domain);
    let run = Run::new(&api, stack, Mode::DryRun, true).await;
    run.outcome.unwrap();
    assert_eq!((run.totals.would_change, run.totals.changed), (5, 0));
    assert_eq!(api.writes(), 0);
    let put = "PUT /_plugins/_security/api/roles/shop-api {";
    assert!(
        run.steps[0].details[0].starts_with(put),
        "{:?}",
        run.steps[0]
    );
    assert_eq!(domain.state().await, before);
}

async fn a_second_run_changes_nothing(domain: &Domain, stack: &Stack) {
    let run = Run::apply(domain, stack).await;
    assert_eq!((run.totals.changed, run.totals.failed), (5, 0));
    let state = domain.state().await;
    let api = Api::new(domain);
    let again = Run::new(&api, stack, Mode::Apply, true).await;
    again.outcome.unwrap();
    assert_eq!((again.totals.held, again.totals.changed), (5, 0));
    assert_eq!(api.writes(), 0);
    assert_eq!(domain.state().await, state);
}

async fn what_was_undone_is_put_back(domain: &Domain, stack: &Stack) {
    let state = domain.state().await;
    let role = json!({"description": "irsa: shop (111122223333)", "cluster_permissions": ["*"]});
    for (method, path, body) in [
        ("DELETE", "rolesmapping/shop-api", Value::Null),
        ("DELETE", "rolesmapping/readall", Value::Null),
        ("DELETE", "roles/shop-reports", Value::Null),
        ("PUT", "roles/shop-api", role),
    ] {
        domain.ask(method, path, &body).await;
        assert_ne!(domain.state().await, state);
        let run = Run::apply(domain, stack).await;
        assert_eq!(run.totals.changed, 1, "{method} {path}: {:?}", run.steps);
        assert_eq!(domain.state().await, state, "{method} {path}");
    }
}

/// The network fails before or after each write, and the next run completes what was begun.
async fn a_run_that_was_cut_is_completed(domain: &Domain, stack: &Stack) {
    let state = domain.state().await;
    for cut in [Cut::Before, Cut::After] {
        for write in 0..5 {
            domain.reset().await;
            let api = Api::new(domain).cut(cut, write);
            let run = Run::new(&api, stack, Mode::Apply, false).await;
            let error = run.outcome.unwrap_err();
            assert_eq!(error.message, "the network was cut", "{cut:?} {write}");
            assert_eq!(run.totals.failed, 1);
            let run = Run::apply(domain, stack).await;
            let done = write + usize::from(cut == Cut::After);
            assert_eq!(run.totals.changed, 5 - done, "{cut:?} {write}");
            assert_eq!(domain.state().await, state, "{cut:?} {write}");
        }
    }
}

async fn others_in_a_mapping_stay(domain: &Domain, stack: &Stack) {
    for role in ["readall", "shop-api"] {
        let mapping =
            json!({"backend_roles": ["someone"], "users": ["root"], "description": "mine"});
        domain
            .ask("PUT", &format!("rolesmapping/{role}"), &mapping)
            .await;
    }
    let run = Run::apply(domain, stack).await;
    assert_eq!(run.totals.changed, 2);
    let note = "role `shop-api` is also mapped to others, which is left as it is";
    assert_eq!(run.notes(), [note]);
    let mappings = domain.state().await.mappings;
    let arn = |name: &str| format!("arn:aws:iam::111122223333:role/;(id)|&<>#!{{}}[]~/shop-{name}");
    for (role, own) in [("readall", arn("viewer")), ("shop-api", arn("api"))] {
        assert_eq!(
            mappings[role]["backend_roles"],
            json!(["someone", own]),
            "{role}"
        );
        assert_eq!(mappings[role]["users"], json!(["root"]));
        assert_eq!(mappings[role]["description"], "mine");
    }
    domain.reset().await;
}

async fn a_foreign_role_stops_the_run(domain: &Domain, stack: &Stack) {
    let role = json!({"description": "by hand", "cluster_permissions": ["cluster_monitor"]});
    domain.ask("PUT", "roles/shop-reports", &role).await;
    let state = domain.state().await;
    let api = Api::new(domain);
    let run = Run::new(&api, stack, Mode::Apply, true).await;
    let error = run.outcome.unwrap_err();
    assert!(
        error.message.contains("its description is `by hand`"),
        "{error}"
    );
    assert_eq!(api.writes(), 0);
    assert_eq!(domain.state().await, state);
    domain.reset().await;
}

async fn only_its_own_is_pruned(domain: &Domain, stack: &Stack) {
    Run::apply(domain, stack).await;
    // A different setup, whose name begins like this one's, and a role that only looks like this one's.
    Run::apply(domain, &self::stack(&file("shop2"))).await;
    domain
        .ask("PUT", "roles/shop-old", &json!({"description": "by hand"}))
        .await;
    let hostile = "roles/a%2F..%2F%3F%22%27%20b";
    domain
        .ask(
            "PUT",
            hostile,
            &json!({"description": "irsa: shop (111122223333)"}),
        )
        .await;
    let state = domain.state().await;
    let without = file("shop");
    let reports = without.lines().filter(|line| !line.contains("reports"));
    let smaller = self::stack(&reports.collect::<Vec<_>>().join("\n"));

    let run = Run::apply(domain, &smaller).await;
    assert_eq!(run.totals.changed, 0);
    let left = run.notes();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(
        left[1].starts_with("role `shop-reports` was created by this setup"),
        "{left:?}"
    );
    assert_eq!(domain.state().await, state);

    let run = Run::new(&Api::new(domain), &smaller, Mode::Apply, true).await;
    run.outcome.unwrap();
    assert_eq!(run.totals.changed, 2);
    let mut expected = state;
    expected.remove("shop-reports");
    expected.remove("a/../?\"' b");
    assert_eq!(domain.state().await, expected);
    domain.reset().await;
}

/// Two runs of one file, and of two files that share a built-in role, which no one had before.
#[expect(
    clippy::print_stderr,
    reason = "the progress of an hour should be visible"
)]
async fn two_runs_at_once_lose_nothing(domain: &Domain, shop: &Stack, rounds: usize) {
    let bank = stack(&file("bank"));
    for round in 0..rounds {
        if round > 0 && round.is_multiple_of(REPORT) {
            eprintln!("OpenSearch: {round} of {rounds} rounds");
        }
        domain.reset().await;
        let other = if round % 2 == 0 { shop } else { &bank };
        let (one, two) = (Api::new(domain), Api::new(domain));
        let options = Options::default();
        let (one, two) = tokio::join!(
            Run::with_options(&one, shop, Mode::Apply, options),
            Run::with_options(&two, other, Mode::Apply, options)
        );
        one.outcome.and(two.outcome).unwrap();
        for stack in [shop, other] {
            let run = Run::apply(domain, stack).await;
            assert_eq!(run.totals.changed, 0, "round {round}: {:?}", run.steps);
        }
    }
}

/// Rounds in CI.
const ROUNDS: usize = 20;
/// Rounds between two lines of progress.
const REPORT: usize = 50;
