//! `cargo xtask dist`: the files of a release. For each platform a static program, an archive with its documents, a
//! Debian package and an image; the chart; and the checksums of them all.
//!
//! The same commit and compiler write the same bytes, at any path: paths are mapped (`--remap-path-prefix`) and all times
//! are those of the commit, or `SOURCE_DATE_EPOCH`.

mod advisories;
mod package;
mod platform;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::product::Tree;
use crate::{generate, image, process, progress, workspace};
use package::Release;
use platform::{PLATFORMS, Platform};

const HELP: &str = "\
  --out DIR          directory for the files [default: target/dist]
  --target TRIPLE    only this platform; can be repeated
  --twice            build each program again in an empty directory, and require the same bytes
  --advisory-db DIR  refuse a release with a dependency that this clone of RustSec's advisory-db lists";

/// The arguments.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    out: PathBuf,
    platforms: Vec<&'static Platform>,
    twice: bool,
    advisory_db: Option<PathBuf>,
}

/// Writes the files of a release.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let options = Options::parse(arguments)?;
    if let Some(database) = &options.advisory_db {
        advisories::check(database)?;
    }
    platform::install_tools(&options.platforms)?;
    refuse_other_files(&options.out)?;
    let out = emptied(&options.out)?;
    let staged = emptied(&workspace::target().join("dist-staged"))?;
    let version = Tree::for_product()?.version().to_owned();
    let epoch = image::epoch()?;

    let mut programs = Vec::new();
    for platform in options.platforms {
        let program = platform.build(&workspace::target().join("release-static"))?;
        if options.twice {
            require_same_bytes(platform, &program)?;
        }
        platform.try_out(&program, &version)?;
        programs.push((platform, program));
    }
    let documents = documents(&programs, &staged)?;
    let release = Release {
        version,
        epoch,
        out: &out,
        documents: &documents,
        staged: &staged,
    };
    for (platform, program) in &programs {
        progress::heading(&format!("pack {}", platform.triple));
        release.archive(platform, program)?;
        release.debian_package(platform, program)?;
        let file = format!(
            "irsa-{}-linux-{}.oci.tar",
            release.version, platform.architecture
        );
        image::pack(program, &out.join(file))?;
    }
    release.chart()?;
    release.checksums()?;
    progress::say(&out.display().to_string());
    Ok(())
}

/// Writes completion scripts and manual pages, by a program that runs on this machine.
fn documents(programs: &[(&Platform, PathBuf)], staged: &Path) -> Result<PathBuf, Failure> {
    let folder = staged.join("documents");
    let native = programs.iter().find(|(platform, _)| platform.is_native());
    let program = if let Some((_, program)) = native {
        program.clone()
    } else {
        workspace::build_programs()?;
        workspace::target().join("debug/irsa")
    };
    generate::documents(&program, "irsa", &folder)?;
    Ok(folder)
}

/// Builds the program again, elsewhere, and compares.
fn require_same_bytes(platform: &Platform, first: &Path) -> Result<(), Failure> {
    let elsewhere = emptied(&workspace::target().join("release-static-again"))?;
    let second = platform.build(&elsewhere)?;
    if process::quietly(Command::new("cmp").arg(first).arg(&second)).is_ok() {
        progress::note(&format!(
            "{}: the second build has the same bytes",
            platform.triple
        ));
        return Ok(());
    }
    Err(Failure::new(format!(
        "two builds for {} differ: `{}` and `{}`",
        platform.triple,
        first.display(),
        second.display()
    ))
    .remedy("compare the two files with `diffoscope`; a path or a time is in one of them"))
}

/// Refuses a directory that has files but no checksums: it is not that of an earlier run.
fn refuse_other_files(folder: &Path) -> Result<(), Failure> {
    let is_empty = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(Failure::file(folder)(error)),
    };
    if is_empty || folder.join(package::CHECKSUMS).is_file() {
        return Ok(());
    }
    let message = format!(
        "`{}` has other files, which would be lost",
        folder.display()
    );
    Err(Failure::usage(message).remedy("name a new directory with `--out`"))
}

/// Returns an existing, empty directory.
fn emptied(folder: &Path) -> Result<PathBuf, Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Failure::file(folder))?;
    }
    fs::create_dir_all(folder).map_err(Failure::file(folder))?;
    std::path::absolute(folder).map_err(Failure::file(folder))
}

// === impl Options ===

impl Options {
    fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut options = Self {
            out: workspace::target().join("dist"),
            platforms: Vec::new(),
            twice: false,
            advisory_db: None,
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || {
                let missing = || Failure::usage(format!("`{word}` needs a value\n{HELP}"));
                words.next().ok_or_else(missing)
            };
            match word.as_str() {
                "--out" => options.out = PathBuf::from(value()?),
                "--target" => options.platforms.push(platform::find(value()?)?),
                "--twice" => options.twice = true,
                "--advisory-db" => options.advisory_db = Some(PathBuf::from(value()?)),
                _ => {
                    return Err(Failure::usage(format!("unknown argument `{word}`\n{HELP}")));
                }
            }
        }
        if options.platforms.is_empty() {
            options.platforms = PLATFORMS.iter().collect();
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options, Failure> {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        Options::parse(&words)
    }

    #[test]
    fn all_platforms_are_built_unless_some_are_named() {
        assert_eq!(parse(&[]).unwrap().platforms.len(), PLATFORMS.len());
        let one = parse(&["--target", "aarch64-unknown-linux-musl", "--twice"]).unwrap();
        assert_eq!(one.platforms, [&PLATFORMS[1]]);
        assert!(one.twice);
    }

    #[test]
    fn a_directory_with_other_files_is_refused() {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
        let refused = refuse_other_files(sources).unwrap_err().to_string();
        assert!(refused.contains("would be lost"), "{refused}");
        refuse_other_files(&sources.join("no-such-directory")).unwrap();
    }

    #[test]
    fn other_arguments_are_refused_with_the_options() {
        for words in [&["--target"][..], &["--target", "x"], &["x"], &["--out"]] {
            let failure = parse(words).unwrap_err();
            assert_eq!(failure.exit_code(), 2, "{words:?}");
        }
        assert!(parse(&["x"]).unwrap_err().to_string().contains("--twice"));
    }
}
