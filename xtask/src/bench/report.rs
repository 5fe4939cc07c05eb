//! The results of a run.

use serde_json::json;

use crate::table;

const HEAD: [&str; 6] = [
    "bench, case",
    "subject",
    "value",
    "unit",
    "against",
    "ratio",
];

/// All rows, in the order in which they were measured.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Row>);

/// A measured quantity, with its unit.
#[derive(Debug, Clone)]
pub(super) struct Bench {
    pub(super) name: &'static str,
    pub(super) case: String,
    pub(super) unit: &'static str,
}

#[derive(Debug)]
struct Row {
    bench: Bench,
    subject: &'static str,
    value: f64,
    against: Option<(&'static str, f64)>,
}

impl Report {
    /// Adds a row; `against` is the subject of the comparison, with the ratio.
    pub(super) fn add(
        &mut self,
        bench: &Bench,
        subject: &'static str,
        value: f64,
        against: Option<(&'static str, f64)>,
    ) {
        self.0.push(Row {
            bench: bench.clone(),
            subject,
            value,
            against,
        });
    }

    /// Prints one JSON object for each row.
    pub(super) fn print_json(&self) {
        for row in &self.0 {
            let (against, ratio) = row.against.unzip();
            let object = json!({
                "bench": row.bench.name, "case": row.bench.case, "subject": row.subject,
                "value": row.value, "unit": row.bench.unit, "against": against, "ratio": ratio,
            });
            println!("{object}");
        }
    }

    /// Prints a table.
    pub(super) fn print_table(&self) {
        let rows: Vec<Vec<String>> = self.0.iter().map(Row::cells).collect();
        println!("{}", table::render(&HEAD, &rows));
    }
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let (against, ratio) = self.against.unzip();
        vec![
            format!("{}, {}", self.bench.name, self.bench.case),
            self.subject.to_owned(),
            if self.value < 100.0 {
                format!("{:.2}", self.value)
            } else {
                format!("{:.0}", self.value)
            },
            self.bench.unit.to_owned(),
            against.unwrap_or_default().to_owned(),
            ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
        ]
    }
}
