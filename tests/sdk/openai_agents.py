"""Runs of OpenAI's Agents SDK over a stub of a model, set up by the lines of
docs/connecting.md, which the environment variable LINES has. Prints what was sent as
JSON: the id of each trace by the name of its program. With the argument `chat` the SDK
is told to use chat completions, whose spans have their text by themselves."""

import asyncio
import json
import os
import sys

from agents import Agent, GuardrailFunctionOutput, Runner, function_tool, input_guardrail, set_default_openai_api, set_default_openai_client, trace
from agents.tracing import get_trace_provider
from openai import AsyncOpenAI
from stub_openai import StubOpenAI

QUESTION = "Where is my order?"


@function_tool
def look_up() -> str:
    """Looks an order up."""
    return "It is on its way."


@input_guardrail
async def polite(context, agent, text) -> GuardrailFunctionOutput:
    return GuardrailFunctionOutput(output_info=None, tripwire_triggered=False)


async def main() -> None:
    shop = Agent(name="shop", instructions="Help.", model="gpt-4o-mini", tools=[look_up], input_guardrails=[polite])
    plain = Agent(name="plain", model="gpt-4o-mini")
    sent = {}
    with trace("answer", group_id="s-1", metadata={"user_id": "u-1", "plan": "pro"}) as run:
        await Runner.run(shop, QUESTION)
    sent["answer"] = run.trace_id
    with trace("failure") as run:
        try:
            await Runner.run(plain, "please fail")
        except Exception as error:
            assert "it was asked to fail" in str(error), error
    sent["failure"] = run.trace_id

    async def ask(number: int) -> str:
        with trace(f"at once {number}") as run:
            await Runner.run(plain, f"{number}?")
        return run.trace_id

    sent["at once"] = await asyncio.gather(*(ask(number) for number in range(5)))
    print(json.dumps(sent))


with StubOpenAI() as base_url:
    exec(os.environ["LINES"])
    set_default_openai_client(AsyncOpenAI(base_url=base_url, api_key="none"), use_for_tracing=False)
    if sys.argv[1:] == ["chat"]:
        set_default_openai_api("chat_completions")
    asyncio.run(main())
    get_trace_provider().shutdown()
