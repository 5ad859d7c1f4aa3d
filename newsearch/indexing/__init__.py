"""How do sources become an index? Whole, in batches, and again when files change."""
