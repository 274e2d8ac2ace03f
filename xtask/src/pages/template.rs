//! Templates: text with `{{name}}` for a value that is escaped, and `{{{name}}}` for markup that is not.

use crate::workspace::Result;

/// What a template's names stand for.
pub type Values<'a> = [(&'a str, &'a str)];

/// The template with its values. `claim` answers for names with a colon: numbers that a page takes from a figure.
///
/// # Errors
/// When a name stands for nothing, a brace is alone, or a value is for no name of the template; the message says which.
pub fn fill(template: &str, values: &Values, claim: &dyn Fn(&str) -> Result<String>) -> Result<String> {
    let mut filled = String::with_capacity(2 * template.len());
    let mut used = vec![false; values.len()];
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let (is_markup, after) = after.strip_prefix('{').map_or((false, after), |after| (true, after));
        let end = if is_markup { "}}}" } else { "}}" };
        let (name, after) = after.split_once(end).ok_or_else(|| format!("a template has no `{end}` after `{{{{`"))?;
        let value = match values.iter().position(|(other, _)| *other == name) {
            Some(i) => {
                used[i] = true;
                values[i].1.to_owned()
            }
            None if name.contains(':') => claim(name)?,
            None => return Err(format!("a template asks for `{name}`, which there is not").into()),
        };
        filled.push_str(&if is_markup { value } else { escaped(&value) });
        rest = after;
    }
    filled.push_str(rest);
    match used.iter().position(|used| !used) {
        Some(i) => Err(format!("a template does not ask for `{}`", values[i].0).into()),
        None => Ok(filled),
    }
}

/// Text as HTML, also between double quotes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{Values, fill};
    use crate::workspace::Result;

    fn filled(template: &str, values: &Values) -> Result<String> {
        fill(template, values, &|name| Ok(format!("<{name}>")))
    }

    #[test]
    fn values_are_escaped_and_markup_is_not() {
        let values = [("a", "1 < 2 & \"3\""), ("b", "<i>x</i>")];
        let text = filled("{{a}} {{{b}}} {{a}} {{ioi:edges:40}}", &values).unwrap();
        let expected = "1 &lt; 2 &amp; &quot;3&quot; <i>x</i> 1 &lt; 2 &amp; &quot;3&quot; &lt;ioi:edges:40&gt;";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_missing_or_left_over_is_named() {
        let rows: [(&str, &Values, &str); 4] = [
            ("{{a}}", &[], "`a`"),
            ("x", &[("a", "1")], "`a`"),
            ("{{a", &[("a", "1")], "`}}`"),
            ("{{{a}}", &[("a", "1")], "`}}}`"),
        ];
        for (template, values, expected) in rows {
            let error = filled(template, values).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
