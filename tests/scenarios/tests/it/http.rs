//! A minimal HTTP client for the admin listeners.

use std::io::{Read, Write};
use std::net::TcpStream;

/// A complete response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Sends a request without a body on a new connection.
pub(crate) fn call(address: &str, method: &str, path: &str, headers: &[&str]) -> Answer {
    send(address, method, path, headers, "")
}

/// Sends a JSON document on a new connection.
pub(crate) fn call_json(address: &str, method: &str, path: &str, body: &str) -> Answer {
    let length = format!("Content-Length: {}", body.len());
    send(
        address,
        method,
        path,
        &["Content-Type: application/json", &length],
        body,
    )
}

fn send(address: &str, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    let more = headers.join("\r\n");
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{more}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}
