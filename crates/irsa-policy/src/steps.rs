//! Counts elementary steps, so that tests can check how the cost of a decision grows with its input.

#[cfg(test)]
mod tests;

/// Adds to the count of this thread. Outside of tests, it does nothing.
#[cfg(not(test))]
pub(crate) fn add(_steps: usize) {}

#[cfg(test)]
pub(crate) fn add(steps: usize) {
    STEPS.set(STEPS.get() + steps);
}

#[cfg(test)]
thread_local! {
    static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Returns the number of steps that `work` takes.
#[cfg(test)]
fn count(work: impl FnOnce()) -> usize {
    let before = STEPS.get();
    work();
    STEPS.get() - before
}
