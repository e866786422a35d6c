"""What can go wrong with the stack; each is one sentence that says what happened and how to mend it."""

from __future__ import annotations

from pathlib import Path

from clouddesk.model.errors import CloudDeskError


class StackError(CloudDeskError):
    """The stack cannot be started, reached or stopped. ``problem`` says what happened, ``mend`` what to do."""

    code = "stack"

    def __init__(self, problem: str, mend: str) -> None:
        self.problem = problem
        self.mend = mend
        super().__init__(f"{problem} {mend}")


class ProcessFailed(StackError):
    """One process died or never became ready; carries the last lines of its log."""

    code = "process_failed"

    def __init__(self, name: str, problem: str, mend: str, log: Path, tail: str) -> None:
        self.name = name
        self.log = log
        self.tail = tail
        super().__init__(problem, f"{mend}\nLast lines of {log}:\n{tail}" if tail else mend)


class ModelBroken(StackError):
    """The Rasa model cannot be read."""

    code = "model_broken"


class TrainingFailed(StackError):
    """The training data is contradictory, or `rasa train` failed."""

    code = "training_failed"
