//! A module registry on loopback (Terraform, "Module Registry Protocol"). It serves the stand-ins for the modules.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::TerraformError;
use crate::files::FileError;

/// A module in the registry: its address, and its versions with their directories.
struct Module {
    address: &'static str,
    versions: &'static [(&'static str, &'static str)],
}

const REGISTRY: [Module; 2] = [
    Module {
        address: "terraform-aws-modules/eks/aws",
        versions: &[
            ("19.15.3", "eks-19"),
            ("20.37.2", "eks-20"),
            ("21.19.0", "eks-21"),
        ],
    },
    Module {
        address: "terraform-aws-modules/iam/aws",
        versions: &[("5.28.0", "iam-5"), ("5.60.0", "iam-5"), ("6.5.0", "iam-6")],
    },
];

/// Maximum size of a request.
const MAX_REQUEST: u64 = 8_192;
/// Time limit for a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running registry. It stops when this value is dropped.
#[derive(Debug)]
pub(super) struct Registry {
    address: SocketAddr,
    is_stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Registry {
    /// Serves the modules in the directory.
    pub(super) fn start(modules: PathBuf) -> Result<Self, TerraformError> {
        let failed = || FileError::when("listen at", "127.0.0.1");
        let listener = TcpListener::bind("127.0.0.1:0").map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        let is_stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_stopping);
        let thread = thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                // A client that hangs up reports that itself.
                let _ = serve(&connection, &modules);
            }
        });
        Ok(Self {
            address,
            is_stopping,
            thread: Some(thread),
        })
    }

    /// The base URL of the module registry.
    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        // Wakes the thread.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut connection: &TcpStream, modules: &Path) -> std::io::Result<()> {
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    let mut request = BufReader::new(connection.take(MAX_REQUEST));
    let mut first = String::new();
    request.read_line(&mut first)?;
    let mut line = String::new();
    while request.read_line(&mut line)? > 2 {
        line.clear();
    }
    let path = first.split(' ').nth(1).unwrap_or_default();
    connection.write_all(response(path, modules).as_bytes())
}

fn response(path: &str, modules: &Path) -> String {
    match answer(path, modules) {
        Some(Answer::Versions(json)) => format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{json}",
            json.len()
        ),
        Some(Answer::Source(source)) => {
            format!(
                "HTTP/1.1 204 No Content\r\nX-Terraform-Get: {source}\r\nConnection: close\r\n\r\n"
            )
        }
        None => {
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
        }
    }
}

enum Answer {
    Versions(String),
    Source(String),
}

fn answer(path: &str, modules: &Path) -> Option<Answer> {
    let path = path.trim_start_matches('/');
    let module = REGISTRY
        .iter()
        .find(|module| path.starts_with(module.address))?;
    let rest = path.strip_prefix(module.address)?.strip_prefix('/')?;
    if rest == "versions" {
        return Some(Answer::Versions(versions(module)));
    }
    let version = rest.strip_suffix("/download")?;
    let mut known = module.versions.iter();
    let (_, folder) = known.find(|(known, _)| *known == version)?;
    let source = modules.join(folder);
    Some(Answer::Source(format!("file://{}", source.display())))
}

fn versions(module: &Module) -> String {
    let versions = module.versions.iter();
    let listed: Vec<_> = versions
        .map(|(version, _)| format!(r#"{{"version": "{version}"}}"#))
        .collect();
    format!(
        r#"{{"modules": [{{"versions": [{}]}}]}}"#,
        listed.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_what_it_has_and_nothing_else() {
        let answered = |path| response(path, Path::new("/cache/modules"));
        let versions = answered("/terraform-aws-modules/iam/aws/versions");
        assert!(
            versions.ends_with(r#"{"version": "6.5.0"}]}]}"#),
            "{versions}"
        );
        let source = answered("/terraform-aws-modules/iam/aws/6.5.0/download");
        assert!(source.contains("X-Terraform-Get: file:///cache/modules/iam-6\r\n"));
        for path in [
            "/terraform-aws-modules/iam/aws/7.0.0/download",
            "/terraform-aws-modules/iam/awsversions",
            "/terraform-aws-modules/vpc/aws/versions",
            "",
        ] {
            assert!(answered(path).starts_with("HTTP/1.1 404"), "{path}");
        }
    }
}
