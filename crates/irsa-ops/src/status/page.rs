//! The status as an HTML page without JavaScript.

use std::fmt::{self, Display, Formatter, Write};

use irsa_chain::Link;
use irsa_chain::duration::ago;
use irsa_chain::timestamp::rfc3339;
use irsa_chain::untrusted::is_deceptive;

use super::{LinkState, LinkStatus, Status};

/// The style sheet of the page. It is a separate resource, because the page's policy forbids inline styles.
pub(crate) const STYLE: &str = include_str!("page.css");

/// The reload interval that the page offers, in seconds.
const REFRESH: u32 = 10;

/// Renders the page. All variable text is escaped. With `refresh`, browsers reload the page after that number of
/// seconds. Reloading is optional, because a page that jumps is not accessible to everyone.
pub(crate) fn render(status: &Status, refresh: Option<u32>) -> String {
    let mut page = String::with_capacity(16 * 1024);
    // Writing to a String does not fail.
    let _ = write_page(&mut page, status, refresh);
    page
}

/// Escapes text for HTML elements and quoted attributes, including deceptive characters.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                hidden if is_deceptive(hidden) => write!(f, "{}", hidden.escape_default())?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// Escapes a sentence, in which text in backticks becomes code.
pub(super) struct Prose<'a>(pub(super) &'a str);

impl Display for Prose<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let parts: Vec<&str> = self.0.split('`').collect();
        if parts.len().is_multiple_of(2) {
            return Escaped(self.0).fmt(f);
        }
        for (index, part) in parts.iter().enumerate() {
            let text = Escaped(part);
            if index.is_multiple_of(2) {
                write!(f, "{text}")?;
            } else {
                write!(f, "<code>{text}</code>")?;
            }
        }
        Ok(())
    }
}

pub(super) fn write_head(page: &mut String, title: &str, refresh: Option<u32>) -> fmt::Result {
    page.push_str(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n",
    );
    if let Some(seconds) = refresh {
        writeln!(page, "<meta http-equiv=\"refresh\" content=\"{seconds}\">")?;
    }
    let title = Escaped(title);
    writeln!(
        page,
        "<title>{title}</title>\n<link rel=\"stylesheet\" href=\"/status.css\">\n</head>\n<body>"
    )
}

fn write_page(page: &mut String, status: &Status, refresh: Option<u32>) -> fmt::Result {
    let title = format!("{}: {}", status.program, verdict(status));
    write_head(page, &title, refresh)?;
    write_header(page, status, refresh)?;
    page.push_str("<main>\n");
    write_verdict(page, status)?;
    write_chain(page, status)?;
    for link in Link::ALL {
        write_link(page, status, link)?;
    }
    write_facts(page, status)?;
    page.push_str(
        "</main>\n<footer>\n<p><a href=\"/causes\">Causes and remedies</a> \
         <a href=\"/status?format=json\">Status as JSON</a> <a href=\"/metrics\">Metrics</a></p>\n\
         </footer>\n</body>\n</html>\n",
    );
    Ok(())
}

fn write_header(page: &mut String, status: &Status, refresh: Option<u32>) -> fmt::Result {
    let (program, version) = (Escaped(&status.program), Escaped(&status.version));
    let at = rfc3339(status.at);
    let again = match refresh {
        Some(seconds) => format!("<a href=\"/status\">Stop reloading every {seconds} s</a>"),
        None => format!(
            "<a href=\"/status\">Reload</a> <a href=\"/status?refresh={REFRESH}\">Reload every {REFRESH} s</a>"
        ),
    };
    writeln!(
        page,
        "<header>\n<h1>{program} <small>{version}</small></h1>\n\
         <p>As of <time datetime=\"{at}\">{at}</time> {again}</p>\n</header>"
    )
}

/// Returns the state of the chain as a sentence. The first failed link decides, because later links depend on it.
pub(super) fn verdict(status: &Status) -> String {
    match (status.first_broken(), status.overall()) {
        (Some(link), _) => format!("{} at the {}", link.state.as_str(), link.link.title()),
        (None, LinkState::Ok | LinkState::NotApplicable) => "every link holds".to_owned(),
        (None, _) => "no link has failed, but some have not been used yet".to_owned(),
    }
}

fn write_verdict(page: &mut String, status: &Status) -> fmt::Result {
    let worst = status.first_broken();
    let state = worst.map_or(status.overall(), |link| link.state);
    writeln!(
        page,
        "<section class=\"verdict {}\" aria-labelledby=\"verdict\">\n<h2 id=\"verdict\">{}The chain: {}</h2>",
        class(state),
        mark(state),
        verdict(status),
    )?;
    if let Some(link) = worst {
        write_trouble(page, link)?;
    }
    page.push_str("</section>\n");
    Ok(())
}

/// Writes the observation, the cause and the remedy of a failed link.
fn write_trouble(page: &mut String, link: &LinkStatus) -> fmt::Result {
    page.push_str("<dl>\n");
    if let Some(subject) = &link.subject {
        writeln!(page, "<dt>of</dt><dd>{}</dd>", Escaped(subject))?;
    }
    writeln!(page, "<dt>seen</dt><dd>{}</dd>", Prose(&link.detail))?;
    if let Some(cause) = link.cause {
        let summary = Prose(cause.summary());
        writeln!(
            page,
            "<dt>cause</dt><dd><a href=\"/causes#{cause}\"><code>{cause}</code></a>: {summary}</dd>"
        )?;
    }
    if let Some(remedy) = &link.remedy {
        writeln!(page, "<dt>remedy</dt><dd>{}</dd>", Prose(remedy))?;
    }
    page.push_str("</dl>\n");
    Ok(())
}

/// Writes the overview of the links.
fn write_chain(page: &mut String, status: &Status) -> fmt::Result {
    page.push_str("<nav aria-label=\"The chain, link by link\">\n<ol class=\"chain\">\n");
    for link in Link::ALL {
        let state = status.state_of(link).unwrap_or(LinkState::Unknown);
        writeln!(
            page,
            "<li class=\"{}\"><a href=\"#{link}\">{}<span class=\"name\">{}</span> \
             <span class=\"state\">{}</span></a></li>",
            class(state),
            mark(state),
            link.title(),
            state.as_str(),
        )?;
    }
    page.push_str("</ol>\n</nav>\n");
    Ok(())
}

/// Writes a link, for the process or for each upstream.
fn write_link(page: &mut String, status: &Status, link: Link) -> fmt::Result {
    let mut of_link = status
        .links
        .iter()
        .filter(|one| one.link == link)
        .peekable();
    if of_link.peek().is_none() {
        return Ok(());
    }
    writeln!(
        page,
        "<section class=\"link\" id=\"{link}\">\n<h2>{}</h2>\n<ul>",
        link.title()
    )?;
    for one in of_link {
        write_one(page, status, one)?;
    }
    page.push_str("</ul>\n</section>\n");
    Ok(())
}

fn write_one(page: &mut String, status: &Status, one: &LinkStatus) -> fmt::Result {
    let state = one.state;
    write!(
        page,
        "<li class=\"{}\"><p><strong>{}{}</strong> ",
        class(state),
        mark(state),
        state.as_str()
    )?;
    if let Some(subject) = &one.subject {
        write!(page, "<span class=\"subject\">{}</span> ", Escaped(subject))?;
    }
    write!(page, "{}", Prose(&one.detail))?;
    if let Some(at) = one.held_at {
        let (at, ago) = (rfc3339(at), ago(at, status.at));
        write!(
            page,
            " <small>last held <time datetime=\"{at}\">{ago}</time></small>"
        )?;
    }
    page.push_str("</p>");
    if let Some(cause) = one.cause {
        write!(
            page,
            "<p><a href=\"/causes#{cause}\"><code>{cause}</code></a></p>"
        )?;
    }
    let is_told_above = status
        .first_broken()
        .is_some_and(|first| std::ptr::eq(first, one));
    if let Some(remedy) = one.remedy.as_ref().filter(|_| !is_told_above) {
        write!(page, "<p>{}</p>", Prose(remedy))?;
    }
    page.push_str("</li>\n");
    Ok(())
}

fn write_facts(page: &mut String, status: &Status) -> fmt::Result {
    page.push_str(
        "<section aria-labelledby=\"process\">\n<h2 id=\"process\">The process</h2>\n<dl>\n",
    );
    for fact in &status.facts {
        let (name, value) = (Escaped(&fact.name), Escaped(&fact.value));
        writeln!(page, "<dt>{name}</dt><dd>{value}</dd>")?;
    }
    page.push_str("</dl>\n</section>\n");
    Ok(())
}

/// Returns the CSS class of a state, which is its ID.
fn class(state: LinkState) -> &'static str {
    match state {
        LinkState::NotApplicable => "not-applicable",
        other => other.as_str(),
    }
}

/// Returns the symbol of a state. It is always next to a word, so screen readers skip it.
fn mark(state: LinkState) -> &'static str {
    match state {
        LinkState::NotApplicable => "<span class=\"mark\" aria-hidden=\"true\">–</span> ",
        LinkState::Ok => "<span class=\"mark\" aria-hidden=\"true\">✓</span> ",
        LinkState::Unknown => "<span class=\"mark\" aria-hidden=\"true\">?</span> ",
        LinkState::Degraded => "<span class=\"mark\" aria-hidden=\"true\">!</span> ",
        LinkState::Broken => "<span class=\"mark\" aria-hidden=\"true\">✗</span> ",
    }
}

#[cfg(test)]
mod tests;
