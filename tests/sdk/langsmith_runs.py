"""Traces by LangSmith's SDK for Python and by LangGraph, each set up by its environment
variables alone (docs/connecting.md), over a stub of a model. Prints what it sent, as JSON.
Imports are in the functions: each process runs one program, and they are large."""

import asyncio
import json
import logging
import sys
import uuid
import warnings
from concurrent.futures import ThreadPoolExecutor

from stub_openai import StubOpenAI

QUESTION = "Where is my order?"
# What the SDK has to say goes to stderr, and a test that sees any of it fails.
logging.basicConfig(level=logging.WARNING)
# The SDK's word on its own next release, whoever it sends to.
warnings.filterwarnings("ignore", message="Creating feedback for a run without session_id")


def agent(base_url: str) -> dict:
    """Threads, async code, streaming, an error, metadata that comes late, feedback."""
    import contextvars

    import openai
    from langsmith import Client, get_current_run_tree, traceable
    from langsmith.wrappers import wrap_openai

    smith = Client()
    model = wrap_openai(openai.OpenAI(base_url=base_url, api_key="none"))
    async_model = wrap_openai(openai.AsyncOpenAI(base_url=base_url, api_key="none"))
    told = lambda text: {"model": "gpt-4o-mini", "temperature": 0.2, "messages": [{"role": "user", "content": text}]}

    @traceable(run_type="retriever")
    def find(question: str) -> list:
        return [{"page_content": "order 7", "type": "Document", "metadata": {}}]

    @traceable(run_type="tool", tags=["own"])
    def look_up(order: int) -> dict:
        return {"order": order, "exact": 2**60}

    @traceable
    def fails() -> None:
        raise ValueError("nothing to give back\nand more")

    @traceable
    async def think(text: str) -> str:
        answer = await async_model.chat.completions.create(**told(text))
        return answer.choices[0].message.content

    @traceable(name="answer", tags=["shop"], metadata={"session_id": "s-1", "user_id": "u-1", "plan": {"a": 1}})
    def answer(question: str) -> dict:
        run = get_current_run_tree()
        find(question)
        with ThreadPoolExecutor(4) as pool:
            contexts = [contextvars.copy_context() for _ in range(8)]
            list(pool.map(lambda n: contexts[n].run(look_up, n), range(8)))
        model.chat.completions.create(**told(question))
        for _ in model.chat.completions.create(**told("stream"), stream=True, stream_options={"include_usage": True}):
            pass
        asyncio.run(think("later"))
        for broken in (fails, lambda: model.chat.completions.create(**told("please fail"))):
            try:
                broken()
            except Exception:
                pass
        run.metadata["late"] = True
        return {"text": "On its way.", "id": str(run.id)}

    ids = [answer(QUESTION)["id"]]
    smith.create_feedback(run_id=ids[0], trace_id=ids[0], key="helpful", score=0.9, comment="ok")
    smith.create_feedback(run_id=ids[0], key="alone", score=True)
    return {"traces": ids}


def langgraph(_: str) -> dict:
    """An agent that calls a tool, as a graph, in a thread of its own."""
    from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
    from langchain_core.messages import AIMessage, ToolMessage
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import END, START, MessagesState, StateGraph
    from langsmith import traceable

    used = {"input_tokens": 150, "output_tokens": 50, "total_tokens": 200, "input_token_details": {"cache_read": 20}}
    calls = [{"name": "weather", "args": {"city": "Oslo"}, "id": "call_1"}]
    answers = [AIMessage("", tool_calls=calls, usage_metadata=used), AIMessage("Sunny.", usage_metadata=used)]
    chat = GenericFakeChatModel(messages=iter(answers))

    @traceable(run_type="tool")
    def weather(city: str) -> str:
        return f"sunny in {city}"

    def call_model(state: MessagesState) -> dict:
        return {"messages": [chat.invoke(state["messages"])]}

    def call_tool(state: MessagesState) -> dict:
        call = state["messages"][-1].tool_calls[0]
        return {"messages": [ToolMessage(weather(**call["args"]), tool_call_id=call["id"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("model", call_model)
    graph.add_node("tool", call_tool)
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", lambda state: "tool" if state["messages"][-1].tool_calls else END)
    graph.add_edge("tool", "model")
    run_id = uuid.uuid4()
    config = {"run_id": run_id, "configurable": {"thread_id": "th-1"}, "metadata": {"user_id": "u-9"}, "tags": ["lg"]}
    graph.compile(checkpointer=InMemorySaver()).invoke({"messages": [("user", "weather?")]}, config)
    return {"traces": [str(run_id)]}


def singles(_: str) -> dict:
    """Runs one by one, without their trace's id."""
    from datetime import UTC, datetime

    from langsmith import Client

    smith = Client(auto_batch_tracing=False)
    ids = [uuid.uuid4() for _ in range(2)]
    for run_id in ids:
        smith.create_run("low", inputs={"q": 1}, run_type="llm", id=run_id, project_name="shop")
    for run_id in ids:
        used = {"usage_metadata": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}}
        smith.update_run(run_id, outputs={"a": 2, **used}, end_time=datetime.now(UTC))
    return {"traces": [str(run_id) for run_id in ids]}


def many(_: str) -> dict:
    """More runs than fit into one batch, in many traces."""
    from langsmith import traceable

    @traceable
    def child(n: int) -> int:
        return n

    @traceable(name="parent")
    def parent(n: int) -> str:
        from langsmith import get_current_run_tree

        for step in range(9):
            child(step)
        return str(get_current_run_tree().id)

    return {"traces": [parent(n) for n in range(30)]}


def parts(_: str) -> dict:
    """A client that was told by somebody else to send parts, compressed: with an attachment."""
    from langsmith import Client, get_current_run_tree, traceable
    from langsmith.schemas import Attachment

    flags = {"zstd_compression_enabled": True}
    scale = {"scale_up_qsize_trigger": 1000, "scale_up_nthreads_limit": 4, "scale_down_nempty_trigger": 4}
    config = {"use_multipart_endpoint": True, "size_limit": 100, "size_limit_bytes": 20_000_000, **scale}
    smith = Client(info={"instance_flags": flags, "batch_ingest_config": config})

    @traceable(client=smith)
    def child(n: int) -> dict:
        return {"n": n, "text": "ü" * 1_000}

    @traceable(client=smith, name="parent", metadata={"user_id": "u-1"}, process_inputs=lambda _: {"asked": "with a picture"})
    def parent(n: int) -> str:
        for step in range(9):
            child(step)
        run = get_current_run_tree()
        run.attachments = {"picture": Attachment(mime_type="image/png", data=b"\x89PNG\r\n--\r\n")}
        return str(run.id)

    ids = []
    for n in range(3):
        ids.append(parent(n))
        smith.flush()
    smith.create_feedback(run_id=ids[0], trace_id=ids[0], key="helpful", score=1)
    smith.flush()
    return {"traces": ids}


def bad(_: str) -> dict:
    """Runs in one batch, one of which no service could keep."""
    from datetime import UTC, datetime

    from langsmith import Client

    smith = Client()
    now = datetime.now(UTC)
    ids = [uuid.uuid4() for _ in range(3)]
    for at, run_id in enumerate(ids):
        start = "soon" if at == 1 else now
        order = f"{now:%Y%m%dT%H%M%S%f}Z{run_id}"
        named = {"id": run_id, "trace_id": run_id, "dotted_order": order, "project_name": "shop"}
        smith.create_run("low", {"q": 1}, "chain", start_time=start, end_time=now, outputs={"a": 2}, **named)
    smith.flush()
    return {"traces": [str(ids[0]), str(ids[2])]}


PROGRAMS = {
    "agent": agent,
    "langgraph": langgraph,
    "singles": singles,
    "many": many,
    "parts": parts,
    "bad": bad,
}
with StubOpenAI() as base_url:
    sent = PROGRAMS[sys.argv[1]](base_url)
    from langchain_core.tracers.langchain import wait_for_all_tracers
    from langsmith.run_trees import get_cached_client

    wait_for_all_tracers()
    get_cached_client().flush()
print(json.dumps(sent))
