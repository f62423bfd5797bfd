"""The names of spans, attributes and metrics: OpenTelemetry's semantic conventions, and ours below `innerloop.`

The conventions for generative AI change yet. By default the names are those that most tools know, of version 1.41; with
`OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental` the newest.
"""

from __future__ import annotations

import os

# What is done.
INVOKE_AGENT = "invoke_agent"
CHAT = "chat"
EXECUTE_TOOL = "execute_tool"

# Generative AI.
OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
AGENT_NAME = "gen_ai.agent.name"
AGENT_VERSION = "gen_ai.agent.version"
CONVERSATION = "gen_ai.conversation.id"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
REQUEST_TEMPERATURE = "gen_ai.request.temperature"
REQUEST_TOP_P = "gen_ai.request.top_p"
REQUEST_SEED = "gen_ai.request.seed"
REQUEST_STREAM = "gen_ai.request.stream"
RESPONSE_MODEL = "gen_ai.response.model"
RESPONSE_FINISH_REASONS = "gen_ai.response.finish_reasons"
RESPONSE_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
TOOL_NAME = "gen_ai.tool.name"
TOOL_TYPE = "gen_ai.tool.type"
TOOL_DESCRIPTION = "gen_ai.tool.description"
TOOL_CALL_ID = "gen_ai.tool.call.id"

# Content: only where the operator asks for it.
INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"
TOOL_ARGUMENTS = "gen_ai.tool.call.arguments"
TOOL_RESULT = "gen_ai.tool.call.result"

# A2A, as proposed for the conventions (semantic-conventions-genai#195).
A2A_METHOD = "a2a.method.name"
A2A_TASK = "a2a.task.id"

# All the rest.
ERROR_TYPE = "error.type"
HTTP_METHOD = "http.request.method"
HTTP_STATUS = "http.response.status_code"
RPC_SYSTEM = "rpc.system.name"
RPC_STATUS = "rpc.response.status_code"
SERVER_ADDRESS = "server.address"
SERVER_PORT = "server.port"
URL_PATH = "url.path"

# Ours.
PROGRAM_VERSION = "innerloop.version"
"""Of this program: `service.version` is the agent's."""
STOP = "innerloop.turn.stop"
"""Why a turn stopped."""
ATTEMPT = "innerloop.turn.attempt"
"""How many processes have had the turn since it last got on, this one included."""
RESUMED = "innerloop.turn.resumed"
"""Whether another process had begun the turn."""
LINK = "innerloop.link"
"""What a link is to."""
STATE = "innerloop.state"
WHILE = "innerloop.while"
"""What the model did while tools ran: `decoding` or `waiting`."""
REASON = "innerloop.reason"
OUTCOME = "innerloop.outcome"
PEER = "innerloop.peer"
MCP_SERVER = "innerloop.mcp.server"
TOKEN_TYPE = "gen_ai.token.type"

# Metrics of the conventions that all versions have.
AGENT_DURATION = "gen_ai.invoke_agent.duration"
AGENT_INFERENCE_CALLS = "gen_ai.invoke_agent.inference_calls"
AGENT_TOOL_CALLS = "gen_ai.invoke_agent.tool_calls"
TOOL_DURATION = "gen_ai.execute_tool.duration"
FIRST_TOKEN = "gen_ai.server.time_to_first_token"
PER_TOKEN = "gen_ai.server.time_per_output_token"

# Those of 1.41, and those in their place.
CHAT_DURATION = "gen_ai.client.operation.duration"
TOKEN_USAGE = "gen_ai.client.token.usage"
LATEST_CHAT_DURATION = "gen_ai.client.inference.duration"
LATEST_INPUT_TOKENS = "gen_ai.client.inference.operation.input_tokens"
LATEST_OUTPUT_TOKENS = "gen_ai.client.inference.operation.output_tokens"
LATEST_CACHED_TOKENS = "gen_ai.client.inference.usage.cache_read.input_tokens"

# Our metrics.
TURNS = "innerloop.turns"
TURNS_RUNNING = "innerloop.turns.running"
TURNS_QUEUED = "innerloop.turns.queued"
TURNS_ROOM = "innerloop.turns.room"
QUEUE_ROOM = "innerloop.queue.room"
OLDEST_TURN = "innerloop.turns.oldest"
TURN_LIMIT = "innerloop.turn.limit"
TURN_OVER_LEAST = "innerloop.turn.over_least"
TOOL_TIME = "innerloop.tool.time"
SPLICE_GAP = "innerloop.splice.gap"
SPLICE_GAP_TOKENS = "innerloop.splice.gap.tokens"
RECOMPUTED = "innerloop.tokens.recomputed"
KV_USE = "innerloop.kv.use"
ENGINE_STALLED = "innerloop.engine.stalled"
REFUSED = "innerloop.admissions.refused"
TAKEN_OVER = "innerloop.leases.taken_over"
LOST = "innerloop.leases.lost"
PROCESS_STATE = "innerloop.process.state"
DATABASE_UP = "innerloop.database.up"
PEER_UP = "innerloop.peer.up"
MCP_UP = "innerloop.mcp.up"
WEBHOOKS_OWED = "innerloop.webhooks.owed"
WEBHOOK_LATE = "innerloop.webhooks.late"
DELIVERIES = "innerloop.webhook.deliveries"
REMOVED = "innerloop.conversations.removed"


def latest() -> bool:
    """Whether the newest names are wanted."""
    wanted = os.environ.get("OTEL_SEMCONV_STABILITY_OPT_IN", "")
    return "gen_ai_latest_experimental" in (name.strip() for name in wanted.split(","))


def captures_content() -> bool:
    """Whether what people and models say may be in spans."""
    wanted = os.environ.get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "")
    return wanted.strip().lower() in ("true", "span_only", "span_and_event")
