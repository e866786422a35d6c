"""A Slack of our own for tests and trials, as strict as the real one: Web API, Socket Mode, signed events, a page."""
