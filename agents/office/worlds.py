"""Which office the tasks of a split are about."""

from __future__ import annotations

from pathlib import Path

from agents.office.company import Office
from agents.office.names import Names
from service.training.task import Split


def open_office(data: Path, seed: int, split: Split, suppliers: int = 300) -> Office:
    """The office in the folder `data`. Its names are new in one held-out split, its contracts' words in the other."""
    names = Names(held_out=split is Split.ENTITIES, invents=split is Split.TRAIN)
    return Office.open(data / "office.sqlite", seed, names, split is Split.PHRASINGS, suppliers)
