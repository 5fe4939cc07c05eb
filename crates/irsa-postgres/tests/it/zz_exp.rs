use std::sync::Arc;
use std::time::Instant;
use irsa_net::tls::LocalAuthority;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use crate::client::{log_in, startup};
use crate::encryption::{ALPN, Encryption};
use crate::proxy::{Setup, trusting};
use crate::server::Server;
use crate::wire::{message, runtime, Wire};

#[test]
fn exp() {
    let (tx, rx) = std::sync::mpsc::channel();
    let (tx2, rx2) = std::sync::mpsc::channel::<()>();
    // server thread
    std::thread::spawn(move || runtime().block_on(async move {
        let server = Server::new().run().await;
        tx.send((server.address, crate::proxy::roots(&server.authority))).unwrap();
        let (mut ear, mut mouth) = server.session().await.split();
        let rows = message(b'D', &vec![0; 1024 * 1024]);
        tokio::spawn(async move { while mouth.write_all(&rows).await.is_ok() {} });
        let mut heard = [0; 5];
        ear.read_exact(&mut heard).await.unwrap();
        tx2.send(()).unwrap();
        std::future::pending::<()>().await
    }));
    let (address, roots) = rx.recv().unwrap();
    let (txp, rxp) = std::sync::mpsc::channel();
    std::thread::spawn(move || runtime().block_on(async move {
        let authority = LocalAuthority::generate().unwrap();
        let mut setup = Setup::towards(address, roots);
        setup.client_tls = Some(Encryption::Both.config(&authority, "localhost"));
        let proxy = setup.start().await;
        txp.send((proxy.address(), trusting(&authority, &[ALPN]))).unwrap();
        std::future::pending::<()>().await
    }));
    let (paddr, trust) = rxp.recv().unwrap();
    runtime().block_on(async move {
        let wire = Wire::new(tokio::net::TcpStream::connect(paddr).await.unwrap());
        let wire = if std::env::var("PLAIN").is_ok() { wire } else { wire.connect_tls(&trust, "localhost").await.unwrap() };
        let client = log_in(wire, &startup()).await.unwrap().wire;
        let (mut ear, mut mouth) = client.split();
        let mut sink = vec![0; 1024 * 1024];
        let mut total = 0usize;
        let t = Instant::now();
        let mut sent: Option<Instant> = None;
        loop {
            total += ear.read(&mut sink).await.unwrap();
            if sent.is_none() && total > 300_000_000 { mouth.write_all(&message(b'r', b"")).await.unwrap(); mouth.flush().await.unwrap(); sent = Some(Instant::now()); println!("sent at {:?}", t.elapsed()); }
            if let Some(s) = sent { if rx2.try_recv().is_ok() { println!("heard after {:?}, total {total}", s.elapsed()); break; } if s.elapsed().as_secs() > 10 { println!("NOT HEARD in 10 s, total {total}"); break; } }
        }
        let _ = Arc::new(0);
    });
}
