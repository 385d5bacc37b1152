"""Traces by OpenTelemetry's Python exporter, and by Langfuse's Python SDK, each set up by
its environment variables alone (docs/connecting.md). Prints the ids of their traces."""

import sys

from langfuse import get_client, observe
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def by_opentelemetry() -> str:
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("shop", "1.2.3")
    with tracer.start_as_current_span("answer", attributes={"session.id": "s-1"}) as root:
        attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt", "gen_ai.usage.input_tokens": 5}
        with tracer.start_as_current_span("chat", attributes=attributes):
            pass
        trace_id = trace.format_trace_id(root.get_span_context().trace_id)
    provider.shutdown()
    return trace_id


@observe(as_type="generation")
def chat(question: str) -> str:
    get_client().update_current_generation(model="gpt", usage_details={"input": 5, "output": 7})
    return "On its way."


@observe()
def answer(question: str) -> tuple[str, str]:
    return get_client().get_current_trace_id(), chat(question)


def by_langfuse() -> str:
    trace_id, _ = answer("Where is my order?")
    get_client().shutdown()
    return trace_id


print({"opentelemetry": by_opentelemetry, "langfuse": by_langfuse}[sys.argv[1]]())
