"""The words of the page."""

HEAD = ""
NOTE = ""
