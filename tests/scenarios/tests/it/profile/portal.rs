//! The portal of IAM Identity Center with the one operation that a laptop needs: `GetRoleCredentials`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread::{self, JoinHandle};

use serde_json::{Value, json};

/// The access token in the files of `aws sso login`: a secret that no log may contain.
pub(super) const ACCESS_TOKEN: &str = "hush-hush-of-a-login";

/// The expiry of the role's keys, according to the portal.
pub(super) const EXPIRES_AT: &str = "2100-01-01T00:00:00Z";
const EXPIRATION_MILLISECONDS: u64 = 4_102_444_800_000;

/// The lower-case SHA-1 of `corp`: the name of a cache file is the hash of the session's name.
const CORP: &str = "ee0bfd2552fbd840c02cc48b6e823320543c450f";

/// A portal that sends one response, on its own port.
pub(super) struct Portal {
    url: String,
    asked: JoinHandle<Asked>,
}

/// The request that it received.
pub(super) struct Asked {
    pub(super) line: String,
    pub(super) bearer_token: Option<String>,
}

/// Writes the files that `aws sso login` writes for the session `corp`.
pub(super) fn log_in(home: &Path) {
    let cache = home.join(".aws/sso/cache");
    fs::create_dir_all(&cache).unwrap();
    let token = json!({
        "startUrl": "https://corp.example/start",
        "region": "eu-central-1",
        "accessToken": ACCESS_TOKEN,
        "expiresAt": "2099-01-01T00:00:00Z",
    });
    fs::write(cache.join(format!("{CORP}.json")), token.to_string()).unwrap();
}

impl Portal {
    /// Responds once with the keys of `session`, which has the fields of a `credential_process`.
    pub(super) fn start(session: &Value) -> Self {
        let answer = json!({"roleCredentials": {
            "accessKeyId": session["AccessKeyId"],
            "secretAccessKey": session["SecretAccessKey"],
            "sessionToken": session["SessionToken"],
            "expiration": EXPIRATION_MILLISECONDS,
        }});
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            serve(stream, &answer.to_string())
        });
        Self { url, asked }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Waits for the request.
    pub(super) fn asked(self) -> Asked {
        self.asked.join().unwrap()
    }
}

fn serve(mut stream: TcpStream, answer: &str) -> Asked {
    let mut lines = BufReader::new(stream.try_clone().unwrap())
        .lines()
        .map(Result::unwrap)
        .take_while(|line| !line.is_empty());
    let line = lines.next().unwrap();
    let headers: Vec<_> = lines.collect();
    let bearer_token = headers
        .iter()
        .filter_map(|header| header.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("x-amz-sso_bearer_token"))
        .map(|(_, value)| value.to_owned());
    let length = answer.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{answer}"
    )
    .unwrap();
    Asked { line, bearer_token }
}
