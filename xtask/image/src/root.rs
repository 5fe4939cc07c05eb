//! The root file system of the image: what the program needs, and nothing else. There is no shell.

use crate::certificates;
use crate::layer::Layer;
use crate::libraries::Library;

/// The user of the image, by the custom of images without root. Kubernetes compares numbers, not names.
pub(crate) const USER: u32 = 65_532;

/// The path of the program.
pub(crate) const PROGRAM: &str = "usr/bin/irsa";

/// The files of irsa itself.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    pub(crate) binary: &'a [u8],
    /// The bill of materials.
    pub(crate) bom: &'a [u8],
    pub(crate) license: &'a [u8],
}

/// The layer that rarely changes: users, certificate authorities, libraries.
pub(crate) fn base(libraries: &[Library]) -> Layer {
    let mut layer = Layer::default();
    layer.file("etc/passwd", 0o644, passwd());
    layer.file("etc/group", 0o644, format!("root:x:0:\nirsa:x:{USER}:\n"));
    // glibc reads it; musl always uses both sources, in this order.
    layer.file("etc/nsswitch.conf", 0o644, *b"hosts: files dns\n");
    layer.file(
        "etc/ssl/certs/ca-certificates.crt",
        0o644,
        certificates::pem(),
    );
    layer.folder("tmp", 0o1777);
    for library in libraries {
        layer.file(&library.path, 0o755, library.content.clone());
        if let Some((name, text)) = &library.copyright {
            let path = format!("usr/share/doc/{name}/copyright");
            layer.file(&path, 0o644, text.clone());
        }
    }
    layer
}

fn passwd() -> String {
    let shell = "/sbin/nologin";
    format!("root:x:0:0:root:/:{shell}\nirsa:x:{USER}:{USER}:irsa:/:{shell}\n")
}

/// The layer of a version.
pub(crate) fn program(program: &Program<'_>) -> Layer {
    let mut layer = Layer::default();
    layer.file(PROGRAM, 0o755, program.binary);
    layer.file("usr/share/doc/irsa/LICENSE", 0o644, program.license);
    // Scanners look for bills of materials in this folder.
    layer.file("usr/local/share/sbom/irsa.cdx.json", 0o644, program.bom);
    layer
}
