//! Servers that a test plays.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::KubeReader;

/// Returns a reader for the API at `url`; its kubeconfig is in `folder`.
pub(crate) async fn reader_of(url: &str, folder: &Path) -> KubeReader {
    let file = folder.join("kubeconfig");
    let text = format!(
        "clusters: [{{name: c, cluster: {{server: '{url}'}}}}]\n\
         contexts: [{{name: x, context: {{cluster: c}}}}]\ncurrent-context: x\n"
    );
    fs::write(&file, text).unwrap();
    KubeReader::connect(Some(&file), None).await.unwrap()
}

/// A response of a [`ScriptedApi`].
pub(crate) enum Reply {
    /// A complete response with this status.
    Whole(u16, String),
    /// The lines of a watch, and what follows them.
    Lines(Vec<String>, End),
}

/// The end of a watch.
pub(crate) enum End {
    /// The response ends.
    Regular,
    /// The connection is closed although the response is incomplete.
    Cut,
    /// Nothing more is sent, and the connection stays open.
    Silence,
}

/// An API server whose responses a function decides, from the request's number, counted from 0, and its path.
pub(crate) struct ScriptedApi {
    pub(crate) reader: KubeReader,
    requests: mpsc::UnboundedReceiver<String>,
    _folder: TempDir,
}

impl ScriptedApi {
    pub(crate) async fn start(
        script: impl Fn(usize, &str) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = mpsc::unbounded_channel();
        let count = Arc::new(AtomicUsize::new(0));
        let script = Arc::new(script);
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let (script, sender, count) = (script.clone(), sender.clone(), count.clone());
                tokio::spawn(async move {
                    while let Some(path) = request(&mut connection).await {
                        let number = count.fetch_add(1, Ordering::SeqCst);
                        let reply = script(number, &path);
                        let _ = sender.send(path);
                        send(&mut connection, reply).await?;
                    }
                    Some(())
                });
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let reader = reader_of(&url, folder.path()).await;
        Self {
            reader,
            requests,
            _folder: folder,
        }
    }

    /// The method, path and query of the next request.
    pub(crate) async fn request(&mut self) -> String {
        self.requests.recv().await.unwrap()
    }
}

/// Reads a request without a body; `None` if the connection ends.
async fn request(connection: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(connection.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut words = head.split(' ');
    Some(format!("{} {}", words.next()?, words.next()?))
}

/// Sends a response; `None` if the connection cannot be used for another one.
async fn send(connection: &mut TcpStream, reply: Reply) -> Option<()> {
    match reply {
        Reply::Whole(status, body) => {
            let head = format!(
                "HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            let response = head + &body;
            connection.write_all(response.as_bytes()).await.ok()
        }
        Reply::Lines(lines, end) => {
            let mut response = "HTTP/1.1 200 x\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
            for line in lines {
                write!(response, "{:x}\r\n{line}\n\r\n", line.len() + 1).unwrap();
            }
            if matches!(end, End::Regular) {
                response += "0\r\n\r\n";
            }
            connection.write_all(response.as_bytes()).await.ok()?;
            match end {
                End::Regular => Some(()),
                End::Cut => None,
                // Ends when the client closes the connection.
                End::Silence => connection.read_u8().await.ok().map(|_| ()),
            }
        }
    }
}
