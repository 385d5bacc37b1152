//! What a call of a model used: tokens, which in this protocol include what was cached
//! and what was thought, and costs where somebody knew them.

use super::value::Sent;
use crate::json::number;
use crate::limits::MAX_COST_USD;
use crate::model::{Json, Usage};

/// The usage of a run: what its outputs say, else its metadata, else the message that
/// `LangChain` puts into its outputs.
pub(super) fn read<'a>(
    outputs: Option<Sent<'a>>,
    metadata: Option<Sent<'a>>,
) -> (Usage, Option<Json<'a>>) {
    let said = outputs.and_then(|outputs| outputs.field("usage_metadata"));
    let said = said.and_then(Sent::object);
    let noted = || metadata?.field("usage_metadata")?.object();
    let in_message = || {
        let message = outputs?.field("generations")?.first()?.first()?.field("message")?;
        message.field("kwargs")?.field("usage_metadata")?.object()
    };
    let Some(usage) = said.or_else(noted).or_else(in_message) else { return <_>::default() };
    let [input, output, total, details] =
        usage.fields(["input_tokens", "output_tokens", "total_tokens", "input_token_details"]);
    let tokens = |sent: Option<Sent>| sent.and_then(Sent::tokens);
    let detail = |name| tokens(details.and_then(|details| details.field(name)));
    let counts = Usage {
        prompt: tokens(input),
        completion: tokens(output),
        total: tokens(total),
        cached: detail("cache_read"),
        audio: detail("audio"),
        ..Usage::default()
    };
    let counts = counts.with_writes(
        detail("cache_creation"),
        detail("ephemeral_5m_input_tokens"),
        detail("ephemeral_1h_input_tokens"),
    );
    (counts, cost(usage))
}

/// The cost, in US dollars: the total, or the sum of its parts.
fn cost(usage: Sent<'_>) -> Option<Json<'_>> {
    let [total, input, output] = usage.fields(["total_cost", "input_cost", "output_cost"]);
    let said = total.filter(|total| total.number().is_some() && number::is_cost(total.json));
    if let Some(said) = said {
        return Some(said.json.into());
    }
    let parts = [input, output].map(|part| part.and_then(Sent::number));
    let sum = parts.into_iter().flatten().reduce(|sum, part| sum + part)?;
    let sum = serde_json::Number::from_f64(sum).filter(|_| sum.abs() <= MAX_COST_USD)?;
    Some(sum.to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_found_wherever_it_is_said() {
        const USED: &str = r#"{"input_tokens":150,"output_tokens":50,"total_tokens":200,
            "input_token_details":{"cache_read":20},"output_token_details":{"reasoning":5}}"#;
        let in_message = format!(
            r#"{{"generations":[[{{"message":{{"kwargs":{{"usage_metadata":{USED}}}}}}}]]}}"#
        );
        let named = format!(r#"{{"usage_metadata":{USED}}}"#);
        let other = r#"{"usage_metadata":{"input_tokens":1}}"#;
        for (outputs, metadata) in
            [(&*named, other), ("{}", &*named), (&*in_message, "{}"), (&*named, "{}")]
        {
            let (usage, cost) = read(Sent::all_of(outputs), Sent::all_of(metadata));
            let found = (usage.prompt, usage.completion, usage.total, usage.cached);
            assert_eq!(found, (Some(150), Some(50), Some(200), Some(20)), "{outputs} {metadata}");
            assert_eq!(cost, None);
        }
        let odd =
            r#"{"usage_metadata":{"input_tokens":-1,"output_tokens":"5","total_tokens":1e99}}"#;
        assert_eq!(read(Sent::all_of(odd), None).0, Usage::default());
        assert_eq!(read(None, None), (Usage::default(), None));
    }

    #[test]
    fn what_was_put_into_caches_is_said_in_all_or_by_how_long_it_is_kept() {
        for (details, writes) in [
            (r#"{"cache_creation":30}"#, (Some(30), None)),
            (r#"{"cache_creation":0,"ephemeral_5m_input_tokens":30}"#, (Some(30), None)),
            (
                r#"{"cache_creation":30,"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20}"#,
                (Some(10), Some(20)),
            ),
            (
                r#"{"cache_creation":0,"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":20}"#,
                (Some(10), Some(20)),
            ),
            (r#"{"ephemeral_1h_input_tokens":20}"#, (None, Some(20))),
            ("{}", (None, None)),
        ] {
            let text = format!(
                r#"{{"usage_metadata":{{"input_tokens":100,"input_token_details":{details}}}}}"#
            );
            let (usage, _) = read(Sent::all_of(&text), None);
            assert_eq!((usage.cache_write, usage.cache_write_1h), writes, "{details}");
        }
    }

    #[test]
    fn a_cost_is_the_one_that_was_said_or_the_sum_of_its_parts() {
        for (usage, cost) in [
            (r#"{"total_cost":0.50,"input_cost":9}"#, Some("0.50")),
            (r#"{"input_cost":0.25,"output_cost":0.5}"#, Some("0.75")),
            (r#"{"output_cost":0}"#, Some("0.0")),
            (r#"{"total_cost":1e9}"#, None),
            (r#"{"total_cost":"1"}"#, None),
        ] {
            let outputs = format!(r#"{{"usage_metadata":{usage}}}"#);
            assert_eq!(read(Sent::all_of(&outputs), None).1.as_deref(), cost, "{usage}");
        }
    }
}
