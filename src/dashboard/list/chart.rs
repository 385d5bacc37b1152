//! The charts above the list: what its traces come to, over its range of time.
//! Drawn here as SVG; the browser stretches them, so nothing in them has a
//! shape that would suffer.

use maud::{Markup, html};

use super::filter::ListQuery;
use crate::batch::RawStore;
use crate::dashboard::list;
use crate::dashboard::ui::format::{
    count, counted, dollars, duration, exact_dollars, iso, short, time,
};
use crate::dashboard::view::View;
use crate::error::Error;
use crate::index::Database;
use crate::index::chart;
use crate::index::chart::{Bucket, Plan, Scope};
use crate::index::traces;
use crate::index::traces::{Filter, ListPlace, Next};
use crate::reply::Reply;

/// `GET /chart`, with the list's query.
///
/// # Errors
/// A fault of the database.
pub async fn part(view: &View<'_, impl Database, impl RawStore>) -> Result<Reply, Error> {
    let asked = ListQuery::parse(view.query);
    let Ok((filter, _)) = asked.filter(view.now) else { return Ok(Reply::html(200, "")) };
    let mut scope =
        Scope { from: filter.from, to: filter.to, oldest: searched(view, &filter).await? };
    let (mut plan, mut buckets) = look(view, &filter, &scope).await?;
    if !plan.exact && Bucket::sum(&buckets).read < ENOUGH {
        // Too few to estimate from: those that are there among the newest, then.
        let all = Filter { from: filter.from, to: filter.to, ..Filter::default() };
        let reach =
            view.db.run(vec![traces::select_reach(view.project, &all, chart::EXACT)]).await?;
        scope.oldest = traces::read_reach(&reach)?;
        (plan, buckets) = look(view, &filter, &scope).await?;
    }
    Ok(Reply::html(200, draw(&plan, &buckets)))
}

/// So many traces have to be read for an estimate: it is off by a tenth, then.
const ENOUGH: f64 = 100.0;

/// How far the list has searched, where it did not come to an end: its numbers and
/// those of the charts are of the same traces.
async fn searched(
    view: &View<'_, impl Database, impl RawStore>,
    filter: &Filter,
) -> Result<Option<ListPlace>, Error> {
    let statements = traces::select_page_without_scores(view.project, filter, list::page::LIMIT);
    let page = traces::read_page(&view.db.run(statements.into()).await?, list::page::LIMIT)?;
    Ok(match page.next {
        Next::Perhaps(place) => Some(place),
        Next::More(_) | Next::End => None,
    })
}

async fn look(
    view: &View<'_, impl Database, impl RawStore>,
    filter: &Filter,
    scope: &Scope,
) -> Result<(Plan, Vec<Bucket>), Error> {
    let extent = view.db.run(vec![chart::select_extent(view.project, scope)]).await?;
    let extent = chart::read_extent(&extent)?;
    let plan = Plan::new(scope.clone(), view.now.saturating_mul(1_000), &extent);
    let ran = view.db.run(vec![plan.statement(view.project, filter)]).await?;
    let buckets = chart::read_chart(&ran, &plan)?;
    Ok((plan, buckets))
}

/// A value that was counted or estimated, as a whole number.
#[expect(clippy::cast_possible_truncation, reason = "far below 2^63, and saturating")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

/// The same; of an estimate no more digits than are worth anything.
fn rounded(value: f64, exact: bool) -> i64 {
    let n = whole(value);
    let unit = 10_i64.pow(n.unsigned_abs().max(1).ilog10().saturating_sub(2));
    if exact { n } else { (n + unit / 2) / unit * unit }
}

/// With one decimal. By hand: printing floating-point numbers takes the Worker
/// eight kilobytes.
fn tenths(value: f64) -> String {
    let tenths = whole(value * 10.0);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A chart: its name, its summary, what its bars are and say.
struct Panel<'a> {
    name: &'a str,
    key: &'a [(&'a str, &'a str)],
    total: Markup,
    summary: String,
    /// Of a bucket the values of two series, one drawn over the other: the
    /// higher one first.
    bars: &'a dyn Fn(&Bucket) -> (f64, f64),
    classes: (&'a str, &'a str),
    says: &'a dyn Fn(&Bucket) -> String,
}

fn draw(plan: &Plan, buckets: &[Bucket]) -> Markup {
    let all = Bucket::sum(buckets);
    let about = if plan.exact { "" } else { "≈ " };
    let n = |value| rounded(value, plan.exact);
    let (traces, errors) = (n(all.traces), n(all.errors));
    let (tokens, cost) = (n(all.tokens), n(all.cost_nano));
    let rate = if traces > 0 { all.errors / all.traces * 100.0 } else { 0.0 };
    let p = |bucket: &Bucket, percent| bucket.percentile(percent).map_or("–".into(), duration);
    // By their logarithm: one trace that waited for half an hour would else leave
    // nothing to see of those that took seconds. The least p50 is seen as well.
    #[expect(clippy::cast_precision_loss, reason = "for a bar")]
    let log = |us: i64| (us.max(1) as f64).ln();
    let floor = buckets.iter().filter_map(|bucket| bucket.percentile(50)).min();
    let floor = floor.map_or(0.0, log) - std::f64::consts::LN_2;
    let height = |us: Option<i64>| us.map_or(0.0, |us| log(us) - floor);
    let panels = [
        Panel {
            name: "Traces",
            key: &[("s-main", "No error"), ("s-error", "Error")],
            total: html! {
                (about) (count(traces)) " "
                @if errors > 0 { small.error-text { (format!("{} % errors", tenths(rate))) } }
                @else if traces > 0 { small { "no errors" } }
            },
            summary: format!("{about}{}, {} with errors", counted(traces, "trace"), count(errors)),
            bars: &|bucket| (bucket.traces, bucket.errors),
            classes: ("s-main", "s-error"),
            says: &|bucket| {
                let (traces, errors) = (n(bucket.traces), n(bucket.errors));
                format!("{about}{}, {} with errors", counted(traces, "trace"), count(errors))
            },
        },
        Panel {
            name: "Duration (log)",
            key: &[("s-main", "p50"), ("s-soft", "p95")],
            total: html! {
                span.nowrap { (p(&all, 50)) small { " p50" } } " · "
                span.nowrap { (p(&all, 95)) small { " p95" } }
            },
            summary: format!("half within {}, 95 % within {}", p(&all, 50), p(&all, 95)),
            bars: &|bucket| (height(bucket.percentile(95)), height(bucket.percentile(50))),
            classes: ("s-soft", "s-main"),
            says: &|bucket| format!("p50 {}, p95 {}", p(bucket, 50), p(bucket, 95)),
        },
        Panel {
            name: "Tokens",
            key: &[],
            total: html! { span title=(count(tokens)) { (about) (short(tokens)) } },
            summary: format!("{about}{}", counted(tokens, "token")),
            bars: &|bucket| (bucket.tokens, 0.0),
            classes: ("s-main", ""),
            says: &|bucket| format!("{about}{}", counted(n(bucket.tokens), "token")),
        },
        Panel {
            name: "Cost",
            key: &[],
            total: html! { span title=[plan.exact.then(|| exact_dollars(cost))] { (about) (dollars(cost)) } },
            summary: format!("{about}{}", dollars(cost)),
            bars: &|bucket| (bucket.cost_nano.max(0.0), 0.0),
            classes: ("s-main", ""),
            says: &|bucket| format!("{about}{}", dollars(n(bucket.cost_nano))),
        },
    ];
    html! {
        @for panel in &panels { (self::panel(panel, plan, buckets)) }
        @if let Some(oldest) = plan.scope.oldest {
            p.note { "Counted back to " (time(oldest.start_us)) " only." }
        } @else if !plan.exact {
            p.note { "≈ Estimated from a sample of this range's traces." }
        }
    }
}

fn panel(panel: &Panel<'_>, plan: &Plan, buckets: &[Bucket]) -> Markup {
    let most = buckets.iter().map(|b| (panel.bars)(b).0).fold(0.0, f64::max);
    let scale = if most > 0.0 { 100.0 / most } else { 0.0 };
    let per = width(plan.width);
    let end = plan.from + plan.width * i64::try_from(buckets.len()).unwrap_or(0);
    html! {
        div.panel.chart {
            h2 {
                (panel.name) " per " (per)
                @if !panel.key.is_empty() {
                    span.key aria-hidden="true" {
                        @for (class, text) in panel.key { span { i class=(class) {} (text) } }
                    }
                }
            }
            p.total { (panel.total) }
            svg viewBox=(format!("0 0 {} 100", buckets.len() * 10)) preserveAspectRatio="none"
                role="img" aria-label=(format!("{} per {per}: {}", panel.name, panel.summary))
                {
                @for (at, bucket) in buckets.iter().enumerate() {
                    (bars(panel, at, bucket, scale))
                }
                line.base x1="0" y1="100" x2=(buckets.len() * 10) y2="100" {}
                @for (at, bucket) in buckets.iter().enumerate() {
                    @let (start, last) = plan.bucket(at);
                    rect.hit x=(at * 10) y="0" width="10" height="100" data-from=(iso(start)) data-to=[last.map(iso)] {
                        title { (minute(start)) "\n" ((panel.says)(bucket)) }
                    }
                }
            }
            div.ends { (time(plan.from)) (time(end)) }
        }
    }
}

/// `2026-11-22 06:19 UTC`; the script puts the reader's time there.
#[must_use]
pub fn minute(at: i64) -> String {
    format!("{} UTC", iso(at).get(..16).unwrap_or_default().replace('T', " "))
}

fn bars(panel: &Panel<'_>, at: usize, bucket: &Bucket, scale: f64) -> Markup {
    let (back, front) = (panel.bars)(bucket);
    // What is there is seen, however little it is.
    let height = |value: f64| if value > 0.0 { (value * scale).max(2.0) } else { 0.0 };
    html! {
        @for (value, class) in [(back, panel.classes.0), (front, panel.classes.1)] {
            @if value > 0.0 {
                rect class=(class) x=(at * 10 + 1) y=(tenths(100.0 - height(value)))
                    width="8" height=(tenths(height(value))) {}
            }
        }
    }
}

/// `30 m`, `3 h`, `day`, `7 d`: as durations are written everywhere.
#[must_use]
pub fn width(us: i64) -> String {
    let s = us / 1_000_000;
    match s {
        ..60 => format!("{s} s"),
        60..3_600 => format!("{} m", s / 60),
        3_600..86_400 => format!("{} h", s / 3_600),
        86_400..172_800 => "day".into(),
        _ => format!("{} d", count(s / 86_400)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_estimates_and_nothing_else() {
        for (value, exact, shown) in [
            (235_934.2, true, 235_934),
            (235_934.2, false, 236_000),
            (999.6, false, 1_000),
            (12.4, false, 12),
            (0.0, false, 0),
            (1e18, false, 1_000_000_000_000_000_000),
        ] {
            assert_eq!(rounded(value, exact), shown);
        }
    }

    #[test]
    fn names_widths() {
        for (s, words) in [
            (1, "1 s"),
            (30, "30 s"),
            (60, "1 m"),
            (1_800, "30 m"),
            (3_600, "1 h"),
            (43_200, "12 h"),
            (86_400, "day"),
            (604_800, "7 d"),
            (2_592_000, "30 d"),
            (31_536_000, "365 d"),
        ] {
            assert_eq!(width(s * 1_000_000), words);
        }
    }
}
