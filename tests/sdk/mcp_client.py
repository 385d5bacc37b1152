"""The official client of the Model Context Protocol asks a running Edgespan what a coding
agent would: what is broken, where, and why.

    EDGESPAN_URL=http://localhost:3000 EDGESPAN_KEY=ts_… python mcp_client.py auto

Prints the version that was agreed on and each call with the JSON of its answer.
"""

import asyncio
import json
import os
import sys

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


async def main(mode: str) -> None:
    headers = {"Authorization": f"Bearer {os.environ['EDGESPAN_KEY']}"}
    async with httpx2.AsyncClient(headers=headers) as http:
        transport = streamable_http_client(f"{os.environ['EDGESPAN_URL']}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            tools = (await client.list_tools()).tools
            calls = []

            async def call(name: str, **arguments: object) -> dict:
                result = await client.call_tool(name, arguments)
                text = result.content[0].text
                if not result.is_error:
                    assert json.loads(text) == result.structured_content
                calls.append({"tool": name, "arguments": arguments, "answer": text, "error": bool(result.is_error)})
                return result.structured_content or {}

            errors = (await call("list_errors", since="7d", limit=3))["errors"]
            example = errors[0]["example"]
            await call("get_trace", trace_id=example["traceId"], view="errors")
            await call("get_span", trace_id=example["traceId"], span_id=example["spanId"])
            await call("get_trace", trace_id="none")
            print(json.dumps({"version": client.protocol_version, "tools": [tool.name for tool in tools], "calls": calls}))


asyncio.run(main(sys.argv[1]))
