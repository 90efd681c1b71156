"""model_gemini.py -- Gemini's generateContent, streamGenerateContent (SSE) and batchEmbedContents: which requests it
refuses, and what its answers look like. From ai.google.dev/api/generate-content, .../function-calling,
.../structured-output, .../thought-signatures and .../troubleshooting.
"""
import base64
import hashlib
import json
import re

from model_shape import NAME, members, pieces, schema_words, unique

KEY_HEADER = "x-goog-api-key"
# What stands for the signature of a call that another model made, or none.
UNSIGNED = ["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"]
STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
          429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
FINISH = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS", "blocked": "SAFETY"}
# The words of JSON Schema that parametersJsonSchema and responseJsonSchema heed; no others are sent.
JSON_WORDS = ["$id", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items", "prefixItems",
              "minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties", "additionalProperties",
              "required", "propertyOrdering"]
# Those of the older `parameters` and `responseSchema`: what else is there is an unknown member.
SCHEMA_WORDS = ["type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "properties", "required",
                "minProperties", "maxProperties", "minLength", "maxLength", "pattern", "example", "anyOf",
                "propertyOrdering", "default", "items", "minimum", "maximum"]
REQUEST = {"contents": "array!", "systemInstruction": "object", "tools": "array", "toolConfig": "object",
           "generationConfig": "object", "safetySettings": "array", "cachedContent": "string"}
CONFIG = {"maxOutputTokens": "integer", "temperature": "number", "topP": "number", "topK": "number", "seed": "integer",
          "candidateCount": "integer", "stopSequences": "array", "responseMimeType": "string", "responseSchema": "object",
          "responseJsonSchema": "object", "thinkingConfig": "object", "presencePenalty": "number", "frequencyPenalty": "number"}
PART = {"text": "string", "functionCall": "object", "functionResponse": "object", "thought": "boolean",
        "thoughtSignature": "string"}
PATH = re.compile(r"/v1beta/models/([^/:]+):(generateContent|streamGenerateContent|batchEmbedContents|embedContent)\Z")


def route(path):
    """(model, what) or None; what: whole, stream, embed."""
    where, _, query = path.partition("?")
    m = PATH.match(where)
    if not m or m[2] == "embedContent":
        return None
    if m[2] == "streamGenerateContent":
        return (m[1], "stream") if query == "alt=sse" else None
    return (m[1], "embed" if m[2] == "batchEmbedContents" else "whole") if not query else None


def key_error(headers, key):
    have = headers.get(KEY_HEADER)
    if have is None:
        return 403, "Method doesn't allow unregistered callers. Please use an API Key."
    return None if have == key else (400, "API key not valid. Please pass a valid API key.")


def error(status, text):
    details = []
    if "API key not valid" in text:
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
                    "domain": "googleapis.com", "metadata": {"service": "generativelanguage.googleapis.com"}}]
    return {"error": {"code": status, "message": text, "status": STATUS.get(status, "UNKNOWN"),
                      **({"details": details} if details else {})}}


# ---- what it refuses

def check(body, model, stream):
    yield from members(body, "request", REQUEST)
    contents = body.get("contents")
    if not isinstance(contents, list) or not contents:
        yield "request.contents: is not specified"
        return
    for i, content in enumerate(contents):
        yield from check_content(content, "contents[%d]" % i, ("user", "model"))
    if "systemInstruction" in body:
        yield from check_content(body["systemInstruction"], "systemInstruction", ("user", "system", None))
    yield from check_tools(body.get("tools", []))
    yield from check_config(body.get("generationConfig", {}), bool(body.get("tools")))
    if "toolConfig" in body:
        yield from members(body["toolConfig"], "toolConfig", {"functionCallingConfig": "object"})
        yield from members(body["toolConfig"].get("functionCallingConfig", {}), "functionCallingConfig",
                           {"mode": "string", "allowedFunctionNames": "array"})


def check_content(content, at, roles):
    yield from members(content, at, {"role": "string", "parts": "array!"})
    if isinstance(content, dict):
        if content.get("role") not in roles:
            yield "%s.role: Please use a valid role: user, model." % at
        if not content.get("parts"):
            yield "%s.parts: must not be empty" % at
        for k, part in enumerate(content.get("parts") or []):
            yield from check_part(part, "%s.parts[%d]" % (at, k), content.get("role"))


def check_part(part, at, role):
    yield from members(part, at, PART)
    if not isinstance(part, dict):
        return
    kinds = [k for k in ("text", "functionCall", "functionResponse") if k in part]
    if len(kinds) != 1:
        yield "%s.data: required oneof field 'data' must have one initialized field" % at
    if part.get("text") == "":
        yield "%s.text: must not be empty" % at
    if "functionCall" in part:
        yield from members(part["functionCall"], at + ".functionCall", {"id": "string", "name": "string!", "args": "object"})
        if role != "model":
            yield "%s.functionCall: is the model's" % at
    if "functionResponse" in part:
        yield from members(part["functionResponse"], at + ".functionResponse",
                           {"id": "string", "name": "string!", "response": "object!"})
        if role == "model":
            yield "%s.functionResponse: is the user's" % at


def check_tools(tools):
    names = []
    for i, tool in enumerate(tools):
        at = "tools[%d]" % i
        yield from members(tool, at, {"functionDeclarations": "array!"})
        for k, f in enumerate(tool.get("functionDeclarations", []) if isinstance(tool, dict) else []):
            where = "%s.functionDeclarations[%d]" % (at, k)
            yield from members(f, where, {"name": "string!", "description": "string!", "parameters": "object",
                                          "parametersJsonSchema": "object", "behavior": "string"})
            names.append(f.get("name"))
            yield from check_function(f, where)
    yield from unique(names, "Duplicate function declaration found")


def check_function(f, at):
    if not NAME.match(f.get("name", "")) or not re.match(r"[A-Za-z_]", f.get("name", "")):
        yield "%s.name: Invalid function name" % at
    if "parameters" in f and "parametersJsonSchema" in f:
        yield "%s: parameters and parametersJsonSchema exclude each other" % at
    if "parametersJsonSchema" in f:
        yield from schema_words(f["parametersJsonSchema"], at + ".parametersJsonSchema", JSON_WORDS)
        if f["parametersJsonSchema"].get("type") != "object":
            yield "%s.parametersJsonSchema: schema type should be OBJECT" % at
    if "parameters" in f:
        yield from schema_words(f["parameters"], at + ".parameters", SCHEMA_WORDS)
        if str(f["parameters"].get("type")).upper() != "OBJECT" or not f["parameters"].get("properties"):
            yield "%s.parameters.properties: should be non-empty for OBJECT type" % at


def check_config(config, has_tools):
    yield from members(config, "generationConfig", CONFIG)
    most = config.get("maxOutputTokens", 1)
    if not isinstance(most, int) or not 1 <= most <= 65536:
        yield "generationConfig.maxOutputTokens: must be in the range from 1 (inclusive) to 65537 (exclusive)"
    for name, words in (("responseSchema", SCHEMA_WORDS), ("responseJsonSchema", JSON_WORDS)):
        if name in config:
            yield from schema_words(config[name], "generationConfig." + name, words)
            if config.get("responseMimeType") != "application/json":
                yield "generationConfig.%s: only with responseMimeType application/json" % name
    if config.get("responseMimeType") == "application/json" and has_tools:
        yield "Function calling with a response mime type: 'application/json' is unsupported"


def calls_of(content):
    return [p["functionCall"] for p in content["parts"] if "functionCall" in p]


def results_of(content):
    return [p["functionResponse"] for p in content["parts"] if "functionResponse" in p]


def check_turns(body, model):
    """Of a request whose members are right: who speaks when."""
    contents = body["contents"]
    if contents[0]["role"] != "user" or contents[-1]["role"] != "user":
        yield "contents: begin and end with the user's turn"
    for before, now in zip(contents, contents[1:]):
        if before["role"] == now["role"]:
            yield "contents: Please ensure that multiturn requests alternate between user and model."
    for i, content in enumerate(contents):
        asked = calls_of(contents[i - 1]) if i and contents[i - 1]["role"] == "model" else []
        told = results_of(content)
        if content["role"] == "user" and len(asked) != len(told):
            yield ("Please ensure that the number of function response parts is equal to the number of function call parts of "
                   "the function call turn.")
        elif sorted(c["name"] for c in asked) != sorted(r["name"] for r in told) and content["role"] == "user":
            yield "contents[%d]: a function response that nothing called" % i
    yield from check_signatures(contents, model)


def check_signatures(contents, model):
    """Since Gemini 3 the first call of each step of the present turn comes back with its signature."""
    start = max([i for i, c in enumerate(contents) if c["role"] == "user" and not results_of(c)], default=0)
    for i, content in enumerate(contents):
        calls = [p for p in content["parts"] if "functionCall" in p]
        signed = calls[0].get("thoughtSignature") if calls else None
        if calls and i > start and signed is None and model.startswith("gemini-3"):
            yield "Function call is missing a thought_signature in functionCall parts."
        if signed is not None and signed not in UNSIGNED and signed != signature(calls[0]["functionCall"]):
            yield "Corrupted thought signature."


def signature(call):
    seal = hashlib.sha256(json.dumps([call["name"], call.get("args", {})], sort_keys=True).encode()).digest()
    return base64.b64encode(b"scripted" + seal).decode()


# ---- the request, neutral

def neutral(body):
    turns = []
    for c in body["contents"]:
        turns.append({"role": "assistant" if c["role"] == "model" else "user",
                      "text": "".join(p.get("text", "") for p in c["parts"]),
                      "calls": [{"name": f["name"], "arguments": f.get("args", {})} for f in calls_of(c)],
                      "results": [{"name": r["name"], "result": r["response"]} for r in results_of(c)]})
    config = body.get("generationConfig", {})
    return {"system": "".join(p.get("text", "") for p in body.get("systemInstruction", {}).get("parts", [])), "turns": turns,
            "tools": {f["name"]: {"description": f["description"], "schema": f.get("parametersJsonSchema", f.get("parameters"))}
                      for t in body.get("tools", []) for f in t["functionDeclarations"]},
            "json_schema": config.get("responseJsonSchema", config.get("responseSchema")),
            "max_tokens": config.get("maxOutputTokens")}


# ---- the answer

def usage(answer, thoughts=0):
    used = {"promptTokenCount": answer["usage"][0], "candidatesTokenCount": answer["usage"][1] - thoughts,
            "totalTokenCount": sum(answer["usage"])}
    if thoughts:
        used["thoughtsTokenCount"] = thoughts
    return used


def part_of(call, first):
    """arguments that are no object: this provider never sends them."""
    f = {"name": call["name"], "args": call["arguments"]}
    return {"functionCall": f, "thoughtSignature": signature(f)} if first else {"functionCall": f}


def envelope(model, number, **rest):
    return {**rest, "modelVersion": model, "responseId": "r%d" % number}


def parts_and_finish(answer):
    if any(not isinstance(c["arguments"], dict) for c in answer["calls"]):
        return [], "MALFORMED_FUNCTION_CALL"
    parts = [{"text": t} for t in pieces(answer)] + [part_of(c, i == 0) for i, c in enumerate(answer["calls"])]
    return parts, FINISH[answer["finish"]]


def whole(answer, model, number, _):
    if answer["finish"] == "blocked" and not answer["text"]:
        return envelope(model, number, promptFeedback={"blockReason": "SAFETY", "safetyRatings": [
            {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH"}]}, usageMetadata={
                "promptTokenCount": answer["usage"][0], "totalTokenCount": answer["usage"][0]})
    parts, finish = parts_and_finish(answer)
    texts = "".join(p.get("text", "") for p in parts)
    parts = ([{"text": texts}] if texts else []) + [p for p in parts if "text" not in p]
    content = {"content": {"parts": parts, "role": "model"}} if parts else {"content": {"role": "model"}}
    return envelope(model, number, candidates=[{**content, "finishReason": finish, "index": 0}], usageMetadata=usage(answer))


def events(answer, model, number, body):
    """The stream's events as bytes; the last one is the end mark."""
    if answer["finish"] == "blocked" and not answer["text"]:
        return [event(whole(answer, model, number, body))]
    parts, finish = parts_and_finish(answer)
    told = [envelope(model, number, candidates=[{"content": {"parts": [p], "role": "model"}, "index": 0}],
                     usageMetadata={"promptTokenCount": answer["usage"][0], "totalTokenCount": answer["usage"][0]}) for p in parts]
    told.append(envelope(model, number, candidates=[{"content": {"parts": [{"text": ""}], "role": "model"},
                                                     "finishReason": finish, "index": 0}], usageMetadata=usage(answer)))
    return [event(e) for e in told]


def event(value):
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\r\n\r\n"


def error_event(status, text):
    return event(error(status, text))


def malformed_event():
    return b'data: {"candidates": [{"content": {"parts": [{"te\r\n\r\n'


# ---- embeddings

def check_embed(body, model):
    yield from members(body, "request", {"requests": "array!"})
    for i, r in enumerate(body.get("requests", [])):
        yield from members(r, "requests[%d]" % i, {"model": "string!", "content": "object!", "taskType": "string",
                                                  "title": "string", "outputDimensionality": "integer"})
        if r.get("model") != "models/" + model:
            yield "requests[%d].model: must be the one of the address" % i
        if not r.get("content", {}).get("parts"):
            yield "requests[%d].content.parts: must not be empty" % i


def embed_texts(body):
    return ["".join(p["text"] for p in r["content"]["parts"]) for r in body["requests"]]


def embedded(vectors, _model, _tokens):
    return {"embeddings": [{"values": v} for v in vectors]}
