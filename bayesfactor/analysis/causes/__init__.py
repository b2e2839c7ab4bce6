"""What may be read as a cause, given a causal graph."""
