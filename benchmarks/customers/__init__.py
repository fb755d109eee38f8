"""Customer learning beside peers."""
