"""Compiles the bundled price lists, ``clouddesk/catalog/prices/*.csv``: `python -m scripts.prices`."""
