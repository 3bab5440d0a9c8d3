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
from ent_core.brique import DecomptesScelles, Horloge
from ent_core.essais.annuaire import ANNEE, ECOLE, RENTREE
from ent_core.essais.modeles import Division, Responsabilite, Service
from ent_core.essais.parcours import Parcours
from sqlalchemy.orm import Session

from ent_carnet.commandes.absences import absences as commande
from ent_carnet.services import absences, decompte

if TYPE_CHECKING:
    from tests.absences.conftest import Classe

LUNDI = date(2026, 11, 16)
PARIS = ZoneInfo("Europe/Paris")


RECOIVENT = {
    "direction": True, "cpe": True, "enseignant": False, "collegue": True, "parent": False,
    "second_parent": True, "assistant": False, "secretaire": False,
}  # fmt: skip
"""À qui le registre le destine, pour cet élève : ``collegue`` a sa classe, ``second_parent`` en répond."""


@pytest.mark.exigence("ENT-09")
def test_un_decompte_scelle_va_a_qui_le_registre_le_destine_et_a_lui_seul(classe: Classe) -> None:
    instance, annuaire = classe.instance, classe.instance.annuaire
    instant, lie = instance.horloge.maintenant(), {"debut": RENTREE, "source": "essai"}
    with instance.base.academie("essai : qui suit l'élève") as session:
        session.add_all([
            Service(uai=ECOLE, annee=ANNEE, personne_id=annuaire["collegue"], matiere="061300",
                    division_id=classe.id, **lie),
            Responsabilite(eleve_id=classe.eleve, responsable_id=annuaire["second_parent"], lien="10",
                           legal=1, financier=False, contact=True, paiement=False, **lie),
        ])  # fmt: skip
    classe.absences(LUNDI, 8)
    with classe.session() as session:
        decompte.sceller(session, ECOLE, ANNEE, 1, instant)
        absences.ouvrir(
            session, uai=ECOLE, eleve_id=classe.eleve, debut=datetime(2026, 11, 16, tzinfo=PARIS),
            fin=datetime(2026, 11, 17, tzinfo=PARIS), motif_cle="maladie", auteur_id=annuaire["cpe"],
            instant=instant,
        )  # fmt: skip
    demandeur = Parcours(instance, "carnet", {})
    demande = DecomptesScelles(ANNEE, 1, frozenset({classe.eleve}))
    obtenus = {
        role: [(r.demi_journees, r.non_reglees, r.corrige) for r in demandeur.consulter(role, demande)]
        for role in RECOIVENT
    }
    attendus = {
        role: [(1, 1, role != "second_parent")] * recoit for role, recoit in RECOIVENT.items()
    }  # ce qui s'imprime a changé depuis : les personnels le savent
    assert obtenus == attendus


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
