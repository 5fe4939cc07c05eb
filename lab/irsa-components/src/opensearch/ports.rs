//! The ports of a node.

use std::io;
use std::net::TcpListener;

/// Ports on 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) http: u16,
    pub(super) transport: u16,
}

impl Ports {
    /// Returns ports that were free a moment ago; held together, so that they differ.
    pub(super) fn free() -> io::Result<Self> {
        let bind = || TcpListener::bind("127.0.0.1:0");
        let (http, transport) = (bind()?, bind()?);
        Ok(Self {
            http: http.local_addr()?.port(),
            transport: transport.local_addr()?.port(),
        })
    }

    /// Returns whether a different process has taken one of them.
    pub(super) fn are_taken(self) -> bool {
        [self.http, self.transport]
            .into_iter()
            .any(|port| TcpListener::bind(("127.0.0.1", port)).is_err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detects_a_port_in_use() {
        let ports = Ports::free().unwrap();
        assert!(!ports.are_taken());
        let _taken = TcpListener::bind(("127.0.0.1", ports.transport)).unwrap();
        assert!(ports.are_taken());
    }
}
