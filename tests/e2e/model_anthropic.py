"""model_anthropic.py -- Anthropic's /v1/messages: which requests it refuses, and what its answers look like. From
platform.claude.com/docs/en/api/messages, .../build-with-claude/streaming, .../tool-use/handle-tool-calls,
.../structured-outputs and .../api/errors.
"""
import json
import re

from model_shape import inner_schemas, members, pieces, schema_facts, thirds, unique

KEY_HEADER = "x-api-key"
TYPE = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error",
        413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 504: "timeout_error", 529: "overloaded_error"}
FINISH = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens", "blocked": "refusal"}
REQUEST = {"model": "string!", "messages": "array!", "max_tokens": "integer!", "system": "string|array", "tools": "array",
           "tool_choice": "object", "stream": "boolean", "temperature": "number", "top_p": "number", "top_k": "integer",
           "stop_sequences": "array", "metadata": "object", "thinking": "object", "output_config": "object",
           "service_tier": "string"}
BLOCK = {"text": {"type": "any", "text": "string!", "cache_control": "object"},
         "tool_use": {"type": "any", "id": "string!", "name": "string!", "input": "object!", "cache_control": "object"},
         "tool_result": {"type": "any", "tool_use_id": "string!", "content": "string|array", "is_error": "boolean",
                         "cache_control": "object"}}
# Words that a schema of output_config may not have.
NOT_IN_FORMAT = ["minimum", "maximum", "multipleOf", "minLength", "maxLength", "maxItems", "$ref"]


def route(path):
    return (None, "chat") if path == "/v1/messages" else None


def key_error(headers, key):
    if headers.get("anthropic-version") != "2023-06-01":
        return 400, "anthropic-version: header is required"
    have = headers.get(KEY_HEADER)
    if have is None:
        return 401, "x-api-key header is required"
    return None if have == key else (401, "invalid x-api-key")


def error(status, text):
    return {"type": "error", "error": {"type": TYPE.get(status, "api_error"), "message": text}, "request_id": "req_1"}


# ---- what it refuses

def check(body, model, stream):
    yield from members(body, "request", REQUEST)
    if isinstance(body.get("max_tokens"), int) and body["max_tokens"] < 1:
        yield "max_tokens: Input should be greater than or equal to 1"
    if not body.get("messages"):
        yield "messages: at least one message is required"
    for i, m in enumerate(body.get("messages") or []):
        at = "messages.%d" % i
        yield from members(m, at, {"role": "string!", "content": "string|array!"})
        if m.get("role") not in ("user", "assistant"):
            yield "%s.role: Input should be 'user' or 'assistant'" % at
        if not m.get("content"):
            yield "%s: all messages must have non-empty content" % at
        yield from check_blocks(m.get("content"), at, m.get("role"))
    if isinstance(body.get("system"), list):
        yield from check_blocks(body["system"], "system", "system")
    yield from check_tools(body)
    yield from check_format(body.get("output_config", {}))


def check_blocks(content, at, role):
    for k, block in enumerate([{"type": "text", "text": content}] if isinstance(content, str) else content or []):
        where = "%s.content.%d" % (at, k)
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in BLOCK or (kind == "tool_use") > (role == "assistant") or (kind == "tool_result") > (role == "user"):
            yield "%s: a block of type %r is not allowed here" % (where, kind)
            continue
        yield from members(block, where, BLOCK[kind])
        if kind == "text" and not str(block.get("text", "")).strip():
            yield "%s: text content blocks must contain non-whitespace text" % where
        if kind == "tool_use" and not re.match(r"[a-zA-Z0-9_-]+\Z", block.get("id", "")):
            yield "%s.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'" % where
        if kind == "tool_result" and isinstance(block.get("content"), list):
            yield from check_blocks(block["content"], where, "result")


def check_tools(body):
    tools = body.get("tools", [])
    for i, tool in enumerate(tools):
        at = "tools.%d" % i
        yield from members(tool, at, {"name": "string!", "description": "string", "input_schema": "object!", "type": "string",
                                      "strict": "boolean", "cache_control": "object"})
        if not re.match(r"[a-zA-Z0-9_-]{1,128}\Z", tool.get("name", "")):
            yield "%s.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'" % at
        if tool.get("input_schema", {}).get("type") != "object":
            yield "%s.custom.input_schema.type: Field required" % at
        for where, s in inner_schemas(tool.get("input_schema", {}), at):
            yield from schema_facts(s, where)
            for name in s.get("properties", {}):
                if not re.match(r"[a-zA-Z0-9_.-]{1,64}\Z", name):
                    yield "%s: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'" % where
    yield from unique([t.get("name") for t in tools], "tools: Tool names must be unique")
    if not tools and re.search(r'"type": "tool_(use|result)"', json.dumps(body.get("messages"))):
        yield "Requests which include `tool_use` or `tool_result` blocks must define tools"
    if "tool_choice" in body and not tools:
        yield "tool_choice: only with tools"


def check_format(config):
    if not config:
        return
    yield from members(config, "output_config", {"format": "object", "effort": "string"})
    format_ = config.get("format")
    if format_ is None:
        return
    yield from members(format_, "output_config.format", {"type": "string!", "schema": "object!"})
    for where, s in inner_schemas(format_.get("schema"), "output_config.format.schema"):
        if s.get("type") == "object" and s.get("additionalProperties") is not False:
            yield "%s: For 'object' type, 'additionalProperties' must be explicitly set to false" % where
        for word in NOT_IN_FORMAT:
            if word in s:
                yield "%s: property '%s' is not supported" % (where, word)


def blocks(m, kind):
    return [b for b in m["content"] if b["type"] == kind] if isinstance(m["content"], list) else []


def check_turns(body, _model):
    """Of a request whose members are right: each tool_use has its tool_result at the beginning of the next message."""
    messages = body["messages"]
    if messages[0]["role"] != "user":
        yield "messages: first message must use the \"user\" role"
    if messages[-1]["role"] != "user":
        yield "This model does not support assistant message prefill. The conversation must end with a user message."
    yield from unique([b["id"] for m in messages for b in blocks(m, "tool_use")], "messages: `tool_use` ids must be unique")
    for i, m in enumerate(messages):
        asked = [b["id"] for b in blocks(messages[i - 1], "tool_use")] if i else []
        told = [b["tool_use_id"] for b in blocks(m, "tool_result")]
        if sorted(asked) != sorted(told):
            yield "messages.%d: `tool_use` ids and `tool_result` blocks do not match: %s, %s" % (i, asked, told)
        if told and any(b["type"] != "tool_result" for b in m["content"][:len(told)]):
            yield "messages.%d: `tool_result` blocks must come first" % i
    if blocks(messages[-1], "tool_use"):
        yield "messages: `tool_use` ids were found without `tool_result` blocks immediately after"


# ---- the request, neutral

def words(content):
    return content if isinstance(content, str) else "".join(b.get("text", "") for b in content if b["type"] == "text")


def result(content):
    try:
        return json.loads(words(content or ""))
    except ValueError:
        return words(content or "")


def neutral(body):
    names = {b["id"]: b["name"] for m in body["messages"] for b in blocks(m, "tool_use")}
    return {"system": words(body.get("system", "")),
            "turns": [{"role": m["role"], "text": words(m["content"]),
                       "calls": [{"name": b["name"], "arguments": b["input"]} for b in blocks(m, "tool_use")],
                       "results": [{"name": names[b["tool_use_id"]], "result": result(b.get("content"))}
                                   for b in blocks(m, "tool_result")]} for m in body["messages"]],
            "tools": {t["name"]: {"description": t.get("description", ""), "schema": t["input_schema"]}
                      for t in body.get("tools", [])},
            "json_schema": body.get("output_config", {}).get("format", {}).get("schema"), "max_tokens": body["max_tokens"]}


# ---- the answer

def uses(answer, number):
    return [{"type": "tool_use", "id": "toolu_%d_%d" % (number, i), "name": c["name"], "input": c["arguments"]}
            for i, c in enumerate(answer["calls"])]


def message(answer, model, number, content, finish, used):
    return {"id": "msg_%d" % number, "type": "message", "role": "assistant", "model": model, "content": content,
            "stop_reason": finish, "stop_sequence": None, "usage": {
                "input_tokens": answer["usage"][0], "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                "output_tokens": used}}


def whole(answer, model, number, _):
    content = ([{"type": "text", "text": answer["text"]}] if answer["text"] else []) + uses(answer, number)
    return message(answer, model, number, content, FINISH[answer["finish"]], answer["usage"][1])


def events(answer, model, number, _):
    """The stream's events as bytes; the last one is the end mark."""
    told = [event("message_start", message=message(answer, model, number, [], None, 1)), event("ping")]
    texts, index = pieces(answer), 0
    if texts:
        told.append(event("content_block_start", index=0, content_block={"type": "text", "text": ""}))
        told += [event("content_block_delta", index=0, delta={"type": "text_delta", "text": t}) for t in texts]
        told.append(event("content_block_stop", index=0))
        index = 1
    for i, use in enumerate(uses(answer, number), index):
        text = use["input"] if isinstance(use["input"], str) else json.dumps(use["input"])
        told.append(event("content_block_start", index=i, content_block={**use, "input": {}}))
        told += [event("content_block_delta", index=i, delta={"type": "input_json_delta", "partial_json": part})
                 for part in ["", *thirds(text)]]
        told.append(event("content_block_stop", index=i))
    told.append(event("message_delta", delta={"stop_reason": FINISH[answer["finish"]], "stop_sequence": None},
                      usage={"output_tokens": answer["usage"][1]}))
    return told + [event("message_stop")]


def event(name, **members_):
    value = json.dumps({"type": name, **members_}, ensure_ascii=False)
    return ("event: %s\ndata: %s\n\n" % (name, value)).encode()


def error_event(status, text):
    return event("error", error=error(status, text)["error"])


def malformed_event():
    return b'event: content_block_delta\ndata: {"type": "content_block_delta", "index": 0, "del\n\n'
