"""L'API."""

from flask import Flask
from flask_smorest import Api


def creer_api(application: Flask) -> Api:
    application.config.update(API_TITLE="ENT", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    return Api(application)


def enregistrer(application: Flask, api: Api, blueprint: object) -> None:
    api.register_blueprint(blueprint)
