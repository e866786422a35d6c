"""`python -m clouddesk`."""

from clouddesk.cli import main

main()
