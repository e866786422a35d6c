"""Rasa custom actions: read the conversation, make one call to the Desk, render the answer."""
