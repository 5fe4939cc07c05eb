//! Every message that is written is parsed back unchanged.

use bytes::{Bytes, BytesMut};
use irsa_pgwire::backend::{self, Authentication, CommandComplete, ParameterStatus};
use irsa_pgwire::backend::{NegotiateProtocolVersion, TransactionStatus};
use irsa_pgwire::error_response::ErrorResponse;
use irsa_pgwire::frame::{HEADER, Header};
use irsa_pgwire::frontend::{self, SaslInitialResponse};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use crate::strategies::{cancel_key, data, error_response, string, text, version_3};

/// Returns the body of the single message that `write` appends to a buffer with content.
fn body(tag: u8, write: impl FnOnce(&mut BytesMut)) -> Bytes {
    let before = BytesMut::from(&b"before"[..]);
    let mut buf = before.clone();
    write(&mut buf);
    let mut message = buf.split_off(before.len());
    assert_eq!(buf, before);
    let header = Header::parse(&message).unwrap().unwrap();
    assert_eq!(header.tag, tag);
    assert_eq!(HEADER + header.body_len, message.len());
    message.split_off(HEADER).freeze()
}

fn authentication() -> impl Strategy<Value = Authentication> {
    let known = [0, 2, 3, 5, 7, 8, 9, 10, 11, 12];
    let other = any::<u32>().prop_filter("a known request", move |code| !known.contains(code));
    let mechanisms = vec("[^\0]{1,20}", 0..4);
    prop_oneof![
        select(vec![
            Authentication::Ok,
            Authentication::CleartextPassword,
            Authentication::Gss,
            Authentication::Sspi,
            Authentication::KerberosV5,
        ]),
        any::<[u8; 4]>().prop_map(|salt| Authentication::Md5 { salt }),
        mechanisms.prop_map(|mechanisms| Authentication::Sasl { mechanisms }),
        data().prop_map(Authentication::SaslContinue),
        data().prop_map(Authentication::SaslFinal),
        data().prop_map(Authentication::GssContinue),
        other.prop_map(Authentication::Other),
    ]
}

proptest! {
    #[test]
    fn authentication_survives(message in authentication()) {
        let body = body(backend::AUTHENTICATION, |buf| message.encode(buf));
        prop_assert_eq!(Authentication::parse(&body), Ok(message));
    }

    #[test]
    fn backend_key_data_survives(key in cancel_key()) {
        let body = body(backend::BACKEND_KEY_DATA, |buf| backend::backend_key_data(&key, buf));
        prop_assert_eq!(backend::parse_backend_key_data(&body), Ok(key));
    }

    #[test]
    fn command_complete_survives(tag in text()) {
        let body = body(backend::COMMAND_COMPLETE, |buf| backend::command_complete(&tag, buf));
        prop_assert_eq!(CommandComplete::parse(&body).unwrap().tag(), tag);
    }

    #[test]
    fn negotiate_protocol_version_survives(
        newest in version_3(),
        unrecognized in vec(string(), 0..4),
    ) {
        let message = NegotiateProtocolVersion { newest, unrecognized };
        let body = body(backend::NEGOTIATE_PROTOCOL_VERSION, |buf| message.encode(buf));
        prop_assert_eq!(NegotiateProtocolVersion::parse(&body), Ok(message));
    }

    #[test]
    fn parameter_status_survives(name in string(), value in string()) {
        let body = body(backend::PARAMETER_STATUS, |buf| {
            backend::parameter_status(&name, &value, buf);
        });
        let wanted = ParameterStatus { name: &name, value: &value };
        prop_assert_eq!(ParameterStatus::parse(&body), Ok(wanted));
    }

    #[test]
    fn ready_for_query_survives(
        status in select(vec![
            TransactionStatus::Idle,
            TransactionStatus::InTransaction,
            TransactionStatus::Failed,
        ]),
    ) {
        let body = body(backend::READY_FOR_QUERY, |buf| backend::ready_for_query(status, buf));
        prop_assert_eq!(backend::parse_ready_for_query(&body), Ok(status));
    }

    #[test]
    fn errors_and_notices_survive(response in error_response()) {
        let error = body(backend::ERROR_RESPONSE, |buf| response.encode(buf));
        let notice = body(backend::NOTICE_RESPONSE, |buf| response.encode_notice(buf));
        prop_assert_eq!(ErrorResponse::parse(&error), Ok(response.clone()));
        prop_assert_eq!(ErrorResponse::parse(&notice), Ok(response));
    }

    #[test]
    fn passwords_survive(password in string()) {
        let body = body(frontend::PASSWORD_MESSAGE, |buf| frontend::password(&password, buf));
        prop_assert_eq!(frontend::parse_password(&body), Ok(password.as_ref()));
    }

    #[test]
    fn sasl_initial_responses_survive(mechanism in text(), response in option::of(data())) {
        let response = response.as_deref();
        let body = body(frontend::PASSWORD_MESSAGE, |buf| {
            frontend::sasl_initial(&mechanism, response, buf);
        });
        let wanted = SaslInitialResponse { mechanism: &mechanism, response };
        prop_assert_eq!(SaslInitialResponse::parse(&body), Ok(wanted));
    }

    #[test]
    fn sasl_responses_survive(data in data()) {
        let body = body(frontend::PASSWORD_MESSAGE, |buf| frontend::sasl_response(&data, buf));
        prop_assert_eq!(body, data);
    }

    #[test]
    fn queries_survive(sql in string()) {
        let body = body(frontend::QUERY, |buf| frontend::query(&sql, buf));
        prop_assert_eq!(frontend::parse_query(&body), Ok(sql.as_ref()));
    }
}

#[test]
fn a_password_of_64_kib_survives() {
    let token = vec![b't'; 65_535];
    let body = body(frontend::PASSWORD_MESSAGE, |buf| {
        frontend::password(&token, buf);
    });
    assert_eq!(frontend::parse_password(&body), Ok(token.as_slice()));
}
