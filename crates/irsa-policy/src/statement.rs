//! One statement: an effect on whatever its elements match.

use crate::action::Actions;
use crate::call::Call;
use crate::condition::Conditions;
use crate::node::{Members, Node};
use crate::policy::Grammar;
use crate::principal::Principals;
use crate::resource::Resources;
use crate::{Mismatch, PolicyError, PolicyKind, Problem};

/// A compiled statement. An element that its kind of policy lacks is `None` and matches everything.
#[derive(Debug)]
pub(crate) struct Statement {
    sid: Option<String>,
    effect: Effect,
    principals: Option<Principals>,
    actions: Actions,
    resources: Option<Resources>,
    conditions: Conditions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Allow,
    Deny,
}

impl Statement {
    pub(crate) fn parse(node: &Node<'_>, grammar: Grammar) -> Result<Self, PolicyError> {
        let mut members = node.members()?;
        let statement = Self {
            sid: members
                .take("Sid")
                .map_or(Ok(None), |sid| parse_sid(&sid))?,
            effect: Effect::parse(&members.require("Effect", "`Effect`")?)?,
            principals: parse_principals(node, &mut members, grammar)?,
            actions: parse_actions(node, &mut members, grammar)?,
            resources: parse_resources(node, &mut members, grammar)?,
            conditions: match members.take("Condition") {
                Some(condition) => Conditions::parse(&condition, grammar)?,
                None => Conditions::default(),
            },
        };
        members.finish()?;
        Ok(statement)
    }

    pub(crate) fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    pub(crate) fn effect(&self) -> Effect {
        self.effect
    }

    /// The cheapest and most telling element goes first.
    pub(crate) fn matches(&self, call: &Call<'_>) -> bool {
        self.actions.matches(call)
            && self.resource_matches(call)
            && self.principal_matches(call)
            && self.conditions.all_match(call)
    }

    /// How far the statement is from matching: fewer mismatches are nearer, and of equally many
    /// those that come later in the order principal, action, resource, condition.
    pub(crate) fn distance(&self, call: &Call<'_>) -> (usize, usize) {
        let failed = [
            usize::from(!self.principal_matches(call)),
            usize::from(!self.actions.matches(call)),
            usize::from(!self.resource_matches(call)),
            self.conditions.failing(call).count(),
        ];
        let agreed = failed.iter().take_while(|&&count| count == 0).count();
        (failed.iter().sum(), failed.len() - agreed)
    }

    /// Everything that keeps the statement from matching.
    pub(crate) fn mismatches(&self, call: &Call<'_>) -> Vec<Mismatch> {
        let principal = self
            .principals
            .as_ref()
            .and_then(|principals| principals.mismatch(call));
        let action = self.actions.mismatch(call);
        let resource = self
            .resources
            .as_ref()
            .and_then(|resources| resources.mismatch(call));
        let conditions = self
            .conditions
            .failing(call)
            .map(|condition| condition.mismatch(call));
        [principal, action, resource]
            .into_iter()
            .flatten()
            .chain(conditions)
            .collect()
    }

    fn principal_matches(&self, call: &Call<'_>) -> bool {
        self.principals
            .as_ref()
            .is_none_or(|principals| principals.matches(call))
    }

    fn resource_matches(&self, call: &Call<'_>) -> bool {
        self.resources
            .as_ref()
            .is_none_or(|resources| resources.matches(call))
    }
}

impl Effect {
    fn parse(node: &Node<'_>) -> Result<Self, PolicyError> {
        match node.text()? {
            "Allow" => Ok(Self::Allow),
            "Deny" => Ok(Self::Deny),
            other => Err(node.invalid(other, "an effect, `Allow` or `Deny`")),
        }
    }
}

/// Letters and digits (IAM User Guide, "Sid"); consoles write an empty one for none.
fn parse_sid(node: &Node<'_>) -> Result<Option<String>, PolicyError> {
    match node.text()? {
        "" => Ok(None),
        sid if sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Ok(Some(sid.to_owned())),
        sid => Err(node.invalid(sid, "a `Sid`, which has only letters and digits")),
    }
}

fn parse_principals(
    node: &Node<'_>,
    members: &mut Members<'_>,
    grammar: Grammar,
) -> Result<Option<Principals>, PolicyError> {
    let choice = members.choose("Principal", "NotPrincipal")?;
    match (grammar.kind, choice) {
        (PolicyKind::Identity, None) => Ok(None),
        (PolicyKind::Trust, None) => Err(node.fail(Problem::Missing("`Principal`"))),
        (PolicyKind::Trust, Some(choice)) if !choice.negated => {
            Principals::parse(&choice.node).map(Some)
        }
        (kind, Some(choice)) => Err(out_of_place(node, choice.element, kind)),
    }
}

fn parse_actions(
    node: &Node<'_>,
    members: &mut Members<'_>,
    grammar: Grammar,
) -> Result<Actions, PolicyError> {
    match members.choose("Action", "NotAction")? {
        Some(choice) => Actions::parse(&choice, grammar),
        None => Err(node.fail(Problem::Missing("`Action` or `NotAction`"))),
    }
}

fn parse_resources(
    node: &Node<'_>,
    members: &mut Members<'_>,
    grammar: Grammar,
) -> Result<Option<Resources>, PolicyError> {
    let choice = members.choose("Resource", "NotResource")?;
    match (grammar.kind, choice) {
        (PolicyKind::Trust, None) => Ok(None),
        (PolicyKind::Trust, Some(choice)) => Err(out_of_place(node, choice.element, grammar.kind)),
        (PolicyKind::Identity, None) => {
            Err(node.fail(Problem::Missing("`Resource` or `NotResource`")))
        }
        (PolicyKind::Identity, Some(choice)) => Resources::parse(&choice, grammar).map(Some),
    }
}

fn out_of_place(node: &Node<'_>, element: &'static str, kind: PolicyKind) -> PolicyError {
    node.fail(Problem::OutOfPlace { element, kind })
}
