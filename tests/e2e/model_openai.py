"""model_openai.py -- the OpenAI-compatible /chat/completions and /embeddings (OpenAI, Ollama, vLLM, llama.cpp): which
requests are refused, and what the answers look like. From platform.openai.com/docs/api-reference/chat,
.../chat-streaming, .../embeddings, and the guides on function calling, structured outputs and error codes.
"""
import json
import re

from model_shape import NAME, inner_schemas, members, pieces, schema_facts, thirds, unique

KEY_HEADER = "authorization"
TYPE = {400: "invalid_request_error", 401: "invalid_request_error", 404: "invalid_request_error", 429: "rate_limit_error"}
CODE = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}
FINISH = {"stop": "stop", "tool_calls": "tool_calls", "length": "length", "blocked": "content_filter"}
REQUEST = {"model": "string!", "messages": "array!", "tools": "array", "tool_choice": "string|object",
           "parallel_tool_calls": "boolean", "stream": "boolean", "stream_options": "object", "max_tokens": "integer",
           "max_completion_tokens": "integer", "temperature": "number", "top_p": "number", "n": "integer",
           "stop": "string|array", "response_format": "object", "seed": "integer", "user": "string", "store": "boolean",
           "reasoning_effort": "string", "metadata": "object"}
MESSAGE = {"system": {"role": "any", "content": "string|array!", "name": "string"},
           "user": {"role": "any", "content": "string|array!", "name": "string"},
           "assistant": {"role": "any", "content": "any", "name": "string", "tool_calls": "array", "refusal": "any"},
           "tool": {"role": "any", "content": "string|array!", "tool_call_id": "string!"}}
MESSAGE["developer"] = MESSAGE["system"]


def route(path):
    return {"/v1/chat/completions": (None, "chat"), "/v1/embeddings": (None, "embed")}.get(path)


def key_error(headers, key):
    have = headers.get(KEY_HEADER, "")
    if not have.startswith("Bearer "):
        return 401, "You didn't provide an API key. You need to provide your API key in an Authorization header."
    if have != "Bearer " + key:  # the real one repeats a part of it, a careless proxy all of it
        return 401, "Incorrect API key provided: %s. You can find your API key in your account." % have[7:]
    return None


def error(status, text):
    return {"error": {"message": text, "type": TYPE.get(status, "server_error"), "param": None, "code": CODE.get(status)}}


# ---- what it refuses

def check(body, model, stream):
    yield from members(body, "request", REQUEST)
    if not body.get("messages"):
        yield "[] is too short - 'messages'"
    for i, m in enumerate(body.get("messages") or []):
        yield from check_message(m, "messages[%d]" % i)
    yield from check_tools(body.get("tools"), body)
    yield from check_format(body.get("response_format", {}), body)
    if "stream_options" in body:
        yield from members(body["stream_options"], "stream_options", {"include_usage": "boolean"})
        if not stream:
            yield "The 'stream_options' parameter is only allowed when 'stream' is enabled."
    if "max_tokens" in body and "max_completion_tokens" in body:
        yield "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported."
    if "max_tokens" in body and re.match(r"o\d|gpt-5", str(model)):
        yield "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    if min(body.get("max_tokens", 1), body.get("max_completion_tokens", 1)) < 1:
        yield "max_tokens is too small"


def check_message(m, at):
    role = m.get("role") if isinstance(m, dict) else None
    if role not in MESSAGE:
        yield "%s.role: Invalid value: %r" % (at, role)
        return
    yield from members(m, at, MESSAGE[role])
    content = m.get("content")
    for k, part in enumerate(content if isinstance(content, list) else []):
        yield from members(part, "%s.content[%d]" % (at, k), {"type": "string!", "text": "string!"})
    if role == "assistant":
        if content is not None and not isinstance(content, (str, list)):
            yield "%s.content: must be a string" % at
        if content is None and not m.get("tool_calls"):
            yield "%s.content: Expected a string, got null" % at
        if m.get("tool_calls") == []:
            yield "%s.tool_calls: [] is too short" % at
        for k, call in enumerate(m.get("tool_calls") or []):
            yield from check_call(call, "%s.tool_calls[%d]" % (at, k))


def check_call(call, at):
    yield from members(call, at, {"id": "string!", "type": "string!", "function": "object!"})
    f = call.get("function", {})
    yield from members(f, at + ".function", {"name": "string!", "arguments": "string!"})
    if call.get("type") != "function" or not call.get("id") or not NAME.match(f.get("name", "")):
        yield "%s: type, id or name is invalid" % at
    try:
        json.loads(f.get("arguments", ""))
    except ValueError:
        yield "%s.function.arguments: is no JSON" % at


def check_tools(tools, body):
    if tools is None:
        if "tool_choice" in body or "parallel_tool_calls" in body:
            yield "'tool_choice' is only allowed when 'tools' are specified."
        return
    if not 1 <= len(tools) <= 128:
        yield "tools: from 1 to 128, not %d" % len(tools)
    for i, tool in enumerate(tools):
        at = "tools[%d]" % i
        yield from members(tool, at, {"type": "string!", "function": "object!"})
        f = tool.get("function", {})
        yield from members(f, at + ".function", {"name": "string!", "description": "string", "parameters": "object",
                                                 "strict": "boolean"})
        if tool.get("type") != "function" or not NAME.match(f.get("name", "")):
            yield "%s: type or name is invalid" % at
        yield from check_parameters(f.get("parameters"), "Invalid schema for function '%s'" % f.get("name"), f.get("strict"))
    yield from unique([t.get("function", {}).get("name") for t in tools], "tools")


def check_parameters(schema, at, strict):
    if schema is None:
        return
    if schema.get("type") != "object":
        yield "%s: schema must be a JSON Schema of 'type: \"object\"'" % at
    for where, s in inner_schemas(schema, at):
        yield from schema_facts(s, where)
        if s.get("type") == "object" and "properties" not in s and "additionalProperties" not in s:
            yield "%s: object schema missing properties" % where
        if strict and s.get("type") == "object" and (
                s.get("additionalProperties") is not False or set(s.get("required", [])) != set(s.get("properties", {}))):
            yield "%s: 'additionalProperties' is required to be false, and all properties to be required" % where


def check_format(format_, body):
    if not format_:
        return
    yield from members(format_, "response_format", {"type": "string!", "json_schema": "object"})
    if format_.get("type") == "json_schema":
        inner = format_.get("json_schema", {})
        yield from members(inner, "response_format.json_schema", {"name": "string!", "schema": "object!", "strict": "boolean",
                                                                  "description": "string"})
        if not NAME.match(inner.get("name", "")):
            yield "response_format.json_schema.name: invalid"
        yield from check_parameters(inner.get("schema"), "response_format", inner.get("strict"))
    elif format_.get("type") == "json_object" and "json" not in json.dumps(body["messages"]).lower():
        yield "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."


def check_turns(body, _model):
    """Of a request whose members are right: a message with tool calls is followed by the results of all of them."""
    open_calls = []
    for i, m in enumerate(body["messages"]):
        if m["role"] == "tool":
            if m["tool_call_id"] not in open_calls:
                yield "messages[%d]: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'." % i
            else:
                open_calls.remove(m["tool_call_id"])
        elif open_calls:
            yield "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
        if m["role"] == "assistant":
            open_calls = [c["id"] for c in m.get("tool_calls", [])]
            yield from unique(open_calls, "messages[%d].tool_calls" % i)
    if open_calls:
        yield "An assistant message with 'tool_calls' must be followed by tool messages: %s" % open_calls


# ---- the request, neutral

def words(content):
    return content or "" if not isinstance(content, list) else "".join(p["text"] for p in content)


def result(content):
    try:
        return json.loads(words(content))
    except ValueError:
        return words(content)


def neutral(body):
    system, turns, names = [], [], {}
    for m in body["messages"]:
        if m["role"] in ("system", "developer"):
            system.append(words(m["content"]))
            continue
        if m["role"] == "tool":
            if not turns or not turns[-1]["results"]:
                turns.append({"role": "user", "text": "", "calls": [], "results": []})
            turns[-1]["results"].append({"name": names[m["tool_call_id"]], "result": result(m["content"])})
            continue
        calls = [c["function"] for c in m.get("tool_calls") or []]
        names.update({c["id"]: c["function"]["name"] for c in m.get("tool_calls") or []})
        turns.append({"role": m["role"], "text": words(m.get("content")), "results": [],
                      "calls": [{"name": f["name"], "arguments": json.loads(f["arguments"])} for f in calls]})
    return {"system": "\n".join(system), "turns": turns,
            "tools": {t["function"]["name"]: {"description": t["function"].get("description", ""),
                                              "schema": t["function"].get("parameters")} for t in body.get("tools") or []},
            "json_schema": body.get("response_format", {}).get("json_schema", {}).get("schema"),
            "max_tokens": body.get("max_completion_tokens", body.get("max_tokens"))}


# ---- the answer

def usage(answer):
    return {"prompt_tokens": answer["usage"][0], "completion_tokens": answer["usage"][1], "total_tokens": sum(answer["usage"])}


def arguments(call):
    return call["arguments"] if isinstance(call["arguments"], str) else json.dumps(call["arguments"])


def tool_calls(answer, number):
    return [{"id": "call_%d_%d" % (number, i), "type": "function", "function": {"name": c["name"], "arguments": arguments(c)}}
            for i, c in enumerate(answer["calls"])]


def whole(answer, model, number, _):
    m = {"role": "assistant", "content": answer["text"] or None, "refusal": None}
    if answer["calls"]:
        m["tool_calls"] = tool_calls(answer, number)
    return {"id": "chatcmpl-%d" % number, "object": "chat.completion", "created": 1736467200, "model": model, "choices": [
        {"index": 0, "message": m, "logprobs": None, "finish_reason": FINISH[answer["finish"]]}], "usage": usage(answer)}


def events(answer, model, number, body):
    """The stream's events as bytes; the last one is the end mark."""
    def chunk(delta, finish=None, **rest):
        value = {"id": "chatcmpl-%d" % number, "object": "chat.completion.chunk", "created": 1736467200, "model": model,
                 "choices": [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}], **rest}
        return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"

    told = [chunk({"role": "assistant", "content": None if answer["calls"] else ""})]
    told += [chunk({"content": text}) for text in pieces(answer)]
    parts = []
    for i, call in enumerate(tool_calls(answer, number)):
        f = call["function"]
        told.append(chunk({"tool_calls": [{**call, "index": i, "function": {"name": f["name"], "arguments": ""}}]}))
        parts += [(k, i, part) for k, part in enumerate(thirds(f["arguments"]))]
    told += [chunk({"tool_calls": [{"index": i, "function": {"arguments": part}}]}) for _, i, part in sorted(parts)]
    told.append(chunk({}, FINISH[answer["finish"]]))
    if body.get("stream_options", {}).get("include_usage"):
        told.append(chunk(None, usage=usage(answer)))
    return told + [b"data: [DONE]\n\n"]


def error_event(status, text):
    return b"data: " + json.dumps(error(status, text)).encode() + b"\n\n"


def malformed_event():
    return b'data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"con\n\n'


# ---- embeddings

def check_embed(body, _model):
    yield from members(body, "request", {"model": "string!", "input": "string|array!", "encoding_format": "string",
                                         "dimensions": "integer", "user": "string"})
    texts = body.get("input")
    if not texts or not all(isinstance(t, str) and t for t in ([texts] if isinstance(texts, str) else texts)):
        yield "'$.input' is invalid. Please check the API reference"


def embed_texts(body):
    return [body["input"]] if isinstance(body["input"], str) else body["input"]


def embedded(vectors, model, tokens):
    return {"object": "list", "model": model, "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
            "data": [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]}
