//! Accepting connections after the process has run out of file descriptors.

use std::fs::File;
use std::pin::pin;
use std::process::Command;

use irsa_net::listen::{ListenOptions, Listener, Peer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpSocket;
use tokio::task::yield_now;

#[test]
fn goes_on_accepting_after_running_out_of_files() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "scarcity::run_out_of_files", "--ignored"])
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{output}");
    assert!(output.contains("1 passed"), "{output}");
}

#[tokio::test]
#[ignore = "uses up all file descriptors: the test above runs it in its own process"]
async fn run_out_of_files() {
    let address = "127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind(&address, ListenOptions::default())
        .await
        .unwrap();
    let server = ([127, 0, 0, 1], listener.port().unwrap()).into();
    let client = TcpSocket::new_v4().unwrap();
    let taken = take_all_files();
    let client = client.connect(server).await.unwrap();
    let mut accepting = pin!(listener.accept());

    tokio::select! {
        accepted = accepting.as_mut() => panic!("{accepted:?} without a file"),
        () = until(|| listener.accept_errors() > 0) => {}
    }
    drop(taken);

    let accepted = accepting.await.unwrap();
    assert_eq!(accepted.peer, Peer::Tcp(client.local_addr().unwrap()));
}

fn take_all_files() -> Vec<File> {
    let few = Rlimit {
        current: Some(64),
        ..getrlimit(Resource::Nofile)
    };
    assert_eq!(setrlimit(Resource::Nofile, few), Ok(()));
    std::iter::from_fn(|| File::open("/dev/null").ok()).collect()
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        yield_now().await;
    }
}
