//! The form of a file as data: one table says which keys exist, and the parser, the JSON Schema and the suggestions for
//! misspelled keys are made from it.

mod check;
mod outputs;
mod rules;
pub(crate) mod schema;
mod specification;

pub(crate) use self::check::check;
pub(crate) use self::outputs::OUTPUTS;
pub(crate) use self::rules::{may_hold_secret, secret_in};
pub(crate) use self::specification::SPECIFICATION;

/// The type of a value.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Text that follows a rule.
    Text(&'static Rule),
    /// A whole number.
    Integer { min: i64, max: i64 },
    /// A number.
    Number { min: f64, max: f64 },
    /// `true` or `false`.
    Flag,
    /// One of several words.
    Choice(&'static [Word]),
    /// A list of values of one shape.
    List(&'static Shape),
    /// Names that the user chooses, each with a value of the same shape.
    Map {
        key: &'static Rule,
        value: &'static Shape,
    },
    /// Keys that are defined here.
    Record(&'static [Field]),
    /// Text or a record.
    TextOrRecord(&'static Rule, &'static [Field]),
}

/// A key of a record.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) is_required: bool,
    pub(crate) shape: Shape,
}

/// A word of a choice, and what it means.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
}

/// A rule for texts.
#[derive(Debug)]
pub(crate) struct Rule {
    /// What the text is, with its article: `a region`.
    pub(crate) noun: &'static str,
    /// A regular expression for the JSON Schema, if one says the rule or most of it.
    pub(crate) pattern: Option<&'static str>,
    /// Refuses other texts, with what was expected.
    pub(crate) check: fn(&str) -> Result<(), String>,
}

// === impl Field ===

impl Field {
    pub(crate) const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self {
            name,
            doc,
            is_required: true,
            shape,
        }
    }

    pub(crate) const fn optional(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self {
            name,
            doc,
            is_required: false,
            shape,
        }
    }
}
