"""What each source contributes."""
