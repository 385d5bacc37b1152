"""Agents of many shapes, instrumented with the published client."""

import asyncio
import threading
from datetime import date

import openai
from twosignal import observe
from twosignal.types import SpanType
from twosignal.wrappers.openai import wrap_openai


class Deliberate(Exception):
    pass


def all_of(client, openai_url):
    return [
        *_observed(),
        *_spans(client),
        *_asynchronous(client),
        *_openai(client, openai_url),
        *_large(client),
    ]


def _observed():
    @observe(name="search", span_type=SpanType.RETRIEVAL)
    def search(query, top=3):
        return [{"doc": n, "text": f"{query} #{n}"} for n in range(top)]

    @observe(span_type=SpanType.TOOL)
    def calculate(a, b):
        return a * b

    @observe(name="plan", span_type=SpanType.CHAIN)
    def plan(goal):
        return {"goal": goal, "documents": search(goal, top=2), "price": calculate(6, b=7)}

    @observe(name="agent", span_type=SpanType.AGENT)
    def agent(goal, *extra, **options):
        return [plan(goal), plan(goal.upper()), options]

    @observe
    def returns_nothing(a=None):
        pass

    @observe(name="tool that breaks", span_type=SpanType.TOOL)
    def breaks(times):
        raise Deliberate(f"broke after {times}: «é»\n\"quoted\"")

    @observe(name="agent that survives", span_type=SpanType.AGENT)
    def survives():
        # The client runs a function that raised once more, untraced; what it
        # calls is traced again.
        try:
            breaks(1)
        except Deliberate:
            return search("what to do now")

    @observe(name="agent that does not", span_type=SpanType.AGENT)
    def fails():
        search("before")
        breaks(2)

    def nested_observe():
        agent("refund policy", 1, None, tone="kind")

    def observe_without_arguments():
        returns_nothing()

    def observe_with_an_error_caught():
        survives()

    def observe_with_an_error_at_the_root():
        try:
            fails()
        except Deliberate:
            pass

    def threads_at_once():
        threads = [threading.Thread(target=agent, args=(f"goal of thread {n}",)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return [
        nested_observe, observe_without_arguments, observe_with_an_error_caught, observe_with_an_error_at_the_root,
        threads_at_once,
    ]


def _spans(client):
    @observe(name="observed inside", span_type=SpanType.TOOL)
    def observed(n):
        with client.span(name=f"span in observed {n}", input=n) as span:
            span["output"] = n + 1
        return n

    def every_type():
        with client.span(name="root", span_type=SpanType.AGENT, input={"types": 10}, metadata={"k": [1, None]}) as root:
            for kind in SpanType:
                with client.span(name=kind.value.lower(), span_type=kind, input=kind.value) as span:
                    span["output"] = {"type": kind.value}
            root["output"] = True

    def spans_and_observe_mixed():
        with client.span(name="outer", span_type=SpanType.CHAIN):
            for n in range(3):
                with client.span(name="inner"):
                    observed(n)
            observed(3)

    def span_with_an_error():
        try:
            with client.span(name="outer"):
                with client.span(name="inner", span_type=SpanType.GUARDRAIL):
                    raise Deliberate("refused")
        except Deliberate:
            pass

    def span_that_says_it_failed():
        with client.span(name="by hand") as span:
            span.update(status="ERROR", error_message="told so", output={"partial": [1, 2]})

    def two_roots_in_a_thread():
        # The client leaves its trace open: both spans are of the first's.
        with client.span(name="first root"):
            pass
        with client.span(name="second root"):
            pass

    def session():
        with client.session("session «1»"):
            with client.span(name="in a session"):
                observed(1)

    def linked_trace():
        with client.span(
            name="delegated", span_type=SpanType.DELEGATION, session_id="of its own", parent_trace_id="up/there",
            evaluators=["tone", "accuracy"], metadata={"user": "u-1", "nested": {"deep": [{}]}},
        ):
            pass

    return [
        every_type, spans_and_observe_mixed, span_with_an_error, span_that_says_it_failed, two_roots_in_a_thread,
        session, linked_trace,
    ]


def _asynchronous(client):
    @observe(name="async tool", span_type=SpanType.TOOL)
    async def tool(n):
        await asyncio.sleep(0.001 * n)
        if n == 2:
            raise Deliberate("async")
        return n

    @observe(name="async agent", span_type=SpanType.AGENT)
    async def agent(count):
        return [r if isinstance(r, int) else str(r) for r in await asyncio.gather(*map(tool, range(count)), return_exceptions=True)]

    async def spans_between_awaits():
        with client.span(name="async span"):
            await agent(3)

    def async_one_after_the_other():
        asyncio.run(agent(1))

    def async_at_once():
        # Contexts are the thread's, so tasks see each other's: whatever tree
        # comes of it is the one that must come back.
        asyncio.run(agent(6))

    def async_in_a_span():
        asyncio.run(spans_between_awaits())

    return [async_one_after_the_other, async_at_once, async_in_a_span]


def _openai(client, url):
    llm = wrap_openai(openai.OpenAI(base_url=url, api_key="none", max_retries=0))
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello wörld"}]

    @observe(name="assistant", span_type=SpanType.AGENT)
    def assistant(question):
        told = [{"role": "user", "content": question}]
        plain = llm.chat.completions.create(model="gpt-4o", messages=told, temperature=0.2, max_tokens=10)
        return plain.choices[0].message.content

    def openai_without_a_trace():
        llm.chat.completions.create(model="gpt-4o-mini", messages=messages)

    def openai_in_an_agent():
        assert assistant("what is it") == "echo: what is it"

    def openai_streaming():
        with client.span(name="streams"):
            chunks = llm.chat.completions.create(model="gpt-4o", messages=messages, stream=True, temperature=0)
            said = "".join(chunk.choices[0].delta.content for chunk in chunks if chunk.choices)
        assert said == "echo: hello wörld", said

    def openai_unknown_model():
        llm.chat.completions.create(model="a-model-of-our-own", messages=messages, stop=["\n"], user="ü")

    def openai_error():
        try:
            llm.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "please fail"}])
        except openai.BadRequestError:
            pass

    def openai_async():
        async def ask():
            async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as llm:
                await wrap_openai(llm).chat.completions.create(model="gpt-4o", messages=messages)

        asyncio.run(ask())

    return [
        openai_without_a_trace, openai_in_an_agent, openai_streaming, openai_unknown_model, openai_error, openai_async,
    ]


def _large(client):
    @observe(name="step", span_type=SpanType.TOOL)
    def step(n):
        return n

    def more_than_one_batch():
        with client.span(name="250 steps", span_type=SpanType.AGENT):
            for n in range(250):
                step(n)

    def large_and_odd_payloads():
        odd = {
            "astral": "😀🏳️‍🌈", "right to left": "שלום \u202eabc", "combining": "e\u0301", "controls": "\x00\x1f\x7f\u2028\ufeff",
            "quotes": "\"\\/'`", "": "empty key", "a\nb": "newline in a key",
            "integers": [2**53 + 1, -(2**63), 10**40, 0], "floats": [0.1 + 0.2, 1e308, 5e-324, -0.0, 1.0],
            "null": [None, {"a": None}], "bools": [True, False], "deep": _nested(60), "z": 1, "a": 2,
        }
        with client.span(name="n" * 200, input=odd, metadata={"same": odd}) as span:
            span["output"] = "long " * 60_000
        with client.span(name="ünïcödé 😀 «name»", input=[{"i": n, "text": "é" * 50} for n in range(2_000)]):
            pass

    def values_that_are_not_json():
        with client.span(name="python values", input=(1, {"day": date(2026, 3, 14)}, b"bytes", {"set"})) as span:
            span["output"] = ({1: "a key that is a number"}, frozenset([7]))

    return [more_than_one_batch, large_and_odd_payloads, values_that_are_not_json]


def _nested(depth):
    return [_nested(depth - 1)] if depth else "bottom"


def missing_from(events):
    """What should have been emitted and was not: a guard against comparing nothing."""
    traces = [event["body"] for event in events if event["type"] == "trace-create"]
    spans = [event["body"] for event in events if event["type"] == "span-create"]
    envelopes, ids = {event["id"] for event in events}, {span["id"] for span in spans}
    seen = {
        **{kind.value: any(span["type"] == kind.value for span in spans) for kind in SpanType},
        "a parent by envelope id": any(span.get("parentSpanId") in envelopes for span in spans),
        "a parent by span id": any(span.get("parentSpanId") in ids for span in spans),
        "an error message": any("errorMessage" in span for span in spans),
        "usage": any(span.get("usage", {}).get("cachedTokens") for span in spans),
        "a cost": any(span.get("cost") for span in spans),
        "model parameters": any(span.get("modelParameters") for span in spans),
        "a session": any("sessionId" in trace for trace in traces),
        "a parent trace": any("parentTraceId" in trace for trace in traces),
        "a deployment": any("deploymentId" in trace for trace in traces),
        "evaluators": any("evaluators" in trace for trace in traces),
        "a large payload": any(len(str(span.get("output"))) > 250_000 for span in spans),
    }
    return [name for name, was_seen in seen.items() if not was_seen]
