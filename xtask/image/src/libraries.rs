//! The shared libraries of a program, taken from this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;

/// `PT_INTERP` of the ELF specification: a program header that names the loader, which a static program lacks.
const INTERPRETER: u32 = 3;

/// A shared library, or the loader.
#[derive(Debug)]
pub(crate) struct Library {
    /// The path in the image, without a leading slash.
    pub(crate) path: String,
    pub(crate) content: Vec<u8>,
    /// Name and copyright file of the Debian package that it comes from.
    pub(crate) copyright: Option<(String, Vec<u8>)>,
}

/// Returns the libraries that a program loads; none for a static program.
///
/// # Errors
/// The program is for a different architecture, or needs a library that this machine lacks.
pub(crate) fn of_program(path: &Path, binary: &[u8]) -> Result<Vec<Library>, Error> {
    if !has_interpreter(binary) {
        return Ok(Vec::new());
    }
    let fails = |reason: String| Error::Libraries {
        program: path.to_owned(),
        reason,
    };
    let output = Command::new("ldd").arg(path).output();
    let output = output.map_err(|error| fails(format!("cannot run `ldd`: {error}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(fails(format!(
            "`ldd` failed: {}; a program for a different architecture must be static",
            said.trim()
        )));
    }
    let paths = parse(&String::from_utf8_lossy(&output.stdout)).map_err(fails)?;
    paths.iter().map(|path| library(path)).collect()
}

/// Returns whether one of the program headers names a loader (ELF-64 Object File Format, "Program Header Table").
fn has_interpreter(binary: &[u8]) -> bool {
    let number = |at: usize, length: usize| -> Option<usize> {
        let bytes = binary.get(at..at.checked_add(length)?)?;
        let value = bytes
            .iter()
            .rev()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        usize::try_from(value).ok()
    };
    let headers = || Some((number(32, 8)?, number(54, 2)?, number(56, 2)?));
    let Some((table, size, count)) = headers() else {
        return false;
    };
    (0..count).any(|index| {
        let kind = index
            .checked_mul(size)
            .and_then(|offset| table.checked_add(offset));
        kind.and_then(|at| number(at, 4)) == usize::try_from(INTERPRETER).ok()
    })
}

/// Parses lines such as `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x7f…)`. The kernel's library has no file.
fn parse(text: &str) -> Result<Vec<PathBuf>, String> {
    let mut paths = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.ends_with("not found") {
            return Err(format!("{line}; install the library"));
        }
        let path = line.split_once("=> ").map_or(line, |(_, path)| path);
        let path = path.split_once(" (").map_or(path, |(path, _)| path);
        if path.starts_with('/') {
            paths.push(PathBuf::from(path));
        }
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

fn library(path: &Path) -> Result<Library, Error> {
    let content = fs::read(path).map_err(|error| Error::file(path, error))?;
    Ok(Library {
        path: path.to_string_lossy().trim_start_matches('/').to_owned(),
        content,
        copyright: copyright(path),
    })
}

/// Returns the copyright file of the Debian package that a library comes from, if this is Debian: it has to be passed on
/// with the library.
fn copyright(library: &Path) -> Option<(String, Vec<u8>)> {
    let real = fs::canonicalize(library).ok()?;
    // Where /lib links to /usr/lib, dpkg knows the file by either name.
    let merged = real
        .strip_prefix("/usr")
        .ok()
        .map(|rest| Path::new("/").join(rest));
    [Some(real.clone()), merged]
        .into_iter()
        .flatten()
        .find_map(|path| {
            let output = Command::new("dpkg-query")
                .arg("--search")
                .arg(path)
                .output()
                .ok()?;
            let text = String::from_utf8(output.stdout).ok()?;
            let (package, _) = text.split_once(": ")?;
            let name = package.split(':').next()?.to_owned();
            let content = fs::read(format!("/usr/share/doc/{name}/copyright")).ok()?;
            Some((name, content))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_paths_that_ldd_prints() {
        let text = "\tlinux-vdso.so.1 (0x1)\n\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x2)\n\t/lib64/ld-linux-x86-64.so.2 (0x3)\n";
        let expected = [
            "/lib/x86_64-linux-gnu/libc.so.6",
            "/lib64/ld-linux-x86-64.so.2",
        ];
        assert_eq!(parse(text).unwrap(), expected.map(PathBuf::from));
    }

    #[test]
    fn a_missing_library_is_named() {
        let refused = parse("\tlibx.so.1 => not found\n").unwrap_err();
        assert!(refused.contains("libx.so.1"), "{refused}");
    }

    #[test]
    fn this_test_is_a_dynamic_program() {
        let own = std::env::current_exe().unwrap();
        let binary = fs::read(&own).unwrap();
        assert!(has_interpreter(&binary));
        let libraries = of_program(&own, &binary).unwrap();
        assert!(
            libraries.iter().any(|one| one.path.ends_with("libc.so.6")),
            "{libraries:?}"
        );
    }

    #[test]
    fn what_is_no_program_has_no_interpreter() {
        assert!(!has_interpreter(b""));
        assert!(!has_interpreter(&[0xff; 100]));
    }
}
