"""The report as HTML, PDF and Markdown."""
