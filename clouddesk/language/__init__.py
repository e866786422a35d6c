"""What people mean, and how they are answered in words: no chat, no cloud, no storage is known here."""
