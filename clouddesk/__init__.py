"""CloudDesk: the IT desk for cloud machines, in chat."""

__version__ = "0.1.0"
