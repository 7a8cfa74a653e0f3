"""Reading and mapping what a company folder points to: files today, databases by the same door."""
