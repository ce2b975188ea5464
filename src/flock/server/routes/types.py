"""Artifact types and their JSON Schemas."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema

from flock.artifacts import types
from flock.server.api_route import ApiRoute
from flock.server.documentation import TypePage, described, errors
from flock.server.json_response import Json


def types_router() -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/types", tags=["types"], route_class=ApiRoute)

    @router.get("", responses=described(200, TypePage, "All types") | errors())
    async def list_types() -> Json:
        """List the artifact types; the schema is null where a type has none."""
        items = [{"name": name, "schema": _schema(types.model(name))} for name in types.names()]
        return Json({"items": items, "next": None})

    return router


def _schema(model: type[BaseModel]) -> dict[str, Any] | None:
    try:
        return model.model_json_schema()
    except PydanticInvalidForJsonSchema:
        return None
