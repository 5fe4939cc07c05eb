//! A cursor over a policy's JSON that knows the path of each value, so that errors can name it.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use crate::json::{Json, Value};
use crate::{PolicyError, Problem};

/// A value and its path.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    json: &'a Json,
    statement: Option<usize>,
    path: Rc<Path<'a>>,
}

/// A path, which is shared by all values below it and formatted only for an error. Otherwise a long key above a long
/// list would cost the product of both lengths.
#[derive(Debug)]
enum Path<'a> {
    Root,
    Member(Rc<Path<'a>>, &'a str),
    Item(Rc<Path<'a>>, usize),
}

/// The members of an object, taken one by one. Members that are left at the end are unknown elements.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    node: Node<'a>,
    rest: Vec<(&'a str, &'a Json)>,
}

/// One of two elements that exclude each other, such as `Action` and `NotAction`.
#[derive(Debug)]
pub(crate) struct Choice<'a> {
    pub(crate) element: &'static str,
    pub(crate) negated: bool,
    pub(crate) node: Node<'a>,
}

impl<'a> Node<'a> {
    pub(crate) fn root(json: &'a Json) -> Self {
        Self {
            json,
            statement: None,
            path: Rc::new(Path::Root),
        }
    }

    pub(crate) fn fail(&self, problem: Problem) -> PolicyError {
        PolicyError::at(
            self.statement,
            self.path.to_string(),
            self.json.span.start,
            problem,
        )
    }

    /// The byte range of the value in the text.
    pub(crate) fn span(&self) -> Range<usize> {
        self.json.span.clone()
    }

    /// The error that this value is not valid for its element.
    pub(crate) fn invalid(&self, value: &str, expected: &'static str) -> PolicyError {
        self.fail(Problem::Invalid {
            value: value.to_owned(),
            expected,
        })
    }

    pub(crate) fn text(&self) -> Result<&'a str, PolicyError> {
        match &self.json.value {
            Value::String(text) => Ok(text),
            _ => Err(self.wrong_type("a string")),
        }
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self.json.value, Value::String(_))
    }

    /// A string, boolean or integer as text: IAM accepts all three as a condition value.
    pub(crate) fn scalar(&self) -> Result<&'a str, PolicyError> {
        match &self.json.value {
            Value::Number(text) if !is_integer(text) => {
                Err(self.wrong_type("a string, because a fraction has several spellings"))
            }
            _ => self.number_or_text(),
        }
    }

    /// A value like [`scalar`](Self::scalar), or a fraction: for comparisons in which its spelling does not matter.
    pub(crate) fn number_or_text(&self) -> Result<&'a str, PolicyError> {
        match &self.json.value {
            Value::String(text) | Value::Number(text) => Ok(text),
            Value::Bool(true) => Ok("true"),
            Value::Bool(false) => Ok("false"),
            _ => Err(self.wrong_type("a string")),
        }
    }

    /// The values of a list, or the value itself, as IAM allows a single value without brackets.
    pub(crate) fn list(&self) -> Vec<Node<'a>> {
        let Value::Array(list) = &self.json.value else {
            return vec![self.clone()];
        };
        let item = |(place, json)| self.child(Path::Item(Rc::clone(&self.path), place), json);
        list.iter().enumerate().map(item).collect()
    }

    /// The values of a [`list`](Self::list) that must not be empty.
    pub(crate) fn items(&self) -> Result<Vec<Node<'a>>, PolicyError> {
        match self.list() {
            list if list.is_empty() => Err(self.fail(Problem::Empty)),
            list => Ok(list),
        }
    }

    /// The statements of the policy: the [`items`](Self::items), each with its index.
    pub(crate) fn statements(&self) -> Result<Vec<Node<'a>>, PolicyError> {
        let mut statements = self.items()?;
        for (place, node) in (0..).zip(&mut statements) {
            node.statement = Some(place);
        }
        Ok(statements)
    }

    /// The members of an object with arbitrary names.
    pub(crate) fn entries(&self) -> Result<Vec<(&'a str, Node<'a>)>, PolicyError> {
        let members = self.object()?;
        let entry = |(name, json): &'a (String, Json)| (name.as_str(), self.member(name, json));
        Ok(members.iter().map(entry).collect())
    }

    /// The members of an object with a fixed set of names.
    pub(crate) fn members(&self) -> Result<Members<'a>, PolicyError> {
        let members = self.object()?;
        Ok(Members {
            node: self.clone(),
            rest: members
                .iter()
                .map(|(name, json)| (name.as_str(), json))
                .collect(),
        })
    }

    fn object(&self) -> Result<&'a [(String, Json)], PolicyError> {
        let Value::Object(members) = &self.json.value else {
            return Err(self.wrong_type("an object"));
        };
        let mut seen = HashSet::with_capacity(members.len());
        match members.iter().find(|(name, _)| !seen.insert(name)) {
            Some((name, _)) => Err(self.fail(Problem::DuplicateKey(name.clone()))),
            None => Ok(members),
        }
    }

    fn member(&self, name: &'a str, json: &'a Json) -> Node<'a> {
        self.child(Path::Member(Rc::clone(&self.path), name), json)
    }

    fn child(&self, path: Path<'a>, json: &'a Json) -> Node<'a> {
        Node {
            json,
            statement: self.statement,
            path: Rc::new(path),
        }
    }

    fn wrong_type(&self, expected: &'static str) -> PolicyError {
        self.fail(Problem::WrongType {
            expected,
            found: self.json.describe(),
        })
    }
}

impl<'a> Members<'a> {
    pub(crate) fn take(&mut self, name: &str) -> Option<Node<'a>> {
        let place = self.rest.iter().position(|(member, _)| *member == name)?;
        let (name, json) = self.rest.remove(place);
        Some(self.node.member(name, json))
    }

    pub(crate) fn require(
        &mut self,
        name: &'static str,
        missing: &'static str,
    ) -> Result<Node<'a>, PolicyError> {
        self.take(name)
            .ok_or_else(|| self.node.fail(Problem::Missing(missing)))
    }

    /// Takes the one of two mutually exclusive elements that is present.
    pub(crate) fn choose(
        &mut self,
        element: &'static str,
        negation: &'static str,
    ) -> Result<Option<Choice<'a>>, PolicyError> {
        let choice = |element, negated, node| {
            Ok(Some(Choice {
                element,
                negated,
                node,
            }))
        };
        match (self.take(element), self.take(negation)) {
            (Some(_), Some(_)) => Err(self.node.fail(Problem::Exclusive(element, negation))),
            (Some(node), None) => choice(element, false, node),
            (None, Some(node)) => choice(negation, true, node),
            (None, None) => Ok(None),
        }
    }

    /// Rejects the members that were not taken.
    pub(crate) fn finish(self) -> Result<(), PolicyError> {
        match self.rest.first() {
            Some((name, _)) => Err(self.node.fail(Problem::UnknownElement((*name).to_owned()))),
            None => Ok(()),
        }
    }
}

fn is_integer(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    number != "-0" && digits.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(parent, name) if matches!(**parent, Path::Root) => f.write_str(name),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, place) => write!(f, "{parent}[{place}]"),
        }
    }
}
