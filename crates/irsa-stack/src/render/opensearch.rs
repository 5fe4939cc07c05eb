//! A shell script for each domain with fine-grained access control: roles of the security plugin, and the IAM roles that
//! have them. It can be run again at any time.

use std::fmt::Write as _;

use serde::Serialize;

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
         set -eu\n\
         \n\
         api=\"${{OPENSEARCH_URL:?is not set: run this script by irsa exec}}/{API}\"\n\
         \n\
         # Creates or replaces what belongs to this setup.\n\
         put() {{\n\
         \x20 curl --silent --show-error --fail-with-body --request PUT --header 'Content-Type: application/json' \\\n\
         \x20   --data-binary @- \"$api/$1\"\n\
         \x20 echo\n\
         }}\n",
        name = store.name,
        admin = store.admin,
        host = store.endpoint,
    );
    if store.mappings.iter().any(|mapping| mapping.is_built_in) {
        text += &add_function();
    }
    for role in &store.roles {
        let _ = write!(
            text,
            "\nput roles/{} <<'JSON'\n{}\nJSON\n",
            role.name,
            pretty(&RoleBody::new(stack, role))
        );
    }
    for mapping in &store.mappings {
        text += &mapping_commands(stack, mapping);
    }
    text
}

/// The shell function that adds an IAM role to a role that others have, too.
fn add_function() -> String {
    let first = MappingBody {
        description: None,
        backend_roles: vec!["%s".to_owned()],
    };
    let first = serde_json::to_string(&first).unwrap_or_default();
    ADD.replace("APPEND", &append_backend_roles(["%s"]).to_string())
        .replace("FIRST", &first)
}

const ADD: &str = r#"
# Adds an IAM role to a role that others have, too.
add() {
  answer="$(curl --silent --show-error --write-out ' %{http_code}' "$api/rolesmapping/$1")"
  case "$answer" in
    *"\"$2\""*" 200") echo "$1: $2 is mapped already" ;;
    *" 200")
      printf 'APPEND' "$2" |
        curl --silent --show-error --fail-with-body --request PATCH --header 'Content-Type: application/json' \
          --data-binary @- "$api/rolesmapping/$1"
      echo
      ;;
    *" 404") printf 'FIRST' "$2" | put "rolesmapping/$1" ;;
    *)
      echo "cannot read the mapping of $1: $answer" >&2
      exit 1
      ;;
  esac
}
"#;

/// A word of the shell: paths of IAM roles may have every printable ASCII character.
fn word(text: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || ":/_+=,.@-".contains(char);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn pretty(body: &impl Serialize) -> String {
    serde_json::to_string_pretty(body).unwrap_or_default()
}

fn mapping_commands(stack: &Stack, mapping: &Mapping) -> String {
    let mut text = String::new();
    if mapping.is_built_in {
        for role in &mapping.backend_roles {
            let _ = write!(text, "\nadd {} {}\n", mapping.role, word(role.as_str()));
        }
        return text;
    }
    format!(
        "\nput rolesmapping/{} <<'JSON'\n{}\nJSON\n",
        mapping.role,
        pretty(&MappingBody::new(stack, mapping))
    )
}
