"""Simulated clouds that speak the real APIs."""
