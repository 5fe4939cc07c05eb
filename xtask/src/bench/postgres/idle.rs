//! Memory for each idle connection.

use std::io::{self, Read, Write as _};
use std::net::TcpStream;

use super::subjects::{Subject, Subjects, Upstream};
use crate::bench::procfs;
use crate::bench::report::{Bench, Report};
use crate::failure::Failure;
use crate::progress;

const CONNECTIONS: u32 = 200;
/// Version 3.0 of the protocol (PostgreSQL documentation, "Message Formats", StartupMessage).
const PROTOCOL: u32 = 196_608;

/// Opens idle sessions and measures the growth of each proxy on TCP.
pub(super) fn memory(subjects: &Subjects, report: &mut Report) -> Result<(), Failure> {
    for (subject, process_id) in subjects
        .proxies()
        .filter(|(subject, _)| !subject.host.starts_with('/'))
    {
        let case = format!("{CONNECTIONS} connections");
        let each = progress::timed(&format!("{case} through {}", subject.name), || {
            growth(subject, &subjects.upstream, process_id)
        })?;
        let bench = |name| Bench {
            name,
            case: case.clone(),
            unit: "KiB",
        };
        report.add(
            &bench("memory-per-idle-connection"),
            subject.name,
            each,
            None,
        );
        let all = procfs::own_memory(process_id)?;
        report.add(
            &bench("memory-with-idle-connections"),
            subject.name,
            all,
            None,
        );
    }
    Ok(())
}

/// Returns the kibibytes for each connection. A first batch allocates the memory that is kept.
fn growth(subject: &Subject, upstream: &Upstream, process_id: u32) -> Result<f64, Failure> {
    let warm = open(subject, upstream)?;
    let before = procfs::own_memory(process_id)?;
    let more = open(subject, upstream)?;
    let after = procfs::own_memory(process_id)?;
    drop((warm, more));
    Ok((after - before) / f64::from(CONNECTIONS))
}

fn open(subject: &Subject, upstream: &Upstream) -> Result<Vec<TcpStream>, Failure> {
    let address = (subject.host.as_str(), subject.port);
    let log_in = |_| {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(&startup(&upstream.user))?;
        until_ready(&mut stream)?;
        Ok(stream)
    };
    let streams: io::Result<Vec<TcpStream>> = (0..CONNECTIONS).map(log_in).collect();
    streams.map_err(|error| {
        Failure::new(format!(
            "cannot open {CONNECTIONS} sessions through {}: {error}",
            subject.name
        ))
    })
}

fn startup(user: &str) -> Vec<u8> {
    let parameters = format!("user\0{user}\0database\0{user}\0\0");
    let length = u32::try_from(parameters.len() + 8).unwrap_or_default();
    [
        &length.to_be_bytes(),
        &PROTOCOL.to_be_bytes(),
        parameters.as_bytes(),
    ]
    .concat()
}

/// Reads messages until ReadyForQuery; an ErrorResponse is an error.
fn until_ready(stream: &mut impl Read) -> io::Result<()> {
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head)?;
        let [tag, length @ ..] = head;
        let mut body = vec![0; (u32::from_be_bytes(length) as usize).saturating_sub(4)];
        stream.read_exact(&mut body)?;
        match tag {
            b'Z' => return Ok(()),
            b'E' => {
                return Err(io::Error::other(
                    String::from_utf8_lossy(&body).replace('\0', " "),
                ));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_startup_packet_includes_its_length() {
        let packet = startup("u");
        assert_eq!(packet.len(), 4 + 4 + "user\0u\0database\0u\0\0".len());
        assert_eq!(
            packet[..4],
            u32::try_from(packet.len()).unwrap().to_be_bytes()
        );
    }

    #[test]
    fn waits_for_ready_and_fails_on_an_error() {
        let ready = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
        assert!(until_ready(&mut ready.as_slice()).is_ok());
        let refused = b"E\0\0\0\x0aSFATAL";
        assert!(until_ready(&mut refused.as_slice()).is_err());
    }
}
