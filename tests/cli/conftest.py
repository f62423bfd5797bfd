"""Commands set up the logs of the process that they run in: here, that of the tests."""

from tests.logs import as_before

__all__ = ["as_before"]
