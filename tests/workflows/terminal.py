"""A person's terminal: Temporal's own CLI, as a process."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

BUSY = "Workflow is busy"


@dataclass(frozen=True)
class Answered:
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass(frozen=True)
class Terminal:
    """Called with the words after `temporal`. At most four lines are typed at a time: two cores."""

    cli: Path
    address: str
    namespace: str
    _hands: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))

    async def __call__(self, *words: str) -> Answered:
        """Typed again while the engine says that the workflow is busy, and took nothing: so would a person."""
        while BUSY in (answered := await self._type(*words)).err:
            pass
        return answered

    async def _type(self, *words: str) -> Answered:
        where = ("--address", self.address, "--namespace", self.namespace)
        async with self._hands:
            process = await asyncio.create_subprocess_exec(
                str(self.cli), *words, *where, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
            out, err = await process.communicate()
        return Answered(process.returncode or 0, out.decode(), err.decode())
