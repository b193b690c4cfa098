"""The knowledge base: articles and how they are found."""
