//! `Condition` (IAM User Guide, "Condition", "Condition operators", "Single-valued vs. multivalued context keys").
//!
//! Everything under `Condition` must hold: each operator, and each key of an operator. Each family of operators has a
//! file that compares values. Absent keys, multiple values, `IfExists` and set operators work the same way in all
//! families and are in [`test`].

mod arn;
mod binary;
mod boolean;
mod comparison;
mod date;
mod ip;
mod numeric;
mod operator;
mod ordered;
mod string;
mod test;

use std::collections::HashSet;
use std::iter;
use std::ops::Range;

use crate::grammar::Grammar;
use crate::json_cursor::Node;
use crate::prepared_request::PreparedRequest;
use crate::template::Template;
use crate::{ConditionView, Context, Effect, Mismatch, PolicyError, Problem};
use operator::Operator;
use test::Test;

/// All conditions of a statement. A statement without conditions always applies.
#[derive(Debug, Default)]
pub(crate) struct Conditions(Vec<Condition>);

/// One key of one operator.
#[derive(Debug)]
pub(crate) struct Condition {
    operator: String,
    key: String,
    /// The key, followed by the keys of the variables in its values; all in lower case.
    keys: Box<[Box<str>]>,
    written: Vec<String>,
    test: Test,
    span: Range<usize>,
}

impl Conditions {
    pub(crate) fn parse(node: &Node<'_>, grammar: Grammar) -> Result<Self, PolicyError> {
        let mut conditions = Vec::new();
        for (name, block) in node.entries()? {
            let keys = block.entries()?;
            if keys.is_empty() {
                // IAM accepts it, whatever its name, and it requires nothing.
                continue;
            }
            let operator = Operator::parse(name).map_err(|problem| node.fail(problem))?;
            refuse_equal_keys(&block, keys.iter().map(|(key, _)| *key))?;
            for (key, values) in keys {
                conditions.push(Condition::parse(&operator, (name, key), &values, grammar)?);
            }
        }
        Ok(Self(conditions))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn as_slice(&self) -> &[Condition] {
        &self.0
    }

    /// Returns whether all conditions match; `effect` is the effect of the statement.
    pub(crate) fn all_match(&self, prepared: &PreparedRequest<'_>, effect: Effect) -> bool {
        self.0
            .iter()
            .all(|condition| condition.matches(prepared, effect))
    }

    /// The byte range of an operator's key in the text.
    pub(crate) fn span(&self, operator: &str, key: &str) -> Option<Range<usize>> {
        let is_it = |one: &&Condition| one.operator == operator && one.key == key;
        self.0.iter().find(is_it).map(|one| one.span.clone())
    }

    pub(crate) fn failing(
        &self,
        prepared: &PreparedRequest<'_>,
        effect: Effect,
    ) -> impl Iterator<Item = &Condition> {
        let conditions = self.0.iter();
        conditions.filter(move |condition| !condition.matches(prepared, effect))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let conditions = self.0.iter();
        conditions.flat_map(|condition| condition.keys.iter().map(|key| &**key))
    }
}

impl Condition {
    fn parse(
        operator: &Operator,
        (name, key): (&str, &str),
        node: &Node<'_>,
        grammar: Grammar,
    ) -> Result<Self, PolicyError> {
        let mut written = Vec::new();
        let mut templates = Vec::new();
        // IAM accepts an empty list, which matches no value.
        for value in node.list() {
            let text = if operator.takes_fractions() {
                value.number_or_text()?
            } else {
                value.scalar()?
            };
            templates.push(template(operator, &value, text, grammar)?);
            written.push(text.to_owned());
        }
        let variables = templates.iter().flat_map(Template::keys).map(Box::from);
        let lowercase = key.to_ascii_lowercase().into_boxed_str();
        let keys = iter::once(lowercase).chain(variables).collect();
        Ok(Self {
            operator: name.to_owned(),
            key: key.to_owned(),
            keys,
            test: operator
                .compile(&written, templates)
                .map_err(|problem| node.fail(problem))?,
            written,
            span: node.span(),
        })
    }

    fn matches(&self, prepared: &PreparedRequest<'_>, effect: Effect) -> bool {
        let context = prepared.request.context;
        let assumed = context.assumed_match(&self.keys, effect);
        assumed.unwrap_or_else(|| self.test.holds(self.values(context), context))
    }

    fn values<'c>(&self, context: &'c Context) -> &'c [String] {
        let key = self.keys.first();
        key.map_or(&[], |key| context.lowercase(key))
    }

    pub(crate) fn view(&self) -> ConditionView<'_> {
        ConditionView {
            operator: &self.operator,
            key: &self.key,
            values: &self.written,
            span: self.span.clone(),
        }
    }

    pub(crate) fn mismatch(&self, prepared: &PreparedRequest<'_>) -> Mismatch {
        let actual = self.values(prepared.request.context);
        Mismatch::Condition {
            operator: self.operator.clone(),
            key: self.key.clone(),
            expected: self.written.clone(),
            actual: (!actual.is_empty()).then(|| actual.to_vec()),
        }
    }
}

fn template(
    operator: &Operator,
    node: &Node<'_>,
    text: &str,
    grammar: Grammar,
) -> Result<Template, PolicyError> {
    if !grammar.variables {
        return Ok(Template::plain(text));
    }
    if text.contains("${") && !operator.takes_variables() {
        let expected =
            "a value of this operator: only string and ARN operators take policy variables";
        return Err(node.invalid(text, expected));
    }
    Template::parse(text).map_err(|problem| node.fail(problem))
}

/// Rejects keys that differ only in case, which IAM's validation reports as duplicates.
fn refuse_equal_keys<'a>(
    block: &Node<'_>,
    keys: impl Iterator<Item = &'a str>,
) -> Result<(), PolicyError> {
    let mut seen = HashSet::new();
    for key in keys {
        if !seen.insert(key.to_ascii_lowercase()) {
            return Err(block.fail(Problem::DuplicateKey(key.to_owned())));
        }
    }
    Ok(())
}
