//! wrk, a load generator whose own cost is negligible.

use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::process;

/// The results of a run.
#[derive(Debug, PartialEq)]
pub(super) struct Load {
    pub(super) requests_per_second: f64,
    /// Milliseconds.
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// Sends requests to a URL for some seconds, over this number of connections. Fails if one has another status than 2xx
/// or 3xx.
pub(super) fn run(
    url: &str,
    connections: u32,
    seconds: u32,
    script: Option<&Path>,
) -> Result<Load, Failure> {
    let mut command = Command::new("wrk");
    command.args(["--latency", "--threads", "1"]);
    command.args(["--connections", &connections.to_string()]);
    command.args(["--duration", &format!("{seconds}s")]);
    if let Some(script) = script {
        command.arg("--script").arg(script);
    }
    let said = process::capture(command.arg(url))?;
    if said.contains("Non-2xx") || said.contains("Socket errors") {
        return Err(Failure::new(format!("some requests failed:\n{said}")));
    }
    parse(&said).ok_or_else(|| Failure::new(format!("cannot parse the output of wrk:\n{said}")))
}

fn parse(said: &str) -> Option<Load> {
    let after = |label: &str| {
        let line = said
            .lines()
            .find(|line| line.trim_start().starts_with(label))?;
        line.split_whitespace().last()
    };
    Some(Load {
        requests_per_second: after("Requests/sec:")?.parse().ok()?,
        p50: milliseconds(after("50%")?)?,
        p99: milliseconds(after("99%")?)?,
    })
}

/// Parses a time as wrk prints it: `87.00us`, `1.25ms`, `2.01s`.
fn milliseconds(text: &str) -> Option<f64> {
    let digits = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    match unit {
        "us" => Some(number / 1e3),
        "ms" => Some(number),
        "s" => Some(number * 1e3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_the_output_of_wrk() {
        let said = "Running 2s test @ http://127.0.0.1:9/\n  Thread Stats   Avg      Stdev     Max   +/- Stdev\n    \
                    Latency    87.00us   10.00us   1.00ms   90.00%\n  Latency Distribution\n     50%   80.00us\n     \
                    75%   90.00us\n     99%    1.25ms\n  100 requests in 2.00s, 1.00MB read\nRequests/sec:  11000.50\n";
        let turn = parse(said).unwrap();
        assert_eq!(
            turn,
            Load {
                requests_per_second: 11000.5,
                p50: 0.08,
                p99: 1.25,
            }
        );
        assert_eq!(parse("unable to connect"), None);
        assert_eq!(milliseconds("2.00s"), Some(2000.0));
    }
}
