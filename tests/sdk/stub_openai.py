"""A stand-in for OpenAI's chat completions and responses on loopback: says back what it
was told, counts tokens as words, streams when asked (chat completions only), fails when
asked, and calls the first tool that it is offered once (responses only)."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/responses"):
            return self._respond(request)
        told = request["messages"][-1]["content"]
        if "please fail" in told:
            return self._json(400, {"error": {"message": "Überlastet: it was asked to fail", "type": "invalid_request_error", "code": "asked"}})
        usage = {
            "prompt_tokens": sum(len(m["content"].split()) for m in request["messages"]),
            "completion_tokens": len(told.split()) + 1,
            "prompt_tokens_details": {"cached_tokens": 1},
        }
        usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]
        answer = {"id": "chatcmpl-1", "created": 1_780_000_000, "model": request["model"]}
        if not request.get("stream"):
            message = {"role": "assistant", "content": f"echo: {told}"}
            choices = [{"index": 0, "finish_reason": "stop", "message": message}]
            return self._json(200, {**answer, "object": "chat.completion", "choices": choices, "usage": usage})
        answer["object"] = "chat.completion.chunk"
        words = ["echo:"] + [f" {word}" for word in told.split(" ")]
        chunks = [{**answer, "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]} for word in words]
        if request.get("stream_options", {}).get("include_usage"):
            chunks.append({**answer, "choices": [], "usage": usage})
        events = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks] + ["data: [DONE]\n\n"]
        self._send(200, "text/event-stream", "".join(events).encode())

    def _respond(self, request):
        asked = request["input"]
        items = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
        if any("please fail" in str(item.get("content")) for item in items):
            return self._json(400, {"error": {"message": "it was asked to fail", "type": "invalid_request_error", "code": "asked"}})
        called = any(item.get("type") == "function_call_output" for item in items)
        if request.get("tools") and not called:
            output = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": request["tools"][0]["name"], "arguments": "{}", "status": "completed"}
        else:
            text = {"type": "output_text", "text": f"echo: {items[0]['content']}", "annotations": []}
            output = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [text]}
        usage = {"input_tokens": 15, "output_tokens": 5, "total_tokens": 20, "input_tokens_details": {"cached_tokens": 2}, "output_tokens_details": {"reasoning_tokens": 1}}
        answer = {"id": "resp_1", "object": "response", "created_at": 1_780_000_000, "model": request["model"], "output": [output], "usage": usage}
        return self._json(200, {**answer, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "status": "completed"})

    def _json(self, status, value):
        self._send(status, "application/json", json.dumps(value).encode())

    def _send(self, status, content_type, body):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class StubOpenAI:
    """A context: the base URL for an OpenAI client."""

    def __enter__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
