"""What the worker does outside any transaction: one handler for each effect."""
