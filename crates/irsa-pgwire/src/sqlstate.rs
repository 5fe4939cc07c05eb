//! SQLSTATE error codes, which drivers evaluate.
//!
//! The values are those of PostgreSQL's documentation, appendix "PostgreSQL Error Codes".

use std::fmt;
use std::str::FromStr;

/// An SQLSTATE: five digits or uppercase letters, of which the first two are the class.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SqlState([u8; 5]);

/// The error for a text that is not five digits or uppercase letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an SQLSTATE must be five digits or uppercase letters, such as `28000`")]
pub struct SqlStateError;

// === impl SqlState ===

impl SqlState {
    /// 01000 warning.
    pub const WARNING: Self = Self(*b"01000");
    /// 00000 successful completion: the code of a NoticeResponse that is not a warning.
    pub const SUCCESSFUL_COMPLETION: Self = Self(*b"00000");
    /// 08000 connection exception.
    pub const CONNECTION_EXCEPTION: Self = Self(*b"08000");
    /// 08001 the client is unable to establish the connection.
    pub const SQLCLIENT_UNABLE: Self = Self(*b"08001");
    /// 08003 connection does not exist.
    pub const CONNECTION_DOES_NOT_EXIST: Self = Self(*b"08003");
    /// 08004 the server rejected the connection.
    pub const SQLSERVER_REJECTED: Self = Self(*b"08004");
    /// 08006 connection failure.
    pub const CONNECTION_FAILURE: Self = Self(*b"08006");
    /// 08007 transaction resolution unknown: the transaction may or may not have been committed.
    pub const TRANSACTION_RESOLUTION_UNKNOWN: Self = Self(*b"08007");
    /// 08P01 protocol violation.
    pub const PROTOCOL_VIOLATION: Self = Self(*b"08P01");
    /// 0A000 feature not supported.
    pub const FEATURE_NOT_SUPPORTED: Self = Self(*b"0A000");
    /// 22023 invalid parameter value.
    pub const INVALID_PARAMETER_VALUE: Self = Self(*b"22023");
    /// 25006 read-only SQL transaction: the server is not a writer.
    pub const READ_ONLY: Self = Self(*b"25006");
    /// 25P02 in failed SQL transaction.
    pub const IN_FAILED_TRANSACTION: Self = Self(*b"25P02");
    /// 26000 invalid SQL statement name.
    pub const INVALID_STATEMENT_NAME: Self = Self(*b"26000");
    /// 28000 invalid authorization specification.
    pub const INVALID_AUTHORIZATION_SPECIFICATION: Self = Self(*b"28000");
    /// 28P01 invalid password.
    pub const INVALID_PASSWORD: Self = Self(*b"28P01");
    /// 3D000 invalid catalog name: the database does not exist.
    pub const INVALID_CATALOG: Self = Self(*b"3D000");
    /// 40001 serialization failure.
    pub const SERIALIZATION_FAILURE: Self = Self(*b"40001");
    /// 42501 insufficient privilege.
    pub const INSUFFICIENT_PRIVILEGE: Self = Self(*b"42501");
    /// 42601 syntax error.
    pub const SYNTAX_ERROR: Self = Self(*b"42601");
    /// 42704 undefined object.
    pub const UNDEFINED_OBJECT: Self = Self(*b"42704");
    /// 42P05 duplicate prepared statement.
    pub const DUPLICATE_PREPARED_STATEMENT: Self = Self(*b"42P05");
    /// 53000 insufficient resources.
    pub const INSUFFICIENT_RESOURCES: Self = Self(*b"53000");
    /// 53300 too many connections.
    pub const TOO_MANY_CONNECTIONS: Self = Self(*b"53300");
    /// 53400 configuration limit exceeded.
    pub const CONFIGURATION_LIMIT_EXCEEDED: Self = Self(*b"53400");
    /// 55000 object not in prerequisite state.
    pub const OBJECT_NOT_IN_PREREQUISITE_STATE: Self = Self(*b"55000");
    /// 57014 query canceled.
    pub const QUERY_CANCELED: Self = Self(*b"57014");
    /// 57P01 admin shutdown.
    pub const ADMIN_SHUTDOWN: Self = Self(*b"57P01");
    /// 57P02 crash shutdown.
    pub const CRASH_SHUTDOWN: Self = Self(*b"57P02");
    /// 57P03 cannot connect now.
    pub const CANNOT_CONNECT_NOW: Self = Self(*b"57P03");
    /// 57P04 database dropped.
    pub const DATABASE_DROPPED: Self = Self(*b"57P04");
    /// 57P05 idle session timeout.
    pub const IDLE_SESSION_TIMEOUT: Self = Self(*b"57P05");
    /// XX000 internal error; also used for an error without a valid code.
    pub const INTERNAL_ERROR: Self = Self(*b"XX000");

    /// Parses a code.
    ///
    /// # Errors
    /// Fails if `bytes` are not five digits or uppercase letters.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SqlStateError> {
        let code: [u8; 5] = bytes.try_into().map_err(|_| SqlStateError)?;
        let valid = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        code.iter()
            .all(valid)
            .then_some(Self(code))
            .ok_or(SqlStateError)
    }

    /// Returns the five characters.
    pub fn as_str(&self) -> &str {
        // INVARIANT: only ASCII is ever stored.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns the class, the first two characters, such as `08` for connection exceptions.
    pub fn class(&self) -> &str {
        self.as_str().get(..2).unwrap_or_default()
    }
}

impl FromStr for SqlState {
    type Err = SqlStateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Display for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqlState({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_its_own_text() {
        let code: SqlState = "28P01".parse().unwrap();
        assert_eq!(code, SqlState::INVALID_PASSWORD);
        assert_eq!(code.to_string(), "28P01");
        assert_eq!(code.class(), "28");
    }

    #[test]
    fn rejects_invalid_codes() {
        for text in ["", "2800", "280000", "28p01", "28 00", "2800\u{e9}"] {
            assert_eq!(text.parse::<SqlState>(), Err(SqlStateError), "{text:?}");
        }
    }
}
