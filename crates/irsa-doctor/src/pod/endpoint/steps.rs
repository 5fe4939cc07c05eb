//! The outcomes of the steps of a connection, for databases and domains.

use super::probe::{Connectivity, Outcome};
use crate::CheckOutcome;
use crate::pod::outcome::{cancelled, from_fault};
use crate::pod::state::Pod;
use crate::pod::state::data_store::{DataStore, find};

/// The outcome of one step of the connection to the data store with this label.
pub(in crate::pod) async fn connectivity<S: DataStore + Send>(
    pod: &mut Pod,
    label: &str,
    step: impl FnOnce(&Connectivity) -> Option<&Outcome> + Send,
) -> CheckOutcome {
    let Some(store) = find::<S>(pod, label) else {
        return cancelled();
    };
    match store.connectivity().await.map(step) {
        Some(Some(Ok(what))) => CheckOutcome::holds(what.clone()),
        Some(Some(Err(fault))) => from_fault(fault),
        Some(None) => CheckOutcome::unsure("not attempted: an earlier step failed"),
        None => cancelled(),
    }
}
