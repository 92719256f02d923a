"""A stage's answer comes after the effects of everything before the question."""

from dataclasses import dataclass, field

from stream.batching.batch import Batch
from stream.headers import ECHO_KIND, KIND
from stream.stages.echo import EchoStage
from stream.topics import LABELS, MERCHANT_PROGRESS
from tests.unit.stream.stages.fakes import FakeProducer, message, record


@dataclass
class Journal:
    """A stage that writes down which offsets it was given, and that it applied them."""

    lines: list[object] = field(default_factory=list)

    async def compute(self, batch: Batch) -> "Journal":
        self.lines.append([record.offset for record in batch.records])
        return self

    async def apply(self) -> None:
        self.lines.append("applied")


@dataclass
class Witness(FakeProducer):
    """Notes in the journal when an answer goes out."""

    journal: Journal = field(default_factory=Journal)

    def __post_init__(self) -> None:
        FakeProducer.__init__(self)

    async def send_batch(self, *arguments, **named):
        self.journal.lines.append("answered")
        return await super().send_batch(*arguments, **named)


async def run(*kinds: bytes | None) -> Witness:
    """Take a batch whose records are questions, or None for records of the stage."""
    witness = Witness()
    records = [
        record(
            offset, b"token-%d" % offset, topic=LABELS, partition=3, headers=() if kind is None else [(KIND, kind)]
        )
        for offset, kind in enumerate(kinds)
    ]
    effects = await EchoStage(witness.journal, witness).compute(message(records).value)
    await effects.apply()
    return witness


async def test_the_answer_follows_the_effects_and_carries_the_question() -> None:
    witness = await run(None, ECHO_KIND, None)
    assert witness.journal.lines == [[0, 2], "applied", "answered"]
    assert witness.produced == [(MERCHANT_PROGRESS, 3, b"labels/3", b"token-1", {})]


async def test_a_batch_of_questions_does_not_bother_the_stage() -> None:
    assert (await run(ECHO_KIND, ECHO_KIND)).journal.lines == ["answered"]


async def test_what_is_no_question_goes_through_untouched() -> None:
    assert (await run(None, b"time")).journal.lines == [[0, 1], "applied"]
