use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use irsa_components::FileError;
use irsa_components::postgres::{Listen, PostgresError, PostgresOptions, StopMode, TlsFiles};
use irsa_components::run_as;

use crate::support::{folder, is_running, start};

#[tokio::test]
async fn starts_answers_and_stops() {
    let folder = folder();
    let postgres = start(PostgresOptions::new(folder.path())).await.unwrap();
    let process_id = postgres.process_id().unwrap();
    let client = postgres.connect("postgres").await.unwrap();
    let row = client
        .query_one("SELECT current_user::text, inet_server_addr() IS NULL", &[])
        .await
        .unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get(1)), ("postgres", true));
    let socket = postgres.socket();
    assert!(socket.exists());
    postgres.stop(StopMode::Fast).await.unwrap();
    assert!(!is_running(process_id));
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_path_may_have_spaces_commas_and_quotes() {
    let folder = folder();
    let options = PostgresOptions::new(&folder.path().join("a, \"b\" 'c'"));
    let postgres = start(options).await.unwrap();
    assert!(postgres.socket().exists());
    postgres.connect("postgres").await.unwrap();
}

#[tokio::test]
async fn a_second_start_uses_the_existing_data() {
    let folder = folder();
    let options = PostgresOptions::new(folder.path());
    let postgres = start(options.clone()).await.unwrap();
    postgres
        .connect("postgres")
        .await
        .unwrap()
        .batch_execute("CREATE TABLE kept AS SELECT 7 AS n")
        .await
        .unwrap();
    postgres.stop(StopMode::Fast).await.unwrap();
    let postgres = start(options).await.unwrap();
    let client = postgres.connect("postgres").await.unwrap();
    assert_eq!(
        client
            .query_one("SELECT n FROM kept", &[])
            .await
            .unwrap()
            .get::<_, i32>(0),
        7
    );
}

#[tokio::test]
async fn a_dropped_server_ends_immediately() {
    let folder = folder();
    let postgres = start(PostgresOptions::new(folder.path())).await.unwrap();
    let process_id = postgres.process_id().unwrap();
    drop(postgres);
    assert!(!is_running(process_id));
}

#[tokio::test]
async fn a_failed_start_shows_the_end_of_the_log() {
    let folder = folder();
    let mut options = PostgresOptions::new(folder.path());
    options
        .settings
        .push(("no_such_setting".to_owned(), "1".to_owned()));
    let error = start(options).await.unwrap_err();
    assert!(matches!(error, PostgresError::Stopped { .. }), "{error}");
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[tokio::test]
async fn speaks_tls_on_loopback() {
    let folder = folder();
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let tls = TlsFiles {
        certificate: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
    };
    fs::write(&tls.certificate, certificate.cert.pem()).unwrap();
    fs::write(&tls.key, certificate.signing_key.serialize_pem()).unwrap();
    let mut options = PostgresOptions::new(folder.path());
    (options.listen, options.tls) = (Listen::Loopback { port: 0 }, Some(tls));
    let postgres = start(options).await.unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", postgres.port())).unwrap();
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).unwrap();
    let mut answer = [0];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, *b"S");
}

#[tokio::test]
async fn the_error_names_the_directory_that_postgres_cannot_enter() {
    let closed = run_as::private_folder(None).unwrap();
    let started = start(PostgresOptions::new(closed.path())).await;
    match started {
        Err(PostgresError::File(FileError::Closed { folder, .. })) => {
            assert!(run_as::is_root());
            assert_eq!(folder, fs::canonicalize(closed.path()).unwrap());
        }
        other => {
            assert!(!run_as::is_root());
            other.unwrap();
        }
    }
}
