//! A process's CPU time and memory, from `/proc`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::process;

/// Returns the CPU time so far in microseconds: user and kernel mode, all threads (proc(5), fields 14 and 15).
pub(super) fn processor_time(process_id: u32) -> Result<f64, Failure> {
    let text = read(process_id, "stat")?;
    let ticks = ticks(&text).ok_or_else(|| Failure::new(format!("cannot parse `{text}`")))?;
    let per_second: f64 = process::capture(Command::new("getconf").arg("CLK_TCK"))?
        .trim()
        .parse()
        .unwrap_or(100.0);
    Ok(ticks * 1e6 / per_second)
}

/// Returns the private memory of the process in kilobytes.
pub(crate) fn own_memory(process_id: u32) -> Result<f64, Failure> {
    memory(process_id, "RssAnon:")
}

/// Returns the resident memory in kilobytes, program text included.
pub(super) fn resident_memory(process_id: u32) -> Result<f64, Failure> {
    memory(process_id, "VmRSS:")
}

/// Returns the peak of the resident memory in kilobytes, program text included.
pub(super) fn peak_memory(process_id: u32) -> Result<f64, Failure> {
    memory(process_id, "VmHWM:")
}

fn memory(process_id: u32, field: &str) -> Result<f64, Failure> {
    let text = read(process_id, "status")?;
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| Failure::new("`/proc` does not report the memory of a process"))
}

fn read(process_id: u32, file: &str) -> Result<String, Failure> {
    let path = Path::new("/proc").join(process_id.to_string()).join(file);
    fs::read_to_string(&path).map_err(Failure::file(&path))
}

/// Parses the ticks. The second field, the program's name, may contain spaces and parentheses.
fn ticks(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<f64>().ok();
    Some(next()? + next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_user_and_kernel_ticks() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 12 30 0 0 20 0 1 0 5 1000 200";
        assert_eq!(ticks(stat), Some(42.0));
        assert_eq!(ticks("7 (a) S 1"), None);
    }

    #[test]
    fn our_own_process_has_used_both() {
        let own = std::process::id();
        assert!(own_memory(own).unwrap() > 100.0);
        assert!(processor_time(own).unwrap() >= 0.0);
    }
}
