"""contextId -> transcript, leased to one turn at a time."""
