"""Sets what was found beside what had to come out: what is missing, too much, or other than it should be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MOST_SHOWN = 3

Entry = tuple[str, bytes]
"""An id, and what stands for it."""


@dataclass
class Findings:
    """What is wrong, counted and in words."""

    lost: int = 0
    doubled: int = 0
    """Ids that stay too often or that nobody expects, after deduplication."""
    differing: int = 0
    repeated: int = 0
    """Duplicates with the same bytes, which readers drop: no fault."""
    words: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.doubled or self.differing)

    def compare(self, what: str, expected: Sequence[Entry], found: Sequence[Entry]) -> None:
        """Compare a log with what it must hold, in its order; what comes again must be the same."""
        first: dict[str, bytes] = {}
        changed: list[str] = []
        for name, value in found:
            if first.setdefault(name, value) != value:
                changed.append(name)
        self.repeated += len(found) - len(first) - len(changed)
        self._differ(f"{what}: comes again with other bytes", changed)
        self.match(what, dict(expected), first)
        wanted = [name for name, _ in expected if name in first]
        came = [name for name in first if name in set(wanted)]
        self._differ(
            f"{what}: out of order", [name for name, other in zip(came, wanted, strict=True) if name != other]
        )

    def match(self, what: str, expected: Mapping[str, object], found: Mapping[str, object]) -> None:
        """Compare by name."""
        missing = [name for name in expected if name not in found]
        self.lost += len(missing)
        self._tell(f"{what}: missing", missing)
        self.exceed(f"{what}: nobody expects", [name for name in found if name not in expected])
        other = [name for name in expected if name in found and found[name] != expected[name]]
        self._differ(f"{what}: differs", other)
        for name in other[:1]:
            self.words.append(f"  expected {expected[name]!r}\n  found    {found[name]!r}")

    def exceed(self, what: str, names: Sequence[str]) -> None:
        """Note what is there too often."""
        self.doubled += len(names)
        self._tell(what, names)

    def _differ(self, what: str, names: Sequence[str]) -> None:
        self.differing += len(names)
        self._tell(what, names)

    def _tell(self, what: str, names: Sequence[str]) -> None:
        if names:
            shown = ", ".join(names[:MOST_SHOWN])
            self.words.append(f"{what}: {len(names)} ({shown}{', ...' if len(names) > MOST_SHOWN else ''})")
