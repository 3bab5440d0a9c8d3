"""L'accueil d'un parent : à côté d'une page nue (Flask, psycopg, Jinja, mêmes gabarits, même HTML)."""

from __future__ import annotations

import gc
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask, g, render_template, request
from sqlalchemy import event, text
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.base import CLE, base_neuve
from bench.mesure import alterner, annoncer, cpu_de, exposant
from bench.peuplement import peupler
from ent_core.application import create_app
from ent_core.contrat.interface import EtatVignette, LigneVignette, Vignette
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite import connexion
from ent_core.identite.connexion import Authentification, Origine
from ent_core.identite.modeles import Compte
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Configuration, Serveur
from ent_core.socle.dates import heure
from ent_core.web import rendu
from ent_core.web.affichage import ContexteAffiche

__all__ = ["mesurer"]

_INSTANT = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
_JOUR = date(2026, 11, 17)
_TAILLES = (1, 20, 200, 2000)

_SESSION = """
select s.personne_id, c.theme, p.nom, p.prenom, s.uai, e.nom, s.profil from session_web s
join compte c on c.id = s.compte_id join personne p on p.id = s.personne_id
left join etablissement e on e.uai = s.uai where s.jeton = %s and s.vue_le > %s and c.etat <> 'suspendu'
"""
_ENFANTS = """
select p.id, p.prenom from personne p join responsabilite r on r.eleve_id = p.id
where r.responsable_id = %s and r.legal > 0 and r.debut <= %s and (r.fin is null or r.fin > %s)
order by p.naissance, p.prenom
"""
_SEANCES = """
select i.personne_id, c.debut, c.fin, coalesce(m.libelle, c.matiere), coalesce(c.salle, ''), c.etat,
  (select string_agg(concat_ws(' ', q.civilite, q.nom), ', ') from creneau_enseignant ce
   join personne q on q.id = ce.personne_id
   where ce.uai = c.uai and ce.annee = c.annee and ce.creneau_id = c.id)
from creneau c
join inscription i on i.uai = c.uai and i.annee = c.annee and i.division_id = c.division_id
  and i.personne_id = any(%s) and i.debut <= %s and (i.fin is null or i.fin > %s)
left join matiere m on m.code = c.matiere
where c.uai = %s and c.annee = %s and c.debut >= %s and c.debut < %s order by c.debut
"""
_MESSAGES = """
select m.id, m.sujet, m.lien, m.visible_le, m.vu, p.prenom, m.a_propos from message m
left join personne p on p.id = m.a_propos
where m.uai = %s and m.personne_id = %s and m.visible_le <= %s and m.etat not in ('annule', 'retenu')
order by m.visible_le desc, m.id desc limit 100
"""


def _application(base: BaseDeDonnees) -> Flask:
    configuration = Configuration(cle_secrete=CLE, serveur=Serveur(securise=False))
    return create_app(configuration, base, horloge=HorlogeFixe(_INSTANT))


def _page_nue(adresse: str) -> Flask:
    """La même page, sans permission, sans crochet, sans cloisonnement : le plancher de la pile."""
    nue = Flask("ent_core.web", static_url_path="/statique")
    nue.config["SECRET_KEY"] = CLE
    rendu.installer(nue, "ENT")
    nue.jinja_env.globals["csrf_token"] = lambda: "jeton"
    for nom in ("accueil", "contexte", "mon_compte", "accessibilite", "donnees_personnelles", "aide", "etat",
                "mes_services"):  # fmt: skip
        nue.add_url_rule(f"/{nom}", f"ent.{nom}", lambda: "")
    nue.add_url_rule("/mes-donnees", "vie_privee_mes_donnees.accueil", lambda: "")
    nue.add_url_rule("/messages/", "messages.liste", lambda: "")
    nue.add_url_rule("/deconnexion", "ent.deconnexion", lambda: "", methods=["POST"])
    connexion_nue = psycopg.connect(adresse, prepare_threshold=1, autocommit=False)
    connexion_nue.execute("set plan_cache_mode = force_generic_plan")
    connexion_nue.execute("set role ent_academie")
    connexion_nue.commit()

    def page() -> str:
        jeton = hashlib.sha256(request.cookies["ent"].encode()).digest()
        with connexion_nue.transaction():
            personne, theme, nom, prenom, uai, ecole, _profil = (
                connexion_nue.execute(_SESSION, (jeton, _INSTANT - timedelta(minutes=30))).fetchone()
                or (None,) * 7
            )
            enfants = connexion_nue.execute(_ENFANTS, (personne, _JOUR, _JOUR)).fetchall()
            minuit = datetime(2026, 11, 16, 23, tzinfo=UTC)
            seances = connexion_nue.execute(
                _SEANCES,
                ([e[0] for e in enfants], _JOUR, _JOUR, uai, 2026, minuit, minuit + timedelta(days=1)),
            ).fetchall()
            connexion_nue.execute(_MESSAGES, (uai, personne, _INSTANT)).fetchall()
        g.contexte = ContexteAffiche(str(uai), str(ecole), "Responsable d'élève", f"{prenom} {nom}", False)
        return render_template(
            "accueil.html", vignettes=_vignettes(enfants, seances), contexte=g.contexte, menu=[_MENU],
            theme=theme, aujourd_hui=_JOUR, sujet=f"Bonjour {prenom}",
        )  # fmt: skip

    nue.add_url_rule("/", "page", page)
    return nue


class _MENU:
    libelle, url, icone, actif, compteur = "Accueil", "/", "accueil", True, None


def _vignettes(enfants: list[Any], seances: list[Any]) -> list[Vignette]:
    def lignes(enfant: Any) -> tuple[LigneVignette, ...]:
        return tuple(
            LigneVignette(
                f"{heure(debut)} – {heure(fin)} {matiere}",
                f"{profs}, salle {salle}",
            )
            for personne, debut, fin, matiere, salle, _etat, profs in seances
            if personne == enfant
        )

    return [
        Vignette(f"enfant.{rang}", f"{prenom}, aujourd'hui", lignes(cle), etat=EtatVignette.NORMAL)
        for rang, (cle, prenom) in enumerate(enfants)
    ]


def _jeton(base: BaseDeDonnees, rang: int) -> str:
    with base.academie("banc : compte") as session:
        compte = session.query(Compte).filter_by(identifiant=f"parent.{rang}.1").one()
        ouverture = connexion.entrer(
            session,
            HorlogeFixe(_INSTANT),
            Authentification("banc", str(compte.id)),
            Origine("127.0.0.1", "banc"),
        )
    assert ouverture is not None
    return ouverture.jeton


def _appel(application: Flask, jeton: str) -> Callable[[], bytes]:
    """Une requête WSGI, sans serveur ni client : ce qui reste est le travail de la page."""
    temoins = f"ent={jeton}"
    _corps, _statut, recus = run_wsgi_app(
        application.wsgi_app, EnvironBuilder("/", headers=[("Cookie", temoins)]).get_environ()
    )
    # Un navigateur renvoie aussi le témoin du jeton de formulaire reçu à la première page.
    temoins += "".join(f"; {valeur.split(';')[0]}" for valeur in recus.getlist("Set-Cookie"))
    environ = EnvironBuilder("/", headers=[("Cookie", temoins)]).get_environ()

    def appeler() -> bytes:
        corps, statut, _entetes = run_wsgi_app(application.wsgi_app, dict(environ))
        if not statut.startswith("200"):
            raise RuntimeError(f"la page répond {statut}")
        return b"".join(corps)

    return appeler


def mesurer(dossier: Path, *, tailles: tuple[int, ...] = _TAILLES, tours: int = 7, fois: int = 60) -> bool:
    """Mesure et annonce G1, G7 et G19 ; rend vrai si tous les buts sont tenus.

    :param dossier: dossier de la base, effacé à la fin.
    :param tailles: nombres d'établissements.
    :param tours: tours par mesure.
    :param fois: requêtes par tour.
    """
    couts: list[float] = []
    resultats: list[bool] = []
    with base_neuve(dossier) as neuve:
        base = neuve.base
        adresse = neuve.application.set(drivername="postgresql").render_as_string(hide_password=False)
        fait = 0
        for taille in tailles:
            with base.academie("banc : peuplement") as session:
                for debut in range(fait + 1, taille + 1, 100):
                    peupler(session, debut, min(debut + 99, taille), _JOUR)
                fait = taille
            neuve.ordonner("vacuum analyze")  # comme le ferait l'autovacuum après un import
            jeton = _jeton(base, max(1, taille // 2))
            ours, nue = _appel(_application(base), jeton), _appel(_page_nue(adresse), jeton)
            if taille == tailles[0]:
                _comparer(ours(), nue())
            # Comme le fait le service : le ramasse-miettes ne repasse pas sur ce qui est né au démarrage.
            gc.collect()
            gc.freeze()
            series = alterner({"ENT": ours, "nue": nue, "étalon": _etalon}, tours=tours, fois=fois)
            couts.append((series["ENT"].cpu + _cpu_serveur(base, ours, fois)) / series["étalon"].cpu)
            print(
                f"      {taille:>5} établissement(s) : ENT {series['ENT'].mur * 1000:.2f} ms"
                f" (CPU {series['ENT'].cpu * 1000:.2f}), nue {series['nue'].mur * 1000:.2f} ms"
                f" (CPU {series['nue'].cpu * 1000:.2f})"
            )
            if taille == 20:
                rapport = series["nue"].mur / series["ENT"].mur
                resultats.append(rapport >= 0.5)
                annoncer(
                    "accueil connecté ÷ même HTML nu (débit)",
                    rapport,
                    "≥ 0,50 (visé 0,65)",
                    rapport >= 0.5,
                )
                part = _reemploi(base, ours)
                resultats.append(part >= 0.99)
                annoncer("requêtes préparées réemployées", part, "≥ 0,99", part >= 0.99)
        pente = exposant(tailles, couts)
        resultats.append(pente <= 0.03)
        annoncer(
            f"exposant du CPU par requête, {tailles[0]} → {tailles[-1]} établissements",
            pente,
            "≤ 0,03",
            pente <= 0.03,
        )
    return all(resultats)


def _etalon() -> None:
    """Un travail fixe, sans base : il dit si la machine elle-même a changé d'allure entre deux tailles."""
    hashlib.pbkdf2_hmac("sha256", b"allure", b"machine", 2000)


def _comparer(notre: bytes, nue: bytes) -> None:
    """Les deux pages disent la même chose : même texte, aux adresses et au jeton près."""
    textes = [" ".join(re.sub(r"<[^>]+>", " ", page.decode()).split()) for page in (notre, nue)]
    if textes[0] != textes[1]:
        raise RuntimeError(f"les pages diffèrent :\n{textes[0]}\n{textes[1]}")


def _reemploi(base: BaseDeDonnees, appeler: Callable[[], bytes]) -> float:
    """Part des énoncés servis par une requête déjà préparée, en régime établi."""
    executes = 0

    def compter(*_args: object) -> None:
        nonlocal executes
        executes += 1

    def prepares() -> int:
        # Dans un bloc qui valide : un ROLLBACK ferait oublier ce que l'on compte.
        with base.moteur.begin() as connexion_:
            return int(
                connexion_.execute(
                    text("select coalesce(sum(generic_plans + custom_plans), 0) from pg_prepared_statements")
                ).scalar_one()
            )

    for _ in range(20):
        appeler()
    avant = prepares()
    event.listen(base.moteur, "before_cursor_execute", compter)
    for _ in range(100):
        appeler()
    event.remove(base.moteur, "before_cursor_execute", compter)
    return (prepares() - avant) / executes


def _cpu_serveur(base: BaseDeDonnees, appeler: Callable[[], bytes], fois: int) -> float:
    """CPU du processus PostgreSQL qui sert nos requêtes, par requête."""
    with base.moteur.begin() as connexion_:
        pid = connexion_.execute(text("select pg_backend_pid()")).scalar_one()
    avant = cpu_de(pid)
    for _ in range(fois * 5):
        appeler()
    return (cpu_de(pid) - avant) / (fois * 5)
