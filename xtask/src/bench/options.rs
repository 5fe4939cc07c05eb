//! The options of `cargo xtask bench`.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::workspace;

pub(super) const HELP: &str = "\
cargo xtask bench postgres|opensearch|policy|webhook [OPTIONS]

  --rounds N       number of rounds, with a turn for each subject [default: 5]
  --seconds S      length of one turn [default: 5]
  --no-build       measure the existing build
  --irsa FILE      measure this program instead of target/release/irsa, such as one of `cargo xtask dist`
  --output json    one JSON object for each row instead of a table";

/// The duration of the measurements, the program, and the output format.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Options {
    /// The `irsa` to measure.
    pub(super) irsa: PathBuf,
    pub(super) rounds: u32,
    pub(super) seconds: u32,
    pub(super) build: bool,
    pub(super) json: bool,
}

impl Options {
    /// Parses the options; returns `None` if help is requested.
    pub(super) fn parse(arguments: &[String]) -> Result<Option<Self>, Failure> {
        let mut options = Self {
            irsa: workspace::target().join("release/irsa"),
            rounds: 5,
            seconds: 5,
            build: true,
            json: false,
        };
        let mut words = arguments.iter().map(String::as_str);
        while let Some(word) = words.next() {
            match word {
                "--rounds" => options.rounds = number(word, words.next())?,
                "--seconds" => options.seconds = number(word, words.next())?,
                "--no-build" => options.build = false,
                "--irsa" => options.irsa = file(word, words.next())?,
                "--output" => options.json = output(words.next())?,
                "--help" | "-h" => return Ok(None),
                _ => return Err(Failure::usage(format!("unknown option `{word}`\n{HELP}"))),
            }
        }
        Ok(Some(options))
    }
}

fn number(option: &str, value: Option<&str>) -> Result<u32, Failure> {
    let number = value
        .and_then(|text| text.parse().ok())
        .filter(|number| *number > 0);
    number.ok_or_else(|| Failure::usage(format!("`{option}` needs a number of at least 1")))
}

fn file(option: &str, value: Option<&str>) -> Result<PathBuf, Failure> {
    let file = value.map(PathBuf::from).filter(|path| path.is_file());
    file.ok_or_else(|| Failure::usage(format!("`{option}` needs the path of a file")))
}

fn output(value: Option<&str>) -> Result<bool, Failure> {
    match value {
        Some("json") => Ok(true),
        Some("text") => Ok(false),
        _ => Err(Failure::usage("`--output` takes `text` or `json`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Options>, Failure> {
        Options::parse(
            &line
                .split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn options_are_parsed() {
        let options = parse("--rounds 3 --output json --no-build --seconds 2").unwrap();
        assert_eq!(
            options,
            Some(Options {
                irsa: workspace::target().join("release/irsa"),
                rounds: 3,
                seconds: 2,
                build: false,
                json: true
            })
        );
        assert_eq!(parse("--help").unwrap(), None);
        let own = format!("{}/src/main.rs", env!("CARGO_MANIFEST_DIR"));
        let options = parse(&format!("--irsa {own}")).unwrap().unwrap();
        assert_eq!(options.irsa, PathBuf::from(own));
    }

    #[test]
    fn invalid_options_are_rejected() {
        for line in [
            "--rounds",
            "--rounds 0",
            "--rounds many",
            "--output xml",
            "--fast",
            "--irsa /no/such/file",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
