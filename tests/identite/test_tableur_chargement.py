"""Appliquer une liste à une école : ce qui entre, ce qui change, ce qui reste, et ce que personne ne perd."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.lots import RapportChargement
from ent_core.identite.modeles import (
    Division,
    Etablissement,
    Identifiant,
    ImportLot,
    ImportRejet,
    Inscription,
    Personne,
    Rattachement,
    Responsabilite,
    Scolarite,
    Service,
)
from ent_core.identite.tableur import lire_tableau, proposer_correspondance, valider
from ent_core.identite.tableur.champs import Genre
from ent_core.identite.tableur.chargement import OptionsListe, RetraitsAConfirmer, importer_liste
from ent_core.identite.tableur.nomenclatures import code_lien, fonction_de
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Imports
from ent_core.socle.erreurs import Introuvable, OperationRefusee

UAI, AUTRE = "0990001A", "0990002B"
ELEVES = """Identifiant;Nom de famille;Prénom;Date de naissance;Sexe;Niveau;Classe;Groupes
E1;AUBEMARE;Zoé;02/05/2015;F;6e;6A;6A_LAT
E2;BRICOURT;Sacha;11/09/2015;M;6e;6A;
E3;CORVAL;Inès;30/01/2014;F;5e;5B;
"""
RESPONSABLES = """Identifiant;Civilité;Nom;Prénom;Courriel;Lien;Responsable légal;Identifiant de l'élève
R1;Mme;AUBEMARE;Dominique;d@exemple.invalid;Mère;oui;E1
R2;M.;BRICOURT;Claude;;Père;oui;E2
"""
PERSONNELS = """Identifiant;Civilité;Nom;Prénom;Fonction;Classes
P1;Mme;DELORME;Camille;Professeure des écoles;6A
P2;M.;ESTREL;Maxime;CPE;
"""


class Ecole:
    """Une école vide, et les gestes d'une personne qui importe ses listes."""

    def __init__(self, base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
        self.base, self.horloge = base, horloge
        with base.academie("essai") as session:
            for uai in (UAI, AUTRE):
                session.add(Etablissement(uai=uai, nom=f"École {uai}", degre=1))

    def importer(
        self,
        contenu: str,
        genre: Genre = Genre.ELEVES,
        *,
        uai: str = UAI,
        simulation: bool = False,
        options: OptionsListe | None = None,
    ) -> RapportChargement:
        tableau = lire_tableau(contenu.encode(), "liste.csv")
        correspondance = proposer_correspondance(tableau.entetes, genre)
        resultat = valider(tableau, correspondance, aujourd_hui=self.horloge.aujourd_hui())
        return importer_liste(
            self.base,
            resultat,
            uai=uai,
            nom="liste.csv",
            empreinte="0" * 64,
            horloge=self.horloge,
            reglages=Imports(),
            options=options,
            simulation=simulation,
        )

    def compter(self, table: type, *conditions: object) -> int:
        with self.base.academie("essai") as session:
            return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0  # type: ignore[arg-type] # conditions SQLAlchemy

    def personne(self, identifiant: str) -> Personne:
        with self.base.academie("essai") as session:
            return session.scalars(
                select(Personne).join(Identifiant).where(Identifiant.valeur == identifiant)
            ).one()

    def classes(self, identifiant: str) -> set[str]:
        personne = self.personne(identifiant).id
        with self.base.academie("essai") as session:
            return set(
                session.scalars(
                    select(Division.code)
                    .join(Inscription, Inscription.division_id == Division.id)
                    .where(Inscription.personne_id == personne, Inscription.fin.is_(None))
                )
            )


@pytest.fixture
def ecole(base: BaseDeDonnees, horloge: HorlogeFixe) -> Ecole:
    return Ecole(base, horloge)


def ecarts(rapport: RapportChargement) -> dict[str, tuple[int, int, int]]:
    return {e.objet: (e.ajouts, e.modifications, e.retraits) for e in rapport.ecarts if not e.vide}


def codes(rapport: RapportChargement) -> list[str]:
    return [constat.code for constat in rapport.constats]


def test_une_liste_d_eleves_cree_personnes_classes_et_inscriptions(ecole: Ecole) -> None:
    rapport = ecole.importer(ELEVES)
    assert not rapport.constats
    assert ecarts(rapport) == {
        "Personnes": (3, 0, 0),
        "Rattachements": (3, 0, 0),
        "Classes": (2, 0, 0),
        "Groupes": (1, 0, 0),
        "Inscriptions": (4, 0, 0),
        "Scolarités": (3, 0, 0),
    }
    zoe = ecole.personne("E1")
    assert (zoe.nom, zoe.prenom, zoe.naissance) == ("AUBEMARE", "Zoé", date(2015, 5, 2))
    assert ecole.classes("E1") == {"6A"}
    assert ecole.compter(Rattachement, Rattachement.source == f"TABLEUR:{UAI}") == 3


def test_la_meme_liste_deux_fois_ne_change_rien(ecole: Ecole) -> None:
    for contenu, genre in (
        (ELEVES, Genre.ELEVES),
        (RESPONSABLES, Genre.RESPONSABLES),
        (PERSONNELS, Genre.PERSONNELS),
    ):
        assert ecole.importer(contenu, genre).change
        assert ecarts(ecole.importer(contenu, genre)) == {}


def test_une_simulation_annonce_l_import_et_ne_change_rien(ecole: Ecole) -> None:
    simule = ecole.importer(ELEVES, simulation=True)
    assert simule.lot is None
    assert [ecole.compter(t) for t in (Personne, Division, Rattachement, Inscription, ImportLot)] == [0] * 5
    assert ecarts(ecole.importer(ELEVES)) == ecarts(simule)


def test_un_changement_de_classe_ferme_l_ancienne_et_ouvre_la_nouvelle(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    ecole.horloge.avancer(timedelta(days=10))
    rapport = ecole.importer(ELEVES.replace("5e;5B", "5e;5C"))
    assert ecarts(rapport) == {"Classes": (1, 0, 0), "Inscriptions": (1, 0, 1)}
    assert ecole.classes("E3") == {"5C"}
    assert ecole.compter(Inscription) == 5


def test_sans_identifiant_l_etat_civil_retrouve_la_personne(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    avant = ecole.personne("E1").id
    rapport = ecole.importer("Nom;Prénom;Né(e) le;Classe\nAubémare;zoe;02/05/2015;6A\n")
    assert not rapport.constats
    assert ecole.compter(Personne) == 3
    assert ecole.personne("E1").id == avant


def test_deux_candidats_ne_font_jamais_une_personne(ecole: Ecole) -> None:
    jumeaux = "Identifiant;Nom;Prénom;Date de naissance\nA;MARTEL;Ange;01/01/2015\nB;MARTEL;Ange;01/01/2015\n"
    assert ecole.importer(jumeaux).rejets == 0
    rapport = ecole.importer("Nom;Prénom;Date de naissance\nMARTEL;Ange;01/01/2015\n")
    assert codes(rapport) == ["plusieurs_candidats"]
    assert ecole.compter(Personne) == 2


def test_les_doublons_d_une_liste_sont_mis_de_cote(ecole: Ecole) -> None:
    liste = ELEVES + "E1;AUTRE;Nom;03/03/2015;F;6e;6A;\n"
    rapport = ecole.importer(liste)
    assert codes(rapport) == ["doublon", "doublon"]
    assert [c.ligne for c in rapport.constats] == [2, 5]
    assert ecole.compter(Personne) == 2
    assert ecole.compter(ImportRejet) == 2


def test_une_ligne_fautive_est_mise_de_cote_et_les_autres_entrent(ecole: Ecole) -> None:
    rapport = ecole.importer(ELEVES.replace("11/09/2015", "31/02/2015"))
    assert [(c.ligne, c.code) for c in rapport.constats] == [(3, "date_inexistante")]
    assert ecole.compter(Personne) == 2
    assert "BRICOURT" not in str(rapport.constats)


@pytest.mark.exigence("ENT-10")
def test_un_responsable_est_relie_a_ses_enfants(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    rapport = ecole.importer(RESPONSABLES, Genre.RESPONSABLES)
    assert ecarts(rapport)["Responsabilités"] == (2, 0, 0)
    with ecole.base.academie("essai") as session:
        liens = {(r.lien, r.legal) for r in session.scalars(select(Responsabilite))}
    assert liens == {("10", 1), ("20", 1)}


def test_sans_mention_d_autorite_le_lien_ne_donne_aucun_droit(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    liste = "Nom;Prénom;Identifiant de l'élève\nAUBEMARE;Dominique;E1\n"
    rapport = ecole.importer(liste, Genre.RESPONSABLES)
    assert codes(rapport) == ["autorite_inconnue"]
    assert ecole.compter(Responsabilite, Responsabilite.legal == 0) == 1


def test_un_responsable_cite_deux_fois_avec_son_identifiant_a_deux_enfants(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    suite = RESPONSABLES + "R1;Mme;AUBEMARE;Dominique;d@exemple.invalid;Mère;oui;E3\n"
    rapport = ecole.importer(suite, Genre.RESPONSABLES)
    assert not rapport.constats
    assert ecole.compter(Responsabilite) == 3
    assert ecole.compter(Personne) == 5


def test_un_responsable_sans_eleve_connu_n_entre_pas(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    rapport = ecole.importer(RESPONSABLES.replace(";E2", ";E9"), Genre.RESPONSABLES)
    assert codes(rapport) == ["eleve_inconnu"]
    assert ecole.compter(Rattachement, Rattachement.profil == Profil.RESPONSABLE.value) == 1


def test_un_homonyme_sans_rien_de_commun_est_une_autre_personne(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    ecole.importer(RESPONSABLES, Genre.RESPONSABLES)
    rapport = ecole.importer("Nom;Prénom;Identifiant de l'élève;Responsable légal\nBRICOURT;Claude;E3;oui\n",
                             Genre.RESPONSABLES)  # fmt: skip
    assert codes(rapport) == ["homonyme"]
    assert rapport.rejets == 0
    assert ecarts(rapport)["Personnes"] == (1, 0, 0)


def test_un_personnel_recoit_son_profil_et_ses_classes(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    rapport = ecole.importer(PERSONNELS, Genre.PERSONNELS)
    assert not rapport.constats
    with ecole.base.academie("essai") as session:
        titres = {
            (r.profil, r.fonction)
            for r in session.scalars(select(Rattachement).where(Rattachement.profil != Profil.ELEVE.value))
        }
    assert titres == {(Profil.ENSEIGNANT.value, "ENS"), (Profil.VIE_SCOLAIRE.value, "EDU")}
    assert ecole.compter(Service) == 1


def test_une_fonction_inconnue_n_ouvre_aucun_droit(ecole: Ecole) -> None:
    rapport = ecole.importer(PERSONNELS.replace("CPE", "Grand vizir"), Genre.PERSONNELS)
    assert "fonction_inconnue" in codes(rapport)
    assert ecole.compter(Rattachement) == 1


def test_une_ecole_ne_se_donne_pas_sa_direction(ecole: Ecole) -> None:
    liste = PERSONNELS.replace("CPE", "Directeur")
    rapport = ecole.importer(liste, Genre.PERSONNELS, options=OptionsListe(direction_permise=False))
    assert "direction_reservee" in codes(rapport)
    assert ecole.compter(Rattachement, Rattachement.profil == Profil.DIRECTION.value) == 0


@pytest.mark.exigence("ENT-07")
def test_une_personne_de_l_annuaire_federateur_n_est_pas_corrigee_par_une_liste(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    with ecole.base.academie("essai") as session:
        zoe = ecole.personne("E1").id
        session.add(Identifiant(source="AAF:099", type="ENTPersonJointure", valeur="1234", personne_id=zoe))
    rapport = ecole.importer(ELEVES.replace("AUBEMARE;Zoé", "CHANGEE;Zoé").replace("F;6e;6A;", "F;5e;5B;"))
    assert ecarts(rapport) == {}
    assert ecole.personne("E1").nom == "AUBEMARE"
    assert ecole.classes("E1") == {"6A"}


def test_qui_n_est_pas_dans_la_liste_reste(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    ecole.horloge.avancer(timedelta(days=10))
    rapport = ecole.importer("\n".join(ELEVES.splitlines()[:3]))
    assert ecarts(rapport) == {}
    assert ecole.compter(Rattachement, Rattachement.fin.is_(None)) == 3


def test_une_liste_complete_qui_retire_trop_demande_confirmation(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    ecole.horloge.avancer(timedelta(days=10))
    courte = "\n".join(ELEVES.splitlines()[:3])
    simule = ecole.importer(courte, simulation=True, options=OptionsListe(complete=True))
    assert codes(simule) == ["retraits_nombreux"]
    with pytest.raises(RetraitsAConfirmer, match="1 personne"):
        ecole.importer(courte, options=OptionsListe(complete=True))
    assert ecole.compter(Rattachement, Rattachement.fin.is_(None)) == 3


@pytest.mark.exigence("ENT-18")
def test_confirmee_elle_met_en_sursis_sans_rien_supprimer(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    ecole.horloge.avancer(timedelta(days=10))
    courte = "\n".join(ELEVES.splitlines()[:3])
    ecole.importer(courte, options=OptionsListe(complete=True, accepter_retraits=True))
    partie = ecole.personne("E3")
    jour = ecole.horloge.aujourd_hui()
    assert (partie.sursis_depuis, partie.suppression_le) == (jour, jour + timedelta(days=Imports().sursis))
    assert ecole.classes("E3") == set()
    assert ecole.compter(Personne) == 3
    ecole.importer(ELEVES)
    assert ecole.personne("E3").sursis_depuis is None
    assert ecole.classes("E3") == {"5B"}


def test_qui_a_un_lien_ailleurs_n_entre_pas_en_sursis(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    with ecole.base.academie("essai") as session:
        session.add(
            Rattachement(
                uai=AUTRE,
                personne_id=ecole.personne("E3").id,
                profil=Profil.ELEVE.value,
                source="AAF:099/X",
                debut=date(2026, 9, 1),
            )
        )
    ecole.horloge.avancer(timedelta(days=10))
    courte = "\n".join(ELEVES.splitlines()[:3])
    ecole.importer(courte, options=OptionsListe(complete=True, accepter_retraits=True))
    assert ecole.personne("E3").sursis_depuis is None


def test_une_liste_complete_mais_fautive_ne_ferme_rien(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    with pytest.raises(OperationRefusee, match="mises de côté"):
        ecole.importer(ELEVES.replace("11/09/2015", "demain"), options=OptionsListe(complete=True))
    assert ecole.compter(Rattachement, Rattachement.fin.is_(None)) == 3


INE_ZOE = "Identifiant;INE;Nom;Prénom;Date de naissance;Classe\nX1;123456789AB;AUBEMARE;Zoé;02/05/2015;6A\n"


def test_un_eleve_qui_arrive_d_une_autre_ecole_garde_sa_fiche(ecole: Ecole) -> None:
    ecole.importer(INE_ZOE, uai=AUTRE)
    rapport = ecole.importer(INE_ZOE)
    assert not rapport.constats
    assert ecole.compter(Personne) == 1
    assert ecole.compter(Rattachement) == 2
    assert ecole.compter(Scolarite) == 2


def test_un_ine_mal_recopie_ne_livre_pas_la_fiche_d_un_autre(ecole: Ecole) -> None:
    ecole.importer(INE_ZOE, uai=AUTRE)
    rapport = ecole.importer(INE_ZOE.replace("02/05/2015", "03/05/2015"))
    assert codes(rapport) == ["identite_differente"]
    assert ecole.compter(Rattachement) == 1


def test_une_ecole_inconnue_est_refusee(ecole: Ecole) -> None:
    with pytest.raises(Introuvable, match="0999999Z"):
        ecole.importer(ELEVES, uai="0999999Z")
    assert ecole.compter(Personne) == 0


def test_le_lot_garde_des_nombres_et_aucun_nom(ecole: Ecole) -> None:
    rapport = ecole.importer(ELEVES)
    assert isinstance(rapport.lot, UUID)
    with ecole.base.academie("essai") as session:
        lot = session.get_one(ImportLot, rapport.lot)
    assert (lot.format, lot.source, lot.etat) == ("tableur", f"TABLEUR:{UAI}", "applique")
    assert lot.comptes["Personnes"]["ajouts"] == 3
    assert "AUBEMARE" not in str(lot.comptes)


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        ("Professeure des écoles", "ENS"),
        ("EDU", "EDU"),
        ("directrice", "DIR"),
        ("AESH", "AES"),
        ("roi", None),
    ],
)
def test_une_fonction_se_lit_en_clair_ou_en_code(texte: str, attendu: str | None) -> None:
    titre = fonction_de(texte)
    assert (titre and titre[1]) == attendu


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [("MERE", "10"), ("père", "20"), ("Grand-mère", "38"), ("10", "10"), ("voisin", None)],
)
def test_un_lien_de_parente_se_lit_en_clair_ou_en_code(texte: str, attendu: str | None) -> None:
    assert code_lien(texte) == attendu
