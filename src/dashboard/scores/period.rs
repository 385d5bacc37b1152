//! Pages of a range of time: which one is asked for, and the form that asks for another.

use maud::{Markup, html};

use crate::dashboard::list::filter::{ListQuery, Problem};
use crate::dashboard::list::form::range_fields;
use crate::dashboard::ui::asset::Asset;
use crate::dashboard::ui::layout::{Shell, document};

/// The range of time of a query; no more of it is meant on such pages.
#[must_use]
pub fn asked_range(query: &str) -> ListQuery {
    let ListQuery { range, from, to, .. } = ListQuery::parse(query);
    ListQuery { range, from, to, ..ListQuery::default() }
}

/// What an address cannot be read for.
#[must_use]
pub fn problems(problems: &[Problem]) -> Markup {
    html! {
        @for (label, takes) in problems {
            p.message.error role="alert" { b { (label) } ": this takes " (takes) "." }
        }
    }
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
