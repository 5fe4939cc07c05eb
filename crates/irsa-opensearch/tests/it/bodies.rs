//! Request bodies: received completely, hashed, in bounded memory.

use sha2::{Digest, Sha256};

use crate::client::within;
use crate::domain::{Domain, Seen, Step};
use crate::proxy::{Proxy, SHORT, Setup};
use irsa_opensearch::{BodyStoreOptions, PayloadSigning};

/// Returns `length` bytes without a short period.
fn bytes(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(&mut next).take(length).collect()
}

fn assert_is(seen: &Seen, body: &[u8]) {
    assert!(
        seen.body == body,
        "{} bytes instead of {}",
        seen.body.len(),
        body.len()
    );
    let hash = hex(&Sha256::digest(body));
    assert_eq!(seen.header("x-amz-content-sha256"), Some(&*hash));
    assert_eq!(
        seen.header("content-length"),
        Some(&*body.len().to_string())
    );
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from_digit(digit.into(), 16).unwrap())
        .collect()
}

fn with_memory(domain: &Domain, memory: u64) -> Setup {
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.bodies.memory = memory;
    setup
}

#[tokio::test]
async fn a_chunked_body_is_forwarded_with_its_length() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    let head = "POST /_bulk HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunks = "5\r\nhello\r\n1;ext=1\r\n,\r\n6\r\n world\r\n0\r\nx-trailer: 1\r\n\r\n";
    let answer = proxy.ask(format!("{head}{chunks}")).await;
    assert_eq!(answer.status(), 200);
    assert_is(&domain.only(), b"hello, world");
    proxy.end().await;
}

#[tokio::test]
async fn bodies_of_all_sizes_arrive_whole() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    let sizes = [1, 8_191, 8_192, 65_536, 65_537, 3_000_001];
    for size in sizes {
        assert_eq!(proxy.post("POST /_bulk", &bytes(size)).await.status(), 200);
    }
    for (seen, size) in domain.seen().iter().zip(sizes) {
        assert_is(seen, &bytes(size));
    }
    proxy.end().await;
}

#[tokio::test]
async fn bodies_that_exceed_memory_are_written_to_a_file() {
    let domain = Domain::start().await;
    let proxy = with_memory(&domain, 10_000).start().await;
    for size in [9_999, 300_001] {
        assert_eq!(proxy.post("POST /_bulk", &bytes(size)).await.status(), 200);
    }
    assert_eq!(proxy.metric("opensearch_bodies_spills_total"), 1);
    assert_is(&domain.seen()[0], &bytes(9_999));
    assert_is(&domain.seen()[1], &bytes(300_001));
    proxy.end().await;
}

#[tokio::test]
async fn a_body_in_a_file_can_be_sent_again() {
    let script = |number| Step::json(if number == 0 { 503 } else { 200 }, "{}");
    let domain = Domain::answering(script).await;
    let proxy = with_memory(&domain, 0).start().await;
    assert_eq!(
        proxy.post("POST /_search", &bytes(200_000)).await.status(),
        200
    );
    for seen in domain.seen() {
        assert_is(&seen, &bytes(200_000));
    }
    assert_eq!(domain.seen().len(), 2);
    proxy.end().await;
}

#[tokio::test]
async fn many_concurrent_large_bodies_stay_within_memory() {
    const MEMORY: u64 = 1_000_000;
    let domain = Domain::start().await;
    let proxy = std::sync::Arc::new(with_memory(&domain, MEMORY).start().await);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let proxy = std::sync::Arc::clone(&proxy);
        clients.spawn(async move {
            let answer = proxy.post("POST /_bulk", &bytes(700_000)).await;
            assert_eq!(answer.status(), 200);
        });
    }
    let mut most = 0;
    let watching = async {
        while !clients.is_empty() {
            most = most.max(proxy.bodies.memory_in_use());
            while let Some(ended) = clients.try_join_next() {
                ended.unwrap();
            }
            tokio::task::yield_now().await;
        }
    };
    within("all answers", watching).await;
    assert!((1..=MEMORY).contains(&most), "{most}");
    for seen in domain.seen() {
        assert_is(&seen, &bytes(700_000));
    }
    std::sync::Arc::into_inner(proxy).unwrap().end().await;
}

#[tokio::test]
async fn a_body_whose_length_is_too_large_is_rejected_before_it_is_sent() {
    let domain = Domain::start().await;
    let mut setup = with_memory(&domain, 1_000);
    setup.limits.max_body = 10;
    let proxy = setup.start().await;
    let answer = proxy
        .ask("POST / HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 11\r\n\r\n")
        .await;
    assert_eq!(answer.status(), 413);
    assert_eq!(answer.json()["error"]["cause"], "request-too-large");
    assert!(domain.seen().is_empty());
    proxy.end().await;
}

#[tokio::test]
async fn a_client_that_keeps_sending_receives_the_413() {
    let domain = Domain::start().await;
    let mut setup = with_memory(&domain, 100_000);
    setup.limits.max_body = 200_000;
    let proxy = setup.start().await;
    let answer = proxy.post("POST /_bulk", &bytes(5_000_000)).await;
    assert_eq!(answer.status(), 413);
    let mut client = proxy.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    for _ in 0..100 {
        let chunk = [b"c350\r\n".as_slice(), &bytes(50_000), b"\r\n"].concat();
        client.send(chunk).await;
    }
    client.send("0\r\n\r\n").await;
    assert_eq!(client.answer().await.status(), 413);
    assert!(domain.seen().is_empty());
    proxy.end().await;
}

#[tokio::test]
async fn a_body_larger_than_memory_and_files_is_rejected() {
    let domain = Domain::start().await;
    let mut setup = with_memory(&domain, 10_000);
    setup.bodies.spill_limit = 100_000;
    let proxy = setup.start().await;
    let answer = proxy.post("POST /_bulk", &bytes(200_000)).await;
    assert_eq!(answer.status(), 413);
    assert_eq!(answer.json()["error"]["cause"], "request-too-large");
    assert_eq!(
        proxy.post("POST /_bulk", &bytes(50_000)).await.status(),
        200
    );
    proxy.end().await;
}

#[tokio::test]
async fn an_unwritable_directory_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let domain = Domain::start().await;
    let mut setup = with_memory(&domain, 10_000);
    setup.bodies.spill_dir = Some(folder.path().to_owned());
    drop(folder);
    let proxy = setup.start().await;
    let answer = proxy.post("POST /_bulk", &bytes(200_000)).await;
    assert_eq!(answer.status(), 507);
    let reason = answer.json()["error"]["reason"].to_string();
    assert!(
        reason.contains("cannot write the request body to a temporary file"),
        "{reason}"
    );
    assert_eq!(proxy.post("POST /_bulk", &bytes(9_000)).await.status(), 200);
    proxy.end().await;
}

#[tokio::test]
async fn a_stalled_body_times_out() {
    let domain = Domain::start().await;
    let mut setup = with_memory(&domain, BodyStoreOptions::default().memory);
    setup.limits.body_timeout = SHORT;
    let proxy = setup.start().await;
    let mut client = proxy.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf")
        .await;
    let answer = client.answer().await;
    assert_eq!(
        (answer.status(), answer.header("connection")),
        (408, Some("close"))
    );
    assert_eq!(client.rest().await, "");
    assert!(domain.seen().is_empty());
    proxy.end().await;
}

#[tokio::test]
async fn a_client_that_disconnects_mid_body_leaves_nothing_behind() {
    let domain = Domain::start().await;
    for memory in [1_000_000, 1_000] {
        let proxy = with_memory(&domain, memory).start().await;
        let mut client = proxy.connect().await;
        let head = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 200000\r\n\r\n";
        client
            .send([head.as_bytes(), &bytes(100_000)].concat())
            .await;
        let taken = async {
            while proxy.bodies.memory_in_use() + proxy.bodies.spilled() == 0 {
                tokio::task::yield_now().await;
            }
        };
        within("the half body", taken).await;
        drop(client);
        proxy.until("opensearch_requests_active", 0).await;
        proxy.end().await;
    }
    assert!(domain.seen().is_empty());
}

#[tokio::test]
async fn expect_100_continue_is_answered() {
    let domain = Domain::start().await;
    let proxy = Proxy::for_domain(&domain).await;
    let mut client = proxy.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.status(), 100);
    let answer = client.ask("hello").await;
    assert_eq!(answer.status(), 200);
    assert_is(&domain.only(), b"hello");
    assert_eq!(domain.only().header("expect"), None);
}

#[tokio::test]
async fn an_unsigned_body_is_streamed() {
    let domain = Domain::start().await;
    let mut setup = with_memory(&domain, 0);
    setup.payload = PayloadSigning::Unsigned;
    let proxy = setup.start().await;
    let mut client = proxy.connect().await;
    client
        .send("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 6\r\n\r\nhal")
        .await;
    let begun = async {
        while domain.seen().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    within("the request's head", begun).await;
    assert_eq!(client.ask("ves").await.status(), 200);
    let seen = domain.only();
    assert_eq!(seen.body, b"halves");
    assert_eq!(seen.header("content-length"), Some("6"));
    assert_eq!(
        seen.header("x-amz-content-sha256"),
        Some("UNSIGNED-PAYLOAD")
    );
    assert_eq!(proxy.metric("opensearch_bodies_spills_total"), 0);
    proxy.end().await;
}

#[tokio::test]
async fn a_stalled_unsigned_body_ends_the_request_to_the_domain() {
    let domain = Domain::start().await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.payload = PayloadSigning::Unsigned;
    setup.limits.body_timeout = SHORT;
    let proxy = setup.start().await;
    let half = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 6\r\n\r\nhal";
    assert_eq!(proxy.ask(half).await.status(), 408);
    assert!(domain.only().body.is_empty());
    proxy.end().await;
}

#[tokio::test]
async fn a_chunked_unsigned_body_is_forwarded_with_its_length() {
    let domain = Domain::start().await;
    let mut setup = Setup::for_address(domain.address, &domain.authority);
    setup.payload = PayloadSigning::Unsigned;
    let proxy = setup.start().await;
    let head = "POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n";
    proxy.ask(format!("{head}3\r\nabc\r\n0\r\n\r\n")).await;
    let seen = domain.only();
    assert_eq!(seen.header("content-length"), Some("3"));
    assert_eq!(
        seen.header("x-amz-content-sha256"),
        Some("UNSIGNED-PAYLOAD")
    );
}
