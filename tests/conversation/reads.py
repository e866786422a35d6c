"""Counts the calls that the Desk makes to its stores and its engine, and how many of them wait for the one before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields
from inspect import iscoroutinefunction
from typing import Any

from clouddesk.desk import Desk

_within: ContextVar[bool] = ContextVar("within", default=False)


class Calls:
    """``made``: each call, "views.of_person"; ``in_a_row``: how many began when no other was on its way."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.in_a_row = 0
        self._on_their_way = 0

    def counting(self, name: str, act: Callable[..., Any]) -> Callable[..., Any]:
        """The same, counted, and answered only after everything else that can begin has begun."""

        async def call(*args: Any, **options: Any) -> Any:
            if _within.get():
                # A store in memory calls itself, where a real one is asked once.
                return await act(*args, **options)
            self.made.append(name)
            self.in_a_row += not self._on_their_way
            self._on_their_way += 1
            token = _within.set(True)
            try:
                await asyncio.sleep(0.001)
                return await act(*args, **options)
            finally:
                _within.reset(token)
                self._on_their_way -= 1

        return call


@contextmanager
def counted(desk: Desk) -> Iterator[Calls]:
    """The calls of everything that the Desk holds."""
    calls, changed = Calls(), []
    for name in (item.name for item in fields(desk)):
        store = getattr(desk, name)
        if not type(store).__name__.startswith("Memory"):
            continue
        for method in dir(store):
            if not method.startswith("_") and iscoroutinefunction(act := getattr(store, method)):
                setattr(store, method, calls.counting(f"{name}.{method}", act))
                changed.append((store, method))
    try:
        yield calls
    finally:
        for store, method in changed:
            delattr(store, method)
