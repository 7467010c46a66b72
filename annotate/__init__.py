"""Label documents in a browser, and carry labels from and to other tools."""
