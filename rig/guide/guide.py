"""The guide from its first question to a text that loads."""

import re
from collections.abc import Callable
from itertools import takewhile

from rig import config as configuration
from rig.devices import drivers
from rig.errors import ConfigError
from rig.guide.conversation import MANNERS, Conversation, WentBack, step_back
from rig.guide.flow import asked
from rig.guide.question import Answers, Flow, Talk
from rig.guide.writing import text_of

#: How a mistake in a file begins, below the line that counts them: the path of its key.
_MISTAKE = re.compile(r"^  ([\w.-]+): ", re.MULTILINE)


def accepted(answers: Answers, before: str | None, source: str) -> str:
    """Return the text that answers make, which loads as 'rig check' has it.

    Raises:
        ConfigError: It does not, with every mistake.
    """
    text = text_of(answers, before, source)
    # As 'rig check' loads it: what is written now must not be refused there.
    configuration.parse(text, source, drivers.problems)
    return text


def guided(
    talk: Talk,
    questions: Flow,
    given: Answers,
    known: Answers,
    make: Callable[[Answers], str],
    keep: Callable[[Answers, Answers], None],
) -> str:
    """Ask everything, and return the text; a mistake that shows late goes back to its question.

    Args:
        talk: The person who is asked.
        questions: What is asked.
        given: What is answered already.
        known: What serves as defaults.
        make: Makes the text; raises `ConfigError`.
        keep: Told after each answer of all that hold, and of those behind that may hold again.

    Raises:
        ConfigError: What was answered does not go with something that is not asked.
    """
    for question in takewhile(lambda question: question.key in given, questions(given)):
        question.settle(given[question.key], known)
    talk.show(MANNERS)
    conversation = Conversation(talk, keep)
    while True:
        try:
            given = asked(questions, conversation.run(questions, given, known))
        except WentBack:
            talk.show("  This is the first question; Ctrl-C leaves.")
            given = {}
            continue
        try:
            return make(given)
        except ConfigError as error:
            place = blamed(str(error), given)
            if place is None:
                # Asked again it would be as wrong: only the file itself can be changed there.
                raise
            _tell(talk, error)
            given = back_to(place, questions, given)


def _tell(talk: Talk, error: ConfigError) -> None:
    talk.show("")
    talk.show("What was answered does not go together:")
    # The first line counts the mistakes and names the file, which nobody has seen yet.
    for line in str(error).splitlines()[1:] or [str(error)]:
        talk.show(line)


def blamed(error: str, given: Answers) -> str | None:
    """Return the question that a mistake is about: the one with most of its key's path.

    None where it is about something that is not asked, such as presets of knobs that are gone.
    """
    path = found[1] if (found := _MISTAKE.search(error)) else ""
    parts = path.split(".")
    # A driver may blame a key that no question has; its section's first question is the nearest.
    for length in range(len(parts), 0, -1):
        start = ".".join(parts[:length])
        hits = [key for key in given if key == start or key.startswith(f"{start}.")]
        if hits:
            return hits[0]
    return None


def back_to(key: str, questions: Flow, given: Answers) -> Answers:
    """Forget the answer to a question, and those after it."""
    given = dict(given)
    while key in given:
        step_back(questions, given)
    return given
