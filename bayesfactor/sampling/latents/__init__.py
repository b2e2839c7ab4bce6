"""Latent variables given which the normal kernel holds as it is, on other statistics."""
