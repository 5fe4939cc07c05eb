//! Faults that a real domain can't be made to show; everything else is tested on a real one.

use std::sync::Mutex;

use http::Method;
use serde_json::{Value, json};

use super::*;
use crate::Mode;
use crate::opensearch::test_stack::stack;

/// A domain that answers writes with this status, as often as it has one, and otherwise does them.
#[derive(Debug, Default)]
struct Scripted {
    faults: Mutex<Vec<(u16, &'static str)>>,
    /// Whether the administrator is lost with the first write.
    loses_administrator: bool,
    roles: Mutex<Value>,
    mappings: Mutex<Value>,
    writes: Mutex<usize>,
}

impl Scripted {
    fn new(faults: Vec<(u16, &'static str)>) -> Self {
        Self {
            faults: Mutex::new(faults),
            roles: Mutex::new(json!({"readall": {"static": true}})),
            mappings: Mutex::new(json!({"all_access": {"backend_roles": ["admin"]}})),
            ..Self::default()
        }
    }

    fn writes(&self) -> usize {
        *self.writes.lock().unwrap()
    }

    fn answer(&self, request: &Request) -> (u16, String) {
        let (kind, name) = match request.path.rsplit_once("/api/") {
            Some((_, rest)) => rest.split_once('/').unwrap_or((rest, "")),
            None => ("authinfo", ""),
        };
        let objects = if kind == "roles" {
            &self.roles
        } else {
            &self.mappings
        };
        if request.method == Method::GET {
            return match (kind, name) {
                ("authinfo", _) if self.loses_administrator && self.writes() > 0 => {
                    (200, json!({"user_name": "admin", "roles": []}).to_string())
                }
                ("authinfo", _) => (
                    200,
                    r#"{"user_name": "admin", "roles": ["all_access"]}"#.to_owned(),
                ),
                (_, "") => (200, objects.lock().unwrap().to_string()),
                (_, name) => match objects.lock().unwrap().get(name) {
                    Some(object) => (200, json!({name: object}).to_string()),
                    None => (404, "{}".to_owned()),
                },
            };
        }
        *self.writes.lock().unwrap() += 1;
        if let Some((status, text)) = self.faults.lock().unwrap().pop() {
            return (status, text.to_owned());
        }
        assert_eq!(request.method, Method::PUT);
        objects.lock().unwrap()[name] = request.body.clone().unwrap();
        (200, "{}".to_owned())
    }
}

impl SecurityApi for Scripted {
    async fn send(&self, request: &Request) -> Result<Response, ApplyError> {
        let (status, body) = self.answer(request);
        Ok(Response {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.into_bytes(),
        })
    }
}

async fn applied(domain: &Scripted) -> Result<Vec<String>, ApplyError> {
    let stack = stack();
    let mut lines = Vec::new();
    let mut sink = |step: &crate::Step| lines.push(step.text());
    let mut steps = Steps::new(Mode::Apply, &mut sink);
    let outcome = apply(
        domain,
        &stack,
        &stack.opensearch[0],
        Options::default(),
        &mut steps,
    )
    .await;
    outcome.map(|()| lines)
}

const CONFLICT: (u16, &str) = (409, r#"{"status":"CONFLICT","message":"version conflict"}"#);

#[tokio::test(start_paused = true)]
async fn a_conflict_is_followed_by_a_new_attempt() {
    let old = (500, "version conflict, required seqNo [1]");
    let domain = Scripted::new(vec![CONFLICT, old, CONFLICT]);
    let lines = applied(&domain).await.unwrap();
    assert!(lines[0].contains("changed  role"), "{lines:#?}");
    assert_eq!(domain.writes(), 6, "three conflicts, a role, two mappings");
    assert!(applied(&domain).await.unwrap()[0].contains("ok "));
    assert_eq!(domain.writes(), 6);
}

#[tokio::test(start_paused = true)]
async fn attempts_are_limited() {
    let domain = Scripted::new(vec![CONFLICT; 50]);
    let error = applied(&domain).await.unwrap_err();
    assert_eq!(domain.writes(), 10);
    assert!(
        error.message.contains("after 10 attempts: status 409"),
        "{error}"
    );
    assert!(error.remedy.is_some());
}

#[tokio::test(start_paused = true)]
async fn an_error_ends_the_run_with_its_text() {
    let text = r#"{"status":"FORBIDDEN","message":"Resource 'shop-api' is reserved."}"#;
    let domain = Scripted::new(vec![(403, text)]);
    let error = applied(&domain).await.unwrap_err();
    assert_eq!(domain.writes(), 1);
    assert!(
        error.message.contains("roles/shop-api` failed: status 403"),
        "{error}"
    );
    assert!(error.message.contains("is reserved"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_loss_of_the_administrator_is_noticed() {
    let domain = Scripted {
        loses_administrator: true,
        ..Scripted::new(Vec::new())
    };
    let error = applied(&domain).await.unwrap_err();
    assert!(
        error.message.contains("`admin` no longer has all_access"),
        "{error}"
    );
}
