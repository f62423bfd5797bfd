"""What operators see of this service: traces, metrics and logs, in the words of OpenTelemetry."""
