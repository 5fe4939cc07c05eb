//! A panic is logged with its location, but without its message.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use irsa_ops::metrics::Metrics;
use irsa_ops::panics;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[test]
fn a_panic_is_logged_by_its_location_and_counted() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    panics::report();
    let metrics = Metrics::new();
    metrics.register(panics::register_metrics);

    let thread = std::thread::Builder::new().name("a-worker".to_owned());
    let work = || panic!("a value from outside");
    thread.spawn(work).unwrap().join().unwrap_err();

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        text.contains("ERROR") && text.contains("tests/it/panics.rs:"),
        "{text}"
    );
    assert!(text.contains("a-worker"), "{text}");
    assert!(!text.contains("a value from outside"), "{text}");
    assert!(metrics.encode().contains("irsa_panics_total 1\n"));
}
