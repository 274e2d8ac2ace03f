//! A declaration as it is read: `ts-rs` writes one as a single line with the documentation between its fields, here it gets a line for
//! each field and each alternative.

use serde_json::Value;

/// Fields of at most this many characters are on the line of their brackets, if none is documented.
const MAX_LINE: usize = 60;

/// A declaration with a line for each field and each alternative, and `@default` tags for the fields that have a default.
pub fn pretty(declaration: &str, defaults: Option<&Value>) -> String {
    let is_union = declaration.contains(" | {");
    let declaration = if is_union { declaration.replacen(" = ", " = | ", 1) } else { declaration.to_owned() };
    let mut printer = Printer { is_union, defaults, ..Printer::default() };
    let mut rest = declaration.as_str();
    while !rest.is_empty() {
        rest = printer.token(rest);
    }
    printer.out.trim_end().to_owned() + "\n"
}

#[derive(Default)]
struct Printer<'a> {
    out: String,
    /// Whether the type has alternatives with fields, a line each or more.
    is_union: bool,
    /// How far all lines are indented, in steps: those of alternatives are.
    indent: usize,
    /// The brackets that are open.
    brackets: Vec<char>,
    /// Whether the fields that come are on the line of their brackets.
    on_line: bool,
    /// The lines of documentation that belong to what comes next.
    docs: Vec<String>,
    defaults: Option<&'a Value>,
}

impl Printer<'_> {
    /// Writes the first token of a text; gives what follows it.
    fn token<'t>(&mut self, text: &'t str) -> &'t str {
        if let Some(comment) = text.strip_prefix("/**") {
            return self.comment(comment);
        }
        let word = text.find(['{', '}', '[', ']', '<', '>', ',', ' ', '"']).unwrap_or(text.len());
        if word > 0 {
            self.word(&text[..word]);
            return &text[word..];
        }
        let (first, rest) = text.split_at(1);
        match first {
            "{" => return self.open_fields(rest),
            "}" => self.close_fields(),
            "," if self.brackets.last() == Some(&'{') => {
                self.out.push(';');
                self.line();
                return rest.trim_start();
            }
            "\"" => return self.literal(rest),
            " " if self.brackets.is_empty() && self.is_union && rest.starts_with("| ") => {
                self.indent = 2;
                self.out += "\n  ";
            }
            other => self.punctuation(other),
        }
        rest
    }

    /// Keeps a comment's lines for what comes next.
    fn comment<'t>(&mut self, text: &'t str) -> &'t str {
        let (comment, rest) = text.split_once("*/").expect("a comment ends");
        let lines = comment.lines().map(|line| line.trim().trim_start_matches('*').trim().to_owned());
        self.docs = lines.skip_while(String::is_empty).collect();
        while self.docs.last().is_some_and(String::is_empty) {
            self.docs.pop();
        }
        rest.trim_start()
    }

    fn word(&mut self, word: &str) {
        let field = word.strip_suffix(':').filter(|_| self.brackets == ['{']);
        let default = field.and_then(|field| self.defaults?.get(field.trim_end_matches('?')));
        if let Some(default) = default.filter(|default| !default.is_null() && !default.is_object()) {
            self.docs.push(format!("@default {default}"));
        }
        self.write_docs();
        self.out += word;
    }

    fn open_fields<'t>(&mut self, rest: &'t str) -> &'t str {
        let rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix('}') {
            self.out += "{}";
            return rest;
        }
        let fields = rest.split('}').next().unwrap_or_default();
        self.on_line = self.defaults.is_none() && fields.len() <= MAX_LINE && !fields.contains(['{', '*']);
        self.out.push('{');
        self.brackets.push('{');
        self.line();
        rest
    }

    fn close_fields(&mut self) {
        self.brackets.pop();
        self.out.truncate(self.out.trim_end().len());
        if self.on_line && self.out.ends_with(';') {
            self.out.pop();
        }
        self.line();
        self.on_line = false;
        self.out.push('}');
    }

    /// A text; as the name of a field, which the tag of an alternative is, without its quotes.
    fn literal<'t>(&mut self, rest: &'t str) -> &'t str {
        let (literal, rest) = rest.split_once('"').expect("a literal ends");
        self.out += &if rest.starts_with(':') { literal.to_owned() } else { format!("\"{literal}\"") };
        rest
    }

    fn punctuation(&mut self, mark: &str) {
        match mark {
            "[" | "<" => self.brackets.extend(mark.chars()),
            "]" | ">" => drop(self.brackets.pop()),
            _ => {}
        }
        self.out += mark;
    }

    fn write_docs(&mut self) {
        match std::mem::take(&mut self.docs).as_slice() {
            [] => return,
            [line] => self.out += &format!("/** {line} */"),
            lines => {
                self.out += "/**";
                for line in lines {
                    self.line();
                    self.out += format!(" * {line}").trim_end();
                }
                self.line();
                self.out += " */";
            }
        }
        self.line();
    }

    fn line(&mut self) {
        if self.on_line {
            self.out.push(' ');
            return;
        }
        let depth = self.brackets.iter().filter(|&&bracket| bracket == '{').count() + self.indent;
        self.out += &format!("\n{}", "  ".repeat(depth));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::pretty;

    #[test]
    fn a_declaration_has_a_line_a_field_with_its_documentation_and_default() {
        let declaration = "/**\n * Settings.\n */\nexport type S = { a: boolean, \n/**\n * Two\n * lines.\n */\nbatchSize: number, c: Array<[number, string]>, };";
        let expected = "/** Settings. */\nexport type S = {\n  a: boolean;\n  /**\n   * Two\n   * lines.\n   * @default 8\n   */\n  \
                        batchSize: number;\n  c: Array<[number, string]>;\n};\n";
        assert_eq!(pretty(declaration, Some(&json!({ "batchSize": 8 }))), expected);
    }

    #[test]
    fn a_union_has_a_line_for_each_short_alternative() {
        let declaration =
            "export type E = \"all\" | { \"type\": \"done\", n: number, } | { \"type\": \"failed\" } & F;";
        let expected =
            "export type E =\n  | \"all\"\n  | { type: \"done\"; n: number }\n  | { type: \"failed\" } & F;\n";
        assert_eq!(pretty(declaration, None), expected);
    }

    #[test]
    fn a_documented_alternative_has_a_line_a_field() {
        let declaration =
            "export type E = { \"type\": \"done\", \n/**\n * How many.\n */\nn: number, } | { \"type\": \"failed\" };";
        let expected = "export type E =\n  | {\n      type: \"done\";\n      /** How many. */\n      n: number;\n    }\n  \
                        | { type: \"failed\" };\n";
        assert_eq!(pretty(declaration, None), expected);
    }
}
