//! A line of Markdown: emphasis, code and links in it. What is not closed is text.

use maud::{Render, html};

/// Where links may lead.
const SCHEMES: [&str; 3] = ["https://", "http://", "mailto:"];
/// So far on what ends something is looked for: many that never end would each be looked for
/// to the end.
const MAX_SPAN: usize = 1_000;
/// So many are in each other.
const MAX_DEPTH: usize = 4;

/// Marks around words, and what they are.
const MARKS: [(&str, &str); 5] =
    [("**", "strong"), ("__", "strong"), ("~~", "s"), ("*", "em"), ("_", "em")];

/// Writes a line.
pub(super) fn inline(text: &str, out: &mut String) {
    write(text, out, MAX_DEPTH, true);
}

fn write(text: &str, out: &mut String, depth: usize, links: bool) {
    let mut from = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find(MARKED)) {
        at += found;
        let rest = text.get(at..).unwrap_or_default();
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let mut piece = String::new();
        let taken = escaped(rest, &mut piece)
            .or_else(|| code(rest, &mut piece))
            .or_else(|| (links && depth > 0).then(|| link(rest, &mut piece, depth - 1)).flatten())
            .or_else(|| links.then(|| address(rest, before, &mut piece)).flatten())
            .or_else(|| {
                (depth > 0).then(|| marked(rest, before, &mut piece, depth - 1, links)).flatten()
            });
        if let Some(taken) = taken {
            text.get(from..at).unwrap_or_default().render_to(out);
            out.push_str(&piece);
            at += taken;
            from = at;
        } else {
            // All of a run of marks, so that its middle is not taken for its beginning.
            let first = rest.chars().next().unwrap_or(' ');
            let is_run = matches!(first, '*' | '_' | '~' | '`');
            let run = || rest.find(|c| c != first).unwrap_or(rest.len());
            at += if is_run { run() } else { first.len_utf8() };
        }
    }
    text.get(from..).unwrap_or_default().render_to(out);
}

/// What may begin something.
const MARKED: [char; 9] = ['\\', '`', '*', '_', '~', '[', '!', '<', 'h'];

/// A mark that stands for itself; how much of the text it takes, here as below.
fn escaped(text: &str, out: &mut String) -> Option<usize> {
    let next = text.strip_prefix('\\')?.chars().next().filter(char::is_ascii_punctuation)?;
    let mut piece = [0; 4];
    next.encode_utf8(&mut piece).render_to(out);
    Some(1 + next.len_utf8())
}

/// The beginning of a text in which something has to end.
fn span(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_SPAN)).unwrap_or(text)
}

fn code(text: &str, out: &mut String) -> Option<usize> {
    let marks = text.find(|c| c != '`').filter(|n| *n > 0)?;
    let (mark, rest) = text.split_at_checked(marks)?;
    let (inner, after) = span(rest).split_once(mark)?;
    if after.starts_with('`') {
        return None;
    }
    out.push_str("<code>");
    inner.render_to(out);
    out.push_str("</code>");
    Some(2 * marks + inner.len())
}

fn marked(
    text: &str,
    before: Option<char>,
    out: &mut String,
    depth: usize,
    links: bool,
) -> Option<usize> {
    let (mark, tag) = MARKS.into_iter().find(|(mark, _)| text.starts_with(mark))?;
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let inside = mark.starts_with('_');
    if inside && is_word(before) {
        return None;
    }
    let rest = span(text.get(mark.len()..)?);
    if rest.starts_with(|c: char| c.is_whitespace()) || rest.starts_with(mark) {
        return None;
    }
    let end = rest.match_indices(mark).map(|(at, _)| at).find(|at| {
        let after = rest.get(at + mark.len()..).and_then(|after| after.chars().next());
        let last = rest.get(..*at).and_then(|inner| inner.chars().next_back());
        let single =
            mark.len() > 1 || (after != mark.chars().next() && last != mark.chars().next());
        let ends = last.is_some_and(|c| !c.is_whitespace() && c != '\\');
        ends && single && !(inside && is_word(after))
    })?;
    for piece in ["<", tag, ">"] {
        out.push_str(piece);
    }
    write(rest.get(..end)?, out, depth, links);
    for piece in ["</", tag, ">"] {
        out.push_str(piece);
    }
    Some(2 * mark.len() + end)
}

/// A link, or an image, which is one.
fn link(text: &str, out: &mut String, depth: usize) -> Option<usize> {
    let shown = text.strip_prefix('!').unwrap_or(text).strip_prefix('[')?;
    let (inner, rest) = span(shown).split_at_checked(bracket_end(span(shown))?)?;
    let rest = rest.strip_prefix("](")?;
    if inner.contains('\n') || inner.is_empty() {
        return None;
    }
    // An address may have brackets of its own.
    let mut open = 0_usize;
    let end = rest.find(|c| {
        open += usize::from(c == '(');
        let ends = c == ')' && open == 0;
        open = open.saturating_sub(usize::from(c == ')'));
        ends
    })?;
    let target = rest.get(..end)?;
    let url = target.split_once(' ').map_or(target, |(url, _)| url);
    let url = url.strip_prefix('<').and_then(|url| url.strip_suffix('>')).unwrap_or(url);
    anchor(url, out)?;
    write(inner, out, depth, false);
    out.push_str("</a>");
    let marks = text.len() - shown.len() + "](".len() + ")".len();
    Some(marks + inner.len() + target.len())
}

/// Where the bracket closes that is open: those in between have their own.
fn bracket_end(text: &str) -> Option<usize> {
    let (mut open, mut is_escaped) = (0_usize, false);
    text.find(|c| {
        if std::mem::take(&mut is_escaped) {
            return false;
        }
        is_escaped = c == '\\';
        let ends = c == ']' && open == 0;
        open += usize::from(c == '[');
        open = open.saturating_sub(usize::from(c == ']'));
        ends
    })
}

/// An address that stands there as it is, or between angles.
fn address(text: &str, before: Option<char>, out: &mut String) -> Option<usize> {
    if text.starts_with('<') {
        let (url, _) = span(text).strip_prefix('<')?.split_once('>')?;
        if url.contains(char::is_whitespace) {
            return None;
        }
        anchor(url, out)?;
        url.render_to(out);
        out.push_str("</a>");
        return Some(url.len() + 2);
    }
    if before.is_some_and(char::is_alphanumeric) || !text.starts_with("http") {
        return None;
    }
    let url = span(text);
    let ends = |c: char| c.is_whitespace() || "<>\"'`|*".contains(c);
    let url = url.get(..url.find(ends).unwrap_or(url.len()))?;
    let url = url.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '_']);
    anchor(url, out)?;
    url.render_to(out);
    out.push_str("</a>");
    Some(url.len())
}

/// The beginning of a link; none where it leads elsewhere than to the web or a mailbox.
fn anchor(url: &str, out: &mut String) -> Option<()> {
    let leads = |scheme: &&str| {
        let start = url.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme)) && url.len() > scheme.len()
    };
    SCHEMES.into_iter().find(leads)?;
    out.push_str("<a rel=\"noopener nofollow\" target=_blank href=\"");
    out.push_str(&html! { (url) }.into_string());
    out.push_str("\">");
    Some(())
}
