"""Éprouver une brique avant de l'ouvrir : déclarations, sources, migrations, routes, essais."""

from __future__ import annotations

import importlib.util
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from lxml import etree

from ent_core.application import create_app
from ent_core.chargement.decouverte import BriqueChargee, charger, dossier
from ent_core.chargement.examen import documents, examiner, racine_de
from ent_core.chargement.verification import verifier_declarations
from ent_core.contrat.resultats import Anomalie, Niveau
from ent_core.donnees.aller_retour import aller_retour, base_jetable
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.configuration import Briques, Configuration
from ent_core.socle.erreurs import AnomaliesTrouvees

__all__ = ["a_une_erreur", "eprouver", "serveur_d_essai"]


def a_une_erreur(anomalies: list[Anomalie]) -> bool:
    """Vrai s'il reste une anomalie qui empêche de servir.

    :param anomalies: anomalies trouvées.
    """
    return any(anomalie.niveau is Niveau.ERREUR for anomalie in anomalies)


def eprouver(nom: str, configuration: Configuration, *, serveur: str | None, essais: bool) -> list[Anomalie]:
    """Éprouve une brique installée, seule avec le noyau.

    :param nom: identifiant de la brique.
    :param configuration: configuration de l'instance, dont seuls les réglages de la brique servent.
    :param serveur: adresse d'un serveur où créer une base jetable ; par défaut, la base embarquée.
    :param essais: lancer aussi les essais de la brique, s'ils sont là.
    :returns: toutes les anomalies de l'étape la plus avancée que la brique atteint.
    """
    seule = msgspec.structs.replace(
        configuration,
        briques=Briques(chargees=(nom,)),
        bascules=(),
        reglages={cle: valeur for cle, valeur in configuration.reglages.items() if cle == nom},
    )
    chargement = charger([nom])
    brique = chargement.brique(nom)
    if brique is None:
        return list(chargement.anomalies)
    paquet = dossier(brique.greffon)
    anomalies = verifier_declarations(chargement, seule)
    anomalies += examiner(paquet, nom, production=configuration.production)
    anomalies += documents(paquet)
    if a_une_erreur(anomalies):
        return anomalies
    with serveur_d_essai(serveur) as adresse:
        anomalies += _sur_une_base(adresse, brique, seule)
        if essais and not a_une_erreur(anomalies):
            anomalies += _essais(nom, paquet, adresse)
    return anomalies


@contextmanager
def serveur_d_essai(adresse: str | None) -> Iterator[str]:
    """Un serveur où créer des bases jetables.

    :param adresse: serveur donné ; par défaut ``ENT_BASE_ESSAIS``, sinon une base embarquée éphémère.
    """
    donnee = adresse or os.environ.get("ENT_BASE_ESSAIS")
    if donnee:
        yield donnee
        return
    from ent_core.donnees import embarque

    with (
        tempfile.TemporaryDirectory(prefix="ent-verification-") as lieu,
        embarque.demarrer(Path(lieu) / "base", jetable=True) as base,
    ):
        yield base.url
        base.quitter()
        embarque.effacer(Path(lieu) / "base")


def _sur_une_base(adresse: str, brique: BriqueChargee, seule: Configuration) -> Iterator[Anomalie]:
    with base_jetable(adresse) as (proprietaire, application):
        noyau = charger([]).distributions
        anomalies = aller_retour(proprietaire, application, noyau, brique.distribution())
        yield from anomalies
        if a_une_erreur(anomalies):
            return
        base = BaseDeDonnees(application)
        try:
            create_app(msgspec.structs.replace(seule, cle_secrete=secrets.token_urlsafe(48)), base)
        except AnomaliesTrouvees as trouvees:
            yield from trouvees.anomalies
        finally:
            base.fermer()


def _essais(nom: str, paquet: Path, adresse: str) -> Iterator[Anomalie]:
    racine = racine_de(paquet)
    if racine is None or not (racine / "tests").is_dir():
        yield Anomalie(
            "ESSAI-001",
            f"brique {nom}",
            "ses essais ne sont pas ici",
            "les lancer dans son dépôt",
            Niveau.AVERTISSEMENT,
        )
    elif importlib.util.find_spec("pytest") is None:
        yield Anomalie(
            "ESSAI-004",
            f"brique {nom}",
            "pytest manque : ses essais ne sont pas lancés",
            "installer ent-core[essais]",
            Niveau.AVERTISSEMENT,
        )
    else:
        yield from _pytest(racine, adresse)


def _pytest(racine: Path, adresse: str) -> Iterator[Anomalie]:
    with tempfile.TemporaryDirectory(prefix="ent-epreuve-") as lieu:
        releve = Path(lieu) / "essais.xml"
        fini = subprocess.run(  # noqa: S603 - commande composée ici
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "--tb=short",
                "--no-header",
                f"--junitxml={releve}",
                "tests",
            ],
            cwd=racine,
            env={**os.environ, "ENT_BASE_ESSAIS": adresse},
            capture_output=True,
            text=True,
            check=False,
        )
        trouvees = list(_echecs(releve)) if releve.is_file() else []
    yield from trouvees
    if fini.returncode not in (0, 1) or (fini.returncode and not trouvees):
        yield Anomalie(
            "ESSAI-003",
            str(racine / "tests"),
            f"les essais ne se lancent pas : {(fini.stderr or fini.stdout).strip()[-600:]}",
            "les lancer à la main avec pytest, dans ce dossier",
        )


def _echecs(releve: Path) -> Iterator[Anomalie]:
    for essai in etree.parse(releve).iter("testcase"):
        for echec in (*essai.iter("failure"), *essai.iter("error")):
            yield Anomalie(
                "ESSAI-002",
                f"{essai.get('classname', '').replace('.', '/')} :: {essai.get('name', '')}",
                f"l'essai échoue : {str(echec.get('message', '')).strip()[:600]}",
                "corriger la brique ; ou l'essai, s'il promet ce qu'elle ne doit pas faire",
            )
