"""Rasa training data and graph components."""
