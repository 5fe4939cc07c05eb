//! A page of all causes and their remedies. A pod may have no access to the documentation.

use std::fmt::{self, Write};

use irsa_chain::{Cause, Link};

use super::page::{Prose, write_head};

/// Renders the page.
pub(crate) fn render() -> String {
    let mut page = String::with_capacity(64 * 1024);
    // Writing to a String does not fail.
    let _ = write_page(&mut page);
    page
}

fn write_page(page: &mut String) -> fmt::Result {
    write_head(page, "Causes", None)?;
    page.push_str(
        "<header>\n<h1>Causes and remedies</h1>\n\
         <p><a href=\"/status\">Back to the status</a></p>\n</header>\n<main>\n",
    );
    for link in Link::ALL {
        writeln!(
            page,
            "<section class=\"causes\" id=\"{link}\">\n<h2>{}</h2>\n<dl>",
            link.title()
        )?;
        for cause in Cause::all_for(link) {
            let (summary, remedy) = (Prose(cause.summary()), Prose(cause.remedy()));
            writeln!(
                page,
                "<dt id=\"{cause}\"><code>{cause}</code> {summary}</dt>\n<dd>{remedy}</dd>"
            )?;
        }
        page.push_str("</dl>\n</section>\n");
    }
    page.push_str("</main>\n</body>\n</html>\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_an_anchor_for_each_link_and_cause() {
        let page = render();
        for cause in Cause::ALL {
            assert!(page.contains(&format!("<dt id=\"{cause}\">")), "{cause}");
        }
        for link in Link::ALL {
            assert!(page.contains(&format!(" id=\"{link}\">")), "{link}");
        }
    }
}
