//! Parsing of ErrorResponse and NoticeResponse, tolerant of incomplete messages.

use super::{ErrorResponse, Severity};
use crate::MessageError;
use crate::reader::Reader;
use crate::sqlstate::SqlState;

// === impl ErrorResponse ===

impl ErrorResponse {
    /// Parses the body of an ErrorResponse or a NoticeResponse.
    ///
    /// Every field is optional, unknown fields are kept, and the first of duplicate fields is used. The default
    /// severity is ERROR and the default SQLSTATE is XX000 (internal error). Text is decoded as UTF-8 with replacement
    /// characters for invalid bytes, because the encoding is unknown until the login is complete.
    ///
    /// # Errors
    /// Fails if a field is not terminated.
    pub fn parse(body: &[u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new("ErrorResponse", body);
        let mut fields = Fields::default();
        while let Some(letter) = next_letter(&mut reader) {
            fields.put(letter, reader.string()?);
        }
        Ok(fields.into_response())
    }
}

#[derive(Default)]
struct Fields<'a> {
    /// The severity in the language of the server's messages.
    localized_severity: Option<&'a [u8]>,
    severity: Option<&'a [u8]>,
    code: Option<&'a [u8]>,
    message: Option<&'a [u8]>,
    detail: Option<&'a [u8]>,
    hint: Option<&'a [u8]>,
    others: Vec<(u8, String)>,
}

// === impl Fields ===

impl<'a> Fields<'a> {
    fn put(&mut self, letter: u8, value: &'a [u8]) {
        let field = match letter {
            b'S' => &mut self.localized_severity,
            b'V' => &mut self.severity,
            b'C' => &mut self.code,
            b'M' => &mut self.message,
            b'D' => &mut self.detail,
            b'H' => &mut self.hint,
            _ => return self.others.push((letter, text(value))),
        };
        field.get_or_insert(value);
    }

    fn into_response(self) -> ErrorResponse {
        let severity = self.severity.or(self.localized_severity);
        let code = self.code.and_then(|code| SqlState::from_bytes(code).ok());
        ErrorResponse {
            severity: severity
                .and_then(Severity::from_bytes)
                .unwrap_or(Severity::Error),
            code: code.unwrap_or(SqlState::INTERNAL_ERROR),
            message: self.message.map(text).unwrap_or_default(),
            detail: self.detail.map(text),
            hint: self.hint.map(text),
            others: self.others,
        }
    }
}

/// Returns the letter of the next field; `None` at the terminating zero byte or the end of the body.
fn next_letter(reader: &mut Reader<'_>) -> Option<u8> {
    reader.u8().ok().filter(|&letter| letter != 0)
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &[u8]) -> ErrorResponse {
        ErrorResponse::parse(body).unwrap()
    }

    #[test]
    fn parses_a_message_of_postgresql() {
        let body = b"SFATAL\0VFATAL\0C28000\0MPAM authentication failed for user \"a\"\0\
                     Fauth.c\0L326\0Rauth_failed\0\0";
        let response = parse(body);
        assert_eq!(response.severity, Severity::Fatal);
        assert_eq!(response.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
        assert_eq!(response.message, "PAM authentication failed for user \"a\"");
        let others = [(b'F', "auth.c"), (b'L', "326"), (b'R', "auth_failed")];
        assert_eq!(
            response.others,
            others.map(|(letter, value)| (letter, value.to_owned()))
        );
    }

    #[test]
    fn accepts_a_message_without_fields() {
        for body in [&b""[..], b"\0"] {
            let wanted = ErrorResponse::error(SqlState::INTERNAL_ERROR, "");
            assert_eq!(parse(body), wanted);
        }
    }

    #[test]
    fn uses_internal_error_for_a_missing_or_invalid_sqlstate() {
        for body in [
            &b"C\0Mno\0\0"[..],
            b"C28\0Mno\0\0",
            b"C\xff\xff\xff\xff\xff\0Mno\0\0",
        ] {
            assert_eq!(parse(body).code, SqlState::INTERNAL_ERROR);
            assert_eq!(parse(body).message, "no");
        }
    }

    #[test]
    fn prefers_the_nonlocalized_severity() {
        assert_eq!(parse(b"SFATAL\0\0").severity, Severity::Fatal);
        assert_eq!(
            parse(b"SSCHWERWIEGEND\0VFATAL\0\0").severity,
            Severity::Fatal
        );
        assert_eq!(parse(b"SSCHWERWIEGEND\0\0").severity, Severity::Error);
    }

    #[test]
    fn uses_the_first_of_duplicate_fields() {
        assert_eq!(parse(b"Mfirst\0Msecond\0\0").message, "first");
    }

    #[test]
    fn replaces_bytes_that_are_not_utf8() {
        assert_eq!(parse(b"Mgr\xfc\xdfe\0\0").message, "gr\u{fffd}\u{fffd}e");
    }

    #[test]
    fn rejects_an_unterminated_field() {
        let error = ErrorResponse::parse(b"SFATAL\0Mno").unwrap_err();
        assert_eq!(
            error.to_string(),
            "malformed ErrorResponse: a string has no terminating zero byte"
        );
    }
}
