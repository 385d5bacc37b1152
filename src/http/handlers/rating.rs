//! A person rates a trace or a span, on its page.

use super::scores::keep_at_once;
use super::sign_in::{check_sender, is_part, signed_in};
use crate::api::NO_TRACE;
use crate::batch::RawStore;
use crate::dashboard::scores::rating;
use crate::dashboard::scores::rating::Said;
use crate::dashboard::ui::format::encode;
use crate::error::{Error, Reject};
use crate::formats::scores::rating::{RATING, Rating};
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead, Services};
use crate::index::read::read_trace_row;
use crate::index::{Database, found, scores, spans};
use crate::limits::MAX_SCORE_REASONING_CHARS;
use crate::reply::Reply;

/// Longest form that is read: a note of letters that take four bytes, each written `%F0`.
const MAX_FORM_BYTES: usize = 12 * MAX_SCORE_REASONING_CHARS + 1024;

/// Keeps what a form says of a trace or a span. Whoever may look may rate: people who
/// judge answers are those who read them, and all that it does is to add a score that says
/// whose it is, or to change that one.
pub(in crate::http) async fn rate<P, R>(
    exchange: &mut Exchange<'_, P, R>,
    trace: &str,
    span: Option<&str>,
) -> Result<Reply, Error>
where
    P: Platform,
    R: RequestHead + RequestBody,
    R::Held: AsRef<<<P as Services>::Store as RawStore>::Body>,
{
    check_sender(exchange)?;
    let page = match span {
        None => format!("/traces/{}", encode(trace)),
        Some(span) => format!("/traces/{}?span={}", encode(trace), encode(span)),
    };
    let who = match signed_in(exchange, &page).await? {
        Ok(who) => who,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let form = exchange.receive_form(MAX_FORM_BYTES).await?;
    let said = Said::of_form(&form)?;
    let id = rating::id_of(&who.key_id, trace, span);
    let db = exchange.platform.db()?;
    let mut asked = vec![scores::select_standing(&who.project, &id)];
    match span {
        None => asked.push(spans::select_trace_row(&who.project, trace)),
        Some(span) => asked.extend(spans::select_span(&who.project, trace, span)),
    }
    let mut ran = db.run(asked).await?;
    let standing = scores::read_standing(&ran.rows.remove(0))?;
    let is_there = match span {
        None => read_trace_row(&ran)?.is_some(),
        Some(span) => found::read_span(&ran, span)?.is_some_and(|found| !found.spans.is_empty()),
    };
    if !is_there {
        return Err(Reject::NotFound(NO_TRACE.into()).into());
    }
    let is_rated = standing.is_some_and(|(_, is_rated)| is_rated);
    if !said.is_nothing() || is_rated {
        // Later than what it takes the place of, whatever another isolate's clock said.
        let now = exchange.platform.now().saturating_mul(1_000);
        let at = standing.map_or(now, |(at, _)| now.max(at.saturating_add(1)));
        let rating = Rating {
            id: id.into(),
            at,
            trace_id: trace.into(),
            span_id: span.map(Into::into),
            by: (&*who.key_id).into(),
            good: said.good,
            note: Some(said.note.as_str().into()),
            taken_back: said.is_nothing(),
        };
        keep_at_once(exchange, &who.project, &RATING, &rating.to_body()).await?;
    }
    Ok(if is_part(exchange) {
        Reply::html(200, rating::form(trace, span, &said))
    } else {
        Reply::see(page)
    })
}
