"""Charger un emploi du temps : du fichier STS aux séances datées, sans jamais en perdre ni en doubler."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from lxml import etree
from sqlalchemy import delete, func, select, update

from ent_core.demo import generer
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.base import Fabrique
from ent_core.identite.aaf.importation import importer
from ent_core.identite.aaf.livraison import ouvrir_livraison
from ent_core.identite.emploi_du_temps import seances_des_eleves, seances_enseignant
from ent_core.identite.lots import RapportChargement
from ent_core.identite.modeles import (
    Creneau,
    CreneauEnseignant,
    Etablissement,
    Identifiant,
    ImportLot,
    ImportRejet,
    Inscription,
    Rattachement,
    Service,
)
from ent_core.identite.sts.chargement import importer_emploi_du_temps
from ent_core.identite.sts.seances import Seance, Tenue, comparer
from ent_core.socle.calendrier import FUSEAU, HorlogeFixe
from ent_core.socle.configuration import Imports
from ent_core.socle.erreurs import FichierRefuse, Introuvable

ANNEE = 2026
LUNDI = date(2026, 9, 14)


@dataclass(frozen=True)
class Academie:
    """Une base où l'annuaire de démonstration est déjà importé, et les fichiers STS de son école."""

    base: BaseDeDonnees
    sts: Path


@pytest.fixture(scope="module")
def academie(fabrique_bases: Fabrique, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Academie]:
    adresses = fabrique_bases.migree()
    base, horloge = fabrique_bases.ouvrir(adresses.application), HorlogeFixe()
    resume = generer(tmp_path_factory.mktemp("academie"), etablissements=1, jour=horloge.aujourd_hui())
    with ouvrir_livraison(resume.aaf) as livraison:
        importer(base, livraison, horloge=horloge, reglages=Imports())
    yield Academie(base, resume.sts)
    base.fermer()
    fabrique_bases.retirer(adresses)


class Ecole:
    """Une école de démonstration et ses deux fichiers STS, à retoucher ; rien n'en reste après l'essai."""

    def __init__(self, base: BaseDeDonnees, horloge: HorlogeFixe, sts: Path, dossier: Path) -> None:
        self.base, self.horloge = base, horloge
        self.emp = Path(shutil.copy(next(sts.glob("emp_sts_*.xml")), dossier))
        self.sts = Path(shutil.copy(next(sts.glob("sts_emp_*.xml")), dossier))
        self.uai = self.emp.name.split("_")[2]
        # Une semaine sur quatre suffit à éprouver, et va quatre fois plus vite.
        arbre = etree.parse(str(self.emp))
        for semaine in list(arbre.iter("DATE_DEBUT_SEMAINE")):
            parent = semaine.getparent()
            if parent is not None and (date.fromisoformat(semaine.text or "") - LUNDI).days % 28:
                parent.remove(semaine)
        self._ecrire(arbre)

    def _ecrire(self, arbre: etree._ElementTree) -> None:
        arbre.write(str(self.emp), encoding="ISO-8859-15", xml_declaration=True)

    def importer(self, *, simulation: bool = False, individus: Path | None = None) -> RapportChargement:
        return importer_emploi_du_temps(
            self.base, self.emp, individus=individus, horloge=self.horloge, simulation=simulation
        )

    def compter(self, table: type) -> int:
        with self.base.academie("essai") as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def identifiants(self) -> set[UUID]:
        with self.base.academie("essai") as session:
            return set(session.scalars(select(Creneau.id)))

    def retoucher(self, **changements: str) -> str:
        """Change le premier cours du fichier ; rend le code de sa structure."""
        arbre = etree.parse(str(self.emp))
        cours = next(arbre.iter("COURS"))
        for balise, valeur in changements.items():
            trouvee = cours.find(balise)
            assert trouvee is not None
            trouvee.text = valeur
        arbre.write(str(self.emp), encoding="ISO-8859-15", xml_declaration=True)
        return str(next(arbre.iter("DIVISION")).get("CODE"))


@pytest.fixture
def ecole(academie: Academie, horloge: HorlogeFixe, tmp_path: Path) -> Iterator[Ecole]:
    with academie.base.moteur.connect() as connexion:
        transaction = connexion.begin()
        academie.base.lier(connexion)
        yield Ecole(academie.base, horloge, academie.sts, tmp_path)
        transaction.rollback()


def ecarts(rapport: RapportChargement) -> dict[str, tuple[int, int, int, int]]:
    return {e.objet: (e.ajouts, e.modifications, e.retraits, e.inchanges) for e in rapport.ecarts}


def test_un_eleve_et_un_enseignant_ont_cours_un_lundi_d_ecole(ecole: Ecole) -> None:
    rapport = ecole.importer()
    assert not rapport.constats
    with ecole.base.ecole(ecole.uai, "essai") as session:
        inscription = session.scalars(
            select(Inscription).where(Inscription.division_id.is_not(None)).limit(1)
        ).one()
        cours = seances_des_eleves(session, ecole.uai, ANNEE, [inscription.personne_id], LUNDI)
        assert cours
        assert all(c.debut.astimezone(FUSEAU).date() == LUNDI for c in cours)
        assert all(8 <= c.debut.astimezone(FUSEAU).hour <= 18 and c.enseignants for c in cours)
        compte = Counter(session.scalars(select(CreneauEnseignant.personne_id)))
        professeur = compte.most_common(1)[0][0]
        assert any(
            seances_enseignant(session, ecole.uai, ANNEE, professeur, LUNDI + timedelta(days=n))
            for n in range(5)
        )


def test_l_heure_reste_celle_de_paris_apres_le_passage_a_l_heure_d_hiver(ecole: Ecole) -> None:
    ecole.importer()
    with ecole.base.ecole(ecole.uai, "essai") as session:
        debuts = list(session.scalars(select(Creneau.debut)))
    heures = {mois: {d.astimezone(FUSEAU).time() for d in debuts if d.month == mois} for mois in (9, 12)}
    assert heures[9] == heures[12]


def test_le_meme_fichier_deux_fois_ne_change_rien(ecole: Ecole) -> None:
    premier = ecole.importer()
    avant = ecole.identifiants()
    second = ecole.importer()
    assert premier.change
    assert not second.change
    assert ecarts(second)["Séances"] == (0, 0, 0, len(avant))
    assert ecole.identifiants() == avant


def test_une_simulation_annonce_l_import_et_ne_change_rien(ecole: Ecole) -> None:
    simule = ecole.importer(simulation=True)
    assert simule.lot is None
    assert ecole.compter(Creneau) == 0
    assert ecarts(ecole.importer()) == ecarts(simule)


def test_une_seance_qui_change_de_salle_garde_son_identifiant(ecole: Ecole) -> None:
    ecole.importer()
    avant = ecole.identifiants()
    ecole.retoucher(CODE_SALLE="SALLE-NEUVE")
    rapport = ecole.importer()
    ajouts, modifications, retraits, _ = ecarts(rapport)["Séances"]
    assert (ajouts, retraits) == (0, 0)
    assert modifications > 0
    assert ecole.identifiants() == avant
    with ecole.base.ecole(ecole.uai, "essai") as session:
        neuves = session.scalars(select(Creneau.id).where(Creneau.salle == "SALLE-NEUVE")).all()
        enseignees = select(CreneauEnseignant.creneau_id).where(CreneauEnseignant.creneau_id.in_(neuves))
        assert len(neuves) == modifications
        assert set(session.scalars(enseignees)) == set(neuves)


def test_ce_que_le_fichier_ne_dit_plus_est_retire_et_le_reste_garde(ecole: Ecole) -> None:
    ecole.importer()
    avant = ecole.identifiants()
    arbre = etree.parse(str(ecole.emp))
    cours = next(arbre.iter("COURS"))
    parent = cours.getparent()
    assert parent is not None
    parent.remove(cours)
    arbre.write(str(ecole.emp), encoding="ISO-8859-15", xml_declaration=True)
    ajouts, _, retraits, inchanges = ecarts(ecole.importer())["Séances"]
    apres = ecole.identifiants()
    assert ajouts == 0
    assert retraits > 0
    assert apres < avant
    assert len(apres) == inchanges


def test_une_seance_annulee_par_l_ecole_le_reste(ecole: Ecole) -> None:
    ecole.importer()
    with ecole.base.ecole(ecole.uai, "essai") as session:
        annulee = session.scalars(select(Creneau.id).limit(1)).one()
        session.execute(update(Creneau).where(Creneau.id == annulee).values(etat="annulee"))
    assert not ecole.importer().change
    with ecole.base.ecole(ecole.uai, "essai") as session:
        assert session.scalar(select(Creneau.etat).where(Creneau.id == annulee)) == "annulee"


def test_une_division_inconnue_est_mise_de_cote_et_le_reste_entre(ecole: Ecole) -> None:
    arbre = etree.parse(str(ecole.emp))
    division = next(arbre.iter("DIVISION"))
    division.set("CODE", "9Z")
    arbre.write(str(ecole.emp), encoding="ISO-8859-15", xml_declaration=True)
    rapport = ecole.importer()
    assert ecole.compter(Creneau) > 0
    rejets = [c for c in rapport.constats if c.code == "division_inconnue"]
    assert [c.cle for c in rejets] == ["9Z"]
    assert rapport.rejets == 1
    with ecole.base.academie("essai") as session:
        gardes = select(func.count()).select_from(ImportRejet).where(ImportRejet.lot_id == rapport.lot)
        assert session.scalar(gardes) == 1


def test_sans_identifiant_l_agent_est_retrouve_par_son_etat_civil(ecole: Ecole) -> None:
    with ecole.base.academie("essai") as session:
        agents = select(Rattachement.personne_id).where(
            Rattachement.profil.not_in(("National_ELV", "National_TUT"))
        )
        session.execute(delete(Identifiant).where(Identifiant.personne_id.in_(agents)))
    seul = ecole.importer(simulation=True)
    assert {c.code for c in seul.constats} == {"agent_non_rapproche"}
    assert seul.rejets == 0
    accompagne = ecole.importer(individus=ecole.sts)
    assert len(accompagne.constats) < len(seul.constats)
    assert ecole.compter(CreneauEnseignant) > 0


def test_un_enseignant_inconnu_ne_prive_pas_la_classe_de_son_cours(ecole: Ecole) -> None:
    with ecole.base.academie("essai") as session:
        session.execute(delete(Identifiant).where(Identifiant.type == "ENTPersonJointure"))
    rapport = ecole.importer()
    assert ecole.compter(Creneau) == ecarts(rapport)["Séances"][0] > 0
    assert ecole.compter(CreneauEnseignant) == 0


def test_les_services_de_l_annuaire_ne_sont_pas_doubles(ecole: Ecole) -> None:
    ecole.importer()
    with ecole.base.ecole(ecole.uai, "essai") as session:
        lignes = session.execute(
            select(Service.personne_id, Service.matiere, Service.division_id, Service.groupe_id).where(
                Service.fin.is_(None)
            )
        ).all()
    assert lignes
    assert len(set(lignes)) == len(lignes)


def test_le_lot_est_garde_avec_ses_comptes(ecole: Ecole) -> None:
    rapport = ecole.importer()
    with ecole.base.academie("essai") as session:
        lot = session.get(ImportLot, rapport.lot)
    assert lot is not None
    assert (lot.format, lot.etat, lot.source) == ("sts", "applique", f"STS:{ecole.uai}")
    assert lot.comptes == rapport.comptes


def test_un_etablissement_inconnu_est_refuse(ecole: Ecole) -> None:
    arbre = etree.parse(str(ecole.emp))
    uaj = arbre.find("PARAMETRES/UAJ")
    assert uaj is not None
    uaj.text = "0990999Z"
    arbre.write(str(ecole.emp), encoding="ISO-8859-15", xml_declaration=True)
    with pytest.raises(Introuvable, match="0990999Z"):
        ecole.importer()
    assert ecole.compter(ImportLot) == 1


def test_l_emploi_du_temps_d_une_autre_ecole_est_refuse(ecole: Ecole) -> None:
    with pytest.raises(FichierRefuse, match=ecole.uai):
        importer_emploi_du_temps(ecole.base, ecole.emp, uai="0990999Z", horloge=ecole.horloge)


def test_les_deux_fichiers_intervertis_sont_expliques(ecole: Ecole) -> None:
    with pytest.raises(FichierRefuse, match="emp_sts"):
        importer_emploi_du_temps(ecole.base, ecole.sts, individus=ecole.emp, horloge=ecole.horloge)
    with pytest.raises(FichierRefuse, match="sts_emp"):
        ecole.importer(individus=ecole.emp)


def test_une_autre_annee_que_celle_en_cours_est_signalee(ecole: Ecole) -> None:
    ecole.horloge.avancer(timedelta(days=400))
    rapport = ecole.importer()
    assert [c.code for c in rapport.constats] == ["autre_annee"]
    assert rapport.rejets == 0


def test_un_import_ne_touche_pas_une_autre_ecole(ecole: Ecole) -> None:
    with ecole.base.academie("essai") as session:
        session.add(Etablissement(uai="0990999Z", nom="Autre", degre=2))
    ecole.importer()
    with ecole.base.ecole("0990999Z", "essai") as session:
        assert session.scalar(select(func.count()).select_from(Creneau)) == 0


# --- La comparaison, sans base ---------------------------------------------------------------------

DIVISION, PERSONNE = UUID(int=1), UUID(int=2)
HUIT = datetime(2026, 9, 14, 6, tzinfo=UTC)


def seance(salle: str = "12", heures: int = 1, enseignants: frozenset[UUID] = frozenset()) -> Seance:
    return Seance(HUIT, HUIT + timedelta(hours=heures), DIVISION, None, "020700", salle, enseignants)


def test_deux_seances_de_meme_place_ne_se_confondent_pas() -> None:
    tenues = [Tenue(UUID(int=10), "prevue", seance("12")), Tenue(UUID(int=11), "prevue", seance("14"))]
    ecart = comparer([seance("14"), seance("16")], tenues)
    assert ecart.modifications == ((UUID(int=10), seance("16")),)
    assert (ecart.ajouts, ecart.retraits, ecart.inchangees) == ((), (), 1)


def test_une_seance_annulee_occupe_sa_place() -> None:
    ecart = comparer([seance("16")], [Tenue(UUID(int=10), "annulee", seance("12"))])
    assert (ecart.ajouts, ecart.modifications, ecart.retraits, ecart.inchangees) == ((), (), (), 1)


def test_une_seance_annulee_que_le_fichier_ne_dit_plus_n_est_pas_retiree() -> None:
    ecart = comparer([], [Tenue(UUID(int=10), "annulee", seance())])
    assert (ecart.ajouts, ecart.modifications, ecart.retraits, ecart.inchangees) == ((), (), (), 0)


def test_un_changement_d_enseignant_est_une_modification() -> None:
    voulue = seance(enseignants=frozenset({PERSONNE}))
    ecart = comparer([voulue], [Tenue(UUID(int=10), "prevue", seance())])
    assert ecart.modifications == ((UUID(int=10), voulue),)


def test_deux_seances_identiques_n_en_font_qu_une() -> None:
    assert len(comparer([seance(), seance()], []).ajouts) == 1
