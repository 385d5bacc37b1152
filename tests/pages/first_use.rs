//! The pages that somebody meets first: how to get in, and how to send a trace.

use edgespan::access::api_keys::LOCAL_KEY;
use edgespan::dashboard::list::first_trace;
use edgespan::dashboard::login;

const REMOTE: &str = "npm run keys -- create --project shop --remote";

#[test]
fn locally_the_local_key_is_the_first_way_in_and_the_form_is_below() {
    let page = login::page::page("/traces", true, None).into_string();
    let (above, below) = page.split_once("Use the local key").unwrap();
    assert!(above.contains(&format!(r#"name="key" value="{LOCAL_KEY}""#)));
    assert!(above.ends_with(r#"<button class="primary" type="submit" autofocus>"#), "{above}");
    // One button that stands out, and one that has the focus.
    assert_eq!(page.matches("primary").count(), 1);
    assert_eq!(page.matches("autofocus").count(), 1);
    assert!(below.contains(r#"<input type="password" name="key""#));
    assert!(below.contains("npm run keys -- create --project shop<"));
}

#[test]
fn deployed_the_hint_makes_a_key_in_the_deployed_database() {
    let page = login::page::page("/traces", false, None).into_string();
    assert!(page.contains(&format!("<code>{REMOTE}</code>")), "{page}");
    assert!(!page.contains(LOCAL_KEY) && !page.contains("local key"));
    assert!(page.contains(r#"<button class="primary" type="submit">Sign in"#));
    assert_eq!(page.matches("autofocus").count(), 1);
}

#[test]
fn the_first_trace_is_sent_to_this_very_worker() {
    let local = first_trace::section("http://localhost:3104", true).into_string();
    assert!(local.contains("curl http://localhost:3104/api/v1/traces"));
    assert!(local.contains(LOCAL_KEY) && !local.contains("localhost:3000"));

    let deployed = first_trace::section("https://traces.example", false).into_string();
    assert!(deployed.contains("curl https://traces.example/api/v1/traces"));
    assert!(deployed.contains("Bearer YOUR_API_KEY"));
    assert!(!deployed.contains(LOCAL_KEY) && !deployed.contains("localhost"));
    // With what a trace is looked at for.
    for part in ["start_time", "end_time", "model", "usage", "cost", "input", "output"] {
        assert!(deployed.contains(&format!("&quot;{part}&quot;")), "{part}");
    }
}
