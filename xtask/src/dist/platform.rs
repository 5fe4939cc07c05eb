//! The platforms of a release, and how a program is built for each.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::{image, prepare, process, progress, workspace};

/// Linux with musl, so that one program runs on every distribution, and the image needs no C library.
pub(super) const PLATFORMS: [Platform; 2] = [
    Platform {
        triple: "x86_64-unknown-linux-musl",
        architecture: "amd64",
        processor: "x86_64",
        compiler: "x86_64-linux-gnu-gcc",
    },
    Platform {
        triple: "aarch64-unknown-linux-musl",
        architecture: "arm64",
        processor: "aarch64",
        compiler: "aarch64-linux-gnu-gcc",
    },
];

/// A platform.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Platform {
    /// Rust's name of the target.
    pub(super) triple: &'static str,
    /// Debian's name, which is also that of images.
    pub(super) architecture: &'static str,
    /// The kernel's name (`uname -m`).
    processor: &'static str,
    /// Compiles the C and assembler files of `ring` and `psm`. It does not link.
    compiler: &'static str,
}

/// Returns the platform with this target triple.
pub(super) fn find(triple: &str) -> Result<&'static Platform, Failure> {
    let found = PLATFORMS.iter().find(|platform| platform.triple == triple);
    found.ok_or_else(|| {
        let known = PLATFORMS.map(|platform| platform.triple).join(", ");
        Failure::usage(format!("`{triple}` is not a platform of a release"))
            .remedy(format!("name one of {known}"))
    })
}

/// Installs what the platforms need: the standard library of each, and a C compiler.
pub(super) fn install_tools(platforms: &[&Platform]) -> Result<(), Failure> {
    let emulators: Vec<String> = platforms
        .iter()
        .filter(|platform| !platform.is_native())
        .map(|platform| platform.emulator())
        .collect();
    let compilers = platforms.iter().map(|platform| platform.compiler);
    prepare::install_missing(compilers.chain(emulators.iter().map(String::as_str)));
    for platform in platforms {
        if process::find(platform.compiler).is_none() {
            return Err(Failure::new(format!("`{}` is missing", platform.compiler))
                .remedy("on Debian and Ubuntu, install crossbuild-essential-amd64 and crossbuild-essential-arm64"));
        }
        if process::find("rustup").is_some() {
            let mut rustup = Command::new("rustup");
            rustup.current_dir(workspace::root());
            process::quietly(rustup.args(["target", "add", platform.triple]))?;
        }
    }
    Ok(())
}

impl Platform {
    /// Builds the program into `folder`, and returns its file.
    pub(super) fn build(&self, folder: &Path) -> Result<PathBuf, Failure> {
        progress::heading(&format!("build {}", self.triple));
        let maps = path_maps(folder)?;
        let flags = rust_flags(&maps);
        let c_flags: Vec<String> = maps
            .iter()
            .map(|(path, name)| format!("-ffile-prefix-map={path}={name}"))
            .collect();
        let lower = self.triple.replace('-', "_");
        let mut cargo = workspace::cargo();
        cargo.args(["build", "--locked", "--release", "--package", "irsa"]);
        cargo
            .args(["--target", self.triple])
            .arg("--target-dir")
            .arg(folder);
        cargo
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
            .env("IRSA_COMMIT", image::commit())
            .env(format!("CC_{lower}"), self.compiler)
            // Ubuntu's compiler fortifies by default, with functions that musl lacks.
            .env(
                format!("CFLAGS_{lower}"),
                format!("-U_FORTIFY_SOURCE {}", c_flags.join(" ")),
            );
        progress::timed(&format!("compile for {}", self.triple), || {
            process::quietly(&mut cargo)
        })?;
        Ok(folder.join(self.triple).join("release/irsa"))
    }

    /// Whether this machine runs programs of the platform.
    pub(super) fn is_native(&self) -> bool {
        self.processor == env::consts::ARCH && cfg!(target_os = "linux")
    }

    /// QEMU's emulator of programs for the processor.
    fn emulator(&self) -> String {
        format!("qemu-{}", self.processor)
    }

    /// Runs the program once: by itself on its own platform, otherwise in QEMU if it is installed.
    pub(super) fn try_out(&self, program: &Path, version: &str) -> Result<(), Failure> {
        let emulator = self.emulator();
        let mut command = if self.is_native() {
            Command::new(program)
        } else if process::find(&emulator).is_some() {
            let mut command = Command::new(&emulator);
            command.arg(program);
            command
        } else {
            progress::note(&format!(
                "{} was not run: `{emulator}` (Debian's qemu-user) is not installed",
                program.display()
            ));
            return Ok(());
        };
        let said = process::capture(command.arg("--version"))?;
        let expected = format!("irsa {version} ({})", image::commit());
        if said.trim() == expected {
            progress::note(&format!("{}: {expected}", self.triple));
            return Ok(());
        }
        Err(Failure::new(format!(
            "`{} --version` prints `{}`, not `{expected}`",
            program.display(),
            said.trim()
        )))
    }
}

/// Links with Rust's own linker, start files and musl, so that no cross linker is needed.
fn rust_flags(maps: &[(String, &str)]) -> Vec<String> {
    let mut flags: Vec<String> = [
        "-Clinker=rust-lld",
        "-Clinker-flavor=ld.lld",
        "-Clink-self-contained=yes",
        "-Ctarget-feature=+crt-static",
    ]
    .map(str::to_owned)
    .into();
    flags.extend(
        maps.iter()
            .map(|(path, name)| format!("--remap-path-prefix={path}={name}")),
    );
    flags
}

/// The paths that differ from machine to machine, each with its name in the program.
fn path_maps(target: &Path) -> Result<[(String, &'static str); 3], Failure> {
    let home = env::var_os("HOME").unwrap_or_else(|| OsString::from("/"));
    let cargo =
        env::var_os("CARGO_HOME").map_or_else(|| Path::new(&home).join(".cargo"), PathBuf::from);
    // The last match applies, and the target directory is usually in the workspace.
    let paths = [
        (cargo.as_path(), "/cargo"),
        (workspace::root(), "/irsa"),
        (target, "/target"),
    ];
    for (path, _) in paths {
        let text = path.to_str().unwrap_or(" ");
        if text.contains([' ', '=']) {
            return Err(Failure::new(format!(
                "`{}` contains a space, `=` or bytes that are not UTF-8",
                path.display()
            ))
            .remedy("move it to a different path, because compilers take it in their options"));
        }
    }
    Ok(paths.map(|(path, name)| (path.to_string_lossy().into_owned(), name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_machine_are_mapped() {
        let maps = path_maps(Path::new("/t")).unwrap();
        let flags = rust_flags(&maps);
        let root = workspace::root().display();
        assert!(
            flags.contains(&format!("--remap-path-prefix={root}=/irsa")),
            "{flags:?}"
        );
        assert!(
            flags.contains(&"--remap-path-prefix=/t=/target".to_owned()),
            "{flags:?}"
        );
    }

    #[test]
    fn a_path_that_options_cannot_carry_is_refused() {
        let refused = path_maps(Path::new("/a b")).unwrap_err();
        assert!(refused.to_string().contains("`/a b`"), "{refused}");
    }

    #[test]
    fn exactly_one_platform_is_native() {
        let native = PLATFORMS.iter().filter(|platform| platform.is_native());
        assert_eq!(native.count(), 1);
    }
}
