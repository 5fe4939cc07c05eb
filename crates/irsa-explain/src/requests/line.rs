//! One line: a request, and the policies that have a say.
//!
//! Policies and the context's values stay the text they are, so that no duplicate key and no digit
//! is lost before the policy engine has seen it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use irsa_policy::{Context, Layer, Outcome, PolicyDocuments, Principal, Request, SetError};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Further members, such as what a case expects, are nobody's business here.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object that is a request")]
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

/// A misspelt kind would be a policy that does not restrict.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    expecting = "an object of kinds of policies"
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

/// An organization has at most seven: the root, five units, the account.
const MAX_LEVELS: usize = 64;

/// The policies of one layer.
type Documents<'a> = (Layer, Vec<Cow<'a, str>>);

type Level = fn(usize) -> Layer;

/// The members of an object, none of them lost.
#[derive(Debug)]
struct Members<'a>(Vec<(String, &'a RawValue)>);

/// A line that makes sense, but for what its policies say.
#[derive(Debug)]
pub(super) struct Asked<'a> {
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

    pub(super) fn ask(&self) -> Result<Asked<'_>, String> {
        let principal = Principal::parse(&self.principal);
        Ok(Asked {
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

// === impl Asked ===

impl Asked<'_> {
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

/// The id of a line as far as it can be read, whatever else is wrong with it.
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
    // The rest of the line was refused already.
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
            return Err(format!("{count} levels are over the limit of {MAX_LEVELS}"));
        }
        for (number, level) in levels.iter().flatten().enumerate() {
            layers.push((layer(number), documents(level)?));
        }
    }
    Ok(layers)
}

/// A list of policies, or one without brackets.
fn documents(raw: &RawValue) -> Result<Vec<Cow<'_, str>>, String> {
    items(raw)?.into_iter().map(document).collect()
}

/// A policy as an object, or as a string that holds one.
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
            return Err(format!("the context has the key `{key}` twice"));
        }
        let values: Result<Vec<_>, _> = items(raw)?.into_iter().map(value).collect();
        context.insert(key, values?);
    }
    Ok(context)
}

/// Numbers and booleans are the text they are.
fn value(raw: &RawValue) -> Result<String, String> {
    match raw.get().as_bytes().first() {
        Some(b'"') => text(raw),
        Some(b'{' | b'[' | b'n') => Err(format!("`{}` is no value of a context", raw.get())),
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
