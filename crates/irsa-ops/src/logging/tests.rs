//! Tests of the log's output.

use std::io::Write;
use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(format: LogFormat, level: &str, terminal: bool, log: impl FnOnce()) -> String {
    let written = Written::default();
    let writer = written.clone();
    let (subscriber, _) = subscriber(format, level, terminal, move || writer.clone()).unwrap();
    tracing::subscriber::with_default(subscriber, log);
    let bytes = written.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn writes_json_lines_without_a_terminal() {
    let log = || tracing::info!(upstream = "db.example", "session\nstarted");
    let line = logged(LogFormat::Auto, "info", false, log);
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(event["level"], "INFO");
    assert_eq!(event["message"], "session\nstarted");
    assert_eq!(event["upstream"], "db.example");
    assert_eq!(line.lines().count(), 1);
}

#[test]
fn writes_text_without_color_without_a_terminal() {
    let line = logged(LogFormat::Text, "info", false, || tracing::info!("started"));
    assert!(
        line.contains("INFO") && line.ends_with("started\n"),
        "{line}"
    );
    assert!(!line.contains('\x1b'), "{line:?}");
}

#[test]
fn writes_text_on_a_terminal() {
    let line = logged(LogFormat::Auto, "info", true, || tracing::info!("started"));
    assert!(serde_json::from_str::<serde_json::Value>(&line).is_err());
    assert!(line.contains("started"));
}

/// A value that would forge a record, hide one, and reorder one.
const HOSTILE: &str =
    "me\n2026-11-30T00:00:00Z  INFO forged\r\u{1b}[2K\u{9b}1m\u{85}\u{2028}\u{202e}\u{7f}é";

fn hostile() {
    let error = io::Error::other(HOSTILE);
    tracing::info!(user = HOSTILE, peer = %HOSTILE, %error, "refused: {HOSTILE}");
}

/// Checks that the line contains no control characters except those of our colors.
fn check_harmless(line: &str) {
    let line = line.strip_suffix('\n').unwrap();
    let own = ["\u{1b}[0m", "\u{1b}[2m", "\u{1b}[3m", "\u{1b}[32m"];
    let bare = own
        .iter()
        .fold(line.to_owned(), |line, own| line.replace(own, ""));
    assert!(!bare.contains(char::is_control), "{bare:?}");
    assert!(!bare.contains(['\u{2028}', '\u{202e}']), "{bare:?}");
}

#[test]
fn values_cannot_forge_text() {
    for terminal in [false, true] {
        let line = logged(LogFormat::Text, "info", terminal, hostile);
        check_harmless(&line);
        let escaped =
            r"me\n2026-11-30T00:00:00Z  INFO forged\r\u{1b}[2K\u{9b}1m\u{85}\u{2028}\u{202e}\u{7f}";
        assert_eq!(line.matches(escaped).count(), 4, "{line}");
        let is_colored =
            terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        assert_eq!(
            line.contains("\u{1b}[3muser\u{1b}[0m"),
            is_colored,
            "{line:?}"
        );
        assert_eq!(line.contains(" user="), !is_colored, "{line:?}");
    }
}

#[test]
fn values_cannot_forge_json() {
    let line = logged(LogFormat::Json, "info", false, hostile);
    check_harmless(&line);
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    for field in ["user", "peer", "error"] {
        assert_eq!(event[field], HOSTILE, "{line}");
    }
    assert_eq!(event["message"], format!("refused: {HOSTILE}"));
}

#[test]
fn respects_the_level_and_its_refinements() {
    let log = || {
        tracing::debug!(target: "irsa_postgres", "wanted");
        tracing::debug!(target: "irsa_net", "unwanted");
        tracing::info!(target: "irsa_net", "wanted too");
    };
    let lines = logged(LogFormat::Text, "info,irsa_postgres=debug", false, log);
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(!lines.contains("unwanted"), "{lines}");
}

#[test]
fn caps_libraries_that_log_secrets_at_info() {
    let log = || {
        tracing::trace!(target: "aws_smithy_runtime::client", "SECRET");
        tracing::debug!(target: "aws_sigv4::sign", "SECRET");
        tracing::debug!(target: "hyper_util::client", "SECRET");
        tracing::debug!(target: "kube_client::client", "SECRET");
        tracing::info!(target: "aws_config", "harmless");
    };
    let lines = logged(LogFormat::Text, "trace,aws_sigv4=trace", false, log);
    assert!(!lines.contains("SECRET"), "{lines}");
    assert!(lines.contains("harmless"), "{lines}");
}

#[test]
fn the_level_hint_disables_log_macros() {
    let (subscriber, _) = subscriber(LogFormat::Json, "info", false, io::sink).unwrap();
    assert_eq!(subscriber.max_level_hint(), Some(LevelFilter::INFO));
}

#[test]
fn reports_an_invalid_level() {
    for level in ["loud", "", "info,", "irsa=", "=info", "info,x=y", "x"] {
        let refused = subscriber(LogFormat::Auto, level, false, io::sink)
            .err()
            .unwrap();
        let start = format!("`{level}` is not a log level; ");
        assert!(refused.to_string().starts_with(&start), "{refused}");
    }
}

#[test]
fn parses_the_formats() {
    assert_eq!("auto".parse(), Ok(LogFormat::Auto));
    assert_eq!("text".parse(), Ok(LogFormat::Text));
    assert_eq!("json".parse(), Ok(LogFormat::Json));
    assert!("JSON".parse::<LogFormat>().is_err());
}

#[test]
fn can_be_initialized_once() {
    init(LogFormat::Json, "off").unwrap();
    assert!(matches!(
        init(LogFormat::Json, "off"),
        Err(LoggingError::AlreadySet)
    ));
}

#[test]
fn the_level_can_be_changed_while_the_process_logs() {
    let written = Written::default();
    let writer = written.clone();
    let write = move || writer.clone();
    let (subscriber, handle) = subscriber(LogFormat::Json, "info", false, write).unwrap();
    tracing::subscriber::with_default(subscriber, || {
        tracing::debug!("before");
        handle.reload(targets("debug").unwrap()).unwrap();
        tracing::debug!("after");
    });
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("after") && !text.contains("before"), "{text}");
}
