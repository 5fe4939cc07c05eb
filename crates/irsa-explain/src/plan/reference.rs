//! Resolves the references of an attribute in the configuration, for values that are known only after apply.

use serde_json::Value;

use super::resource::Resource;
use super::{Plan, address};

/// The maximum number of modules through which variables and outputs are followed.
const MAX_DEPTH: usize = 32;

/// The maximum number of references followed for one expression, as a limit for hostile input.
const MAX_STEPS: usize = 10_000;

/// The resources that an expression can refer to.
#[derive(Debug, Default)]
struct Referents {
    /// The addresses of the resources, without attributes.
    addresses: Vec<Address>,
    /// Whether the key is that of the resource with the expression (`each` or `count`).
    has_same_key: bool,
    /// Whether a reference could not be followed, such as a local value.
    is_lost: bool,
    steps: usize,
}

#[derive(Debug)]
struct Address {
    /// The known part of the module address.
    module: String,
    /// `TYPE.NAME`, with the key if it is written.
    resource: String,
}

/// The resources of a type that an attribute refers to; `Err` with the candidates if this is not certain.
pub(super) fn referred<'p, 'a>(
    plan: &'p Plan<'a>,
    from: &Resource<'_>,
    attribute: &str,
    kind: &str,
) -> Result<Vec<&'p Resource<'a>>, Vec<&'p Resource<'a>>> {
    let modules = address::modules(from.module);
    let configured = configured(plan, from);
    let mut found = Referents::default();
    let expression = &configured["expressions"][attribute];
    let scope = Scope {
        plan,
        modules: &modules,
        instance: from.module,
        each: &configured["for_each_expression"],
        depth: 0,
    };
    scope.follow(expression, kind, &mut found);
    let mut resources: Vec<_> = plan.with_type(kind).filter(|one| found.has(one)).collect();
    if found.has_same_key && resources.len() > 1 {
        resources.retain(|one| one.key() == from.key());
    }
    let is_clear = !found.is_lost && !resources.is_empty();
    if is_clear {
        Ok(resources)
    } else {
        Err(resources)
    }
}

/// Returns whether the configuration sets an attribute, as opposed to the provider computing it. Always false for a
/// state.
pub(super) fn is_configured(plan: &Plan<'_>, resource: &Resource<'_>, attribute: &str) -> bool {
    !configured(plan, resource)["expressions"][attribute].is_null()
}

/// The configuration of a resource; null if it is missing.
pub(super) fn configured<'a>(plan: &Plan<'a>, resource: &Resource<'_>) -> &'a Value {
    let module = module(plan.configuration, &address::modules(resource.module));
    let address = address::without_keys(resource.address);
    let name = address.rsplitn(3, '.').take(2).collect::<Vec<_>>();
    let is_it = |one: &&Value| matches!(name.as_slice(), [name, kind] if one["name"] == *name && one["type"] == *kind && one["mode"] == "managed");
    let mut all = module["resources"]
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter();
    all.find(is_it).unwrap_or(&Value::Null)
}

fn module<'a>(root: &'a Value, names: &[String]) -> &'a Value {
    names
        .iter()
        .fold(root, |module, name| &module["module_calls"][name]["module"])
}

/// The scope of an expression.
struct Scope<'s, 'a> {
    plan: &'s Plan<'a>,
    modules: &'s [String],
    /// The known part of the module address.
    instance: &'s str,
    /// The expression that `each` iterates over.
    each: &'a Value,
    depth: usize,
}

impl<'a> Scope<'_, 'a> {
    fn follow(&self, expression: &'a Value, kind: &str, found: &mut Referents) {
        // The references of a block or a list are in its members.
        match expression {
            Value::Object(members) if !members.contains_key("references") => {
                members
                    .values()
                    .for_each(|one| self.follow(one, kind, found));
            }
            Value::Array(items) => items.iter().for_each(|one| self.follow(one, kind, found)),
            _ => {
                let references = expression["references"].as_array();
                for reference in references.into_iter().flatten().filter_map(Value::as_str) {
                    self.reference(reference, kind, found);
                }
            }
        }
    }

    fn reference(&self, reference: &str, kind: &str, found: &mut Referents) {
        found.steps += 1;
        if self.depth > MAX_DEPTH || found.steps > MAX_STEPS {
            found.is_lost = true;
            return;
        }
        match *address::parts(reference) {
            ["each" | "count", part, ..] => {
                found.has_same_key = true;
                if part == "value" {
                    self.follow(self.each, kind, found);
                }
            }
            ["local", ..] => found.is_lost = true,
            ["var", name, ..] => self.variable(name, kind, found),
            ["module", call, output, ..] => self.output(call, output, kind, found),
            [first, _] if first == kind => self.resource(reference, found),
            _ => {}
        }
    }

    /// Adds `TYPE.NAME[KEY]`, or `TYPE.NAME`. Terraform lists both, the one with the key first.
    fn resource(&self, reference: &str, found: &mut Referents) {
        let is_known = |one: &Address| {
            address::without_keys(&one.resource) == reference && one.module == self.instance
        };
        if found.addresses.iter().any(is_known) {
            return;
        }
        found.addresses.push(Address {
            module: self.instance.to_owned(),
            resource: reference.to_owned(),
        });
    }

    fn variable(&self, name: &str, kind: &str, found: &mut Referents) {
        let Some((call, modules)) = self.modules.split_last() else {
            // The variables of the root module do not refer to resources.
            return;
        };
        let plan = self.plan;
        let call = &module(plan.configuration, modules)["module_calls"][call];
        let scope = Scope {
            modules,
            instance: parent(self.instance),
            each: &call["for_each_expression"],
            depth: self.depth + 1,
            plan,
        };
        scope.follow(&call["expressions"][name], kind, found);
    }

    fn output(&self, call: &str, output: &str, kind: &str, found: &mut Referents) {
        let mut modules = self.modules.to_vec();
        modules.push(address::without_keys(call));
        let output = address::without_keys(output);
        let expression =
            &module(self.plan.configuration, &modules)["outputs"][output]["expression"];
        let dot = if self.instance.is_empty() { "" } else { "." };
        let scope = Scope {
            plan: self.plan,
            modules: &modules,
            instance: &format!("{}{dot}module.{call}", self.instance),
            each: &Value::Null,
            depth: self.depth + 1,
        };
        scope.follow(expression, kind, found);
    }
}

// === impl Referents ===

impl Referents {
    fn has(&self, resource: &Resource<'_>) -> bool {
        self.addresses.iter().any(|address| address.is_of(resource))
    }
}

// === impl Address ===

impl Address {
    /// Returns whether the address refers to a resource. Keys are compared only if both have them.
    fn is_of(&self, resource: &Resource<'_>) -> bool {
        let own = resource
            .address
            .strip_prefix(resource.module)
            .unwrap_or(resource.address);
        let own = own.trim_start_matches('.');
        let same = |one: &str, other: &str| {
            let is_plain = |text: &str| address::without_keys(text) == text;
            one == other || (is_plain(one) && one == address::without_keys(other))
        };
        same(&self.resource, own) && same(&self.module, resource.module)
    }
}

/// The address of the parent module.
fn parent(module: &str) -> &str {
    let plain = address::without_keys(module);
    let names = plain.matches("module.").count();
    if names <= 1 {
        return "";
    }
    module
        .rfind(".module.")
        .and_then(|at| module.get(..at))
        .unwrap_or_default()
}
