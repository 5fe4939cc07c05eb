//! A second, naive evaluator, which interprets the JSON of the policies for each request and matches patterns by
//! exhaustive search. The compiled policies must agree with it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use irsa_policy::Decision;
use serde_json::Value;

/// A caller in account 1 or 2: a user, or a session of a role.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) principal: String,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) keys: BTreeMap<String, Vec<String>>,
}

/// The statements of each layer; `None` if the layer does not apply.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    pub(crate) identity: Vec<Value>,
    pub(crate) resource: Option<Vec<Value>>,
    pub(crate) boundary: Option<Vec<Value>>,
    pub(crate) session: Option<Vec<Value>>,
    pub(crate) control: Vec<Vec<Value>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token {
    Any,
    AnyButColon,
    Star,
    StarButColon,
    Char(char),
}

/// The flow chart of "How AWS enforcement code logic evaluates requests to allow or deny access".
pub(crate) fn decide(layers: &Layers, asked: &Asked) -> Decision {
    let all = [
        Some(&layers.identity),
        layers.resource.as_ref(),
        layers.boundary.as_ref(),
        layers.session.as_ref(),
    ];
    let statements = all.into_iter().flatten().chain(&layers.control).flatten();
    for statement in statements {
        if statement["Effect"] == "Deny" && matches(statement, asked) {
            return Decision::ExplicitlyDenied;
        }
    }
    if layers.control.iter().all(|level| allows(level, asked)) && granted(layers, asked) {
        return Decision::Allowed;
    }
    Decision::ImplicitlyDenied
}

fn granted(layers: &Layers, asked: &Asked) -> bool {
    let limited =
        |layer: &Option<Vec<Value>>| layer.as_ref().is_none_or(|layer| allows(layer, asked));
    let within_limits = limited(&layers.boundary) && limited(&layers.session);
    let own_side = allows(&layers.identity, asked) && within_limits;
    let resource = layers.resource.as_deref().unwrap_or_default();
    if account(&asked.principal) != account(&asked.resource) {
        return own_side && allows(resource, asked);
    }
    let names = |name: &str| {
        resource.iter().any(|statement| {
            let mut one = statement.clone();
            let listed = strings(&statement["Principal"]["AWS"]);
            one["Principal"] = serde_json::json!({"AWS": [name]});
            statement["Effect"] == "Allow"
                && listed.contains(&name.to_owned())
                && matches(&one, asked)
        })
    };
    names("*")
        || names(&asked.principal)
        || (role(&asked.principal).is_some_and(|role| names(&role)) && within_limits)
        || own_side
}

fn allows(statements: &[Value], asked: &Asked) -> bool {
    let mut statements = statements.iter();
    statements.any(|statement| statement["Effect"] == "Allow" && matches(statement, asked))
}

fn account(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap()
}

/// The role of a session.
fn role(principal: &str) -> Option<String> {
    let name = principal
        .split_once(":assumed-role/")?
        .1
        .split('/')
        .next()?;
    Some(format!("arn:aws:iam::{}:role/{name}", account(principal)))
}

fn matches(statement: &Value, asked: &Asked) -> bool {
    let principal = match statement.get("Principal") {
        None => true,
        Some(principal) => strings(&principal["AWS"]).iter().any(|name| {
            name == "*"
                || *name == asked.principal
                || name == account(&asked.principal)
                || role(&asked.principal).as_ref() == Some(name)
        }),
    };
    let action = |pattern: &String| {
        let pattern: Vec<Token> = pattern.to_lowercase().chars().map(wildcard).collect();
        glob(&pattern, &asked.action.to_lowercase())
    };
    let resource = |pattern: &String| {
        pattern == "*" || arn_pattern(pattern, asked).is_some_and(|p| glob(&p, &asked.resource))
    };
    principal
        && element(statement, "Action", "NotAction", action)
        && element(statement, "Resource", "NotResource", resource)
        && conditions(&statement["Condition"], asked)
}

fn element(statement: &Value, name: &str, other: &str, test: impl Fn(&String) -> bool) -> bool {
    match statement.get(name) {
        Some(values) => strings(values).iter().any(test),
        None => !strings(&statement[other]).iter().any(test),
    }
}

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().flat_map(strings).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Null => Vec::new(),
        other => vec![other.to_string()],
    }
}

fn wildcard(char: char) -> Token {
    match char {
        '*' => Token::Star,
        '?' => Token::Any,
        _ => Token::Char(char),
    }
}

/// A `*` at the end of a part may match colons, and so may everything in the last part.
fn arn_pattern(pattern: &str, asked: &Asked) -> Option<Vec<Token>> {
    let mut parts = pattern.splitn(6, ':');
    let mut tokens = Vec::new();
    for part in parts.by_ref().take(5) {
        let inner = part.strip_suffix('*').unwrap_or(part);
        tokens.extend(inner.chars().map(|char| match wildcard(char) {
            Token::Star => Token::StarButColon,
            Token::Any => Token::AnyButColon,
            other => other,
        }));
        tokens.extend((inner != part).then_some(Token::Star));
        tokens.push(Token::Char(':'));
    }
    tokens.extend(expand(parts.next()?, asked)?);
    Some(tokens)
}

/// A value of the policy with its variables replaced.
fn expand(text: &str, asked: &Asked) -> Option<Vec<Token>> {
    let Some((before, after)) = text.split_once("${") else {
        return Some(text.chars().map(wildcard).collect());
    };
    let (variable, rest) = after.split_once('}').unwrap();
    let mut tokens: Vec<Token> = before.chars().map(wildcard).collect();
    let (key, default) = match variable.split_once(", ") {
        Some((key, default)) => (key, Some(default.trim_matches('\'').to_owned())),
        None => (variable, None),
    };
    let value = match key {
        "*" | "?" | "$" => key.to_owned(),
        _ => match asked.keys.get(key).map(Vec::as_slice) {
            Some([one]) if !one.is_empty() => one.clone(),
            _ => default?,
        },
    };
    tokens.extend(value.chars().map(Token::Char));
    tokens.extend(expand(rest, asked)?);
    Some(tokens)
}

fn glob(pattern: &[Token], text: &str) -> bool {
    let Some((token, pattern_rest)) = pattern.split_first() else {
        return text.is_empty();
    };
    let mut chars = text.chars();
    let next = chars.next();
    let rest = chars.as_str();
    match token {
        Token::Char(char) => next == Some(*char) && glob(pattern_rest, rest),
        Token::Any => next.is_some() && glob(pattern_rest, rest),
        Token::AnyButColon => next.is_some_and(|c| c != ':') && glob(pattern_rest, rest),
        Token::Star => glob(pattern_rest, text) || (next.is_some() && glob(pattern, rest)),
        Token::StarButColon => {
            glob(pattern_rest, text) || (next.is_some_and(|c| c != ':') && glob(pattern, rest))
        }
    }
}

fn conditions(block: &Value, asked: &Asked) -> bool {
    let Value::Object(operators) = block else {
        return true;
    };
    operators.iter().all(|(operator, keys)| {
        let keys = keys.as_object().unwrap();
        keys.iter().all(|(key, wanted)| {
            let key = key.to_lowercase();
            let was = asked.keys.get(&key).cloned().unwrap_or_default();
            condition(operator, &strings(wanted), &was, asked)
        })
    })
}

fn condition(operator: &str, wanted: &[String], was: &[String], asked: &Asked) -> bool {
    let (set, operator) = operator.split_once(':').unwrap_or(("", operator));
    if operator == "Null" {
        return wanted.contains(&was.is_empty().to_string());
    }
    if was.is_empty() && operator.ends_with("IfExists") {
        return true;
    }
    let operator = operator.trim_end_matches("IfExists");
    let negated = operator.contains("Not");
    let operator = operator.replace("Not", "");
    let matches = |was: &String| {
        wanted
            .iter()
            .any(|wanted| compare(&operator, wanted, was, asked))
    };
    let empty = was.iter().all(String::is_empty);
    match set {
        "ForAllValues" => empty || was.iter().all(|was| matches(was) != negated),
        "ForAnyValue" => !empty && was.iter().any(|was| matches(was) != negated),
        _ => was.iter().any(matches) != negated,
    }
}

fn compare(operator: &str, wanted: &str, was: &str, asked: &Asked) -> bool {
    let plain = |tokens: Vec<Token>| {
        let char = |token: &Token| match token {
            Token::Char(char) => *char,
            Token::Star => '*',
            _ => '?',
        };
        tokens.iter().map(char).collect::<String>()
    };
    let pattern = || expand(wanted, asked);
    let text = || pattern().map(plain);
    match operator {
        "StringEquals" => text().is_some_and(|text| text == was),
        "StringEqualsIgnoreCase" => {
            text().is_some_and(|text| text.to_lowercase() == was.to_lowercase())
        }
        "StringLike" => pattern().is_some_and(|pattern| glob(&pattern, was)),
        "ArnEquals" | "ArnLike" => {
            let parts: Vec<&str> = was.splitn(6, ':').collect();
            pattern().is_some_and(|pattern| {
                let patterns = pattern.splitn(6, |token| *token == Token::Char(':'));
                let patterns: Vec<&[Token]> = patterns.collect();
                patterns.len() == 6
                    && parts.len() == 6
                    && patterns
                        .iter()
                        .zip(&parts)
                        .all(|(pattern, part)| glob(pattern, part))
            })
        }
        "Bool" => was.to_lowercase() == wanted.to_lowercase(),
        "IpAddress" => was.parse().is_ok_and(|address| within(wanted, address)),
        _ => {
            let (scale, order): (fn(&str) -> Option<i64>, _) = match operator.strip_prefix("Date") {
                Some(order) => (seconds, order),
                None => (whole_number, operator.trim_start_matches("Numeric")),
            };
            let wanted = scale(wanted).unwrap();
            scale(was).is_some_and(|was| match order {
                "Equals" => was == wanted,
                "LessThan" => was < wanted,
                "LessThanEquals" => was <= wanted,
                "GreaterThan" => was > wanted,
                "GreaterThanEquals" => was >= wanted,
                _ => unreachable!("{operator}"),
            })
        }
    }
}

fn whole_number(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Of a day of January 2020, or since 1970.
fn seconds(text: &str) -> Option<i64> {
    match text.strip_prefix("2020-01-") {
        Some(day) => Some(1_577_836_800 + (day.parse::<i64>().ok()? - 1) * 86_400),
        None => text.parse::<u32>().ok().map(i64::from),
    }
}

fn within(range: &str, address: Ipv4Addr) -> bool {
    let (network, prefix) = range.split_once('/').unwrap_or((range, "32"));
    let network: Ipv4Addr = network.parse().unwrap();
    let ignored = 32 - prefix.parse::<u32>().unwrap();
    u64::from(network.to_bits()) >> ignored == u64::from(address.to_bits()) >> ignored
}
