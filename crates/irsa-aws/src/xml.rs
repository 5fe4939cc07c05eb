//! Elements in the XML of responses.

/// The element `name` including its tags. Result elements have no attributes, and text contains no tags.
pub(crate) fn element<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let start = text.find(&open)?;
    let end = text.rfind(&close)? + close.len();
    text.get(start..end)
}
