//! Resource usage of the process, under the names that Prometheus client libraries use ("Writing client libraries",
//! "Process metrics").

use std::fmt;
use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// The number of clock ticks per second in which Linux reports the times of processes on all common platforms (proc(5),
/// `USER_HZ`).
const TICKS: f64 = 100.0;

/// Reads the files below `/proc/self` for each scrape. A metric whose file cannot be read is omitted.
#[derive(Debug)]
pub(super) struct ProcessCollector;

/// The values of `/proc/self/stat`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stat {
    cpu_seconds: f64,
    threads: u64,
    /// The time from the boot of the machine to the start of the process, in seconds.
    started_seconds: f64,
    virtual_bytes: u64,
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let read =
            |name: &str| fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
        if let Some(stat) = Stat::parse(&read("stat")) {
            stat.encode(&mut encoder)?;
        }
        if let Some(kibibytes) = number_after(&read("status"), "VmRSS:") {
            let help = "Resident memory";
            gauge(
                &mut encoder,
                "process_resident_memory",
                help,
                Some(&Unit::Bytes),
                kibibytes * 1_024,
            )?;
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            let open = open.count() as u64;
            gauge(
                &mut encoder,
                "process_open_fds",
                "Open file descriptors",
                None,
                open,
            )?;
        }
        if let Some(most) = number_after(&read("limits"), "Max open files") {
            let help = "Maximum number of open file descriptors";
            gauge(&mut encoder, "process_max_fds", help, None, most)?;
        }
        Ok(())
    }
}

// === impl Stat ===

impl Stat {
    /// Parses the file. Its fields are counted from 1, and the second is the name in parentheses, which may contain any
    /// character (proc(5), `/proc/pid/stat`).
    fn parse(text: &str) -> Option<Self> {
        let (_, after_name) = text.rsplit_once(')')?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let seconds = |ticks: u64| float(ticks) / TICKS;
        Some(Self {
            cpu_seconds: seconds(field(14)? + field(15)?),
            threads: field(20)?,
            started_seconds: seconds(field(22)?),
            virtual_bytes: field(23)?,
        })
    }

    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let cpu = ConstCounter::new(self.cpu_seconds);
        let help = "User and system CPU time";
        let unit = Some(&Unit::Seconds);
        let metric = encoder.encode_descriptor("process_cpu", help, unit, cpu.metric_type())?;
        cpu.encode(metric)?;
        let machine = fs::read_to_string("/proc/stat").unwrap_or_default();
        if let Some(booted) = number_after(&machine, "btime") {
            let started = ConstGauge::new(float(booted) + self.started_seconds);
            let help = "Start time of the process, in seconds since 1970";
            let kind = started.metric_type();
            let metric = encoder.encode_descriptor("process_start_time", help, unit, kind)?;
            started.encode(metric)?;
        }
        let help = "Virtual memory";
        gauge(
            encoder,
            "process_virtual_memory",
            help,
            Some(&Unit::Bytes),
            self.virtual_bytes,
        )?;
        gauge(encoder, "process_threads", "Threads", None, self.threads)
    }
}

fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    value: u64,
) -> fmt::Result {
    let gauge = ConstGauge::new(value);
    let metric = encoder.encode_descriptor(name, help, unit, gauge.metric_type())?;
    gauge.encode(metric)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds and ticks are far below 2^53"
)]
fn float(number: u64) -> f64 {
    number as f64
}

/// Returns the first number of the line that begins with `label`.
fn number_after(text: &str, label: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(label))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parentheses_and_spaces_in_the_name_are_skipped() {
        let text =
            "7 (a) b (c)) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 12345 4096000 200 1 1";
        let expected = Stat {
            cpu_seconds: 3.0,
            threads: 3,
            started_seconds: 123.45,
            virtual_bytes: 4_096_000,
        };
        assert_eq!(Stat::parse(text), Some(expected));
        assert_eq!(Stat::parse("7 (a) S 1"), None);
        assert_eq!(Stat::parse(""), None);
    }

    #[test]
    fn an_unlimited_limit_has_no_number() {
        let limits =
            "Max cpu time   unlimited  unlimited seconds\nMax open files 1024 4096 files\n";
        assert_eq!(number_after(limits, "Max open files"), Some(1_024));
        assert_eq!(number_after(limits, "Max cpu time"), None);
    }
}
