"""The capture rig."""
