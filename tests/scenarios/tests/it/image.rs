//! The image: unpacked by `umoci`, its program runs as the image's user, with nothing else of this machine's files.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use crate::pod::{USER, WORKLOAD};
use crate::proxy::Proxy;
use crate::sql::Session;
use crate::stage::{self, Stage};
use irsa_testing::program::{finish, path};

/// Runs the program of an image as a container runtime does: a read-only root file system, no privileges that it could
/// gain, and the image's user.
pub(crate) const RUN: &str = r#"root=$1; shift
mount --bind "$root" "$root" && mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs chroot --userspec=65532:65532 "$root" /usr/bin/irsa "$@""#;

/// An image, and its root file system.
pub(crate) struct Image {
    folder: TempDir,
}

// === impl Image ===

impl Image {
    /// The image that the tests share.
    pub(crate) fn shared() -> Arc<Self> {
        static IMAGE: irsa_testing::Shared<Image> = irsa_testing::Shared::new();
        let image = IMAGE.get_or_start(|| Some(Self::packed()));
        image.expect("it was packed")
    }

    /// Packs the program that the tests use, and unpacks it again.
    fn packed() -> Self {
        let image = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let binary = image.path("irsa");
        let mut strip = Command::new("strip");
        finish(strip.arg("-o").arg(&binary).arg(path("irsa"))).printed();
        fs::write(image.path("irsa.cdx.json"), "{}").unwrap();
        image.pack("irsa.tar");
        image.unpack();
        image
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn pack(&self, archive: &str) {
        let mut pack = Command::new(path("irsa-image"));
        pack.arg("--binary").arg(self.path("irsa"));
        pack.arg("--bom").arg(self.path("irsa.cdx.json"));
        pack.arg("--license")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../LICENSE"));
        pack.args([
            "--release",
            "1.2.3",
            "--commit",
            "abc",
            "--epoch",
            "1000000000",
        ]);
        pack.arg("--out").arg(self.path(archive));
        let digest = finish(&mut pack).printed().to_owned();
        assert!(digest.starts_with("sha256:"), "{digest}");
    }

    fn unpack(&self) {
        let layout = self.path("layout");
        fs::create_dir(&layout).unwrap();
        let mut tar = Command::new("tar");
        tar.arg("-xf")
            .arg(self.path("irsa.tar"))
            .arg("-C")
            .arg(&layout);
        finish(&mut tar).printed();
        let mut umoci = Command::new("umoci");
        umoci
            .args(["unpack", "--image"])
            .arg(format!("{}:1.2.3", layout.display()));
        finish(umoci.arg(self.path("bundle"))).printed();
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.path("bundle/rootfs")
    }

    /// The configuration that container runtimes read.
    fn configuration(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path("bundle/config.json")).unwrap()).unwrap()
    }

    /// Returns the command of the image's program.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-ec", RUN, "sh"]);
        command.arg(self.root()).args(arguments);
        command
    }

    /// Gives the program a workload's environment, with copies of the files that it names.
    fn run_as_pod(&self, stage: &Arc<Stage>, command: &mut Command) {
        let mounts = self.root().join("run/pod");
        fs::create_dir_all(&mounts).unwrap();
        for (name, value) in &stage.workload(WORKLOAD).environment {
            let is_file = value.starts_with('/') && Path::new(value).is_file();
            if is_file {
                fs::copy(value, mounts.join(name)).unwrap();
                let readable = Permissions::from_mode(0o644);
                fs::set_permissions(mounts.join(name), readable).unwrap();
                command.env(name, format!("/run/pod/{name}"));
            } else {
                command.env(name, value);
            }
        }
        command.env("IRSA_UPSTREAMS", stage.upstream());
    }
}

#[test]
fn the_program_of_the_image_reaches_the_database_as_an_unprivileged_user() {
    let image = Image::shared();
    let configuration = image.configuration();
    assert_eq!(configuration["process"]["user"]["uid"], 65_532);
    assert_eq!(configuration["process"]["args"][0], "/usr/bin/irsa");

    let stage = stage::shared();
    let mut command = image.command(&["proxy", "--status-address", "127.0.0.1:0"]);
    image.run_as_pod(&stage, &mut command);
    let proxy = Proxy::start(&mut command, Some(Arc::clone(&stage)));
    let session = Session::open(&stage, &proxy.address("listening"), USER, USER).unwrap();
    assert_eq!(session.query("SELECT current_user").unwrap(), USER);
}

#[test]
fn the_image_contains_irsa_and_no_lab_and_no_shell() {
    let image = Image::shared();
    let mut files = Vec::new();
    irsa_testing::add_files_below(&image.root(), &mut files);
    let root = image.root();
    let names: Vec<_> = files
        .iter()
        .map(|file| file.strip_prefix(&root).unwrap().display().to_string())
        .filter(|name| !name.starts_with("lib") && !name.ends_with("/copyright"))
        .filter(|name| !name.starts_with("run/pod/"))
        .collect();
    let expected = [
        "etc/group",
        "etc/nsswitch.conf",
        "etc/passwd",
        "etc/ssl/certs/ca-certificates.crt",
        "usr/bin/irsa",
        "usr/local/share/sbom/irsa.cdx.json",
        "usr/share/doc/irsa/LICENSE",
    ];
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(sorted, expected);
    let version = finish(&mut image.command(&["--version"]));
    assert!(version.printed().starts_with("irsa "), "{version:?}");
}

#[test]
fn packing_twice_gives_the_same_bytes() {
    let image = Image::shared();
    image.pack("again.tar");
    let read = |name| fs::read(image.path(name)).unwrap();
    assert!(read("irsa.tar") == read("again.tar"), "the archives differ");
}
