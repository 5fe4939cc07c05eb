//! `irsa doctor`: which link is broken, why, and what to change.

mod places;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Instant;

use irsa_doctor::render::{self, Lines, Style};
use irsa_doctor::{Place, Progress as Step, Report};

use self::places::Examination;
use crate::cli::{DoctorArgs, ReportOutput};
use crate::exit::{self, Failure};
use crate::output;
use crate::settings::{self, DoctorSettings, Mistakes};
use irsa_cli::Progress;
use irsa_cli::runtime;

pub(crate) fn run(args: DoctorArgs, mistakes: Mistakes) -> Result<ExitCode, Failure> {
    let settings = settings::doctor(args, mistakes)?;
    let progress = Progress::start();
    let runtime = runtime::control()?;
    let report = runtime.block_on(examine(&settings, &progress));
    // A name that is still being looked up, or a file that is never read to its end, keeps nobody.
    runtime.shutdown_background();
    progress.finish();
    print(&report, &settings)?;
    Ok(exit::of_verdict(report.overall()))
}

/// Looks from one place after the other; each learns from those before it.
async fn examine(settings: &DoctorSettings, progress: &Progress) -> Report {
    let begun = Instant::now();
    let mut examination = Examination::new(settings);
    // Each step takes moments: elsewhere than on a terminal the report says it all.
    let is_watched = std::io::stderr().is_terminal();
    let mut tell = |step: Step<'_>| {
        if is_watched && matches!(step, Step::Looking(_)) {
            progress.say(&render::line(&step));
        }
    };
    for place in &settings.places {
        let left = settings.timeout.saturating_sub(begun.elapsed());
        match place {
            Place::Pod => examination.of_pod(left, &mut tell).await,
            Place::Cluster => examination.of_cluster(left, &mut tell).await,
            Place::Aws => examination.of_aws(left, &mut tell).await,
        }
    }
    examination.report()
}

fn print(report: &Report, settings: &DoctorSettings) -> Result<(), Failure> {
    match settings.output {
        ReportOutput::Text => {
            let text = render::text(report, &style(settings.verbose));
            output::coloured(&format!("{}\n", text.trim_end()))
        }
        ReportOutput::Json => output::line(render::json(report).trim_end()),
        ReportOutput::Junit => output::line(render::junit(report).trim_end()),
    }
}

/// Colour where standard output takes it, which `anstream` decides; as wide as the terminal, and elsewhere with whole
/// lines.
fn style(verbose: bool) -> Style {
    let is_terminal = std::io::stdout().is_terminal();
    let width = is_terminal.then(terminal_width).flatten();
    Style {
        colour: true,
        unicode: render::is_utf8(|name| std::env::var(name).ok()),
        width: width.unwrap_or(Style::default().width),
        lines: if is_terminal {
            Lines::Cut
        } else {
            Lines::Whole
        },
        verbose,
    }
}

/// As the shell tells it, or the terminal itself.
fn terminal_width() -> Option<usize> {
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok());
    columns.or_else(|| Some(usize::from(console_width()?)))
}

fn console_width() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    Some(size.ws_col).filter(|columns| *columns > 0)
}
