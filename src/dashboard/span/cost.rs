//! What a span cost, and how that comes about: what was sent, or what prices make of its
//! tokens.

use ingest_core::fold::price::{Call, CostSource};
use maud::{Markup, html};
use prices::price::call::price;
use prices::price::overrides::Overrides;
use prices::price::words::in_words;

use crate::batch::RawStore;
use crate::dashboard::ui::format::exact_dollars;
use crate::dashboard::view::View;
use crate::error::Fault;
use crate::index::Database;
use crate::index::found::Span;
use crate::index::own_prices::{read_overrides, select_prices};
use crate::model::SpanBody;

/// The project's own prices, where one of them made the cost.
///
/// # Errors
/// A fault of the database.
pub async fn own_prices(
    view: &View<'_, impl Database, impl RawStore>,
    span: Option<&Span>,
) -> Result<Overrides, Fault> {
    if span.is_none_or(|span| span.cost_source != Some(CostSource::Project)) {
        return Ok(Overrides::default());
    }
    let ran = view.db.run(vec![select_prices(view.project)]).await?;
    read_overrides(&ran.rows.concat())
}

/// The cost among a span's numbers; of a call without one why it has none.
#[must_use]
pub fn show_cost(span: &Span, body: Option<&SpanBody<'_>>, own: &Overrides) -> Markup {
    html! {
        @match (span.cost_nano, span.cost_source) {
            (Some(nano), Some(CostSource::Table | CostSource::Project)) => {
                div {
                    dt { "Cost" }
                    dd title=(how(nano, span, body, own)) { (exact_dollars(nano)) span.muted { " · computed" } }
                }
            }
            (Some(nano), _) => div { dt { "Cost" } dd { (exact_dollars(nano)) } },
            (None, _) if span.unpriced => {
                div {
                    dt { "Cost" }
                    dd.muted { "no price known for model " (span.model.as_deref().unwrap_or_default()) }
                }
            }
            (None, _) => {}
        }
    }
}

/// How a computed cost comes about, if the prices that there are now still make it.
fn how(nano: i64, span: &Span, body: Option<&SpanBody<'_>>, own: &Overrides) -> String {
    let priced = body.zip(span.end_us.or(span.start_us)).and_then(|(body, at_us)| {
        let model = span.model.as_deref()?;
        price(&Call { model, provider: body.provider, usage: body.usage, at_us }, own)
    });
    match priced.filter(|priced| priced.costed.nano == nano) {
        Some(priced) => in_words(&priced),
        None => "Computed by a price that is another now: a replay applies it".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::found::Parent;
    use crate::model::{Provider, Status, Usage};

    fn span(cost_nano: Option<i64>, cost_source: Option<CostSource>) -> Span {
        Span {
            id: "s".into(),
            parent: Parent::None,
            name: "n".into(),
            kind: 1,
            status: Status::Ok,
            start_us: Some(1_795_478_400_000_000),
            end_us: None,
            model: Some("gpt-4o".into()),
            prompt_tokens: None,
            completion_tokens: None,
            total_tokens: None,
            cost_nano,
            cost_source,
            unpriced: cost_nano.is_none(),
            received_ms: None,
            unreceived: false,
            beside: false,
            slices: Vec::new(),
        }
    }

    #[test]
    fn a_computed_cost_is_marked_and_says_how_it_comes_about() {
        let usage = Usage { prompt: Some(1_000), completion: Some(500), ..Usage::default() };
        let body = SpanBody { usage, provider: Some(Provider::OpenAi), ..SpanBody::default() };
        let show = |cost, source| {
            show_cost(&span(cost, source), Some(&body), &Overrides::default()).into_string()
        };
        let computed = show(Some(7_500_000), Some(CostSource::Table));
        let how = "title=\"1,000 input × $2.50 / M + 500 output × $10 / M, table of 20";
        assert!(computed.contains(how) && computed.contains("computed"), "{computed}");
        let older = show(Some(7_500_001), Some(CostSource::Table));
        assert!(older.contains("a price that is another now"), "{older}");
        let sent = show(Some(7_500_000), Some(CostSource::Client));
        assert!(!sent.contains("computed") && sent.contains("$0.0075"), "{sent}");
        assert!(show(None, None).contains("no price known for model gpt-4o"));
    }
}
