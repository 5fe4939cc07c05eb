//! One line of input: a request and the policies that apply to it.
//!
//! Policies and context values are kept as raw JSON, so that duplicate keys and the spelling of numbers reach the
//! policy engine.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use irsa_policy::{Context, Layer, Outcome, PolicyDocuments, Principal, Request, SetError};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A request as written. Other members, such as the expected result of a test case, are ignored.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a request object")]
pub(super) struct Line<'a> {
    #[serde(borrow)]
    pub(super) id: Option<&'a RawValue>,
    principal: String,
    action: String,
    resource: Option<String>,
    resource_account: Option<String>,
    #[serde(borrow, default)]
    context: Option<Members<'a>>,
    #[serde(borrow, default)]
    policies: Option<Policies<'a>>,
}

/// The policies by kind. Unknown kinds are rejected: a misspelled kind would silently not restrict the request.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    expecting = "an object of policies by kind"
)]
struct Policies<'a> {
    #[serde(borrow)]
    identity: Option<&'a RawValue>,
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    #[serde(borrow)]
    boundary: Option<&'a RawValue>,
    #[serde(borrow)]
    session: Option<&'a RawValue>,
    #[serde(borrow)]
    service_control: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    resource_control: Option<Vec<&'a RawValue>>,
}

/// The maximum number of levels. An organization has at most seven: the root, five units, the account.
const MAX_LEVELS: usize = 64;

/// The policies of one layer.
type Documents<'a> = (Layer, Vec<Cow<'a, str>>);

type Level = fn(usize) -> Layer;

/// The members of an object, including duplicates.
#[derive(Debug)]
struct Members<'a>(Vec<(String, &'a RawValue)>);

/// A valid line whose policies are not parsed yet.
#[derive(Debug)]
pub(super) struct ParsedRequest<'a> {
    principal: Principal<'a>,
    line: &'a Line<'a>,
    context: Context,
    policies: Vec<Documents<'a>>,
}

// === impl Line ===

impl<'a> Line<'a> {
    pub(super) fn parse(line: &'a [u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(line)
    }

    pub(super) fn parse_parts(&self) -> Result<ParsedRequest<'_>, String> {
        let principal = Principal::parse(&self.principal);
        Ok(ParsedRequest {
            principal: principal.ok_or_else(|| {
                let expected = "an ARN of IAM or STS, a service, a provider, or `anonymous`";
                format!("`principal` is not {expected}")
            })?,
            line: self,
            context: self.context.as_ref().map_or(Ok(Context::new()), context)?,
            policies: self.policies.as_ref().map_or(Ok(Vec::new()), layers)?,
        })
    }
}

// === impl ParsedRequest ===

impl ParsedRequest<'_> {
    pub(super) fn outcome(&self) -> Result<Outcome, SetError> {
        let mut documents = PolicyDocuments::new();
        for (layer, texts) in &self.policies {
            let texts = texts.iter().map(AsRef::as_ref);
            documents.add(*layer, &self.line.action, texts)?;
        }
        let mut set = documents.set();
        set.resource_account = self.line.resource_account.as_deref();
        Ok(set.decide(&Request {
            principal: self.principal,
            action: &self.line.action,
            resource: self.line.resource.as_deref(),
            context: &self.context,
        }))
    }
}

/// The ID of a line, even if the line is otherwise invalid.
pub(super) fn id_of(line: &[u8]) -> Option<Box<RawValue>> {
    struct Id(Option<Box<RawValue>>);
    impl<'de> Visitor<'de> for &mut Id {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<String>()? {
                if key == "id" {
                    self.0 = Some(map.next_value()?);
                    return Ok(());
                }
                map.next_value::<IgnoredAny>()?;
            }
            Ok(())
        }
    }
    let mut id = Id(None);
    let mut reader = serde_json::Deserializer::from_slice(line);
    // The error of the rest of the line was reported already.
    let _ = reader.deserialize_map(&mut id);
    id.0
}

fn layers<'a>(policies: &Policies<'a>) -> Result<Vec<Documents<'a>>, String> {
    let mut layers = Vec::new();
    for (layer, raw) in [
        (Layer::Identity, policies.identity),
        (Layer::Boundary, policies.boundary),
        (Layer::Session, policies.session),
    ] {
        if let Some(raw) = raw {
            layers.push((layer, documents(raw)?));
        }
    }
    if let Some(raw) = policies.resource {
        layers.push((Layer::Resource, vec![document(raw)?]));
    }
    for (layer, levels) in [
        (Layer::ServiceControl as Level, &policies.service_control),
        (Layer::ResourceControl as Level, &policies.resource_control),
    ] {
        let count = levels.as_ref().map_or(0, Vec::len);
        if count > MAX_LEVELS {
            return Err(format!("{count} levels exceed the limit of {MAX_LEVELS}"));
        }
        for (number, level) in levels.iter().flatten().enumerate() {
            layers.push((layer(number), documents(level)?));
        }
    }
    Ok(layers)
}

/// Reads a list of policies, or a single policy without brackets.
fn documents(raw: &RawValue) -> Result<Vec<Cow<'_, str>>, String> {
    items(raw)?.into_iter().map(document).collect()
}

/// Reads a policy that is an object, or a string that contains one.
fn document(raw: &RawValue) -> Result<Cow<'_, str>, String> {
    match raw.get().as_bytes().first() {
        Some(b'"') => text(raw).map(Cow::Owned),
        _ => Ok(Cow::Borrowed(raw.get())),
    }
}

fn context(members: &Members<'_>) -> Result<Context, String> {
    let mut seen = HashSet::new();
    let mut context = Context::new();
    for (key, raw) in &members.0 {
        if !seen.insert(key.to_ascii_lowercase()) {
            return Err(format!("duplicate key `{key}` in the context"));
        }
        let values: Result<Vec<_>, _> = items(raw)?.into_iter().map(value).collect();
        context.insert(key, values?);
    }
    Ok(context)
}

/// Reads a context value. Numbers and booleans are used as they are spelled.
fn value(raw: &RawValue) -> Result<String, String> {
    match raw.get().as_bytes().first() {
        Some(b'"') => text(raw),
        Some(b'{' | b'[' | b'n') => {
            Err(format!("`{}` is not a value of a condition key", raw.get()))
        }
        _ => Ok(raw.get().to_owned()),
    }
}

fn items(raw: &RawValue) -> Result<Vec<&RawValue>, String> {
    match raw.get().as_bytes().first() {
        Some(b'[') => serde_json::from_str(raw.get()).map_err(|error| error.to_string()),
        _ => Ok(vec![raw]),
    }
}

fn text(raw: &RawValue) -> Result<String, String> {
    serde_json::from_str(raw.get()).map_err(|error| error.to_string())
}

// === impl Members ===

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of condition keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(All).map(Self)
    }
}
