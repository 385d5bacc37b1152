//! Pages of a range of time: which one is asked for, and the form that asks for another.

use maud::{Markup, html};

use crate::dashboard::list::filter::ListQuery;
use crate::dashboard::list::form::range_fields;
use crate::dashboard::ui::asset::Asset;
use crate::dashboard::ui::layout::{Shell, document};
use crate::dashboard::view::View;
use crate::index::rollups::Hours;
use crate::index::traces::Filter;
use crate::model::Millis;
use crate::reply::Reply;

/// The range of time of a query; no more of it is meant on such pages.
#[must_use]
pub fn asked_range(query: &str) -> ListQuery {
    let ListQuery { range, from, to, .. } = ListQuery::parse(query);
    ListQuery { range, from, to, ..ListQuery::default() }
}

/// The longest range, in hours: a row is read for each day of it, and of the time before.
pub const MAX_HOURS: i64 = 100 * 24;
/// A millisecond, in microseconds.
const MILLISECOND_US: i64 = 1_000;
/// An hour, in microseconds.
pub const HOUR_US: i64 = 3_600_000_000;

/// The whole hours of a range up to a time, the one that runs among them, and as many before.
#[must_use]
pub fn hours_of(filter: &Filter, now: Millis) -> (Hours, Hours) {
    let now = now.saturating_mul(1_000);
    // An end is the last microsecond of what was asked for, of a moment the last of its
    // millisecond: at a full hour that hour is not meant.
    let last = filter.to.filter(|to| *to <= now).map_or(now, |to| to - MILLISECOND_US);
    let end = last.div_euclid(HOUR_US) + 1;
    // A range up to now does not begin in the middle of an hour.
    let skipped = if filter.to.is_none() { HOUR_US - 1 } else { 0 };
    let start = filter.from.map_or(end - MAX_HOURS, |from| (from + skipped).div_euclid(HOUR_US));
    let start = start.clamp(end - MAX_HOURS, end - 1);
    (start..end, start - (end - start)..start)
}

/// The filter of a range; of an address that cannot be read the page that says so, below its
/// head.
///
/// # Errors
/// That page.
pub fn filter_of<D, S>(
    asked: &ListQuery,
    view: &View<'_, D, S>,
    (title, head): (&str, &Markup),
) -> Result<Filter, Reply> {
    let read = asked.filter(view.now).map(|(filter, _)| filter);
    read.map_err(|problems| {
        let main = html! {
            (head)
            @for (label, takes) in problems {
                p.message.error role="alert" { b { (label) } ": this takes " (takes) "." }
            }
        };
        Reply::html(400, period_page(title, view.project_name, &main))
    })
}

/// The form of the page at a path: its own fields, and those of the range.
#[must_use]
pub fn range_form(path: &str, own: &Markup, asked: &ListQuery) -> Markup {
    html! {
        form.filters.open #filters method="get" action=(path) aria-label="Range" {
            (own)
            (range_fields(asked))
            div.actions { button.primary type="submit" { "Apply" } }
        }
    }
}

/// The whole of such a page.
#[must_use]
pub fn period_page(title: &str, project: &str, main: &Markup) -> Markup {
    let shell = Shell {
        title,
        project: Some(project),
        assets: &[Asset::ListCss, Asset::ScoresCss, Asset::ListJs],
        back: None,
    };
    document(&shell, main)
}
