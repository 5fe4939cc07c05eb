//! A client that uses PostgreSQL's protocol message by message, for cases that drivers hide.

use std::io::{Read, Write};
use std::net::TcpStream;

use irsa_testing::program::PATIENCE;

/// A session without TLS.
pub(crate) struct Wire {
    stream: TcpStream,
    /// The process ID of BackendKeyData.
    pub(crate) process_id: u32,
}

// === impl Wire ===

impl Wire {
    /// Logs in and waits for the first ReadyForQuery.
    pub(crate) fn log_in(address: &str, user: &str, database: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut wire = Self {
            stream,
            process_id: 0,
        };
        let startup = format!("\0\x03\0\0user\0{user}\0database\0{database}\0\0");
        wire.write(&with_length(startup.as_bytes()));
        loop {
            let (tag, body) = wire.message().expect("a login");
            match tag {
                'K' => {
                    let process_id = body.first_chunk().expect("a process ID");
                    wire.process_id = u32::from_be_bytes(*process_id);
                }
                'Z' => return wire,
                'E' => panic!("{}", shown(tag, &body)),
                _ => {}
            }
        }
    }

    pub(crate) fn query(&mut self, sql: &str) {
        self.send('Q', format!("{sql}\0").as_bytes());
    }

    /// Sends a query except for its last bytes.
    pub(crate) fn begin_query(&mut self, sql: &str) {
        let message = message('Q', format!("{sql}\0").as_bytes());
        self.write(&message[..message.len() - 3]);
    }

    /// Sends Parse, Bind, Execute and Sync for each statement, in one write.
    pub(crate) fn pipeline(&mut self, statements: &[String]) {
        let each = |sql: &String| {
            let parse = format!("\0{sql}\0\0\0");
            let messages = [
                message('P', parse.as_bytes()),
                message('B', &[0; 8]),
                message('E', &[0; 5]),
                message('S', b""),
            ];
            messages.concat()
        };
        let all: Vec<u8> = statements.iter().flat_map(each).collect();
        self.write(&all);
    }

    pub(crate) fn send(&mut self, tag: char, body: &[u8]) {
        self.write(&message(tag, body));
    }

    /// Returns all messages up to and including the first with this tag, in the format of [`Wire::rest`].
    pub(crate) fn until(&mut self, tag: char) -> Vec<String> {
        let mut heard = Vec::new();
        loop {
            let (next, body) = self
                .message()
                .unwrap_or_else(|| panic!("no `{tag}` after {heard:?}"));
            heard.push(shown(next, &body));
            if next == tag {
                return heard;
            }
        }
    }

    /// Returns all remaining messages: the tag, with the SQLSTATE of an error and the tag of a completed command.
    pub(crate) fn rest(mut self) -> Vec<String> {
        let mut heard = Vec::new();
        while let Some((tag, body)) = self.message() {
            heard.push(shown(tag, &body));
        }
        heard
    }

    fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    fn message(&mut self) -> Option<(char, Vec<u8>)> {
        let mut header = [0; 5];
        if self.stream.read(&mut header[..1]).unwrap() == 0 {
            return None;
        }
        self.stream.read_exact(&mut header[1..]).unwrap();
        let [tag, length @ ..] = header;
        let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
        self.stream.read_exact(&mut body).unwrap();
        Some((tag.into(), body))
    }
}

fn message(tag: char, body: &[u8]) -> Vec<u8> {
    [&[u8::try_from(tag).unwrap()], with_length(body).as_slice()].concat()
}

fn with_length(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&length, body].concat()
}

fn shown(tag: char, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut strings = text.split('\0');
    match tag {
        'E' => {
            let code = strings.find_map(|field| field.strip_prefix('C'));
            format!("error {}", code.unwrap_or_default())
        }
        'C' => strings.next().unwrap_or_default().to_owned(),
        tag => tag.to_string(),
    }
}
