//! What went in and came out of a trace itself, in formats whose traces say that: fetched
//! when the trace's page asks for it, one of them in another way, or raw.

use maud::{Markup, html};

use crate::api::NO_TRACE;
use crate::batch::RawStore;
use crate::dashboard::span::payload::{PayloadRequest, Place, part};
use crate::dashboard::span::payload_field::PayloadField;
use crate::dashboard::ui::asset::Asset;
use crate::dashboard::ui::layout::{Shell, document};
use crate::dashboard::ui::url::{query_value, trace_url};
use crate::dashboard::view::View;
use crate::error::{Error, Reject};
use crate::index::read::{TraceRow, read_trace_row};
use crate::index::{Database, spans};
use crate::model::Json;
use crate::payload::{Missing, Payloads};
use crate::reply::Reply;

/// The payloads that a trace itself may have.
const FIELDS: [PayloadField; 2] = [PayloadField::Output, PayloadField::Input];

/// Where a trace's own content is fetched from.
fn path(trace: &str) -> String {
    trace_url(trace) + "/content"
}

/// The place of a trace's own content on its page: open where it is all that there is, else
/// fetched when somebody unfolds it. `None` for a trace that has none.
#[must_use]
pub fn place(trace: &TraceRow, open: bool) -> Option<Markup> {
    trace.own_input().or_else(|| trace.own_output())?;
    let url = path(&trace.id);
    // What is folded away is on no screen.
    let trigger = if open { "load" } else { "intersect once" };
    Some(html! {
        details.metadata.own open[open] {
            summary { "Input and output" }
            div hx-get=(url) hx-trigger=(trigger) { a href=(url) { "Show" } }
        }
    })
}

/// `GET /traces/{id}/content`: a part of the trace's page when htmx asks, else a page of
/// its own; `?part=` for one payload, `view=` for how it is shown.
///
/// # Errors
/// 404 when the project has no such trace; a fault of the database or the store.
pub async fn page(view: &View<'_, impl Database, impl RawStore>, id: &str) -> Result<Reply, Error> {
    let (trace, payloads) = fetch(view, id).await?;
    let (asked, mode) = (PayloadField::asked(view.query), query_value(view.query, "view"));
    let path = path(id);
    let request =
        if asked.is_some() { PayloadRequest::For(mode.as_deref()) } else { PayloadRequest::No };
    let wanted = FIELDS.into_iter().filter(|field| asked.is_none_or(|asked| asked == *field));
    let shown = html! {
        @for field in wanted {
            @match read(field, &trace, &payloads) {
                Ok(Some(json)) => (part(field, &json, Place::Trace(&path), request, view.plain)),
                Ok(None) => {},
                Err(why) => p.message.warn { (field.label()) " cannot be shown: " (why) "." },
            }
        }
    };
    if view.part {
        return Ok(Reply::html(200, shown));
    }
    let back = trace_url(id);
    let shell = Shell {
        title: &trace.name,
        project: view.shown_project(),
        assets: &[Asset::TraceCss, Asset::ChatCss, Asset::Htmx, Asset::SpanJs],
        back: Some((&back, "Trace")),
    };
    let main = html! { h1 { (trace.name) } h2.sr { "Input and output" } (shown) };
    Ok(Reply::html(200, document(&shell, &main)))
}

/// `GET /traces/{id}/content/raw?part=input`: one of them as it was sent.
///
/// # Errors
/// As [`page`], and 404 for one that is not there.
pub async fn raw(view: &View<'_, impl Database, impl RawStore>, id: &str) -> Result<Reply, Error> {
    let (trace, payloads) = fetch(view, id).await?;
    let asked = PayloadField::asked(view.query).filter(|field| FIELDS.contains(field));
    let json = asked.map(|field| read(field, &trace, &payloads)).transpose();
    let json = json.map_err(|why| Reject::NotFound(why.into()))?.flatten();
    let none = || Reject::NotFound("this trace has no such payload".into());
    Ok(Reply::raw_payload("application/json", json.ok_or_else(none)?.into_owned()))
}

async fn fetch(
    view: &View<'_, impl Database, impl RawStore>,
    id: &str,
) -> Result<(TraceRow, Payloads), Error> {
    let ran = view.db.run(vec![spans::select_trace_row(view.project, id)]).await?;
    let none = || Reject::NotFound(NO_TRACE.into());
    let trace = read_trace_row(&ran)?.ok_or_else(none)?;
    let slices: Vec<_> = trace.own_input().into_iter().chain(trace.own_output()).collect();
    let payloads = Payloads::read(&view.source, &slices.iter().collect::<Vec<_>>()).await?;
    Ok((trace, payloads))
}

fn read<'a>(
    field: PayloadField,
    trace: &TraceRow,
    payloads: &'a Payloads,
) -> Result<Option<Json<'a>>, Missing> {
    let is_input = field == PayloadField::Input;
    let slice = if is_input { trace.own_input() } else { trace.own_output() };
    let Some(slice) = slice else { return Ok(None) };
    let (input, output) = payloads.trace_content(&slice)?;
    Ok(if is_input { input } else { output })
}
