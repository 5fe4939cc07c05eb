//! `Condition` (IAM User Guide, "Condition", "Condition operators", "Single-valued vs. multivalued
//! context keys").
//!
//! Everything under `Condition` must hold: each operator, and each key of an operator. What an
//! operator compares is up to its family, one file each; what follows from absent keys, several
//! values, `IfExists` and the set operators is the same for all families and stands in [`test`].

mod arn;
mod binary;
mod boolean;
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

use crate::call::Call;
use crate::json_cursor::Node;
use crate::policy::Grammar;
use crate::template::Template;
use crate::{ConditionView, Context, Effect, Mismatch, PolicyError, Problem};
use operator::Operator;
use test::Test;

/// All conditions of a statement; without any, it always applies.
#[derive(Debug, Default)]
pub(crate) struct Conditions(Vec<Condition>);

/// One key of one operator.
#[derive(Debug)]
pub(crate) struct Condition {
    operator: String,
    key: String,
    /// In lower case: the key, and those of the variables in its values.
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
                // IAM takes it, whatever its name, and it asks for nothing.
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

    /// `effect`: that of the statement.
    pub(crate) fn all_match(&self, call: &Call<'_>, effect: Effect) -> bool {
        self.0
            .iter()
            .all(|condition| condition.matches(call, effect))
    }

    /// Where an operator's key stands in the text.
    pub(crate) fn span(&self, operator: &str, key: &str) -> Option<Range<usize>> {
        let is_it = |one: &&Condition| one.operator == operator && one.key == key;
        self.0.iter().find(is_it).map(|one| one.span.clone())
    }

    pub(crate) fn failing(
        &self,
        call: &Call<'_>,
        effect: Effect,
    ) -> impl Iterator<Item = &Condition> {
        let conditions = self.0.iter();
        conditions.filter(move |condition| !condition.matches(call, effect))
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
        // IAM takes a list without values, and none of them matches.
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

    fn matches(&self, call: &Call<'_>, effect: Effect) -> bool {
        let context = call.request.context;
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

    pub(crate) fn mismatch(&self, call: &Call<'_>) -> Mismatch {
        let was = self.values(call.request.context);
        Mismatch::Condition {
            operator: self.operator.clone(),
            key: self.key.clone(),
            expected: self.written.clone(),
            was: (!was.is_empty()).then(|| was.to_vec()),
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
        let expected = "a value of this operator: policy variables belong to strings and ARNs";
        return Err(node.invalid(text, expected));
    }
    Template::parse(text).map_err(|problem| node.fail(problem))
}

/// IAM's validation calls the same key in upper and lower case a duplicate.
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
