from tests.telemetry.scraped import scraped

__all__ = ["scraped"]
