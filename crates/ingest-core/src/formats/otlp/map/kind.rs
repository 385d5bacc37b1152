//! Which type a span is of, and which family of instrumentation says so. The first rule
//! that knows the value counts; a value that is not known falls through to the next.

use super::value::{as_str, unquoted};
use crate::formats::otlp::span::{Attributes, Span};
use crate::model::SpanType;

/// A family of instrumentation: who named the attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Langfuse,
    OpenInference,
    /// OpenTelemetry's own conventions for generative AI.
    GenAi,
    /// All others.
    Other,
    /// Those of what is not about models: HTTP, databases.
    Beside,
}

/// The type of a span, and the family of the rule that knew it.
pub(super) fn classify(span: &Span<'_>) -> (SpanType, Family) {
    let attributes = &span.attributes;
    let value = |key| as_str(attributes.get(key));
    let rules =
        || langfuse(value("langfuse.observation.type")?).map(|kind| (kind, Family::Langfuse));
    rules()
        .or_else(|| {
            let kind = open_inference(value("openinference.span.kind")?, &span.name)?;
            Some((kind, Family::OpenInference))
        })
        .or_else(|| Some((operation(value("gen_ai.operation.name")?)?, Family::GenAi)))
        .or_else(|| Some((traceloop(value("traceloop.span.kind")?)?, Family::GenAi)))
        .or_else(|| Some((ai_sdk(value("ai.operationId")?)?, Family::Other)))
        .or_else(|| {
            let kind = unquoted(attributes.get("mlflow.spanType"))?;
            Some((mlflow(&kind)?, Family::Other))
        })
        .or_else(|| Some((lang_smith(value("langsmith.span.kind")?)?, Family::Other)))
        .or_else(|| Some((lang_smith(value("llm.request.type")?)?, Family::Other)))
        .unwrap_or_else(|| by_what_there_is(span))
}

fn langfuse(kind: &str) -> Option<SpanType> {
    Some(match kind {
        "generation" | "embedding" => SpanType::Llm,
        "agent" => SpanType::Agent,
        "tool" => SpanType::Tool,
        "retriever" => SpanType::Retrieval,
        "chain" => SpanType::Chain,
        "guardrail" => SpanType::Guardrail,
        "evaluator" | "event" => SpanType::Custom,
        _ => return None,
    })
}

fn open_inference(kind: &str, name: &str) -> Option<SpanType> {
    Some(match kind {
        // What the instrumentation of OpenAI's Agents makes of a handoff.
        "TOOL" if name.starts_with("handoff to ") => SpanType::Delegation,
        "LLM" | "EMBEDDING" => SpanType::Llm,
        "RETRIEVER" | "RERANKER" => SpanType::Retrieval,
        "AGENT" => SpanType::Agent,
        "TOOL" => SpanType::Tool,
        "CHAIN" => SpanType::Chain,
        "GUARDRAIL" => SpanType::Guardrail,
        "EVALUATOR" | "PROMPT" => SpanType::Custom,
        _ => return None,
    })
}

fn operation(name: &str) -> Option<SpanType> {
    Some(match name {
        "chat" | "text_completion" | "generate_content" | "embeddings" => SpanType::Llm,
        "execute_tool" => SpanType::Tool,
        "retrieval" | "search_memory" => SpanType::Retrieval,
        "invoke_agent" | "create_agent" => SpanType::Agent,
        "invoke_workflow"
        | "handle_conversation_turn"
        | "plan"
        | "execute_task"
        | "agent_step"
        | "execute_event_loop_cycle"
        | "chain" => SpanType::Chain,
        "run_guardrail" => SpanType::Guardrail,
        other if other.ends_with("_memory") || other.ends_with("_memory_store") => SpanType::Custom,
        _ => return None,
    })
}

fn traceloop(kind: &str) -> Option<SpanType> {
    Some(match kind {
        "workflow" | "task" => SpanType::Chain,
        "agent" => SpanType::Agent,
        "tool" => SpanType::Tool,
        _ => return None,
    })
}

fn ai_sdk(operation: &str) -> Option<SpanType> {
    Some(match operation {
        "ai.toolCall" => SpanType::Tool,
        "ai.embed" | "ai.embedMany" => SpanType::Chain,
        call if call.ends_with(".doGenerate")
            || call.ends_with(".doStream")
            || call.ends_with(".doEmbed") =>
        {
            SpanType::Llm
        }
        outer if outer.starts_with("ai.") => SpanType::Agent,
        _ => return None,
    })
}

fn mlflow(kind: &str) -> Option<SpanType> {
    Some(match kind {
        "CHAT_MODEL" | "LLM" | "EMBEDDING" => SpanType::Llm,
        "WORKFLOW" | "TASK" | "CHAIN" => SpanType::Chain,
        "AGENT" => SpanType::Agent,
        "TOOL" => SpanType::Tool,
        "RETRIEVER" => SpanType::Retrieval,
        "GUARDRAIL" => SpanType::Guardrail,
        _ => return None,
    })
}

fn lang_smith(kind: &str) -> Option<SpanType> {
    Some(match kind {
        "llm" | "embedding" | "chat" | "completion" => SpanType::Llm,
        "tool" => SpanType::Tool,
        "retriever" | "rerank" => SpanType::Retrieval,
        "chain" => SpanType::Chain,
        _ => return None,
    })
}

/// Attributes of spans that have nothing to do with models.
const PLAIN: [&str; 6] = ["http.", "url.", "db.", "rpc.", "messaging.", "faas."];

/// Attributes that clients and servers of other protocols have.
const OF_NETWORK: [&str; 5] = ["net.", "network.", "server.", "client.", "peer."];

fn by_what_there_is(span: &Span<'_>) -> (SpanType, Family) {
    let Span { attributes, .. } = span;
    let any = |prefixes: &[&str]| prefixes.iter().any(|p| !attributes.with_prefix(p).is_empty());
    let is = |key| has(attributes, key);
    let models = ["gen_ai.request.model", "gen_ai.response.model"].into_iter().any(is);
    if is("gen_ai.tool.name") && !models {
        return (SpanType::Tool, Family::Other);
    }
    if is("agent_name") {
        return (SpanType::Agent, Family::Other);
    }
    if models || is("llm.model_name") || is("ai.model") {
        return (SpanType::Llm, Family::Other);
    }
    if any(&PLAIN) {
        return (SpanType::Custom, Family::Beside);
    }
    // Who marks an agent or a tool of their own by the kind gives them no such attributes.
    let family = if any(&OF_NETWORK) { Family::Beside } else { Family::Other };
    match span.kind {
        1 => (SpanType::Chain, Family::Other),
        2 => (SpanType::Agent, family),
        3 => (SpanType::Tool, family),
        _ => (SpanType::Custom, Family::Other),
    }
}

fn has(attributes: &Attributes<'_>, key: &str) -> bool {
    attributes.get(key).is_some()
}

#[cfg(test)]
mod tests {
    use super::super::tests::span;
    use super::*;

    #[test]
    fn the_first_rule_that_knows_the_value_counts() {
        for (pairs, kind, family) in [
            (
                &[("langfuse.observation.type", "generation"), ("openinference.span.kind", "TOOL")]
                    [..],
                SpanType::Llm,
                Family::Langfuse,
            ),
            (
                &[("langfuse.observation.type", "span"), ("openinference.span.kind", "TOOL")],
                SpanType::Tool,
                Family::OpenInference,
            ),
            (&[("gen_ai.operation.name", "invoke_agent")], SpanType::Agent, Family::GenAi),
            (
                &[("gen_ai.operation.name", "new"), ("traceloop.span.kind", "task")],
                SpanType::Chain,
                Family::GenAi,
            ),
            (&[("ai.operationId", "ai.generateText")], SpanType::Agent, Family::Other),
            (&[("ai.operationId", "ai.streamText.doStream")], SpanType::Llm, Family::Other),
            (&[("mlflow.spanType", "\"CHAT_MODEL\"")], SpanType::Llm, Family::Other),
            (&[("llm.request.type", "rerank")], SpanType::Retrieval, Family::Other),
            (&[("gen_ai.tool.name", "t")], SpanType::Tool, Family::Other),
            (
                &[("gen_ai.tool.name", "t"), ("gen_ai.request.model", "m")],
                SpanType::Llm,
                Family::Other,
            ),
            (&[("gen_ai.agent.name", "a"), ("url.full", "u")], SpanType::Custom, Family::Beside),
            (&[("server.address", "x")], SpanType::Chain, Family::Other),
            (&[], SpanType::Chain, Family::Other),
        ] {
            assert_eq!(classify(&span(pairs)), (kind, family), "{pairs:?}");
        }
        let mut handoff = span(&[("openinference.span.kind", "TOOL")]);
        handoff.name = "handoff to refunds".into();
        assert_eq!(classify(&handoff).0, SpanType::Delegation);
        let of_network = |kind| classify(&Span { kind, ..span(&[("server.address", "x")]) });
        assert_eq!(of_network(2), (SpanType::Agent, Family::Beside));
        assert_eq!(of_network(3), (SpanType::Tool, Family::Beside));
        let by_kind = |kind| classify(&Span { kind, ..span(&[]) }).0;
        assert_eq!(
            [0, 1, 2, 3, 4].map(by_kind),
            [SpanType::Custom, SpanType::Chain, SpanType::Agent, SpanType::Tool, SpanType::Custom]
        );
    }
}
