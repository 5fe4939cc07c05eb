//! Bodies of the maximum size on AWS, against a domain that verifies their signature.

use std::fs::File;
use std::process::{Command, Stdio};

use interop::fixed::{ENDPOINT, FixedOpenSearch};
use interop::proxy::Proxy;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use interop::client::tool;

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "not-a-secret";
/// The maximum body size of an OpenSearch Service domain ("Network quotas" of its developer guide).
const LARGEST: u64 = 104_857_600;

struct Stage {
    _runtime: Runtime,
    proxy: Proxy,
    folder: TempDir,
}

impl Stage {
    fn set() -> Self {
        let runtime = Runtime::new().unwrap();
        let domain = FixedOpenSearch::start(KEY.to_owned(), SECRET.to_owned(), LARGEST);
        let domain = runtime.block_on(domain).unwrap();
        let folder = TempDir::new().unwrap();
        let ca_file = folder.path().join("ca.pem");
        domain.authority().write_ca(&ca_file).unwrap();
        let environment = [
            ("IRSA_IDENTITY", "env"),
            ("IRSA_CA_FILE", ca_file.to_str().unwrap()),
            ("AWS_ACCESS_KEY_ID", KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
            ("AWS_REGION", "eu-central-1"),
        ];
        let upstream = format!("opensearch://{ENDPOINT}?dial={}", domain.dial());
        let proxy = Proxy::start(&upstream, environment).unwrap();
        Self {
            _runtime: runtime,
            proxy,
            folder,
        }
    }

    /// Returns the status that curl receives for a body of this size; `more` are additional arguments.
    fn upload(&self, bytes: u64, more: &[&str]) -> String {
        let file = self.folder.path().join(format!("body-{bytes}"));
        File::create(&file).unwrap().set_len(bytes).unwrap();
        let output = Command::new("curl")
            .args([
                "--silent",
                "--output",
                "/dev/null",
                "--write-out",
                "%{http_code}",
            ])
            .args([
                "--request",
                "POST",
                "--header",
                "content-type: application/x-ndjson",
            ])
            .args(more)
            .arg("--upload-file")
            .arg(&file)
            .arg(format!("http://{}/_bulk", self.proxy.address()))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_body_of_100_mib_arrives_signed_and_one_byte_more_does_not() {
    if tool("curl").is_none() {
        return;
    }
    let stage = Stage::set();
    for bytes in [1024, 20 * 1024 * 1024, LARGEST] {
        assert_eq!(stage.upload(bytes, &[]), "200", "{bytes}");
    }
    assert_eq!(stage.upload(LARGEST + 1, &[]), "413");
    assert_eq!(stage.upload(1024, &[]), "200", "after the refusal");
}

#[test]
fn a_chunked_body_without_a_length_arrives_too() {
    if tool("curl").is_none() {
        return;
    }
    let stage = Stage::set();
    let chunked = ["--header", "transfer-encoding: chunked"];
    assert_eq!(stage.upload(50 * 1024 * 1024, &chunked), "200");
    assert_eq!(stage.upload(LARGEST + 1, &chunked), "413");
}
