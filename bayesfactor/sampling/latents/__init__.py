"""Latent variables given which the normal kernel holds as it is, and the sweep that draws them around it."""
