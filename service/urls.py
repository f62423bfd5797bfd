"""What is read out of URLs, and what goes into them."""

from __future__ import annotations

import httpx

EVERY_ADDRESS = ("0.0.0.0", "::")
"""Listened on to be reached at each address of the machine, and itself none that a URL could name."""


def port_of(url: httpx.URL) -> int:
    """The port that it names, or else that of its scheme."""
    return url.port or (443 if url.scheme == "https" else 80)
