"""One form of calling for functions and peers."""
