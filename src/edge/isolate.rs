//! What lives as long as an isolate.

use std::rc::Rc;

use crate::http::platform::Isolate;

thread_local! {
    /// What the requests of this isolate share.
    pub(super) static ISOLATE: Rc<Isolate> = Rc::default();
}
