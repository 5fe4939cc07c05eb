//! A decision, shown in the files that made it.

mod sides;

use std::fmt::Write;
use std::ops::Range;

use irsa_policy::{Decision, Layer, Mismatch, NearMiss};
use serde_json::{Map, Value, json};

use self::sides::Sides;
use crate::answer;
use crate::common_mistakes::{self, Mistake};
use crate::evaluation::{BAD, Evaluation, Found, GOOD, HINT};
use crate::snippet::{Mark, printable};

/// So many of the statements that would have allowed are shown.
const SHOWN: usize = 3;

/// For people.
pub fn text(asked: &Evaluation<'_>) -> String {
    let mut text = format!("{}\n", asked.sentence());
    let (style, label) = match asked.outcome.decision {
        Decision::Allowed => (GOOD, "allows"),
        _ => (BAD, "denies"),
    };
    for cited in asked.cited() {
        if let Some(found) = asked.found(cited.layer, &cited.statement) {
            text = text + "\n" + &mark(&found, found.span(), label, style).draw();
        }
    }
    let misses = &asked.outcome.near_misses;
    for (layer, miss) in misses.iter().take(SHOWN) {
        text = text + "\n" + &near_miss(asked, *layer, miss);
    }
    if misses.len() > SHOWN {
        let _ = writeln!(
            text,
            "\nand {} statements further away",
            misses.len() - SHOWN
        );
    }
    text
}

/// For programs.
pub fn json(asked: &Evaluation<'_>) -> Value {
    let mut document = asked.json();
    let misses = asked.outcome.near_misses.iter();
    let misses: Vec<_> = misses
        .map(|(layer, miss)| miss_json(asked, *layer, miss))
        .collect();
    if let Some(document) = document.as_object_mut().filter(|_| !misses.is_empty()) {
        document.insert("nearMisses".to_owned(), misses.into());
    }
    document
}

/// The suggested fixes for a mismatch with a request for `action`, if it is a common mistake.
pub fn help_for(mismatch: &Mismatch, action: &str) -> Vec<String> {
    helps(&common_mistakes::for_mismatch(mismatch, action))
}

fn near_miss(asked: &Evaluation<'_>, layer: Layer, miss: &NearMiss) -> String {
    let name = match &miss.statement.sid {
        Some(sid) => format!("`{}`", printable(sid)),
        None => miss.statement.statement.to_string(),
    };
    let mut text = format!("statement {name} of the {layer} would allow, but for:\n");
    let Some(found) = asked.found(layer, &miss.statement) else {
        return text;
    };
    for mismatch in &miss.kept_by {
        let mistakes = mistakes_in(miss, mismatch, &asked.question.action);
        let span = span_of(&found, mismatch, &mistakes);
        text += &mark(&found, span, "does not match", BAD).draw();
        text += &Sides::of(mismatch).lines();
        for help in helps(&mistakes) {
            let _ = writeln!(text, " {HINT}help:{HINT:#} {help}");
        }
    }
    text
}

fn miss_json(asked: &Evaluation<'_>, layer: Layer, miss: &NearMiss) -> Value {
    let cited = irsa_policy::Cited {
        layer,
        statement: miss.statement.clone(),
    };
    let mut object = answer::cited(&cited);
    let found = asked.found(layer, &miss.statement);
    object.extend(
        found
            .map(|found| found.json(&found.span()))
            .unwrap_or_default(),
    );
    let kept_by = miss.kept_by.iter().map(|mismatch| {
        let mistakes = mistakes_in(miss, mismatch, &asked.question.action);
        let mut object = Sides::of(mismatch).json();
        let at = found.map(|found| found.json(&span_of(&found, mismatch, &mistakes)));
        object.extend(at.unwrap_or_default());
        let helps = helps(&mistakes);
        object.extend((!helps.is_empty()).then(|| ("help".to_owned(), json!(helps))));
        object
    });
    let kept_by: Vec<Map<String, Value>> = kept_by.collect();
    object.insert("keptBy".to_owned(), kept_by.into());
    object.into()
}

/// The common mistakes in a mismatch of this statement. The actions of a statement that is for other callers than tokens
/// are none.
fn mistakes_in(miss: &NearMiss, mismatch: &Mismatch, action: &str) -> Vec<Mistake> {
    let is_for_others = |other: &Mismatch| match other {
        Mismatch::Principal { expected, .. } => {
            !expected.iter().any(|name| name.contains(":oidc-provider/"))
        }
        _ => false,
    };
    let is_action = matches!(mismatch, Mismatch::Action { .. });
    if is_action && miss.kept_by.iter().any(is_for_others) {
        return Vec::new();
    }
    common_mistakes::for_mismatch(mismatch, action)
}

/// The text to mark: that of the first mistake if there is one, else the element.
fn span_of(found: &Found<'_>, mismatch: &Mismatch, mistakes: &[Mistake]) -> Range<usize> {
    let element = found.policy.span_of(found.statement, mismatch);
    let element = element.unwrap_or_else(|| found.span());
    match mistakes {
        [mistake, ..] => common_mistakes::span(
            &found.document.text,
            &found.span(),
            &element,
            &mistake.about,
        ),
        [] => element,
    }
}

fn helps(mistakes: &[Mistake]) -> Vec<String> {
    mistakes.iter().map(Mistake::help).collect()
}

fn mark<'f>(
    found: &Found<'f>,
    span: Range<usize>,
    label: &'f str,
    style: anstyle::Style,
) -> Mark<'f> {
    Mark {
        file: &found.document.file,
        text: &found.document.text,
        span,
        label,
        style,
    }
}
