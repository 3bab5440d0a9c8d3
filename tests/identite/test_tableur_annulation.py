"""Annuler une liste : tout ce qu'elle a fait est défait, ou rien ne l'est et l'on sait pourquoi."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, func, select, text, update

from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.base import Fabrique
from ent_core.identite.modeles import (
    Compte,
    Division,
    Etablissement,
    Identifiant,
    ImportGeste,
    ImportLot,
    Inscription,
    Personne,
    Rattachement,
)
from ent_core.identite.tableur import lire_tableau, proposer_correspondance, valider
from ent_core.identite.tableur.annulation import Annulation, annuler_liste
from ent_core.identite.tableur.champs import Genre
from ent_core.identite.tableur.chargement import OptionsListe, importer_liste
from ent_core.identite.tableur.gestes import DELAI, oublier_les_anciens
from ent_core.roles.modeles import RoleLocal
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Imports
from ent_core.socle.erreurs import AccesRefuse, Introuvable, OperationRefusee

UAI, AUTRE = "0990001A", "0990002B"
ELEVES = """Identifiant;Nom de famille;Prénom;Date de naissance;Sexe;Niveau;Classe;Groupes;Téléphone
E1;AUBEMARE;Zoé;02/05/2015;F;6e;6A;6A_LAT;0100000001
E2;BRICOURT;Sacha;11/09/2015;M;6e;6A;;
"""
# Zoé change de classe et de téléphone, Sacha n'y est plus, Inès arrive.
SUITE = """Identifiant;Nom de famille;Prénom;Date de naissance;Sexe;Niveau;Classe;Groupes;Téléphone
E1;AUBEMARE;Zoé;02/05/2015;F;6e;6B;6A_LAT;0100000099
E3;CORVAL;Inès;30/01/2014;F;5e;5B;;
"""
RESPONSABLES = """Identifiant;Civilité;Nom;Prénom;Courriel;Lien;Responsable légal;Identifiant de l'élève
R1;Mme;AUBEMARE;Dominique;d@exemple.invalid;Mère;oui;E1
"""
PERSONNELS = """Identifiant;Civilité;Nom;Prénom;Fonction;Classes
P1;Mme;DELORME;Camille;Professeure des écoles;6A
"""
DIRECTION = """Identifiant;Civilité;Nom;Prénom;Fonction
P2;M.;ESTREL;Maxime;Directeur
"""
COMPLETE = OptionsListe(complete=True, accepter_retraits=True)
_TABLES = (
    "personne identifiant rattachement division groupe inscription scolarite responsabilite service".split()
)


class Ecole:
    """Une école, et une personne qui importe puis se ravise."""

    def __init__(self, base: BaseDeDonnees, horloge: HorlogeFixe) -> None:
        self.base, self.horloge = base, horloge
        with base.academie("essai") as session:
            for uai in (UAI, AUTRE):
                session.add(Etablissement(uai=uai, nom=f"École {uai}", degre=1))

    def importer(
        self, contenu: str, genre: Genre = Genre.ELEVES, options: OptionsListe | None = None, uai: str = UAI
    ) -> UUID:
        tableau = lire_tableau(contenu.encode(), "liste.csv")
        correspondance = proposer_correspondance(tableau.entetes, genre)
        lot = importer_liste(
            self.base,
            valider(tableau, correspondance, aujourd_hui=self.horloge.aujourd_hui()),
            uai=uai,
            nom="liste.csv",
            empreinte="0" * 64,
            horloge=self.horloge,
            reglages=Imports(),
            options=options,
        ).lot
        assert lot is not None
        return lot

    def annuler(self, lot: UUID, **options: Any) -> Annulation:
        return annuler_liste(self.base, lot, horloge=self.horloge, **options)

    def photo(self) -> dict[str, list[Any]]:
        """Toutes les lignes de l'annuaire, identifiants compris."""
        with self.base.academie("essai") as session:
            return {
                table: sorted(map(str, session.execute(text(f"select * from {table}")).all()))  # noqa: S608 - tables de l'essai
                for table in _TABLES
            }

    def personne(self, identifiant: str) -> UUID:
        with self.base.academie("essai") as session:
            return session.scalars(
                select(Identifiant.personne_id).where(Identifiant.valeur == identifiant)
            ).one()

    def changer(self, table: Any, **valeurs: Any) -> None:
        with self.base.academie("essai") as session:
            session.execute(update(table).values(**valeurs))

    def compter(self, table: Any, *conditions: Any) -> int:
        with self.base.academie("essai") as session:
            return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


@pytest.fixture
def ecole(base: BaseDeDonnees, horloge: HorlogeFixe) -> Ecole:
    return Ecole(base, horloge)


def ecarts(rapport: Annulation) -> dict[str, tuple[int, int, int]]:
    return {e.objet: (e.ajouts, e.modifications, e.retraits) for e in rapport.ecarts}


def motifs(rapport: Annulation) -> list[str]:
    return sorted(map(str, rapport.blocages))


def test_une_premiere_liste_annulee_ne_laisse_rien(ecole: Ecole) -> None:
    vide = ecole.photo()
    rapport = ecole.annuler(ecole.importer(ELEVES))
    assert ecole.photo() == vide
    assert ecarts(rapport) == {
        "Personnes": (0, 0, 2),
        "Identifiants": (0, 0, 2),
        "Rattachements": (0, 0, 2),
        "Classes": (0, 0, 1),
        "Groupes": (0, 0, 1),
        "Inscriptions": (0, 0, 3),
        "Scolarités": (0, 0, 2),
    }


@pytest.mark.parametrize("jours", [0, 1], ids=["le jour même", "le lendemain"])
@pytest.mark.parametrize("options", [None, COMPLETE], ids=["ajout", "complète"])
def test_une_liste_annulee_rend_l_annuaire_tel_qu_il_etait(
    ecole: Ecole, options: OptionsListe | None, jours: int
) -> None:
    """Fiches corrigées, changements de classe, liens fermés ou ôtés, sursis : tout revient."""
    ecole.importer(ELEVES)
    ecole.importer(RESPONSABLES, Genre.RESPONSABLES)
    ecole.importer(PERSONNELS, Genre.PERSONNELS)
    ecole.horloge.avancer(timedelta(days=jours))
    avant = ecole.photo()
    lot = ecole.importer(SUITE, options=options)
    assert ecole.photo() != avant
    ecole.annuler(lot)
    assert ecole.photo() == avant


@pytest.mark.parametrize(
    ("contenu", "genre"),
    [
        (RESPONSABLES.replace("Mère", "Père").replace("oui", "non"), Genre.RESPONSABLES),
        (RESPONSABLES.replace("R1;Mme;AUBEMARE;Dominique", "R9;M.;ZELAND;Claude"), Genre.RESPONSABLES),
        (PERSONNELS.replace("P1;Mme;DELORME;Camille", "P9;M.;ZELAND;Claude"), Genre.PERSONNELS),
    ],
)
def test_responsables_et_personnels_aussi(ecole: Ecole, contenu: str, genre: Genre) -> None:
    ecole.importer(ELEVES)
    ecole.importer(RESPONSABLES, Genre.RESPONSABLES)
    ecole.importer(PERSONNELS, Genre.PERSONNELS)
    ecole.horloge.avancer(timedelta(days=1))
    avant = ecole.photo()
    lot = ecole.importer(contenu, genre, COMPLETE)
    assert ecole.photo() != avant
    ecole.annuler(lot)
    assert ecole.photo() == avant


def test_deux_listes_s_annulent_de_la_derniere_a_la_premiere(ecole: Ecole) -> None:
    vide = ecole.photo()
    premiere, seconde = ecole.importer(ELEVES), ecole.importer(SUITE)
    with pytest.raises(OperationRefusee, match="depuis"):
        ecole.annuler(premiere)
    ecole.annuler(seconde)
    ecole.annuler(premiere)
    assert ecole.photo() == vide


def test_une_simulation_ne_change_rien(ecole: Ecole) -> None:
    lot = ecole.importer(ELEVES)
    avant = ecole.photo()
    rapport = ecole.annuler(lot, simulation=True)
    assert ecarts(rapport)["Personnes"] == (0, 0, 2)
    assert ecole.photo() == avant
    ecole.annuler(lot)


def test_l_annulation_est_au_journal_et_ne_se_refait_pas(ecole: Ecole) -> None:
    lot = ecole.importer(ELEVES)
    ecole.annuler(lot)
    with ecole.base.academie("essai") as session:
        assert session.get_one(ImportLot, lot).etat == "annule"
        actes = session.execute(
            text("select uai, objet, details from acte_journal where acte = 'liste.annulee'")
        )
        assert actes.all() == [(UAI, str(lot), {"otes": 13, "comptes": 0})]
    assert ecole.compter(ImportGeste) == 0
    with pytest.raises(OperationRefusee, match="déjà annulé"):
        ecole.annuler(lot)


# --- Ce qui retient --------------------------------------------------------------------------------


def test_une_fiche_corrigee_depuis_retient_tout(ecole: Ecole) -> None:
    lot = ecole.importer(ELEVES)
    with ecole.base.academie("essai") as session:
        session.get_one(Personne, ecole.personne("E1")).courriel = "z@exemple.invalid"
    avant = ecole.photo()
    rapport = ecole.annuler(lot, simulation=True)
    assert motifs(rapport) == ["Personnes : 1 changement depuis"]
    assert rapport.blocages[0].personnes == (ecole.personne("E1"),)
    with pytest.raises(OperationRefusee, match="Personnes : 1 changement depuis") as refus:
        ecole.annuler(lot)
    assert "AUBEMARE" not in str(refus.value)
    assert ecole.photo() == avant


def test_une_autre_colonne_corrigee_depuis_ne_retient_pas_une_fiche_seulement_corrigee(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    lot = ecole.importer(SUITE.splitlines()[0] + "\n" + SUITE.splitlines()[1])
    zoe = ecole.personne("E1")
    with ecole.base.academie("essai") as session:
        session.get_one(Personne, zoe).courriel = "z@exemple.invalid"
    ecole.annuler(lot)
    with ecole.base.academie("essai") as session:
        personne = session.get_one(Personne, zoe)
        assert (personne.telephone, personne.courriel) == ("0100000001", "z@exemple.invalid")


def test_un_compte_active_retient_un_compte_qui_attend_part_avec_sa_personne(ecole: Ecole) -> None:
    lot = ecole.importer(ELEVES)
    with ecole.base.academie("essai") as session:
        for numero, cle in enumerate(("E1", "E2")):
            session.add(Compte(personne_id=ecole.personne(cle), identifiant=f"c{numero}"))
    assert ecole.annuler(lot, simulation=True).comptes == 2
    with ecole.base.academie("essai") as session:
        session.execute(update(Compte).where(Compte.identifiant == "c0").values(etat="actif"))
    assert motifs(ecole.annuler(lot, simulation=True)) == ["Comptes : 1 activation depuis"]
    ecole.changer(Compte, etat="a_activer")
    assert ecole.annuler(lot).comptes == 2
    assert ecole.compter(Compte) == 0


def test_ce_qui_designe_une_personne_ou_une_classe_retient_meme_dans_une_autre_ecole(ecole: Ecole) -> None:
    lot = ecole.importer(ELEVES)
    zoe = ecole.personne("E1")
    with ecole.base.academie("essai") as session:
        classe = session.scalars(select(Division)).one()
        jour = ecole.horloge.aujourd_hui()
        session.add(
            Rattachement(uai=AUTRE, personne_id=zoe, profil=Profil.ELEVE.value, source="essai", debut=jour)
        )
        session.add(RoleLocal(uai=UAI, personne_id=zoe, role="delegue_eleves", debut=jour))
        autre = Personne(nom="AUTRE")
        session.add(autre)
        session.flush()
        session.add(
            Inscription(uai=UAI, annee=classe.annee, personne_id=autre.id, division_id=classe.id, debut=jour)
        )
    assert motifs(ecole.annuler(lot, simulation=True)) == [
        "Inscriptions : 1 ajout depuis, qui en dépend",
        "Rattachements : 1 ajout depuis, qui en dépend",
        "Rôles locaux : 1 ajout depuis, qui en dépend",
    ]


def test_une_table_que_nul_ne_charge_plus_retient_encore(
    fabrique_bases: Fabrique, horloge: HorlogeFixe
) -> None:
    """Une brique retirée garde ses tables : ce qu'elle sait d'une personne ne part pas avec une liste."""
    adresses = fabrique_bases.migree()
    base = fabrique_bases.ouvrir(adresses.application)
    ecole = Ecole(base, horloge)
    lot = ecole.importer(ELEVES)
    moteur = create_engine(adresses.proprietaire)
    with moteur.begin() as connexion:
        connexion.execute(
            text(
                "create table ancienne_note (rang int primary key,"
                " eleve uuid references personne (id) on delete cascade);"
                "insert into ancienne_note select 1, id from personne limit 1"
            )
        )
    with pytest.raises(OperationRefusee, match="ne peut pas lire") as refus:
        ecole.annuler(lot)
    with moteur.begin() as connexion:
        connexion.execute(text("grant select on ancienne_note to ent_academie"))
    moteur.dispose()
    retenue = motifs(ecole.annuler(lot, simulation=True))
    base.fermer()
    fabrique_bases.retirer(adresses)
    assert refus.value.lieu == "table ancienne_note"
    assert retenue == ["Données « ancienne_note » : 1 ajout depuis, qui en dépend"]


def test_qui_a_agi_depuis_retient(ecole: Ecole) -> None:
    lot = ecole.importer(PERSONNELS, Genre.PERSONNELS)
    with ecole.base.academie("essai") as session:
        autre = Personne(nom="AUTRE")
        session.add(autre)
        session.flush()
        session.add(
            RoleLocal(
                uai=UAI,
                personne_id=autre.id,
                role="dpd",
                attribue_par=ecole.personne("P1"),
                debut=date(2026, 9, 1),
            )
        )
    assert motifs(ecole.annuler(lot, simulation=True)) == ["Rôles locaux : 1 ajout depuis, qui en dépend"]


def test_une_classe_que_l_annuaire_a_prise_a_son_compte_retient(ecole: Ecole) -> None:
    lot = ecole.importer(ELEVES)
    ecole.changer(Division, source="AAF:099/ENT1D")
    assert motifs(ecole.annuler(lot, simulation=True)) == ["Classes : 1 changement depuis"]


def test_un_lien_deja_ote_ne_retient_pas(ecole: Ecole) -> None:
    vide = ecole.photo()
    lot = ecole.importer(ELEVES)
    with ecole.base.academie("essai") as session:
        session.execute(text("delete from inscription"))
    ecole.annuler(lot)
    assert ecole.photo() == vide


def test_une_place_reprise_depuis_retient(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    lot = ecole.importer(SUITE.splitlines()[0] + "\n" + SUITE.splitlines()[2], options=COMPLETE)
    # Le lien que la liste complète a ôté le jour même a été rouvert à la main.
    with ecole.base.academie("essai") as session:
        session.add(
            Rattachement(
                uai=UAI,
                personne_id=ecole.personne("E2"),
                profil=Profil.ELEVE.value,
                source="essai",
                debut=ecole.horloge.aujourd_hui(),
            )
        )
    rapport = ecole.annuler(lot, simulation=True)
    assert any("dont la place est prise" in motif for motif in motifs(rapport))
    with pytest.raises(OperationRefusee):
        ecole.annuler(lot)


# --- Qui, quoi, jusqu'à quand ----------------------------------------------------------------------


def test_une_ecole_n_annule_pas_la_liste_d_une_autre(ecole: Ecole) -> None:
    lot = ecole.importer(ELEVES)
    with pytest.raises(Introuvable):
        ecole.annuler(lot, uai=AUTRE)
    ecole.annuler(lot, uai=UAI)


def test_une_ecole_ne_defait_pas_la_designation_de_sa_direction(ecole: Ecole) -> None:
    lot = ecole.importer(DIRECTION, Genre.PERSONNELS)
    with pytest.raises(AccesRefuse):
        ecole.annuler(lot, uai=UAI, direction_permise=False)
    ecole.annuler(lot)
    assert ecole.compter(Rattachement) == 0


def test_une_ecole_ne_retablit_pas_une_direction_que_l_academie_a_fermee(ecole: Ecole) -> None:
    ecole.importer(DIRECTION, Genre.PERSONNELS)
    ecole.horloge.avancer(timedelta(days=1))
    lot = ecole.importer(PERSONNELS, Genre.PERSONNELS, COMPLETE)
    with pytest.raises(AccesRefuse):
        ecole.annuler(lot, uai=UAI, direction_permise=False)


@pytest.mark.parametrize("format_lu", ["aaf", "sts"])
def test_seule_une_liste_s_annule(ecole: Ecole, format_lu: str) -> None:
    lot = ecole.importer(ELEVES)
    ecole.changer(ImportLot, format=format_lu)
    with pytest.raises(OperationRefusee, match="Seule une liste"):
        ecole.annuler(lot)


def test_passe_le_delai_les_gestes_sont_oublies_et_la_liste_ne_s_annule_plus(ecole: Ecole) -> None:
    lot = ecole.importer(ELEVES)
    ecole.horloge.avancer(DELAI)
    with ecole.base.academie("essai") as session:
        assert oublier_les_anciens(session, ecole.horloge) == 0
    ecole.horloge.avancer(timedelta(minutes=1))
    with ecole.base.academie("essai") as session:
        assert oublier_les_anciens(session, ecole.horloge) == 13
    with pytest.raises(OperationRefusee, match="30 jours"):
        ecole.annuler(lot)


def test_une_liste_qui_n_a_rien_change_ne_s_annule_pas(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    with pytest.raises(OperationRefusee, match="rien à annuler"):
        ecole.annuler(ecole.importer(ELEVES))


def test_un_geste_ne_garde_que_ce_qui_est_remplace_et_part_avec_sa_personne(ecole: Ecole) -> None:
    ecole.importer(ELEVES)
    ecole.importer(SUITE)
    with ecole.base.academie("essai") as session:
        creations = session.scalars(select(ImportGeste.avant).where(ImportGeste.nature == "creation"))
        assert not any(creations)
        fiche = select(ImportGeste.avant).where(
            ImportGeste.nature == "modification", ImportGeste.objet == "personne"
        )
        assert session.scalars(fiche).all() == [{"telephone": "0100000001"}]
        session.execute(text("delete from personne"))
    assert ecole.compter(ImportGeste, ImportGeste.personne_id.is_not(None)) == 0
