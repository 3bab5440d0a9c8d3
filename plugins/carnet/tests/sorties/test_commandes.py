"""``ent carnet …`` : imprimer et savoir ce qui s'effacera, sans navigateur."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from ent_core.brique import Horloge, Introuvable
from ent_core.essais.annuaire import ANNEE, ECOLE
from ent_core.essais.instance import InstanceEssai
from ent_core.essais.modeles import ActeJournal, Personne
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.commandes import COMMANDES
from ent_carnet.modeles import Absence, SanctionEleve


def lancer(ecole: InstanceEssai, *arguments: str) -> Result:
    """Une commande, avec l'ouverture que le noyau lui donne."""

    @contextmanager
    def ouvrir(uai: str, finalite: str) -> Iterator[tuple[Session, Horloge]]:
        with ecole.base.ecole(uai.upper(), finalite) as session:
            yield session, ecole.horloge

    groupe = {commande.name: commande for commande in COMMANDES}[arguments[0]]
    return CliRunner().invoke(groupe, [*arguments[1:], "--etablissement", ECOLE.lower()], obj=ouvrir)


def test_le_pack_et_les_carnets_s_impriment_dans_un_fichier(ecole: InstanceEssai, tmp_path: Path) -> None:
    feuilles, carnets = tmp_path / "panne.pdf", tmp_path / "carnets.pdf"
    dit = lancer(ecole, "imprimer", "panne", "--jour", "2026-11-30", "--sortie", str(feuilles), "--json")
    assert dit.exit_code == 0, dit.output
    ecrit = json.loads(dit.output)
    assert (ecrit["document"], ecrit["feuilles"]) == ("feuilles_de_panne_2026-11-30.pdf", 1)
    assert "Lundi 30 novembre 2026" in PdfReader(feuilles).pages[0].extract_text()
    code = ["--division", "5A", "--tous", "--sortie", str(carnets)]
    dit = lancer(ecole, "imprimer", "carnets", *code)
    assert dit.exit_code == 0, dit.output
    assert "feuilles dans" in dit.output
    assert "Camille" in "".join(page.extract_text() for page in PdfReader(carnets).pages)
    with ecole.base.academie("essai : journal") as session:
        enonce = select(ActeJournal).where(ActeJournal.objet == "feuilles_de_panne_2026-11-30")
        lus = [(acte.acteur_id, acte.details) for acte in session.scalars(enonce)]
        assert (None, {"nombre": 1, "origine": "commande"}) in lus
    assert "Une commande" in ecole.client("administrateur").get("/administration/journal").text


def test_un_import_par_commande_ne_designe_personne_et_le_journal_le_dit(
    ecole: InstanceEssai, tmp_path: Path
) -> None:
    with ecole.base.ecole(ECOLE, "essai : nom") as session:
        eleve = session.get_one(Personne, ecole.annuaire["eleve"])
        ligne = f"5A;{eleve.nom};{eleve.prenom};16/11/2026 08:00;16/11/2026 12:00;maladie"
    fichier = tmp_path / "absences.csv"
    fichier.write_text(f"Classe;Nom;Prénom;Début;Fin;Motif\n{ligne}\n", encoding="utf-8")
    assert "1 absences à importer" in lancer(ecole, "absences", "importer", str(fichier)).output
    fait = lancer(ecole, "absences", "importer", str(fichier), "--confirmer")
    assert fait.exit_code == 0, fait.output
    with ecole.base.academie("essai : journal") as session:
        enonce = select(ActeJournal).where(ActeJournal.acte == "carnet.absences_importees")
        acte = session.scalars(enonce).one()
        lot = UUID(acte.objet)
        assert (acte.acteur_id, acte.uai) == (None, ECOLE)
        assert acte.details == {"lignes": 1, "laissees": 0, "origine": "commande"}
    with ecole.base.ecole(ECOLE, "essai : absence") as session:
        importee = session.scalars(select(Absence).where(Absence.lot_id == lot)).one()
        assert importee.auteur_id is None
        importee.annulee_le = importee.traitee_le


def test_une_division_inconnue_ou_rien_a_imprimer_n_ecrit_aucun_fichier(
    ecole: InstanceEssai, tmp_path: Path
) -> None:
    sortie = tmp_path / "carnets.pdf"
    inconnue = lancer(ecole, "imprimer", "carnets", "--division", "9Z", "--sortie", str(sortie))
    assert isinstance(inconnue.exception, Introuvable)
    assert "9Z" in inconnue.exception.message
    annee_vide = lancer(ecole, "imprimer", "panne", "--jour", "2031-11-30", "--sortie", str(sortie))
    assert isinstance(annee_vide.exception, Introuvable)
    assert not sortie.exists()


@pytest.mark.exigence("DISC-22")
def test_les_echeances_disent_quoi_et_quand_sans_aucun_nom(ecole: InstanceEssai) -> None:
    commun: dict[str, Any] = {
        "uai": ECOLE, "annee": ANNEE, "eleve_id": ecole.annuaire["camarade"], "motif": "fraude",
        "faits": "FAITS", "faits_le": date(2026, 11, 3),
    }  # fmt: skip
    with ecole.base.ecole(ECOLE, "essai : échéances") as session:
        blame = SanctionEleve(
            **commun, etat="notifiee", sanction=2, prononcee_le=date(2026, 11, 9), efface_le=date(2028, 7, 1)
        )
        definitive = SanctionEleve(
            **commun, etat="notifiee", sanction=6, par_conseil=True, prononcee_le=date(2026, 11, 9),
            efface_le=None,
        )  # fmt: skip
        session.add_all([blame, definitive])
        session.flush()
        ids = [str(blame.id), str(definitive.id)]
    lues = json.loads(lancer(ecole, "sanctions", "echeances", "--json").stdout)
    siennes = [(li["sanction"], li["efface_le"]) for li in lues if li["sanction_id"] in ids]
    assert siennes == [(2, "2028-07-01"), (6, None)], "la plus proche d'abord"
    avant = lancer(ecole, "sanctions", "echeances", "--avant", "2028-07-02").output
    assert f"01/07/2028 : Blâme (2026-2027), {blame.id}" in avant
    assert ids[1] not in avant
    assert "FAITS" not in avant
