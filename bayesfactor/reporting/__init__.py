"""A fit as a report: what is stated, in which words, and how it is set."""
