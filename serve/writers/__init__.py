"""Writers: from taggings to JSON Lines, CSV or a terminal table, one format a module."""
