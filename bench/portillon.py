"""Le portillon, le prologue, le contrôle du démarrage : leur coût, à côté du même travail sans eux."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ent_annonces import brique as annonces
from ent_annonces.modeles import Mot
from flask import Flask
from sqlalchemy import Column, Connection, MetaData, String, Table, select, text
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.base import CLE, base_neuve
from bench.mesure import Serie, alterner, annoncer
from bench.peuplement import peupler
from ent_core.application import create_app
from ent_core.chargement.decouverte import charger
from ent_core.contrat.donnees import Categorie, Donnee, Neutre, par_etablissement
from ent_core.donnees.base import CLE_INFO, DeclarationTable
from ent_core.donnees.droits import appliquer_droits, comparer_droits
from ent_core.donnees.migrations import declarees
from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.identite import connexion, sessions
from ent_core.identite.connexion import Authentification, Origine
from ent_core.identite.modeles import Compte, Rattachement
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Configuration, Serveur
from ent_core.web import portillon as portillon_web
from ent_core.web import requete

__all__ = ["mesurer"]

_INSTANT = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
_LECTURE = select(Mot.__table__.c.texte).where(Mot.__table__.c.fin > date(2026, 11, 17)).limit(5)


def mesurer(dossier: Path, *, tours: int = 7, fois: int = 60) -> bool:
    """Mesure et annonce ; rend vrai si tous les buts sont tenus.

    :param dossier: dossier de la base, effacé à la fin.
    :param tours: tours par mesure.
    :param fois: opérations par tour.
    """
    distributions = charger([], {"annonces": annonces}).distributions
    with base_neuve(dossier, distributions) as neuve:
        base, maitre = neuve.base, BaseDeDonnees(neuve.proprietaire)
        with base.academie("banc : peuplement") as session:
            peupler(session, 1, 1, date(2026, 11, 17))
            uai = _remplir(session)
        resultats = [*_transactions(base, uai, tours, fois), *_pages(base, uai, tours, fois)]
        resultats += _demarrage(base, maitre, declarees(distributions), tours)
        maitre.fermer()
    return all(resultats)


def _remplir(session: Session) -> str:
    uai = str(session.scalars(select(Rattachement.uai).limit(1)).one())
    session.add_all(Mot(uai=uai, texte=f"Annonce {n}", fin=date(2026, 12, 1)) for n in range(20))
    return uai


def _transactions(base: BaseDeDonnees, uai: str, tours: int, fois: int) -> list[bool]:
    """Une transaction d'un énoncé : nue, avec le prologue, puis avec le portillon."""
    _application(base)
    portillon: Any = base.portillon
    ordinaire = Portage("banc", uai=uai)
    sous = Portage("banc", uai=uai, finalites=portillon.finalites("annonces"), roles=("direction",))

    def nue() -> object:
        with base.moteur.begin() as nu:
            nu.exec_driver_sql("set local role ent_academie")
            return nu.execute(_LECTURE).all()

    def avec(portage: Portage) -> Callable[[], object]:
        def lire() -> object:
            with base.unite(portage) as session:
                return session.connection().execute(_LECTURE).all()

        return lire

    sous_un, sous_deux = avec(sous), avec(replace(sous, roles=("cpe",)))
    tour_de_role = itertools.cycle((sous_un, sous_deux))
    cas = {
        "nue": nue,
        "prologue": avec(ordinaire),
        "portillon": sous_un,
        "deux rôles en alternance": lambda: next(tour_de_role)(),
    }
    series = alterner(cas, tours=tours, fois=fois * 5)
    _dire("transaction", series)
    return [
        _rapport("transaction avec prologue ÷ transaction nue", series["prologue"], series["nue"], 1.6),
        _rapport(
            "transaction sous portillon ÷ avec prologue seul", series["portillon"], series["prologue"], 1.35
        ),
    ]


def _pages(base: BaseDeDonnees, uai: str, tours: int, fois: int) -> list[bool]:
    """La page d'une brique, avec et sans portillon."""
    avec = _application(base)
    with base.academie("banc : ouverture") as session:
        ent = avec.extensions["ent"]
        ent.activation.basculer(session, ent.horloge, "annonces", uai=uai, origine="commande", ouverte=True)
    jeton = _jeton(base, uai)
    page = _appel(avec, jeton)

    def sans_portillon() -> bytes:
        setattr(requete, "garder_la_page", lambda *_arguments: None)  # noqa: B010 - le temps d'une mesure
        try:
            return page()
        finally:
            setattr(requete, "garder_la_page", portillon_web.garder_la_page)  # noqa: B010 - remise en place

    series = alterner({"avec": page, "sans": sans_portillon}, tours=tours, fois=fois)
    _dire("page de brique", series)
    return [_rapport("page de brique avec portillon ÷ sans", series["avec"], series["sans"], 1.2)]


def _demarrage(
    base: BaseDeDonnees, maitre: BaseDeDonnees, declares: tuple[Any, Any], tours: int
) -> list[bool]:
    """Le contrôle de 500 tables de 20 colonnes, à côté de la seule lecture du catalogue."""
    tables, traitements = declares
    with maitre.moteur.connect() as connexion_:
        connexion_.exec_driver_sql("set role ent_proprietaire")
        tables = [*tables, *(("annonces", _table(connexion_, rang)) for rang in range(500))]
        appliquer_droits(connexion_, tables, traitements)
        connexion_.commit()
    anomalies = comparer_droits(base.moteur, tables, traitements)
    if anomalies:
        raise RuntimeError(f"la base ne suit pas les déclarations : {anomalies[0]}")

    def catalogue() -> object:
        with base.moteur.connect() as connexion_:
            return connexion_.execute(text("select attrelid, attname, attacl::text from pg_attribute")).all()

    series = alterner(
        {"contrôle": lambda: comparer_droits(base.moteur, tables, traitements), "catalogue": catalogue},
        tours=tours,
        fois=1,
    )
    _dire("démarrage, 500 tables × 20 colonnes", series)
    duree = min(series["contrôle"].murs) * 1000  # le meilleur tour : une machine chargée n'y est pour rien
    annoncer("contrôle des droits au démarrage (ms)", duree, "< 200", duree < 200)
    return [duree < 200]


def _table(connexion_: Connection, rang: int) -> Table:
    neutre = {CLE_INFO: Neutre("banc")}
    colonnes = [Column("uai", String(8), primary_key=True, info=neutre)]
    colonnes += [
        Column(f"c{n:02}", String(8), info={CLE_INFO: Donnee(Categorie.VIE_SCOLAIRE)}) for n in range(19)
    ]
    table = Table(f"annonces_banc_{rang:03}", MetaData(), *colonnes)
    table.info[CLE_INFO] = DeclarationTable("annonces.affichage", par_etablissement(), ())
    table.create(connexion_)
    return table


def _application(base: BaseDeDonnees) -> Flask:
    """L'application, avec la seule brique « annonces »."""
    configuration = Configuration(cle_secrete=CLE, serveur=Serveur(securise=False))
    return create_app(configuration, base, horloge=HorlogeFixe(_INSTANT), briques={"annonces": annonces})


def _jeton(base: BaseDeDonnees, uai: str) -> str:
    with base.academie("banc : compte") as session:
        parente = session.query(Compte).filter_by(identifiant="parent.1.1").one()
        ouverture = connexion.entrer(
            session,
            HorlogeFixe(_INSTANT),
            Authentification("banc", str(parente.id)),
            Origine("127.0.0.1", "banc"),
        )
        assert ouverture is not None
        return sessions.choisir_contexte(session, HorlogeFixe(_INSTANT), ouverture.jeton, uai, "National_TUT")


def _appel(application: Flask, jeton: str) -> Callable[[], bytes]:
    environ = EnvironBuilder("/annonces/", headers=[("Cookie", f"ent={jeton}")]).get_environ()

    def appeler() -> bytes:
        corps, statut, _entetes = run_wsgi_app(application.wsgi_app, dict(environ))
        if not statut.startswith("200"):
            raise RuntimeError(f"la page répond {statut}")
        return b"".join(corps)

    return appeler


def _dire(quoi: str, series: dict[str, Serie]) -> None:
    mesures = ", ".join(f"{nom} {serie.mur * 1000:.2f} ms" for nom, serie in series.items())
    print(f"      {quoi} : {mesures}")


def _rapport(libelle: str, avec: Serie, sans: Serie, but: float) -> bool:
    rapport = min(avec.murs) / min(sans.murs)  # les meilleurs tours : le bruit n'y est pour rien
    annoncer(libelle, rapport, f"≤ {but:.2f}".replace(".", ","), rapport <= but)
    return rapport <= but
