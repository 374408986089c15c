"""Judges requests to the Messages API, and schemas that answers are asked for in, by the API's own Python client.

    judge.py requests [FILE…]   JSON lines {"endpoint", "body"} with `messages`, `count_tokens` or `batches` as the endpoint
    judge.py schemas [FILE…]    JSON lines {"name", "schema"}

Reads standard input where no file is given, and prints one JSON object: {"checked", "rejected": [{"line", "at", "why"}]}.

A request has to be valid against the client's types, closed: pydantic makes a JSON Schema of each, in which no unknown field
passes. What types can't say stands in `rules` below, after the API's documentation. A schema has to be one that the client
would send as it is; it rewrites what the API does not take.
"""

import importlib
import json
import pkgutil
import sys

import anthropic.types
from anthropic import transform_schema
from anthropic.resources.messages.messages import DEPRECATED_MODELS
from jsonschema import Draft202012Validator
from pydantic import ConfigDict, TypeAdapter
from typing_extensions import is_typeddict

# Retired before the client's list begins, or too lately for it.
RETIRED = {
    *DEPRECATED_MODELS,
    "claude-3-5-haiku-latest",
    "claude-3-5-sonnet-20240620",
    "claude-3-5-sonnet-20241022",
    "claude-3-5-sonnet-latest",
    "claude-3-haiku-20240307",
    "claude-opus-4-1",
    "claude-opus-4-1-20250805",
}
# Longer answers are only streamed: the client refuses what may take over ten minutes.
LONGEST_UNSTREAMED = 21_333
MOST_BREAKPOINTS = 4
MOST_IN_A_BATCH = 100_000


def validators():
    for module in pkgutil.walk_packages(anthropic.types.__path__, "anthropic.types."):
        if ".beta" in module.name:
            continue
        for value in list(vars(importlib.import_module(module.name)).values()):
            if is_typeddict(value) and "__pydantic_config__" not in vars(value):
                value.__pydantic_config__ = ConfigDict(extra="forbid")
    from anthropic.types import MessageCountTokensParams
    from anthropic.types.message_create_params import MessageCreateParamsNonStreaming, MessageCreateParamsStreaming
    from anthropic.types.messages.batch_create_params import BatchCreateParams

    def validator(params):
        schema = TypeAdapter(params).json_schema()
        # Parameters of the client that are headers of the request.
        for header in ("user_profile_id", "workspace_id"):
            schema.get("properties", {}).pop(header, None)
        return Draft202012Validator(schema)

    return {
        "messages": validator(MessageCreateParamsNonStreaming),
        "messages_streamed": validator(MessageCreateParamsStreaming),
        "count_tokens": validator(MessageCountTokensParams),
        "batches": validator(BatchCreateParams),
    }


def objects_left_open(schema, at="schema"):
    if isinstance(schema, list):
        for number, part in enumerate(schema):
            yield from objects_left_open(part, f"{at}/{number}")
    elif isinstance(schema, dict):
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
            yield at
        for key, part in schema.items():
            # Names of properties are no keywords.
            if key in ("properties", "$defs"):
                for name, inner in part.items():
                    yield from objects_left_open(inner, f"{at}/{key}/{name}")
            elif key not in ("enum", "const", "required"):
                yield from objects_left_open(part, f"{at}/{key}")


def blocks(part):
    content = part.get("content")
    return [{"type": "text", "text": content}] if isinstance(content, str) else content or []


def rules(body, is_batched=False):
    """What is wrong with the body of a request for an answer or a count, beside its types."""
    for knob in ("temperature", "top_p", "top_k"):
        if knob in body:
            yield f"{knob} is refused since version 2026-10-21"
    model = body.get("model", "")
    if model in RETIRED:
        yield f"{model} is retired or about to be"
    messages = body.get("messages", [])
    roles = [message.get("role") for message in messages]
    if roles[:1] != ["user"]:
        yield "the first message is the user's"
    if roles[-1:] == ["assistant"]:
        yield "an answer that is begun by the one who asks is refused by current models"
    system = body.get("system", [])
    system = [{"type": "text", "text": system}] if isinstance(system, str) else system
    for message in messages:
        if not blocks(message):
            yield "a message is empty"
        if message.get("role") == "assistant" and any(block.get("type") == "document" for block in blocks(message)):
            yield "a document stands in a message of the assistant"
    said = [*system, *(block for message in messages for block in blocks(message))]
    if any(block.get("type") == "text" and not block.get("text", "").strip() for block in said):
        yield "a block of text is blank"
    if sum("cache_control" in block for block in said) > MOST_BREAKPOINTS:
        yield f"more than {MOST_BREAKPOINTS} breakpoints of the prompt cache"
    if any(not text.strip() for text in body.get("stop_sequences", [])):
        yield "a stop sequence is blank"
    if (body.get("max_tokens") or 0) > LONGEST_UNSTREAMED and not body.get("stream") and not is_batched:
        yield "so long an answer has to be streamed"
    if is_batched and body.get("stream"):
        yield "nothing is streamed in a batch"
    if body.get("tool_choice", {}).get("type") in ("any", "tool"):
        yield "a tool is forced, which current models refuse"
    schema = ((body.get("output_config") or {}).get("format") or {}).get("schema")
    if schema is not None:
        yield from (f"{at} has no additionalProperties: false" for at in objects_left_open(schema))
        yield from changes("the schema", schema)


def rules_of_batch(body):
    requests = body.get("requests", [])
    ids = [request.get("custom_id", "") for request in requests]
    if not 0 < len(ids) <= MOST_IN_A_BATCH:
        yield f"a batch has one to {MOST_IN_A_BATCH} requests"
    if len(set(ids)) != len(ids):
        yield "two requests of a batch have the same id"
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
    if any(not 0 < len(one) <= 64 or set(one) - allowed for one in ids):
        yield "an id has one to 64 letters, digits, - and _"
    for request in requests:
        yield from rules(request.get("params", {}), is_batched=True)


def changes(name, schema):
    try:
        sent = transform_schema(schema)
    except Exception as error:  # Whatever the client stumbles over.
        yield f"{name} is refused: {error}"
        return
    if sent != schema:
        yield f"{name} is changed before it is sent, to {json.dumps(sent)[:400]}"


def judge_request(line, known):
    body, endpoint = line["body"], line["endpoint"]
    streamed = endpoint == "messages" and body.get("stream")
    for error in known["messages_streamed" if streamed else endpoint].iter_errors(body):
        yield "/".join(map(str, error.absolute_path)), error.message[:300]
    for why in rules_of_batch(body) if endpoint == "batches" else rules(body):
        yield "", why


def main():
    what, files = sys.argv[1], sys.argv[2:]
    known = validators() if what == "requests" else None
    lines = [line for file in files for line in open(file, encoding="utf-8")] if files else list(sys.stdin)
    rejected, checked = [], 0
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        checked += 1
        line = json.loads(text)
        if what == "requests":
            found = list(judge_request(line, known))
        else:
            found = [("", why) for why in changes(line["name"], line["schema"])]
            found += [(at, "additionalProperties is not false") for at in objects_left_open(line["schema"])]
        if found:
            at, why = found[0]
            rejected.append({"line": number, "at": at, "why": why, "from": line.get("from"), "more": len(found) - 1})
    json.dump({"checked": checked, "rejected": rejected}, sys.stdout)


main()
