//! A decision, shown in the policy files.

mod sides;

use std::fmt::Write;
use std::ops::Range;

use irsa_policy::{Decision, Layer, Mismatch, NearMiss};
use serde_json::{Map, Value, json};

use self::sides::Sides;
use crate::common_mistakes::{self, Mistake};
use crate::evaluation::{BAD, Evaluation, GOOD, HINT, StatementInFile};
use crate::machine_output;
use crate::snippet::{Mark, printable};

/// The maximum number of near misses in text output.
const SHOWN: usize = 3;

/// Formats the explanation as text.
pub fn text(evaluation: &Evaluation<'_>) -> String {
    let mut text = format!("{}\n", evaluation.sentence());
    let (style, label) = match evaluation.outcome.decision {
        Decision::Allowed => (GOOD, "allows"),
        _ => (BAD, "denies"),
    };
    for cited in evaluation.cited() {
        if let Some(found) = evaluation.found(cited.layer, &cited.statement) {
            text = text + "\n" + &mark(&found, found.span(), label, style).draw();
        }
    }
    let misses = &evaluation.outcome.near_misses;
    for (layer, miss) in misses.iter().take(SHOWN) {
        text = text + "\n" + &near_miss(evaluation, *layer, miss);
    }
    if misses.len() > SHOWN {
        let _ = writeln!(
            text,
            "\nand {} more statements that are further from allowing",
            misses.len() - SHOWN
        );
    }
    text
}

/// Formats the explanation as JSON.
pub fn json(evaluation: &Evaluation<'_>) -> Value {
    let mut document = evaluation.json();
    let misses = evaluation.outcome.near_misses.iter();
    let misses: Vec<_> = misses
        .map(|(layer, miss)| miss_json(evaluation, *layer, miss))
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

fn near_miss(evaluation: &Evaluation<'_>, layer: Layer, miss: &NearMiss) -> String {
    let name = match &miss.statement.sid {
        Some(sid) => format!("`{}`", printable(sid)),
        None => miss.statement.statement.to_string(),
    };
    let mut text = format!("statement {name} of the {layer} would allow the request, except:\n");
    let Some(found) = evaluation.found(layer, &miss.statement) else {
        return text;
    };
    for mismatch in &miss.mismatches {
        let mistakes = mistakes_in(miss, mismatch, &evaluation.question.action);
        let span = span_of(&found, mismatch, &mistakes);
        text += &mark(&found, span, "does not match", BAD).draw();
        text += &Sides::new(mismatch).lines();
        for help in helps(&mistakes) {
            let _ = writeln!(text, " {HINT}help:{HINT:#} {help}");
        }
    }
    text
}

fn miss_json(evaluation: &Evaluation<'_>, layer: Layer, miss: &NearMiss) -> Value {
    let cited = irsa_policy::Cited {
        layer,
        statement: miss.statement.clone(),
    };
    let mut object = machine_output::cited(&cited);
    let found = evaluation.found(layer, &miss.statement);
    object.extend(
        found
            .map(|found| found.json(&found.span()))
            .unwrap_or_default(),
    );
    let mismatches = miss.mismatches.iter().map(|mismatch| {
        let mistakes = mistakes_in(miss, mismatch, &evaluation.question.action);
        let mut object = Sides::new(mismatch).json();
        let at = found.map(|found| found.json(&span_of(&found, mismatch, &mistakes)));
        object.extend(at.unwrap_or_default());
        let helps = helps(&mistakes);
        object.extend((!helps.is_empty()).then(|| ("help".to_owned(), json!(helps))));
        object
    });
    let mismatches: Vec<Map<String, Value>> = mismatches.collect();
    object.insert("keptBy".to_owned(), mismatches.into());
    object.into()
}

/// The common mistakes in a mismatch of this statement. The actions of a statement that trusts other callers than token
/// providers are not mistakes.
fn mistakes_in(miss: &NearMiss, mismatch: &Mismatch, action: &str) -> Vec<Mistake> {
    let is_for_others = |other: &Mismatch| match other {
        Mismatch::Principal { expected, .. } => {
            !expected.iter().any(|name| name.contains(":oidc-provider/"))
        }
        _ => false,
    };
    let is_action = matches!(mismatch, Mismatch::Action { .. });
    if is_action && miss.mismatches.iter().any(is_for_others) {
        return Vec::new();
    }
    common_mistakes::for_mismatch(mismatch, action)
}

/// The byte range to mark: the first mistake if there is one, otherwise the element.
fn span_of(found: &StatementInFile<'_>, mismatch: &Mismatch, mistakes: &[Mistake]) -> Range<usize> {
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
    found: &StatementInFile<'f>,
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
