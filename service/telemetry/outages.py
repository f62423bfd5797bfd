"""Spans that cannot be sent: told when that begins and when it is over, not with each try."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from service.telemetry.logs import EXPORTERS

logger = logging.getLogger(__name__)

_QUEUE = "opentelemetry.sdk._shared_internal"
"""The logger of what waits to be sent. It tells when there is no more room for that."""


class TellsOutages(SpanExporter):
    """An exporter. What it says while it sends is told once, if nothing comes of it."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._sending: int | None = None
        """The thread that does."""
        self._said: list[str] = []
        self._lost = 0
        """Spans, since the last that were sent."""
        for name in EXPORTERS:
            logging.getLogger(name).addFilter(self._keep)
        logging.getLogger(_QUEUE).addFilter(self._is_news)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """One at a time, as `BatchSpanProcessor` has it."""
        self._said, self._sending = [], threading.get_ident()
        try:
            result = self._exporter.export(spans)
        finally:
            self._sending = None
        if result is SpanExportResult.SUCCESS:
            if self._lost:
                logger.info("spans are sent again; %d or more were lost", self._lost)
            self._lost = 0
        else:
            if not self._lost:  # why is in what it says first, what comes of it in what it says last
                why = " ".join(dict.fromkeys([*self._said[:1], *self._said[-1:]]))
                logger.warning("spans are lost, until the contrary is told: %s", why or "the exporter does not say why")
            self._lost += len(spans)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()
        for name in EXPORTERS:
            logging.getLogger(name).removeFilter(self._keep)
        logging.getLogger(_QUEUE).removeFilter(self._is_news)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)

    def _keep(self, record: logging.LogRecord) -> bool:
        kept = record.thread == self._sending
        if kept:
            self._said.append(record.getMessage())
        return not kept

    def _is_news(self, _: logging.LogRecord) -> bool:
        return not self._lost
