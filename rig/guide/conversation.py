"""The conversation: asks what is not answered yet, goes back, explains, and forgets nothing."""

from collections.abc import Callable
from itertools import takewhile

from rig.guide.question import Answers, Flow, Question, Talk
from rig.printable import is_printable

BACK, EXPLAIN = ("<", "back"), ("?", "help")
#: Told once, before the first question.
MANNERS = (
    "Enter takes what stands in [brackets]; ? explains; < goes back; Ctrl-C keeps your answers."
)


class WentBack(Exception):
    """Somebody went back from the first question."""


class Conversation:
    """Asks the questions of a flow, one by one.

    Args:
        talk: The person who is asked, and what is plugged in.
        keep: Told after each answer of all that hold, and of those behind that may hold again.
    """

    def __init__(self, talk: Talk, keep: Callable[[Answers, Answers], None]) -> None:
        self._talk, self._keep = talk, keep

    def run(self, flow: Flow, given: Answers, known: Answers) -> Answers:
        """Ask until everything is answered.

        Args:
            flow: The questions.
            given: What is answered already; it is asked first for what comes after that.
            known: Answers of earlier that serve as defaults; whatever is answered joins them.

        Raises:
            WentBack: Somebody went back from the first question.
        """
        # A copy: what was given may be needed once more after a late mistake.
        given = dict(given)
        while (question := upcoming(flow, given)) is not None:
            # Asked anew each time round, since an answer may change what comes next.
            answer = self._answer(question, given, known)
            if answer is None:
                step_back(flow, given)
                continue
            given[question.key] = answer
            question.settle(answer, known)
            self._keep(given, known)
        return given

    def _answer(self, question: Question, given: Answers, known: Answers) -> str | None:
        """Return the answer to one question, or None for a step back."""
        default = usable(question, known)
        self._put(question)
        while True:
            typed = self._talk.ask(_prompt(question, default)).strip()
            if not is_printable(typed):
                self._talk.show("  that has signs in it that cannot be shown: once more, please")
            elif typed.lower() in BACK:
                return None
            if typed in EXPLAIN:
                self._explain(question)
            elif (aid := question.aids.get(typed.lower())) is not None:
                default = aid(given, self._talk, default) or default
                # Whatever the aid asked stands between the question and its prompt.
                self._put(question)
            else:
                try:
                    answer = _taken(question, typed, default)
                except ValueError as error:
                    self._talk.show(f"  {error}")
                    continue
                if remark := question.remark(default, answer):
                    self._talk.show(f"  {remark}")
                return answer

    def _put(self, question: Question) -> None:
        self._talk.show("")
        self._talk.show(question.asks)
        for number, choice in enumerate(question.choices, 1):
            self._talk.show(f"  {number}  {choice.label}")

    def _explain(self, question: Question) -> None:
        self._talk.show(f"  {question.why}")
        if question.aids:
            words = ", ".join(f"'{word}'" for word in question.aids)
            self._talk.show(f"  Words that can be typed here as well: {words}.")


def upcoming(flow: Flow, given: Answers) -> Question | None:
    """Return the first question that is not answered yet."""
    return next((question for question in flow(given) if question.key not in given), None)


def step_back(flow: Flow, given: Answers) -> None:
    """Forget the last answer, so that its question is the next.

    Raises:
        WentBack: There is none.
    """
    # No further: what comes behind a question depends on its answer.
    answered = takewhile(lambda question: question.key in given, flow(given))
    asked = [question.key for question in answered]
    if not asked:
        raise WentBack
    del given[asked[-1]]


def usable(question: Question, known: Answers) -> str | None:
    """Return what Enter means: what was answered earlier, if that will still do."""
    earlier = known.get(question.key)
    if earlier is None:
        return question.default
    # It may be from a draft, or from a file about another amp.
    try:
        return question.read(earlier)
    except ValueError:
        return question.default


def _taken(question: Question, typed: str, default: str | None) -> str:
    if typed:
        return question.understood(typed)
    if default is None:
        raise ValueError("nobody can know this but you; ? explains")
    return question.read(default)


def _prompt(question: Question, default: str | None) -> str:
    values = [choice.value for choice in question.choices]
    shown = str(values.index(default) + 1) if default in values else default
    return "> " if shown is None else f"[{shown}] > "
