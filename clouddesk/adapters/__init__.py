"""What stands behind the ports: Vault, Redis, the sandbox's keys, blueprint files."""
