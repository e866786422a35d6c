"""For all tests: property tests try the same examples every time, and Ctrl-C works in what the tests start."""

import signal

from hypothesis import settings

# So that a run says something about the change.
settings.register_profile("same-every-time", derandomize=True)
settings.load_profile("same-every-time")

# A script's background job ignores Ctrl-C, and so does all that it starts; the tests of Ctrl-C begin as in a terminal.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
