//! The tables in the guides.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Row, Said};
use crate::Error;

const BEGIN: &str = "<!-- faults: begin -->\n";
const END: &str = "<!-- faults: end -->";
const HEAD: &str = "\
| broken link | own signing: the application's log | through irsa |
| --- | --- | --- |
";

// === impl Row ===

impl Row {
    /// A line of the table.
    pub fn line(&self) -> String {
        let Self { fault, own, irsa } = self;
        format!(
            "| **{}**: {} (`{}`) | {} | {} |",
            fault.cause.link().title(),
            fault.broken,
            fault.cause.id(),
            cell(own),
            cell(irsa)
        )
    }
}

fn cell(said: &Said) -> String {
    match said {
        Said::Words(words) => format!("`{}`", words.replace('|', "\\|").replace('`', "'")),
        Said::Nothing(instead) => format!("*nothing*: {instead}"),
    }
}

/// Writes the rows between the markers of a guide, such as `web-modeler`.
///
/// # Errors
/// The guide does not exist, or has no markers.
pub fn write(guide: &str, rows: &[Row]) -> Result<(), Error> {
    let file = file(guide);
    let text = fs::read_to_string(&file)?;
    let lines: Vec<String> = rows.iter().map(Row::line).collect();
    let table = format!("{HEAD}{}\n", lines.join("\n"));
    let (before, _, after) = parts(&text).ok_or_else(|| format!("no markers in {guide}.md"))?;
    fs::write(file, format!("{before}{BEGIN}{table}{END}{after}"))?;
    Ok(())
}

/// Returns the lines of a guide's table.
///
/// # Errors
/// The guide does not exist, or has no markers.
pub fn committed(guide: &str) -> Result<Vec<String>, Error> {
    let text = fs::read_to_string(file(guide))?;
    let (_, table, _) = parts(&text).ok_or_else(|| format!("no markers in {guide}.md"))?;
    Ok(table.lines().map(str::to_owned).collect())
}

fn parts(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (table, after) = rest.split_once(END)?;
    Some((before, table, after))
}

fn file(guide: &str) -> PathBuf {
    let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides");
    guides.join(guide).with_extension("md")
}

#[cfg(test)]
mod tests {
    use irsa_lab::faults::catalogue::find;

    use super::*;
    use crate::faults::{database, search};

    #[test]
    fn a_row_is_a_line_of_three_cells() {
        let row = Row {
            fault: find("token-expired").unwrap(),
            own: Said::Nothing("it runs".to_owned()),
            irsa: Said::Words("error: a|b `c`".to_owned()),
        };
        assert_eq!(
            row.line(),
            "| **projected token**: the token in the file has expired (`token-expired`) | *nothing*: it runs | `error: a\\|b 'c'` |"
        );
    }

    #[test]
    fn text_around_the_markers_stays() {
        let text = format!("a\n{BEGIN}old\n{END}\nb");
        assert_eq!(parts(&text), Some(("a\n", "old\n", "\nb")));
        assert_eq!(parts("a"), None);
    }

    /// Running all faults takes minutes; this check of the tables' faults takes no time.
    #[test]
    fn each_guide_has_the_rows_of_its_faults() {
        let database: Vec<&str> = database::FAULTS.iter().map(|fault| fault.id).collect();
        let search: Vec<&str> = search::FAULTS.iter().map(|fault| fault.id).collect();
        for (guide, ids) in [
            ("keycloak", &database),
            ("web-modeler", &database),
            ("operate", &search),
            ("zeebe", &search),
        ] {
            let lines = committed(guide).unwrap();
            let rows = lines.iter().skip(2);
            assert_eq!(rows.len(), ids.len(), "{guide}");
            for (line, id) in rows.zip(ids) {
                let fault = find(id).unwrap();
                let (link, cause) = (fault.cause.link().title(), fault.cause);
                let start = format!("| **{link}**: {} (`{cause}`) |", fault.broken);
                assert!(line.starts_with(&start), "{guide}: {line}\n{start}");
            }
        }
    }
}
