import service  # noqa: F401 (before anything imports the A2A SDK, as wherever the service runs)
