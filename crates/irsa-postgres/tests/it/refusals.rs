//! Servers that refuse the login, and the error that the client gets.

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

/// Runs a server with this script. Returns the error that the client gets and the passwords that the server received.
async fn refusal_for_script(script: impl Into<Vec<Step>>) -> (ErrorResponse, Vec<String>) {
    let server = Server::new().on_each_login(script).run().await;
    let proxy = Setup::for_server(&server).start().await;
    let error = proxy.refusal().await;
    assert_eq!(proxy.metric("postgres_refusals_total"), 1);
    (error, server.login().passwords)
}

async fn refused_with(error: &ErrorResponse) -> ErrorResponse {
    let script = [Step::ask_for_password(), Step::refuse(error)];
    refusal_for_script(script).await.0
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
async fn errors_of_the_server_keep_their_code_and_message() {
    let errors = [
        ("3D000", "database \"orders\" does not exist"),
        ("53300", "sorry, too many clients already"),
        ("57P03", "the database system is starting up"),
        ("28000", "PAM authentication failed for user \"app\""),
        ("28P01", "password authentication failed for user \"app\""),
        ("42501", "permission denied for database \"orders\""),
    ];
    for (code, text) in errors {
        let sent = ErrorResponse::fatal(code.parse().unwrap(), text);
        let received = refused_with(&sent).await;
        assert_eq!(received.code, sent.code);
        assert_eq!(received.message, sent.message);
        assert_eq!(received.severity, Severity::Fatal);
    }
}

#[tokio::test]
async fn a_rejected_token_is_explained_with_the_facts_of_the_login() {
    let error = refused_with(&refusal()).await;
    assert_explained(&error, Cause::IamLoginRefused);
    let detail = error.detail.unwrap();
    assert!(detail.contains("token signed 0 s ago"), "{detail}");
    let reference = "(link: permissions, cause: iam-login-refused)";
    assert!(detail.ends_with(reference), "{detail}");
}

#[tokio::test]
async fn other_errors_are_not_mistaken_for_a_rejected_token() {
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

    let no_entry = "no pg_hba.conf entry for host \"10.0.0.1\"".to_owned();
    let sent = raised_by("ClientAuthentication", no_entry);
    let (error, passwords) = refusal_for_script([Step::refuse(&sent)]).await;
    assert_eq!(error.message, sent.message);
    let hint = error.hint.unwrap();
    assert!(hint.contains("rdsadmin"), "{hint}");
    let detail = error.detail.unwrap();
    assert!(!detail.contains("link: "), "no link is broken: {detail}");
    assert!(passwords.is_empty());
}

#[tokio::test]
async fn errors_with_a_known_cause_have_a_remedy() {
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
async fn messages_of_rds_proxy_are_recognized() {
    let messages = [
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
    for (message, cause) in messages {
        let mut sent = refusal();
        sent.message = message.to_owned();
        let error = refused_with(&sent).await;
        let detail = error.detail.unwrap();
        let reference = cause.link().reference(Some(cause));
        assert!(detail.contains(&reference), "{message}: {detail}");
        assert!(error.hint.is_some(), "{message}");
    }
}

#[tokio::test]
async fn detail_and_hint_of_the_server_stay_unchanged() {
    let mut sent = ErrorResponse::fatal(SqlState::TOO_MANY_CONNECTIONS, "no")
        .detail("the server's detail")
        .hint("the server's hint");
    sent.others = vec![
        (b'F', "proc.c".to_owned()),
        (b'R', "InitProcess".to_owned()),
    ];
    assert_eq!(refused_with(&sent).await, sent);
}

#[tokio::test]
async fn a_request_for_an_md5_or_scram_password_means_that_rds_iam_is_not_granted() {
    let scram = Authentication::Sasl {
        mechanisms: vec!["SCRAM-SHA-256".to_owned()],
    };
    for request in [scram, Authentication::Md5 { salt: [1; 4] }] {
        let (error, passwords) = refusal_for_script([Step::Ask(request)]).await;
        assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
        assert!(error.message.contains("rds_iam"), "{error:?}");
        assert!(error.message.contains("grant"), "{error:?}");
        assert_explained(&error, Cause::RdsIamNotGranted);
        assert!(passwords.is_empty());
    }
}

#[tokio::test]
async fn other_authentication_requests_get_no_token() {
    let requests = [
        Authentication::Gss,
        Authentication::Sspi,
        Authentication::KerberosV5,
        Authentication::SaslContinue(Bytes::from_static(b"r=1")),
        Authentication::Other(99),
    ];
    for request in requests {
        let (error, passwords) = refusal_for_script([Step::Ask(request)]).await;
        assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
        assert!(passwords.is_empty());
    }
}

#[tokio::test]
async fn a_second_password_request_is_not_answered() {
    let script = [Step::ask_for_password(), Step::ask_for_password()];
    let (error, passwords) = refusal_for_script(script).await;
    assert_eq!(error.code, SqlState::PROTOCOL_VIOLATION);
    assert_eq!(passwords.len(), 1);
}

#[tokio::test]
async fn a_user_name_that_is_not_utf8_is_rejected() {
    let server = Server::new().run().await;
    let proxy = Setup::for_server(&server).start().await;
    let mut unnameable = startup();
    unnameable.parameters[0].1 = Bytes::from_static(b"\xff\xfe");
    let refused = log_in(proxy.connect().await, &unnameable).await;
    let error = refused.err().expect("the login fails");
    assert_eq!(error.code, SqlState::INVALID_AUTHORIZATION_SPECIFICATION);
    assert!(error.message.contains("UTF-8"), "{error:?}");
    assert!(server.login().passwords.is_empty());
}

#[tokio::test]
async fn an_error_without_fields_reaches_the_client() {
    for bare in [message(b'E', b"\0"), message(b'E', b"")] {
        let (error, _) = refusal_for_script([Step::ask_for_password(), Step::send(bare)]).await;
        assert_eq!(error.code, SqlState::INTERNAL_ERROR);
        assert_eq!(error.message, "");
    }
}

#[tokio::test]
async fn an_error_after_authentication_ok_is_relayed() {
    let accepted = encoded(|buf| Authentication::Ok.encode(buf));
    let sent = ErrorResponse::fatal(SqlState::INVALID_CATALOG, "no such database");
    let script = [
        Step::ask_for_password(),
        Step::send(accepted),
        Step::refuse(&sent),
    ];
    let (error, _) = refusal_for_script(script).await;
    assert_eq!(error.code, SqlState::INVALID_CATALOG);
    assert_explained(&error, Cause::WrongDatabase);
}

#[tokio::test]
async fn refusals_of_the_same_kind_are_logged_once_with_endpoint_and_remedy() {
    let (log, _guard) = Log::capture();
    let script = |login| match login {
        0..5 => vec![Step::ask_for_password(), Step::refuse(&refusal())],
        _ => vec![Step::ask_for_password()],
    };
    let server = Server::new().on_login(script).run().await;
    let proxy = Setup::for_server(&server).start().await;
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
