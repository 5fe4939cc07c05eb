//! StartupMessage: who wants a session on which database, with which settings.

use bytes::{BufMut, Bytes, BytesMut};

use super::{StartupError, Version};
use crate::writer;

/// Names with this prefix are options of the protocol, not settings of the session.
const PROTOCOL_OPTION: &[u8] = b"_pq_.";

/// A StartupMessage. Names and values are bytes: the protocol gives them no encoding, and they go
/// on to a server exactly as they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Startup {
    /// The newest protocol that the client speaks.
    pub version: Version,
    /// Names and values, in the client's order. Of a name that comes twice, the last value counts.
    pub parameters: Vec<(Bytes, Bytes)>,
}

// === impl Startup ===

impl Startup {
    /// A message without parameters.
    pub fn new(version: Version) -> Self {
        Self {
            version,
            parameters: Vec::new(),
        }
    }

    /// Adds a parameter, up to the first zero byte of its name and of its value.
    #[must_use]
    pub fn with(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.parameters
            .push((copied(name.as_ref()), copied(value.as_ref())));
        self
    }

    /// The last value of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&[u8]> {
        let mut latest_first = self.parameters.iter().rev();
        latest_first
            .find(|(candidate, _)| candidate == name.as_bytes())
            .map(|(_, value)| value.as_ref())
    }

    /// The database user; `None` if its name is not UTF-8, which no IAM policy can name.
    pub fn user(&self) -> Option<&str> {
        self.text("user")
    }

    /// The database; the user's name where none is given, as the server has it.
    pub fn database(&self) -> Option<&str> {
        match self.parameter("database") {
            None | Some([]) => self.user(),
            Some(_) => self.text("database"),
        }
    }

    /// Whether the session is for replication: its server process takes other commands, and no
    /// query may be slipped in. A value that the server may not know counts as yes.
    pub fn is_replication(&self) -> bool {
        self.parameter("replication")
            .is_some_and(|value| !is_false(value))
    }

    /// The `_pq_.` options, which ask for extensions of the protocol.
    pub fn protocol_options(&self) -> impl Iterator<Item = (&Bytes, &Bytes)> {
        self.parameters
            .iter()
            .filter(|(name, _)| is_protocol_option(name))
            .map(|(name, value)| (name, value))
    }

    /// The message that a proxy sends on: in a version of its own, and without the `_pq_.` options,
    /// which are between it and the client. All else stays byte for byte.
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

    /// Writes the message. A parameter without a name would end it early, and is left out.
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

    /// Reads what follows the version. The layout of other major versions is unknown, so those have
    /// no parameters here; [`Negotiation`](super::Negotiation) refuses them.
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

/// Pairs of strings, and one zero byte as the last of all.
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

/// Whether PostgreSQL's `parse_bool` reads "no": a unique prefix of these words, in any case.
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
    fn has_no_user_that_is_not_utf8() {
        assert_eq!(parse(b"user\0\xff\0\0").unwrap().user(), None);
    }

    #[test]
    fn takes_the_user_for_the_database_where_none_is_given() {
        for (body, database) in [
            (&b"user\0alice\0\0"[..], "alice"),
            (b"user\0alice\0database\0\0\0", "alice"),
            (b"user\0alice\0database\0a\0database\0b\0\0", "b"),
        ] {
            assert_eq!(parse(body).unwrap().database(), Some(database));
        }
    }

    #[test]
    fn rejects_a_missing_an_empty_and_a_second_user() {
        assert_eq!(parse(b"\0"), Err(StartupError::NoUser));
        assert_eq!(parse(b"user\0\0\0"), Err(StartupError::NoUser));
        let twice = b"user\0alice\0user\0admin\0\0";
        assert_eq!(parse(twice), Err(StartupError::DuplicateUser));
    }

    #[test]
    fn rejects_a_broken_layout() {
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
    fn reads_no_parameters_of_another_major_version() {
        let version = Version { major: 2, minor: 0 };
        let startup = Startup::parse(version, &[b'x'; 288]).unwrap();
        assert_eq!(startup, Startup::new(version));
    }

    #[test]
    fn knows_replication_as_the_server_does() {
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
    fn keeps_protocol_options_from_the_server() {
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
    fn lets_no_value_smuggle_a_parameter_in() {
        let startup = Startup::new(Version::V3_0)
            .with("user", "alice\0user\0admin")
            .with("\0", "x")
            .with("TimeZone", "UTC");
        assert_eq!(reencoded(&startup), b"user\0alice\0TimeZone\0UTC\0\0");
    }
}
