//! The chain attacked, one link at a time.

mod identity;
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

/// All attacks, in the order of the chain, on the database first.
pub(crate) async fn run_all(stage: &Stage) -> Result<Vec<Attack>, DemoError> {
    let mut attacks = identity::run(stage).await?;
    attacks.extend(token::run(stage).await?);
    attacks.extend(server::run(stage).await?);
    if stage.has_domain() {
        attacks.extend(search::run(stage).await?);
    }
    Ok(attacks)
}

/// A client behind a proxy in a pod that is not as it should be; AWS's side must refuse.
async fn refused_by_aws(
    stage: &Stage,
    name: &'static str,
    expected: Cause,
    pod: &Pod,
) -> Result<Attack, DemoError> {
    let attempt = async |proxy: &Proxy| through(proxy, pod).await.map(drop);
    attempt_refused_by_aws(stage, name, expected, pod, attempt).await
}

/// The same for a client that is not PostgreSQL's.
async fn attempt_refused_by_aws(
    stage: &Stage,
    name: &'static str,
    expected: Cause,
    pod: &Pod,
    attempt: impl AsyncFnOnce(&Proxy) -> Result<(), Refused>,
) -> Result<Attack, DemoError> {
    stage.say(name);
    let before = stage.refusals();
    let proxy = pod.proxy(stage).await?;
    let outcome = attempt(&proxy).await;
    Ok(by_aws(stage, name, expected, before, outcome))
}

/// What the lab refused after its first `before` refusals.
fn by_aws(
    stage: &Stage,
    name: &'static str,
    expected: Cause,
    before: usize,
    outcome: Result<(), Refused>,
) -> Attack {
    let stopped_by = stage.refusal_since(before);
    judged(name, expected, Guard::Aws, stopped_by, outcome)
}

/// The same where `irsa` must refuse by itself and say why.
async fn refused_by_irsa(
    stage: &Stage,
    name: &'static str,
    expected: Cause,
    pod: &Pod,
) -> Result<Attack, DemoError> {
    let attempt = async |proxy: &Proxy| through(proxy, pod).await.map(drop);
    attempt_refused_by_irsa(stage, name, expected, pod, attempt).await
}

/// The same for a client that is not PostgreSQL's.
async fn attempt_refused_by_irsa(
    stage: &Stage,
    name: &'static str,
    expected: Cause,
    pod: &Pod,
    attempt: impl AsyncFnOnce(&Proxy) -> Result<(), Refused>,
) -> Result<Attack, DemoError> {
    stage.say(name);
    let proxy = pod.proxy(stage).await?;
    let outcome = attempt(&proxy).await;
    let named = outcome.as_ref().err().and_then(|refused| refused.named);
    Ok(judged(name, expected, Guard::Irsa, named, outcome))
}

/// Returns the attack with the verdict on it. Whoever stopped it, what irsa reports to the client must be at the link that
/// was attacked.
fn judged(
    name: &'static str,
    expected: Cause,
    by: Guard,
    stopped_by: Option<Cause>,
    outcome: Result<(), Refused>,
) -> Attack {
    let named = outcome.as_ref().err().and_then(|refused| refused.named);
    let is_at_link = named.is_none_or(|named| named.link() == expected.link());
    let as_expected = outcome.is_err() && stopped_by == Some(expected) && is_at_link;
    let said = outcome.map_or_else(|refused| refused.message, |()| "a session".to_owned());
    Attack {
        name,
        expected,
        stopped_by,
        by,
        said,
        as_expected,
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
        let outcome = Err(refused);
        judged("", expected, Guard::Aws, Some(expected), outcome).as_expected
    }

    #[test]
    fn a_refusal_that_is_reported_at_a_different_link_is_not_right() {
        let expected = Cause::DbUserMismatch;
        assert!(is_right(expected, None));
        assert!(is_right(expected, Some(Cause::IamLoginRefused)));
        assert!(!is_right(expected, Some(Cause::RdsIamNotGranted)));
    }
}
