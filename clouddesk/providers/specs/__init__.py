"""One module for each provider: what it is, as data."""
