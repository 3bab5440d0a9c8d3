"""Les demandes : qui peut demander, quand répondre, ce qui est répondu, la relecture et la copie."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.contrat.donnees import Depart, Sort
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.base import Fabrique
from ent_core.identite.modeles import ActeJournal, Personne, Responsabilite, Restriction
from ent_core.socle.erreurs import AccesRefuse, DonneeInvalide, OperationRefusee
from ent_core.vie_privee.conservation.regles import Regles
from ent_core.vie_privee.droits import copies, demandes
from ent_core.vie_privee.droits.avis import RECOURS, MotifRefus, demandables, rendre_avis
from ent_core.vie_privee.droits.demandes import Association
from ent_core.vie_privee.droits.modeles import CopieRemise, Demande
from ent_core.vie_privee.droits.qualite import Qualite, est_mineur, qualite_de
from ent_core.vie_privee.publication.droits import Droit
from tests.vie_privee.brique_incidents import CLUB, SUIVI, Fait, brique_incidents
from tests.vie_privee.droits_essais import Poste, monter


@pytest.fixture
def poste(fabrique_bases: Fabrique, tmp_path: Path) -> Iterator[Poste]:
    monte = monter(fabrique_bases, tmp_path, brique_incidents())
    yield monte
    monte.base.fermer()
    fabrique_bases.retirer(monte.adresses)


@pytest.fixture
def session(poste: Poste) -> Iterator[Session]:
    with poste.base.academie("essai") as ouverte:
        yield ouverte


def deposer(poste: Poste, session: Session, **valeurs: Any) -> Demande:
    eleve = poste.annuaire["eleve"]
    voulues: dict[str, Any] = {
        "uai": ECOLE, "personne": eleve, "demandeur": poste.annuaire["parent"],
        "qualite": Qualite.RESPONSABLE, "droit": Droit.ACCES,
    } | valeurs  # fmt: skip
    return demandes.deposer(session, poste.horloge, **voulues)


# --- Qui --------------------------------------------------------------------------------------


@pytest.mark.exigence("RGPD-DRO-02")
def test_chaque_responsable_legal_demande_pour_l_enfant_mineur(poste: Poste, session: Session) -> None:
    a, jour = poste.annuaire, poste.horloge.aujourd_hui()
    assert qualite_de(session, a["parent"], a["eleve"], jour) is Qualite.RESPONSABLE
    assert qualite_de(session, a["second_parent"], a["eleve"], jour) is Qualite.RESPONSABLE
    assert qualite_de(session, a["eleve"], a["eleve"], jour) is Qualite.ELEVE_MINEUR
    assert qualite_de(session, a["cpe"], a["cpe"], jour) is Qualite.SOI


@pytest.mark.exigence("FAM-03")
@pytest.mark.parametrize("qui", ["contact", "parent_autre", "enseignant"])
def test_qui_n_exerce_pas_l_autorite_ne_demande_pas(poste: Poste, session: Session, qui: str) -> None:
    with pytest.raises(AccesRefuse, match="autorité parentale"):
        qualite_de(session, poste.annuaire[qui], poste.annuaire["eleve"], poste.horloge.aujourd_hui())


def test_une_restriction_retire_la_qualite_le_temps_qu_elle_dure(poste: Poste, session: Session) -> None:
    a, jour = poste.annuaire, poste.horloge.aujourd_hui()
    lien = session.scalars(
        select(Responsabilite.id).where(Responsabilite.responsable_id == a["parent"])
    ).one()
    session.add(
        Restriction(responsabilite_id=lien, reference="TJ 12/3", debut=jour, fin=jour + timedelta(days=10))
    )
    session.flush()
    with pytest.raises(AccesRefuse):
        qualite_de(session, a["parent"], a["eleve"], jour)
    assert qualite_de(session, a["parent"], a["eleve"], jour + timedelta(days=10)) is Qualite.RESPONSABLE


@pytest.mark.exigence("FAM-06")
def test_a_dix_huit_ans_l_eleve_agit_seul(poste: Poste, session: Session) -> None:
    a = poste.annuaire
    eleve = session.get_one(Personne, a["eleve"])
    eleve.naissance = date(2008, 11, 23)
    session.flush()
    veille, jour = date(2026, 11, 22), date(2026, 11, 23)
    assert qualite_de(session, a["parent"], a["eleve"], veille) is Qualite.RESPONSABLE
    with pytest.raises(AccesRefuse, match="majeure"):
        qualite_de(session, a["parent"], a["eleve"], jour)
    assert qualite_de(session, a["eleve"], a["eleve"], jour) is Qualite.SOI


def test_sans_date_de_naissance_la_majorite_ne_se_devine_pas(poste: Poste, session: Session) -> None:
    a, jour = poste.annuaire, poste.horloge.aujourd_hui()
    session.get_one(Personne, a["eleve"]).naissance = None
    session.flush()
    with pytest.raises(AccesRefuse, match="date de naissance"):
        qualite_de(session, a["parent"], a["eleve"], jour)
    assert est_mineur(None, jour) is None
    assert est_mineur(date(2008, 2, 29), date(2026, 2, 28)) is True
    assert est_mineur(date(2008, 2, 29), date(2026, 3, 1)) is False


# --- Quand ------------------------------------------------------------------------------------


@pytest.mark.exigence("RGPD-DRO-01")
@pytest.mark.parametrize(
    ("recue", "echeance", "prolongee"),
    [
        (date(2026, 9, 7), date(2026, 10, 7), date(2026, 12, 7)),
        (date(2026, 8, 31), date(2026, 9, 30), date(2026, 11, 30)),
        (date(2026, 1, 31), date(2026, 2, 28), date(2026, 4, 30)),
    ],
)
def test_un_mois_puis_deux_de_plus(
    poste: Poste, session: Session, recue: date, echeance: date, prolongee: date
) -> None:
    demande = deposer(poste, session, recue_le=recue)
    assert demande.echeance == echeance
    assert demande.accuse_le == poste.horloge.maintenant()
    poste.horloge.instant = poste.horloge.instant.replace(year=recue.year, month=recue.month, day=recue.day)
    demandes.prolonger(session, poste.horloge, demande, "dossier réparti dans six services", None)
    assert demande.echeance == prolongee
    with pytest.raises(OperationRefusee, match="déjà prolongé"):
        demandes.prolonger(session, poste.horloge, demande, "encore un peu plus", None)


@pytest.mark.exigence("RGPD-DRO-01")
def test_passe_le_mois_le_delai_ne_se_prolonge_plus_et_la_demande_est_en_retard(
    poste: Poste, session: Session
) -> None:
    demande = deposer(poste, session)
    poste.horloge.avancer(timedelta(days=40))
    assert demandes.etat_de(demande, poste.horloge.aujourd_hui()) == "en_retard"
    with pytest.raises(OperationRefusee, match="premier mois"):
        demandes.prolonger(session, poste.horloge, demande, "dossier réparti dans six services", None)


@pytest.mark.exigence("RGPD-DRO-01")
def test_la_file_suit_les_echeances(poste: Poste, session: Session) -> None:
    jours = [date(2026, 9, 3), date(2026, 8, 20), date(2026, 9, 7)]
    for jour in jours:
        deposer(poste, session, recue_le=jour)
    assert [d.recue_le for d in demandes.lister(session, ECOLE)] == sorted(jours)
    assert demandes.lister(session, "0991002B") == []


# --- Quoi -------------------------------------------------------------------------------------


@pytest.mark.exigence("RGPD-DRO-04")
def test_chaque_base_legale_ouvre_ses_droits_et_motive_les_autres() -> None:
    assert not rendre_avis(SUIVI, Droit.EFFACEMENT).ouvert
    assert "17.3 b" in rendre_avis(SUIVI, Droit.EFFACEMENT).phrase
    assert rendre_avis(CLUB, Droit.EFFACEMENT).ouvert
    assert rendre_avis(CLUB, Droit.PORTABILITE).ouvert
    assert not rendre_avis(SUIVI, Droit.PORTABILITE).ouvert
    assert Droit.PORTABILITE not in demandables([SUIVI])
    assert Droit.PORTABILITE in demandables([SUIVI, CLUB])
    assert "CNIL" in RECOURS
    assert "tribunal" in RECOURS


@pytest.mark.exigence("RGPD-DRO-06")
def test_une_opposition_vise_un_traitement_pour_une_raison(poste: Poste, session: Session) -> None:
    with pytest.raises(DonneeInvalide, match="raison"):
        deposer(poste, session, droit=Droit.OPPOSITION, traitement=SUIVI)
    demande = deposer(poste, session, droit=Droit.OPPOSITION, traitement=SUIVI, precisions="famille protégée")
    assert demande.traitement == SUIVI.cle


@pytest.mark.exigence("RGPD-DRO-02")
def test_l_eleve_mineur_est_associe_a_la_reponse(poste: Poste, session: Session) -> None:
    demande = deposer(poste, session, droit=Droit.RECTIFICATION)
    with pytest.raises(DonneeInvalide, match="associé"):
        demandes.repondre(session, poste.horloge, demande, "La date est corrigée.", None)
    demandes.repondre(session, poste.horloge, demande, "La date est corrigée.", None, Association.INFORME)
    assert (demande.etat, demande.association) == ("repondue", "informe")
    actes = set(session.scalars(select(ActeJournal.acte)))
    assert {"demande.recue", "demande.repondue"} <= actes


def test_un_refus_porte_un_motif_et_clot(poste: Poste, session: Session) -> None:
    soi = poste.annuaire["cpe"]
    demande = deposer(
        poste, session, personne=soi, demandeur=soi, qualite=Qualite.SOI, droit=Droit.EFFACEMENT
    )
    demandes.refuser(
        session, poste.horloge, demande, MotifRefus.CONSERVATION, "Votre dossier est gardé.", None
    )
    assert (demande.etat, demande.motif_refus) == ("refusee", "conservation")
    with pytest.raises(OperationRefusee, match="close"):
        demandes.prendre(session, poste.horloge, demande, None)


# --- La copie ---------------------------------------------------------------------------------


def semer_un_recit(poste: Poste, session: Session) -> UUID:
    fait = Fait(
        uai=ECOLE, eleve_id=poste.annuaire["eleve"], saisi_par=poste.annuaire["cpe"],
        jour=poste.horloge.aujourd_hui(), nature="retard", recit="Avec Léo Martin, dans la cour.",
    )  # fmt: skip
    session.add(fait)
    session.flush()
    return fait.id


@pytest.mark.exigence("RGPD-DRO-03")
def test_la_copie_attend_la_relecture_puis_remet_ce_qui_a_ete_relu(poste: Poste, session: Session) -> None:
    semer_un_recit(poste, session)
    demande = deposer(poste, session, precisions="tout, s'il vous plaît")
    with pytest.raises(OperationRefusee, match="relecture"):
        poste.guichet.fabriquer(session, demande, None)
    while (suivant := copies.texte(session, demande)) is not None:
        reference, lu = suivant
        remis = "Avec […], dans la cour." if "Léo" in lu else None
        copies.relire(session, poste.horloge, demande, reference.id, remis, poste.annuaire["direction"])
        session.flush()
    copie, bilan = poste.guichet.fabriquer(session, demande, None)
    octets = b"".join(copies.morceaux(session, copie))
    assert len(octets) == copie.taille
    archive = zipfile.ZipFile(io.BytesIO(octets))
    assert archive.testzip() is None
    lu = archive.read("donnees/incidents.suivi.json").decode()
    assert "Avec […], dans la cour." in lu
    assert "Léo Martin" not in b"".join(map(archive.read, archive.namelist())).decode()
    assert (bilan.remis, bilan.a_relire) == (1, [])


def test_une_copie_perimee_n_est_plus_remise_et_la_conservation_la_detruit(
    poste: Poste, session: Session
) -> None:
    demande = deposer(poste, session)
    poste.guichet.fabriquer(session, demande, None)
    copie = copies.copie_de(session, poste.horloge, demande)
    assert copie is not None
    assert (copie.expire_le - poste.horloge.aujourd_hui()).days == 30
    poste.horloge.avancer(timedelta(days=30))
    assert copies.copie_de(session, poste.horloge, demande) is None
    regle = Regles.du(poste.registre).de(CopieRemise.__tablename__)
    assert regle is not None
    assert (regle.depart, regle.sort, regle.defaut) == (Depart.FIN_DE_VALIDITE, Sort.SUPPRIMER, None)
    assert regle.colonne_depart is not None
    assert regle.colonne_depart.name == "expire_le"


def test_une_copie_refaite_remplace_la_precedente(poste: Poste, session: Session) -> None:
    demande = deposer(poste, session)
    premiere, _ = poste.guichet.fabriquer(session, demande, None)
    seconde, _ = poste.guichet.fabriquer(session, demande, None)
    assert session.scalars(select(CopieRemise.id)).all() == [seconde.id]
    assert premiere.id != seconde.id
