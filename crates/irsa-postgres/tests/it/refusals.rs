//! A server that will not let the user in, and what the client is told of it.

use bytes::Bytes;
use irsa_chain::Cause;
use irsa_pgwire::backend::Authentication;
use irsa_pgwire::error_response::{ErrorResponse, Severity};
use irsa_pgwire::sqlstate::SqlState;
use irsa_testing::Log;

use crate::client::{log_in, startup};
use crate::proxy::{ROLE, Setup};
use crate::server::{HOST, Server, Step, refusal};
use crate::wire::{encoded, message};

/// What the client of a server with this script is told, and the passwords that the server saw.
async fn refusal_of(script: impl Into<Vec<Step>>) -> (ErrorResponse, Vec<String>) {
    let server = Server::new().on_each_login(script).run().await;
    let proxy = Setup::of(&server).start().await;
    let error = proxy.refusal().await;
    assert_eq!(proxy.metric("postgres_refusals_total"), 1);
    (error, server.login().passwords)
}

async fn refused_with(error: &ErrorResponse) -> ErrorResponse {
    let script = [Step::ask_for_password(), Step::refuse(error)];
    refusal_of(script).await.0
}

fn assert_explained(error: &ErrorResponse, cause: Cause) {
    let detail = error.detail.as_deref().expect("a detail");
    for fact in ["user app", HOST, "eu-central-1", ROLE] {
        assert!(detail.contains(fact), "`{fact}` is not in `{detail}`");
    }
    let remedy = cause.remedy().replace("DB_USER", "app");
    assert_eq!(error.hint, Some(remedy));
}

#[tokio::test]
async fn what_the_server_says_keeps_its_code_and_its_words() {
    let words = [
        ("3D000", "database \"orders\" does not exist"),
        ("53300", "sorry, too many clients already"),
        ("57P03", "the database system is starting up"),
        ("28000", "PAM authentication failed for user \"app\""),
        ("28P01", "password authentication failed for user \"app\""),
        ("42501", "permission denied for database \"orders\""),
    ];
    for (code, text) in words {
        let said = ErrorResponse::fatal(code.parse().unwrap(), text);
        let heard = refused_with(&said).await;
        assert_eq!(heard.code, said.code);
        assert_eq!(heard.message, said.message);
        assert_eq!(heard.severity, Severity::Fatal);
    }
}

#[tokio::test]
async fn a_refused_token_is_explained_with_who_asked_for_what() {
    let error = refused_with(&refusal()).await;
    assert_explained(&error, Cause::IamLoginRefused);
    let detail = error.detail.unwrap();
    assert!(detail.contains("token signed 0 s ago"), "{detail}");
    let place = "(link: permissions, cause: iam-login-refused)";
    assert!(detail.ends_with(place), "{detail}");
}

#[tokio::test]
async fn what_is_no_refusal_of_a_token_is_not_taken_for_one() {
    let raised_by = |routine: &str, text| {
        let mut error = refusal();
        error.message = text;
        error.others = vec![(b'R', routine.to_owned())];
        error
    };
    let no_role = "role \"app\" does not exist".to_owned();
    let error = refused_with(&raised_by("InitializeSessionUserId", no_role)).await;
    assert_explained(&error, Cause::RoleNotFound);

    let no_login = "role \"app\" is not permitted to log in".to_owned();
    let error = refused_with(&raised_by("InitializeSessionUserId", no_login)).await;
    let hint = error.hint.unwrap();
    assert!(hint.contains("ALTER ROLE \"app\" LOGIN"), "{hint}");

    let no_line = "no pg_hba.conf entry for host \"10.0.0.1\"".to_owned();
    let said = raised_by("ClientAuthentication", no_line);
    let (error, passwords) = refusal_of([Step::refuse(&said)]).await;
    assert_eq!(error.message, said.message);
    let hint = error.hint.unwrap();
    assert!(hint.contains("rdsadmin"), "{hint}");
    let detail = error.detail.unwrap();
    assert!(!detail.contains("link: "), "no link is broken: {detail}");
    assert!(passwords.is_empty());
}

#[tokio::test]
async fn a_missing_database_and_a_full_server_come_with_a_remedy() {
    let causes = [
        (SqlState::INVALID_CATALOG, Cause::WrongDatabase),
        (SqlState::TOO_MANY_CONNECTIONS, Cause::EndpointOverloaded),
        (
            SqlState::INSUFFICIENT_PRIVILEGE,
            Cause::DatabaseAccessDenied,
        ),
        (SqlState::CANNOT_CONNECT_NOW, Cause::NotAvailable),
    ];
    for (code, cause) in causes {
        let error = refused_with(&ErrorResponse::fatal(code, "no")).await;
        assert_explained(&error, cause);
    }
}

#[tokio::test]
async fn the_sentences_of_rds_proxy_are_understood() {
    let sentences = [
        (
            "The IAM authentication failed because of too many competing requests.",
            Cause::EndpointOverloaded,
        ),
        (
            "This RDS proxy has no credentials for the role app. Check the credentials for this role \
             and try again.",
            Cause::RoleNotFound,
        ),
    ];
    for (sentence, cause) in sentences {
        let mut said = refusal();
        said.message = sentence.to_owned();
        let error = refused_with(&said).await;
        let detail = error.detail.unwrap();
        let place = cause.link().reference(Some(cause));
        assert!(detail.contains(&place), "{sentence}: {detail}");
        assert!(error.hint.is_some(), "{sentence}");
    }
}

#[tokio::test]
async fn the_servers_own_detail_and_hint_stay() {
    let mut said = ErrorResponse::fatal(SqlState::TOO_MANY_CONNECTIONS, "no")
        .detail("the server's detail")
        .hint("the server's hint");
    said.others = vec![
        (b'F', "proc.c".to_owned()),
        (b'R', "InitProcess".to_owned()),
    ];
    assert_eq!(refused_with(&said).await, said);
}

#[tokio::test]
async fn a_server_that_wants_another_kind_of_password_does_not_know_the_user_as_rds_iam() {
    let scram = Authentication::Sasl {
        mechanisms: vec!["SCRAM-SHA-256".to_owned()],
    };
    for request in [scram, Authentication::Md5 { salt: [1; 4] }] {
        let (error, passwords) = refusal_of([Step::Ask(request)]).await;
        assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
        assert!(error.message.contains("rds_iam"), "{error:?}");
        assert!(error.message.contains("grant"), "{error:?}");
        assert_explained(&error, Cause::RdsIamNotGranted);
        assert!(passwords.is_empty());
    }
}

#[tokio::test]
async fn a_server_that_wants_kerberos_or_what_nobody_knows_is_sent_no_token() {
    let requests = [
        Authentication::Gss,
        Authentication::Sspi,
        Authentication::KerberosV5,
        Authentication::SaslContinue(Bytes::from_static(b"r=1")),
        Authentication::Other(99),
    ];
    for request in requests {
        let (error, passwords) = refusal_of([Step::Ask(request)]).await;
        assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
        assert!(passwords.is_empty());
    }
}

#[tokio::test]
async fn a_server_that_asks_twice_is_answered_once() {
    let script = [Step::ask_for_password(), Step::ask_for_password()];
    let (error, passwords) = refusal_of(script).await;
    assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
    assert_eq!(passwords.len(), 1);
}

#[tokio::test]
async fn a_user_whose_name_no_policy_can_hold_is_sent_no_token() {
    let server = Server::new().run().await;
    let proxy = Setup::of(&server).start().await;
    let mut unnameable = startup();
    unnameable.parameters[0].1 = Bytes::from_static(b"\xff\xfe");
    let refused = log_in(proxy.connect().await, &unnameable).await;
    let error = refused.err().expect("it is refused");
    assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert!(error.message.contains("UTF-8"), "{error:?}");
    assert!(server.login().passwords.is_empty());
}

#[tokio::test]
async fn an_error_without_fields_is_still_an_error_to_the_client() {
    for bare in [message(b'E', b"\0"), message(b'E', b"")] {
        let (error, _) = refusal_of([Step::ask_for_password(), Step::send(bare)]).await;
        assert_eq!(error.code, SqlState::INTERNAL_ERROR);
        assert_eq!(error.message, "");
    }
}

#[tokio::test]
async fn an_error_after_the_consent_is_passed_on_too() {
    let consent = encoded(|buf| Authentication::Ok.encode(buf));
    let said = ErrorResponse::fatal(SqlState::INVALID_CATALOG, "no such database");
    let script = [
        Step::ask_for_password(),
        Step::send(consent),
        Step::refuse(&said),
    ];
    let (error, _) = refusal_of(script).await;
    assert_eq!(error.code, SqlState::INVALID_CATALOG);
    assert_explained(&error, Cause::WrongDatabase);
}

#[tokio::test]
async fn refusals_of_one_kind_are_logged_once_in_a_while_with_endpoint_and_remedy() {
    let (log, _guard) = Log::capture();
    let script = |login| match login {
        0..5 => vec![Step::ask_for_password(), Step::refuse(&refusal())],
        _ => vec![Step::ask_for_password()],
    };
    let server = Server::new().on_login(script).run().await;
    let proxy = Setup::of(&server).start().await;
    for _ in 0..10 {
        proxy.refusal().await;
    }
    let log = log.text();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    let [refused, closed] = warnings.as_slice() else {
        panic!("one line of each kind, not {warnings:#?}");
    };
    for (line, cause, code) in [
        (refused, Cause::IamLoginRefused, "28000"),
        (closed, Cause::EndpointUnreachable, "57P03"),
    ] {
        for part in [HOST, cause.id(), cause.remedy(), code] {
            assert!(line.contains(part), "`{part}` is not in {line}");
        }
    }
    assert_eq!(proxy.metric("postgres_refusals_total"), 10);
}
