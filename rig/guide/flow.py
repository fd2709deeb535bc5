"""All questions in their order."""

from collections.abc import Iterator

from rig.guide import amp, interface, knobs, session
from rig.guide.found import Found
from rig.guide.question import Answers, Flow, Question

ROOMS = (
    amp.questions,
    session.name,
    interface.questions,
    knobs.questions,
    interface.after_knobs,
    session.plan,
    session.calls,
    session.end,
)


def flow(found: Found) -> Flow:
    """Return the questions for what there is."""

    def questions(answers: Answers) -> Iterator[Question]:
        """Ask all of them, each as soon as what it depends on is answered."""
        for room in ROOMS:
            yield from room(answers, found)

    return questions


def asked(questions: Flow, answers: Answers) -> Answers:
    """Return the answers to questions that are asked, without those of other ways."""
    # Somebody may have answered for hands before going back to MIDI.
    found: Answers = {}
    for question in questions(answers):
        if question.key not in answers:
            break
        found[question.key] = answers[question.key]
    return found
