"""``ent compte`` : lettres, profils suspendus, comptes volés, en lignes de commande."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from pypdf import PdfReader
from sqlalchemy import select, update

from ent_core.cli import ent
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ECOLE, peupler
from ent_core.essais.application import CLE
from ent_core.identite.modeles import Compte


def commande(*arguments: str, sortie: int = 0) -> Result:
    rendu = CliRunner().invoke(ent, ["compte", *arguments])
    assert rendu.exit_code == sortie, rendu.exception
    return rendu


def test_une_ecole_se_protege_en_ligne_de_commande(
    base: BaseDeDonnees, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENT_BASE", base.url.render_as_string(hide_password=False))
    monkeypatch.setenv("ENT_CLE_SECRETE", CLE)
    Path("ent.toml").write_text("", encoding="utf-8")
    with base.academie("essai") as session:
        annuaire = peupler(session)
    lettres = ("lettres", ECOLE, "--division", "5e A", "--vers", "l.pdf", "--adresse", "https://ent.example")
    assert json.loads(commande(*lettres, "--json").output)["lettres"] == 5
    assert len(PdfReader(BytesIO(Path("l.pdf").read_bytes())).pages) == 6, "la liste, puis cinq lettres"
    assert Path("l.pdf").stat().st_mode & 0o077 == 0
    commande(*lettres, sortie=1)

    suspendu = json.loads(commande("suspendre", ECOLE, "eleve", "--motif", "comptes", "--json").output)
    assert suspendu == {"uai": ECOLE, "profil": "National_ELV", "etat": "suspendu"}
    commande("suspendre", ECOLE, "eleve", "--motif", "comptes", sortie=1)
    assert "ouvert" in commande("rouvrir", ECOLE, "eleve").output
    commande("rouvrir", ECOLE, "eleve", sortie=1)

    with base.academie("essai") as session:
        session.execute(update(Compte).values(etat="actif", empreinte="x"))
    Path("voles.csv").write_text("camille.essai-eleve;5e A\ninconnu.ici\n", encoding="utf-8")
    volees = ("securiser", ECOLE, "--fichier", "voles.csv")
    commande(*volees, sortie=5)
    dit = json.loads(commande(*volees, "--oui", "--json").output)
    numero = dit.pop("numero")
    assert dit == {"comptes": 1, "sessions_fermees": 0, "prevenus": 3, "inconnus": ["inconnu.ici"]}, (
        "l'élève, et ses deux responsables"
    )
    reprise = json.loads(commande("securiser", ECOLE, "--reprendre", numero, "--json").output)
    assert (reprise["comptes"], reprise["prevenus"]) == (1, 0), "finie, elle ne refait rien"
    commande("securiser", ECOLE, "--reprendre", str(uuid4()), sortie=1)
    with base.academie("essai") as session:
        par_role = dict(session.execute(select(Compte.personne_id, Compte.etat)).all())
    assert par_role[annuaire["eleve"]] == "a_activer"
    assert par_role[annuaire["camarade"]] == "actif"
