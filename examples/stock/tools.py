"""What we have, in a file of JSON: names of items and how many there are."""

from __future__ import annotations

import json
from pathlib import Path


class Stock:
    """The stock as it is in the file at each call."""

    def __init__(self, file: str) -> None:
        self._file = Path(file)
        if not self._file.exists():
            self._file.write_text(json.dumps({"stapler": 40, "desk lamp": 7}))

    def in_stock(self, item: str) -> str:
        """Look up how many of an item we have.

        Args:
            item: What it is called in the catalogue, in the singular.
        """
        stock = json.loads(self._file.read_text())
        if item not in stock:
            raise ValueError(f"There is no {item} in the catalogue.")
        return str(stock[item])
