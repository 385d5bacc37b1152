//! A batch comes in, by whatever wire format.

use crate::access::api_keys::Principal;
use crate::access::scope::Scope;
use crate::batch::RawStore;
use crate::error::{Error, Reject};
use crate::formats::FormatPath;
use crate::http::address::Address;
use crate::http::body;
use crate::http::body::{Received, Wanted};
use crate::http::exchange::Exchange;
use crate::http::platform::{Platform, RequestBody, RequestHead, Services, Witness};
use crate::http::router;
use crate::pipeline::ingest;
use crate::pipeline::ingest::{Ingested, Preference, Upload, check, keep};
use crate::pipeline::stand_in::stand_in;
use crate::reply::Reply;

/// Takes a batch in, and answers as its format does.
pub(in crate::http) async fn accept<P, R>(
    exchange: &mut Exchange<'_, P, R>,
    at: FormatPath,
) -> Result<Reply, Error>
where
    P: Platform,
    R: RequestHead + RequestBody,
    R::Held: AsRef<<<P as Services>::Store as RawStore>::Body>,
{
    let content_type = exchange.header("content-type");
    let (format, accepted) = exchange.formats.choose(at, content_type.as_deref())?;
    exchange.noted.format = Some(format);
    let who = exchange.principal(Scope::Ingest).await?;
    exchange.count(&who, false).await?;
    accepted?;
    if at.kept {
        check_quota(exchange, &who)?;
    }
    let prefer = exchange.header("prefer");
    let preference = Preference {
        project: who.handling,
        request: prefer.as_deref().and_then(ingest::preferred_handling),
    };
    let now = || exchange.platform.now();
    let uploads = &exchange.isolate.uploads;
    // What it is counted as is held up to the end, as the body is.
    let wanted = Wanted { most: format.max_body_bytes, zstd: format.extras.zstd };
    let received = body::receive(exchange.request, wanted, uploads, &now).await?;
    if !at.kept {
        return Ok((format.unkept)());
    }
    let mut id = router::read_id(at, Address::of(&exchange.url).path)?;
    if format.extras.counts_again {
        // What would count again each time counts once for a key.
        id = exchange.header("idempotency-key").filter(|key| !key.is_empty());
    }
    let Received { bytes, held, gzipped, mut share } =
        match (format.extras.prepare)(at.path, id.as_deref(), &received.bytes)? {
            Some(prepared) => received.replace::<R>(prepared, now())?,
            None => received,
        };
    let length = bytes.len();
    exchange.noted.bytes = Some(length);
    let (store, queue) = (exchange.platform.store()?, exchange.platform.queue()?);
    let received = exchange.platform.now();
    let random = || exchange.platform.random().map(u64::from_le_bytes);
    let random = format.extras.counts_again.then(random).transpose()?;
    let upload = Upload { project: &who.project, format, preference, received, random };
    let checked = check(upload, &bytes)?;
    drop(bytes);
    let small = match checked.batch {
        Some(_) if !gzipped => {
            let room = (&exchange.isolate.compressed, &mut share);
            let from =
                body::compress_from(exchange.platform.setting("COMPRESS_FROM_KB").as_deref());
            body::compress(held.as_ref(), (length, from), &store, room, &now).await
        }
        _ => None,
    };
    let Ingested { receipt, unsent } = if let Some(small) = small {
        drop(held);
        keep(checked.gzipped(), &small, &store, &queue).await?
    } else {
        let checked = if gzipped { checked.gzipped() } else { checked };
        keep(checked, held.as_ref(), &store, &queue).await?
    };
    exchange.noted.events = Some(receipt.events);
    if let Some(message) = unsent {
        // The queue is down: after the answer what it would have had done is done here.
        let (db, evaluations) = (exchange.platform.db()?, exchange.platform.evaluations()?);
        let (witness, formats) = (exchange.platform.witness(), exchange.formats);
        exchange.platform.run_later(async move {
            let now = || witness.now();
            let outcome = stand_in(&message, &now, formats, &store, &db, &evaluations).await;
            witness.settled(&message.key, &outcome);
        });
    }
    Ok((format.accepted)(&receipt, at.path))
}

/// Refuses batches of a project that is over its limit, until the next month.
fn check_quota<P: Platform, R>(
    exchange: &Exchange<'_, P, R>,
    who: &Principal,
) -> Result<(), Reject> {
    let left = who.blocked_until.map_or(0, |until| until - exchange.started);
    if left > 0 && exchange.platform.refuses_over_quota() {
        return Err(Reject::QuotaExceeded { retry_after_s: (left + 999) / 1_000 });
    }
    Ok(())
}
