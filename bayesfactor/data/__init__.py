"""From files and tables to a panel."""
