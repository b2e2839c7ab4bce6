"""Figures of results, by Matplotlib. What has a table is drawn from that result; the rest from the fit."""
