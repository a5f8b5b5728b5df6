"""A result in, a document out."""
