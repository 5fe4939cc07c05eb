//! StartupMessage: the user, the database and the parameters of a new session.

use bytes::{BufMut, Bytes, BytesMut};

use super::{StartupError, Version};
use crate::writer;

/// The prefix of protocol options, which are not session parameters.
const PROTOCOL_OPTION: &[u8] = b"_pq_.";

/// A StartupMessage. Names and values are bytes, because the protocol does not define their encoding and the server
/// must receive them unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Startup {
    /// The newest protocol version that the client supports.
    pub version: Version,
    /// Names and values in the client's order. The last value of a duplicate name applies.
    pub parameters: Vec<(Bytes, Bytes)>,
}

// === impl Startup ===

impl Startup {
    /// Creates a message without parameters.
    pub fn new(version: Version) -> Self {
        Self {
            version,
            parameters: Vec::new(),
        }
    }

    /// Adds a parameter. Name and value are truncated at their first zero byte.
    #[must_use]
    pub fn with(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.parameters
            .push((copied(name.as_ref()), copied(value.as_ref())));
        self
    }

    /// Returns the last value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&[u8]> {
        let mut latest_first = self.parameters.iter().rev();
        latest_first
            .find(|(candidate, _)| candidate == name.as_bytes())
            .map(|(_, value)| value.as_ref())
    }

    /// Returns the database user; `None` if the name is not UTF-8, because an IAM policy cannot name such a user.
    pub fn user(&self) -> Option<&str> {
        self.text("user")
    }

    /// Returns the database, which defaults to the user's name, as in the server.
    pub fn database(&self) -> Option<&str> {
        match self.parameter("database") {
            None | Some([]) => self.user(),
            Some(_) => self.text("database"),
        }
    }

    /// Returns whether this is a replication session, whose server process accepts different commands, so that no query
    /// may be added. A value that is not clearly false counts as true.
    pub fn is_replication(&self) -> bool {
        self.parameter("replication")
            .is_some_and(|value| !is_false(value))
    }

    /// Returns the `_pq_.` options, which request protocol extensions.
    pub fn protocol_options(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.parameters
            .iter()
            .filter(|(name, _)| is_protocol_option(name))
            .map(|(name, value)| (name, value))
    }

    /// Returns the message that a proxy sends to the server: with the proxy's `version` and without the `_pq_.`
    /// options, which apply between client and proxy only. Everything else stays byte for byte the same.
    #[must_use]
    pub fn for_server(&self, version: Version) -> Self {
        let settings = self.parameters.iter();
        Self {
            version,
            parameters: settings
                .filter(|(name, _)| !is_protocol_option(name))
                .cloned()
                .collect(),
        }
    }

    /// Writes the message. Parameters with an empty name are omitted, because they would end the message.
    pub fn encode(&self, buf: &mut BytesMut) {
        writer::packet(buf, |buf| {
            buf.put_u32(self.version.into());
            for (name, value) in &self.parameters {
                if !writer::until_zero(name).is_empty() {
                    writer::string(name, buf);
                    writer::string(value, buf);
                }
            }
            buf.put_u8(0);
        });
    }

    /// Parses the part after the version. The layout of other major versions is unknown, so their parameters are not
    /// parsed; [`Negotiation`](super::Negotiation) rejects these versions.
    pub(super) fn parse(version: Version, body: &[u8]) -> Result<Self, StartupError> {
        let mut startup = Self::new(version);
        if version.major != Version::V3_0.major {
            return Ok(startup);
        }
        startup.parameters = parameters(body).ok_or(StartupError::InvalidLayout)?;
        startup.check_user()?;
        Ok(startup)
    }

    fn check_user(&self) -> Result<(), StartupError> {
        let names = self.parameters.iter().map(|(name, _)| name);
        if names.filter(|&name| name == "user").count() > 1 {
            return Err(StartupError::DuplicateUser);
        }
        match self.parameter("user") {
            None | Some([]) => Err(StartupError::NoUser),
            Some(_) => Ok(()),
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.parameter(name)?).ok()
    }
}

/// Parses pairs of strings followed by a zero byte.
fn parameters(body: &[u8]) -> Option<Vec<(Bytes, Bytes)>> {
    let pairs = match body.strip_suffix(&[0])? {
        [] => return Some(Vec::new()),
        pairs => pairs.strip_suffix(&[0])?,
    };
    let mut strings = pairs.split(|&byte| byte == 0);
    let mut parameters = Vec::new();
    while let Some(name) = strings.next() {
        let value = strings.next().filter(|_| !name.is_empty())?;
        parameters.push((Bytes::copy_from_slice(name), Bytes::copy_from_slice(value)));
    }
    Some(parameters)
}

fn copied(string: &[u8]) -> Bytes {
    Bytes::copy_from_slice(writer::until_zero(string))
}

fn is_protocol_option(name: &[u8]) -> bool {
    name.starts_with(PROTOCOL_OPTION)
}

/// Returns whether PostgreSQL's `parse_bool` reads the value as false: a unique prefix of these words in any case.
fn is_false(value: &[u8]) -> bool {
    let begins = |word: &[u8], least: usize| {
        value.len() >= least
            && word
                .get(..value.len())
                .is_some_and(|word| word.eq_ignore_ascii_case(value))
    };
    begins(b"false", 1) || begins(b"no", 1) || begins(b"off", 2) || value == b"0"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &[u8]) -> Result<Startup, StartupError> {
        Startup::parse(Version::V3_0, body)
    }

    fn reencoded(startup: &Startup) -> Vec<u8> {
        let mut buf = BytesMut::new();
        startup.encode(&mut buf);
        buf[8..].to_vec()
    }

    #[test]
    fn keeps_bytes_that_are_not_utf8() {
        let body = b"user\0alice\0application_name\0\xff\xfe\0options\0\0\0";
        let startup = parse(body).unwrap();
        assert_eq!(
            startup.parameter("application_name"),
            Some(&b"\xff\xfe"[..])
        );
        assert_eq!(startup.parameter("options"), Some(&b""[..]));
        assert_eq!(reencoded(&startup), body);
    }

    #[test]
    fn a_user_that_is_not_utf8_is_none() {
        assert_eq!(parse(b"user\0\xff\0\0").unwrap().user(), None);
    }

    #[test]
    fn the_database_defaults_to_the_user() {
        for (body, database) in [
            (&b"user\0alice\0\0"[..], "alice"),
            (b"user\0alice\0database\0\0\0", "alice"),
            (b"user\0alice\0database\0a\0database\0b\0\0", "b"),
        ] {
            assert_eq!(parse(body).unwrap().database(), Some(database));
        }
    }

    #[test]
    fn rejects_missing_empty_and_duplicate_users() {
        assert_eq!(parse(b"\0"), Err(StartupError::NoUser));
        assert_eq!(parse(b"user\0\0\0"), Err(StartupError::NoUser));
        let twice = b"user\0alice\0user\0admin\0\0";
        assert_eq!(parse(twice), Err(StartupError::DuplicateUser));
    }

    #[test]
    fn rejects_an_invalid_layout() {
        for body in [
            &b""[..],
            b"user",
            b"user\0",
            b"user\0\0",
            b"user\0alice\0",
            b"user\0alice\0database\0\0",
            b"user\0alice\0\0more\0",
            b"user\0alice\0\0\0",
            b"\0user\0alice\0\0",
        ] {
            assert_eq!(parse(body), Err(StartupError::InvalidLayout), "{body:?}");
        }
    }

    #[test]
    fn ignores_the_parameters_of_other_major_versions() {
        let version = Version { major: 2, minor: 0 };
        let startup = Startup::parse(version, &[b'x'; 288]).unwrap();
        assert_eq!(startup, Startup::new(version));
    }

    #[test]
    fn recognizes_replication_sessions() {
        for (value, replication) in [
            ("true", true),
            ("database", true),
            ("on", true),
            ("1", true),
            ("perhaps", true),
            ("", true),
            ("o", true),
            ("FALSE", false),
            ("f", false),
            ("off", false),
            ("No", false),
            ("0", false),
        ] {
            let startup = Startup::new(Version::V3_0).with("replication", value);
            assert_eq!(startup.is_replication(), replication, "{value:?}");
        }
        assert!(!Startup::new(Version::V3_0).is_replication());
    }

    #[test]
    fn does_not_send_protocol_options_to_the_server() {
        let startup = Startup::new(Version::V3_2)
            .with("user", "alice")
            .with("_pq_.test", "1")
            .with("TimeZone", "UTC");
        assert_eq!(startup.protocol_options().count(), 1);
        let sent = startup.for_server(Version::V3_0);
        assert_eq!(reencoded(&sent), b"user\0alice\0TimeZone\0UTC\0\0");
        assert_eq!(sent.version, Version::V3_0);
    }

    #[test]
    fn a_value_cannot_inject_a_parameter() {
        let startup = Startup::new(Version::V3_0)
            .with("user", "alice\0user\0admin")
            .with("\0", "x")
            .with("TimeZone", "UTC");
        assert_eq!(reencoded(&startup), b"user\0alice\0TimeZone\0UTC\0\0");
    }
}
