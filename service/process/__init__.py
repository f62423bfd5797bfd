"""A process that serves: its connections, its end, its health, and what operators see of it."""
