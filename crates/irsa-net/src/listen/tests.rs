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

fn in_folder(name: &str) -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

#[tokio::test]
async fn accepts_on_both_loopback_families_by_one_port() {
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
async fn asks_clients_on_other_machines_whether_they_live() {
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
async fn takes_the_time_for_unacknowledged_data_back() {
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
async fn names_the_address_that_is_taken_and_a_way_out() {
    let listener = bind(&ListenAddress::Loopback { port: 0 }).await.unwrap();
    let port = listener.port().unwrap();

    let refused = bind(&ListenAddress::Loopback { port }).await.unwrap_err();

    assert_eq!(
        refused.to_string(),
        format!("cannot listen on `localhost:{port}`: another process listens there")
    );
    assert!(refused.remedy().contains("choose another port"));
}

#[tokio::test]
async fn refuses_a_port_that_is_taken_in_one_family() {
    let taken = bind(&"[::1]:0".parse().unwrap()).await;
    // A machine without IPv6 has nothing to show here.
    let Ok(taken) = taken else { return };
    let port = taken.port().unwrap();
    let refused = bind(&ListenAddress::Loopback { port }).await.unwrap_err();
    assert!(matches!(refused.kind(), BindErrorKind::InUse));
}

#[tokio::test]
async fn says_that_an_address_is_not_this_machines() {
    // TEST-NET-1, RFC 5737: nobody's.
    let refused = bind(&"192.0.2.1:0".parse().unwrap()).await.unwrap_err();
    assert!(
        refused.remedy().contains("an address of this machine"),
        "{refused}"
    );
}

#[tokio::test]
async fn keeps_a_unix_socket_to_its_owner_and_removes_it() {
    let (_folder, path) = in_folder("socket");
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
async fn replaces_a_socket_that_a_dead_process_left() {
    let (_folder, path) = in_folder("socket");
    drop(StdUnixListener::bind(&path).unwrap());
    assert!(path.exists());

    let listener = bind_unix(&path).await.unwrap();

    let _client = UnixStream::connect(&path).await.unwrap();
    listener.accept().await.unwrap();
}

#[tokio::test]
async fn leaves_a_socket_that_somebody_listens_on() {
    let (_folder, path) = in_folder("socket");
    let _other = StdUnixListener::bind(&path).unwrap();
    let refused = bind_unix(&path).await.unwrap_err();
    assert!(matches!(refused.kind(), BindErrorKind::InUse), "{refused}");
    UnixStream::connect(&path).await.unwrap();
}

#[tokio::test]
async fn leaves_a_file_that_is_no_socket() {
    let (_folder, path) = in_folder("socket");
    fs::write(&path, "precious").unwrap();
    let refused = bind_unix(&path).await.unwrap_err();
    assert!(
        matches!(refused.kind(), BindErrorKind::NotASocket),
        "{refused}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn lets_one_of_many_starters_win_a_stale_socket() {
    const STARTERS: usize = 8;
    let (_folder, path) = in_folder("socket");
    drop(StdUnixListener::bind(&path).unwrap());
    let (start, end) = (Barrier::new(STARTERS), Barrier::new(STARTERS));
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
        let starters: Vec<_> = (0..STARTERS).map(|_| scope.spawn(run)).collect();
        starters
            .into_iter()
            .filter_map(|starter| starter.join().unwrap().then_some(()))
            .count()
    });

    assert_eq!(winners, 1);
}

#[tokio::test]
async fn waits_while_another_starter_looks_for_a_stale_socket() {
    let (folder, path) = in_folder("socket");
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
async fn does_not_remove_a_file_that_took_its_place() {
    let (_folder, path) = in_folder("socket");
    let listener = bind_unix(&path).await.unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "somebody else's").unwrap();
    drop(listener);
    assert!(path.exists());
}

#[tokio::test]
async fn refuses_a_path_that_does_not_fit_a_socket() {
    let (_folder, path) = in_folder(&"s".repeat(100));
    let refused = bind_unix(&path).await.unwrap_err();
    assert!(matches!(refused.kind(), BindErrorKind::PathTooLong(length) if *length > 107));
}

#[tokio::test]
async fn says_that_the_folder_is_missing() {
    let (_folder, path) = in_folder("none/socket");
    let refused = bind_unix(&path).await.unwrap_err();
    assert_eq!(refused.remedy(), "create the socket's folder");
}

#[test]
fn goes_on_after_errors_that_pass() {
    let of = |errno: Errno| Severity::of(&errno.into());
    assert_eq!(of(Errno::CONNABORTED), Severity::Connection);
    assert_eq!(of(Errno::MFILE), Severity::Scarcity);
    assert_eq!(of(Errno::NFILE), Severity::Scarcity);
    assert_eq!(of(Errno::NOMEM), Severity::Scarcity);
    assert_eq!(of(Errno::BADF), Severity::Final);
    assert_eq!(
        Severity::of(&io::Error::other("no runtime")),
        Severity::Final
    );
}
