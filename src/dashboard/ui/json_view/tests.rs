use super::*;

fn shown(json: &str) -> String {
    view(Json::new(json), &mut Budget::new(100_000)).into_string()
}

fn balanced(html: &str) -> bool {
    ["details", "summary", "div", "p", "b", "s", "i", "span"].iter().all(|tag| {
        let opened =
            html.matches(&format!("<{tag}>")).count() + html.matches(&format!("<{tag} ")).count();
        opened == html.matches(&format!("</{tag}>")).count()
    })
}

#[test]
fn shows_numbers_with_the_digits_that_were_sent() {
    let html = shown(r#"{"a": 12345678901234567890.10, "b": [1e999, -0, null, true]}"#);
    for text in ["12345678901234567890.10", "1e999", "-0", "null", "true"] {
        assert!(html.contains(&format!(">{text}</span>")), "{html}");
    }
    assert!(html.contains("{2 keys}") && html.contains("[4 items]"), "{html}");
}

#[test]
fn what_clients_send_is_never_markup() {
    let html = shown(r#"{"<script>": "<img src=x onerror=alert(1)>", "a": ["</div><b>"]}"#);
    assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
    assert!(balanced(&html), "{html}");
}

#[test]
fn folds_what_no_screen_holds() {
    let few = shown(r#"{"a":{"b":{"c":1}}}"#);
    assert_eq!(few.matches("<details open").count(), 3, "{few}");
    let many = shown(&format!("{{\"a\":[{}]}}", ["{\"b\":[1]}"; 100].join(",")));
    assert_eq!(many.matches("<details open").count(), 1, "{many}");
}

#[test]
fn what_is_folded_says_what_is_in_it() {
    let rows = r#"{"id":336,"name":"item <336>","tags":["a"],"size":{"w":1},"long":"abcdefghijklmnopqrstuvwxyz","z":1}"#;
    let html = shown(&format!("[{}]", [rows; 60].join(",")));
    let seen = "{id: 336, name: &quot;item &lt;336&gt;&quot;, tags: […], size: {…}, long: &quot;abcdefghijklmnopqrstuvwx…&quot;, …}";
    assert_eq!(html.matches(seen).count(), 60, "{html}");
    assert!(balanced(&html));
    let few = shown(&format!("[{}]", ["[1,null,[2],\"x\"]"; 60].join(",")));
    assert!(few.contains("[1, null, […], &quot;x&quot;]"), "{few}");
    // What is open shows it by itself.
    assert!(!shown(r#"{"a":1}"#).contains("preview"));
}

#[test]
fn stops_at_its_bounds_and_says_so() {
    for json in [
        format!("[{}]", vec!["1"; MAX_VALUES + 10].join(",")),
        format!("[\"{}\", 1]", "x".repeat(200_000)),
        format!("[{}\"{}\"]", "[1],".repeat(20), "é".repeat(200_000)),
    ] {
        let mut budget = Budget::new(100_000);
        let html = view(Json::new(&json), &mut budget).into_string();
        assert!(budget.cut.is_some() && balanced(&html) && html.len() < 400_000, "{}", html.len());
    }
    let mut budget = Budget::new(100_000);
    let _ = view(Json::new("[1,[2]]"), &mut budget);
    assert!(budget.cut.is_none());
}

#[test]
fn shows_nesting_as_deep_as_it_comes() {
    let deep = r#"{"in":["#.repeat(200) + r#""the core""# + &"]}".repeat(200);
    let mut budget = Budget::new(100_000);
    let html = view(Json::new(&deep), &mut budget).into_string();
    assert!(html.contains("the core") && balanced(&html), "{html}");
    assert_eq!(budget.cut, None);
    // Elements nest no deeper than browsers let them: the rest is text.
    assert_eq!(html.matches("<details").count(), MAX_DEPTH);
    assert!(html.contains(r#"<span class="deep">{&quot;in&quot;:["#), "{html}");
}

#[test]
fn says_how_much_of_it_is_seen() {
    let seen = |json: &str, bytes| {
        let mut budget = Budget::new(bytes);
        let _ = view(Json::new(json), &mut budget);
        budget.seen()
    };
    let numbers = format!("[{}]", vec!["1"; MAX_VALUES + 10].join(","));
    assert_eq!(seen(&numbers, 100_000).as_deref(), Some("the first 3,000 values"));
    assert_eq!(seen(&numbers, 1_000).as_deref(), Some("the first 1.0 KB"));
    assert_eq!(seen("[1,2,3]", 3), None);
}

#[test]
fn odd_text_does_no_harm() {
    for json in ["", "]", "{]}}", "[[[", "{\"a\"", "\"", "{\"a\":}", "[,,]"] {
        assert!(balanced(&shown(json)), "{json}");
    }
}
