"""Slack: the gateway, and the pure functions that turn our things into Slack's JSON."""
