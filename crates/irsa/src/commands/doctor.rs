//! `irsa doctor`: finds the broken link, its cause, and the fix.

mod places;
mod setup;

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
    if !args.setup.files.is_empty() {
        return setup::run(args, mistakes);
    }
    let settings = settings::doctor(args, mistakes)?;
    let progress = Progress::start();
    let runtime = runtime::control()?;
    let report = runtime.block_on(examine(&settings, &progress));
    // A DNS lookup or a file read that is still blocked must not delay the exit.
    runtime.shutdown_background();
    progress.finish();
    print(&report, &settings)?;
    Ok(exit::exit_code_for(report.overall()))
}

/// Runs the checks of each place in turn. Each place uses the results of those before it.
async fn examine(settings: &DoctorSettings, progress: &Progress) -> Report {
    let begun = Instant::now();
    let mut examination = Examination::new(settings);
    // The steps are quick, so they are shown on a terminal only; elsewhere the report is enough.
    let is_watched = std::io::stderr().is_terminal();
    let mut tell = |step: Step<'_>| {
        if is_watched && matches!(step, Step::Started(_)) {
            progress.say(&render::line(&step));
        }
    };
    for place in &settings.places {
        let left = settings.timeout.saturating_sub(begun.elapsed());
        match place {
            Place::Pod => examination.examine_pod(left, &mut tell).await,
            Place::Cluster => examination.examine_cluster(left, &mut tell).await,
            Place::Aws => examination.examine_aws(left, &mut tell).await,
        }
    }
    examination.report()
}

fn print(report: &Report, settings: &DoctorSettings) -> Result<(), Failure> {
    match settings.output {
        ReportOutput::Text => {
            let text = render::text(report, &style(settings.verbose));
            output::colored(&format!("{}\n", text.trim_end()))
        }
        ReportOutput::Json => output::line(render::json(report).trim_end()),
        ReportOutput::Junit => output::line(render::junit(report).trim_end()),
    }
}

/// Returns the style of the report: as wide as the terminal, with whole lines elsewhere. `anstream` removes the colors
/// if standard output does not support them.
fn style(verbose: bool) -> Style {
    let is_terminal = std::io::stdout().is_terminal();
    let width = is_terminal.then(terminal_width).flatten();
    Style {
        color: true,
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

/// Returns the width that the shell reports, else that of the terminal.
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
