"""L'import d'annuaire demandé dans une page : un vrai ouvrier le mène, et sa panne se voit et se reprend."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from ent_core.chargement.decouverte import charger
from ent_core.chargement.imports import TACHE_IMPORT
from ent_core.chargement.ouvrier import executer
from ent_core.chargement.taches import toutes_les_taches
from ent_core.contrat.taches import Tache
from ent_core.demo import ResumeGeneration, generer
from ent_core.donnees.file_taches import abandonner, lister_morts
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ECOLE, RECTORAT, Annuaire
from ent_core.essais.application import assembler, configuration_essai
from ent_core.essais.serveur import Serveur
from ent_core.identite.modeles import ActeJournal, Personne
from ent_core.socle.calendrier import Horloge, HorlogeFixe, HorlogeSysteme
from ent_core.socle.configuration import Configuration

IMPORTS = "/administration/imports"
ENT = "from ent_core.cli import principal; principal()"
LISTE = "Identifiant;Nom;Prénom;Date de naissance;Classe\nE1;AUBEMARE;Zoé;02/05/2015;6A\n"


@pytest.fixture
def horloge() -> HorlogeFixe:
    """L'heure de la machine, que l'ouvrier lit aussi : il purge un envoi de plus d'un jour."""
    return HorlogeFixe(HorlogeSysteme().maintenant())


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return configuration_essai(donnees=str(tmp_path / "donnees"))


@pytest.fixture
def application(base: BaseDeDonnees, horloge: HorlogeFixe, configuration: Configuration) -> Flask:
    return assembler(base, horloge, configuration)


@pytest.fixture
def academie(client_de: Callable[..., FlaskClient], annuaire: Annuaire) -> FlaskClient:
    role = "administrateur_academique"
    return client_de(annuaire[role], RECTORAT, annuaire.profils[role])


@pytest.fixture
def livraison(tmp_path: Path, horloge: HorlogeFixe) -> ResumeGeneration:
    return generer(tmp_path / "academie", etablissements=1, jour=horloge.aujourd_hui(), archive=True)


@pytest.fixture
def demande(academie: FlaskClient, livraison: ResumeGeneration) -> str:
    """Adresse d'un envoi dont la simulation est demandée."""
    assert livraison.archive is not None
    fichier = (io.BytesIO(livraison.archive.read_bytes()), "livraison.tgz")
    reponse = academie.post(f"{IMPORTS}/nouveau/annuaire", data={"fichier": fichier})
    assert reponse.status_code == 303, reponse.text
    return str(reponse.location)


@pytest.fixture
def ouvrier(base: BaseDeDonnees, configuration: Configuration) -> Callable[[], None]:
    """Lance ``ent taches executer --une-fois`` dans son propre processus, et attend sa fin."""

    def lancer() -> None:
        racine = str(Path(__file__).parents[2])
        fini = subprocess.run(  # noqa: S603 - notre propre commande
            [sys.executable, "-c", ENT, "taches", "executer", "--une-fois"],
            cwd=racine,
            env={
                "PYTHONPATH": racine,
                "ENT_BASE": base.url.render_as_string(hide_password=False),
                "ENT_DONNEES": configuration.donnees,
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert fini.returncode == 0, fini.stderr

    return lancer


@pytest.fixture
def tache(configuration: Configuration) -> Tache:
    """La tâche d'import, telle que l'instance la déclare."""
    [seule] = [t for t in toutes_les_taches(charger([]), configuration) if t.nom == TACHE_IMPORT]
    return seule


def personnes(base: BaseDeDonnees) -> int:
    with base.academie("essai") as session:
        return session.scalar(select(func.count()).select_from(Personne)) or 0


def travailler(base: BaseDeDonnees, horloge: HorlogeFixe, taches: Sequence[Tache]) -> None:
    executer(base, taches, horloge, une_fois=True)


def en_panne(_base: BaseDeDonnees, _horloge: Horloge, **_arguments: str) -> None:
    raise MemoryError


def lire(client: FlaskClient, adresse: str) -> str:
    page = client.get(adresse)
    assert page.status_code == 200, page.text
    return page.text.replace("&#39;", "'")


def test_un_annuaire_envoye_par_la_page_entre_par_le_processus_de_l_ouvrier(
    base: BaseDeDonnees,
    academie: FlaskClient,
    livraison: ResumeGeneration,
    demande: str,
    ouvrier: Callable[[], None],
) -> None:
    avant = personnes(base)
    assert "En attente de son tour" in lire(academie, demande)
    ouvrier()
    assert "Rien n'est encore changé" in lire(academie, demande)
    assert personnes(base) == avant
    assert academie.post(f"{demande}/confirmer").status_code == 303
    ouvrier()
    assert "L'import est fait" in lire(academie, demande)
    assert personnes(base) == avant + livraison.personnes


def test_un_import_dont_le_travail_meurt_le_dit_et_se_reprend(
    base: BaseDeDonnees, academie: FlaskClient, horloge: HorlogeFixe, demande: str, tache: Tache
) -> None:
    travailler(base, horloge, [Tache(TACHE_IMPORT, en_panne, essais=1)])
    assert academie.get(f"{demande}/avancement").headers["HX-Redirect"] == demande
    page = lire(academie, demande)
    assert "une panne imprévue l'a arrêté" in page
    assert "MemoryError" in page
    assert "hx-trigger" not in page
    assert academie.post(f"{demande}/reprendre").status_code == 303
    assert "En attente de son tour" in lire(academie, demande)
    with base.academie("essai") as session:
        assert lister_morts(session) == []
        rejoues = session.scalars(select(ActeJournal).where(ActeJournal.acte == "travail.rejoue")).all()
        assert [acte.details for acte in rejoues] == [{"tache": TACHE_IMPORT}]
    travailler(base, horloge, [tache])
    assert "Rien n'est encore changé" in lire(academie, demande)


def test_un_import_dont_le_travail_est_abandonne_se_reprend_ou_s_efface(
    base: BaseDeDonnees, academie: FlaskClient, horloge: HorlogeFixe, demande: str
) -> None:
    def tuer_et_abandonner() -> None:
        travailler(base, horloge, [Tache(TACHE_IMPORT, en_panne, essais=1)])
        with base.academie("essai") as session:
            [mort] = lister_morts(session)
            abandonner(session, mort.id)

    tuer_et_abandonner()
    assert "quelqu'un y a renoncé" in lire(academie, demande)
    academie.post(f"{demande}/reprendre")
    assert "En attente de son tour" in lire(academie, demande)
    tuer_et_abandonner()
    assert academie.post(f"{demande}/abandonner").status_code == 303
    assert academie.get(demande).status_code == 404


def test_un_import_qui_travaille_ne_s_efface_ni_ne_se_reprend(academie: FlaskClient, demande: str) -> None:
    assert academie.post(f"{demande}/abandonner").status_code == 404
    academie.post(f"{demande}/reprendre")
    assert "En attente de son tour" in lire(academie, demande)


def test_une_panne_pendant_l_import_d_une_liste_rend_la_main(
    base: BaseDeDonnees, serveur: Serveur, client_de: Callable[..., FlaskClient], annuaire: Annuaire
) -> None:
    proprietaire = create_engine(
        make_url(serveur.url).set(drivername="postgresql+psycopg", database=base.url.database),
        poolclass=NullPool,
    )

    def renommer(ordre: str) -> None:
        with proprietaire.begin() as connexion:
            connexion.execute(text(ordre))

    direction = client_de(annuaire["direction"], ECOLE, annuaire.profils["direction"])
    fichier = (io.BytesIO(LISTE.encode()), "eleves.csv")
    envoi = str(direction.post(f"{IMPORTS}/nouveau/liste", data={"fichier": fichier}).location)
    choix = {"genre": "eleves"} | {
        f"champ:{cle}:1": str(rang)
        for rang, cle in enumerate(("identifiant_externe", "nom", "prenom", "date_naissance", "division"))
    }
    renommer("alter table inscription rename to inscription_ailleurs")
    assert direction.post(f"{envoi}/colonnes", data=choix).status_code == 500
    renommer("alter table inscription_ailleurs rename to inscription")
    page = lire(direction, envoi)
    assert "Une panne imprévue a arrêté l'import." in page
    assert "Import en cours" not in page
    assert direction.post(f"{envoi}/colonnes", data=choix).status_code == 303
    assert "Rien n'est encore changé" in lire(direction, envoi)
