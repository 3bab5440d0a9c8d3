"""Importer des absences d'un fichier : relire, écrire, défaire."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from ent_core.brique import FUSEAU
from ent_core.essais.annuaire import ANNEE, ECOLE
from ent_core.essais.modeles import Division
from sqlalchemy import select

from ent_carnet.modeles import Absence
from ent_carnet.nomenclatures import EtatAbsence
from ent_carnet.services import absences, import_absences, motifs
from ent_carnet.services.decompte import compter_eleves

if TYPE_CHECKING:
    from tests.absences.conftest import Classe

SOIR = datetime(2026, 11, 27, 18, tzinfo=FUSEAU)
LUNDI = date(2026, 11, 16)


def tenues(classe: Classe) -> list[Absence]:
    with classe.session() as session:
        enonce = select(Absence).where(Absence.eleve_id == classe.eleve, Absence.annulee_le.is_(None))
        return list(session.scalars(enonce))


def test_un_import_se_relit_se_fait_et_se_defait(classe: Classe) -> None:
    with classe.instance.base.academie("essai") as session:
        nom = session.get_one(Division, (ECOLE, ANNEE, classe.id)).code
    entete = "Classe;Nom;Prénom;Début;Fin;Motif"
    texte = "\n".join(
        [
            entete,
            f"{nom};ESSAI {nom};Zoe;16/11/2026 08:00;16/11/2026 12:00;maladie",
            f"{nom};Essai-{nom};ZOÉ;16/11/2026 11:00;16/11/2026 13:00;",
            f"{nom};Inconnue;Zoé;16/11/2026 08:00;16/11/2026 12:00;",
            f"{nom};Essai-{nom};Zoé;17/11/2026 08:00;17/11/2026 12:00;grippe",
            f"{nom};Essai-{nom};Zoé;16/11/2026 12:00;16/11/2026 08:00;",
        ]
    )
    with classe.session() as session:
        apercu = import_absences.apercevoir(session, ECOLE, ANNEE, texte, LUNDI)
        assert [ligne.rang for ligne, _ in apercu.pretes] == [2]
        assert [erreur.rang for erreur in apercu.erreurs] == [3, 4, 5, 6]
        assert "Essai" not in " ".join(erreur.message for erreur in apercu.erreurs)
    assert tenues(classe) == []
    classe.cours(LUNDI, 8, 10)
    with classe.session() as session:
        lot, _ = import_absences.importer(session, ECOLE, ANNEE, texte, auteur_id=None, instant=SOIR)
    (importee,) = tenues(classe)
    assert importee.etat == EtatAbsence.REGLEE
    with classe.session() as session:
        compte = compter_eleves(session, ECOLE, ANNEE, LUNDI, LUNDI + timedelta(days=1), [classe.eleve])
    manquees = [ligne.manquees for ligne in compte[classe.eleve].lignes]
    assert manquees == [2], "sans appel ici, l'import en tient lieu"
    with classe.session() as session:
        assert lot in {lot.id for lot in import_absences.lots(session, ECOLE, ANNEE)}
        annule = import_absences.annuler_lot(session, ECOLE, ANNEE, lot, auteur_id=None, instant=SOIR)
    assert (annule, tenues(classe)) == ((1, 0), [])


def test_defaire_un_import_garde_ce_qu_une_personne_a_traite_depuis(classe: Classe) -> None:
    with classe.instance.base.academie("essai") as session:
        nom = session.get_one(Division, (ECOLE, ANNEE, classe.id)).code
    texte = f"classe,nom,prenom,debut,fin\n{nom},Essai-{nom},Zoé,2026-11-16 08:00,2026-11-16 12:00\n"
    with classe.session() as session:
        lot, _ = import_absences.importer(
            session, ECOLE, ANNEE, texte, auteur_id=None, instant=SOIR - timedelta(hours=1)
        )
    (importee,) = tenues(classe)
    with classe.session() as session:
        absences.qualifier(
            session, ECOLE, ANNEE, [importee.id], motif_id=motifs.obtenir(session, ECOLE, "maladie").id,
            reglee=None, auteur_id=classe.instance.annuaire["cpe"], instant=SOIR,
        )  # fmt: skip
        assert import_absences.annuler_lot(session, ECOLE, ANNEE, lot, auteur_id=None, instant=SOIR) == (0, 1)
