"""What a tool of an MCP server returns, as text for the model."""

from __future__ import annotations

import json
import math

from mcp import types

from service.plain import one_line, plain

_RESULT_CHARS = 100_000
"""Beyond, a result is not even looked at; how much of it the model reads is the toolbox's matter."""
_NAME_CHARS = 300


def as_text(result: types.CallToolResult) -> str:
    """All that is text, the structured content if nothing is, and the names of what else there is."""
    parts = [_part(block) for block in result.content]
    if result.structured_content is not None and not any(block.type == "text" for block in result.content):
        parts.append(json.dumps(result.structured_content, ensure_ascii=False))
    return plain("\n".join(parts)[:_RESULT_CHARS])


def _part(block: types.ContentBlock) -> str:
    match block:
        case types.TextContent():
            return block.text
        case types.EmbeddedResource(resource=resource):
            if isinstance(resource, types.TextResourceContents):
                return resource.text
            return _named(resource.mime_type or "resource", resource.blob)
        case types.ResourceLink():
            return f"[{one_line(f'{block.name}: {block.uri}', _NAME_CHARS)}]"
    return _named(block.mime_type, block.data)


def _named(kind: str, base64: str) -> str:
    return f"[{one_line(kind, _NAME_CHARS)}, {math.ceil(len(base64) * 3 / 4 / 1000)} kB]"
