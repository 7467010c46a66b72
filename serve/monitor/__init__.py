"""``aikind monitor``: whether a later collection differs from an earlier one, beyond chance."""
