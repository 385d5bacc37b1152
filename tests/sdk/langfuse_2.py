"""Traces by Langfuse's SDK of before OpenTelemetry, which posts batches: set up by its
environment variables alone (docs/connecting.md), over a stub of a model where it calls
one. Prints what it sent, by name, as JSON: ids of traces, mostly."""

import asyncio
import json
import os
import sys
import threading
import time
from datetime import timedelta

from langfuse import Langfuse
from langfuse.api import NotFoundError
from langfuse.decorators import langfuse_context, observe

from stub_openai import StubOpenAI

QUESTION = "Where is my order?"


@observe()
def retrieve(question):
    langfuse_context.update_current_observation(metadata={"k": 3}, level="WARNING", status_message="slow index")
    return [{"doc": 1}]


@observe(as_type="generation")
def call(question):
    usage = {"input": 100, "output": 20, "cache_read_input_tokens": 30}
    langfuse_context.update_current_observation(model="gpt-4o-mini", model_parameters={"temperature": "0.2"}, usage_details=usage)
    return "On its way."


@observe()
def fail():
    raise ValueError("kaput")


@observe()
def agent(question):
    langfuse_context.update_current_trace(name="support", user_id="u1", session_id="s1", tags=["a", "b"], metadata={"env": {"x": 1}})
    docs = retrieve(question)
    answer = call(question)
    try:
        fail()
    except ValueError:
        pass
    langfuse_context.update_current_trace(tags=["b", "c"], metadata={"env": {"y": docs[0]["doc"]}})
    langfuse_context.score_current_trace(name="helpful", value=0.9)
    return answer, langfuse_context.get_current_trace_id()


@observe()
def alone():
    return langfuse_context.get_current_trace_id()


@observe()
async def step(n):
    await asyncio.sleep(0)
    return n


@observe()
async def many():
    await asyncio.gather(*(step(n) for n in range(20)))
    return langfuse_context.get_current_trace_id()


def by_decorators():
    """A tree, a trace of one function, tasks and threads."""
    _, tree = agent(QUESTION)
    of_threads = []
    threads = [threading.Thread(target=lambda: of_threads.append(agent(QUESTION)[1])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = {"tree": tree, "alone": alone(), "tasks": asyncio.run(many()), "threads": of_threads}
    langfuse_context.flush()
    return sent


def by_client():
    """The client itself: an observation in many events, over several batches."""
    client = Langfuse()
    trace = client.trace(name="low", user_id="u2", session_id="s2", input={"q": QUESTION}, metadata={"a": 1}, tags=["x"])
    outer = trace.span(name="outer", input={"i": 1}, metadata={"first": 1})
    generation = outer.generation(name="gen", model="gpt-4o-mini", model_parameters={"max_tokens": 5}, input=[{"role": "user", "content": QUESTION}])
    client.flush()
    generation.update(metadata={"added": True})
    generation.end(output="On its way.", usage={"input": 11, "output": 6, "total": 17}, metadata={"more": [1]})
    outer.event(name="cache-hit", input={"k": "v"}, level="DEBUG")
    client.flush()
    outer.end(output={"o": 1}, level="ERROR", status_message="broke", metadata={"second": 2})
    trace.update(output="final", metadata={"b": 2}, tags=["y"])
    trace.score(name="thumbs", value=1, data_type="BOOLEAN")
    generation.score(name="quality", value=0.5, comment="fair")
    client.flush()
    return {"trace": trace.id, "signed_in": client.auth_check()}


def by_openai():
    """The wrapper of OpenAI's client: a call, one that streams, one that fails."""
    from langfuse.openai import OpenAI, openai

    with StubOpenAI() as base_url:
        client = OpenAI(base_url=base_url, api_key="none", max_retries=0)

        def ask(question, name, **options):
            messages = [{"role": "user", "content": question}]
            return client.chat.completions.create(model="gpt-4o-mini", messages=messages, name=name, trace_id=f"{name}-{os.getpid()}", **options)

        ask(QUESTION, "plain", temperature=0.2)
        list(ask(QUESTION, "stream", stream=True, stream_options={"include_usage": True}))
        try:
            ask("please fail", "failing")
        except openai.BadRequestError:
            pass
        openai.flush_langfuse()
    return {name: f"{name}-{os.getpid()}" for name in ("plain", "stream", "failing")}


def by_bad_event():
    """One event that cannot be kept, among good ones: the SDK sends all of them thrice."""
    client = Langfuse(flush_interval=0.05)
    good = client.trace(name="good", input=1)
    client.trace(id="x" * 300, name="bad")
    good.span(name="step").end(output=2)
    client.flush()
    return {"trace": good.id}


def by_wrong_key():
    """A key that is none: says so where it is asked, and sends in vain."""
    client = Langfuse()
    client.trace(name="lost")
    client.flush()
    try:
        client.auth_check()
    except Exception as error:
        return {"refused": str(error)}
    return {"refused": None}


def by_reads():
    """What the SDK reads back of its own."""
    client = Langfuse()
    for n in range(3):
        trace = client.trace(name="read", user_id=f"u{n}", session_id="s", tags=["r"], input={"n": n}, output="done", metadata={"n": n})
        generation = trace.generation(name="chat", model="gpt-4o-mini", input="in", model_parameters={"temperature": 0.2, "stop": ["a"]})
        generation.end(output="out", usage={"input": 3, "output": 4, "total_cost": 0.5})
        trace.event(name="hit")
        client.score(trace_id=trace.id, name="thumbs", value=n % 2, data_type="BOOLEAN", id=f"{trace.id}-thumbs")
    client.score(trace_id=trace.id, observation_id=generation.id, name="quality", value=0.5, comment="fair")
    client.score(trace_id=trace.id, name="label", value="good")
    # Fourteen events, which are one batch: what is there of it is all of it.
    client.flush()
    for _ in range(200):
        listed = client.fetch_traces(name="read", session_id="s", tags="r", limit=2)
        if listed.meta.total_items == 3:
            break
        time.sleep(0.05)
    second = client.fetch_traces(name="read", session_id="s", tags=["r"], limit=2, page=2)
    whole = client.fetch_trace(trace.id).data
    observations = client.fetch_observations(trace_id=trace.id, type="GENERATION").data
    try:
        client.fetch_trace("none")
        missing = None
    except NotFoundError as error:
        missing = error.status_code
    scores = client.client.score
    thumbs = scores.get(name="thumbs", limit=2)
    return {
        "trace": trace.id,
        "scores": [type(one).__name__ for one in whole.scores],
        "score_pages": [len(thumbs.data), len(scores.get(name="thumbs", limit=2, page=2).data), thumbs.meta.total_pages],
        "of_type": [json.loads(one.json()) for one in scores.get(data_type="CATEGORICAL", from_timestamp=whole.timestamp).data],
        "score": json.loads(scores.get_by_id(f"{trace.id}-thumbs").json()),
        "listed_scores": len(client.fetch_traces(user_id="u2").data[0].scores),
        "pages": [len(listed.data), len(second.data), second.meta.total_pages],
        "of_user": [one.id for one in client.fetch_traces(user_id="u2").data],
        "since": len(client.fetch_traces(from_timestamp=whole.timestamp + timedelta(hours=1)).data),
        "whole": json.loads(whole.json()),
        "observations": [one.name for one in observations],
        "missing": missing,
    }


CLIENTS = {
    "decorators": by_decorators,
    "client": by_client,
    "openai": by_openai,
    "reads": by_reads,
    "bad-event": by_bad_event,
    "wrong-key": by_wrong_key,
}
print(json.dumps(CLIENTS[sys.argv[1]]()))
