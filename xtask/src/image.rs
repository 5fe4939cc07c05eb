//! `cargo xtask image`: the OCI image of irsa as an archive, with its software bill of materials.

mod bom;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::product::Tree;
use crate::{process, progress, workspace};

/// The file that contains the commit in an archive of the sources.
const COMMIT: &str = "crates/irsa/commit";

/// The arguments.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    source: Source,
    /// The archive to write; by default `image/irsa.tar` in cargo's target directory.
    out: Option<PathBuf>,
    /// The directory to write the root file system to, in place of an archive.
    root: Option<PathBuf>,
}

/// The program to pack.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    /// The release build.
    Release,
    /// The build that the tests use, without its debugging information.
    Debug,
    File(PathBuf),
}

/// Packs the program, and writes the bill of materials beside the archive.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let options = Options::parse(arguments)?;
    let folder = workspace::target().join("image");
    fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
    let out = options.out.unwrap_or_else(|| folder.join("irsa.tar"));
    let program = program(options.source, &folder)?;
    if let Some(root) = &options.root {
        process::run(packer(&program, &out)?.arg("--root").arg(root))?;
        progress::say(&root.display().to_string());
        return Ok(());
    }
    let digest = pack(&program, &out)?;
    progress::say(&format!("{}\n{digest}", out.display()));
    Ok(())
}

/// Packs a program into an archive, writes the bill of materials beside it, and returns the digest of its manifest.
pub(crate) fn pack(program: &Path, out: &Path) -> Result<String, Failure> {
    let digest = process::capture(packer(program, out)?.arg("--out").arg(out))?;
    Ok(digest.trim().to_owned())
}

/// Writes the bill of materials beside `out`, and returns the command that packs it with the program.
fn packer(program: &Path, out: &Path) -> Result<Command, Failure> {
    let bom = out.with_extension("cdx.json");
    let (tree, epoch) = (Tree::for_product()?, epoch()?);
    fs::write(&bom, bom::document(&tree, epoch)).map_err(Failure::file(&bom))?;
    workspace::build(&["--bin", "irsa-image"])?;
    let mut packer = Command::new(workspace::target().join("debug/irsa-image"));
    packer.arg("--binary").arg(program).arg("--bom").arg(&bom);
    packer
        .arg("--license")
        .arg(workspace::root().join("LICENSE"));
    packer.args(["--release", tree.version(), "--commit", &commit()]);
    packer.args(["--epoch", &epoch.to_string()]);
    Ok(packer)
}

// === impl Options ===

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut options = Self {
            source: Source::Release,
            out: None,
            root: None,
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut file = || {
                let missing = || Failure::usage(format!("`{word}` needs a path"));
                words.next().map(PathBuf::from).ok_or_else(missing)
            };
            match word.as_str() {
                "--debug" => options.source = Source::Debug,
                "--binary" => options.source = Source::File(file()?),
                "--out" => options.out = Some(file()?),
                "--root" => options.root = Some(file()?),
                _ => return Err(Failure::usage(format!("unknown argument `{word}`"))),
            }
        }
        Ok(options)
    }
}

/// Builds the program, if it was not given, and returns its file.
fn program(source: Source, folder: &Path) -> Result<PathBuf, Failure> {
    match source {
        Source::File(file) => Ok(file),
        Source::Release => {
            let build = ["build", "--locked", "--release", "--package", "irsa"];
            process::run(workspace::cargo().args(build))?;
            Ok(workspace::target().join("release/irsa"))
        }
        Source::Debug => {
            workspace::build(&["--bin", "irsa"])?;
            let stripped = folder.join("irsa");
            let mut strip = Command::new("strip");
            strip.arg("-o").arg(&stripped);
            process::quietly(strip.arg(workspace::target().join("debug/irsa")))?;
            Ok(stripped)
        }
    }
}

/// Returns the commit, from the same sources as the build script of irsa.
pub(crate) fn commit() -> String {
    let given = env::var("IRSA_COMMIT").ok();
    given
        .filter(|commit| !commit.is_empty())
        .or_else(|| archived_commit(&fs::read_to_string(workspace::root().join(COMMIT)).ok()?))
        .or_else(|| git(&["rev-parse", "--short=12", "HEAD"]))
        .unwrap_or_else(|| "unknown".to_owned())
}

/// Returns the commit that `git archive` has written into a file, in place of a placeholder.
fn archived_commit(content: &str) -> Option<String> {
    let commit = content.get(..12)?;
    (!commit.starts_with('$')).then(|| commit.to_owned())
}

/// Returns the time of what is packed in seconds since 1970: `SOURCE_DATE_EPOCH`
/// (<https://reproducible-builds.org/specs/source-date-epoch/>), else that of the commit, else 0.
pub(crate) fn epoch() -> Result<u64, Failure> {
    if let Some(given) = env::var_os("SOURCE_DATE_EPOCH") {
        let seconds = given.to_str().and_then(|text| text.parse().ok());
        return seconds.ok_or_else(|| {
            let given = given.display();
            Failure::usage(format!(
                "SOURCE_DATE_EPOCH=`{given}` is not a number of seconds"
            ))
        });
    }
    let committed = git(&["log", "-1", "--format=%ct"]);
    Ok(committed.and_then(|text| text.parse().ok()).unwrap_or(0))
}

fn git(arguments: &[impl AsRef<OsStr>]) -> Option<String> {
    let mut git = Command::new("git");
    git.current_dir(workspace::root()).args(arguments);
    let text = process::capture(&mut git).ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options, Failure> {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        Options::parse(&words)
    }

    #[test]
    fn arguments_select_the_program_and_the_archive() {
        let options = parse(&["--binary", "a", "--out", "b"]).unwrap();
        assert_eq!(options.source, Source::File("a".into()));
        assert_eq!(options.out, Some("b".into()));
        assert_eq!(parse(&[]).unwrap().source, Source::Release);
        assert_eq!(parse(&["--debug"]).unwrap().source, Source::Debug);
    }

    #[test]
    fn a_source_archive_contains_its_commit() {
        let clone = fs::read_to_string(workspace::root().join(COMMIT)).unwrap();
        assert_eq!(archived_commit(&clone), None);
        let commit = git(&["rev-parse", "HEAD"]).unwrap();
        let archive = git(&["archive", "--format=tar", "HEAD", COMMIT]).unwrap();
        assert!(archive.contains(&commit), "{commit} is not in {archive}");
        assert_eq!(archived_commit(&commit).as_deref(), commit.get(..12));
    }

    #[test]
    fn other_arguments_are_refused() {
        for words in [&["--binary"][..], &["x"], &["--out"]] {
            assert_eq!(parse(words).unwrap_err().exit_code(), 2, "{words:?}");
        }
    }
}
