//! Records of what a server received.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use irsa_pgwire::frontend::{PASSWORD_MESSAGE, parse_password};
use irsa_pgwire::startup::{CancelKey, Startup};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::wire::{Message, Wire};

/// A login from the view of the server.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) startup: Startup,
    /// The startup packet, byte for byte.
    pub(crate) packet: Bytes,
    /// The responses to password requests.
    pub(crate) passwords: Vec<String>,
}

#[derive(Default)]
pub(super) struct Records {
    connections: AtomicUsize,
    logins: Mutex<Vec<Login>>,
    pub(super) sessions: Queue<Wire>,
    pub(super) cancels: Queue<CancelKey>,
    pub(super) unencrypted: Queue<Bytes>,
    pub(super) clean_ends: Queue<bool>,
    pub(super) tls_failures: Queue<String>,
}

/// A queue of events that the test has not retrieved yet.
pub(super) struct Queue<T> {
    sender: UnboundedSender<T>,
    receiver: tokio::sync::Mutex<UnboundedReceiver<T>>,
}

// === impl Records ===

impl Records {
    pub(super) fn count_connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Returns the number of the login, from 0.
    pub(super) fn begin_login(&self, startup: Startup, packet: Bytes) -> usize {
        let mut logins = self.logins.lock().unwrap();
        logins.push(Login {
            startup,
            packet,
            passwords: Vec::new(),
        });
        logins.len() - 1
    }

    pub(super) fn add_answer(&self, login: usize, answer: &Message) {
        assert_eq!(
            answer.tag, PASSWORD_MESSAGE,
            "unexpected message {answer:?}"
        );
        let password = parse_password(answer.body()).unwrap().to_vec();
        let mut logins = self.logins.lock().unwrap();
        logins[login]
            .passwords
            .push(String::from_utf8(password).unwrap());
    }

    pub(super) fn last_password(&self, login: usize) -> String {
        let logins = self.logins.lock().unwrap();
        logins[login].passwords.last().cloned().unwrap_or_default()
    }

    pub(super) fn logins(&self) -> Vec<Login> {
        self.logins.lock().unwrap().clone()
    }
}

// === impl Queue ===

impl<T> Queue<T> {
    pub(super) fn put(&self, event: T) {
        // Cannot fail: `self` owns the receiver.
        let _ = self.sender.send(event);
    }

    pub(super) async fn next(&self) -> T {
        self.receiver.lock().await.recv().await.unwrap()
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        let (sender, receiver) = unbounded_channel();
        Self {
            sender,
            receiver: receiver.into(),
        }
    }
}
