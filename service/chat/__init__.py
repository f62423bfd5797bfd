"""How one model family writes and reads a conversation."""
