//! Attacks on the chain, one link at a time.

mod identity;
mod remedy;
mod search;
mod server;
mod token;

use irsa_chain::Cause;

use crate::DemoError;
use crate::client::Refused;
use crate::client::postgres::through;
use crate::pod::{Pod, Proxy};
use crate::report::{Attack, Guard};
use crate::stage::Stage;

/// Runs all attacks in the order of the chain, those on the database first.
pub(crate) async fn run_all(stage: &Stage) -> Result<Vec<Attack>, DemoError> {
    let mut attacks = identity::run(stage).await?;
    attacks.extend(token::run(stage).await?);
    attacks.extend(server::run(stage).await?);
    if stage.has_domain() {
        attacks.extend(search::run(stage).await?);
    }
    Ok(attacks)
}

/// An attack before it is carried out.
#[derive(Debug, Clone, Copy)]
struct Plan {
    name: &'static str,
    /// The cause that must stop it.
    expected: Cause,
    /// The side that must stop it.
    by: Guard,
}

impl Plan {
    /// An attack that AWS must stop.
    fn for_aws(name: &'static str, expected: Cause) -> Self {
        let by = Guard::Aws;
        Self { name, expected, by }
    }

    /// An attack that `irsa` must stop without asking AWS.
    fn for_irsa(name: &'static str, expected: Cause) -> Self {
        let by = Guard::Irsa;
        Self { name, expected, by }
    }

    /// Logs in to the database through a proxy in `pod`.
    async fn log_in(self, stage: &Stage, pod: &Pod) -> Result<Attack, DemoError> {
        let log_in = async |proxy: &Proxy| through(proxy, pod).await.map(drop);
        self.through_proxy(stage, pod, log_in).await
    }

    /// Makes an attempt through a proxy in `pod`.
    async fn through_proxy(
        self,
        stage: &Stage,
        pod: &Pod,
        attempt: impl AsyncFnOnce(&Proxy) -> Result<(), Refused>,
    ) -> Result<Attack, DemoError> {
        stage.say(self.name);
        let before = stage.refusals();
        let proxy = pod.proxy(stage).await?;
        let outcome = attempt(&proxy).await;
        Ok(self.judge(stage, pod, before, outcome))
    }

    /// Makes an attempt with what `pod` has, straight at the server.
    async fn straight(
        self,
        stage: &Stage,
        pod: &Pod,
        attempt: impl Future<Output = Result<(), Refused>>,
    ) -> Attack {
        stage.say(self.name);
        let before = stage.refusals();
        let outcome = attempt.await;
        self.judge(stage, pod, before, outcome)
    }

    /// Returns the attack with its verdict; `before` is the number of the lab's refusals before it.
    fn judge(
        self,
        stage: &Stage,
        pod: &Pod,
        before: usize,
        outcome: Result<(), Refused>,
    ) -> Attack {
        let named = outcome.as_ref().err().and_then(|refused| refused.named);
        let stopped_by = match self.by {
            Guard::Aws => stage.refusal_since(before),
            Guard::Irsa => named,
        };
        let as_expected = self.is_stopped(stopped_by, &outcome);
        let said = outcome.map_or_else(|refused| refused.message, |()| "a session".to_owned());
        let remedy = stopped_by.unwrap_or(self.expected).remedy();
        Attack {
            name: self.name,
            expected: self.expected,
            stopped_by,
            by: self.by,
            said,
            remedy: remedy::fill(remedy, &remedy::placeholders(stage, pod)),
            as_expected,
        }
    }

    /// Returns whether the right cause stopped it. A cause that `irsa` reports to the client must be at the attacked
    /// link, whichever side stopped the attack.
    fn is_stopped(self, stopped_by: Option<Cause>, outcome: &Result<(), Refused>) -> bool {
        let Err(Refused { named, .. }) = outcome else {
            return false;
        };
        let is_at_link = named.is_none_or(|named| named.link() == self.expected.link());
        stopped_by == Some(self.expected) && is_at_link
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_right(expected: Cause, named: Option<Cause>) -> bool {
        let refused = Refused {
            message: String::new(),
            named,
        };
        Plan::for_aws("", expected).is_stopped(Some(expected), &Err(refused))
    }

    #[test]
    fn a_cause_reported_at_a_different_link_is_wrong() {
        let expected = Cause::DbUserMismatch;
        assert!(is_right(expected, None));
        assert!(is_right(expected, Some(Cause::IamLoginRefused)));
        assert!(!is_right(expected, Some(Cause::RdsIamNotGranted)));
    }
}
