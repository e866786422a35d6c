"""Rasa actions: read the message, make one call to the Desk, render the answer."""
