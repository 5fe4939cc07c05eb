//! Tests with a stalled reader, which may lose lines but must not delay the process.

use std::sync::mpsc::{Receiver, Sender, channel};

use super::*;

const SOON: Duration = Duration::from_secs(20);

/// A pipe whose reader takes data only when the test requests it.
struct Pipe {
    taken: Sender<Vec<u8>>,
    turn: Receiver<()>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A finished test no longer reads.
        self.turn.recv().map_err(io::Error::other)?;
        self.taken.send(bytes.to_vec()).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Reader {
    taken: Receiver<Vec<u8>>,
    turn: Sender<()>,
}

impl Reader {
    fn read(&self) -> String {
        self.turn.send(()).unwrap();
        String::from_utf8(self.taken.recv_timeout(SOON).unwrap()).unwrap()
    }

    /// Reads until the last line of a piece begins with `start`.
    fn read_until(&self, start: &str) -> String {
        let mut text = String::new();
        while !text.lines().any(|line| line.starts_with(start)) {
            text.push_str(&self.read());
        }
        text
    }
}

fn stalled() -> (LogQueue, Reader) {
    let (taken_sender, taken) = channel();
    let (turn, turn_receiver) = channel();
    let queue = LogQueue::default();
    let pipe = Pipe {
        taken: taken_sender,
        turn: turn_receiver,
    };
    let reporting = queue.clone();
    let report = move |lines| reporting.push(format!("{lines} dropped\n").as_bytes(), false);
    queue.start(pipe, report).unwrap();
    (queue, Reader { taken, turn })
}

/// Returns a line of 1 KiB.
fn line(number: usize) -> Vec<u8> {
    format!("{number:<1023}\n").into_bytes()
}

#[test]
fn a_stalled_reader_loses_lines_and_learns_how_many() {
    let (queue, reader) = stalled();
    let fit = (LIMIT - RESERVE) / 1024;
    for number in 0..fit + 10 {
        queue.push(&line(number), false);
    }
    assert_eq!(queue.dropped().get(), 10);
    assert!(!queue.flush(Duration::ZERO));

    let text = reader.read_until("10 dropped");
    let numbers: Vec<&str> = text.lines().map(str::trim_end).collect();
    let expected: Vec<String> = (0..fit)
        .map(|number| number.to_string())
        .chain(["10 dropped".to_owned()])
        .collect();
    assert_eq!(numbers, expected);
    assert!(queue.flush(SOON));
    assert_eq!(queue.dropped().get(), 10);
}

#[test]
fn errors_are_kept_when_other_lines_are_dropped() {
    let (queue, reader) = stalled();
    for number in 0..LIMIT / 1024 {
        queue.push(&line(number), false);
    }
    let dropped = queue.dropped().get();
    assert!(dropped > 0);
    queue.push(b"the error\n", true);
    assert_eq!(queue.dropped().get(), dropped);
    reader.read_until("the error");

    for number in 0..2 * LIMIT / 1024 {
        queue.push(&line(number), true);
    }
    assert!(queue.dropped().get() > dropped, "the reserve has an end");
}

#[test]
fn a_closed_reader_only_loses_lines() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let queue = LogQueue::default();
    queue.push(b"one\ntwo\n", false);
    queue.start(Gone, |_| ()).unwrap();
    assert!(queue.flush(SOON));
    assert_eq!(queue.dropped().get(), 2);
}

#[test]
fn writes_whole_lines_atomically() {
    let short = b"one\ntwo\n";
    assert_eq!(piece(short), short);
    let mut lines = vec![b'x'; PIECE - 10];
    lines.extend_from_slice(b"\nthe second line\n");
    assert_eq!(piece(&lines).len(), PIECE - 9);
    let mut long = vec![b'x'; 2 * PIECE];
    long.extend_from_slice(b"\nthe second line\n");
    assert_eq!(piece(&long).len(), 2 * PIECE + 1);
}

#[test]
fn errors_and_the_stop_record_may_use_the_reserve() {
    let kept = |log: fn()| {
        let queue = LogQueue::default();
        while queue.dropped().get() == 0 {
            queue.push(&line(0), false);
        }
        let subscriber = tracing_subscriber::fmt()
            .with_writer(queue.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        queue.dropped().get() == 1
    };
    assert!(kept(|| tracing::error!("an error")));
    assert!(kept(|| tracing::info!(target: STOP, "stopping")));
    assert!(!kept(|| tracing::warn!(
        "a warning, longer than what is left of a line"
    )));
}
