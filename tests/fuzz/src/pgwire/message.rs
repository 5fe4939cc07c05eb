//! Messages of servers and clients: parsed messages are written back as the same bytes.

use bytes::BytesMut;
use irsa_pgwire::error_response::{ERROR_RESPONSE, ErrorResponse, NOTICE_RESPONSE};
use irsa_pgwire::frame::{HEADER, Header};
use irsa_pgwire::{backend, frontend};

/// Parses a complete or truncated server message.
pub fn backend_message(data: &[u8]) {
    let Some((tag, body)) = split(data) else {
        return;
    };
    match tag {
        backend::AUTHENTICATION => authentication(body),
        backend::BACKEND_KEY_DATA => {
            if let Ok(key) = backend::parse_backend_key_data(body) {
                assert_writes(body, |buf| backend::backend_key_data(&key, buf));
            }
        }
        backend::PARAMETER_STATUS => {
            if let Ok(status) = backend::ParameterStatus::parse(body) {
                assert_writes(body, |buf| {
                    backend::parameter_status(status.name, status.value, buf);
                });
            }
        }
        backend::READY_FOR_QUERY => {
            if let Ok(status) = backend::parse_ready_for_query(body) {
                assert_writes(body, |buf| backend::ready_for_query(status, buf));
            }
        }
        backend::NEGOTIATE_PROTOCOL_VERSION => {
            if let Ok(negotiation) = backend::NegotiateProtocolVersion::parse(body) {
                assert_writes(body, |buf| negotiation.encode(buf));
            }
        }
        backend::COMMAND_COMPLETE => {
            if let Ok(complete) = backend::CommandComplete::parse(body) {
                complete.rows();
                assert_writes(body, |buf| backend::command_complete(complete.tag(), buf));
            }
        }
        ERROR_RESPONSE | NOTICE_RESPONSE => error_response(body),
        _ => {}
    }
}

/// Parses a complete or truncated client message. The authentication messages share a tag.
pub fn frontend_message(data: &[u8]) {
    let Some((tag, body)) = split(data) else {
        return;
    };
    match tag {
        frontend::PASSWORD_MESSAGE => {
            if let Ok(password) = frontend::parse_password(body) {
                assert_writes(body, |buf| frontend::password(password, buf));
            }
            if let Ok(initial) = frontend::SaslInitialResponse::parse(body) {
                assert_writes(body, |buf| {
                    frontend::sasl_initial(initial.mechanism, initial.response, buf);
                });
            }
            assert_writes(body, |buf| frontend::sasl_response(body, buf));
        }
        frontend::QUERY => {
            if let Ok(sql) = frontend::parse_query(body) {
                assert_writes(body, |buf| frontend::query(sql, buf));
            }
        }
        _ => {}
    }
}

fn authentication(body: &[u8]) {
    match backend::Authentication::parse(body) {
        // The data after the number of an unknown request is not kept.
        Ok(request @ backend::Authentication::Other(_)) => {
            let number = body.get(..4).unwrap_or_default();
            assert_writes(number, |buf| request.encode(buf));
        }
        Ok(request) => assert_writes(body, |buf| request.encode(buf)),
        Err(_) => {}
    }
}

/// Servers can omit and repeat fields. The parsed response must round-trip.
fn error_response(body: &[u8]) {
    let Ok(response) = ErrorResponse::parse(body) else {
        return;
    };
    for write in [ErrorResponse::encode, ErrorResponse::encode_notice] {
        let mut written = BytesMut::new();
        write(&response, &mut written);
        let (_, body) = split(&written).unwrap_or_default();
        assert_eq!(ErrorResponse::parse(body).as_ref(), Ok(&response));
    }
}

/// Returns the tag and the available part of the body.
fn split(data: &[u8]) -> Option<(u8, &[u8])> {
    let header = Header::parse(data).ok()??;
    let rest = data.get(HEADER..)?;
    Some((header.tag, rest.get(..header.body_len).unwrap_or(rest)))
}

fn assert_writes(body: &[u8], write: impl FnOnce(&mut BytesMut)) {
    let mut written = BytesMut::new();
    write(&mut written);
    let header = Header::parse(&written);
    let body_len = body.len();
    assert!(matches!(header, Ok(Some(header)) if header.body_len == body_len));
    assert_eq!(written.get(HEADER..), Some(body));
}
