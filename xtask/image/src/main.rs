//! Packs `irsa` into an OCI image archive, without a container engine.
//!
//! The archive depends only on the program, the libraries that it loads, and the arguments: two runs with the same input
//! write the same bytes.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line talks to the terminal"
)]

mod certificates;
mod digest;
mod error;
mod layer;
mod libraries;
mod oci;
mod root;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use error::Error;
use oci::{Architecture, Image};
use root::Program;

/// Pack irsa into an OCI image archive.
#[derive(Debug, Parser)]
#[command(name = "irsa-image", version)]
struct Arguments {
    /// Program to pack: static, or dynamic for this machine's architecture
    #[arg(long, value_name = "FILE")]
    binary: PathBuf,
    /// Software bill of materials of the program, in CycloneDX
    #[arg(long, value_name = "FILE")]
    bom: PathBuf,
    /// License of the program
    #[arg(long, value_name = "FILE")]
    license: PathBuf,
    /// Version of the program
    #[arg(long, value_name = "VERSION")]
    release: String,
    /// Commit that the program was built from
    #[arg(long, value_name = "COMMIT", default_value = "unknown")]
    commit: String,
    /// Seconds since 1970 of all times in the image
    #[arg(
        long,
        env = "SOURCE_DATE_EPOCH",
        value_name = "SECONDS",
        default_value_t = 0
    )]
    epoch: u64,
    /// Archive to write
    #[arg(long, value_name = "FILE", required_unless_present = "root")]
    out: Option<PathBuf>,
    /// Directory to write the root file system to
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the root file system and the archive, and prints the digest of the archive's manifest.
fn run(arguments: &Arguments) -> Result<(), Error> {
    let binary = read(&arguments.binary)?;
    let architecture = Architecture::from_elf(&binary)
        .ok_or_else(|| Error::NotAProgram(arguments.binary.clone()))?;
    let libraries = libraries::of_program(&arguments.binary, &binary)?;
    let program = Program {
        binary: &binary,
        bom: &read(&arguments.bom)?,
        license: &read(&arguments.license)?,
    };
    let (base, program) = (root::base(&libraries), root::program(&program));
    if let Some(folder) = &arguments.root {
        base.write(folder)?;
        program.write(folder)?;
    }
    if let Some(out) = &arguments.out {
        let image = Image {
            base: base.pack(arguments.epoch)?,
            program: program.pack(arguments.epoch)?,
            architecture,
            created: arguments.epoch,
            version: arguments.release.clone(),
            commit: arguments.commit.clone(),
        };
        let (archive, digest) = image.archive()?;
        fs::write(out, &archive).map_err(|error| Error::file(out, error))?;
        println!("{digest}");
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::file(path, error))
}
