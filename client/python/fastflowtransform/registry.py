"""The models of the files that were loaded."""

import dataclasses
import typing


@dataclasses.dataclass
class Model:
    name: str
    function: typing.Callable
    deps: list
    require: typing.Union[dict, list]
    tags: list
    materialized: str
    meta: dict


MODELS = []


def register(model):
    MODELS.append(model)
