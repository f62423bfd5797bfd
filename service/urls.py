"""What is read out of URLs."""

from __future__ import annotations

import httpx


def port_of(url: httpx.URL) -> int:
    """The port that it names, or else that of its scheme."""
    return url.port or (443 if url.scheme == "https" else 80)
