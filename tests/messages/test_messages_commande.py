"""``ent messages`` : voir où en sont les envois, refaire ceux qui ont échoué."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from ent_core.cli import ent
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import AUTRE, ECOLE, peupler
from ent_core.essais.application import CLE
from ent_core.messages.modeles import Message
from ent_core.socle.calendrier import HorlogeFixe


def commande(*arguments: str) -> Result:
    rendu = CliRunner().invoke(ent, ["messages", *arguments])
    assert rendu.exit_code == 0, rendu.exception
    return rendu


def test_l_etat_compte_et_relancer_ne_touche_que_les_echecs_d_une_ecole(
    base: BaseDeDonnees, horloge: HorlogeFixe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENT_BASE", base.url.render_as_string(hide_password=False))
    monkeypatch.setenv("ENT_CLE_SECRETE", CLE)
    Path("ent.toml").write_text("", encoding="utf-8")
    assert "Aucun message." in commande("etat").output
    instant = horloge.maintenant()
    with base.academie("essai") as session:
        annuaire = peupler(session)
        for uai, etat in ((ECOLE, "echec"), (ECOLE, "retenu"), (AUTRE, "echec")):
            session.add(
                Message(
                    uai=uai, personne_id=annuaire["parent"], lot=uuid4(), sujet="essai.note", lien="/",
                    qualite="famille", canal="courriel", urgent=False, cree_le=instant, visible_le=instant,
                    prevu_le=instant, etat=etat, echec="adresse_refusee" if etat == "echec" else None,
                    clos_le=instant if etat == "echec" else None,
                )
            )  # fmt: skip
    ecole = ("--etablissement", ECOLE.lower())
    assert json.loads(commande("relancer", *ecole, "--json").output) == {"relances": 1}
    assert "0 message(s)" in commande("relancer", *ecole).output
    lus = {ligne["etablissement"]: ligne for ligne in json.loads(commande("etat", "--json").output)}
    assert (lus[ECOLE]["en_attente"], lus[ECOLE]["retenus"], lus[ECOLE]["echecs"]) == (1, 1, 0)
    assert lus[AUTRE]["echecs"] == 1
    assert len(json.loads(commande("etat", *ecole, "--json").output)) == 1


def test_le_mot_de_passe_du_courrier_ne_se_montre_pas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENT_COURRIEL_MOT_DE_PASSE", "tres-secret")
    montree = CliRunner().invoke(ent, ["configuration", "verifier", "--json"])
    assert montree.exit_code == 0, montree.exception
    assert json.loads(montree.output)["courriel"]["mot_de_passe"] == "•••"
    assert "tres-secret" not in montree.output
