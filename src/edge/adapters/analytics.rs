//! Data points to Workers Analytics Engine, when a dataset is bound. Writing
//! one waits for nothing and costs no round trip; one that fails is lost.

use js_sys::Array;
use worker::Env;
use worker::wasm_bindgen::prelude::*;

use crate::edge::{binding, object};
use crate::telemetry::data_points::{MAX_POINTS, Point};

#[wasm_bindgen]
extern "C" {
    /// An Analytics Engine dataset.
    type Dataset;

    #[wasm_bindgen(method, catch, js_name = writeDataPoint)]
    fn write_data_point(this: &Dataset, point: &JsValue) -> Result<JsValue, JsValue>;
}

/// Writes these points, if there is anywhere to write them.
pub fn write(env: &Env, points: impl IntoIterator<Item = Point>) {
    let Ok(dataset) = binding::<Dataset>(env, "METRICS") else { return };
    for point in points.into_iter().take(MAX_POINTS) {
        let Point { project, what, reason, count, bytes, delay_ms } = point;
        let point = object(&[
            ("indexes", Array::of1(&project.into()).into()),
            ("blobs", Array::of2(&what.into(), &reason.into()).into()),
            ("doubles", Array::of3(&count.into(), &bytes.into(), &delay_ms.into()).into()),
        ]);
        // Counting must never cost a trace.
        let _ = dataset.write_data_point(&point);
    }
}
