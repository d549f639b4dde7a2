"""Runs one Python model of a FastFlowTransform project where the worker executes it."""
