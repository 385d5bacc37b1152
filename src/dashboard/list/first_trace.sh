curl http://localhost:3000/api/v1/traces \
  -H 'Authorization: Bearer ts_local_development' -H 'Content-Type: application/json' \
  -d "$(date -u +'{"batch": [
    {"type": "trace-create", "body": {"id": "first-%s", "name": "support-agent", "tags": ["first"]}},
    {"type": "span-create", "body": {"trace_id": "first-%s", "id": "answer", "name": "answer", "type": "AGENT",
      "start_time": "%FT%T.000Z", "end_time": "%FT%T.900Z",
      "input": "Where is my order?", "output": "On its way."}},
    {"type": "span-create", "body": {"trace_id": "first-%s", "parent_span_id": "answer", "name": "chat", "type": "LLM",
      "start_time": "%FT%T.100Z", "end_time": "%FT%T.850Z", "model": "gpt-4o-mini",
      "usage": {"prompt_tokens": 150, "completion_tokens": 50}, "cost": 0.0000525}}]}')"
