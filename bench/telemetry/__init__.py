"""What telemetry is sent, and what it costs."""
