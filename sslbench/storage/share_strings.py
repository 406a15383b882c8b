"""A recipe's entries as a short text that fits into a message or an address, and back."""

import base64
import json
import zlib
from typing import Any

from ..messages import quoted

LARGEST = 100_000  # characters of a recipe's JSON
# the version, and what its recipes meant by entries that there were not yet
EARLIER = {"ssl1": {"optimiser": "adamw"}, "ssl2": {}}


def packed(entries: dict[str, Any]) -> str:
    text = json.dumps(entries, separators=(",", ":")).encode()
    return "ssl2." + base64.urlsafe_b64encode(zlib.compress(text, 9)).decode().rstrip("=")


def is_one(text: str) -> bool:
    return text.startswith(tuple(f"{version}." for version in EARLIER))


def unpacked(text: str) -> dict[str, Any]:
    """What packed() was given; ValueError in one line for anything else."""
    try:
        version, content = content_of(text)
        return {**EARLIER[version], **json.loads(content)}
    except (ValueError, TypeError, AttributeError, RecursionError, zlib.error):
        raise ValueError(f"{quoted(text, 40)} is not a share string; copy the whole line from "
                         "the bench's code tab (it starts with ssl2.)") from None


def content_of(text: str) -> tuple[str, bytes]:
    """Version and JSON inside; ValueError or zlib.error where there is none or more than any recipe holds."""
    head, body = text[:2 * LARGEST].strip().split(".", 1)
    unzip = zlib.decompressobj()
    content = unzip.decompress(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), LARGEST)
    if head not in EARLIER or not unzip.eof:
        raise ValueError
    return head, content
