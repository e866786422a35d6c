"""The chaos test: random work on the whole stack while random processes are killed; see docs/chaos.md."""
