//! The status as an HTML page, without JavaScript.

use std::fmt::{self, Display, Formatter, Write};

use super::{LinkState, LinkStatus, Status};

/// The page's style sheet, served beside it: the page's policy forbids styles within.
pub(crate) const STYLE: &str = include_str!("page.css");

/// The page. Everything that comes from elsewhere is escaped.
pub(crate) fn render(status: &Status) -> String {
    let mut page = String::with_capacity(4096);
    // Writing to a String does not fail.
    let _ = write_page(&mut page, status);
    page
}

/// Text within HTML, in an element or a quoted attribute.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

fn write_page(page: &mut String, status: &Status) -> fmt::Result {
    let (program, version) = (Escaped(&status.program), Escaped(&status.version));
    write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{program}: status</title>\n\
         <link rel=\"stylesheet\" href=\"/status.css\">\n</head>\n<body>\n\
         <h1>{program} <small>{version}</small></h1>\n"
    )?;
    write_verdict(page, status)?;
    page.push_str(
        "<table>\n<thead><tr><th>Link</th><th>State</th><th>Seen last</th></tr></thead>\n<tbody>\n",
    );
    for link in &status.links {
        write_link(page, link)?;
    }
    page.push_str("</tbody>\n</table>\n<dl>\n");
    for fact in &status.facts {
        let (name, value) = (Escaped(&fact.name), Escaped(&fact.value));
        writeln!(page, "<dt>{name}</dt><dd>{value}</dd>")?;
    }
    page.push_str("</dl>\n<p><a href=\"/status?format=json\">The same as JSON</a></p>\n");
    page.push_str("</body>\n</html>\n");
    Ok(())
}

/// The first link that is not well decides: those after it depend on it.
fn write_verdict(page: &mut String, status: &Status) -> fmt::Result {
    let is_bad = |link: &&LinkStatus| matches!(link.state, LinkState::Broken | LinkState::Degraded);
    match status.links.iter().find(is_bad) {
        None => writeln!(page, "<p>No link of the chain has failed.</p>"),
        Some(link) => writeln!(
            page,
            "<p class=\"{0}\">The chain is {0} at: {1}.</p>",
            link.state.as_str(),
            Escaped(link.link.title()),
        ),
    }
}

fn write_link(page: &mut String, link: &LinkStatus) -> fmt::Result {
    write!(page, "<tr><th scope=\"row\">{}", Escaped(link.link.title()))?;
    if let Some(subject) = &link.subject {
        write!(page, "<br><small>{}</small>", Escaped(subject))?;
    }
    write!(
        page,
        "</th><td class=\"{0}\">{0}</td><td>{1}",
        link.state.as_str(),
        Escaped(&link.detail),
    )?;
    if let Some(cause) = link.cause {
        write!(
            page,
            "<p><code>{}</code>: {}</p><p>{}</p>",
            Escaped(cause.id()),
            Escaped(cause.summary()),
            Escaped(cause.remedy()),
        )?;
    }
    writeln!(page, "</td></tr>")
}

#[cfg(test)]
mod tests {
    use irsa_chain::{Cause, Link};

    use super::super::Fact;
    use super::*;

    fn status(links: Vec<LinkStatus>) -> Status {
        Status {
            program: "irsa proxy".to_owned(),
            version: "1.2.3".to_owned(),
            links,
            facts: vec![Fact::new("sessions", "7")],
        }
    }

    #[test]
    fn shows_each_link_with_its_cause_and_remedy() {
        let cause = Cause::RdsIamNotGranted;
        let page = render(&status(vec![
            LinkStatus::ok(Link::Endpoint, "TLS 1.3"),
            LinkStatus::broken(Link::Grant, "server asked for SCRAM", Some(cause)).of("db.example"),
        ]));
        for part in [
            "irsa proxy <small>1.2.3</small>",
            "<td class=\"ok\">ok</td><td>TLS 1.3",
            "<small>db.example</small></th><td class=\"broken\">broken</td>",
            "<code>rds-iam-not-granted</code>",
            "<dt>sessions</dt><dd>7</dd>",
        ] {
            assert!(page.contains(part), "no {part} in {page}");
        }
        assert!(page.contains(&Escaped(cause.remedy()).to_string()));
        let verdict = format!("The chain is broken at: {}.", Link::Grant.title());
        assert!(page.contains(&verdict), "{page}");
    }

    #[test]
    fn escapes_everything_that_comes_from_elsewhere() {
        let evil = "<script>alert('1')</script>\"&";
        let mut status = status(vec![LinkStatus::ok(Link::Grant, evil).of(evil)]);
        status.program = evil.to_owned();
        status.version = evil.to_owned();
        status.facts = vec![Fact::new(evil, evil)];

        let page = render(&status);

        assert!(!page.contains("<script"), "{page}");
        let escaped = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;";
        assert_eq!(page.matches(escaped).count(), 7, "{page}");
    }

    #[test]
    fn is_calm_while_nothing_failed() {
        let page = render(&status(vec![LinkStatus::unknown(Link::Endpoint)]));
        assert!(page.contains("No link of the chain has failed"));
    }
}
