//! What databases and domains have in common: a name in reports, and a way there.

use super::endpoint::{Outcome, Way};
use super::state::{Pod, cut_off};
use crate::Seen;

/// A data store under examination.
pub(super) trait Store: Sized {
    /// All of its kind.
    fn all(pod: &Pod) -> &[Self];

    /// The same, to go on with.
    fn all_mut(pod: &mut Pod) -> &mut [Self];

    /// Its name in reports, which no other has.
    fn label(&self) -> String;

    /// How far one gets; `None` if the look was cut off.
    fn way(&mut self) -> impl Future<Output = Option<&Way>> + Send;
}

pub(super) fn labels<S: Store>(pod: &Pod) -> Vec<String> {
    S::all(pod).iter().map(Store::label).collect()
}

pub(super) fn find<'a, S: Store>(pod: &'a mut Pod, label: &str) -> Option<&'a mut S> {
    S::all_mut(pod).iter_mut().find(|one| one.label() == label)
}

/// What was seen on the way there.
pub(super) async fn on_the_way<S: Store + Send>(
    pod: &mut Pod,
    label: &str,
    step: impl FnOnce(&Way) -> Option<&Outcome> + Send,
) -> Seen {
    let Some(store) = find::<S>(pod, label) else {
        return cut_off();
    };
    match store.way().await {
        Some(way) => way.seen(step),
        None => cut_off(),
    }
}
