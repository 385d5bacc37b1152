//! Questions of other services' clients.

use crate::compat::Question;
use crate::error::Error;
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestHead};
use crate::reply::Reply;

/// Answers in the words of that service, failures too.
pub(in crate::http) async fn answer<P: Platform, R: RequestHead>(
    exchange: &mut Exchange<'_, P, R>,
    question: Question,
) -> Result<Reply, Error> {
    exchange.noted.format = Some(question.format());
    if let Some(answer) = question.answer_anybody() {
        return Ok(answer?);
    }
    let who = exchange.reader(question.scope()).await?;
    let (db, store) = (exchange.platform.db()?, exchange.platform.store()?);
    let (source, query) = (exchange.source(&store), exchange.query());
    question.answer(&who, &query, &db, source).await
}
