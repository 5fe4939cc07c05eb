//! A compiled statement: an effect on the requests that its elements match.

use std::ops::Range;

use crate::action::Actions;
use crate::condition::{Condition, Conditions};
use crate::grammar::Grammar;
use crate::json_cursor::{Members, Node};
use crate::kind::Presence;
use crate::prepared_request::PreparedRequest;
use crate::principal::{Grant, Principals};
use crate::resource::Resources;
use crate::{Effect, ElementView, Mismatch, PolicyError, PolicyKind, Problem};

/// A compiled statement. An element that is `None` is not part of this kind of policy and matches everything.
#[derive(Debug)]
pub(crate) struct Statement {
    sid: Option<String>,
    effect: Effect,
    principals: Option<Principals>,
    actions: Actions,
    resources: Option<Resources>,
    conditions: Conditions,
    spans: Spans,
}

/// The byte ranges of the elements in the text.
#[derive(Debug)]
struct Spans {
    statement: Range<usize>,
    principals: Option<Range<usize>>,
    actions: Range<usize>,
    resources: Option<Range<usize>>,
}

impl Statement {
    pub(crate) fn parse(node: &Node<'_>, grammar: Grammar) -> Result<Self, PolicyError> {
        let mut members = node.members()?;
        let sid = members.take("Sid");
        let effect = Effect::parse(&members.require("Effect", "`Effect`")?)?;
        let principals = parse_principals(node, &mut members, grammar, effect)?;
        let actions = parse_actions(node, &mut members, grammar)?;
        let resources = parse_resources(node, &mut members, grammar)?;
        let condition = members.take("Condition");
        members.finish()?;
        let statement = Self {
            sid: sid.map_or(Ok(None), |sid| parse_sid(&sid, grammar.kind))?,
            effect,
            spans: Spans {
                statement: node.span(),
                principals: principals.as_ref().map(|(_, span)| span.clone()),
                actions: actions.1,
                resources: resources.as_ref().map(|(_, span)| span.clone()),
            },
            principals: principals.map(|(principals, _)| principals),
            actions: actions.0,
            resources: resources.map(|(resources, _)| resources),
            conditions: match condition {
                Some(condition) => Conditions::parse(&condition, grammar)?,
                None => Conditions::default(),
            },
        };
        if grammar.kind == PolicyKind::ResourceControl {
            statement.refuse_own_control(node)?;
        }
        Ok(statement)
    }

    /// Rejects what a customer's resource control policy cannot contain. Only AWS's `RCPFullAWSAccess` has an `Allow`,
    /// and it covers everything (AWS Organizations User Guide, "RCP syntax").
    fn refuse_own_control(&self, node: &Node<'_>) -> Result<(), PolicyError> {
        let is_whole = self.actions.are_everything()
            && self
                .resources
                .as_ref()
                .is_some_and(Resources::are_everything)
            && self.conditions.is_empty();
        match self.effect {
            Effect::Allow if !is_whole => Err(node.invalid("Allow", "allowed as the effect of a resource control policy, except in AWS's `RCPFullAWSAccess`")),
            Effect::Deny if self.actions.are_everything() => Err(node.invalid("*", "allowed as the action of a resource control policy: name the service, as in `s3:*`")),
            _ => Ok(()),
        }
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.spans.statement.clone()
    }

    pub(crate) fn span_of(&self, mismatch: &Mismatch) -> Option<Range<usize>> {
        match mismatch {
            Mismatch::Principal { .. } => self.spans.principals.clone(),
            Mismatch::Action { .. } => Some(self.spans.actions.clone()),
            Mismatch::Resource { .. } => self.spans.resources.clone(),
            Mismatch::Condition { operator, key, .. } => self.conditions.span(operator, key),
        }
    }

    pub(crate) fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    pub(crate) fn effect(&self) -> Effect {
        self.effect
    }

    /// The keys that conditions and variables use, in lower case.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let resources = self.resources.iter().flat_map(Resources::keys);
        self.conditions.keys().chain(resources)
    }

    pub(crate) fn conditions(&self) -> &[Condition] {
        self.conditions.as_slice()
    }

    pub(crate) fn principals_view(&self) -> Option<ElementView<'_>> {
        let principals = self.principals.as_ref()?;
        Some(principals.view(self.spans.principals.clone()?))
    }

    pub(crate) fn actions_view(&self) -> ElementView<'_> {
        self.actions.view(self.spans.actions.clone())
    }

    pub(crate) fn resources_view(&self) -> Option<ElementView<'_>> {
        let resources = self.resources.as_ref()?;
        Some(resources.view(self.spans.resources.clone()?))
    }

    /// Returns whether all elements match. Actions go first: they are cheap to compare and exclude the most statements.
    pub(crate) fn matches(&self, prepared: &PreparedRequest<'_>) -> bool {
        self.actions.matches(prepared)
            && self.resource_matches(prepared)
            && self.principal_matches(prepared)
            && self.conditions.all_match(prepared, self.effect)
    }

    /// Returns how directly a matching statement names the caller.
    pub(crate) fn grant(&self, prepared: &PreparedRequest<'_>) -> Grant {
        let of = |principals: &Principals| principals.grant(&prepared.caller);
        self.principals
            .as_ref()
            .and_then(of)
            .unwrap_or(Grant::Direct)
    }

    /// The distance from matching: the number of mismatches, and then how early the first one is in the order
    /// principal, action, resource, condition.
    pub(crate) fn distance(&self, prepared: &PreparedRequest<'_>) -> (usize, usize) {
        let failed = [
            usize::from(!self.principal_matches(prepared)),
            usize::from(!self.actions.matches(prepared)),
            usize::from(!self.resource_matches(prepared)),
            self.conditions.failing(prepared, self.effect).count(),
        ];
        let agreed = failed.iter().take_while(|&&count| count == 0).count();
        (failed.iter().sum(), failed.len() - agreed)
    }

    /// All elements that do not match.
    pub(crate) fn mismatches(&self, prepared: &PreparedRequest<'_>) -> Vec<Mismatch> {
        let principal = self
            .principals
            .as_ref()
            .and_then(|principals| principals.mismatch(prepared));
        let action = self.actions.mismatch(prepared);
        let resource = self
            .resources
            .as_ref()
            .and_then(|resources| resources.mismatch(prepared, self.effect));
        let conditions = self
            .conditions
            .failing(prepared, self.effect)
            .map(|condition| condition.mismatch(prepared));
        [principal, action, resource]
            .into_iter()
            .flatten()
            .chain(conditions)
            .collect()
    }

    fn principal_matches(&self, prepared: &PreparedRequest<'_>) -> bool {
        self.principals
            .as_ref()
            .is_none_or(|principals| principals.matches(&prepared.caller))
    }

    fn resource_matches(&self, prepared: &PreparedRequest<'_>) -> bool {
        self.resources
            .as_ref()
            .is_none_or(|resources| resources.matches(prepared, self.effect))
    }
}

/// Parses a `Sid`: letters and digits (IAM User Guide, "Sid"). Consoles write an empty one for a statement without a
/// `Sid`. Services that define resource policies may accept other characters.
fn parse_sid(node: &Node<'_>, kind: PolicyKind) -> Result<Option<String>, PolicyError> {
    let is_alphanumeric = |sid: &str| sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match node.text()? {
        "" => Ok(None),
        sid if is_alphanumeric(sid) || !kind.has_strict_sids() => Ok(Some(sid.to_owned())),
        sid => Err(node.invalid(sid, "a valid `Sid`: use only letters and digits")),
    }
}

/// An element and its byte range.
type Spanned<T> = (T, Range<usize>);

fn parse_principals(
    node: &Node<'_>,
    members: &mut Members<'_>,
    grammar: Grammar,
    effect: Effect,
) -> Result<Option<Spanned<Principals>>, PolicyError> {
    let kind = grammar.kind;
    let missing = if kind.has_not_principal() {
        "`Principal` or `NotPrincipal`"
    } else {
        "`Principal`"
    };
    let Some(choice) = members.choose("Principal", "NotPrincipal")? else {
        return absent(node, kind.principal(), missing);
    };
    let is_out =
        kind.principal() == Presence::Forbidden || (choice.negated && !kind.has_not_principal());
    if is_out {
        return Err(out_of_place(node, choice.element, kind));
    }
    if choice.negated && effect == Effect::Allow {
        let why = "IAM accepts it only with `Deny`";
        let what = choice.element.to_owned();
        return Err(node.fail(Problem::Unsupported { what, why }));
    }
    let span = choice.node.span();
    Principals::parse(&choice, kind, effect).map(|principals| Some((principals, span)))
}

fn parse_actions(
    node: &Node<'_>,
    members: &mut Members<'_>,
    grammar: Grammar,
) -> Result<Spanned<Actions>, PolicyError> {
    match members.choose("Action", "NotAction")? {
        Some(choice) if choice.negated && !grammar.kind.has_not_action() => {
            Err(out_of_place(node, choice.element, grammar.kind))
        }
        Some(choice) => Ok((Actions::parse(&choice, grammar)?, choice.node.span())),
        None => Err(node.fail(Problem::Missing("`Action` or `NotAction`"))),
    }
}

fn parse_resources(
    node: &Node<'_>,
    members: &mut Members<'_>,
    grammar: Grammar,
) -> Result<Option<Spanned<Resources>>, PolicyError> {
    let presence = grammar.kind.resource();
    match members.choose("Resource", "NotResource")? {
        None => absent(node, presence, "`Resource` or `NotResource`"),
        Some(choice) if presence == Presence::Forbidden => {
            Err(out_of_place(node, choice.element, grammar.kind))
        }
        Some(choice) => {
            let span = choice.node.span();
            Resources::parse(&choice, grammar).map(|resources| Some((resources, span)))
        }
    }
}

fn absent<T>(
    node: &Node<'_>,
    presence: Presence,
    element: &'static str,
) -> Result<Option<T>, PolicyError> {
    match presence {
        Presence::Required => Err(node.fail(Problem::Missing(element))),
        Presence::Optional | Presence::Forbidden => Ok(None),
    }
}

fn out_of_place(node: &Node<'_>, element: &'static str, kind: PolicyKind) -> PolicyError {
    node.fail(Problem::OutOfPlace { element, kind })
}
