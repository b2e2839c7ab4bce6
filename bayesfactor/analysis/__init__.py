"""Answers from a fit."""
