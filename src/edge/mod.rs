//! The doors of the Worker and the adapters behind them: the only module that
//! names the platform. It decides nothing: requests and messages go to the
//! modules that do, and what comes back is put into the platform's words.

mod adapters;
mod buffer;
mod fetch;
mod gzip;
mod isolate;
mod log;
mod platform;
mod queue;
mod request;
mod scheduled;
mod start;

use worker::Env;
use worker::wasm_bindgen::{JsCast, JsValue};

use crate::error::Fault;
use crate::model::Millis;

/// The binding of this name, as the JavaScript object that it is.
fn binding<T: JsCast>(env: &Env, name: &'static str) -> Result<T, Fault> {
    js_sys::Reflect::get(env, &JsValue::from_str(name))
        .ok()
        .filter(JsValue::is_object)
        .map(JsCast::unchecked_into)
        .ok_or_else(|| Fault::Internal(format!("there is no binding {name}")))
}

/// The platform's clock. It stands still while the Worker computes and moves
/// on with every wait.
fn now() -> Millis {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds are far below 2^53")]
    let now = js_sys::Date::now() as Millis;
    now
}

/// A plain object with these properties.
fn object(properties: &[(&str, JsValue)]) -> JsValue {
    let object = js_sys::Object::new();
    for (name, value) in properties {
        // Setting a property of a fresh plain object cannot fail.
        let _ = js_sys::Reflect::set(&object, &JsValue::from_str(name), value);
    }
    object.into()
}

/// What a JavaScript error says.
fn text_of(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(
        || error.as_string().unwrap_or_else(|| "an error that is no Error".into()),
        |error| error.message().into(),
    )
}
