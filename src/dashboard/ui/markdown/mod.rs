//! Markdown as HTML of a few elements, each written here: headings, lists, quotes, tables,
//! code, emphasis, links. It is what people and models write, not all of `CommonMark`: crates
//! that read that are 70 KB of the Worker. HTML in it is text like any other, an image is a
//! link to where it is, and a link leads to the web or to a mailbox or is text. What is not
//! understood stands there as it was sent, and what is long stays text.

mod inline;
#[cfg(test)]
mod tests;

use maud::{Markup, PreEscaped, Render, html};

use inline::inline;

/// A longer text stays text.
const MAX_BYTES: usize = 32 * 1024;
/// So many quotes are in each other; what is deeper is text.
const MAX_QUOTES: usize = 3;
/// So many lists are in each other; deeper items are items of the last.
const MAX_LISTS: usize = 6;

/// A text as Markdown; `None` for one that stays text.
#[must_use]
pub fn markdown(text: &str) -> Option<Markup> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut writer = Writer { out: String::with_capacity(text.len() * 2), ..Writer::default() };
    writer.blocks(&lines, 0);
    Some(html! { div.md { (PreEscaped(writer.out)) } })
}

/// Writes what comes, and knows what is open.
#[derive(Default)]
struct Writer {
    out: String,
    is_in_paragraph: bool,
    /// The lists that are open: how far each is indented, and whether it is numbered.
    lists: Vec<(usize, bool)>,
}

/// A list's item: how far it is indented, its number where it has one, and its text.
fn item(line: &str) -> Option<(usize, Option<&str>, &str)> {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    if let Some(text) = ["- ", "* ", "+ "].iter().find_map(|mark| text.strip_prefix(mark)) {
        return Some((indent, None, text));
    }
    let digits = text.find(|c: char| !c.is_ascii_digit()).filter(|n| (1..=9).contains(n))?;
    let (number, rest) = text.split_at_checked(digits)?;
    let text = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))?;
    Some((indent, Some(number), text))
}

/// What is around code: its mark, and the language.
fn fence(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let first = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let marks = line.find(|c| c != first).unwrap_or(line.len());
    let (mark, language) = line.split_at_checked(marks)?;
    (marks >= 3 && !language.contains('`')).then_some((mark, language.trim()))
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let marks = line.find(|c| c != '#').filter(|n| (1..=6).contains(n))?;
    let text = line.get(marks..)?.strip_prefix(' ')?;
    Some((marks, text.trim_end_matches(['#', ' '])))
}

fn is_rule(line: &str) -> bool {
    let marks: String = line.split_whitespace().collect();
    marks.len() >= 3 && ["-", "*", "_"].iter().any(|mark| marks.replace(mark, "").is_empty())
}

/// The line below a table's head: of each column whether it is to the right.
fn columns(line: &str) -> Option<Vec<bool>> {
    let is_line = line.bytes().all(|b| matches!(b, b'|' | b'-' | b':' | b' '));
    let is_cell = |cell: &&str| cell.contains('-');
    let cells = cells(line);
    (is_line && line.contains('|') && cells.iter().all(is_cell))
        .then(|| cells.iter().map(|cell| cell.ends_with(':') && !cell.starts_with(':')).collect())
}

/// The cells of a row. A bar in code or behind a backslash ends none.
fn cells(line: &str) -> Vec<&str> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = line.strip_suffix('|').unwrap_or(line);
    let (mut is_code, mut before) = (false, ' ');
    let split = line.split(move |c| {
        is_code ^= c == '`';
        let ends = c == '|' && !is_code && before != '\\';
        before = c;
        ends
    });
    split.map(str::trim).collect()
}

impl Writer {
    fn text(&mut self, text: &str) {
        text.render_to(&mut self.out);
    }

    fn close_paragraph(&mut self) {
        if std::mem::take(&mut self.is_in_paragraph) {
            self.out.push_str("</p>");
        }
    }

    /// Closes lists that are indented further than this, or all.
    fn close_lists(&mut self, indent: Option<usize>) {
        while let Some((_, numbered)) =
            self.lists.pop_if(|(own, _)| indent.is_none_or(|indent| *own > indent))
        {
            self.out.push_str(if numbered { "</li></ol>" } else { "</li></ul>" });
        }
    }

    fn close(&mut self) {
        self.close_paragraph();
        self.close_lists(None);
    }

    fn blocks(&mut self, lines: &[&str], quotes: usize) {
        let mut rest = lines;
        let mut was_blank = true;
        while let Some((line, after)) = rest.split_first() {
            rest = after;
            let is_blank = line.trim().is_empty();
            if is_blank {
                self.close_paragraph();
            } else if let Some((mark, language)) = fence(line) {
                rest = self.code(mark, language, line, rest);
            } else if let Some((marks, text)) = heading(line) {
                self.close();
                let (start, end) = if marks < 3 { ("<h4>", "</h4>") } else { ("<h5>", "</h5>") };
                self.out.push_str(start);
                inline(text, &mut self.out);
                self.out.push_str(end);
            } else if is_rule(line) {
                self.close();
                self.out.push_str("<hr>");
            } else if let Some((indent, number, text)) = item(line) {
                self.item(indent, number, text);
            } else if line.trim_start().starts_with('>') && quotes < MAX_QUOTES {
                let is_quote = |line: &&&str| line.trim_start().starts_with('>');
                let count = 1 + rest.iter().take_while(is_quote).count();
                let inside: Vec<&str> = std::iter::once(line)
                    .chain(rest)
                    .take(count)
                    .filter_map(|line| line.trim_start().strip_prefix('>'))
                    .map(|line| line.strip_prefix(' ').unwrap_or(line))
                    .collect();
                rest = rest.get(count - 1..).unwrap_or_default();
                self.close();
                self.out.push_str("<blockquote>");
                self.blocks(&inside, quotes + 1);
                self.out.push_str("</blockquote>");
            } else if let Some(columns) = rest.first().and_then(|next| columns(next))
                && line.contains('|')
            {
                rest = self.table(line, &columns, rest);
            } else {
                self.line(line, was_blank);
            }
            was_blank = is_blank;
        }
        self.close();
    }

    /// A line of words.
    fn line(&mut self, line: &str, was_blank: bool) {
        if !self.lists.is_empty() && was_blank && !line.starts_with([' ', '\t']) {
            self.close_lists(None);
        }
        // Who writes a line expects one.
        if self.is_in_paragraph || !self.lists.is_empty() {
            self.out.push_str("<br>");
        } else {
            self.out.push_str("<p>");
            self.is_in_paragraph = true;
        }
        inline(line.trim(), &mut self.out);
    }

    fn item(&mut self, indent: usize, number: Option<&str>, text: &str) {
        self.close_paragraph();
        self.close_lists(Some(indent));
        let is_new = self.lists.last().is_none_or(|(own, _)| indent > own + 1);
        let is_other = self.lists.last().is_some_and(|(_, numbered)| *numbered != number.is_some());
        if !is_new && is_other {
            self.close_lists(Some(indent.saturating_sub(1)));
        }
        let room = self.lists.len() < MAX_LISTS;
        if self.lists.is_empty() || room && (is_new || is_other) {
            self.lists.push((indent, number.is_some()));
            match number {
                Some(number) => {
                    self.out.push_str("<ol start=");
                    self.out.push_str(number);
                    self.out.push('>');
                }
                None => self.out.push_str("<ul>"),
            }
        } else {
            self.out.push_str("</li>");
        }
        self.out.push_str("<li>");
        let text = text.trim();
        let box_of = |mark| text.strip_prefix(mark);
        let text = match (box_of("[ ] "), box_of("[x] ")) {
            (Some(text), _) => {
                self.out.push_str("☐ ");
                text
            }
            (None, Some(text)) => {
                self.out.push_str("☑ ");
                text
            }
            (None, None) => text,
        };
        inline(text, &mut self.out);
    }

    /// Code up to a mark like the first, or the end; what comes after it.
    fn code<'l, 't>(
        &mut self,
        mark: &str,
        language: &str,
        first: &str,
        lines: &'l [&'t str],
    ) -> &'l [&'t str] {
        self.close_paragraph();
        let indent = first.len() - first.trim_start().len();
        if indent == 0 {
            self.close_lists(None);
        }
        self.out.push_str("<pre tabindex=0>");
        if !language.is_empty() {
            self.out.push_str("<i>");
            self.text(language);
            self.out.push_str("</i>");
        }
        self.out.push_str("<code>");
        let is_end = |line: &&str| {
            let line = line.trim();
            line.starts_with(mark) && line.trim_start_matches(['`', '~']).is_empty()
        };
        let end = lines.iter().position(is_end).unwrap_or(lines.len());
        for line in lines.iter().take(end) {
            let blank = line.len() - line.trim_start_matches(' ').len();
            self.text(line.get(blank.min(indent)..).unwrap_or(line));
            self.out.push('\n');
        }
        self.out.push_str("</code></pre>");
        lines.get(end + 1..).unwrap_or_default()
    }

    /// A table, whose head is this line; what comes after it.
    fn table<'l, 't>(
        &mut self,
        head: &str,
        columns: &[bool],
        lines: &'l [&'t str],
    ) -> &'l [&'t str] {
        self.close();
        self.out.push_str("<div class=wide tabindex=0><table><thead>");
        self.row(head, columns, "th");
        self.out.push_str("</thead>");
        let rows = lines.iter().skip(1).take_while(|line| line.contains('|')).count();
        for line in lines.iter().skip(1).take(rows) {
            self.row(line, columns, "td");
        }
        self.out.push_str("</table></div>");
        lines.get(1 + rows..).unwrap_or_default()
    }

    fn row(&mut self, line: &str, columns: &[bool], tag: &str) {
        self.out.push_str("<tr>");
        for (at, cell) in cells(line).into_iter().enumerate() {
            let class = if columns.get(at) == Some(&true) { " class=num" } else { "" };
            for piece in ["<", tag, class, ">"] {
                self.out.push_str(piece);
            }
            inline(cell, &mut self.out);
            for piece in ["</", tag, ">"] {
                self.out.push_str(piece);
            }
        }
        self.out.push_str("</tr>");
    }
}
