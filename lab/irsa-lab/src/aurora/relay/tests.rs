use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream, UnixStream};

use super::*;

const LAST_WORDS: &[u8] = b"E\0\0\0\x13SFATAL\0C57P01\0\0";

/// The server sends its error and closes with unread bytes of the client, while the client still sends.
#[tokio::test]
async fn the_last_message_of_a_server_reaches_a_client_that_still_sends() {
    for round in 0..200 {
        let heard = hear_the_end().await;
        assert_eq!(heard, LAST_WORDS, "round {round}");
    }
}

async fn hear_the_end() -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (front, _) = listener.accept().await.unwrap();
    let (to_server, mut server) = UnixStream::pair().unwrap();
    let ends = tokio::spawn(async move {
        server.read_u8().await.unwrap();
        server.write_all(LAST_WORDS).await.unwrap();
    });
    let relayed = tokio::spawn(async move {
        let faults = FrontFaults::new(Arc::default());
        let cuts = faults.cuts();
        relay(Wire::new(front), Wire::new(to_server), &faults, cuts).await;
    });
    let (mut read, mut write) = client.into_split();
    let sends = tokio::spawn(async move {
        let query = vec![b'Q'; 64 * 1024];
        // From some point on the server no longer reads.
        while write.write_all(&query).await.is_ok() {
            tokio::task::yield_now().await;
        }
    });
    let mut heard = Vec::new();
    let _ = read.read_to_end(&mut heard).await;
    sends.abort();
    drop((read, sends.await));
    ends.await.unwrap();
    relayed.await.unwrap();
    heard
}
