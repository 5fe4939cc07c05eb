//! Policy decisions a second of one core's time: ours beside Cedar's.
//!
//! `policy-bench ROUNDS SECONDS` prints a JSON line for each round, case and engine. Policies are compiled and requests
//! are made beforehand in both engines; both must agree before anything is measured.

mod cases;
mod cedar;
mod irsa;

use std::error::Error;
use std::fs;
use std::time::{Duration, Instant};

use cases::Case;

/// Something that decides the requests of a case, one after the other.
trait Engine {
    /// Whether the request is allowed.
    fn allows(&self, request: usize) -> bool;
}

/// So many decisions between two looks at the clock.
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

/// Decisions a second of processor time.
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

/// What this thread has had of a processor (the kernel's `Documentation/scheduler/sched-stats.rst`).
fn processor_time() -> Result<Duration, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let first = text.split_whitespace().next().unwrap_or_default();
    Ok(Duration::from_nanos(first.parse()?))
}

fn print(case: &Case, subject: &str, per_second: f64) {
    let line = serde_json::json!({"case": case.name, "subject": subject, "per_second": per_second});
    println!("{line}");
}
