"""Tagging with Ray Data, on one machine or many (extra ``ray``): datasets of one's own, and ``aikind tag --engine ray``."""

from aikind.serve.ray.dataset import tag_dataset

__all__ = ["tag_dataset"]
