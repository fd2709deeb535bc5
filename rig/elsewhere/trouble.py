"""What keeps a cluster from doing a job."""


class Trouble(Exception):
    """What keeps a cluster from doing a job, in a sentence.

    Args:
        sentence: What happened.
        again: Whether another attempt may go well.
        node: Of the cluster, where it was one machine's trouble.
    """

    def __init__(self, sentence: str, *, again: bool = False, node: str | None = None) -> None:
        super().__init__(sentence)
        self.again, self.node = again, node
