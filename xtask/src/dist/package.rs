//! Archives, Debian packages, the chart, and checksums.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::platform::Platform;
use crate::failure::Failure;
use crate::{process, workspace};

/// The chart of the webhook.
const CHART: &str = "deploy/charts/irsa";

/// Name of the file with the checksums.
pub(super) const CHECKSUMS: &str = "SHA256SUMS";

/// A release and where its files go.
#[derive(Debug)]
pub(super) struct Release<'a> {
    pub(super) version: String,
    /// Time of all files in seconds since 1970.
    pub(super) epoch: u64,
    pub(super) out: &'a Path,
    /// Completion scripts and manual pages.
    pub(super) documents: &'a Path,
    /// Where files are put together before they are packed.
    pub(super) staged: &'a Path,
}

impl Release<'_> {
    /// Packs the program with its license, README, completion scripts and manual pages.
    pub(super) fn archive(&self, platform: &Platform, program: &Path) -> Result<(), Failure> {
        let name = format!("irsa-{}-linux-{}", self.version, platform.architecture);
        let folder = self.staged.join(&name);
        place(program, &folder.join("irsa"), 0o755)?;
        for file in ["LICENSE", "README.md", "CHANGELOG.md"] {
            place(&workspace::root().join(file), &folder.join(file), 0o644)?;
        }
        for part in ["completions", "man"] {
            for file in files(&self.documents.join(part))? {
                place(&file, &folder.join(part).join(name_of(&file)), 0o644)?;
            }
        }
        self.compress(&name, &format!("{name}.tar.gz"))
    }

    /// Packs the program for Debian and Ubuntu (Debian Policy, chapters 5, 9 and 12).
    pub(super) fn debian_package(
        &self,
        platform: &Platform,
        program: &Path,
    ) -> Result<(), Failure> {
        let folder = self.staged.join(format!("deb-{}", platform.architecture));
        place(program, &folder.join("usr/bin/irsa"), 0o755)?;
        let license = workspace::root().join("LICENSE");
        place(
            &license,
            &folder.join("usr/share/doc/irsa/copyright"),
            0o644,
        )?;
        for (script, path) in COMPLETIONS {
            let script = self.documents.join("completions").join(script);
            place(&script, &folder.join("usr/share").join(path), 0o644)?;
        }
        for page in files(&self.documents.join("man"))? {
            let path = folder.join("usr/share/man/man1").join(name_of(&page));
            place(&page, &path, 0o644)?;
            process::quietly(Command::new("gzip").args(["-9n"]).arg(&path))?;
        }
        let control = folder.join("DEBIAN/control");
        write(&control, &self.control(platform))?;
        let file = format!("irsa_{}_{}.deb", self.version, platform.architecture);
        let mut pack = Command::new("dpkg-deb");
        pack.args(["--root-owner-group", "-Zxz", "--build"]);
        pack.arg(&folder).arg(self.out.join(file));
        process::quietly(pack.env("SOURCE_DATE_EPOCH", self.epoch.to_string()))
    }

    fn control(&self, platform: &Platform) -> String {
        format!(
            "Package: irsa\n\
             Version: {}\n\
             Architecture: {}\n\
             Maintainer: The irsa authors\n\
             Section: net\n\
             Priority: optional\n\
             Description: IAM authentication for PostgreSQL and OpenSearch, for unmodified software\n \
             A proxy that authenticates to Amazon RDS, Aurora and OpenSearch as the IAM role of a\n \
             Kubernetes service account, a doctor that names the broken link, and a policy engine.\n",
            self.version, platform.architecture
        )
    }

    /// Packs the chart as `helm package` does: the chart's directory in an archive named after it.
    pub(super) fn chart(&self) -> Result<(), Failure> {
        let source = workspace::root().join(CHART);
        let folder = self.staged.join("irsa");
        copy_folder(&source, &folder)?;
        self.compress("irsa", &format!("irsa-{}.tgz", self.version))
    }

    /// Writes the checksums, in the form that `sha256sum --check` reads.
    pub(super) fn checksums(&self) -> Result<(), Failure> {
        let names: Vec<String> = files(self.out)?.iter().map(|file| name_of(file)).collect();
        let mut sums = Command::new("sha256sum");
        let text = process::capture(sums.current_dir(self.out).args(names))?;
        write(&self.out.join(CHECKSUMS), &text)
    }

    /// Packs `name` in the staging directory into a compressed archive whose bytes depend on names and contents alone.
    fn compress(&self, name: &str, file: &str) -> Result<(), Failure> {
        let archive = self.staged.join(file).with_extension("uncompressed");
        let mut tar = Command::new("tar");
        tar.args(["--create", "--format=ustar", "--sort=name"]);
        tar.args(["--owner=0", "--group=0", "--numeric-owner"]);
        tar.args(["--mode=u=rwX,go=rX", &format!("--mtime=@{}", self.epoch)]);
        tar.arg("--file")
            .arg(&archive)
            .arg("--directory")
            .arg(self.staged);
        process::quietly(tar.arg(name))?;
        process::quietly(
            Command::new("gzip")
                .args(["-9n", "--suffix=.gz"])
                .arg(&archive),
        )?;
        let mut packed = archive.into_os_string();
        packed.push(".gz");
        let packed = PathBuf::from(packed);
        let out = self.out.join(file);
        fs::copy(&packed, &out).map_err(Failure::file(&out))?;
        Ok(())
    }
}

/// Where Debian's shells look for completion scripts, below /usr/share.
const COMPLETIONS: [(&str, &str); 3] = [
    ("irsa.bash", "bash-completion/completions/irsa"),
    ("irsa.fish", "fish/vendor_completions.d/irsa.fish"),
    ("irsa.zsh", "zsh/vendor-completions/_irsa"),
];

/// Copies a file, creates the directories above it, and sets its permissions, whatever the umask is.
fn place(from: &Path, to: &Path, mode: u32) -> Result<(), Failure> {
    let mut install = Command::new("install");
    install.arg("-D").arg(format!("--mode={mode:o}"));
    process::quietly(install.arg(from).arg(to))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        process::quietly(
            Command::new("install")
                .args(["-d", "--mode=755"])
                .arg(folder),
        )?;
    }
    fs::write(path, text).map_err(Failure::file(path))
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(from).map_err(Failure::file(from))? {
        let path = entry.map_err(Failure::file(from))?.path();
        let target = to.join(name_of(&path));
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else {
            place(&path, &target, 0o644)?;
        }
    }
    Ok(())
}

/// Returns the files in a directory by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(Failure::file(folder))?;
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(Failure::file(folder))?;
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;
    use crate::dist::platform::PLATFORMS;

    /// Packs a stand-in for the program, and returns the checksums.
    fn pack(folder: &Path) -> String {
        let (out, documents) = (folder.join("out"), folder.join("documents"));
        let staged = folder.join("staged");
        fs::create_dir_all(&out).unwrap();
        let program = folder.join("program");
        write(&program, "#!/bin/sh\n").unwrap();
        for (script, _) in COMPLETIONS {
            write(&documents.join("completions").join(script), script).unwrap();
        }
        write(&documents.join("man/irsa.1"), ".TH irsa 1\n").unwrap();
        let release = Release {
            version: "0.1.0".to_owned(),
            // In the past, as that of a commit: dpkg-deb replaces only later times.
            epoch: 1_700_000_000,
            out: &out,
            documents: &documents,
            staged: &staged,
        };
        for platform in &PLATFORMS {
            release.archive(platform, &program).unwrap();
            release.debian_package(platform, &program).unwrap();
        }
        release.chart().unwrap();
        release.checksums().unwrap();
        fs::read_to_string(out.join(CHECKSUMS)).unwrap()
    }

    fn listed(command: &mut Command) -> String {
        process::capture(command).unwrap()
    }

    /// `dpkg-deb` and GNU tar are those of Debian, as in CI.
    #[test]
    fn the_same_files_give_the_same_packages_anywhere() {
        let folder = env::temp_dir().join(format!("irsa-dist-{}", std::process::id()));
        let (first, second) = (pack(&folder.join("a")), pack(&folder.join("b/c")));
        assert_eq!(first, second);
        assert_eq!(first.lines().count(), 5, "{first}");

        let out = folder.join("a/out");
        let archive = out.join("irsa-0.1.0-linux-arm64.tar.gz");
        let files = listed(Command::new("tar").arg("-tzvf").arg(archive));
        let program = "-rwxr-xr-x 0/0";
        let has = |line: &str| {
            line.starts_with(program) && line.ends_with(" irsa-0.1.0-linux-arm64/irsa")
        };
        assert!(files.lines().any(has), "{files}");

        let package = out.join("irsa_0.1.0_arm64.deb");
        let about = listed(Command::new("dpkg-deb").arg("--info").arg(&package));
        assert!(about.contains("Architecture: arm64"), "{about}");
        let files = listed(Command::new("dpkg-deb").arg("--contents").arg(&package));
        for path in ["./usr/bin/irsa", "./usr/share/man/man1/irsa.1.gz"] {
            assert!(files.contains(path), "{path} is not in\n{files}");
        }

        let chart = out.join("irsa-0.1.0.tgz");
        let files = listed(Command::new("tar").arg("-tzf").arg(chart));
        assert!(
            files.lines().any(|line| line == "irsa/Chart.yaml"),
            "{files}"
        );
        fs::remove_dir_all(&folder).unwrap();
    }

    /// The chart installs the image of the same version.
    #[test]
    fn the_chart_has_the_version_of_the_workspace() {
        let chart = workspace::root().join(CHART).join("Chart.yaml");
        let chart = fs::read_to_string(chart).unwrap();
        let version = env!("CARGO_PKG_VERSION");
        for key in ["version", "appVersion"] {
            let line = |quote: &str| format!("{key}: {quote}{version}{quote}");
            let has = |text: &str| text == line("") || text == line("\"");
            assert!(chart.lines().any(has), "{key} {version} is not in\n{chart}");
        }
    }
}
