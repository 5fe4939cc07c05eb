//! The image in the form of the OCI Image Format Specification 1.1: configuration, manifest, index, and the archive of an
//! image layout.

use std::io;

use serde_json::{Value, json};
use tar::Builder;

use crate::digest::sha256;
use crate::layer::{Entry, Packed, append};
use crate::root::{PROGRAM, USER};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIGURATION: &str = "application/vnd.oci.image.config.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A processor architecture by its name in images, which is Go's (`GOARCH`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    Amd64,
    Arm64,
}

/// An image.
#[derive(Debug)]
pub(crate) struct Image {
    /// The layer that rarely changes.
    pub(crate) base: Packed,
    /// The layer of this version.
    pub(crate) program: Packed,
    pub(crate) architecture: Architecture,
    /// Seconds since 1970.
    pub(crate) created: u64,
    pub(crate) version: String,
    pub(crate) commit: String,
}

// === impl Architecture ===

impl Architecture {
    /// Reads the architecture from the header of a program: `e_machine` of the ELF specification, little-endian.
    pub(crate) fn from_elf(binary: &[u8]) -> Option<Self> {
        let header = binary.get(..20)?;
        if !header.starts_with(b"\x7fELF\x02\x01") {
            return None;
        }
        match header.get(18..20)? {
            [62, 0] => Some(Self::Amd64),
            [183, 0] => Some(Self::Arm64),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

// === impl Image ===

impl Image {
    /// Returns the archive of an image layout, and the digest of the manifest.
    pub(crate) fn archive(&self) -> io::Result<(Vec<u8>, String)> {
        let mut blobs = Blobs::new(self.created);
        let layers = [&self.base, &self.program];
        let described = layers.map(|layer| blobs.add(LAYER, layer.blob.clone()));
        let configuration = blobs.add(CONFIGURATION, text(&self.configuration()));
        let mut manifest = blobs.add(
            MANIFEST,
            text(&json!({
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": configuration,
                "layers": described,
                "annotations": self.labels(),
            })),
        );
        let digest = manifest["digest"].as_str().unwrap_or_default().to_owned();
        // The name by which tools address an image in a layout.
        manifest["annotations"] = json!({"org.opencontainers.image.ref.name": self.version});
        manifest["platform"] = json!({"architecture": self.architecture.name(), "os": "linux"});
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [manifest]});
        Ok((blobs.layout(&index)?, digest))
    }

    fn configuration(&self) -> Value {
        let created = self.created();
        let history = ["users, certificate authorities, libraries", "irsa"]
            .map(|what| json!({"created": created, "created_by": "irsa-image", "comment": what}));
        let layers = [&self.base, &self.program];
        json!({
            "created": created,
            "architecture": self.architecture.name(),
            "os": "linux",
            "config": {
                "User": format!("{USER}:{USER}"),
                "Entrypoint": [format!("/{PROGRAM}")],
                "Env": ["PATH=/usr/bin"],
                "WorkingDir": "/",
                "StopSignal": "SIGTERM",
                "Labels": self.labels(),
            },
            "rootfs": {
                "type": "layers",
                "diff_ids": layers.map(|layer| format!("sha256:{}", layer.diff_id)),
            },
            "history": history,
        })
    }

    /// The keys that the specification defines ("Annotations").
    fn labels(&self) -> Value {
        json!({
            "org.opencontainers.image.title": "irsa",
            "org.opencontainers.image.description":
                "Connects workloads on Kubernetes to AWS data stores as the pod's IAM role",
            "org.opencontainers.image.licenses": "Apache-2.0",
            "org.opencontainers.image.version": self.version,
            "org.opencontainers.image.revision": self.commit,
            "org.opencontainers.image.created": self.created(),
        })
    }

    fn created(&self) -> String {
        irsa_chain::timestamp::rfc3339_from_unix(self.created)
    }
}

/// The blobs of an image layout.
#[derive(Debug)]
struct Blobs {
    files: Vec<(String, Vec<u8>)>,
    epoch: u64,
}

// === impl Blobs ===

impl Blobs {
    const fn new(epoch: u64) -> Self {
        Self {
            files: Vec::new(),
            epoch,
        }
    }

    /// Adds a blob and returns its descriptor.
    fn add(&mut self, media_type: &str, content: Vec<u8>) -> Value {
        let digest = sha256(&content);
        let descriptor = json!({
            "mediaType": media_type,
            "digest": format!("sha256:{digest}"),
            "size": content.len(),
        });
        self.files.push((format!("blobs/sha256/{digest}"), content));
        descriptor
    }

    fn layout(mut self, index: &Value) -> io::Result<Vec<u8>> {
        let version = json!({"imageLayoutVersion": "1.0.0"});
        self.files.push(("oci-layout".to_owned(), text(&version)));
        self.files.push(("index.json".to_owned(), text(index)));
        self.files.sort();
        self.files.dedup();
        let mut archive = Builder::new(Vec::new());
        for folder in ["blobs", "blobs/sha256"] {
            append(
                &mut archive,
                folder,
                &Entry::Folder { mode: 0o755 },
                self.epoch,
            )?;
        }
        for (path, content) in self.files {
            let file = Entry::File {
                mode: 0o644,
                content,
            };
            append(&mut archive, &path, &file, self.epoch)?;
        }
        archive.into_inner()
    }
}

fn text(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_architecture_is_that_of_the_program() {
        let mut header = b"\x7fELF\x02\x01".to_vec();
        header.resize(18, 0);
        let with = |machine: [u8; 2]| [header.as_slice(), &machine].concat();
        assert_eq!(
            Architecture::from_elf(&with([62, 0])),
            Some(Architecture::Amd64)
        );
        assert_eq!(
            Architecture::from_elf(&with([183, 0])),
            Some(Architecture::Arm64)
        );
        assert_eq!(Architecture::from_elf(&with([3, 0])), None);
        assert_eq!(Architecture::from_elf(b"#!/bin/sh"), None);
        assert_eq!(Architecture::from_elf(&[]), None);
    }

    /// A build with a container engine gives the same image. The engine records the time of the build by itself.
    #[test]
    fn the_containerfile_gives_the_same_configuration() {
        let packed = || Packed {
            blob: Vec::new(),
            diff_id: String::new(),
        };
        let image = Image {
            base: packed(),
            program: packed(),
            architecture: Architecture::Amd64,
            created: 0,
            version: "${IRSA_VERSION}".to_owned(),
            commit: "${IRSA_COMMIT}".to_owned(),
        };
        let configuration = &image.configuration()["config"];
        let word = |key: &str| configuration[key].as_str().unwrap().to_owned();
        let mut expected = vec![
            format!("USER {}", word("User")),
            format!("ENTRYPOINT {}", configuration["Entrypoint"]),
            format!("ENV {}", configuration["Env"][0].as_str().unwrap()),
            format!("WORKDIR {}", word("WorkingDir")),
            format!("STOPSIGNAL {}", word("StopSignal")),
            "FROM scratch".to_owned(),
        ];
        let labels = configuration["Labels"].as_object().unwrap();
        let labels = labels.iter().filter(|(key, _)| !key.ends_with(".created"));
        expected.extend(labels.map(|(key, value)| format!("LABEL {key}={value}")));
        assert_eq!(expected.len(), 11);

        let file = include_str!("../../../Containerfile");
        for line in expected {
            assert!(
                file.lines().any(|one| one == line),
                "{line} is not in\n{file}"
            );
        }
    }
}
