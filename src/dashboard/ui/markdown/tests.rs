use proptest::prelude::*;

use super::*;

fn shown(text: &str) -> String {
    let html = markdown(text).unwrap().into_string();
    let inner = html.strip_prefix("<div class=\"md\">").unwrap();
    inner.strip_suffix("</div>").unwrap().to_owned()
}

#[test]
fn shows_what_answers_are_made_of() {
    for (text, html) in [
        ("# Weather\n\nIt is **21 °C**.", "<h4>Weather</h4><p>It is <strong>21 °C</strong>.</p>"),
        ("- a\n- b\n  1. c", "<ul><li>a</li><li>b<ol start=1><li>c</li></ol></li></ul>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("`x < 1` and *so* ~~not~~", "<p><code>x &lt; 1</code> and <em>so</em> <s>not</s></p>"),
        (
            "```rust\nlet a = \"<b>\";\n```",
            "<pre tabindex=0><i>rust</i><code>let a = &quot;&lt;b&gt;&quot;;\n</code></pre>",
        ),
        (
            "| a | b |\n|---|--:|\n| 1 | 2 |",
            "<div class=wide tabindex=0><table><thead><tr><th>a</th><th class=num>b</th></tr></thead><tr><td>1</td><td class=num>2</td></tr></table></div>",
        ),
        ("> said", "<blockquote><p>said</p></blockquote>"),
        (
            "[docs](https://a.test/?a=1&b=\"2\")",
            "<p><a rel=\"noopener nofollow\" target=_blank href=\"https://a.test/?a=1&amp;b=&quot;2&quot;\">docs</a></p>",
        ),
        (
            "![a cat](https://a.test/cat.png)",
            "<p><a rel=\"noopener nofollow\" target=_blank href=\"https://a.test/cat.png\">a cat</a></p>",
        ),
        (
            "[1] see [docs](https://a.test)",
            "<p>[1] see <a rel=\"noopener nofollow\" target=_blank href=\"https://a.test\">docs</a></p>",
        ),
        (
            "[a [1] \\] b](https://a.test)",
            "<p><a rel=\"noopener nofollow\" target=_blank href=\"https://a.test\">a [1] ] b</a></p>",
        ),
        ("- [x] done", "<ul><li>☑ done</li></ul>"),
        ("user_id, __init__ and 2 * 3 * 4", "<p>user_id, <strong>init</strong> and 2 * 3 * 4</p>"),
        ("1. a\n2. b\n\nafter", "<ol start=1><li>a</li><li>b</li></ol><p>after</p>"),
        ("- a\n  more\n- b", "<ul><li>a<br>more</li><li>b</li></ul>"),
        (
            "see https://a.test/x, or **not",
            "<p>see <a rel=\"noopener nofollow\" target=_blank href=\"https://a.test/x\">https://a.test/x</a>, or **not</p>",
        ),
        ("\\*a\\* <b>", "<p>*a* &lt;b&gt;</p>"),
        ("```\nnever ends", "<pre tabindex=0><code>never ends\n</code></pre>"),
    ] {
        assert_eq!(shown(text), html, "{text}");
    }
}

#[test]
fn html_is_text_and_links_lead_to_the_web_alone() {
    for text in [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "<div\n\n<b>bold</b>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html,<script>1</script>)",
        "![x](javascript:alert(1))",
        "<javascript:alert(1)>",
        "[x][y]\n\n[y]: vbscript:x \"title\"",
        "[x](/traces)",
        "[x](//evil.test)",
        "[x](https&colon;//a.test)",
        "```\"><script>\n</code></pre><script>\n```",
        "| <b> |\n|---|\n| <i onclick=x> |",
    ] {
        let html = shown(text);
        for bad in ["<script", "<img", "<b>", "onerror=", "href=\"java", "href=\"data", "href=\"/"]
        {
            let is_text = bad == "onerror=" && html.contains("&lt;img");
            assert!(!html.contains(bad) || is_text, "{text}: {html}");
        }
    }
    assert_eq!(shown("[x](javascript:alert(1))"), "<p>[x](javascript:alert(1))</p>");
}

/// Every element is closed, in order, and is one of few.
fn is_sound(html: &str) -> Result<(), String> {
    const KNOWN: [&str; 26] = [
        "p",
        "h4",
        "h5",
        "blockquote",
        "pre",
        "code",
        "ol",
        "ul",
        "li",
        "div",
        "table",
        "thead",
        "tr",
        "th",
        "td",
        "em",
        "strong",
        "s",
        "a",
        "i",
        "br",
        "hr",
        "tbody",
        "",
        "",
        "",
    ];
    let mut open = vec![];
    let mut deepest = 0;
    for piece in html.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').ok_or_else(|| format!("unclosed: {piece}"))?;
        let name = tag.split(' ').next().unwrap_or_default();
        if let Some(name) = name.strip_prefix('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("{last:?} ends with {name}"));
            }
        } else if KNOWN.contains(&name) {
            if !matches!(name, "br" | "hr") {
                open.push(name);
            }
        } else {
            return Err(format!("an element {name}"));
        }
        deepest = deepest.max(open.len());
    }
    if open.is_empty() && deepest < 30 { Ok(()) } else { Err(format!("{open:?}, {deepest} deep")) }
}

#[test]
fn what_is_hostile_costs_little() {
    let row = format!("{}|\n", "|a".repeat(5_000));
    let wide = format!("{row}{}|\n{}", "|-".repeat(5_000), "|\n".repeat(5_000));
    for text in [
        ">".repeat(10_000),
        "> ".repeat(10_000) + "core",
        "- ".repeat(10_000) + "core",
        "1) ".repeat(8_000),
        "*".repeat(20_000),
        "*a _b ".repeat(5_000),
        "[".repeat(20_000),
        "[a](".repeat(8_000),
        "![[]()".repeat(5_000),
        "`".repeat(9_999) + " `",
        "<".repeat(20_000),
        "<!--".repeat(8_000),
        wide,
        "|a|b|\n|-|-|\n".to_owned() + &"|1|2|\n".repeat(4_000),
        "[a]: https://a.test\n".repeat(1_500) + &"[a]".repeat(500),
        (0..300).fold(String::new(), |text, n| text + &" ".repeat(n.min(90)) + "- a\n"),
    ] {
        let start = text.get(..20).unwrap_or(&text).to_owned();
        let html = markdown(text.get(..MAX_BYTES).unwrap_or(&text));
        let Some(html) = html.map(Markup::into_string) else { continue };
        assert_eq!(is_sound(&html), Ok(()), "{start}");
        assert!(html.len() < 60 * MAX_BYTES, "{start}: {}", html.len());
    }
    // What no page could show as it is meant stays text.
    assert!(markdown(&"a".repeat(MAX_BYTES + 1)).is_none());
    assert!(shown(&("> ".repeat(10_000) + "core")).contains("core"));
    assert!(shown(&format!("a\n\n{}\n\nb", "-".repeat(200))).contains("<hr>"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn any_text_is_sound(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "a", " ", "\n", "\n\n", "*", "**", "_", "`", "```", "~~", "[", "](", ")", "![", "<b>", "</div>",
            "<!--", "-->", "|", "|-|-|\n", "> ", "- ", "1. ", "    ", "# ", "---\n", "javascript:x", "https://a.test",
            "&amp;", "\"", "'", "\\", "[^1]", "$", "é",
        ]), 0..60),
    ) {
        let text = pieces.concat();
        let html = markdown(&text).unwrap().into_string();
        prop_assert_eq!(is_sound(&html), Ok(()), "{}: {}", text, html);
        prop_assert!(!html.contains("href=\"java"), "{}", html);
    }
}
