//! Environment variables and arguments of the user that win over the chart's settings, and so over ours: the
//! application would not connect to the sidecar.

use irsa_chain::untrusted::quoted;

use super::UserValues;
use super::chart::{Content, NOT_FOR_THE_SIDECAR, Override, Pod, Wins};
use super::release::Release;
use super::settings::{self, Used};
use crate::mistake::{Mistake, Mistakes, Place};
use crate::tree::{self, Node, Value};
use crate::yaml::Yaml;

/// What the user has to do.
const REMOVE: &str = "remove it, or connect it to the sidecar";

/// Finds what wins over the settings of a release.
///
/// # Errors
/// Everything that was found, with file, line and column.
pub(super) fn refuse(release: &Release<'_>, user: &UserValues) -> Result<(), String> {
    let mut found = Vec::new();
    for (pod, workload) in &release.pods {
        let store = settings::used(pod, workload)?;
        let overrides = Overriding {
            pod,
            used: store,
            user,
        };
        overrides.find(&mut found);
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Mistakes::new(&user.sources(), found).sentences().join("\n"))
}

/// Keys of the user whose content may win over the settings, but can't be seen in the values.
pub(super) fn unseen(pod: &Pod, user: &UserValues) -> Vec<String> {
    let paths = pod.own.unseen.iter().map(|key| pod.path(key));
    let remark = |path: String| {
        format!(
            "`{path}` of your values can win over these. See that it sets no connection to the data store."
        )
    };
    paths.filter(|path| user.sets(path)).map(remark).collect()
}

/// The values of a pod, compared with what its data store needs.
struct Overriding<'o> {
    pod: &'o Pod,
    used: Used<'o>,
    user: &'o UserValues,
}

/// A variable in the values.
struct Variable {
    name: String,
    /// `None` if it is not in the values, such as a Secret's.
    value: Option<String>,
    place: Place,
}

// === impl Overriding ===

impl Overriding<'_> {
    fn find(&self, found: &mut Vec<Mistake>) {
        let own = &self.pod.own;
        let lists = own.lists.iter().map(|key| self.pod.path(key));
        for path in lists.chain(own.others.iter().map(|path| (*path).to_owned())) {
            let variables = self.user.located(&path);
            let variables = variables.map(|list| self.variables(&list));
            for variable in variables.into_iter().flatten() {
                let wins = self.override_of(&variable.name);
                if wins.is_some_and(|wins| self.wins(wins, variable.value.as_deref())) {
                    let what = format!("{} in `{path}`", quoted(&variable.name));
                    found.push(mistake(variable.place, &what));
                }
            }
        }
        for Override(key, wins) in own.keys {
            let path = self.pod.path(key);
            if let Some(node) = self.user.located(&path)
                && self.wins(*wins, text(&node).as_deref())
            {
                found.push(mistake(node.place, &format!("`{path}`")));
            }
        }
    }

    fn variables(&self, list: &Node) -> Vec<Variable> {
        match &list.value {
            Value::List(items) => items.iter().filter_map(Variable::new).collect(),
            Value::Text(text) => self.variables_of_text(text, &list.place),
            _ => Vec::new(),
        }
    }

    /// The variables of a list that is a text. If it is a template that is not YAML, these are all known names in it.
    fn variables_of_text(&self, text: &str, place: &Place) -> Vec<Variable> {
        let known = match tree::parse(place.file, text) {
            Ok(list) if matches!(list.value, Value::List(_)) => self.variables(&list),
            _ => {
                let words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '_');
                words.map(Variable::named).collect()
            }
        };
        let sources = self.user.sources();
        let file = sources.get(place.file).map_or("", |source| &source.text);
        let located = |mut variable: Variable| {
            let start = place.bytes.start;
            let after = file.get(start..).unwrap_or_default();
            let at = start + after.find(&variable.name).unwrap_or_default();
            variable.place = Place {
                file: place.file,
                bytes: at..at + variable.name.len(),
            };
            variable
        };
        known.into_iter().map(located).collect()
    }

    /// When a variable wins. Those that irsa sets itself replace the user's.
    fn override_of(&self, name: &str) -> Option<Wins> {
        let environment = self.pod.environment.as_ref();
        let ours = environment.map_or(&[][..], |environment| environment.variables);
        if ours.iter().any(|setting| setting.0 == name) {
            return None;
        }
        let overrides = match self.used {
            Used::Postgres(_) => self.pod.own.postgres,
            Used::OpenSearch(_) => self.pod.own.opensearch,
        };
        let mut overrides = overrides.iter().copied().flatten();
        overrides.find(|one| one.0 == name).map(|one| one.1)
    }

    fn wins(&self, wins: Wins, value: Option<&str>) -> bool {
        let Some(value) = value else {
            return true;
        };
        let ours = |content: Content| plain(&content.value(self.used));
        match wins {
            Wins::Unless(content) => value != ours(content),
            Wins::UnlessItPointsTo(content) => {
                let rest = value.strip_prefix(ours(content).as_str());
                !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '/']))
                    || has(value, NOT_FOR_THE_SIDECAR)
            }
            Wins::IfItHas(texts) => has(value, texts),
        }
    }
}

// === impl Variable ===

impl Variable {
    /// A variable in an item of a list.
    fn new(item: &Node) -> Option<Self> {
        let name = &item.child("name")?.node;
        let value = item.child("value");
        Some(Self {
            name: text(name)?,
            value: value.and_then(|entry| text(&entry.node)),
            place: name.place.clone(),
        })
    }

    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: None,
            place: Place::default(),
        }
    }
}

fn mistake(place: Place, what: &str) -> Mistake {
    Mistake::new(
        place,
        format!("{what} wins over what irsa sets for the data store"),
    )
    .with_help(REMOVE)
}

fn has(value: &str, texts: &[&str]) -> bool {
    texts.iter().any(|text| value.contains(text))
}

/// A value as the application gets it. Arguments are joined.
fn text(node: &Node) -> Option<String> {
    match &node.value {
        Value::Null => Some(String::new()),
        Value::Flag(flag) => Some(flag.to_string()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
        Value::List(items) => {
            let texts: Vec<_> = items.iter().filter_map(text).collect();
            Some(texts.join(" "))
        }
        Value::Map(_) => None,
    }
}

fn plain(value: &Yaml) -> String {
    match value {
        Yaml::Text(text) => text.clone(),
        other => other.write().trim_end().to_owned(),
    }
}
