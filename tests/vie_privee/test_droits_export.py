"""La copie d'une personne : tout ce qui est à elle, et rien de ce qui est à une autre."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from ent_core.essais.annuaire import AUTRE, ECOLE
from ent_core.essais.base import Fabrique
from ent_core.essais.instance import compter_enonces
from ent_core.vie_privee.droits.export import Composition, composer, inventorier
from ent_core.vie_privee.droits.lecture import Reference, texte_actuel
from tests.vie_privee.brique_incidents import brique_incidents
from tests.vie_privee.droits_essais import Champ, Poste, monter


@pytest.fixture
def photos() -> dict[UUID, bytes]:
    return {}


@pytest.fixture
def poste(fabrique_bases: Fabrique, tmp_path: Path, photos: dict[UUID, bytes]) -> Iterator[Poste]:
    monte = monter(fabrique_bases, tmp_path, brique_incidents(photos))
    yield monte
    monte.base.fermer()
    fabrique_bases.retirer(monte.adresses)


def copie(
    poste: Poste, personne: UUID, relus: dict[Reference, str | None] | None = None, uai: str | None = None
) -> tuple[zipfile.ZipFile, Composition]:
    sortie = io.BytesIO()
    with poste.base.academie("essai") as session:
        bilan = composer(
            session, poste.registre, personne, sortie, poste.guichet.entete(session, uai, "2026-ABCDEF"),
            pieces=poste.guichet.pieces, relus=relus or {},
        )  # fmt: skip
    return zipfile.ZipFile(sortie), bilan


def contenu(archive: zipfile.ZipFile) -> str:
    return "\n".join(archive.read(nom).decode(errors="replace") for nom in archive.namelist())


def semer(poste: Poste) -> tuple[UUID, UUID, Champ]:
    personne, autre = poste.annuaire["eleve"], poste.annuaire["camarade"]
    return personne, autre, poste.semer(personne, autre)


@pytest.mark.exigence("RGPD-DRO-03")
def test_chaque_valeur_semee_pour_la_personne_est_dans_sa_copie_et_aucune_autre(poste: Poste) -> None:
    personne, autre, champ = semer(poste)
    archive, bilan = copie(poste, personne)
    lu = contenu(archive)
    assert {lieu for valeur, lieu in champ.attendus("present").items() if valeur not in lu} == set()
    assert {lieu for valeur, lieu in champ.attendus("absent").items() if valeur in lu} == set()
    assert {lieu for valeur, lieu in champ.attendus("relecture").items() if valeur in lu} == set()
    assert str(autre) not in lu
    assert len(champ.attendus("present")) > 50
    assert bilan.a_relire


@pytest.mark.exigence("RGPD-DRO-03")
def test_un_texte_libre_n_est_remis_qu_apres_relecture(poste: Poste) -> None:
    personne, _, champ = semer(poste)
    relus: dict[Reference, str | None] = {}
    with poste.base.academie("essai") as session:
        for reference in inventorier(session, poste.registre, personne, None):
            lu = texte_actuel(session, poste.registre.tables[reference.table], reference)
            # Un texte peut être au fond d'un objet JSON.
            siens = [v for v in champ.attendus("relecture") if lu is not None and v in lu]
            relus[reference] = f"relu : {siens[0]}" if siens else None
    archive, bilan = copie(poste, personne, relus)
    lu = contenu(archive)
    assert {
        lieu for valeur, lieu in champ.attendus("relecture").items() if f"relu : {valeur}" not in lu
    } == set()
    assert {lieu for valeur, lieu in champ.attendus("absent").items() if valeur in lu} == set()
    assert bilan.a_relire == []
    assert bilan.retenus > 0


@pytest.mark.exigence("FAM-04")
def test_deux_parents_separes_ne_voient_pas_les_coordonnees_l_un_de_l_autre(poste: Poste) -> None:
    parent, second, eleve = (poste.annuaire[r] for r in ("parent", "second_parent", "eleve"))
    champ = poste.semer(parent, second)
    marques = {c.valeur for c in champ.canaris if c.lieu.startswith("personne.") and not c.part}
    assert len(marques) > 8
    for qui in (parent, eleve):
        lu = contenu(copie(poste, qui)[0])
        assert not {valeur for valeur in marques if valeur in lu}
        assert str(second) not in lu


def test_freres_et_soeurs_ont_des_copies_separees(poste: Poste) -> None:
    _, autre, champ = semer(poste)
    lu = contenu(copie(poste, autre)[0])
    # Un lien de famille est aux deux ; le reste n'est qu'à l'un.
    siens = {c.lieu for c in champ.canaris if c.part and c.valeur in lu}
    assert {lieu.partition(".")[0] for lieu in siens} <= {"responsabilite", "restriction"}


def test_un_etablissement_ne_rend_que_ses_lignes_et_celles_qui_sont_communes(poste: Poste) -> None:
    personne, _, _ = semer(poste)
    _, partout = copie(poste, personne)
    _, ici = copie(poste, personne, uai=ECOLE)
    _, ailleurs = copie(poste, personne, uai=AUTRE)
    assert partout.lignes["incidents_fait"] == ici.lignes["incidents_fait"]
    assert "incidents_fait" not in ailleurs.lignes
    assert ailleurs.lignes["personne"] == 1


def test_le_manifeste_donne_l_empreinte_de_chaque_fichier(poste: Poste) -> None:
    personne, _, _ = semer(poste)
    archive, _ = copie(poste, personne)
    manifeste = json.loads(archive.read("manifest.json"))
    assert manifeste["demande"] == "2026-ABCDEF"
    assert manifeste["schema"] == 1
    assert re.fullmatch(r"[0-9a-f]{64}", manifeste["registre"])
    assert set(manifeste["fichiers"]) == set(archive.namelist()) - {"manifest.json"}
    for chemin, empreinte in manifeste["fichiers"].items():
        assert empreinte == f"sha256:{hashlib.sha256(archive.read(chemin)).hexdigest()}"


def test_chaque_traitement_repond_aux_questions_de_l_article_15(poste: Poste) -> None:
    personne, _, _ = semer(poste)
    archive, _ = copie(poste, personne)
    for cle in poste.registre.traitements:
        if f"donnees/{cle}.json" in archive.namelist():
            dit = json.loads(archive.read(f"donnees/{cle}.json"))["traitement"]
            for question in ("finalite", "destinataires", "conservation", "origines", "droits"):
                assert dit[question], (cle, question)


def test_la_page_se_lit_sans_connexion(poste: Poste) -> None:
    personne, _, _ = semer(poste)
    archive, _ = copie(poste, personne)
    for nom in archive.namelist():
        if nom.endswith(".html"):
            page = archive.read(nom).decode()
            assert '<html lang="fr">' in page
            assert not re.search(r'(src|href)="(https?:|//)', page)
            assert "<script" not in page
            assert page.count("<h1>") == 1
            for cible in re.findall(r'href="([^"#]+)"', page):
                chemin = cible.removeprefix("../")
                assert chemin in archive.namelist(), (nom, cible)


def test_les_pieces_des_briques_restent_dans_leur_dossier(poste: Poste, photos: dict[UUID, bytes]) -> None:
    personne = poste.annuaire["eleve"]
    photos[personne] = b"\x89une photo"
    archive, _ = copie(poste, personne)
    assert archive.read("pieces/incidents/photo.bin") == b"\x89une photo"
    resume = json.loads(archive.read("pieces/incidents/resume.json"))
    assert resume == {"eleve": "[la personne concernée]", "ami": "[identifiant interne]"}


def test_un_mot_de_passe_n_est_remis_a_personne(poste: Poste) -> None:
    personne, _, _ = semer(poste)
    archive, _ = copie(poste, personne)
    compte = json.loads(archive.read("donnees/noyau.comptes.json"))["tables"]["compte"]["lignes"][0]
    assert compte["empreinte"] == "[secret, remis à personne]"


def test_le_nombre_d_enonces_ne_depend_pas_de_ce_que_la_base_contient(poste: Poste) -> None:
    def mesurer(session: Session | None = None) -> int:
        with compter_enonces(poste.base) as enonces:
            copie(poste, poste.annuaire["eleve"])
        return len(enonces)

    avant = mesurer()
    for role, autre in (("parent", "second_parent"), ("cpe", "assistant"), ("enseignant", "collegue")):
        poste.semer(poste.annuaire[role], poste.annuaire[autre])
    assert mesurer() == avant
