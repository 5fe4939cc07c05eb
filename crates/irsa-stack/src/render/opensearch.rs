//! A shell script for each domain with fine-grained access control: roles of the security plugin, and the IAM roles that
//! have them. It can be run again at any time.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use crate::ownership_mark;
use crate::render::File;
use crate::security_plugin::{API, MappingBody, RoleBody, append_backend_roles};
use crate::stack::{Mapping, OpenSearchStore, Stack};

pub(super) fn files(stack: &Stack) -> Vec<File> {
    let stores = stack
        .opensearch
        .iter()
        .filter(|store| store.is_fine_grained);
    let file = |store: &OpenSearchStore| File {
        path: format!("opensearch/{}.sh", store.key),
        text: script(stack, store),
    };
    stores.map(file).collect()
}

fn script(stack: &Stack, store: &OpenSearchStore) -> String {
    let mut text = format!(
        "#!/bin/sh\n\
         # OpenSearch domain {name}: roles of the security plugin and their IAM roles.\n\
         # Run it as an administrator of the domain, who is {admin}:\n\
         #   irsa exec --upstream opensearch://{host} -- sh FILE\n\
         # It stops at a role that this setup did not create, and only adds to role mappings.\n\
         set -eu\n\
         \n\
         api=\"${{OPENSEARCH_URL:?is not set: run this script by irsa exec}}/{API}\"\n",
        name = store.name,
        admin = store.admin,
        host = store.endpoint,
    );
    text += &functions(stack);
    if !store.roles.is_empty() {
        text += "\n";
    }
    for role in &store.roles {
        let _ = writeln!(text, "check {}", role.name);
    }
    for role in &store.roles {
        let _ = write!(
            text,
            "\nsend PUT roles/{} <<'JSON'\n{}\nJSON\n",
            role.name,
            pretty(&RoleBody::new(stack, role))
        );
    }
    for mapping in &store.mappings {
        text += &mapping_commands(stack, mapping);
    }
    text
}

/// The shell functions of a script.
fn functions(stack: &Stack) -> String {
    let mark = ownership_mark(stack);
    let description = format!("\"description\":{}", Value::from(mark.as_str()));
    FUNCTIONS
        .replace("DESCRIPTION", &description)
        .replace("MARK", &mark)
}

/// Quotes are escaped in the texts of a JSON document, so what looks like a field is one.
const FUNCTIONS: &str = r#"
# Prints the response to a request and its status.
get() {
  curl --silent --show-error --write-out ' %{http_code}' "$api/$1"
}

# Sends the standard input.
send() {
  curl --silent --show-error --fail-with-body --request "$1" --header 'Content-Type: application/json' \
    --data-binary @- "$api/$2"
  echo
}

# Stops if a role exists that this setup did not create.
check() {
  answer="$(get "roles/$1")"
  case "$answer" in
    *'DESCRIPTION'*" 200" | *" 404") ;;
    *" 200")
      echo "role $1 exists, and this setup did not create it: its description is not 'MARK'" >&2
      exit 1
      ;;
    *)
      echo "cannot read role $1: $answer" >&2
      exit 1
      ;;
  esac
}

# Adds an IAM role, which is a JSON string, to a mapping by a JSON Patch, or creates the mapping from the standard input.
add() {
  answer="$(get "rolesmapping/$1")"
  case "$answer" in
    *"$2"*" 200") printf '%s: %s is mapped already\n' "$1" "$2" ;;
    *" 200") printf '%s' "$3" | send PATCH "rolesmapping/$1" ;;
    *" 404") send PUT "rolesmapping/$1" ;;
    *)
      echo "cannot read the mapping of $1: $answer" >&2
      exit 1
      ;;
  esac
}
"#;

/// A word of the shell, in which nothing is expanded: paths of IAM roles may have every printable ASCII character.
fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn pretty(body: &impl Serialize) -> String {
    serde_json::to_string_pretty(body).unwrap_or_default()
}

fn mapping_commands(stack: &Stack, mapping: &Mapping) -> String {
    let first = pretty(&MappingBody::new(stack, mapping));
    let mut text = String::new();
    for role in &mapping.backend_roles {
        let role = role.as_str();
        let patch = append_backend_roles([role]).to_string();
        let _ = write!(
            text,
            "\nadd {} {} {} <<'JSON'\n{first}\nJSON\n",
            mapping.role,
            word(&Value::from(role).to_string()),
            word(&patch)
        );
    }
    text
}
