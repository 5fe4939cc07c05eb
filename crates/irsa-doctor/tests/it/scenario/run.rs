//! Runs the scenarios, and passes each outcome to the test with the same name.
//!
//! A stage (a lab, an API server) takes longer to start than a scenario takes to run, and can run only one scenario at a
//! time. So the first test starts the scenarios of all selected tests: one thread for each stage, which runs them one
//! after the other. Each test waits for its scenario.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use super::{Scenario, read};

/// A stage and the scenarios that run on it.
pub(crate) struct Suite {
    /// The folder of the scenarios.
    pub(crate) place: &'static str,
    /// The names of their files.
    pub(crate) ids: Vec<String>,
    /// Starts the stage, runs the scenarios and stops the stage.
    pub(crate) play: fn(Queue) -> Pin<Box<dyn Future<Output = ()>>>,
}

/// The remaining scenarios of a stage. When it is dropped, it passes on the last outcome, so that no test ends before its
/// stage.
pub(crate) struct Queue {
    place: &'static str,
    ids: Vec<String>,
    playing: Option<String>,
    last: Option<(String, Outcome)>,
}

/// The difference between a scenario and its expectation.
type Outcome = Result<(), String>;

/// The time that a test waits for its scenario.
const TIMEOUT: Duration = Duration::from_mins(10);

static OUTCOMES: Mutex<BTreeMap<String, Outcome>> = Mutex::new(BTreeMap::new());
static CHANGED: Condvar = Condvar::new();
static STARTED: Once = Once::new();

/// Declares a test for each scenario of a place, and one that fails if a file has no test.
macro_rules! scenario_tests {
    ($place:literal: $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                $crate::scenario::run::assert_as_expected($place, module_path!(), stringify!($name));
            }
        )*

        #[test]
        fn each_file_is_a_test() {
            let named: Vec<_> = [$(stringify!($name)),*].map(|name| name.replace('_', "-")).into();
            assert_eq!(named, $crate::scenario::ids($place), "list the files in their order");
        }
    };
}
pub(crate) use scenario_tests;

/// Waits for the scenario of this test.
///
/// # Panics
/// The doctor reported something else than expected, or the stage failed.
pub(crate) fn assert_as_expected(place: &'static str, module: &str, test: &str) {
    let id = test.replace('_', "-");
    let (_, module) = module.split_once("::").unwrap();
    STARTED.call_once(|| start(crate::suites()));
    if !is_selected(&format!("{module}::{test}")) {
        // The test harness reads its arguments in another way than this module: play it alone.
        let suites = crate::suites().into_iter();
        let mut suite = suites
            .filter(|suite| suite.place == place)
            .find(|suite| suite.ids.contains(&id))
            .unwrap();
        suite.ids.retain(|one| *one == id);
        spawn(suite);
    }
    if let Err(difference) = wait(&key(place, &id)) {
        panic!("{difference}");
    }
}

fn start(suites: Vec<Suite>) {
    for mut suite in suites {
        let module = format!("{}::scenarios", suite.place);
        let test = |id: &String| format!("{module}::{}", id.replace('-', "_"));
        suite.ids.retain(|id| is_selected(&test(id)));
        if !suite.ids.is_empty() {
            spawn(suite);
        }
    }
}

fn spawn(
    Suite {
        place,
        mut ids,
        play,
    }: Suite,
) {
    ids.reverse();
    let queue = Queue {
        place,
        ids,
        playing: None,
        last: None,
    };
    thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(play(queue));
    });
}

fn wait(key: &str) -> Outcome {
    let deadline = Instant::now() + TIMEOUT;
    let mut outcomes = outcomes();
    loop {
        if let Some(outcome) = outcomes.get(key) {
            return outcome.clone();
        }
        let left = deadline.saturating_duration_since(Instant::now());
        assert!(
            !left.is_zero(),
            "the stage did not come to it in {TIMEOUT:?}"
        );
        let waited = CHANGED.wait_timeout(outcomes, left);
        (outcomes, _) = waited.unwrap_or_else(PoisonError::into_inner);
    }
}

fn outcomes() -> MutexGuard<'static, BTreeMap<String, Outcome>> {
    OUTCOMES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(place: &str, id: &str) -> String {
    format!("{place}/{id}")
}

/// Returns whether the arguments of this process select the test, as libtest reads them.
fn is_selected(test: &str) -> bool {
    let (mut filters, mut skipped) = (Vec::new(), Vec::new());
    let mut is_exact = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--exact" => is_exact = true,
            "--skip" => skipped.extend(arguments.next()),
            "--test-threads" | "--format" | "--color" | "--logfile" | "--shuffle-seed" | "-Z" => {
                arguments.next();
            }
            _ if argument.starts_with('-') => {}
            _ => filters.push(argument),
        }
    }
    let matches = |filter: &String| {
        if is_exact {
            filter == test
        } else {
            test.contains(filter.as_str())
        }
    };
    (filters.is_empty() || filters.iter().any(matches)) && !skipped.iter().any(matches)
}

impl Queue {
    /// The next scenario to play.
    pub(crate) fn next_scenario<G: DeserializeOwned>(&mut self) -> Option<(String, Scenario<G>)> {
        let id = self.ids.pop()?;
        self.playing = Some(id.clone());
        let scenario = read(self.place, &id);
        Some((id, scenario))
    }

    /// Hands over the outcome of a scenario: in what it differs, if it does.
    pub(crate) fn done(&mut self, id: String, difference: Option<String>) {
        self.playing = None;
        let outcome = difference.map_or(Ok(()), Err);
        if let Some((id, outcome)) = self.last.replace((id, outcome)) {
            self.hand_over(&id, outcome);
        }
    }

    /// Ends all that are left: there is no stage for them here, and none is required.
    pub(crate) fn skip(mut self) {
        for id in std::mem::take(&mut self.ids) {
            self.hand_over(&id, Ok(()));
        }
    }

    fn hand_over(&self, id: &str, outcome: Outcome) {
        outcomes().insert(key(self.place, id), outcome);
        CHANGED.notify_all();
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        if let Some((id, outcome)) = self.last.take() {
            self.hand_over(&id, outcome);
        }
        let why = match self.playing.take() {
            Some(id) => {
                self.hand_over(&id, Err("it panicked: see above".to_owned()));
                format!("not played: `{id}` panicked before it")
            }
            None => "not played: the stage failed, see above".to_owned(),
        };
        for id in &self.ids {
            self.hand_over(id, Err(why.clone()));
        }
    }
}
