"""The sides where people talk: the terminal, and the Rasa channel that both use."""
