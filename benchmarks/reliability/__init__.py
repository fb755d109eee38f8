"""The four promises under fire: faults are injected into the running chain, and every wrong result is counted."""
