"""By which classes a site saves and deletes its users. Django names the class that was used in its signals: a proxy or a child of the user
model where the site has one, and not the user model itself."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Model


def saved_by() -> list[type[Model]]:
    """The user model, its proxies, and its children that have its primary key."""
    return [model for model in _with_its_table() if _has_its_key(model)]


def deleted_by() -> list[type[Model]]:
    """The user model and its proxies. A child that is deleted takes a row of the user model along, for which there is a signal, or leaves
    the user alone."""
    return [model for model in _with_its_table() if model._meta.concrete_model is _concrete()]


def _with_its_table() -> list[type[Model]]:
    return [model for model in apps.get_models() if issubclass(model, _concrete())]


def _concrete() -> Any:
    """The model that has the table: AUTH_USER_MODEL may name a proxy of it."""
    return get_user_model()._meta.concrete_model


def _has_its_key(model: type[Model]) -> bool:
    concrete: Any = model._meta.concrete_model
    while concrete is not _concrete():
        key = concrete._meta.pk
        if not getattr(key.remote_field, "parent_link", False):
            return False
        concrete = key.remote_field.model._meta.concrete_model
    return True
