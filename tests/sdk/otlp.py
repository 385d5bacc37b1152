"""Traces by published clients of OpenTelemetry's protocol, each set up by its environment
variables alone (docs/connecting.md), over a stub of a model where it calls one. Prints
the id of the trace that it sent. Imports are in the functions: each process runs one
client, and they are large."""

import sys
from contextlib import contextmanager

from stub_openai import StubOpenAI

QUESTION = "Where is my order?"


@contextmanager
def provider_of_spans():
    """OpenTelemetry's SDK with its exporter; all is sent at the end."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    yield provider
    provider.shutdown()


def trace_id_of(span) -> str:
    from opentelemetry import trace

    return trace.format_trace_id(span.get_span_context().trace_id)


def ask_openai(base_url: str) -> None:
    import openai

    client = openai.OpenAI(base_url=base_url, api_key="none")
    client.chat.completions.create(model="gpt-4o-mini", temperature=0.2, messages=[{"role": "user", "content": QUESTION}])


def by_opentelemetry() -> str:
    with provider_of_spans() as provider:
        tracer = provider.get_tracer("shop", "1.2.3")
        with tracer.start_as_current_span("answer", attributes={"session.id": "s-1"}) as root:
            attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt", "gen_ai.usage.input_tokens": 5}
            with tracer.start_as_current_span("chat", attributes=attributes):
                pass
    return trace_id_of(root)


def by_langfuse() -> str:
    from langfuse import get_client, observe

    @observe(as_type="generation")
    def chat(question: str) -> str:
        get_client().update_current_generation(model="gpt", usage_details={"input": 5, "output": 7})
        return "On its way."

    @observe()
    def answer(question: str) -> tuple[str, str]:
        return get_client().get_current_trace_id(), chat(question)

    trace_id, _ = answer(QUESTION)
    get_client().shutdown()
    return trace_id


def by_instrumentation(instrumentor) -> str:
    with provider_of_spans() as provider, StubOpenAI() as base_url:
        instrumentor.instrument(tracer_provider=provider)
        with provider.get_tracer("shop").start_as_current_span("answer") as root:
            ask_openai(base_url)
    return trace_id_of(root)


def by_openinference() -> str:
    from openinference.instrumentation.openai import OpenAIInstrumentor

    return by_instrumentation(OpenAIInstrumentor())


def by_openllmetry() -> str:
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor

    return by_instrumentation(OpenAIInstrumentor())


def by_pydantic_ai() -> str:
    import logfire
    from opentelemetry import trace
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    logfire.configure(send_to_logfire=False, console=False)
    logfire.instrument_pydantic_ai()
    with StubOpenAI() as base_url:
        model = OpenAIChatModel("gpt-4o-mini", provider=OpenAIProvider(base_url=base_url, api_key="none"))
        agent = Agent(model, name="support", instructions="Be brief.")
        with logfire.span("answer"):
            trace_id = trace_id_of(trace.get_current_span())
            agent.run_sync(QUESTION)
    logfire.shutdown()
    return trace_id


CLIENTS = {
    "opentelemetry": by_opentelemetry,
    "langfuse": by_langfuse,
    "openinference": by_openinference,
    "openllmetry": by_openllmetry,
    "pydantic-ai": by_pydantic_ai,
}
print(CLIENTS[sys.argv[1]]())
