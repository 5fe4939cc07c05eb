//! Policy decisions per second of CPU time: irsa-policy and Cedar.
//!
//! `policy-bench ROUNDS SECONDS` prints a JSON line for each round, case and engine. Both engines compile policies and
//! requests before the measurement, and must agree on all decisions.

mod cases;
mod cedar;
mod irsa;

use std::error::Error;
use std::fs;
use std::time::{Duration, Instant};

use cases::Case;

/// An engine that decides the requests of a case, one after the other.
trait Engine {
    /// Returns whether the request is allowed.
    fn allows(&self, request: usize) -> bool;
}

/// Number of decisions between two reads of the clock.
const BATCH: usize = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse());
    let (rounds, seconds) = (number(5)?, number(2)?);
    let cases = cases::all();
    let engines = cases
        .iter()
        .map(|case| Ok((case, irsa::Irsa::new(case)?, cedar::Cedar::new(case)?)))
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    for (case, irsa, cedar) in &engines {
        agree(case, "irsa", irsa)?;
        agree(case, "cedar", cedar)?;
    }
    let turn = Duration::from_secs(seconds);
    for _ in 0..rounds {
        for (case, irsa, cedar) in &engines {
            print(case, "irsa", measure(irsa, case, turn)?);
            print(case, "cedar", measure(cedar, case, turn)?);
        }
    }
    Ok(())
}

fn agree(case: &Case, name: &str, engine: &impl Engine) -> Result<(), String> {
    for (number, request) in case.requests.iter().enumerate() {
        if engine.allows(number) != request.is_allowed {
            return Err(format!("{name}: {}: {request:?}", case.name));
        }
    }
    Ok(())
}

/// Returns decisions per second of CPU time.
fn measure(engine: &impl Engine, case: &Case, turn: Duration) -> Result<f64, Box<dyn Error>> {
    let (started, before) = (Instant::now(), processor_time()?);
    let mut decided = 0_u32;
    let mut allowed = 0_usize;
    while started.elapsed() < turn {
        for number in 0..BATCH {
            let request = std::hint::black_box(number % case.requests.len());
            allowed += usize::from(engine.allows(request));
        }
        decided += BATCH as u32;
    }
    std::hint::black_box(allowed);
    let used = processor_time()? - before;
    Ok(f64::from(decided) / used.as_secs_f64())
}

/// Returns the CPU time of this thread (the kernel's `Documentation/scheduler/sched-stats.rst`).
fn processor_time() -> Result<Duration, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let first = text.split_whitespace().next().unwrap_or_default();
    Ok(Duration::from_nanos(first.parse()?))
}

fn print(case: &Case, subject: &str, per_second: f64) {
    let line = serde_json::json!({"case": case.name, "subject": subject, "per_second": per_second});
    println!("{line}");
}
