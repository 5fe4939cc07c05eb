//! Listeners on real sockets.

use std::fs;
use std::io::IoSlice;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::Path;
use std::pin::pin;
use std::sync::Barrier;
use std::task::{Context, Waker};

use rustix::io::Errno;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use super::*;

async fn bind(address: &ListenAddress) -> Result<Listener, BindError> {
    Listener::bind(address, ListenOptions::default()).await
}

async fn bind_unix(path: &Path) -> Result<Listener, BindError> {
    bind(&ListenAddress::Unix(path.to_owned())).await
}

fn in_directory(name: &str) -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

#[tokio::test]
async fn accepts_on_both_loopback_addresses_with_one_port() {
    let listener = bind(&ListenAddress::Loopback { port: 0 }).await.unwrap();
    let port = listener.port().unwrap();
    let addresses = listener.local_addresses();
    assert!(addresses.contains(&ListenAddress::Tcp(([127, 0, 0, 1], port).into())));

    for address in addresses {
        let ListenAddress::Tcp(address) = address else {
            panic!("{address} is not TCP");
        };
        assert_eq!(address.port(), port);
        let client = TcpStream::connect(address).await.unwrap();
        let accepted = listener.accept().await.unwrap();
        assert_eq!(accepted.peer, Peer::Tcp(client.local_addr().unwrap()));
    }
}

#[tokio::test]
async fn carries_bytes_both_ways() {
    let listener = bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
    let port = listener.port().unwrap();
    let mut client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut server = listener.accept().await.unwrap().stream;

    client.write_all(b"ping").await.unwrap();
    server.readable().await.unwrap();
    let mut received = [0; 4];
    assert_eq!(server.try_read(&mut received).unwrap(), 4);
    assert_eq!(&received, b"ping");

    server.writable().await.unwrap();
    let parts = [IoSlice::new(b"po"), IoSlice::new(b"ng")];
    assert_eq!(server.try_write_vectored(&parts).unwrap(), 4);
    server.shutdown().await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"pong");
}

#[tokio::test]
async fn sends_keepalive_probes_to_clients_of_other_machines() {
    for (address, asked) in [("0.0.0.0:0", true), ("127.0.0.1:0", false)] {
        let listener = bind(&address.parse().unwrap()).await.unwrap();
        let port = listener.port().unwrap();
        let _client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let Stream::Tcp(server) = listener.accept().await.unwrap().stream else {
            panic!("it is TCP");
        };
        let socket = socket2::SockRef::from(&server);
        assert_eq!(socket.keepalive().unwrap(), asked, "{address}");
        let idle = socket.tcp_keepalive_time().unwrap();
        assert_eq!(idle == Duration::from_mins(1), asked, "{address}");
    }
}

#[tokio::test]
async fn sets_and_clears_the_user_timeout() {
    let listener = bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
    let port = listener.port().unwrap();
    let client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let client = Stream::from(client);
    for timeout in [Some(Duration::from_secs(9)), None] {
        client.set_user_timeout(timeout).unwrap();
        let Stream::Tcp(client) = &client else {
            panic!("it is TCP");
        };
        let set = socket2::SockRef::from(client).tcp_user_timeout();
        assert_eq!(set.unwrap(), timeout);
    }
}

#[tokio::test]
async fn names_the_address_in_use_and_a_remedy() {
    let listener = bind(&ListenAddress::Loopback { port: 0 }).await.unwrap();
    let port = listener.port().unwrap();

    let refused = bind(&ListenAddress::Loopback { port }).await.unwrap_err();

    assert_eq!(
        refused.to_string(),
        format!("cannot listen on `localhost:{port}`: a different process already listens there")
    );
    assert!(refused.remedy().contains("choose a different port"));
}

#[tokio::test]
async fn rejects_a_port_in_use_on_one_loopback_address() {
    let taken = bind(&"[::1]:0".parse().unwrap()).await;
    // Not applicable to a machine without IPv6.
    let Ok(taken) = taken else { return };
    let port = taken.port().unwrap();
    let refused = bind(&ListenAddress::Loopback { port }).await.unwrap_err();
    assert!(matches!(refused.kind(), BindErrorKind::InUse));
}

#[tokio::test]
async fn reports_an_address_that_this_machine_does_not_have() {
    // TEST-NET-1 (RFC 5737), which no machine has.
    let refused = bind(&"192.0.2.1:0".parse().unwrap()).await.unwrap_err();
    assert!(
        refused.remedy().contains("an address of this machine"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_unix_socket_is_private_and_is_removed_on_drop() {
    let (_folder, path) = in_directory("socket");
    let listener = bind_unix(&path).await.unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        listener.local_addresses(),
        [ListenAddress::Unix(path.clone())]
    );

    let _client = UnixStream::connect(&path).await.unwrap();
    let uid = rustix::process::geteuid().as_raw();
    let pid = i32::try_from(std::process::id()).ok();
    assert_eq!(
        listener.accept().await.unwrap().peer,
        Peer::Unix { uid, pid }
    );

    drop(listener);
    assert!(!path.exists());
}

#[tokio::test]
async fn replaces_a_stale_socket() {
    let (_folder, path) = in_directory("socket");
    drop(StdUnixListener::bind(&path).unwrap());
    assert!(path.exists());

    let listener = bind_unix(&path).await.unwrap();

    let _client = UnixStream::connect(&path).await.unwrap();
    listener.accept().await.unwrap();
}

#[tokio::test]
async fn keeps_a_socket_that_a_process_listens_on() {
    let (_folder, path) = in_directory("socket");
    let _other = StdUnixListener::bind(&path).unwrap();
    let refused = bind_unix(&path).await.unwrap_err();
    assert!(matches!(refused.kind(), BindErrorKind::InUse), "{refused}");
    UnixStream::connect(&path).await.unwrap();
}

#[tokio::test]
async fn keeps_a_file_that_is_not_a_socket() {
    let (_folder, path) = in_directory("socket");
    fs::write(&path, "precious").unwrap();
    let refused = bind_unix(&path).await.unwrap_err();
    assert!(
        matches!(refused.kind(), BindErrorKind::NotASocket),
        "{refused}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn only_one_of_many_processes_replaces_a_stale_socket() {
    const PROCESSES: usize = 8;
    let (_folder, path) = in_directory("socket");
    drop(StdUnixListener::bind(&path).unwrap());
    let (start, end) = (Barrier::new(PROCESSES), Barrier::new(PROCESSES));
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        start.wait();
        let bound = runtime.block_on(bind_unix(&path));
        end.wait();
        let Ok(listener) = bound else { return false };
        runtime.block_on(async {
            let _client = UnixStream::connect(&path).await.unwrap();
            listener.accept().await.unwrap();
        });
        true
    };

    let winners = std::thread::scope(|scope| {
        let processes: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(run)).collect();
        processes
            .into_iter()
            .filter_map(|process| process.join().unwrap().then_some(()))
            .count()
    });

    assert_eq!(winners, 1);
}

#[tokio::test]
async fn waits_while_a_different_process_checks_for_a_stale_socket() {
    let (folder, path) = in_directory("socket");
    let other = fs::File::open(folder.path()).unwrap();
    other.lock().unwrap();
    let mut binding = pin!(bind_unix(&path));
    let waiting = binding
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(waiting.is_pending());
    assert!(!path.exists());

    drop(other);

    binding.await.unwrap();
}

#[tokio::test]
async fn does_not_remove_a_file_that_replaced_its_socket() {
    let (_folder, path) = in_directory("socket");
    let listener = bind_unix(&path).await.unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "a different file").unwrap();
    drop(listener);
    assert!(path.exists());
}

#[tokio::test]
async fn rejects_a_path_that_is_too_long() {
    let (_folder, path) = in_directory(&"s".repeat(100));
    let refused = bind_unix(&path).await.unwrap_err();
    assert!(matches!(refused.kind(), BindErrorKind::PathTooLong(length) if *length > 107));
}

#[tokio::test]
async fn reports_a_missing_directory() {
    let (_folder, path) = in_directory("none/socket");
    let refused = bind_unix(&path).await.unwrap_err();
    assert_eq!(refused.remedy(), "create the directory of the socket");
}

#[test]
fn classifies_accept_errors() {
    let severity = |errno: Errno| Severity::from_error(&errno.into());
    assert_eq!(severity(Errno::CONNABORTED), Severity::Connection);
    assert_eq!(severity(Errno::MFILE), Severity::Exhaustion);
    assert_eq!(severity(Errno::NFILE), Severity::Exhaustion);
    assert_eq!(severity(Errno::NOMEM), Severity::Exhaustion);
    assert_eq!(severity(Errno::BADF), Severity::Final);
    assert_eq!(
        Severity::from_error(&io::Error::other("no runtime")),
        Severity::Final
    );
}
