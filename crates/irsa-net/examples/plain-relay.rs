//! A minimal relay that only copies bytes between a client and a PostgreSQL server with TLS.
//!
//! `cargo xtask bench postgres` compares it with the proxy: its overhead is the minimum cost of any process between
//! client and server on this machine.
//!
//! Usage: `plain-relay PORT CA_FILE SOCKET`. The server is `localhost:PORT`. The relay listens on a free loopback port,
//! which it prints in the format of the proxy, and on a Unix socket.

use std::env;
use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use irsa_net::rustls::ClientConfig;
use irsa_net::rustls::pki_types::ServerName;
use irsa_net::tls::{Roots, client_config};
use irsa_net::tokio_rustls::TlsConnector;
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional_with_sizes,
};
use tokio::net::{TcpListener, TcpStream, UnixListener};

/// The maximum plaintext of a TLS record (RFC 8446, section 5.1).
const BUFFER: usize = 16 * 1024;
/// PostgreSQL documentation, "Message Formats", SSLRequest.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// The port of the server and the TLS configuration to verify it.
struct Server {
    port: u16,
    tls: Arc<ClientConfig>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [port, ca_file, socket] = arguments.as_slice() else {
        return Err("usage: plain-relay PORT CA_FILE SOCKET".into());
    };
    let roots = Roots::from_pem_file(Path::new(ca_file))?;
    let server = Arc::new(Server {
        port: port.parse()?,
        tls: client_config(&roots, &[])?,
    });
    let tcp = TcpListener::bind(("127.0.0.1", 0)).await?;
    let unix = UnixListener::bind(socket)?;
    let address = tcp.local_addr()?;
    writeln!(
        io::stdout(),
        r#"{{"listening":[{{"address":"{address}"}}]}}"#
    )?;
    loop {
        tokio::select! {
            accepted = tcp.accept() => {
                let (client, _) = accepted?;
                client.set_nodelay(true)?;
                tokio::spawn(relay(client, Arc::clone(&server)));
            }
            accepted = unix.accept() => {
                tokio::spawn(relay(accepted?.0, Arc::clone(&server)));
            }
        }
    }
}

async fn relay(
    mut client: impl AsyncRead + AsyncWrite + Unpin,
    server: Arc<Server>,
) -> io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).await?;
    stream.set_nodelay(true)?;
    stream.write_all(&SSL_REQUEST).await?;
    if stream.read_u8().await? != b'S' {
        return Err(io::Error::other("the server does not support TLS"));
    }
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let connector = TlsConnector::from(Arc::clone(&server.tls));
    let mut stream = connector.connect(name, stream).await?;
    copy_bidirectional_with_sizes(&mut client, &mut stream, BUFFER, BUFFER).await?;
    Ok(())
}
