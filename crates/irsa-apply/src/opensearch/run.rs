//! Makes a domain what the setup wants, one item at a time.

use std::time::Duration;

use http::StatusCode;
use irsa_chain::untrusted::quoted;
use irsa_net::retry::{Backoff, with_jitter};
use irsa_stack::Stack;
use irsa_stack::stack::OpenSearchStore;
use tokio::time::{Instant, sleep, sleep_until};

use super::api::{Request, Response, SecurityApi};
use super::decide::{Decision, Item, Rules, items, leftovers};
use super::found::{Found, FoundMapping, Snapshot};
use super::guard::ADMINISTRATORS;
use super::read::{caller, found, mapping, refused, snapshot};
use crate::{ApplyError, Steps};

/// The number of times that an item is made again after a conflict.
const MOST_ATTEMPTS: u32 = 10;
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(50), 2, Duration::from_secs(2));

/// The options of a run apart from its comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Removes the roles that this setup created and no longer has; otherwise they are reported. Default: no.
    pub prune: bool,
    /// The time after it created a mapping the run reads it again. `PUT` is the only request that creates one, and it
    /// replaces a mapping that a different client created a moment before. Default: 1 s.
    pub settle: Duration,
}

/// Compares the domain with the setup, and changes what differs.
///
/// # Errors
/// The domain can't be reached, the caller is not its administrator, or something could not be made. What was done
/// before stays, and the next run continues.
pub async fn apply<A: SecurityApi>(
    api: &A,
    stack: &Stack,
    store: &OpenSearchStore,
    options: Options,
    steps: &mut Steps<'_>,
) -> Result<(), ApplyError> {
    if !store.is_fine_grained {
        report_domain_policy(store, steps);
        return Ok(());
    }
    steps.enter_store(&store.key);
    let caller = caller(api, store).await?;
    let found = found(api, store, &caller).await?;
    let mut run = Run {
        api,
        rules: Rules::new(stack, caller),
        created: Vec::new(),
        settle: options.settle,
        has_written: false,
        steps,
    };
    let mut items = items(stack, store);
    let left = leftovers(&found, stack, &run.rules.mark);
    if options.prune {
        items.extend(left.into_iter().map(|role| Item::Removal { role }));
    } else {
        run.report_leftovers(&left);
    }
    run.check_all(&items, &found)?;
    for item in &items {
        run.make(item, found.snapshot(item.name())).await?;
    }
    run.make_created_again().await?;
    run.check_administrators(&found, store).await
}

/// Reports a domain without fine-grained access control, which has no roles.
pub fn report_domain_policy(store: &OpenSearchStore, steps: &mut Steps<'_>) {
    steps.enter_store(&store.key);
    let what = format!(
        "domain {} has no fine-grained access control: there is nothing to apply",
        quoted(&store.name)
    );
    let detail = "its access policy decides, which Terraform sets";
    steps.note(what, vec![detail.to_owned()]);
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        Self {
            prune: false,
            settle: Duration::from_secs(1),
        }
    }
}

/// A run on one domain.
struct Run<'r, 's, A> {
    api: &'r A,
    rules: Rules,
    /// Mappings that this run created, with the time.
    created: Vec<(Item, Instant)>,
    settle: Duration,
    has_written: bool,
    steps: &'r mut Steps<'s>,
}

// === impl Run ===

impl<A: SecurityApi> Run<'_, '_, A> {
    /// Refuses before anything is changed.
    fn check_all(&mut self, items: &[Item], found: &Found) -> Result<(), ApplyError> {
        let mut first = None;
        for item in items {
            let decision = self.rules.decide(item, &found.snapshot(item.name()));
            if let Decision::Refused(refusal) = decision {
                self.steps
                    .failed(item.what(), vec![refusal.message.clone()]);
                first.get_or_insert(refusal);
            }
        }
        first.map_or(Ok(()), Err)
    }

    /// Makes an item, and reports it.
    async fn make(&mut self, item: &Item, found: Snapshot) -> Result<(), ApplyError> {
        let outcome = self.written(item, found).await;
        match outcome {
            Ok(Written { requests, last }) => {
                if requests.is_empty() {
                    self.steps.held(item.what());
                } else {
                    self.steps.changed(item.what(), requests);
                }
                self.report_others(item, &last);
                Ok(())
            }
            Err(error) => {
                self.steps.failed(item.what(), vec![error.message.clone()]);
                Err(error)
            }
        }
    }

    /// Writes until the domain has the item. Each attempt is decided by what was just read, so that the last reading
    /// is the proof.
    async fn written(&mut self, item: &Item, found: Snapshot) -> Result<Written, ApplyError> {
        let mut written = Written {
            requests: Vec::new(),
            last: found,
        };
        let mut trouble = String::new();
        for attempt in 1..=MOST_ATTEMPTS + 1 {
            let requests = match self.rules.decide(item, &written.last) {
                Decision::Held => return Ok(written),
                Decision::Refused(refusal) => return Err(refusal),
                Decision::Write(requests) => requests,
            };
            if self.steps.is_dry_run() {
                written.requests = requests.iter().map(ToString::to_string).collect();
                return Ok(written);
            }
            if attempt > MOST_ATTEMPTS {
                break;
            }
            match self.send_all(item, &requests, &mut written).await? {
                None => {
                    trouble = String::from("the domain returns something else than was written");
                }
                Some(answer) => {
                    trouble = answer;
                    sleep(with_jitter(BACKOFF.after(attempt), rand::random())).await;
                }
            }
            written.last = snapshot(self.api, item.name()).await?;
        }
        let message = format!("the domain still differs after {MOST_ATTEMPTS} attempts: {trouble}");
        let remedy = "other clients may be changing roles or mappings at the same time: run the command again later";
        Err(ApplyError::new(message).with_remedy(remedy))
    }

    /// Sends requests until one meets a change by a different client, whose response is returned.
    async fn send_all(
        &mut self,
        item: &Item,
        requests: &[Request],
        written: &mut Written,
    ) -> Result<Option<String>, ApplyError> {
        for request in requests {
            self.has_written = true;
            let response = self.api.send(request).await?;
            if response.status.is_success() {
                written.requests.push(request.to_string());
                if response.status == StatusCode::CREATED && matches!(item, Item::Mapping { .. }) {
                    self.created.push((item.clone(), Instant::now()));
                }
            } else if response.is_conflict() || is_gone(request, &response) {
                return Ok(Some(response.said()));
            } else {
                return Err(refused(request, &response));
            }
        }
        Ok(None)
    }

    /// Makes mappings again that a different client replaced in the moment when both created them.
    async fn make_created_again(&mut self) -> Result<(), ApplyError> {
        for (item, at) in std::mem::take(&mut self.created) {
            sleep_until(at + self.settle).await;
            let found = snapshot(self.api, item.name()).await?;
            if self.rules.decide(&item, &found) != Decision::Held {
                self.make(&item, found).await?;
            }
        }
        Ok(())
    }

    /// Proves that the administrators are still administrators.
    async fn check_administrators(
        &mut self,
        before: &Found,
        store: &OpenSearchStore,
    ) -> Result<(), ApplyError> {
        if !self.has_written {
            return Ok(());
        }
        let caller = caller(self.api, store).await?;
        let mut lost = Vec::new();
        for role in ADMINISTRATORS {
            let had = self.rules.caller.roles.iter().any(|one| one == role);
            if had && !caller.roles.iter().any(|one| one == role) {
                lost.push(format!("{} no longer has {role}", quoted(caller.name())));
            }
            let was_used = before.mappings.get(role).is_some_and(FoundMapping::is_used);
            if was_used {
                let mapping = mapping(self.api, role).await?;
                if !mapping.is_some_and(|mapping| mapping.is_used()) {
                    lost.push(format!("no one has {role}"));
                }
            }
        }
        let what = "the administrators of the domain are still administrators";
        if lost.is_empty() {
            self.steps.held(what);
            return Ok(());
        }
        self.steps.failed(what, lost.clone());
        let message = format!(
            "during this run administrators were removed: {}",
            lost.join(", ")
        );
        let remedy = "irsa removes no administrators, so look for a different client; if no one is left, set \
                      the domain's master user again (`aws opensearch update-domain-config`)";
        Err(ApplyError::new(message).with_remedy(remedy))
    }

    fn report_leftovers(&mut self, roles: &[String]) {
        for role in roles {
            let what = format!(
                "role {} was created by this setup, which no longer has it",
                quoted(role)
            );
            let detail = "`irsa apply opensearch --prune` removes it".to_owned();
            self.steps.note(what, vec![detail]);
        }
    }

    /// Reports others who have a role of this setup: they may have been added for a reason, so they stay.
    fn report_others(&mut self, item: &Item, found: &Snapshot) {
        let Item::Mapping {
            role,
            is_built_in: false,
            wanted,
        } = item
        else {
            return;
        };
        let mapping = found.mapping.as_ref();
        let others = mapping.map(|mapping| mapping.others(&wanted.backend_roles));
        let others = others.unwrap_or_default();
        if !others.is_empty() {
            let what = format!(
                "role {} is also mapped to others, which is left as it is",
                quoted(role)
            );
            self.steps.note(what, others);
        }
    }
}

/// The content that was written, and the content that was read last.
struct Written {
    requests: Vec<String>,
    last: Snapshot,
}

/// Returns whether the object of a request was removed by a different client in the meantime.
fn is_gone(request: &Request, response: &Response) -> bool {
    let needs_it = [http::Method::PATCH, http::Method::DELETE].contains(&request.method);
    needs_it && response.status == StatusCode::NOT_FOUND
}

#[cfg(test)]
mod tests;
