"""A report on a tagged collection: counts as results come, and one page at the end."""
