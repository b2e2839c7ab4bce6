"""Latent variables that are drawn given coefficients and scales, around the compiled density."""
