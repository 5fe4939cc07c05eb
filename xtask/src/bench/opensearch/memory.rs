//! Peak memory while many large bodies are in flight.

use std::fs::File;
use std::process::{Child, Command, Stdio};

use super::subjects::Subjects;
use crate::bench::procfs;
use crate::bench::report::{Bench, Report};
use crate::failure::Failure;
use crate::progress;

const BODIES: usize = 16;
/// The largest body that Amazon OpenSearch Service accepts ("Network quotas" of its developer guide).
const BODY: u64 = 104_857_600;

/// Sends all bodies concurrently and reports the growth of the proxy's peak memory.
pub(super) fn measure(subjects: &Subjects, report: &mut Report) -> Result<(), Failure> {
    let file = subjects.folder.path().join("body");
    File::create(&file)
        .and_then(|file| file.set_len(BODY))
        .map_err(Failure::file(&file))?;
    let before = procfs::resident_memory(subjects.irsa_process)?;
    progress::timed("16 concurrent bodies of 100 MiB", || {
        let uploads: Result<Vec<Child>, Failure> =
            (0..BODIES).map(|_| upload(subjects, &file)).collect();
        uploads?.into_iter().try_for_each(arrived)
    })?;
    let grown = procfs::peak_memory(subjects.irsa_process)? - before;
    let bench = Bench {
        name: "peak-extra-memory",
        case: format!("{BODIES} bodies of 100 MiB"),
        unit: "MiB",
    };
    report.add(&bench, "irsa", grown / 1024.0, None);
    Ok(())
}

fn upload(subjects: &Subjects, file: &std::path::Path) -> Result<Child, Failure> {
    Command::new("curl")
        .args([
            "--silent",
            "--fail",
            "--output",
            "/dev/null",
            "--upload-file",
        ])
        .arg(file)
        .arg(format!("{}/orders/_doc/1", subjects.irsa))
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| Failure::new(format!("cannot run `curl`: {error}")))
}

fn arrived(mut upload: Child) -> Result<(), Failure> {
    match upload.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!("an upload failed: {status}"))),
        Err(error) => Err(Failure::new(error.to_string())),
    }
}
