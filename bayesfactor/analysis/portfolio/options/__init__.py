"""Books with options: what they hold, what it is worth, and what moves it."""
