"""What the agents of every suite say and show: small, odd, and known to the byte."""

from __future__ import annotations

import base64
from typing import Any

from pydantic import BaseModel, ConfigDict

# A transparent pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
PNG_BASE64 = base64.b64encode(PNG).decode()
PDF = b"%PDF-1.4\n%%EOF\n"
PDF_BASE64 = base64.b64encode(PDF).decode()
PICTURE_URL = "https://pictures.test/cat.png"

ODD_TEXT = 'héllo 日本 🎉 "quoted" \\ back\nslash\tend \u2028 done'
# What a simulated model thinks, and how it refuses.
THOUGHT = "Let me think about it."
REFUSAL = "I cannot help with that."

WEATHER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city"],
}
EMPTY_SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}
CALL_ONE = 'call weather with {"city":"Zürich","days":3}'
CALL_BOTH = CALL_ONE + " and call now"

# How a stream may be cut on its way, which must change nothing of what it says.
CUTS: list[dict[str, Any]] = [
    {"split": 1},
    {"split": 5, "line_ending": "crlf"},
    {"split": 4096, "comments": True},
    {"comments": True, "line_ending": "crlf", "split": 3},
    {"between_chunks_ms": 3},
]


class Leaf(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    ripe: bool


class Tree(BaseModel):
    """Something with an inside, so that its schema has `$defs`."""

    model_config = ConfigDict(extra="forbid")
    height: int
    leaves: list[Leaf]


GROWN = Tree(height=7, leaves=[Leaf(name="text", ripe=True)])


def cut_id(cut: dict[str, Any]) -> str:
    return "-".join(f"{name}-{value}" for name, value in cut.items())
