//! Attacks by clients that can reach the public admin listener.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::proxy::Proxy;
use irsa_testing::program::{PATIENCE, irsa_with_keys};

const ENDPOINT: &str = "shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com";
const LIVEZ: &[u8] = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const MIB: usize = 1024 * 1024;
/// Number of threads of each attack, and of requests of each thread.
const THREADS: usize = 8;
const CONNECTIONS: usize = 33;
const ROUNDS: usize = 3;

fn proxy(wrap: impl FnOnce(Command) -> Command) -> Proxy {
    let upstream = format!("postgres://{ENDPOINT}?listen=127.0.0.1:0");
    let admin = ["--admin-address", "127.0.0.1:0", "--status-address", "off"];
    let arguments = [&["proxy", &upstream], &admin[..]].concat();
    Proxy::start(&mut wrap(irsa_with_keys(&arguments)), None)
}

/// Sends a probe like the kubelet.
fn probe(address: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(LIVEZ).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("alive\n"), "{answer}");
}

/// Sends `bytes` on many connections without reading, and drops those that the proxy closes. Returns those that are
/// open at the end.
fn flood(address: &str, bytes: &[u8], done: &AtomicUsize) -> Vec<TcpStream> {
    let mut held = Vec::new();
    for _ in 0..ROUNDS {
        held.clear();
        for _ in 0..CONNECTIONS {
            let mut stream = TcpStream::connect(address).unwrap();
            stream
                .set_write_timeout(Some(Duration::from_millis(50)))
                .unwrap();
            let is_open = match stream.write_all(bytes) {
                Ok(()) => true,
                Err(error) => error.kind() == ErrorKind::WouldBlock,
            };
            if is_open {
                held.push(stream);
            }
        }
    }
    done.fetch_add(1, Ordering::Relaxed);
    held
}

#[test]
fn the_admin_listener_responds_in_bounded_memory_under_attack() {
    let proxy = proxy(|command| command);
    let address = proxy.address("admin");
    let body = format!("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: {MIB}\r\n\r\n");
    let bodies = [body.into_bytes(), vec![b'x'; MIB - 1]].concat();
    let metrics = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(10_000);
    let done = Arc::new(AtomicUsize::new(0));
    let attacks = [bodies, metrics].map(Arc::new);
    let threads: Vec<_> = (0..2 * THREADS)
        .map(|number| {
            let (attack, done) = (Arc::clone(&attacks[number % 2]), Arc::clone(&done));
            let address = address.clone();
            thread::spawn(move || flood(&address, &attack, &done))
        })
        .collect();

    while done.load(Ordering::Relaxed) < 2 * THREADS {
        probe(&address);
    }
    let held = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap());
    let held: Vec<TcpStream> = held.collect();
    probe(&address);
    drop(held);
    let peak = proxy.peak_memory();
    assert!(peak < 128 * MIB as u64, "{peak} bytes");
}

#[test]
fn probes_succeed_when_sessions_use_all_file_descriptors() {
    let proxy = proxy(|irsa| {
        let mut limited = Command::new("sh");
        let script = r#"ulimit -n 64 && exec "$0" "$@""#;
        limited.args(["-c", script]).arg(irsa.get_program());
        limited.args(irsa.get_args()).env_clear();
        let set = irsa.get_envs();
        limited.envs(set.filter_map(|(name, value)| Some((name, value?))));
        limited
    });
    let (sessions, admin) = (proxy.address("listening"), proxy.address("admin"));
    let connect = |address: &str| TcpStream::connect(address).unwrap();
    let _sessions: Vec<_> = (0..100).map(|_| connect(&sessions)).collect();
    proxy.logs("cannot accept a connection", 1);

    // More idle connections than reserved descriptors.
    let _idle: Vec<_> = (0..40).map(|_| connect(&admin)).collect();
    for _ in 0..20 {
        probe(&admin);
    }
}
