//! What a queue says of itself, which the `worker` crate (0.8.7) does not ask.

use js_sys::{Date, Promise};
use wasm_bindgen_futures::JsFuture;
use worker::wasm_bindgen::prelude::*;

use crate::http::platform::Backlog;
use crate::model::Millis;

#[wasm_bindgen]
extern "C" {
    /// A queue to send to.
    pub type Producer;

    #[wasm_bindgen(method, catch)]
    fn metrics(this: &Producer) -> Result<Promise, JsValue>;

    type Metrics;

    #[wasm_bindgen(method, getter, js_name = backlogCount)]
    fn backlog_count(this: &Metrics) -> Option<f64>;

    #[wasm_bindgen(method, getter, js_name = oldestMessageTimestamp)]
    fn oldest_message(this: &Metrics) -> Option<Date>;
}

/// What waits on a queue; `None` where the platform does not say.
pub async fn backlog(queue: Producer) -> Option<Backlog> {
    let metrics: Metrics = JsFuture::from(queue.metrics().ok()?).await.ok()?.unchecked_into();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, a time")]
    let (messages, oldest) = (
        metrics.backlog_count()? as u64,
        metrics.oldest_message().map(|at| at.get_time() as Millis),
    );
    Some(Backlog { messages, oldest })
}
