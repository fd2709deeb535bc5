"""Learning on a Ray cluster: the learner's process asks there, and learns by itself where it must.

`worker` is the daemon's child and never loads Ray; `errand` does, one process for each attempt, so
that whatever a cluster does to it ends with it. `workshop` is what runs on the other side.
"""
