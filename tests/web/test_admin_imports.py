"""Importer depuis une page : rien ne change avant la confirmation, et chacun ne voit que ses envois."""

from __future__ import annotations

import io
import re
import stat
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from ent_core.chargement.envois import envois_de
from ent_core.chargement.imports import TACHE_IMPORT, executer_envoi
from ent_core.demo import ResumeGeneration, generer
from ent_core.donnees.file_taches import etat_file
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import AUTRE, ECOLE, RECTORAT, Annuaire
from ent_core.essais.application import assembler, configuration_essai
from ent_core.identite.modeles import Creneau, Division, Identifiant, ImportLot, Personne, Rattachement
from ent_core.identite.tableur import Format, lire_tableau
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Configuration
from ent_core.web.admin import envois, imports  # noqa: F401 - leurs routes se montent à l'importation

ClientDe = Callable[[UUID, str, str], FlaskClient]
IMPORTS = "/administration/imports"
ELEVES = """Identifiant;Nom de famille;Prénom;Date de naissance;Classe
E1;AUBEMARE;Zoé;02/05/2015;6A
E2;BRICOURT;Sacha;11/09/2015;6A
"""


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return configuration_essai(donnees=str(tmp_path / "donnees"))


@pytest.fixture
def application(base: BaseDeDonnees, horloge: HorlogeFixe, configuration: Configuration) -> Flask:
    return assembler(base, horloge, configuration)


@pytest.fixture
def direction(client_de: ClientDe, annuaire: Annuaire) -> FlaskClient:
    return client_de(annuaire["direction"], ECOLE, annuaire.profils["direction"])


@pytest.fixture
def academie(client_de: ClientDe, annuaire: Annuaire) -> FlaskClient:
    role = "administrateur_academique"
    return client_de(annuaire[role], RECTORAT, annuaire.profils[role])


@pytest.fixture
def demonstration(tmp_path: Path, horloge: HorlogeFixe) -> ResumeGeneration:
    return generer(tmp_path / "academie", etablissements=1, jour=horloge.aujourd_hui(), archive=True)


def envoyer(
    client: FlaskClient, sorte: str, champ: str, contenu: bytes, nom: str, **saisie: str
) -> TestResponse:
    donnees: dict[str, object] = {champ: (io.BytesIO(contenu), nom), **saisie}
    return client.post(f"{IMPORTS}/nouveau/{sorte}", data=donnees)


def envoyer_liste(client: FlaskClient, contenu: str = ELEVES, nom: str = "eleves.csv", **saisie: str) -> str:
    """Envoie une liste ; rend l'adresse de l'envoi."""
    reponse = envoyer(client, "liste", "fichier", contenu.encode(), nom, **saisie)
    assert reponse.status_code == 303, reponse.text
    return str(reponse.location)


def colonnes(page: str) -> dict[str, str]:
    """Le formulaire tel que la page le propose."""
    choix: dict[str, str] = {}
    for nom, dedans in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        retenu = re.search(r'<option value="([^"]*)" selected', dedans)
        choix[nom] = retenu[1] if retenu else ""
    return choix


def compter(base: BaseDeDonnees, table: type, *conditions: object) -> int:
    with base.academie("essai") as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0  # type: ignore[arg-type] # conditions SQLAlchemy


def test_sans_permission_la_page_est_refusee(client_de: ClientDe, annuaire: Annuaire) -> None:
    client = client_de(annuaire["enseignant"], ECOLE, annuaire.profils["enseignant"])
    assert client.get(IMPORTS).status_code == 403
    assert envoyer(client, "liste", "fichier", b"a;b", "a.csv").status_code == 403


def test_une_ecole_importe_une_liste_de_bout_en_bout(base: BaseDeDonnees, direction: FlaskClient) -> None:
    avant = compter(base, Personne)
    envoi = envoyer_liste(direction)
    page = direction.get(envoi).text
    assert "Zoé" in page
    assert "Étape 2 sur 4" in page
    choix = colonnes(page)
    assert choix["champ:nom:1"] == "1"
    reponse = direction.post(f"{envoi}/colonnes", data=choix)
    assert reponse.status_code == 303
    page = direction.get(envoi).text
    assert "Rien n'est encore changé" in page.replace("&#39;", "'")
    assert compter(base, Personne) == avant
    assert direction.post(f"{envoi}/confirmer").status_code == 303
    page = direction.get(envoi).text
    assert "L'import est fait" in page.replace("&#39;", "'")
    assert compter(base, Personne) == avant + 2
    assert compter(base, Division, Division.uai == ECOLE, Division.code == "6A") == 1
    assert re.search(rf"Liste<br><span[^>]*>{ECOLE}", direction.get(IMPORTS).text)


def test_le_fichier_est_prive_puis_efface(direction: FlaskClient, configuration: Configuration) -> None:
    envoi = envoyer_liste(direction, nom="../../../etc/passwd.csv")
    dossier = Path(configuration.donnees) / "envois"
    assert stat.S_IMODE(dossier.stat().st_mode) == 0o700
    garde = dossier / envoi.rsplit("/", 1)[1]
    assert {f.name for f in garde.iterdir()} == {"0", "etat.json"}
    assert all(stat.S_IMODE(f.stat().st_mode) == 0o600 for f in garde.iterdir())
    page = direction.get(envoi).text
    assert "passwd.csv" in page
    assert "etc/" not in page
    direction.post(f"{envoi}/colonnes", data=colonnes(page))
    direction.post(f"{envoi}/confirmer")
    assert {f.name for f in garde.iterdir()} == {"etat.json"}


def test_un_envoi_est_efface_apres_un_jour(
    direction: FlaskClient, configuration: Configuration, horloge: HorlogeFixe
) -> None:
    envoi = envoyer_liste(direction)
    horloge.avancer(timedelta(hours=25))
    assert envois_de(configuration, horloge).purger() == 1
    assert not list((Path(configuration.donnees) / "envois").iterdir())
    assert envoi


def test_renoncer_efface_tout(direction: FlaskClient, configuration: Configuration) -> None:
    envoi = envoyer_liste(direction)
    assert direction.post(f"{envoi}/abandonner").status_code == 303
    assert direction.get(envoi).status_code == 404
    assert not list((Path(configuration.donnees) / "envois").iterdir())


@pytest.mark.parametrize("cle", ["..", "0" * 32, "../../cle_secrete", "zz"])
def test_une_cle_inventee_n_ouvre_rien(direction: FlaskClient, cle: str) -> None:
    assert direction.get(f"{IMPORTS}/envois/{cle}").status_code == 404


def test_l_envoi_d_une_personne_n_existe_que_pour_elle(
    direction: FlaskClient, client_de: ClientDe, annuaire: Annuaire
) -> None:
    envoi = envoyer_liste(direction)
    collegue = client_de(annuaire["direction_autre"], AUTRE, annuaire.profils["direction_autre"])
    administrateur = client_de(annuaire["administrateur"], ECOLE, annuaire.profils["administrateur"])
    for client in (collegue, administrateur):
        assert client.get(envoi).status_code == 404
        assert client.post(f"{envoi}/colonnes", data={"genre": "eleves"}).status_code == 404
        assert client.post(f"{envoi}/abandonner").status_code == 404


def test_une_ecole_ne_choisit_pas_une_autre_ecole(base: BaseDeDonnees, direction: FlaskClient) -> None:
    envoi = envoyer_liste(direction, uai=AUTRE)
    direction.post(f"{envoi}/colonnes", data=colonnes(direction.get(envoi).text))
    direction.post(f"{envoi}/confirmer")
    assert compter(base, Rattachement, Rattachement.source == f"TABLEUR:{ECOLE}") == 2
    assert compter(base, Rattachement, Rattachement.source == f"TABLEUR:{AUTRE}") == 0


def test_une_ecole_ne_se_donne_pas_sa_direction(base: BaseDeDonnees, direction: FlaskClient) -> None:
    liste = "Nom;Prénom;Fonction\nAUBEMARE;Dominique;Directeur\n"
    envoi = envoyer_liste(direction, liste)
    choix = colonnes(direction.get(envoi).text)
    assert choix["genre"] == "personnels"
    direction.post(f"{envoi}/colonnes", data=choix)
    assert "désignée par l'académie" in direction.get(envoi).text.replace("&#39;", "'")
    direction.post(f"{envoi}/confirmer")
    assert compter(base, Rattachement, Rattachement.source == f"TABLEUR:{ECOLE}") == 0


def test_une_colonne_obligatoire_oubliee_se_dit_dans_la_page(direction: FlaskClient) -> None:
    envoi = envoyer_liste(direction)
    choix = colonnes(direction.get(envoi).text) | {"champ:prenom:1": ""}
    reponse = direction.post(f"{envoi}/colonnes", data=choix)
    assert reponse.status_code == 422
    assert "Prénom" in reponse.text
    assert colonnes(reponse.text)["champ:nom:1"] == "1"


def test_une_liste_complete_qui_retire_trop_demande_une_case(
    base: BaseDeDonnees, direction: FlaskClient, horloge: HorlogeFixe
) -> None:
    def mener(contenu: str, confirmation: dict[str, str]) -> TestResponse:
        envoi = envoyer_liste(direction, contenu)
        direction.post(f"{envoi}/colonnes", data={**colonnes(direction.get(envoi).text), "complete": "1"})
        return direction.post(f"{envoi}/confirmer", data=confirmation)

    mener(ELEVES, {})
    courte = "\n".join(ELEVES.splitlines()[:2])
    refus = mener(courte, {})
    assert refus.status_code == 422
    assert "1 personne(s) sur 2" in refus.text
    assert compter(base, Personne, Personne.sursis_depuis.is_not(None)) == 0
    assert mener(courte, {"accepter_retraits": "1"}).status_code == 303
    assert compter(base, Personne, Personne.sursis_depuis.is_not(None)) == 1


def test_un_fichier_qui_n_est_pas_une_liste_est_refuse_dans_la_page(
    direction: FlaskClient, configuration: Configuration
) -> None:
    reponse = envoyer(direction, "liste", "fichier", b"%PDF-1.7", "liste.pdf")
    assert reponse.status_code == 422
    assert "PDF" in reponse.text
    assert not list((Path(configuration.donnees) / "envois").iterdir())
    assert envoyer(direction, "liste", "fichier", b"", "vide.csv").status_code == 422
    assert direction.post(f"{IMPORTS}/nouveau/liste").status_code == 422


def test_l_annuaire_n_est_pas_a_l_ecole(direction: FlaskClient) -> None:
    assert direction.get(f"{IMPORTS}/nouveau/annuaire").status_code == 403
    assert envoyer(direction, "annuaire", "fichier", b"PK", "a.zip").status_code == 403
    assert "Importer l'annuaire" not in direction.get(IMPORTS).text.replace("&#39;", "'")


def test_l_academie_importe_l_annuaire_par_l_ouvrier(
    base: BaseDeDonnees,
    academie: FlaskClient,
    configuration: Configuration,
    horloge: HorlogeFixe,
    demonstration: ResumeGeneration,
) -> None:
    def travailler(envoi: str) -> None:
        """Ce que fait l'ouvrier."""
        executer_envoi(base, configuration, horloge, envoi.rsplit("/", 1)[1])

    assert demonstration.archive is not None
    avant = compter(base, Personne)
    reponse = envoyer(academie, "annuaire", "fichier", demonstration.archive.read_bytes(), "livraison.tgz")
    assert reponse.status_code == 303, reponse.text
    envoi = str(reponse.location)
    page = academie.get(envoi).text
    assert 'hx-trigger="every 2s"' in page
    with base.academie("essai") as session:
        assert {c.tache: c.en_attente for c in etat_file(session)} == {TACHE_IMPORT: 1}
    assert "HX-Redirect" not in academie.get(f"{envoi}/avancement").headers
    travailler(envoi)
    assert academie.get(f"{envoi}/avancement").headers["HX-Redirect"] == envoi
    assert compter(base, Personne) == avant
    page = academie.get(envoi).text
    assert "changerait" in page
    assert "Confirmer l'import" in page.replace("&#39;", "'")
    assert academie.post(f"{envoi}/confirmer").status_code == 303
    travailler(envoi)
    assert compter(base, Personne) == avant + demonstration.personnes
    page = academie.get(envoi).text
    lot = re.search(r"/imports/lots/([0-9a-f-]{36})", page)
    assert lot
    assert academie.get(f"{IMPORTS}/lots/{lot[1]}").status_code == 200
    travailler(envoi)
    assert compter(base, Personne) == avant + demonstration.personnes


def test_une_archive_fausse_dit_pourquoi_et_ne_change_rien(
    base: BaseDeDonnees, academie: FlaskClient, configuration: Configuration, horloge: HorlogeFixe
) -> None:
    reponse = envoyer(academie, "annuaire", "fichier", b"ceci n'est pas une archive", "livraison.zip")
    envoi = str(reponse.location)
    executer_envoi(base, configuration, horloge, envoi.rsplit("/", 1)[1])
    page = academie.get(envoi).text
    assert "Import refusé" in page
    assert "livraison.zip" in page
    assert compter(base, ImportLot) == 0


def test_un_emploi_du_temps_entre_apres_confirmation(
    base: BaseDeDonnees,
    academie: FlaskClient,
    configuration: Configuration,
    horloge: HorlogeFixe,
    demonstration: ResumeGeneration,
) -> None:
    assert demonstration.archive is not None
    reponse = envoyer(academie, "annuaire", "fichier", demonstration.archive.read_bytes(), "livraison.tgz")
    annuaire = str(reponse.location)
    for _ in range(2):
        executer_envoi(base, configuration, horloge, annuaire.rsplit("/", 1)[1])
        academie.post(f"{annuaire}/confirmer")
    emp, sts = (next(demonstration.sts.glob(f"{nom}_*.xml")) for nom in ("emp_sts", "sts_emp"))
    reponse = academie.post(
        f"{IMPORTS}/nouveau/emploi-du-temps",
        data={
            "emploi_du_temps": (io.BytesIO(emp.read_bytes()), emp.name),
            "individus": (io.BytesIO(sts.read_bytes()), sts.name),
        },
    )
    assert reponse.status_code == 303, reponse.text
    envoi = str(reponse.location)
    assert "Séances" in academie.get(envoi).text
    assert compter(base, Creneau) == 0
    academie.post(f"{envoi}/confirmer")
    assert compter(base, Creneau) > 0


def test_l_emploi_du_temps_d_une_autre_ecole_est_refuse(
    direction: FlaskClient, demonstration: ResumeGeneration
) -> None:
    emp = next(demonstration.sts.glob("emp_sts_*.xml"))
    reponse = envoyer(direction, "emploi-du-temps", "emploi_du_temps", emp.read_bytes(), emp.name)
    page = direction.get(str(reponse.location)).text
    assert "Import refusé" in page
    assert emp.name in page
    assert ECOLE in page


def test_une_ecole_ne_voit_pas_les_imports_des_autres(
    direction: FlaskClient, client_de: ClientDe, annuaire: Annuaire, base: BaseDeDonnees
) -> None:
    envoi = envoyer_liste(direction)
    direction.post(f"{envoi}/colonnes", data=colonnes(direction.get(envoi).text))
    direction.post(f"{envoi}/confirmer")
    with base.academie("essai") as session:
        lot = session.scalars(select(ImportLot.id)).one()
    autre = client_de(annuaire["direction_autre"], AUTRE, annuaire.profils["direction_autre"])
    assert str(lot) not in autre.get(IMPORTS).text
    assert autre.get(f"{IMPORTS}/lots/{lot}").status_code == 404
    assert autre.get(f"{IMPORTS}/lots/{lot}/rejets.csv").status_code == 404
    assert direction.get(f"{IMPORTS}/lots/{lot}").status_code == 200


def test_les_defauts_se_telechargent(direction: FlaskClient, base: BaseDeDonnees) -> None:
    envoi = envoyer_liste(direction, ELEVES.replace("11/09/2015", "31/02/2015"))
    direction.post(f"{envoi}/colonnes", data=colonnes(direction.get(envoi).text))
    direction.post(f"{envoi}/confirmer")
    with base.academie("essai") as session:
        lot = session.scalars(select(ImportLot.id)).one()
    reponse = direction.get(f"{IMPORTS}/lots/{lot}/rejets.csv")
    assert reponse.mimetype == "text/csv"
    assert "attachment" in reponse.headers["Content-Disposition"]
    rejets = lire_tableau(reponse.data, "rejets.csv")
    assert rejets.lignes[0].cellules[:3] == ("rejet", "eleves.csv", "3")
    assert "BRICOURT" not in reponse.text


@pytest.mark.parametrize("format_voulu", list(Format))
def test_un_modele_se_telecharge(direction: FlaskClient, format_voulu: Format) -> None:
    reponse = direction.get(f"{IMPORTS}/modeles/eleves.{format_voulu}")
    assert lire_tableau(reponse.data, f"eleves.{format_voulu}").entetes[0] == "Identifiant"


def test_l_academie_dit_l_ecole_de_sa_liste(base: BaseDeDonnees, academie: FlaskClient) -> None:
    for uai in ("", "bof", "0999999Z"):
        reponse = envoyer(academie, "liste", "fichier", ELEVES.encode(), "eleves.csv", uai=uai)
        assert reponse.status_code == 422
        assert f'value="{uai}"' in reponse.text or not uai
    envoi = envoyer_liste(academie, uai=AUTRE.lower())
    academie.post(f"{envoi}/colonnes", data=colonnes(academie.get(envoi).text))
    academie.post(f"{envoi}/confirmer")
    assert compter(base, Identifiant, Identifiant.source == f"TABLEUR:{AUTRE}") == 2


# --- Annuler une liste -----------------------------------------------------------------------------


def importer(client: FlaskClient, contenu: str = ELEVES, **saisie: str) -> str:
    """Importe une liste jusqu'au bout ; rend l'adresse de son lot."""
    envoi = envoyer_liste(client, contenu, **saisie)
    client.post(f"{envoi}/colonnes", data=colonnes(client.get(envoi).text))
    client.post(f"{envoi}/confirmer")
    trouve = re.search(rf"{IMPORTS}/lots/[0-9a-f-]+", client.get(envoi).text)
    assert trouve
    return trouve[0]


def test_une_liste_s_annule_apres_avoir_dit_ce_qui_serait_defait(
    base: BaseDeDonnees, direction: FlaskClient
) -> None:
    avant = compter(base, Personne)
    lot = importer(direction)
    assert f"{lot}/annuler" in direction.get(lot).text
    page = direction.get(f"{lot}/annuler").text
    assert "2 à ôter" in page
    assert compter(base, Personne) == avant + 2
    assert direction.post(f"{lot}/annuler").status_code == 303
    assert compter(base, Personne) == avant
    page = direction.get(lot).text
    assert "Annulé" in page
    assert f"{lot}/annuler" not in page
    assert "Annulé" in direction.get(IMPORTS).text


def test_ce_qui_retient_l_annulation_est_dit_et_rien_n_est_defait(
    base: BaseDeDonnees, direction: FlaskClient
) -> None:
    lot = importer(direction)
    with base.academie("essai") as session:
        zoe = session.scalars(select(Personne).where(Personne.nom == "AUBEMARE")).one()
        zoe.courriel = "z@exemple.invalid"
        fiche = f"/administration/personnes/{zoe.id}"
    avant = compter(base, Personne)
    page = direction.get(f"{lot}/annuler").text
    assert "1 changement depuis" in page
    assert fiche in page
    assert 'name="csrf_token"' not in page.split("<main", 1)[1]
    assert direction.post(f"{lot}/annuler").status_code == 409
    assert compter(base, Personne) == avant


def test_une_liste_deja_annulee_le_dit(direction: FlaskClient) -> None:
    lot = importer(direction)
    direction.post(f"{lot}/annuler")
    reponse = direction.post(f"{lot}/annuler")
    assert reponse.status_code == 409
    assert "déjà annulé" in reponse.text


def test_l_annulation_n_existe_que_pour_qui_voit_le_lot(
    client_de: ClientDe, annuaire: Annuaire, direction: FlaskClient, academie: FlaskClient
) -> None:
    lot = importer(direction)
    collegue = client_de(annuaire["direction_autre"], AUTRE, annuaire.profils["direction_autre"])
    enseignant = client_de(annuaire["enseignant"], ECOLE, annuaire.profils["enseignant"])
    for client, code in ((collegue, 404), (enseignant, 403)):
        assert client.get(f"{lot}/annuler").status_code == code
        assert client.post(f"{lot}/annuler").status_code == code
    assert academie.post(f"{lot}/annuler").status_code == 303


def test_une_ecole_n_annule_pas_la_direction_que_l_academie_a_designee(
    base: BaseDeDonnees, academie: FlaskClient, direction: FlaskClient
) -> None:
    liste = "Nom;Prénom;Fonction\nAUBEMARE;Dominique;Directeur\n"
    lot = importer(academie, liste, uai=ECOLE)
    assert direction.get(f"{lot}/annuler").status_code == 403
    assert direction.post(f"{lot}/annuler").status_code == 403
    assert compter(base, Rattachement, Rattachement.source == f"TABLEUR:{ECOLE}") == 1


def test_un_projet_renomme_est_refuse_avec_la_commande_a_lancer(
    base: BaseDeDonnees,
    academie: FlaskClient,
    demonstration: ResumeGeneration,
    configuration: Configuration,
    horloge: HorlogeFixe,
    tmp_path: Path,
) -> None:
    """La même livraison, sous un autre nom de projet."""

    def mener(archive: bytes, nom: str) -> str:
        envoi = str(envoyer(academie, "annuaire", "fichier", archive, nom).location)
        executer_envoi(base, configuration, horloge, envoi.rsplit("/", 1)[1])
        return envoi

    archive = demonstration.archive
    assert archive is not None
    envoi = mener(archive.read_bytes(), archive.name)
    academie.post(f"{envoi}/confirmer")
    executer_envoi(base, configuration, horloge, envoi.rsplit("/", 1)[1])
    with tarfile.open(archive) as lue, tarfile.open(tmp_path / "renommee.tgz", "w:gz") as ecrite:
        for membre in lue.getmembers():
            contenu = lue.extractfile(membre)
            membre.name = re.sub(r"^(.*/)?[^/]+_(Complet)", r"RENOMME_\2", membre.name)
            ecrite.addfile(membre, contenu)
    page = academie.get(mener((tmp_path / "renommee.tgz").read_bytes(), "renommee.tgz")).text
    assert "ENT-PROJET" in page
    assert "ent importer renommer-projet" in page
