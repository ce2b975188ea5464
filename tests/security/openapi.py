"""Schemathesis against a served flock: every operation of the document, with requests that fit it and that do not."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, CheckFunction, Config, GenerationMode, openapi
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, positive_data_acceptance

from flock.orchestrator import Flock
from flock.testing import ScriptedEngine
from tests.backend import TOKEN, ServedIdea, ServedPost, served

Operation: TypeAlias = APIOperation[Any, Any, Any, Any]
Asked: TypeAlias = Case[Any]

EXCLUDED: list[CheckFunction] = [
    ignored_auth,  # the matrix of hosts, origins and tokens asks more, see test_matrix.py
    positive_data_acceptance,  # cursors, type names and keys that nobody gave out are refused, though they are texts
]
BODIES: list[dict[str, Any]] = [
    {"type": "ServedIdea", "payload": {"topic": "owls"}},
    {"inputs": [{"type": "ServedIdea", "payload": {"topic": "owls"}}]},
    {"inputs": [{"type": "ServedIdea", "payload": {"topic": "owls"}}], "stream": True},
]
"""Bodies that are accepted somewhere: what is drawn from the document names no type that exists."""


@dataclass
class Target:
    """A served flock whose document is put to the test, and the names that exist in it."""

    url: str
    document: dict[str, Any]
    names: Mapping[str, str]
    answered: set[tuple[str, int]] = field(default_factory=set)
    """Which operations answered with which status."""

    def operations(self) -> list[Operation]:
        """Give every operation of the document."""
        config = Config.from_dict(
            {
                "max-stream-events": 1,
                "request-timeout": 5,
                "base-url": self.url,
                "generation": {"with-security-parameters": False},
            }
        )
        schema = openapi.from_dict(self.document, config=config)
        return [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]

    def attack(self, operation: Operation, *, examples: int) -> None:
        """Send that many requests of each kind; raises schemathesis' `FailureGroup` for an answer that breaks it."""
        has_input = bool(operation.path_parameters or operation.query or operation.headers or operation.body)
        modes = GenerationMode if has_input else (GenerationMode.POSITIVE,)
        with requests.Session() as session:
            session.trust_env = False
            for mode in modes:
                self._attack_as(operation, mode, session, examples)

    def _attack_as(self, operation: Operation, mode: GenerationMode, session: requests.Session, count: int) -> None:
        @settings(
            max_examples=count,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),
        )
        @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans(), body=st.sampled_from(BODIES))
        def ask(case: Asked, *, is_known: bool, body: dict[str, Any]) -> None:
            if is_known:
                self._use_known(case, body if mode is GenerationMode.POSITIVE else None)
            response = case.call(session=session, headers={"authorization": f"Bearer {TOKEN}"})
            self.answered.add((operation.label, response.status_code))
            case.validate_response(response, excluded_checks=[*EXCLUDED, *_not_for(str(response.request.url))])

        if mode is GenerationMode.POSITIVE:
            ask()
        else:
            with suppress(Unsatisfiable):  # of a path that takes any text nothing is wrong
                ask()

    def _use_known(self, case: Asked, body: dict[str, Any] | None) -> None:
        """Take names that exist into the request, and a body that fits."""
        for name in case.path_parameters.keys() & self.names.keys():
            case.path_parameters[name] = self.names[name]
        if body is not None and case.operation.body:
            case.body = body


def _not_for(url: str) -> list[CheckFunction]:
    """Give the checks that do not hold for a request: an empty value of a query parameter counts as not given."""
    values = [value for _, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)]
    return [negative_data_rejection] if "" in values else []


@asynccontextmanager
async def target(*failures: Exception) -> AsyncIterator[Target]:
    """Serve a flock of one agent that has worked already, and fails from now on where failures are given."""
    flock = Flock(view=None)
    engine = ScriptedEngine(answers=[ServedPost(text="Owls hoot."), *failures])
    flock.agent("writer").consumes(ServedIdea).publishes(ServedPost).engine(engine)
    async with served(flock) as site:
        await flock.publish(ServedIdea(topic="owls"))
        await flock.run_until_idle()
        run = next(iter(flock.runs.all()))
        names = {
            "name": "writer",
            "run_id": run.run_id,
            "artifact_id": str(run.artifacts[0].id),
            "correlation_id": str(run.correlation_id),
        }
        document = (await site.http.get("/openapi.json")).json()
        yield Target(site.server.url, document, names)


async def attack_all(target: Target, *, examples: int) -> None:
    """Attack every operation, beside the loop that serves it."""
    for operation in target.operations():
        await asyncio.to_thread(target.attack, operation, examples=examples)
