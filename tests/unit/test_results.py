"""What an engine returned, checked and made the artifacts of its run."""

from uuid import UUID

import pytest
from pydantic import BaseModel

from flock.agent import Agent
from flock.artifacts import Artifact, flock_type
from flock.errors import OutputError
from flock.events import ArtifactSlot
from flock.runs import RunRecord
from flock.runtime import EvalResult
from flock.scheduling.results import check_result, stamp
from flock.scheduling.rights import rights_of


@flock_type(name="ResultPost")
class Post(BaseModel):
    text: str = ""


@flock_type(name="ResultNews")
class News(Post):
    pass


class Draft(Post):
    """No flock type of its own."""


@flock_type(name="ResultFact")
class Fact(BaseModel):
    pass


SOURCE = Artifact(type="ResultFact", payload=Fact())
RUN = RunRecord(run_id="run", agent_name="writer", correlation_id=UUID(int=1), inputs=(SOURCE, SOURCE))


def agent(*output_types: type[BaseModel]) -> Agent:
    return Agent(name="writer", output_types=list(output_types))


def slots(*names: str) -> list[ArtifactSlot]:
    return [ArtifactSlot(artifact_id=str(UUID(int=10 + number)), type=name) for number, name in enumerate(names)]


def stamped(maker: Agent, announced: list[ArtifactSlot], result: EvalResult) -> list[Artifact]:
    return stamp(maker, RUN, announced, rights_of(maker, RUN.inputs), result)


def test_a_result_that_fits_is_given_back() -> None:
    for result in (EvalResult.of(Fact()), EvalResult.of(Post(), Post())):
        assert check_result(agent(Fact, Post), result) is result


@pytest.mark.parametrize(
    ("result", "complaint"),
    [
        (None, "The engine of 'writer' returned a 'NoneType', not an EvalResult"),
        (EvalResult(), "The engine of 'writer' returned no artifact; the agent publishes 'News' or 'Post'"),
        ({"artifacts": []}, "a 'dict', not an EvalResult"),
        (EvalResult.of(Post(), Fact()), "returned a 'Fact', but it publishes 'News' or 'Post'"),
    ],
)
def test_a_result_that_does_not_fit_is_refused(result: object, complaint: str) -> None:
    with pytest.raises(OutputError, match=complaint):
        check_result(agent(News, Post), result)


def test_the_first_of_each_type_takes_the_announced_id_and_further_ones_get_new_ids() -> None:
    result = EvalResult.of(Post(text="1"), Fact(), Post(text="2"))
    post, fact, further = stamped(agent(Fact, Post), slots("ResultFact", "ResultPost"), result)
    assert (fact.id, post.id) == (UUID(int=10), UUID(int=11))
    assert further.id not in (post.id, fact.id, result.artifacts[2].id)
    assert [artifact.payload for artifact in (post, further)] == [Post(text="1"), Post(text="2")]


def test_an_artifact_belongs_to_its_run_whatever_the_engine_said() -> None:
    payload = Post(text="x")
    said = Artifact(
        type="Nonsense",
        payload=payload,
        produced_by="king",
        run_id="other",
        derived_from=(UUID(int=5),),
        tags=frozenset("a"),
    )
    (artifact,) = stamped(agent(Post), slots("ResultPost"), EvalResult(artifacts=[said]))
    assert artifact.payload == payload
    assert artifact.payload is not payload
    assert (artifact.type, artifact.produced_by, artifact.run_id) == ("ResultPost", "writer", "run")
    assert artifact.derived_from == (SOURCE.id, SOURCE.id)
    assert (artifact.correlation_id, artifact.tags) == (UUID(int=1), frozenset("a"))


def test_a_subclass_is_published_as_the_type_that_fits_it_best() -> None:
    result = EvalResult(artifacts=[Artifact(type="?", payload=payload) for payload in (News(), Draft())])
    news, draft = stamped(agent(Post, News), slots("ResultPost", "ResultNews"), result)
    assert (news.type, draft.type) == ("ResultNews", "ResultPost")
