"""What Python models of FastFlowTransform projects import: the names that they know, kept small."""

from .decorators import engine_model, model

__all__ = ["engine_model", "model"]
