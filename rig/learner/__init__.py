"""The learner: a process that trains the ensemble, proposes settings and makes the final model.

Only `rig.learner.client` is for the daemon; everything else here imports torch.
"""
