use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;

const LONG: Duration = Duration::from_mins(1);

fn budget(memory: u64, files: u64) -> (Arc<Budget>, BodyMetrics) {
    (Arc::new(Budget::new(memory, files)), BodyMetrics::default())
}

fn poll<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn used(budget: &Budget) -> (u64, u64) {
    (budget.used(Place::Memory), budget.used(Place::File))
}

/// Reserves bytes that are free.
async fn take(budget: &Arc<Budget>, bytes: u64, metrics: &BodyMetrics) -> Reservation {
    budget
        .reserve(bytes, Duration::ZERO, metrics)
        .await
        .unwrap()
}

#[tokio::test]
async fn assigns_memory_first_then_files_and_releases_both() {
    let (budget, metrics) = budget(10, 20);
    let first = take(&budget, 6, &metrics).await;
    let second = take(&budget, 5, &metrics).await;
    assert_eq!(
        (first.place(), second.place()),
        (Place::Memory, Place::File)
    );
    assert_eq!(used(&budget), (6, 5));
    assert_eq!((metrics.memory.get(), metrics.disk.get()), (6, 5));
    assert!(budget.reserve(16, Duration::ZERO, &metrics).await.is_none());
    assert!(
        budget
            .reserve(u64::MAX, Duration::ZERO, &metrics)
            .await
            .is_none()
    );
    drop((first, second));
    assert_eq!(used(&budget), (0, 0));
    assert_eq!((metrics.memory.get(), metrics.disk.get()), (0, 0));
    assert_eq!(metrics.waiting.get(), 0);
}

#[tokio::test]
async fn requests_are_served_in_order_even_if_a_later_one_would_fit() {
    let (budget, metrics) = budget(10, 0);
    let held = take(&budget, 8, &metrics).await;
    let mut large = pin!(budget.reserve(9, LONG, &metrics));
    assert!(poll(large.as_mut()).is_pending());
    let mut small = pin!(budget.reserve(1, LONG, &metrics));
    assert!(
        poll(small.as_mut()).is_pending(),
        "it would fit, but is second"
    );
    assert_eq!(used(&budget), (8, 0), "those who wait hold nothing");
    assert_eq!(metrics.waiting.get(), 2);
    drop(held);
    assert!(poll(large.as_mut()).is_ready());
    assert!(poll(small.as_mut()).is_ready());
    assert_eq!(metrics.waiting.get(), 0);
}

#[tokio::test]
async fn leaving_the_queue_lets_the_next_one_in() {
    let (budget, metrics) = budget(10, 0);
    let _held = take(&budget, 8, &metrics).await;
    let mut large = Box::pin(budget.reserve(9, LONG, &metrics));
    assert!(poll(large.as_mut()).is_pending());
    let mut small = pin!(budget.reserve(2, LONG, &metrics));
    assert!(poll(small.as_mut()).is_pending());
    drop(large);
    assert!(poll(small.as_mut()).is_ready());
}

#[tokio::test]
async fn bytes_granted_to_a_request_that_left_are_released() {
    let (budget, metrics) = budget(10, 0);
    let held = take(&budget, 8, &metrics).await;
    let mut gone = Box::pin(budget.reserve(9, LONG, &metrics));
    assert!(poll(gone.as_mut()).is_pending());
    drop(held);
    assert_eq!(used(&budget), (9, 0), "granted, not fetched yet");
    drop(gone);
    assert_eq!(used(&budget), (0, 0));
    assert_eq!((metrics.memory.get(), metrics.waiting.get()), (0, 0));
}

#[tokio::test]
async fn waiting_times_out() {
    let (budget, metrics) = budget(10, 0);
    let _held = take(&budget, 8, &metrics).await;
    let begun = std::time::Instant::now();
    let wait = Duration::from_millis(20);
    assert!(budget.reserve(9, wait, &metrics).await.is_none());
    assert!(begun.elapsed() >= wait);
    assert!(budget.reserve(2, Duration::ZERO, &metrics).await.is_some());
}

#[tokio::test]
async fn growing_a_reservation_takes_precedence_and_never_waits() {
    let (budget, metrics) = budget(10, 10);
    let mut growing = take(&budget, 4, &metrics).await;
    let _file = budget.reserve_in_file(8, &metrics).unwrap();
    let mut waiting = pin!(budget.reserve(7, LONG, &metrics));
    assert!(poll(waiting.as_mut()).is_pending());
    assert!(growing.grow(6));
    assert!(!growing.grow(1));
    assert_eq!(growing.bytes(), 10);
    assert!(budget.reserve_in_file(3, &metrics).is_none());
    growing.shrink(3);
    assert_eq!(metrics.memory.get(), 10, "3 stay, 7 are granted");
    assert!(poll(waiting.as_mut()).is_ready());
}
