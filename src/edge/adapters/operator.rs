//! What the operator of a deployment has set: variables and secrets of the Worker.

use std::time::Duration;

use worker::{Delay, Env};

use crate::evaluation::outside::Operator;

/// What the operator of a deployment has set.
pub struct Operated<'e>(pub &'e Env);

impl Operator for Operated<'_> {
    fn setting(&self, name: &str) -> Option<String> {
        let variable = self.0.var(name).map(|value| value.to_string());
        let value = variable.or_else(|_| self.0.secret(name).map(|value| value.to_string()));
        value.ok().filter(|value| !value.is_empty())
    }

    fn is_local(&self) -> bool {
        self.0.var("EDGESPAN_LOCAL").is_ok()
    }

    async fn wait(&self, ms: u32) {
        Delay::from(Duration::from_millis(ms.into())).await;
    }
}
