"""Finds the classes by which a site saves and deletes its users. Django names the class that was used in its signals: a proxy or a child of the user
model where the site has one, and not the user model itself."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Model


def saved_by() -> list[type[Model]]:
    """The user model, its proxies, and its children that have its primary key."""
    return [model for model in apps.get_models() if is_of_users(model)]


def deleted_by() -> list[type[Model]]:
    """The user model and its proxies. A child that is deleted takes a row of the user model along, for which there is a signal, or leaves
    the user alone."""
    return [model for model in apps.get_models() if model._meta.concrete_model is _concrete()]


def is_of_users(model: type[Model]) -> bool:
    """Whether each row of `model` is that of the user with the same primary key."""
    return issubclass(model, _concrete()) and _has_its_key(model)


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
