//! What evaluators' scores come to over time: how many, their average, how many pass.

use maud::{Markup, html};

use super::period::{asked_range, filter_of, period_page, range_form};
use crate::batch::RawStore;
use crate::dashboard::list::chart::{minute, width};
use crate::dashboard::list::filter::ListQuery;
use crate::dashboard::list::values::{failing_score, written_score};
use crate::dashboard::ui::format::{count, counted, short_number, time};
use crate::dashboard::view::View;
use crate::error::Error;
use crate::index::Database;
use crate::index::chart::Plan;
use crate::index::score_results;
use crate::index::score_results::{Buckets, MAX_EVALUATORS, MAX_SCORES_READ, PASSES, Results};
use crate::reply::Reply;

/// `GET /scores`, with the list's range of time.
///
/// # Errors
/// A fault of the database. A query that cannot be read is a page that says so.
pub async fn page(view: &View<'_, impl Database, impl RawStore>) -> Result<Reply, Error> {
    let asked = asked_range(view.query);
    let head = head(&asked);
    let filter = match filter_of(&asked, view, ("Scores", &head)) {
        Ok(filter) => filter,
        Err(unread) => return Ok(unread),
    };
    let (from, to, now) = (filter.from, filter.to, view.now.saturating_mul(1_000));
    let extent = view.db.run(vec![score_results::select_extent(view.project, from, to)]).await?;
    let buckets = score_results::read_extent(&extent, from, to, now)?;
    let ran = view.db.run(vec![score_results::select_results(view.project, &buckets)]).await?;
    let mut evaluators = score_results::read_results(&ran)?;
    let more = evaluators.len() > MAX_EVALUATORS;
    evaluators.truncate(MAX_EVALUATORS);
    let main = html! {
        (head)
        @if evaluators.is_empty() {
            div.nothing {
                h2 { "No scores here" }
                p.muted { "None were made in this range of time. Clients send them to " code { "POST /api/v1/scores" } "; people rate traces and spans on their pages." }
            }
        } @else {
            (table(&asked, &buckets.plan, &evaluators))
            (notes(&buckets, more))
        }
    };
    Ok(Reply::html(200, period_page("Scores", view.project_name, &main)))
}

fn head(asked: &ListQuery) -> Markup {
    html! {
        div.headline { h1 { "Scores" } }
        (range_form("/scores", &html! {}, asked))
    }
}

fn notes(buckets: &Buckets, more: bool) -> Markup {
    html! {
        p.muted.footnote {
            "A score passes with a value of " (short_number(PASSES)) " or more. Times are those of the scores."
            @if let (true, Some(oldest)) = (buckets.cut, buckets.plan.scope.from) {
                " Only the newest " (count(MAX_SCORES_READ)) " scores are counted, back to " (time(oldest)) "."
            }
            @if more { " More than " (MAX_EVALUATORS) " evaluators made scores: the first by name are shown." }
        }
    }
}

fn table(asked: &ListQuery, plan: &Plan, evaluators: &[(String, Vec<Results>)]) -> Markup {
    html! {
        table.results aria-label="Scores by evaluator" {
            thead { tr {
                th scope="col" { "Evaluator" }
                th.num scope="col" { "Scores" }
                th.num scope="col" { "Average" }
                th.num scope="col" { "Pass" }
                th.over scope="col" { "Average per " (width(plan.width)) }
                th scope="col" { "Traces" }
            } }
            tbody {
                @for (name, results) in evaluators {
                    @let all = Results::sum(results);
                    tr {
                        td.c-evaluator { span title=(name) { (name) } }
                        td.num { (count(all.scores)) span.unit { @if all.scores == 1 { " score" } @else { " scores" } } }
                        td.num { @if let Some(mean) = all.mean() { (short_number(mean)) span.unit { " on average" } } @else { span.muted { "–" } } }
                        td.num { @if let Some(rate) = pass_rate(&all) { (rate) span.unit { " pass" } } @else { span.muted { "–" } } }
                        td.over { (bars(name, plan, results)) }
                        td.links {
                            a href=(link(asked, written_score(name))) { "all" } " "
                            a href=(link(asked, failing_score(name))) { "failing" }
                        }
                    }
                }
            }
        }
    }
}

fn link(asked: &ListQuery, score: String) -> String {
    ListQuery { score, ..asked.clone() }.newest("/traces")
}

/// `97 %`; never 100 where one does not pass, nor 0 where one does.
fn pass_rate(all: &Results) -> Option<String> {
    let percent = (all.passed * 100 + all.valued / 2).checked_div(all.valued)?;
    let least = i64::from(all.passed > 0);
    let most = if all.passed < all.valued { 99 } else { 100 };
    Some(format!("{} %", percent.clamp(least, most)))
}

/// A bar for each bucket that has values, as high as their average is among all of them: up
/// to 1, or to the highest there is.
fn bars(name: &str, plan: &Plan, results: &[Results]) -> Markup {
    let most = results.iter().filter_map(Results::mean).fold(1.0, f64::max);
    let tenths = |value: f64| short_number((value * 10.0).round() / 10.0);
    let label = format!("{name}: {}", counted(Results::sum(results).scores, "score"));
    html! {
        svg viewBox=(format!("0 0 {} 100", plan.buckets * 10)) preserveAspectRatio="none" role="img" aria-label=(label) {
            @for one in results {
                @if let Some(mean) = one.mean() {
                    // What is there is seen, however low it is.
                    @let height = (mean / most * 100.0).clamp(4.0, 100.0);
                    rect class=(if mean < PASSES { "s-error" } else { "s-main" }) x=(one.bucket * 10 + 1) y=(tenths(100.0 - height))
                        width="8" height=(tenths(height)) {
                        title { (minute(plan.bucket(one.bucket).0)) "\n" (short_number(mean)) " of " (counted(one.scores, "score")) }
                    }
                }
            }
            line.base x1="0" y1="100" x2=(plan.buckets * 10) y2="100" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_never_rounded_to_all_or_none() {
        for (passed, valued, shown) in [
            (0, 0, None),
            (0, 3, Some("0 %")),
            (1, 1_000, Some("1 %")),
            (2, 3, Some("67 %")),
            (999, 1_000, Some("99 %")),
            (3, 3, Some("100 %")),
        ] {
            let all = Results { valued, passed, ..Results::default() };
            assert_eq!(pass_rate(&all).as_deref(), shown, "{passed} of {valued}");
        }
    }
}
