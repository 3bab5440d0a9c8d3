"""Ce que le carnet offre au-dehors : les décomptes scellés aux autres briques, et ses commandes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from ent_core.brique import Contexte, DecomptesScelles, Horloge, consulter
from ent_core.essais.annuaire import ANNEE, ECOLE
from ent_core.essais.modeles import Division, attribuer
from sqlalchemy.orm import Session

from ent_carnet.commandes import absences as commande
from ent_carnet.services import absences, decompte

if TYPE_CHECKING:
    from tests.absences.conftest import Classe

LUNDI = date(2026, 11, 16)
PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(("role", "recoit"), [("direction", True), ("cpe", True), ("enseignant", False)])
def test_un_decompte_scelle_se_demande_dans_le_perimetre_de_qui_demande(
    classe: Classe, role: str, recoit: bool
) -> None:
    instance, annuaire = classe.instance, classe.instance.annuaire
    jour, qui = instance.horloge.aujourd_hui(), annuaire[role]
    classe.absences(LUNDI, 8)
    with classe.session() as session:
        decompte.sceller(session, ECOLE, ANNEE, 1, instance.horloge.maintenant())
        absences.ouvrir(
            session, uai=ECOLE, eleve_id=classe.eleve, debut=datetime(2026, 11, 16, tzinfo=PARIS),
            fin=datetime(2026, 11, 17, tzinfo=PARIS), motif_cle="maladie", auteur_id=annuaire["cpe"],
            instant=instance.horloge.maintenant(),
        )  # fmt: skip
        titre = attribuer(session, ECOLE, qui, annuaire.profils[role], jour)
    contexte = Contexte(
        qui, qui, ECOLE, "Collège", annuaire.profils[role], jour, ANNEE, roles=titre.roles,
        briques=frozenset({"carnet"}),
    )  # fmt: skip
    with instance.application.test_request_context(), classe.session() as session:
        rendus = consulter(session, contexte, DecomptesScelles(ANNEE, 1, frozenset({classe.eleve})))
    assert rendus is not None
    assert [(r.demi_journees, r.non_reglees, r.corrige) for r in rendus] == [(1, 1, True)] * recoit


def test_les_commandes_importent_et_comptent_sans_un_nom(classe: Classe, tmp_path: Path) -> None:
    with classe.instance.base.academie("essai") as session:
        code = session.get_one(Division, (ECOLE, ANNEE, classe.id)).code
    fichier = tmp_path / "absences.csv"
    fichier.write_text(
        "classe;nom;prenom;debut;fin\n"
        f"{code};Essai-{code};Zoé;16/11/2026 08:00;16/11/2026 12:00\n{code};Inconnue;X;16/11/2026 08:00;?\n",
        encoding="utf-8",
    )

    @contextmanager
    def ouvrir(_uai: str, _finalite: str) -> Iterator[tuple[Session, Horloge]]:
        with classe.session() as session:
            yield session, classe.instance.horloge

    def lancer(*arguments: str) -> str:
        rendu = CliRunner().invoke(commande, [*arguments, "--etablissement", ECOLE], obj=ouvrir)
        assert rendu.exit_code == 0, rendu.output
        return rendu.output

    apercu = lancer("importer", str(fichier))
    assert "1 absences à importer" in apercu
    assert "ligne 3" in apercu
    assert "Essai-" not in apercu
    assert "1 absences importées" in lancer("importer", str(fichier), "--confirmer")
    assert "0 absences à importer" in lancer("importer", str(fichier))
    assert lancer("decompte", "--periode", "1").startswith("Trimestre 1 : ")
    assert "décomptes scellés" in lancer("decompte", "--periode", "1", "--sceller")
